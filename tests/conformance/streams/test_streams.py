"""DynamoDB Streams as boto3 and the AWS CLI see it: iterators, pages, views, limits, what stays readable."""
import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import ACCOUNT, REGION, ROOT, ROOT_KEY, ROOT_SECRET


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


@pytest.fixture(scope="module")
def streams(server):
    return server.client("dynamodbstreams")


def make_table(dynamodb, name, view="NEW_AND_OLD_IMAGES"):
    """The ARN of its stream."""
    return dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view})["TableDescription"]["LatestStreamArn"]


def put(dynamodb, table, key, **attributes):
    dynamodb.put_item(TableName=table, Item={"id": {"S": key}, **{n: {"S": v} for n, v in attributes.items()}})


def shard_of(streams, arn):
    return streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]


def iterator(streams, arn, type="TRIM_HORIZON", number=None, shard=None):
    arguments = {"SequenceNumber": number} if number else {}
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard or shard_of(streams, arn), ShardIteratorType=type,
                                      **arguments)["ShardIterator"]


def read(streams, place, **arguments):
    return streams.get_records(ShardIterator=place, **arguments)


def keys(answer):
    return [r["dynamodb"]["Keys"]["id"]["S"] for r in answer["Records"]]


def refused(call, *arguments, **named):
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_iterators_of_all_types(dynamodb, streams):
    arn = make_table(dynamodb, "iterators")
    put(dynamodb, "iterators", "a")
    latest = iterator(streams, arn, "LATEST")
    for key in "bcd":
        put(dynamodb, "iterators", key)
    all_records = read(streams, iterator(streams, arn))["Records"]
    numbers = [r["dynamodb"]["SequenceNumber"] for r in all_records]
    assert numbers == sorted(numbers) and len(set(numbers)) == 4 and all(len(n) >= 21 for n in numbers)
    assert keys(read(streams, latest)) == ["b", "c", "d"]
    assert keys(read(streams, iterator(streams, arn, "AT_SEQUENCE_NUMBER", numbers[1]))) == ["b", "c", "d"]
    assert keys(read(streams, iterator(streams, arn, "AFTER_SEQUENCE_NUMBER", numbers[1]))) == ["c", "d"]
    page = read(streams, iterator(streams, arn), Limit=3)
    assert keys(page) == ["a", "b", "c"]
    page = read(streams, page["NextShardIterator"], Limit=3)
    assert keys(page) == ["d"]
    # An open shard goes on: what is written later is read from where one was.
    page = read(streams, page["NextShardIterator"])
    assert page["Records"] == []
    put(dynamodb, "iterators", "e")
    assert keys(read(streams, page["NextShardIterator"])) == ["e"]


VIEWS = {"KEYS_ONLY": set(), "NEW_IMAGE": {"NewImage"}, "OLD_IMAGE": {"OldImage"},
         "NEW_AND_OLD_IMAGES": {"NewImage", "OldImage"}}


@pytest.mark.parametrize("view", VIEWS)
def test_views(dynamodb, streams, view):
    arn = make_table(dynamodb, view, view)
    put(dynamodb, view, "a", v="1")
    put(dynamodb, view, "a", v="1")  # changes nothing, and has no record
    put(dynamodb, view, "a", v="2")
    dynamodb.delete_item(TableName=view, Key={"id": {"S": "a"}})
    dynamodb.delete_item(TableName=view, Key={"id": {"S": "a"}})
    records = read(streams, iterator(streams, arn))["Records"]
    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY", "REMOVE"]
    first, second = ({"id": {"S": "a"}, "v": {"S": v}} for v in "12")
    images = [(None, first), (first, second), (second, None)]
    for record, (old, new) in zip(records, images):
        change = record["dynamodb"]
        wanted = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image and name in VIEWS[view]}
        assert {name: change[name] for name in ("OldImage", "NewImage") if name in change} == wanted
        assert (change["Keys"], change["StreamViewType"]) == ({"id": {"S": "a"}}, view)
        assert change["SizeBytes"] == 3 + 5 * len(wanted)  # "id" and "a"; an image has "v" and its value, too
        assert change["ApproximateCreationDateTime"].microsecond == 0
        assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == ("1.1", "aws:dynamodb", REGION)
        assert len(record["eventID"]) == 32 and "userIdentity" not in record


