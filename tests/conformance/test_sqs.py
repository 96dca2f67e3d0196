"""SQS as boto3 and the AWS CLI see it: standard and FIFO queues, waiting, batches, dead letters, refusals."""
import json
import subprocess
import threading
import time

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, ROOT, ROOT_KEY, ROOT_SECRET, wait_until


@pytest.fixture
def sqs(server):
    return server.client("sqs")


def test_message_round_trip(sqs):
    url = sqs.create_queue(QueueName="round-trip")["QueueUrl"]
    attributes = {"a": {"DataType": "String", "StringValue": "x"}, "b": {"DataType": "Binary", "BinaryValue": b"\0\1"},
                  "n": {"DataType": "Number.int", "StringValue": "12"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="héllo", MessageAttributes=attributes)
    message, = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "héllo" and message["MessageAttributes"] == attributes
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    again, = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # any handle deletes
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert [counts[n] for n in counts if n.startswith("ApproximateNumber")] == ["0", "0", "0"]


def test_long_poll_wakes_at_once(sqs):
    url = sqs.create_queue(QueueName="long-poll")["QueueUrl"]
    threading.Timer(0.5, lambda: sqs.send_message(QueueUrl=url, MessageBody="x")).start()
    start = time.monotonic()
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert 0.4 < time.monotonic() - start < 3


def test_delayed_message_wakes_a_poll(sqs):
    url = sqs.create_queue(QueueName="delayed")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]


def test_dead_letters(sqs):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = sqs.create_queue(QueueName="alive", Attributes={
        "VisibilityTimeout": "0", "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert sqs.receive_message(QueueUrl=url)["Messages"] and sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    message, = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":alive")
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


def test_fifo_order_and_deduplication(sqs):
    url = sqs.create_queue(QueueName="ordered.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    first = sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="g", MessageDeduplicationId="a")
    assert sqs.send_message(QueueUrl=url, MessageBody="other", MessageGroupId="g",
                            MessageDeduplicationId="a")["MessageId"] == first["MessageId"]
    for body in "234":
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body)
    sqs.send_message(QueueUrl=url, MessageBody="h", MessageGroupId="h", MessageDeduplicationId="h")
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    assert [m["Body"] for m in got] == ["1", "2"]
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]] == ["h"]
    for message in got:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]] == ["3", "4"]


@pytest.mark.parametrize("call, code, text", [
    (lambda c, u: c.send_message(QueueUrl=u + "-no", MessageBody="x"), "AWS.SimpleQueueService.NonExistentQueue",
     "The specified queue does not exist."),
    (lambda c, u: c.receive_message(QueueUrl=u, MaxNumberOfMessages=11), "InvalidParameterValue",
     "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."),
    (lambda c, u: c.delete_message(QueueUrl=u, ReceiptHandle="nonsense"), "ReceiptHandleIsInvalid",
     'The input receipt handle "nonsense" is not a valid receipt handle.'),
    (lambda c, u: c.send_message_batch(QueueUrl=u, Entries=[{"Id": "a", "MessageBody": "x"}] * 2),
     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated."),
    (lambda c, u: c.create_queue(QueueName="refusals", Attributes={"DelaySeconds": "5"}), "QueueAlreadyExists",
     "A queue already exists with the same name and a different value for attribute DelaySeconds"),
    (lambda c, u: c.get_queue_attributes(QueueUrl=u, AttributeNames=["Nonsense"]), "InvalidAttributeName",
     "Unknown Attribute Nonsense."),
    (lambda c, u: c.set_queue_attributes(QueueUrl=u, Attributes={"KmsMasterKeyId": "x"}),
     "AWS.SimpleQueueService.UnsupportedOperation", "Encryption with a key of KMS is not supported."),
])
def test_refusals(sqs, call, code, text):
    url = sqs.create_queue(QueueName="refusals")["QueueUrl"]
    with pytest.raises(ClientError) as error:
        call(sqs, url)
    assert (error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]) == (code, text)


def test_aws_cli_and_query_protocol(server):
    def aws(*arguments):
        result = subprocess.run([ROOT / ".venv/bin/aws", "--endpoint-url", server.endpoint, "--region", REGION,
                                 "--output", "json", *arguments], capture_output=True, text=True, check=True,
                                env={"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET, "PATH": "/usr/bin"})
        return json.loads(result.stdout or "{}")

    url = aws("sqs", "create-queue", "--queue-name", "cli")["QueueUrl"]
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "from the CLI")
    assert aws("sqs", "receive-message", "--queue-url", url)["Messages"][0]["Body"] == "from the CLI"
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"

    # The older protocol, signed by hand: a form and an XML answer.
    import urllib.request
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    request = AWSRequest("POST", server.endpoint + "/", data=b"Action=ListQueues&Version=2012-11-05&QueueNamePrefix=cli",
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
    SigV4Auth(Credentials(ROOT_KEY, ROOT_SECRET), "sqs", REGION).add_auth(request)
    prepared = request.prepare()
    with urllib.request.urlopen(urllib.request.Request(prepared.url, prepared.body, dict(prepared.headers))) as response:
        assert f"<QueueUrl>{url}</QueueUrl>" in response.read().decode()


def test_restart_keeps_messages_and_receive_counts(own_server):
    sqs = own_server.client("sqs")
    url = sqs.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    own_server.stop()
    own_server.start()
    assert "Messages" not in own_server.client("sqs").receive_message(QueueUrl=url)  # still in flight
    message = wait_until(lambda: own_server.client("sqs").receive_message(
        QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=2).get("Messages"), 10)[0]
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
