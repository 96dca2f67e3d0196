"""DynamoDB and Streams as boto3 sees them: items, expressions, pages, transactions, streams, TTL, refusals."""
import threading
import time

import pytest
from botocore.exceptions import ClientError

from conftest import scan_all, wait_until


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


def make_table(dynamodb, name, sort=None, **arguments):
    keys = [("id", "HASH", "S")] + ([(sort, "RANGE", "N")] if sort else [])
    answer = dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, _, t in keys], **arguments)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    return answer["TableDescription"]


def error_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_numbers_are_exact_and_in_normal_form(dynamodb):
    make_table(dynamodb, "numbers")
    big = "12345678901234567890123456789012345678"
    for given, kept in [("00042", "42"), ("1.0", "1"), ("1.5E2", "150"), ("-0", "0"), (big, big), ("1E-130", "0." + "0" * 129 + "1")]:
        dynamodb.put_item(TableName="numbers", Item={"id": {"S": "n"}, "n": {"N": given}})
        assert dynamodb.get_item(TableName="numbers", Key={"id": {"S": "n"}})["Item"]["n"] == {"N": kept}
    code, _ = error_of(lambda: dynamodb.put_item(TableName="numbers", Item={"id": {"S": "n"}, "n": {"N": big + "1"}}))
    assert code == "ValidationException"


def test_update_and_conditions(dynamodb):
    make_table(dynamodb, "updates")
    key = {"id": {"S": "a"}}
    dynamodb.update_item(TableName="updates", Key=key, UpdateExpression="SET a = :x, b = :y ADD s :set",
                         ExpressionAttributeValues={":x": {"N": "1"}, ":y": {"N": "2"}, ":set": {"SS": ["p", "q"]}})
    updated = dynamodb.update_item(TableName="updates", Key=key, UpdateExpression="SET a = b, b = a REMOVE s",
                                   ReturnValues="ALL_NEW")["Attributes"]
    assert updated == {"id": {"S": "a"}, "a": {"N": "2"}, "b": {"N": "1"}}
    assert error_of(lambda: dynamodb.put_item(TableName="updates", Item=key, ConditionExpression="attribute_not_exists(id)")) == (
        "ConditionalCheckFailedException", "The conditional request failed")
    assert error_of(lambda: dynamodb.update_item(TableName="updates", Key=key, UpdateExpression="SET id = :x",
                                                 ExpressionAttributeValues={":x": {"S": "b"}})) == (
        "ValidationException",
        "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key")


def test_query_and_scan_pages(dynamodb):
    make_table(dynamodb, "pages", sort="n")
    for i in range(30):
        dynamodb.put_item(TableName="pages", Item={"id": {"S": "p"}, "n": {"N": str(i - 15)}, "pad": {"S": "x" * 1000}})
    query = {"TableName": "pages", "KeyConditionExpression": "id = :p AND n BETWEEN :a AND :b",
             "ExpressionAttributeValues": {":p": {"S": "p"}, ":a": {"N": "-5"}, ":b": {"N": "5"}}}
    for forward in (True, False):
        numbers = [int(item["n"]["N"]) for page in dynamodb.get_paginator("query").paginate(
            **query, ScanIndexForward=forward, PaginationConfig={"PageSize": 4}) for item in page["Items"]]
        assert numbers == sorted(range(-5, 6), reverse=not forward)
    for i in range(200):
        dynamodb.put_item(TableName="pages", Item={"id": {"S": str(i)}, "n": {"N": "0"}})
    whole = {(item["id"]["S"], item["n"]["N"]) for item in scan_all(dynamodb, "pages")}
    assert len(whole) == 230
    segments = [scan_all(dynamodb, "pages", Segment=s, TotalSegments=4, Limit=7) for s in range(4)]
    assert sum(map(len, segments)) == 230
    assert {(item["id"]["S"], item["n"]["N"]) for segment in segments for item in segment} == whole


def test_one_megabyte_page(dynamodb):
    make_table(dynamodb, "large", sort="n")
    for i in range(5):
        dynamodb.put_item(TableName="large", Item={"id": {"S": "p"}, "n": {"N": str(i)}, "pad": {"S": "x" * 300_000}})
    page = dynamodb.query(TableName="large", KeyConditionExpression="id = :p", ExpressionAttributeValues={":p": {"S": "p"}})
    assert len(page["Items"]) == 4 and page["LastEvaluatedKey"] == {"id": {"S": "p"}, "n": {"N": "3"}}
    assert error_of(lambda: dynamodb.put_item(TableName="large", Item={
        "id": {"S": "p"}, "n": {"N": "9"}, "pad": {"S": "x" * 409_600}})) == (
        "ValidationException", "Item size has exceeded the maximum allowed size")


