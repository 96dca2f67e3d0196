"""An event source mapping follows its stream across splits of shards, failures of its function and kill -9."""
import time

import pytest

from conftest import Server, scan_all, wait_until
from zips import zip_of

# For each item it keeps the last value it saw. A change must begin where the last one ended, or have been seen before;
# whatever else comes is noted. Every third batch fails halfway.
HANDLER = """
import os, boto3
table = boto3.client("dynamodb")
calls = 0

def number(image):
    return int(image["n"]["N"]) if image else 0

def handler(event, context):
    global calls
    calls += 1
    seen = {}
    records = event["Records"]
    for at, record in enumerate(records):
        change = record["dynamodb"]
        key = change["Keys"]["id"]
        if key["S"] not in seen:
            known = table.get_item(TableName="seen", Key={"id": key}, ConsistentRead=True)
            seen[key["S"]] = number(known.get("Item"))
        old, new = number(change.get("OldImage")), number(change["NewImage"])
        if new > seen[key["S"]]:
            if old != seen[key["S"]]:
                table.put_item(TableName="wrong", Item={"id": {"S": f"{key['S']}: {new} after {seen[key['S']]}"}})
            seen[key["S"]] = new
        if calls % 3 == 0 and at == len(records) // 2:
            break
    for key, last in seen.items():
        table.put_item(TableName="seen", Item={"id": {"S": key}, "n": {"N": str(last)}})
    if calls % 3 == 0:
        raise RuntimeError("every third batch")
"""
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
KEYS = 25


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "db", ["--stream-shard-rate", "20"]).start()
    yield server
    server.stop()


def test_nothing_is_lost_or_overtaken(server):
    dynamodb, streams, awslambda = (server.client(s) for s in ("dynamodb", "dynamodbstreams", "lambda"))
    role = server.role("splits", ALL)
    arn = None
    for name in ("seen", "wrong", "source"):
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}} \
            if name == "source" else {}
        arn = dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            **stream)["TableDescription"].get("LatestStreamArn")
    awslambda.create_function(FunctionName="follow", Runtime="python3.11", Role=role, Handler="m.handler", Timeout=10,
                              Code={"ZipFile": zip_of({"m.py": HANDLER})})
    mapping = awslambda.create_event_source_mapping(FunctionName="follow", EventSourceArn=arn, BatchSize=50,
                                                    StartingPosition="TRIM_HORIZON", ParallelizationFactor=2)
    n = 0

    def put():
        nonlocal n
        n += 1
        dynamodb.put_item(TableName="source", Item={"id": {"S": str(n % KEYS)}, "n": {"N": str(n)}})

    def shards():
        return streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]

    end = time.monotonic() + 30
    while len(shards()) < 3:
        assert time.monotonic() < end, "the shard was not split"
        for _ in range(20):
            put()
        time.sleep(0.1)
    for _ in range(50):
        put()
    server.restart()  # while a batch is under way, most likely
    dynamodb, streams, awslambda = (server.client(s) for s in ("dynamodb", "dynamodbstreams", "lambda"))
    for _ in range(100):
        put()

    def table(name):
        return {item["id"]["S"]: item.get("n") for item in scan_all(dynamodb, name)}

    wanted = table("source")
    assert len(wanted) == KEYS
    wait_until(lambda: table("seen") == wanted, 30, "having seen every item's last change")
    assert table("wrong") == {}
    assert awslambda.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled"
