"""Concurrent puts, conditional writes, counters and transactions, with kill -9 in between, are linearizable;
a replay of the stream then gives the table."""
import itertools
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from checker import linearizable
from conftest import scan_all
from model import FAILED, step

GROUPS, ITEMS = 40, 3       # a transaction stays within its group, so that each group is a history of its own
CLIENTS, KILLS = 6, 6
SECONDS_BETWEEN_KILLS = 1.5


def number(item):
    return int(item["n"]["N"]) if item else None


class Client:
    """Makes random calls, and writes down when each began, when it was answered, and what."""

    def __init__(self, server, seed, histories):
        self.dynamodb = server.client("dynamodb", read_timeout=10, connect_timeout=5)
        self.random = random.Random(seed)
        self.histories = histories
        self.seed = seed

    def loop(self, stop):
        for serial in itertools.count():
            if stop.is_set():
                return
            group = self.random.randrange(GROUPS)
            call = self.choose(serial)
            start = time.monotonic_ns()
            try:
                answer = self.perform(group, call)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                reasons = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
                if code == "ConditionalCheckFailedException" or "ConditionalCheckFailed" in reasons:
                    answer = FAILED
                elif reasons:
                    assert set(reasons) <= {"None", "TransactionConflict"}, reasons
                    continue  # took no effect, and tells nothing
                else:
                    raise
            except BotoCoreError:
                self.histories[group].append((start, None, call, None))
                time.sleep(0.02)
                continue
            self.histories[group].append((start, time.monotonic_ns(), call, answer))

    def choose(self, serial):
        index, other = self.random.sample(range(ITEMS), 2)
        kind = self.random.choice(["get", "get", "put", "put_if", "put_if", "add", "add", "delete", "transfer", "get_all"])
        unique = (self.seed + 1) * 1_000_000 + serial
        return {"get": ("get", index), "put": ("put", index, unique), "delete": ("delete", index),
                "put_if": ("put_if", index, self.random.choice([None, self.random.randrange(5)]), self.random.randrange(5)),
                "add": ("add", index, self.random.randrange(1, 4)), "get_all": ("get_all",),
                "transfer": ("transfer", index, other, self.random.randrange(1, 4))}[kind]

    def perform(self, group, call):
        def key(index):
            return {"id": {"S": f"g{group}"}, "i": {"N": str(index)}}

        def addition(index, amount, **more):
            return {"TableName": "history", "Key": key(index), "UpdateExpression": "ADD n :amount", **more,
                    "ExpressionAttributeValues": {":amount": {"N": str(amount)}, **more.pop("values", {})}}

        kind, *arguments = call
        if kind == "get":
            return number(self.dynamodb.get_item(TableName="history", Key=key(*arguments), ConsistentRead=True).get("Item"))
        if kind == "put":
            index, value = arguments
            return number(self.dynamodb.put_item(TableName="history", Item={**key(index), "n": {"N": str(value)}},
                                                 ReturnValues="ALL_OLD").get("Attributes"))
        if kind == "put_if":
            index, expected, value = arguments
            condition = ({"ConditionExpression": "attribute_not_exists(id)"} if expected is None else
                         {"ConditionExpression": "n = :n", "ExpressionAttributeValues": {":n": {"N": str(expected)}}})
            self.dynamodb.put_item(TableName="history", Item={**key(index), "n": {"N": str(value)}}, **condition)
            return None
        if kind == "delete":
            return number(self.dynamodb.delete_item(TableName="history", Key=key(*arguments),
                                                    ReturnValues="ALL_OLD").get("Attributes"))
        if kind == "add":
            return number(self.dynamodb.update_item(**addition(*arguments), ReturnValues="UPDATED_NEW")["Attributes"])
        if kind == "transfer":
            source, target, amount = arguments
            take = addition(source, -amount, ConditionExpression="n >= :enough")
            take["ExpressionAttributeValues"][":enough"] = {"N": str(amount)}
            self.dynamodb.transact_write_items(TransactItems=[{"Update": take}, {"Update": addition(target, amount)}])
            return None
        answers = self.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": "history", "Key": key(i)}} for i in range(ITEMS)])["Responses"]
        return tuple(number(answer.get("Item")) for answer in answers)


@pytest.mark.timeout(300)
def test_histories_are_linearizable_and_the_stream_replays_them(own_server):
    dynamodb = own_server.client("dynamodb")
    stream = dynamodb.create_table(
        TableName="history", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "i", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "i", "AttributeType": "N"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]["LatestStreamArn"]
    dynamodb.get_waiter("table_exists").wait(TableName="history", WaiterConfig={"Delay": 1})

    histories = [[] for _ in range(GROUPS)]
    stop, failures = threading.Event(), []

    def run(client):
        try:
            client.loop(stop)
        except Exception as failure:  # a thread's failure must fail the test
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(Client(own_server, seed, histories),)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(SECONDS_BETWEEN_KILLS)
        own_server.restart()
    time.sleep(SECONDS_BETWEEN_KILLS)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures
    known = sum(operation[1] is not None for history in histories for operation in history)
    unknown = sum(len(history) for history in histories) - known
    assert known > 1000 and unknown > 0, (known, unknown)

    # What the table holds in the end is the last read of every history.
    table = {(item["id"]["S"], int(item["i"]["N"])): number(item) for item in scan_all(own_server.client("dynamodb"), "history")}
    now = time.monotonic_ns()
    for group, history in enumerate(histories):
        final = tuple(table.get((f"g{group}", i)) for i in range(ITEMS))
        history.append((now, now + 1, ("get_all",), final))
        assert linearizable(history, (None,) * ITEMS, step), f"group {group}: no order explains {sorted(history)}"

    replayed = {}
    for record in stream_records(own_server, stream):
        key = (record["Keys"]["id"]["S"], int(record["Keys"]["i"]["N"]))
        assert number(record.get("OldImage")) == replayed.get(key), f"{key}: the old image is not what the record before left"
        if "NewImage" in record:
            replayed[key] = number(record["NewImage"])
        else:
            del replayed[key]
    assert replayed == table


def stream_records(server, arn):
    """All records, each shard after its parent."""
    streams = server.client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            yield from (record["dynamodb"] for record in answer["Records"])
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
