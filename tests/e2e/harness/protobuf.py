"""Random .proto files and messages, the reference implementation's view of them, and the JSON shape that our codec
gives them (docs/protobuf.md)."""

import base64
import json
import math
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

SCALARS = ("double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string "
           "bytes").split()  # fmt: skip
KEYS = [name for name in SCALARS if name not in ("double", "float", "bytes")]
WELL_KNOWN = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "google.protobuf.Struct": "struct",
    "google.protobuf.Value": "struct",
    "google.protobuf.ListValue": "struct",
    "google.protobuf.Int64Value": "wrappers",
    "google.protobuf.UInt64Value": "wrappers",
    "google.protobuf.Int32Value": "wrappers",
    "google.protobuf.BoolValue": "wrappers",
    "google.protobuf.DoubleValue": "wrappers",
    "google.protobuf.StringValue": "wrappers",
    "google.protobuf.BytesValue": "wrappers",
}
BITS = {"int32": 32, "sint32": 32, "sfixed32": 32, "int64": 64, "sint64": 64, "sfixed64": 64}
UNSIGNED = {"uint32": 32, "fixed32": 32, "uint64": 64, "fixed64": 64}


class Maker:
    """Texts of schemas; the message M is theirs to test."""

    def __init__(self, rng, syntax="proto3", well_known=True):
        self.rng, self.syntax, self.well_known = rng, syntax, well_known
        self.names = 0
        self.zero = {}  # enum -> whether its first value is 0

    def name(self, stem):
        self.names += 1
        return f"{stem}_{self.names}" if self.rng.random() < 0.7 else f"{stem}{self.names}"

    def enum(self, name):
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper() + "_"
        prefix = prefix if self.rng.random() < 0.5 else f"X{name}_"
        numbers = self.rng.sample(range(-5, 300), 4)
        first = 0 if self.syntax == "proto3" or self.rng.random() < 0.5 else 1
        self.zero[name] = first == 0
        values = "".join(f"{prefix}V{i} = {n}; " for i, n in enumerate(numbers) if n != first)
        return f"enum {name} {{ {prefix}FIRST = {first}; {values}}}\n"

    def numbers(self, count):
        return self.rng.sample([*range(1, 40), 100, 2047, 2048, 18999, 20000, 536870911], count)

    def type(self, types):
        kind = self.rng.random()
        if kind < 0.55 or not types:
            return self.rng.choice(SCALARS)
        if kind < 0.7 and self.well_known:
            return self.rng.choice(list(WELL_KNOWN))
        return self.rng.choice(types)

    def packed(self, kind):
        may = kind in SCALARS and kind not in ("string", "bytes")
        return self.rng.choice(["", " [packed = true]", " [packed = false]"]) if may else ""

    def field(self, number, types):
        name, kind, shape = self.name("f"), self.type(types), self.rng.random()
        if shape < 0.2:
            return f"repeated {kind} {name} = {number}{self.packed(kind)};"
        if shape < 0.35:
            kind = kind if self.zero.get(kind, True) else "int32"  # the reference wants a zero in maps
            return f"map<{self.rng.choice(KEYS)}, {kind}> {name} = {number};"
        if self.syntax == "proto2" or shape < 0.5:
            return f"optional {kind} {name} = {number};"
        return f"{kind} {name} = {number};"

    def message(self, name, types):
        own = [f"{name}.In"] if self.rng.random() < 0.3 and name.isalnum() else []
        inner = self.message_body("In", types) if own else ""
        return self.message_body(name, types + own + [name], inner)

    def message_body(self, name, types, inner=""):
        count = self.rng.randint(1, 9)
        numbers = self.numbers(count + 3)
        fields = [self.field(number, types) for number in numbers[:count]]
        if self.rng.random() < 0.5:
            ones = " ".join(f"{self.type(types)} {self.name('o')} = {n};" for n in numbers[count:])
            fields.insert(self.rng.randint(0, count), f"oneof {self.name('one')} {{ {ones} }}")
        return f"message {name} {{ {inner}" + "\n  ".join(["", *fields]) + "\n}\n"

    def schema(self):
        types, parts = [], []
        for name in ("StateA", "HTTPKind"):
            parts.append(self.enum(name))
            types.append(name)
        for name in ("Leaf", "Node"):
            parts.append(self.message(name, list(types)))
            types.append(name)
        parts.append(self.message("M", types))
        imports = "".join(f'import "google/protobuf/{file}.proto";\n' for file in sorted(set(WELL_KNOWN.values())))
        return f'syntax = "{self.syntax}";\npackage t;\n{imports if self.well_known else ""}' + "".join(reversed(parts))


