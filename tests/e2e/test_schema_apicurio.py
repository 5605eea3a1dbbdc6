"""`logfirst schema register` and `compat`, and starts that an incompatible schema forbids, with a real registry, in all
three formats."""

import base64
import uuid

import pytest
from google.protobuf import descriptor_pb2

from harness.apicurio import Apicurio
from harness.logfirst import Logfirst, run
from harness.wait import until

SDL = "type Placed @event(format: {format}) {{ id: ID! {fields} }}\n"
OLD, COMPATIBLE, INCOMPATIBLE = "total: Float!", "total: Float! note: String", "total: Boolean!"
FORMATS = ["AVRO", "PROTOBUF", "JSON_SCHEMA"]
TYPES = {"AVRO": "AVRO", "PROTOBUF": "PROTOBUF", "JSON_SCHEMA": "JSON"}


@pytest.fixture(scope="module")
def apicurio():
    server = Apicurio().start()
    yield server
    server.close()


class Project:
    """A schema in a folder, and a topic of its own."""

    def __init__(self, folder, url, kind):
        self.folder, self.kind, self.file = folder, kind, folder / "schema.graphql"
        self.topic = f"t{uuid.uuid4().hex[:12]}"
        self.subject = f"{self.topic}-value"
        self.options = ("--registry", url, "--topic", self.topic)

    def write(self, fields):
        self.file.write_text(SDL.format(format=self.kind, fields=fields))
        if self.kind == "PROTOBUF":
            done = run("schema", "lock", self.file)
            assert done.returncode == 0, done.stderr

    def call(self, verb, *options):
        return run("schema", verb, self.file, *self.options, *options)

    def server(self, command, *options):
        return Logfirst(command, self.file, self.folder / "data", *self.options, *options)


@pytest.fixture(params=FORMATS)
def project(request, tmp_path, apicurio):
    made = Project(tmp_path, apicurio.url, request.param)
    made.write(OLD)
    return made


def test_register_and_compare(project, apicurio):
    done = project.call("compat", "--against", "registry")
    assert done.returncode == 0, done.stdout + done.stderr  # nothing is there to compare with
    done = project.call("register")
    latest = apicurio.latest(project.subject)
    assert done.returncode == 0 and done.stdout == f"Placed: {project.subject}: id {latest['id']}\n", done.stderr
    assert latest.get("schemaType", "AVRO") == TYPES[project.kind]
    assert project.call("register").stdout == done.stdout  # twice is once
    assert apicurio.latest(project.subject)["version"] == 1
    level = ("--compatibility", "backward")
    if project.kind != "JSON_SCHEMA":  # Apicurio cannot compare those of draft 2020-12, and answers 500 where it has to
        level = ()
        assert apicurio.call("PUT", f"/config/{project.subject}", {"compatibility": "BACKWARD"})[0] == 200
    project.write(COMPATIBLE)
    done = project.call("compat", "--against", "registry", *level)
    assert done.returncode == 0, done.stdout + done.stderr
    done = project.call("register", *level)
    assert done.returncode == 0, done.stdout + done.stderr
    assert apicurio.latest(project.subject)["version"] == 2
    project.write(INCOMPATIBLE)
    for verb, options in (("compat", ("--against", "registry")), ("register", ())):
        done = project.call(verb, *options, *level)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout.startswith("Placed: /")
        assert f"/total: new readers cannot read events of version 2 of {project.subject}" in done.stdout
    assert apicurio.latest(project.subject)["version"] == 2


@pytest.mark.parametrize("command", ["up", "gateway", "consumer"])
def test_nothing_starts_with_an_incompatible_schema(project, apicurio, command, broker):
    assert project.call("register").returncode == 0
    assert apicurio.call("PUT", f"/config/{project.subject}", {"compatibility": "BACKWARD"})[0] == 200
    project.write(INCOMPATIBLE)
    log = () if command == "up" else ("--log", broker.url, "--group", project.topic)
    server = project.server(command, *log)
    server.spawn()
    try:
        until(lambda: not server.running(), "the end of the server", 60)
        assert server.popen.returncode == 1, server.tail()
        assert project.subject in server.tail() and "/total" in server.tail()
    finally:
        server.close()
    if command == "consumer":  # a gateway would have to register what the registry refuses
        with project.server(command, *log, "--allow-incompatible").start() as server:
            assert server.stop() == 0


def test_a_descriptor_is_compared_too(tmp_path, apicurio):
    """As confluent-kafka registers it: in base64."""
    file = descriptor_pb2.FileDescriptorProto(name="p.proto", package="logfirst.events", syntax="proto3")
    message = file.message_type.add(name="Placed")
    message.field.add(name="id", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    message.field.add(name="total", number=2, type="TYPE_DOUBLE", label="LABEL_OPTIONAL")
    project = Project(tmp_path, apicurio.url, "PROTOBUF")
    apicurio.register(project.subject, base64.b64encode(file.SerializeToString()).decode(), "PROTOBUF")
    project.write(OLD)
    options = ("--against", "registry", "--compatibility", "backward")
    done = project.call("compat", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    project.write(INCOMPATIBLE)
    done = project.call("compat", *options)
    assert done.returncode == 1 and "/total: new readers" in done.stdout, done.stdout + done.stderr


def test_a_registry_that_is_away_is_2(tmp_path):
    server = Apicurio().start()
    project = Project(tmp_path, server.url, "AVRO")
    project.write(OLD)
    server.close()
    for verb, options in (("compat", ("--against", "registry")), ("register", ())):
        done = project.call(verb, *options, "--registry-timeout", "1s")
        assert done.returncode == 2 and server.url in done.stderr, done.stderr
