"""Versions, aliases, policies, concurrency, tags, code in S3, asynchronous invocation: with the official SDK."""
import base64
import json
import time

import pytest
from botocore.exceptions import ClientError

from conftest import ACCOUNT, REGION, wait_until
from zips import zip_of

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
HANDLER = """
import os, time

def handler(event, context):
    if event.get("fail"):
        raise ValueError("asked to fail")
    time.sleep(event.get("sleep", 0))
    return {"version": context.function_version, "arn": context.invoked_function_arn,
            "id": context.aws_request_id, "text": os.environ.get("TEXT"), "event": event}
"""
ZIP = zip_of({"m.py": HANDLER})
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


@pytest.fixture(scope="module")
def role(server):
    return server.role("lambda-conformance", ALL)


@pytest.fixture(scope="module")
def make(server, role):
    def made(name, **settings):
        arguments = {"Runtime": "python3.11", "Role": role, "Handler": "m.handler", "Timeout": 20,
                     "Code": {"ZipFile": ZIP}, **settings}
        return server.client("lambda").create_function(FunctionName=name, **arguments)
    return made


def answer(response):
    return json.load(response["Payload"])


def test_versions_and_aliases(server, make):
    client = server.client("lambda")
    first = make("versioned", Publish=True, Environment={"Variables": {"TEXT": "one"}})
    assert first["Version"] == "1" and first["FunctionArn"] == ARN + "versioned:1"
    client.update_function_configuration(FunctionName="versioned", Environment={"Variables": {"TEXT": "two"}})
    assert client.publish_version(FunctionName="versioned")["Version"] == "2"
    assert client.publish_version(FunctionName="versioned")["Version"] == "2"
    client.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    response = client.invoke(FunctionName="versioned:live")
    assert response["ExecutedVersion"] == "1"
    got = answer(response)
    assert (got["version"], got["text"], got["arn"]) == ("1", "one", ARN + "versioned:live")
    assert got["id"] == response["ResponseMetadata"]["RequestId"]
    client.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")
    assert answer(client.invoke(FunctionName="versioned", Qualifier="live"))["text"] == "two"
    versions = client.get_paginator("list_versions_by_function").paginate(FunctionName="versioned")
    assert [one["Version"] for page in versions for one in page["Versions"]] == ["$LATEST", "1", "2"]
    assert [one["Name"] for one in client.list_aliases(FunctionName="versioned")["Aliases"]] == ["live"]
    assert refused(client.delete_function, FunctionName="versioned", Qualifier="2")[0] == "ResourceConflictException"
    assert refused(client.invoke, FunctionName="versioned", Qualifier="9") == (
        "ResourceNotFoundException", 404, f"Function not found: {ARN}versioned:9")
    client.delete_function(FunctionName="versioned")
    assert refused(client.get_function, FunctionName="versioned")[1] == 404