class Reference:
    """A schema as protoc and the reference implementation have it: cls is the class of its message t.M, descriptors are
    those of its files in base64, by name."""

    def __init__(self, text, **others):
        with tempfile.TemporaryDirectory(prefix="logfirst-protoc-") as folder:
            path = pathlib.Path(folder, "t.proto")
            path.write_text(text)
            for name, other in others.items():
                pathlib.Path(folder, f"{name}.proto").write_text(other)
            done = subprocess.run(
                [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", "--include_imports",
                 f"--descriptor_set_out={path}.set", str(path)],
                capture_output=True, text=True, timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, f"{done.stderr}\n{text}"
            self.set = pathlib.Path(f"{path}.set").read_bytes()
        pool = descriptor_pool.DescriptorPool()
        self.descriptors = {}
        for file in descriptor_pb2.FileDescriptorSet.FromString(self.set).file:
            pool.Add(file)
            self.descriptors[file.name] = base64.b64encode(file.SerializeToString()).decode()
        self.cls = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.M"))

    def deterministic(self, data):
        """Each of the messages' bytes, read and written again, maps sorted by key."""
        job = {"set": self.set.hex(), "data": [message.hex() for message in data]}
        program = pathlib.Path(__file__).with_name("protobuf_pure.py")
        done = subprocess.run([sys.executable, program], input=json.dumps(job), capture_output=True, text=True,
                              timeout=300)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def normal(self, data):
        """Bytes whose order of maps depends on nothing but what is in them."""
        return self.cls.FromString(data).SerializeToString(deterministic=True)


def type_name(field):
    return {v: k for k, v in vars(type(field)).items() if k.startswith("TYPE_")}[field.type][5:].lower()


def random_scalar(rng, field):
    kind = type_name(field)
    if kind in BITS:
        limit = 1 << BITS[kind] - 1
        return rng.choice([0, 1, -1, limit - 1, -limit, rng.randrange(-limit, limit), rng.randrange(-200, 200)])
    if kind in UNSIGNED:
        limit = 1 << UNSIGNED[kind]
        return rng.choice([0, 1, limit - 1, rng.randrange(limit), rng.randrange(400)])
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "string":
        return "".join(rng.choice("abc é€😀\0\n\"\\/") for _ in range(rng.choice([0, 1, 5, 200])))
    if kind == "bytes":
        return rng.randbytes(rng.choice([0, 1, 2, 3, 150]))
    if kind == "enum":
        return rng.choice(field.enum_type.values).number
    number = rng.choice([0.0, -0.0, 1.0, 0.1, -2.5, 1e300, 5e-324, math.inf, -math.inf, math.nan, rng.gauss(0, 1e6)])
    if kind == "double":
        return number
    return struct.unpack("f", struct.pack("f", max(-3e38, min(3e38, number))))[0] if math.isfinite(number) else number


def random_json(rng, depth=0):
    kind = rng.randrange(6 if depth < 3 else 4)
    if kind == 4:
        return [random_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 5:
        return {rng.choice("abcdef"): random_json(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [None, rng.random() < 0.5, rng.choice([0.0, 1.0, -2.5, 1e20]), rng.choice(["", "x", "é"])][kind]


def fill_well_known(rng, message):
    name = message.DESCRIPTOR.name
    if name == "Timestamp":
        message.seconds = rng.choice([0, -62135596800, 253402300799, rng.randrange(-(10**9), 10**10)])
        message.nanos = rng.choice([0, 500000000, 1000, 1, 999999999])
    elif name == "Duration":
        sign = rng.choice([1, -1])
        message.seconds = sign * rng.choice([0, 1, 315576000000, rng.randrange(10**6)])
        message.nanos = sign * rng.choice([0, 1, 500000000, 999999999])
    elif name == "Struct":
        json_format.ParseDict({"k": random_json(rng), "a": 1}, message)
    elif name in ("Value", "ListValue"):
        json_format.ParseDict(random_json(rng) if name == "Value" else [random_json(rng)], message)
    else:
        field = message.DESCRIPTOR.fields[0]
        setattr(message, field.name, random_scalar(rng, field))


def fill(rng, message, depth=0):
    """Sets some fields of a message."""
    if message.DESCRIPTOR.file.package == "google.protobuf":
        fill_well_known(rng, message)
        return
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3 or (field.message_type is not None and depth > 3):
            continue
        target = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            fill_map(rng, field, target, depth)
        elif field.is_repeated and field.message_type is not None:
            for _ in range(rng.randrange(3)):
                fill(rng, target.add(), depth + 1)
        elif field.is_repeated:
            target.extend(random_scalar(rng, field) for _ in range(rng.choice([0, 1, 2, 70])))
        elif field.message_type is not None:
            target.SetInParent()
            fill(rng, target, depth + 1)
        else:
            setattr(message, field.name, random_scalar(rng, field))


def fill_map(rng, field, target, depth):
    key, value = field.message_type.fields
    for _ in range(rng.randrange(4)):
        name = random_scalar(rng, key)
        if value.message_type is not None:
            fill(rng, target[name], depth + 1)
        else:
            target[name] = random_scalar(rng, value)


# --- the JSON shape ---------------------------------------------------------------------------------------------------


def short_names(enum):
    """Number -> name, without the prefix that all values share with the enum's name."""
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", enum.name).upper() + "_"
    strip = all(re.match(re.escape(prefix) + r"[^0-9]", value.name) for value in enum.values)
    return {value.number: value.name[len(prefix) if strip else 0 :] for value in reversed(enum.values)}


def shape_number(kind, number):
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if kind == "double":
        return number
    texts = (f"{number:.{digits}g}" for digits in range(6, 10))
    return next(float(text) for text in texts if struct.pack("f", float(text)) == struct.pack("f", number))


def shape_scalar(field, value):
    kind = type_name(field)
    if kind in ("double", "float"):
        return shape_number(kind, value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "enum":
        return short_names(field.enum_type).get(value, value)
    return value


def shape_key(field, key):
    return {True: "true", False: "false"}[key] if type_name(field) == "bool" else str(key)


def shape_well_known(message):
    name = message.DESCRIPTOR.name
    if name in ("Timestamp", "Duration", "Struct", "Value", "ListValue"):
        return json_format.MessageToDict(message)
    field = message.DESCRIPTOR.fields[0]
    return shape_scalar(field, getattr(message, field.name))


def shape_value(field, value):
    return shape(value) if field.message_type is not None else shape_scalar(field, value)


def shape(message):
    """What our codec makes of a message, without its unknown fields."""
    if message.DESCRIPTOR.file.package == "google.protobuf":
        return shape_well_known(message)
    members = {}
    present = {field.number for field, _ in message.ListFields()}
    for field in message.DESCRIPTOR.fields:
        if field.number not in present:
            continue
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, inner = field.message_type.fields
            value = {shape_key(key, k): shape_value(inner, value[k]) for k in value}
        elif field.is_repeated:
            value = [shape_value(field, item) for item in value]
        else:
            value = shape_value(field, value)
        members[field.json_name] = value
    return members


def random_message(rng, cls):
    message = cls()
    fill(rng, message)
    return message


def damaged(rng, data):
    """Valid bytes with some of them changed, dropped or put twice."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        how = rng.randrange(4)
        if how == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del out[at : at + rng.randint(1, 4)]
        elif how == 2:
            out[at:at] = rng.randbytes(rng.randint(1, 3))
        else:
            end = min(len(out), at + rng.randint(1, 20))
            out[at:at] = out[at:end]
    return bytes(out)


WORDS = ("message enum oneof repeated optional required map reserved extensions to max int32 string bool M Leaf StateA "
         "group default packed json_name true = ; { } [ ] < > , 1 2 3 -1 0 19000 . import option syntax extend service "
         'stream returns rpc package 0x1f 1.5 "x"').split()  # fmt: skip


def mutated(rng, text):
    """A schema's text with one or two of its words changed, dropped, added or moved."""
    words = re.findall(r'"[^"]*"|[A-Za-z_0-9.]+|\S', text)
    for _ in range(rng.randint(1, 2)):
        at, how = rng.randrange(len(words) - 1), rng.randrange(4)
        if how == 0:
            del words[at]
        elif how == 1:
            words[at] = rng.choice(WORDS)
        elif how == 2:
            words.insert(at, rng.choice(WORDS))
        else:
            words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def judge_schemas(texts):
    """What protoc says to each: "" or its complaint. In a process of its own, for it writes to standard error."""
    program = (
        "import json, os, sys, tempfile\n"
        "from grpc_tools import protoc\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    for text in json.load(sys.stdin):\n"
        "        open(folder + '/t.proto', 'w').write(text)\n"
        "        errors = os.open(folder + '/errors', os.O_CREAT | os.O_TRUNC | os.O_WRONLY)\n"
        "        os.dup2(errors, 2)\n"
        "        os.close(errors)\n"
        "        bad = protoc.main(['protoc', '-I' + folder, '--descriptor_set_out=/dev/null', folder + '/t.proto'])\n"
        "        print(json.dumps(open(folder + '/errors').read() or 'refused' if bad else ''))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True,
                          timeout=300)  # fmt: skip
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


__all__ = ["Maker", "Reference", "damaged", "judge_schemas", "mutated", "random_message", "shape"]
