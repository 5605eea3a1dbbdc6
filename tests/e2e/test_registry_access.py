"""Who may ask a registry, and whom we believe: TLS, client certificates, passwords and tokens, with an HTTPS server of
the tests' own."""

import base64
import json
import ssl
import subprocess

import pytest

from harness.badregistry import BadRegistry
from harness.logfirst import run

SDL = "type Placed @event(format: AVRO) { id: ID! total: Float! }\n"


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.file, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.file)  # fmt: skip

    def issue(self, name, names):
        """(certificate, key) of a leaf with these subjectAltNames."""
        leaf = self.folder / f"{self.name}-{name}"
        extensions = leaf.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{leaf}.key", "-out",
                f"{leaf}.csr")  # fmt: skip
        openssl("x509", "-req", "-in", f"{leaf}.csr", "-CA", self.file, "-CAkey", self.key, "-CAcreateserial",
                "-days", "2", "-extfile", extensions, "-out", f"{leaf}.pem")  # fmt: skip
        return f"{leaf}.pem", f"{leaf}.key"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    return Authority(folder, "ours"), Authority(folder, "theirs")


@pytest.fixture(scope="module")
def certificates(authorities):
    ours, theirs = authorities
    return {"server": ours.issue("server", "IP:127.0.0.1"), "elsewhere": ours.issue("elsewhere", "DNS:example.org"),
            "client": ours.issue("client", "DNS:client"), "stranger": theirs.issue("stranger", "DNS:client")}


@pytest.fixture
def serve():
    """serve(certificate, client_ca): a registry that takes whatever is registered."""
    servers = []

    def one(certificate=None, client_ca=None, allowed=None):
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
        server = BadRegistry(context, allowed)
        server.taken = lambda path: (200, b'{"id": 7}') if path.endswith("/versions") else server.good(path)
        servers.append(server)
        return server

    yield one
    for server in servers:
        server.close()


@pytest.fixture
def register(tmp_path):
    (tmp_path / "schema.graphql").write_text(SDL)

    def call(url, *options, env=None):
        return run("schema", "register", tmp_path / "schema.graphql", "--registry", url, "--registry-timeout", "3s",
                   "--compatibility", "none", *options, env=env, timeout=90)  # fmt: skip

    return call


def assert_registered(done):
    assert done.returncode == 0 and done.stdout == "Placed: business-events-value: id 7\n", done.stderr


def assert_refused(done, *words):
    assert done.returncode == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_an_authority_of_ones_own(serve, register, authorities, certificates):
    ours, theirs = authorities
    server = serve(certificates["server"])
    assert_registered(register(server.url, "--registry-ca", ours.file))
    server.asked.clear()
    for options in ((), ("--registry-ca", theirs.file)):
        assert_refused(register(server.url, *options), server.url, "certificate", "registry.ca")
    assert_refused(register(server.url, "--registry-ca", ours.folder / "none.pem"), "none.pem")
    assert server.asked == []  # nobody who is not believed is told anything
    assert_registered(register(server.url, "--registry-insecure=true"))


def test_a_certificate_of_another_host(serve, register, authorities, certificates):
    server = serve(certificates["elsewhere"])
    assert_refused(register(server.url, "--registry-ca", authorities[0].file), "127.0.0.1")
    assert server.asked == []


def test_a_client_certificate(serve, register, authorities, certificates):
    ours = authorities[0]
    server = serve(certificates["server"], client_ca=ours.file)
    cert, key = certificates["client"]
    trust = ("--registry-ca", ours.file)
    assert_registered(register(server.url, *trust, "--registry-cert", cert, "--registry-key", key))
    server.asked.clear()
    assert_refused(register(server.url, *trust), server.url)
    stranger = certificates["stranger"]
    assert_refused(register(server.url, *trust, "--registry-cert", stranger[0], "--registry-key", stranger[1]))
    assert_refused(register(server.url, *trust, "--registry-cert", cert, "--registry-key", stranger[1]), server.url)
    assert server.asked == []


SECRET = "p:ss w%rd/ü"
BASIC = "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()


@pytest.mark.parametrize("way", ["environment", "file", "url", "token"])
def test_credentials(serve, register, tmp_path, authorities, certificates, way):
    server = serve(certificates["server"], allowed="Bearer abc.def" if way == "token" else BASIC)
    url, options, env = server.url, ["--registry-ca", authorities[0].file], {}
    assert_refused(register(url, *options), "401")
    if way == "environment":
        options += ["--registry-user", "user"]
        env = {"LOGFIRST_REGISTRY_PASSWORD": SECRET}
    elif way == "file":
        (tmp_path / "logfirst.yaml").write_text(json.dumps({"registry": {"user": "user", "password": SECRET}}))
        options += ["--config", tmp_path / "logfirst.yaml"]
    elif way == "url":
        url = url.replace("https://", "https://user:p%3Ass%20w%25rd%2F%C3%BC@")
    else:
        env = {"LOGFIRST_REGISTRY_TOKEN": "abc.def"}
    assert_registered(register(url, *options, env=env))


def test_wrong_credentials_are_not_repeated(serve, register):
    """Not to the user, and not to the registry: three tries lock accounts."""
    server = serve(allowed=BASIC)
    done = register(server.url, env={"LOGFIRST_REGISTRY_USER": "user", "LOGFIRST_REGISTRY_PASSWORD": "guessed"})
    assert_refused(done, "401")
    assert "guessed" not in done.stderr
    assert len(server.asked) == 1
