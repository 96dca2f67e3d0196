"""20 times kill -9 under load: nothing that was acknowledged is lost.

Writers put items, send messages, put objects and count up one item; each writes down what was
acknowledged. After every restart all of it must be there; the stream must hold every put item
exactly once, in order, from where it was last read.
"""
import json
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from conftest import scan_all

CYCLES = 20


class Writers:
    def __init__(self, server):
        self.stop = threading.Event()
        self.cycle = 0
        self.items, self.messages, self.objects = set(), set(), set()
        self.adds_acknowledged = self.adds_sent = 0
        self.threads = []
        # Made once: making a client takes longer than a cycle.
        self.clients = {name: server.client(name, read_timeout=5, connect_timeout=5, max_pool_connections=20)
                        for name in ("dynamodb", "sqs", "s3")}

    def start(self, cycle):
        self.cycle = cycle
        self.stop.clear()
        self.threads = [threading.Thread(target=self.loop, args=(work, n))
                        for work in (self.put_item, self.send_message, self.put_object, self.add) for n in range(2)]
        for thread in self.threads:
            thread.start()

    def join(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def loop(self, work, number):
        i = 0
        while not self.stop.is_set():
            try:
                work(self.clients, f"{self.cycle}-{number}-{i}")
                i += 1
            except (BotoCoreError, ClientError):
                time.sleep(0.01)  # the server is down: what happened to this one is unknown
                i += 1

    def put_item(self, clients, name):
        clients["dynamodb"].put_item(TableName="tbl", Item={"id": {"S": name}, "body": {"S": "x" * 100}})
        self.items.add(name)

    def send_message(self, clients, name):
        clients["sqs"].send_message(QueueUrl=self.queue_url, MessageBody=name)
        self.messages.add(name)

    def put_object(self, clients, name):
        body = name.encode() * (20000 if name.endswith("7") else 1)  # some larger than what is kept inline
        clients["s3"].put_object(Bucket="b-kill", Key=name, Body=body)
        self.objects.add(name)

    def add(self, clients, _):
        self.adds_sent += 1
        clients["dynamodb"].update_item(TableName="tbl", Key={"id": {"S": "counter"}}, UpdateExpression="ADD n :one",
                                        ExpressionAttributeValues={":one": {"N": "1"}})
        self.adds_acknowledged += 1


def read_stream(server, arn, position):
    """Records behind the position (a sequence number, or None for the beginning)."""
    streams = server.client("dynamodbstreams")
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    assert len(shards) == 1
    start = ({"ShardIteratorType": "TRIM_HORIZON"} if position is None
             else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position})
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shards[0]["ShardId"], **start)["ShardIterator"]
    records = []
    while True:
        answer = streams.get_records(ShardIterator=iterator)
        if not answer["Records"]:
            return records
        records += answer["Records"]
        iterator = answer["NextShardIterator"]


@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing(own_server):
    dynamodb, s3 = own_server.client("dynamodb"), own_server.client("s3")
    stream = dynamodb.create_table(
        TableName="tbl", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})["TableDescription"]["LatestStreamArn"]
    dynamodb.get_waiter("table_exists").wait(TableName="tbl", WaiterConfig={"Delay": 1})
    s3.create_bucket(Bucket="b-kill")
    writers = Writers(own_server)
    writers.queue_url = own_server.client("sqs").create_queue(QueueName="q-kill")["QueueUrl"]
    in_stream, position = [], None
    received = set()

    for cycle in range(CYCLES):
        writers.start(cycle)
        time.sleep(0.4 + 0.05 * cycle)
        own_server.kill()
        writers.join()
        own_server.start()

        stored = {item["id"]["S"]: item for item in scan_all(own_server.client("dynamodb"), "tbl")}
        assert writers.items <= stored.keys(), "acknowledged items are gone"
        if writers.adds_acknowledged:
            assert writers.adds_acknowledged <= int(stored["counter"]["n"]["N"]) <= writers.adds_sent
        records = read_stream(own_server, stream, position)
        if records:
            position = records[-1]["dynamodb"]["SequenceNumber"]
        sequence = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        assert sequence == sorted(set(sequence))
        in_stream += [r["dynamodb"]["Keys"]["id"]["S"] for r in records if r["dynamodb"]["Keys"]["id"]["S"] != "counter"]
        assert len(in_stream) == len(set(in_stream)), "a put is in the stream twice"
        assert set(in_stream) == stored.keys() - {"counter"}, "stream and table differ"
        listed = set()
        for page in own_server.client("s3").get_paginator("list_objects_v2").paginate(Bucket="b-kill"):
            listed |= {entry["Key"] for entry in page.get("Contents", [])}
        assert writers.objects <= listed, "acknowledged objects are gone"

    s3 = own_server.client("s3")
    for name in list(writers.objects)[::7]:
        body = s3.get_object(Bucket="b-kill", Key=name)["Body"].read()
        assert body == name.encode() * (20000 if name.endswith("7") else 1)
    sqs = own_server.client("sqs")
    while messages := sqs.receive_message(QueueUrl=writers.queue_url, MaxNumberOfMessages=10,
                                          VisibilityTimeout=600).get("Messages"):
        received |= {message["Body"] for message in messages}
    assert writers.messages <= received, "acknowledged messages are gone"
    assert min(len(writers.items), len(writers.messages), len(writers.objects), writers.adds_acknowledged) > 100
    print(json.dumps({"items": len(writers.items), "messages": len(writers.messages),
                      "objects": len(writers.objects), "adds": writers.adds_acknowledged}))
