"""`millrace dax`: a cache before a DynamoDB endpoint of another process, whose end and restart it outlives."""
import json
import os
import re
import signal
import subprocess

import botocore.session
import pytest
from amazondax import AmazonDaxClient
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import BINARY, REGION, ROOT_KEY, ROOT_SECRET, Server, free_port, wait_until

KEY, SECRET = "AKIACLIENTOFTHECACHE", "secret-of-the-clients"
READER, READER_SECRET = "AKIAREADEROFTHECACHE", "secret-of-the-reader"


class Proxy:
    def __init__(self, folder, upstream, arguments=()):
        self.port, self.tls_port = free_port(), free_port()
        self.folder = folder
        self.authority = folder / "cache/tls/ca.pem"
        keys = folder / "keys.json"
        keys.write_text(json.dumps([
            {"AccessKeyId": KEY, "SecretAccessKey": SECRET},
            {"AccessKeyId": READER, "SecretAccessKey": READER_SECRET, "Policy": {
                "Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dax:GetItem", "Resource": "*"}}}]))
        self.arguments = ["--upstream", upstream, "--port", str(self.port), "--tls-port", str(self.tls_port),
                          "--keys-file", keys, "--data-dir", folder / "cache", *arguments]

    def start(self):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET}
        environment.pop("AWS_SESSION_TOKEN", None)
        with open(self.folder / "cache.log", "ab") as log:
            self.process = subprocess.Popen([BINARY, "dax", *self.arguments], stdout=subprocess.PIPE, stderr=log,
                                            text=True, env=environment)
        for line in self.process.stdout:
            if line.rstrip() == "Ready.":
                return self
        raise AssertionError((self.folder / "cache.log").read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def client(self, key=KEY, secret=SECRET, url=None):
        session = botocore.session.get_session()
        session.set_credentials(key, secret)
        return AmazonDaxClient(session, region_name=REGION, endpoint_url=url or f"dax://127.0.0.1:{self.port}",
                               config=Config(retries={"max_attempts": 0}))


def make_table(dynamodb, name):
    dynamodb.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")


@pytest.fixture
def pair(tmp_path):
    server = Server(tmp_path / "data").start()
    proxy = Proxy(tmp_path, server.endpoint).start()
    yield server, proxy
    assert proxy.stop() == 0
    server.stop()


def test_reads_writes_and_errors_through_the_cache(pair):
    server, proxy = pair
    dynamodb = server.client("dynamodb")
    make_table(dynamodb, "things")
    with proxy.client() as dax:
        item = {"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"B": b"\x00\xff"}}
        dax.put_item(TableName="things", Item=item)
        assert dynamodb.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"] == item
        # Served from the cache: a write beside it is not seen.
        assert dax.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"] == item
        dynamodb.put_item(TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "2"}})
        assert dax.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"] == item
        assert dax.get_item(TableName="things", Key={"pk": {"S": "a"}}, ConsistentRead=True)["Item"]["n"] == {"N": "2"}
        assert dax.scan(TableName="things")["Count"] == 1
        answer = dax.update_item(TableName="things", Key={"pk": {"S": "a"}}, UpdateExpression="ADD n :one",
                                 ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW",
                                 ReturnConsumedCapacity="TOTAL")
        assert answer["Attributes"]["n"] == {"N": "3"} and answer["ConsumedCapacity"]["CapacityUnits"] == 1.0
        with pytest.raises(ClientError) as failed:
            dax.put_item(TableName="things", Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)")
        assert failed.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        with pytest.raises(ClientError) as cancelled:
            dax.transact_write_items(TransactItems=[
                {"Put": {"TableName": "things", "Item": {"pk": {"S": "z"}}}},
                {"ConditionCheck": {"TableName": "things", "Key": {"pk": {"S": "none"}},
                                    "ConditionExpression": "attribute_exists(pk)"}}])
        assert cancelled.value.response["Error"]["Code"] == "TransactionCanceledException"
        assert "ConditionalCheckFailed" in cancelled.value.cancellation_reasons
        with pytest.raises(ClientError) as missing:
            dax.get_item(TableName="no-such", Key={"pk": {"S": "a"}})
        assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_upstream_ends_and_comes_back(pair):
    server, proxy = pair
    make_table(server.client("dynamodb"), "things")
    with proxy.client() as dax:
        dax.put_item(TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
        read = dict(TableName="things", Key={"pk": {"S": "a"}})
        assert "Item" in dax.get_item(**read)
        server.kill()
        assert dax.get_item(**read)["Item"]["n"] == {"N": "1"}
        with pytest.raises(ClientError) as failed:
            dax.put_item(TableName="things", Item={"pk": {"S": "b"}})
        assert failed.value.response["Error"]["Code"] == "InternalServerErrorException"
        assert dax.get_item(**read)["Item"]["n"] == {"N": "1"}
        server.start()
        dax.put_item(TableName="things", Item={"pk": {"S": "b"}})
        assert "Item" in dax.get_item(TableName="things", Key={"pk": {"S": "b"}})


def test_who_is_served_over_tls_and_a_restart(pair, monkeypatch):
    server, proxy = pair
    make_table(server.client("dynamodb"), "things")
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority))
    url = f"daxs://localhost:{proxy.tls_port}"
    with proxy.client(url=url) as dax, proxy.client(READER, READER_SECRET, url) as reader:
        dax.put_item(TableName="things", Item={"pk": {"S": "a"}, "first": {"S": "1"}})
        assert reader.get_item(TableName="things", Key={"pk": {"S": "a"}})["Item"]["first"] == {"S": "1"}
        with pytest.raises(ClientError) as denied:
            reader.put_item(TableName="things", Item={"pk": {"S": "b"}})
        assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
        # Numbers of attribute lists live on: the client remembers them.
        proxy.stop()
        proxy.start()
        wait_until(lambda: "Item" in attempt(dax, "things"), what="a read after the restart")
        dax.put_item(TableName="things", Item={"pk": {"S": "c"}, "second": {"S": "2"}})
        dax.put_item(TableName="things", Item={"pk": {"S": "d"}, "first": {"S": "1"}})
    items = {item["pk"]["S"]: set(item) for item in server.client("dynamodb").scan(TableName="things")["Items"]}
    assert items == {"a": {"pk", "first"}, "c": {"pk", "second"}, "d": {"pk", "first"}}


