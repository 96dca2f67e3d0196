"""Shards of a stream that split under load, as boto3 sees them: nothing lost, order per item, across kill -9."""
import time

import pytest
from botocore.exceptions import ClientError

from conftest import Server, scan_all

TABLE = "hot"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("data") / "db", ["--stream-shard-rate", "20"])
    server.start()
    yield server
    server.stop()


def describe(streams, arn, **arguments):
    return streams.describe_stream(StreamArn=arn, **arguments)["StreamDescription"]


def read_shard(streams, arn, shard):
    """All records of the shard from its beginning; and whether it has ended."""
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = []
    while iterator:
        answer = streams.get_records(ShardIterator=iterator)
        records += answer["Records"]
        iterator = answer.get("NextShardIterator")
        if not answer["Records"]:
            break
    return records, iterator is None


def test_a_hot_shard_splits_and_the_lineage_has_every_change_in_order(server):
    dynamodb, streams = server.client("dynamodb"), server.client("dynamodbstreams")
    arn = dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]["LatestStreamArn"]
    n, end = 0, time.monotonic() + 30
    while len(describe(streams, arn)["Shards"]) < 3:
        assert time.monotonic() < end, "the shard was not split"
        for _ in range(100):
            n += 1
            dynamodb.put_item(TableName=TABLE, Item={"id": {"S": str(n % 20)}, "n": {"N": str(n)}})
    for _ in range(50):
        n += 1
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": str(n % 20)}, "n": {"N": str(n)}})
    dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": "7"}})
    server.restart()
    dynamodb, streams = server.client("dynamodb"), server.client("dynamodbstreams")

    shards = describe(streams, arn)["Shards"]
    parent, *children = shards
    assert "ParentShardId" not in parent and "EndingSequenceNumber" in parent["SequenceNumberRange"]
    filtered = describe(streams, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]})["Shards"]
    assert [s["ShardId"] for s in filtered] == [s["ShardId"] for s in children if s["ParentShardId"] == parent["ShardId"]]
    assert len(filtered) == 2

    items, last = {}, {}
    for shard in shards:  # parents come before their children
        records, ended = read_shard(streams, arn, shard["ShardId"])
        assert ended == ("EndingSequenceNumber" in shard["SequenceNumberRange"])
        if ended:
            assert records[-1]["dynamodb"]["SequenceNumber"] == shard["SequenceNumberRange"]["EndingSequenceNumber"]
        for record in records:
            change = record["dynamodb"]
            key = change["Keys"]["id"]["S"]
            assert last.get(key, "") < change["SequenceNumber"]
            last[key] = change["SequenceNumber"]
            assert change.get("OldImage") == items.get(key)
            items[key] = change.get("NewImage")
    assert {k: v for k, v in items.items() if v} == {i["id"]["S"]: i for i in scan_all(dynamodb, TABLE)}


def test_positions_are_refused_as_documented(server):
    streams = server.client("dynamodbstreams")
    arn = streams.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
    shard = describe(streams, arn, Limit=1)
    assert shard["LastEvaluatedShardId"] == shard["Shards"][0]["ShardId"]
    place = {"StreamArn": arn, "ShardId": shard["Shards"][0]["ShardId"]}
    for arguments in ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"},
                      {"ShardIteratorType": "LATEST", "SequenceNumber": "1" * 21}):
        with pytest.raises(ClientError) as error:
            streams.get_shard_iterator(**place, **arguments)
        assert error.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError) as error:
        streams.describe_stream(StreamArn=arn + "x")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert error.value.response["Error"]["Message"] == f"Requested resource not found: Stream: {arn}x not found"