def test_policy_lets_another_user_in(server, make):
    make("guarded-by-policy")
    client = server.client("lambda")
    key, secret = server.user("lambda-guest")
    guest = server.client("lambda", key, secret)
    assert refused(guest.invoke, FunctionName="guarded-by-policy")[:2] == ("AccessDeniedException", 403)
    client.add_permission(FunctionName="guarded-by-policy", StatementId="guest", Action="lambda:InvokeFunction",
                          Principal=f"arn:aws:iam::{ACCOUNT}:user/lambda-guest")
    assert answer(guest.invoke(FunctionName="guarded-by-policy"))["version"] == "$LATEST"
    policy = json.loads(client.get_policy(FunctionName="guarded-by-policy")["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["guest"]
    client.remove_permission(FunctionName="guarded-by-policy", StatementId="guest")
    assert refused(guest.invoke, FunctionName="guarded-by-policy")[1] == 403


def test_reserved_concurrency(server, make):
    make("capped")
    client = server.client("lambda")
    client.put_function_concurrency(FunctionName="capped", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as error:
        client.invoke(FunctionName="capped")
    assert error.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert error.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert client.get_function(FunctionName="capped")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    client.delete_function_concurrency(FunctionName="capped")
    assert client.invoke(FunctionName="capped")["StatusCode"] == 200
    limits = client.get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] == 1000


def test_tags_and_code_in_s3(server, make):
    s3, client = server.client("s3"), server.client("lambda")
    s3.create_bucket(Bucket="lambda-code")
    s3.put_object(Bucket="lambda-code", Key="code.zip", Body=ZIP)
    made = make("from-s3", Code={"S3Bucket": "lambda-code", "S3Key": "code.zip"}, Tags={"a": "1"})
    assert made["CodeSize"] == len(ZIP)
    assert answer(client.invoke(FunctionName="from-s3", Payload=b'{"x":1}'))["event"] == {"x": 1}
    client.tag_resource(Resource=made["FunctionArn"], Tags={"b": "2"})
    client.untag_resource(Resource=made["FunctionArn"], TagKeys=["a"])
    assert client.list_tags(Resource=made["FunctionArn"])["Tags"] == {"b": "2"}
    code, status, message = refused(client.update_function_code, FunctionName="from-s3", S3Bucket="lambda-code",
                                    S3Key="none")
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == ("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: "
                       "The specified key does not exist.")


def test_function_urls_are_refused(server, make):
    make("no-url")
    assert refused(server.client("lambda").create_function_url_config, FunctionName="no-url", AuthType="NONE")[1] == 404


def queue(server, name):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(server, url):
    messages = server.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=15, MessageAttributeNames=["All"])
    return messages["Messages"][0]


def test_asynchronous_destinations_and_dead_letters(server, make):
    client = server.client("lambda")
    success, success_arn = queue(server, "async-success")
    failure, failure_arn = queue(server, "async-failure")
    dead, dead_arn = queue(server, "async-dead")
    make("async", DeadLetterConfig={"TargetArn": dead_arn})
    client.put_function_event_invoke_config(
        FunctionName="async", MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnSuccess": {"Destination": success_arn}, "OnFailure": {"Destination": failure_arn}})
    response = client.invoke(FunctionName="async", InvocationType="Event", Payload=b'{"n":1}')
    assert response["StatusCode"] == 202 and response["Payload"].read() == b""
    record = json.loads(receive(server, success)["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["requestId"] == response["ResponseMetadata"]["RequestId"]
    assert record["requestPayload"] == {"n": 1} and record["responsePayload"]["event"] == {"n": 1}
    client.invoke(FunctionName="async", InvocationType="Event", Payload=b'{"fail":true}')
    record = json.loads(receive(server, failure)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"]["errorType"] == "ValueError"
    message = receive(server, dead)
    assert json.loads(message["Body"]) == {"fail": True}
    assert set(message["MessageAttributes"]) == {"RequestID", "ErrorCode", "ErrorMessage"}
    code, _, _ = refused(client.put_function_event_invoke_config, FunctionName="async", DestinationConfig={
        "OnSuccess": {"Destination": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"}})
    assert code == "InvalidParameterValueException"
    client.delete_function_event_invoke_config(FunctionName="async")
    assert refused(client.get_function_event_invoke_config, FunctionName="async")[1] == 404


def test_accepted_events_survive_kill_9(own_server):
    """202 means durable: every event that was accepted runs, although the server dies at once."""
    role = own_server.role("survivor", ALL)
    url, arn = queue(own_server, "survivors")
    client = own_server.client("lambda")
    client.create_function(FunctionName="survivor", Runtime="python3.11", Role=role, Handler="m.handler", Timeout=20,
                           Code={"ZipFile": ZIP})
    client.put_function_event_invoke_config(FunctionName="survivor",
                                            DestinationConfig={"OnSuccess": {"Destination": arn}})
    for n in range(8):
        client.invoke(FunctionName="survivor", InvocationType="Event", Payload=json.dumps({"n": n}))
    own_server.restart()
    sqs = own_server.client("sqs")
    seen = set()

    def all_seen():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            seen.add(json.loads(message["Body"])["requestPayload"]["n"])
        return seen == set(range(8))
    wait_until(all_seen, 40, "every event's success")


def test_log_tail_and_function_error(server, make):
    make("loud")
    response = server.client("lambda").invoke(FunctionName="loud", LogType="Tail", Payload=b'{"fail":true}')
    assert response["FunctionError"] == "Unhandled" and response["StatusCode"] == 200
    assert answer(response)["errorType"] == "ValueError"
    assert b"REPORT RequestId" in base64.b64decode(response["LogResult"])
