"""What encoding, decoding and checking an event cost, beside those who do the same in C, JavaScript and Python."""

import os
import pathlib
import subprocess
import sys
import tempfile

import measure
from measure import ROOT, SERVER_CPU, TOOLS, pin, say
from report import Section, table

# What a line of codec_bench and its like measures, in the order of the report.
CODECS = {"json": "Logfirst: JSON", "json-schema": "Logfirst: JSON, and its JSON Schema as well",
          "avro": "Logfirst: Avro", "protobuf": "Logfirst: Protobuf", "ajv": "ajv with V8's JSON",
          "jsonschema": "Python: json and jsonschema", "avro-alone": "Logfirst: Avro, unchecked",
          "libavro-alone": "libavro, unchecked, from and to its own values", "fastavro": "fastavro, unchecked"}


def run_all(seconds):
    """event -> codec -> {"encode", "decode": nanoseconds of processor time, "bytes"}."""
    codec, samples = ROOT / "bench" / "codec", ROOT / "bench" / "codec" / "samples.json"
    subprocess.run(["ninja", "-C", str(TOOLS), "bench/codec_bench"], check=True, stdout=subprocess.DEVNULL)
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOGFIRST_")}
    env["NODE_PATH"] = str(pathlib.Path(os.environ["LOGFIRST_DEPS"]) / "bench" / "node_modules")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in ("avro", "json-schema"):
            subprocess.run([measure.BIN, "schema", form, codec / "events.graphql", "--out", folder], check=True,
                           env=env, stdout=subprocess.DEVNULL)
        for command in ([TOOLS / "bench" / "codec_bench", codec / "events.graphql", samples],
                        ["node", codec / "ajv.js", folder, samples],
                        [sys.executable, codec / "peers.py", folder, samples]):
            text = subprocess.run(pin(SERVER_CPU) + [str(word) for word in command] + [str(seconds)],
                                  check=True, env=env, capture_output=True, text=True).stdout
            say(text.rstrip())
            for event, name, way, ns, size in map(str.split, text.splitlines()):
                rows.setdefault(event, {}).setdefault(name, {"bytes": int(size)})[way] = float(ns)
    return rows


def part(servers, seconds):
    say("codecs")
    rows = run_all(seconds)
    lines = ["Events a second of one core, in processor time. The check is the schema language's own where nothing"
             " else is said."]
    for event, codecs in rows.items():
        cells = [[words, f"{1e9 / codecs[name]['encode']:,.0f}", f"{1e9 / codecs[name]['decode']:,.0f}",
                  str(codecs[name]["bytes"])] for name, words in CODECS.items() if name in codecs]
        added = codecs["schema-check-alone"]["encode"] / 1e3
        lines += ["", f"{event}:", "", *table(["", "check and encode /s", "decode and check /s", "bytes"], cells), "",
                  f"The JSON Schema check alone takes {added:.2f} µs."]
    check = rows["QuoteCreated"]["schema-check-alone"]["encode"]
    return Section("Codecs", lines, [("1 µs / the JSON Schema check of the small event", 1, 1000 / check)])
