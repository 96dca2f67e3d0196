"""Event source mappings: filters, partial failures, destinations, changes while they work."""
import json

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from zips import zip_of

# Writes every record it sees into a table; fails as its environment says.
HANDLER = """
import json, os, boto3
table = boto3.client("dynamodb")

def handler(event, context):
    failed = []
    for record in event["Records"]:
        body = record.get("body") or record["dynamodb"]["Keys"]["id"]["S"]
        if "bad" in body:
            if os.environ.get("PARTIAL"):
                failed.append({"itemIdentifier": record.get("messageId") or record["dynamodb"]["SequenceNumber"]})
                continue
            raise ValueError(body)
        table.put_item(TableName="seen-" + context.function_name, Item={"id": {"S": body}})
    return {"batchItemFailures": failed}
"""
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture(scope="module")
def role(server):
    return server.role("mappings", ALL)


@pytest.fixture
def bench(server, role, request):
    """A function with a table of what it has seen, named after the test."""
    return Bench(server, role, request.node.name.replace("test_", "").replace("_", "-"))


class Bench:
    def __init__(self, server, role, name):
        self.name = name
        self.server = server
        self.awslambda, self.sqs, self.dynamodb = (server.client(s) for s in ("lambda", "sqs", "dynamodb"))
        self.table("seen-" + name)
        self.awslambda.create_function(FunctionName=name, Runtime="python3.11", Role=role, Handler="m.handler",
                                       Timeout=10, Code={"ZipFile": zip_of({"m.py": HANDLER})})

    def table(self, name, **settings):
        return self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **settings)["TableDescription"]

    def stream(self):
        return self.table(self.name + "-source", StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})["LatestStreamArn"]

    def put(self, key, **attributes):
        self.dynamodb.put_item(TableName=self.name + "-source", Item={
            "id": {"S": key}, **{n: {"S": v} for n, v in attributes.items()}})

    def queue(self, name=None, **attributes):
        url = self.sqs.create_queue(QueueName=name or self.name, Attributes=attributes)["QueueUrl"]
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, got["Attributes"]["QueueArn"]

    def map(self, arn, **settings):
        return self.awslambda.create_event_source_mapping(FunctionName=self.name, EventSourceArn=arn, **settings)

    def environment(self, **variables):
        self.awslambda.update_function_configuration(FunctionName=self.name, Environment={"Variables": variables})

    def seen(self):
        return {item["id"]["S"] for item in self.dynamodb.scan(TableName="seen-" + self.name)["Items"]}

    def wait_seen(self, *wanted):
        wait_until(lambda: self.seen() == set(wanted), 20, f"seeing {wanted}")

    def left(self, url):
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(got["ApproximateNumberOfMessages"]) + int(got["ApproximateNumberOfMessagesNotVisible"])


def test_queue_filter_and_partial_failure(bench):
    url, arn = bench.queue()
    bench.environment(PARTIAL="1")
    mapping = bench.map(arn, FunctionResponseTypes=["ReportBatchItemFailures"],
                        FilterCriteria={"Filters": [{"Pattern": '{"body":{"kind":[{"prefix":"a"}]}}'}]})
    assert mapping["FilterCriteria"]["Filters"][0]["Pattern"] == '{"body":{"kind":[{"prefix":"a"}]}}'
    for body in ('{"kind":"ab"}', '{"kind":"b"}', "plain", '{"kind":"a-bad"}'):
        bench.sqs.send_message(QueueUrl=url, MessageBody=body)
    bench.wait_seen('{"kind":"ab"}')
    wait_until(lambda: bench.left(url) == 1, 10, "only the failed message is left")


def test_stream_destination_and_filter(bench):
    failed, failed_arn = bench.queue()
    mapping = bench.map(bench.stream(), StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0,
                        BisectBatchOnFunctionError=True, ParallelizationFactor=2,
                        DestinationConfig={"OnFailure": {"Destination": failed_arn}},
                        FilterCriteria={"Filters": [{"Pattern": '{"dynamodb":{"NewImage":{"s":{"S":["x"]}}}}'}]})
    assert (mapping["ParallelizationFactor"], mapping["MaximumRetryAttempts"]) == (2, 0)
    for key, s in (("one", "x"), ("two", "y"), ("bad", "x"), ("three", "x")):
        bench.put(key, s=s)
    bench.wait_seen("one", "three")
    message = bench.sqs.receive_message(QueueUrl=failed, WaitTimeSeconds=10)["Messages"][0]
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    wait_until(lambda: bench.awslambda.get_event_source_mapping(UUID=mapping["UUID"])["LastProcessingResult"] in
               ("OK", "PROBLEM: Function call failed"), 5, "a result")


def test_changes_while_it_works(bench):
    """Disabled, changed and enabled again: nothing is lost, and LATEST begins with the answer."""
    arn = bench.stream()
    bench.put("before")
    uuid = bench.map(arn, StartingPosition="LATEST", BatchSize=1)["UUID"]
    bench.put("a")
    bench.wait_seen("a")
    assert bench.awslambda.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    wait_until(lambda: bench.awslambda.get_event_source_mapping(UUID=uuid)["State"] == "Disabled", 10, "Disabled")
    bench.put("b")
    bench.awslambda.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=10, ParallelizationFactor=3)
    bench.wait_seen("a", "b")
    bench.put("c")
    bench.awslambda.update_event_source_mapping(UUID=uuid, ParallelizationFactor=1)
    bench.put("d")
    bench.wait_seen("a", "b", "c", "d")
    assert bench.awslambda.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    with pytest.raises(ClientError):
        bench.awslambda.get_event_source_mapping(UUID=uuid)


@pytest.mark.parametrize("settings, message", [
    ({"FilterCriteria": {"Filters": [{"Pattern": '{"a":"b"}'}]}}, "Invalid filter pattern definition."),
    ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
                        "than 10"),
    ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}}},
     "Unsupported DestinationConfig parameter for given event source mapping type."),
    ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
])
def test_refusals(server, role, settings, message):
    client, sqs = server.client("lambda"), server.client("sqs")
    url = sqs.create_queue(QueueName="refusals")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    try:
        client.create_function(FunctionName="refusals", Runtime="python3.11", Role=role, Handler="m.handler",
                               Code={"ZipFile": zip_of({"m.py": HANDLER})})
    except client.exceptions.ResourceConflictException:
        pass
    with pytest.raises(ClientError) as error:
        client.create_event_source_mapping(FunctionName="refusals", EventSourceArn=arn, **settings)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert error.value.response["Error"]["Message"] == message


def test_throttled_queue_is_worked_off_later(bench):
    url, arn = bench.queue(VisibilityTimeout="2")
    bench.awslambda.update_function_configuration(FunctionName=bench.name, Timeout=2)
    bench.awslambda.put_function_concurrency(FunctionName=bench.name, ReservedConcurrentExecutions=0)
    bench.map(arn, ScalingConfig={"MaximumConcurrency": 2})
    bench.sqs.send_message(QueueUrl=url, MessageBody="m")
    wait_until(lambda: bench.left(url) == 1, 5, "the message")
    bench.awslambda.delete_function_concurrency(FunctionName=bench.name)
    bench.wait_seen("m")
    wait_until(lambda: bench.left(url) == 0, 5, "the deletion")