def test_transaction_is_all_or_nothing_and_idempotent(dynamodb):
    make_table(dynamodb, "txs")
    items = [{"Put": {"TableName": "txs", "Item": {"id": {"S": "m"}}, "ConditionExpression": "attribute_not_exists(id)"}},
             {"Update": {"TableName": "txs", "Key": {"id": {"S": "c"}}, "UpdateExpression": "ADD n :one",
                         "ExpressionAttributeValues": {":one": {"N": "1"}}}}]
    dynamodb.transact_write_items(TransactItems=items, ClientRequestToken="token-1")
    dynamodb.transact_write_items(TransactItems=items, ClientRequestToken="token-1")
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as error:
        dynamodb.transact_write_items(TransactItems=items)
    assert [reason["Code"] for reason in error.value.response["CancellationReasons"]] == ["ConditionalCheckFailed", "None"]
    answer = dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": "txs", "Key": {"id": {"S": i}}}} for i in "cx"])
    assert answer["Responses"] == [{"Item": {"id": {"S": "c"}, "n": {"N": "1"}}}, {}]


def test_hot_counter_loses_nothing(dynamodb):
    make_table(dynamodb, "hot")

    def add():
        for _ in range(100):
            dynamodb.update_item(TableName="hot", Key={"id": {"S": "c"}}, UpdateExpression="ADD n :one",
                                 ExpressionAttributeValues={":one": {"N": "1"}})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dynamodb.get_item(TableName="hot", Key={"id": {"S": "c"}})["Item"]["n"] == {"N": "800"}


def test_batches(dynamodb):
    make_table(dynamodb, "batch")
    dynamodb.batch_write_item(RequestItems={"batch": [{"PutRequest": {"Item": {"id": {"S": str(i)}}}} for i in range(25)]})
    got = dynamodb.batch_get_item(RequestItems={"batch": {"Keys": [{"id": {"S": str(i)}} for i in range(0, 50)]}})
    assert len(got["Responses"]["batch"]) == 25 and got["UnprocessedKeys"] == {}
    assert error_of(lambda: dynamodb.batch_write_item(RequestItems={"batch": [
        {"PutRequest": {"Item": {"id": {"S": "1"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "1"}}}}]})) == (
        "ValidationException", "Provided list of item keys contains duplicates")


def test_stream_has_one_record_per_change_in_order(server, dynamodb):
    arn = make_table(dynamodb, "streamed", StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["LatestStreamArn"]
    key = {"id": {"S": "a"}}
    dynamodb.put_item(TableName="streamed", Item={**key, "n": {"N": "1"}})
    dynamodb.put_item(TableName="streamed", Item={**key, "n": {"N": "1"}})  # no change, no record
    dynamodb.update_item(TableName="streamed", Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "2"}})
    dynamodb.delete_item(TableName="streamed", Key=key)
    dynamodb.delete_item(TableName="streamed", Key=key)
    streams = server.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"} and records[1]["dynamodb"]["NewImage"]["n"] == {"N": "2"}
    assert "NewImage" not in records[2]["dynamodb"]
    numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in records]
    assert numbers == sorted(set(numbers)) and all(len(r["dynamodb"]["SequenceNumber"]) >= 21 for r in records)


def test_expired_item_goes_and_the_stream_says_who(server, dynamodb):
    arn = make_table(dynamodb, "expiring", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})["LatestStreamArn"]
    dynamodb.put_item(TableName="expiring", Item={"id": {"S": "old"}, "t": {"N": str(int(time.time()) - 10)}})
    dynamodb.put_item(TableName="expiring", Item={"id": {"S": "kept"}, "t": {"N": str(int(time.time()) + 1000)}})
    dynamodb.update_time_to_live(TableName="expiring", TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    wait_until(lambda: [i["id"]["S"] for i in scan_all(dynamodb, "expiring")] == ["kept"], 30, "expiry")
    streams = server.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert streams.get_records(ShardIterator=iterator)["Records"][-1]["userIdentity"] == {
        "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@pytest.mark.parametrize("call, code, text", [
    (lambda d: d.get_item(TableName="no-such", Key={"id": {"S": "a"}}), "ResourceNotFoundException", "Requested resource not found"),
    (lambda d: d.describe_table(TableName="no-such"), "ResourceNotFoundException",
     "Requested resource not found: Table: no-such not found"),
    (lambda d: d.get_item(TableName="refusals", Key={"wrong": {"S": "a"}}), "ValidationException",
     "The provided key element does not match the schema"),
    (lambda d: d.put_item(TableName="refusals", Item={"id": {"N": "1"}}), "ValidationException",
     "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"),
    (lambda d: d.put_item(TableName="refusals", Item={"id": {"S": "1"}}, ConditionExpression="size(id)"), "ValidationException", None),
    (lambda d: d.query(TableName="refusals", KeyConditionExpression="n = :n", ExpressionAttributeValues={":n": {"N": "1"}}),
     "ValidationException", "Query condition missed key schema element: id"),
    (lambda d: d.create_table(TableName="refusals", BillingMode="PAY_PER_REQUEST",
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}]),
     "ResourceInUseException", "Table already exists: refusals"),
])
def test_refusals(dynamodb, call, code, text):
    if "refusals" not in dynamodb.list_tables()["TableNames"]:
        make_table(dynamodb, "refusals")
    got = error_of(lambda: call(dynamodb))
    assert got[0] == code and text in (None, got[1])
