"""TLS as clients see it: boto3 and the Python DAX client verify the certificate of the server's own authority, or of
the operator; aws:SecureTransport is true only over TLS."""
import re
import signal
import socket
import ssl
import subprocess

import boto3
import botocore.session
import pytest
from amazondax import AmazonDaxClient
from botocore.config import Config
from botocore.exceptions import ClientError, SSLError
from conftest import REGION, ROOT_KEY, ROOT_SECRET, BINARY, Server, free_port, wait_until


class TlsServer(Server):
    def __init__(self, data_dir, arguments=()):
        self.tls_port, self.dax_port = free_port(), free_port()
        super().__init__(data_dir, ["--tls-port", str(self.tls_port), "--dax-tls-port", str(self.dax_port), *arguments])
        self.authority = str(self.data_dir / "tls/ca.pem")

    def secure_client(self, service, key=ROOT_KEY, secret=ROOT_SECRET, verify=None, host="localhost"):
        return boto3.client(service, REGION, endpoint_url=f"https://{host}:{self.tls_port}", aws_access_key_id=key,
                            aws_secret_access_key=secret, verify=verify or self.authority,
                            config=Config(retries={"max_attempts": 0}))

    def certificate(self, authority=None):
        context = ssl.create_default_context(cafile=authority or self.authority)
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secured:
                return secured.getpeercert()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    instance = TlsServer(tmp_path_factory.mktemp("tls") / "data").start()
    yield instance
    assert instance.stop() == 0


def test_https_and_secure_transport(server):
    secure, plain = server.secure_client("dynamodb"), server.client("dynamodb")
    secure.create_table(TableName="things", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    secure.put_item(TableName="things", Item={"pk": {"S": "a"}, "text": {"S": "x" * 100_000}})
    assert plain.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"]["text"]["S"] == "x" * 100_000
    key, secret = server.user("only-tls", {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*",
                                           "Condition": {"Bool": {"aws:SecureTransport": "true"}}})
    read = dict(TableName="things", Key={"pk": {"S": "a"}})
    assert "Item" in server.secure_client("dynamodb", key, secret, host="127.0.0.1").get_item(**read)
    with pytest.raises(ClientError, match="AccessDenied"):
        server.client("dynamodb", key, secret).get_item(**read)


def test_an_unknown_authority_or_name_is_the_clients_to_refuse(server, tmp_path):
    with pytest.raises(SSLError):
        server.secure_client("dynamodb", verify=True).list_tables()
    context = ssl.create_default_context(cafile=server.authority)
    with socket.create_connection(("127.0.0.1", server.tls_port), timeout=10) as plain:
        with pytest.raises(ssl.SSLCertVerificationError, match="elsewhere.example"):
            context.wrap_socket(plain, server_hostname="elsewhere.example")


def test_daxs(server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", server.authority)
    session = botocore.session.get_session()
    session.set_credentials(ROOT_KEY, ROOT_SECRET)
    with AmazonDaxClient(session, region_name=REGION, endpoint_url=f"daxs://localhost:{server.dax_port}") as dax:
        server.client("dynamodb").create_table(
            TableName="cached", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        dax.put_item(TableName="cached", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
        assert dax.get_item(TableName="cached", Key={"pk": {"S": "a"}})["Item"]["n"] == {"N": "1"}


def test_the_certificate_is_kept(tmp_path):
    server = TlsServer(tmp_path / "data").start()
    first = server.certificate()
    assert server.stop() == 0
    server.start()
    assert server.certificate() == first
    server.stop()


def test_the_operators_certificate_and_its_renewal(tmp_path):
    def make(name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "own-key.pem",
                        "-out", tmp_path / "own.pem"], check=True, capture_output=True)
    make("first")
    server = TlsServer(tmp_path / "data", ["--tls-cert", str(tmp_path / "own.pem"),
                                           "--tls-key", str(tmp_path / "own-key.pem")]).start()
    assert not (server.data_dir / "tls").exists()

    def name():
        try:
            return dict(part[0] for part in server.certificate(tmp_path / "own.pem")["subject"])["commonName"]
        except ssl.SSLError:
            return None
    assert name() == "first"
    make("second")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: name() == "second", what="the new certificate")
    assert server.stop() == 0


@pytest.mark.parametrize("arguments, pattern", [
    (["--tls-port", "1234", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], "/no/such.pem"),
    (["--tls-port", "1234", "--tls-cert", "/no/such.pem"], "tls-key"),
    (["--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], "/no/such.pem"),
])
def test_options_that_cannot_work_are_one_line(tmp_path, arguments, pattern):
    result = subprocess.run([BINARY, "serve", "--data-dir", tmp_path / "d", "--port", str(free_port()), *arguments],
                            capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("millrace:")]
    assert len(lines) == 1 and re.search(pattern, lines[0]), result.stderr
