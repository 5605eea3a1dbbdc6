"""Nanoseconds an event takes fastavro, and the json module with jsonschema:  peers.py FOLDER SAMPLES.json SECONDS

FOLDER has EVENT.schema.json and EVENT.avsc of each event. fastavro is given values in its own form, as it reads them,
and checks nothing. The lines are those of codec_bench."""

import datetime
import decimal
import io
import json
import pathlib
import statistics
import sys
import time
import uuid

import fastavro
import jsonschema

ROUNDS, BATCH = 5, 20


def measure(run, seconds):
    rounds = []
    for _ in range(ROUNDS + 1):  # the first warms up
        begin, events = time.process_time_ns(), 0
        while (now := time.process_time_ns()) - begin < seconds * 1e9 / (ROUNDS + 1):
            for _ in range(BATCH):
                run()
            events += BATCH
        rounds.append((now - begin) / events)
    return statistics.median(rounds[1:])


def datum(schema, value):
    """A payload's value as fastavro is given it."""
    if isinstance(schema, list):
        branch = next(branch for branch in schema if branch != "null")
        return None if value is None else datum(branch, value)
    if isinstance(schema, str) or value is None:
        return value
    if schema["type"] == "record":
        return {field["name"]: datum(field["type"], value.get(field["name"])) for field in schema["fields"]}
    if schema["type"] == "array":
        return [datum(schema["items"], item) for item in value]
    convert = {
        "timestamp-micros": lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")),
        "date": datetime.date.fromisoformat,
        "uuid": uuid.UUID,
        "decimal": decimal.Decimal,
    }.get(schema.get("logicalType"))
    return convert(value) if convert else value


def main():
    folder, samples, seconds = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    for event, payload in json.loads(pathlib.Path(samples).read_text("utf-8")).items():
        raw = json.loads((folder / f"{event}.avsc").read_text("utf-8"))
        avro, value = fastavro.parse_schema(json.loads(json.dumps(raw))), datum(raw, payload)
        schema = json.loads((folder / f"{event}.schema.json").read_text("utf-8"))
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()

        def avro_encode():
            out = io.BytesIO()
            fastavro.schemaless_writer(out, avro, value)
            return out.getvalue()

        data = avro_encode()
        rows = {
            ("fastavro", "encode"): avro_encode,
            ("fastavro", "decode"): lambda: fastavro.schemaless_reader(io.BytesIO(data), avro, None),
            ("jsonschema", "encode"): lambda: (validator.validate(payload), json.dumps(payload).encode()),
            ("jsonschema", "decode"): lambda: validator.validate(json.loads(text)),
        }
        for (codec, way), run in rows.items():
            size = len(data if codec == "fastavro" else text)
            print(event, codec, way, f"{measure(run, seconds):.0f}", size, flush=True)


if __name__ == "__main__":
    main()
