"""What the tests against the real binary share: a server of one's own, clients, waiting for a condition."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import boto3
import pytest
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = pathlib.Path(os.environ.get("MILLRACE_BINARY", ROOT / "build/release/millrace"))
FUNCTIONS = pathlib.Path(os.environ.get("MILLRACE_FUNCTIONS", ROOT / "build/release/examples/pinehead"))
SHARED = ROOT.parent / "shared"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ROOT_KEY = "AKIAROOTROOTROOTROOT"
ROOT_SECRET = "root-secret-of-the-tests-0123456789abcdef"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """`millrace serve` on a data folder; kill() is kill -9, start() continues on the same folder and port."""

    def __init__(self, data_dir, arguments=()):
        self.data_dir = pathlib.Path(data_dir)
        self.arguments = list(arguments)
        self.port = free_port()
        self.process = None
        self.log = self.data_dir.with_suffix(".log")

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        environment = {**os.environ, "MILLRACE_ROOT_ACCESS_KEY_ID": ROOT_KEY,
                       "MILLRACE_ROOT_SECRET_ACCESS_KEY": ROOT_SECRET}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data-dir", self.data_dir, "--port", str(self.port), *self.arguments],
                stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        for line in self.process.stdout:
            if line.rstrip().endswith("Ready."):
                return self
        raise AssertionError(f"the server did not start: {self.log.read_text()[-2000:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(timeout=30)
        return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        return self.start()

    def session(self, key=ROOT_KEY, secret=ROOT_SECRET, token=None):
        return boto3.Session(key, secret, token, region_name=REGION)

    def client(self, service, key=ROOT_KEY, secret=ROOT_SECRET, token=None, **config):
        settings = {"retries": {"max_attempts": 0}, "read_timeout": 60, **config}
        return self.session(key, secret, token).client(service, endpoint_url=self.endpoint, config=Config(**settings))

    def website(self, bucket, path="/", method="GET"):
        """Status, headers and body of the website endpoint, asked without any key."""
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, headers={"Host": f"{bucket}.s3-website.localhost:{self.port}"})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, dict(response.getheaders()), body

    def user(self, name, *statements):
        """(key, secret) of a new user with an inline policy of these statements."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": list(statements)}))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def role(self, name, *statements, service="lambda.amazonaws.com"):
        """The ARN of a new role that the service may assume."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service},
                                                    "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": list(statements)}))
        return arn



@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests of a file."""
    instance = Server(tmp_path_factory.mktemp("millrace") / "data").start()
    yield instance
    assert instance.stop() == 0


@pytest.fixture
def own_server(tmp_path):
    """A server that the test may kill and restart."""
    instance = Server(tmp_path / "data").start()
    yield instance
    instance.stop()


def wait_until(condition, seconds=30, what="the condition"):
    """Polls until the condition gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def orders():
    """The 2,240 real orders, each the body of a message."""
    return (SHARED / "data/chinook-orders.jsonl").read_text().splitlines()


@pytest.fixture(scope="session")
def leaderboard():
    """The right leaderboard as (album, artist, count), ranked."""
    rows = json.loads((SHARED / "data/chinook-leaderboard.json").read_text())
    return [(row["album"], row["artist"], row["order_count"]) for row in rows]


def send_all(sqs, queue_url, bodies):
    """Sends every body, in batches of ten; all must be accepted."""
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[start:start + 10])]
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        assert not answer.get("Failed"), answer


def scan_all(dynamodb, table, **arguments):
    items = []
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **arguments):
        items += page["Items"]
    return items