def attempt(dax, table):
    try:
        return dax.get_item(TableName=table, Key={"pk": {"S": "a"}})
    except Exception:  # whatever a client says while the node is away
        return {}


def test_an_upstream_over_tls(tmp_path):
    tls_port = free_port()
    server = Server(tmp_path / "data", ["--tls-port", str(tls_port)]).start()
    make_table(server.client("dynamodb"), "things")
    url = f"https://localhost:{tls_port}"
    proxy = Proxy(tmp_path, url, ["--upstream-ca", server.data_dir / "tls/ca.pem"]).start()
    with proxy.client() as dax:
        dax.put_item(TableName="things", Item={"pk": {"S": "a"}})
        assert "Item" in dax.get_item(TableName="things", Key={"pk": {"S": "a"}})
    assert proxy.stop() == 0
    # An authority that is not trusted is no upstream.
    proxy = Proxy(tmp_path, url).start()
    with proxy.client() as dax, pytest.raises(ClientError) as failed:
        dax.get_item(TableName="things", Key={"pk": {"S": "a"}})
    assert failed.value.response["Error"]["Code"] == "InternalServerErrorException"
    proxy.stop()
    server.stop()


@pytest.mark.parametrize("arguments, pattern", [
    (["--upstream", "http://127.0.0.1:1", "--development"], "AWS_ACCESS_KEY_ID"),
    (["--upstream", "127.0.0.1:1", "--development", "--credentials", "{keys}"], "http://HOST"),
    (["--upstream", "http://127.0.0.1:1", "--credentials", "{keys}"], "--keys-file"),
    (["--upstream", "http://127.0.0.1:1", "--credentials", "{keys}", "--data-dir", "{folder}/d", "--keys-file",
      "{keys}"], "JSON list"),
])
def test_options_that_cannot_work_are_one_line(tmp_path, arguments, pattern):
    keys = tmp_path / "keys"
    keys.write_text("AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run(
        [BINARY, "dax", "--port", str(free_port()), *(a.format(keys=keys, folder=tmp_path) for a in arguments)],
        capture_output=True, text=True, timeout=30, env=environment)
    assert result.returncode == 1
    assert re.search(pattern, result.stderr) and result.stderr.startswith("millrace:"), result.stderr
