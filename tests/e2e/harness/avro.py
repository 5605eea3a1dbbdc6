"""Random Avro schemas, values and evolutions. A value is a pair: what a payload has, and what fastavro is given.

Unions are made so that both choose the same branch: no two that hold the same kind of JSON value."""

import datetime
import decimal
import json
import struct
import uuid

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TEXTS = ["", "a", "quote", "Grüße", "日本", "\U0001f600", "a\nb\"c\\", "x" * 300]
TIMESTAMPS = {"timestamp-millis": 1000, "timestamp-micros": 1, "local-timestamp-millis": 1000,
              "local-timestamp-micros": 1}  # fmt: skip


def fraction(text, ns):
    """TEXT (to the second) with 0, 3, 6 or 9 digits behind it."""
    if ns == 0:
        return text
    digits = f"{ns:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}"


def moment(seconds, ns, zone):
    when = EPOCH + datetime.timedelta(seconds=seconds)
    return fraction(f"{when.year:04d}-{when:%m-%dT%H:%M:%S}", ns) + zone


class Maker:
    """SCHEMA and VALUE makers on one random source."""

    def __init__(self, random, references=True):
        self.random = random
        self.references = references
        self.names = 0
        self.known = []

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    # ---- schemas -----------------------------------------------------------------------------------------------------

    def schema(self, depth=3):
        return self.record(depth)

    def record(self, depth):
        full = self.name(self.random.choice(["top.R", "space.n1.R"]))
        fields = [{"name": self.name("f"), "type": self.type(depth - 1)} for _ in range(self.random.randrange(0, 6))]
        record = {"type": "record", "name": full, "fields": fields}
        self.known.append(record)
        return record

    def enum(self):
        symbols = [self.name("S") for _ in range(self.random.randrange(1, 6))]
        return {"type": "enum", "name": self.name("top.E"), "symbols": symbols}

    def leaf(self):
        kind = self.random.choice(["plain"] * 5 + ["enum", "fixed", "logical", "logical", "decimal"])
        if kind == "enum":
            return self.enum()
        if kind == "fixed":
            return {"type": "fixed", "name": self.name("top.F"), "size": self.random.choice([0, 1, 4, 16])}
        if kind == "logical":
            return self.logical()
        if kind == "decimal":
            return self.decimal()
        return self.random.choice(["boolean", "int", "long", "float", "double", "string", "bytes"])

    def logical(self):
        name = self.random.choice(["date", "time-millis", "time-micros", "uuid", "json", *TIMESTAMPS])
        if name == "json":
            return {"type": "string", "logfirst.type": "json"}
        kind = {"date": "int", "time-millis": "int", "uuid": "string"}.get(name, "long")
        return {"type": kind, "logicalType": name}

    def decimal(self):
        precision = self.random.choice([1, 4, 9, 18, 19, 38, 70])
        made = {"logicalType": "decimal", "precision": precision, "scale": self.random.randrange(0, precision + 1)}
        if self.random.random() < 0.5:
            return {"type": "bytes", **made}
        return {"type": "fixed", "name": self.name("top.D"), "size": precision // 2 + 1, **made}

    def type(self, depth):
        kind = self.random.choice(["leaf"] * 6 + ["record", "array", "map", "union", "union", "known"])
        if kind == "leaf" or depth <= 0:
            return self.leaf()
        if kind == "record":
            return self.record(depth)
        if kind == "array":
            return {"type": "array", "items": self.type(depth - 1)}
        if kind == "map":
            return {"type": "map", "values": self.type(depth - 1)}
        if kind == "known" and self.known and self.references:
            return self.random.choice(self.known)["name"]
        return self.union(depth)

    def union(self, depth):
        branches = []
        groups = [["boolean"], ["int", "long", "double"], ["string", "enum"], ["array"], ["record", "map"]]
        for group in self.random.sample(groups, self.random.randrange(1, 4)):
            kind = self.random.choice(group)
            if kind == "enum":
                branches.append(self.enum())
            elif kind == "array":
                branches.append({"type": "array", "items": self.type(depth - 1)})
            elif kind == "map":
                branches.append({"type": "map", "values": self.type(depth - 1)})
            elif kind == "record":
                branches.append(self.record(depth - 1))
            else:
                branches.append(kind)
        branches.insert(self.random.choice([0, len(branches)]), "null")
        return branches

    # ---- values ------------------------------------------------------------------------------------------------------

    def value(self, schema, named):
        """(JSON, fastavro's) of a schema; NAMED holds the named types by their full names."""
        if isinstance(schema, list):
            return self.value(self.random.choice(schema), named)
        if isinstance(schema, str) and schema in named:
            return self.value(named[schema], named)
        kind = schema if isinstance(schema, str) else schema["type"]
        if isinstance(schema, dict) and ("logicalType" in schema or "logfirst.type" in schema):
            return self.logical_value(schema)
        if kind == "record":
            pairs = {field["name"]: self.value(field["type"], named) for field in schema["fields"]}
            return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}
        if kind == "array":
            pairs = [self.value(schema["items"], named) for _ in range(self.random.choice([0, 1, 2, 5, 70]))][:9]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if kind == "map":
            pairs = {text: self.value(schema["values"], named) for text in self.random.sample(TEXTS, 3)}
            return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}
        return self.plain_value(kind, schema)

    def plain_value(self, kind, schema):
        r = self.random
        if kind == "enum":
            return (r.choice(schema["symbols"]),) * 2
        if kind in ("bytes", "fixed"):
            data = r.randbytes(schema["size"] if kind == "fixed" else r.choice([0, 1, 7, 200]))
            return data.decode("latin-1"), data
        if kind == "float":
            return (struct.unpack("<f", struct.pack("<f", r.uniform(-1e6, 1e6)))[0],) * 2
        made = {
            "null": lambda: None,
            "boolean": lambda: r.random() < 0.5,
            "int": lambda: r.choice([0, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31), r.randrange(-1000, 1000)]),
            "long": lambda: r.choice([0, -1, 2**63 - 1, -(2**63), 2**53 + 1, r.randrange(-(2**40), 2**40)]),
            "double": lambda: r.choice([0.5, 1e300, -1e-300, 0.1, 12.5, r.uniform(-1e9, 1e9)]),
            "string": lambda: r.choice(TEXTS),
        }[kind]()
        return made, made

    def logical_value(self, schema):
        r = self.random
        if schema.get("logfirst.type") == "json":
            value = r.choice([{"a": [1, None, {"b": "ü"}]}, [], "text", 5, None, True])
            return value, json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        name = schema["logicalType"]
        if name == "uuid":
            return (str(uuid.UUID(bytes=r.randbytes(16))),) * 2
        if name == "decimal":
            return self.decimal_value(schema)
        if name == "date":
            day = r.choice([0, -1, -719162, 2932896, r.randrange(-30000, 60000)])
            return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat(), day
        if name in ("time-millis", "time-micros"):
            unit = 1000 if name == "time-millis" else 1
            us = r.choice([0, 86400 * 10**6 - unit, r.randrange(86400) * 10**6, r.randrange(86400 * 10**6)])
            raw = us // unit
            seconds, rest = divmod(raw * unit, 10**6)
            return moment(seconds, rest * 1000, "Z").split("T")[1], raw
        unit = TIMESTAMPS[name]
        us = r.choice([0, -1, -62135596800 * 10**6, 253402300799 * 10**6, r.randrange(-(10**16), 10**17)])
        raw = us // unit
        seconds, rest = divmod(raw * unit, 10**6)
        return moment(seconds, rest * 1000, "" if name.startswith("local") else "Z"), raw

    def decimal_value(self, schema):
        digits = self.random.randrange(0, schema["precision"] + 1)
        unscaled = self.random.randrange(0, 10**digits) * self.random.choice([1, -1])
        with decimal.localcontext(prec=200):
            value = decimal.Decimal(unscaled).scaleb(-schema["scale"])
        return decimal_text(value), value


def decimal_text(value):
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def has_edge(schema):
    """Whether a schema has decimals in bytes: fastavro writes -128 and its like a byte longer than need be."""
    text = json.dumps(schema)
    return '"bytes", "logicalType": "decimal"' in text


def named_types(schema, into=None, space=""):
    """All named types of a schema by their full names."""
    into = {} if into is None else into
    if isinstance(schema, list):
        for branch in schema:
            named_types(branch, into, space)
    elif isinstance(schema, dict):
        if schema["type"] in ("record", "enum", "fixed"):
            into[schema["name"]] = schema
        for field in schema.get("fields", []):
            named_types(field["type"], into, space)
        for inner in ("items", "values"):
            if inner in schema:
                named_types(schema[inner], into, space)
    return into


def plain(value):
    """What fastavro has read, as a payload has it."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return decimal_text(value)
    return value