def test_a_page_has_at_most_1000_records_and_1_mb(dynamodb, streams):
    arn = make_table(dynamodb, "pages", "NEW_IMAGE")
    for start in range(0, 1025, 25):
        dynamodb.batch_write_item(RequestItems={"pages": [
            {"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(start, start + 25)]})
    page = read(streams, iterator(streams, arn))
    assert len(page["Records"]) == 1000
    page = read(streams, page["NextShardIterator"])
    assert len(page["Records"]) == 25
    for n in range(4):
        put(dynamodb, "pages", f"large{n}", text="x" * 399_000)
    sizes, place = [], page["NextShardIterator"]
    while sum(sizes) < 4:
        page = read(streams, place)
        assert sum(r["dynamodb"]["SizeBytes"] for r in page["Records"]) <= 1 << 20
        sizes.append(len(page["Records"]))
        place = page["NextShardIterator"]
    assert sizes == [2, 2]
    assert refused(read, streams, place, Limit=1001)[0] == "ValidationException"


def test_a_disabled_stream_stays_readable_beside_its_successor(dynamodb, streams):
    first = make_table(dynamodb, "renewed", "KEYS_ONLY")
    put(dynamodb, "renewed", "a")
    assert refused(dynamodb.update_table, TableName="renewed", StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}) == (
        "ValidationException", "Table already has an enabled stream: TableName: renewed")
    dynamodb.update_table(TableName="renewed", StreamSpecification={"StreamEnabled": False})
    put(dynamodb, "renewed", "unseen")
    second = dynamodb.update_table(TableName="renewed", StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})["TableDescription"]["LatestStreamArn"]
    assert second != first
    put(dynamodb, "renewed", "b")
    old, new = (streams.describe_stream(StreamArn=arn)["StreamDescription"] for arn in (first, second))
    assert (old["StreamStatus"], old["StreamViewType"], new["StreamStatus"]) == ("DISABLED", "KEYS_ONLY", "ENABLED")
    assert old["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    page = read(streams, iterator(streams, first))
    assert keys(page) == ["a"] and "NextShardIterator" not in page
    assert old["Shards"][0]["SequenceNumberRange"]["EndingSequenceNumber"] == \
        page["Records"][0]["dynamodb"]["SequenceNumber"]
    assert keys(read(streams, iterator(streams, second))) == ["b"]
    # Also when the table is gone.
    dynamodb.delete_table(TableName="renewed")
    assert keys(read(streams, iterator(streams, second))) == ["b"]
    listed = streams.list_streams(TableName="renewed")["Streams"]
    assert [s["StreamArn"] for s in listed] == [first, second]
    assert all(s["StreamArn"].endswith(s["StreamLabel"]) for s in listed)


def test_listing_by_pages(dynamodb, streams):
    made = [make_table(dynamodb, name) for name in ("list", "list-a", "list-b")]
    assert [s["StreamArn"] for s in streams.list_streams(TableName="list")["Streams"]] == made[:1]
    assert streams.list_streams(TableName="nothing-here")["Streams"] == []
    seen, start = [], {}
    while True:
        page = streams.list_streams(Limit=2, **start)
        seen += [s["StreamArn"] for s in page["Streams"]]
        assert len(page["Streams"]) <= 2
        if "LastEvaluatedStreamArn" not in page:
            break
        assert page["LastEvaluatedStreamArn"] == seen[-1]
        start = {"ExclusiveStartStreamArn": seen[-1]}
    assert len(seen) == len(set(seen)) and set(made) <= set(seen)
    assert seen == [s["StreamArn"] for s in streams.list_streams()["Streams"]]


def test_refusals(dynamodb, streams):
    arn = make_table(dynamodb, "refusals")
    shard = shard_of(streams, arn)
    missing = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/none/stream/2026-01-01T00:00:00.000"
    gone = ("ResourceNotFoundException", f"Requested resource not found: Stream: {missing} not found")
    assert refused(streams.describe_stream, StreamArn=missing) == gone
    assert refused(iterator, streams, missing, shard=shard) == gone
    assert refused(iterator, streams, arn, shard=shard[:-1] + "x")[0] == "ResourceNotFoundException"
    put(dynamodb, "refusals", "a")
    number = read(streams, iterator(streams, arn))["Records"][0]["dynamodb"]["SequenceNumber"]
    for type, given in (("AT_SEQUENCE_NUMBER", None), ("AFTER_SEQUENCE_NUMBER", None), ("LATEST", number),
                        ("TRIM_HORIZON", number), ("AT_SEQUENCE_NUMBER", "9" * 30), ("AT_TIMESTAMP", None)):
        assert refused(iterator, streams, arn, type, given)[0] == "ValidationException", type
    assert refused(read, streams, "no iterator")[0] == "ValidationException"
    too_many = ("ValidationException", "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: "
                                       "Member must have value less than or equal to 100")
    assert refused(streams.describe_stream, StreamArn=arn, Limit=101) == too_many
    assert refused(streams.list_streams, Limit=101) == too_many


def test_aws_cli(server, dynamodb):
    def aws(*arguments):
        result = subprocess.run([ROOT / ".venv/bin/aws", "--endpoint-url", server.endpoint, "--region", REGION,
                                 "--output", "json", "dynamodbstreams", *arguments], capture_output=True, text=True,
                                env={"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET, "PATH": "/usr/bin"})
        return json.loads(result.stdout) if result.returncode == 0 else result.stderr

    arn = make_table(dynamodb, "cli")
    put(dynamodb, "cli", "a", v="1")
    assert aws("list-streams", "--table-name", "cli")["Streams"][0]["StreamArn"] == arn
    described = aws("describe-stream", "--stream-arn", arn)["StreamDescription"]
    place = aws("get-shard-iterator", "--stream-arn", arn, "--shard-id", described["Shards"][0]["ShardId"],
                "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    record = aws("get-records", "--shard-iterator", place)["Records"][0]
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "v": {"S": "1"}}
    assert "ResourceNotFoundException" in aws("describe-stream", "--stream-arn", arn + "x")
