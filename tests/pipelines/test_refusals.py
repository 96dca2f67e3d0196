"""Who is not allowed gets AWS's own errors."""
import json

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, ROOT_KEY, wait_until
from zips import zip_of


def refused(call):
    with pytest.raises(ClientError) as error:
        call()
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


@pytest.mark.parametrize("service, operation, code, status", [
    ("dynamodb", "list_tables", "UnrecognizedClientException", 400),
    ("sqs", "list_queues", "UnrecognizedClientException", 400),
    ("s3", "list_buckets", "InvalidAccessKeyId", 403),
    ("iam", "list_users", "InvalidClientTokenId", 403),
    ("sts", "get_caller_identity", "InvalidClientTokenId", 403),
    ("lambda", "list_functions", "UnrecognizedClientException", 403),
    ("logs", "describe_log_groups", "UnrecognizedClientException", 400),
])
def test_stranger(server, service, operation, code, status):
    client = server.client(service, "AKIASTRANGERSTRANGER", "x" * 40)
    assert refused(getattr(client, operation))[:2] == (code, status)


@pytest.mark.parametrize("service, operation, code, status", [
    ("dynamodb", "list_tables", "InvalidSignatureException", 400),
    ("sqs", "list_queues", "InvalidSignatureException", 400),
    ("s3", "list_buckets", "SignatureDoesNotMatch", 403),
    ("iam", "list_users", "SignatureDoesNotMatch", 403),
    ("lambda", "list_functions", "InvalidSignatureException", 403),
])
def test_wrong_signature(server, service, operation, code, status):
    client = server.client(service, ROOT_KEY, "not the secret")
    assert refused(getattr(client, operation))[:2] == (code, status)


def test_user_without_rights(server):
    key, secret = server.user("nobody")
    code, status, message = refused(lambda: server.client("dynamodb", key, secret).list_tables())
    assert (code, status) == ("AccessDeniedException", 400)
    assert message.startswith("User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: "
                              "dynamodb:ListTables on resource: ")
    assert message.endswith("because no identity-based policy allows the dynamodb:ListTables action")
    assert refused(lambda: server.client("s3", key, secret).list_buckets())[:2] == ("AccessDenied", 403)
    assert refused(lambda: server.client("sqs", key, secret).list_queues())[:2] == ("AccessDenied", 403)


def test_anonymous_website_needs_policy_and_open_access_block(server):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="closed-site")
    s3.put_bucket_website(Bucket="closed-site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_object(Bucket="closed-site", Key="index.html", Body=b"hello", ContentType="text/html")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::closed-site/*"}]})
    status, _, body = server.website("closed-site")
    assert status == 403 and "AccessDenied" in body
    assert refused(lambda: s3.put_bucket_policy(Bucket="closed-site", Policy=policy))[:2] == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket="closed-site")
    assert server.website("closed-site")[0] == 403
    s3.put_bucket_policy(Bucket="closed-site", Policy=policy)
    assert server.website("closed-site")[::2] == (200, "hello")
    s3.put_public_access_block(Bucket="closed-site", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert server.website("closed-site")[0] == 403


HANDLER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        boto3.client("dynamodb").put_item(TableName="guarded", Item={"id": {"S": "1"}})
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    return "written"
"""


@pytest.mark.timeout(120)
def test_function_whose_role_lacks_put_item(server):
    dynamodb, awslambda, iam = server.client("dynamodb"), server.client("lambda"), server.client("iam")
    dynamodb.create_table(TableName="guarded", BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    dynamodb.get_waiter("table_exists").wait(TableName="guarded", WaiterConfig={"Delay": 1})
    role = server.role("weak")
    awslambda.create_function(FunctionName="weak", Runtime="python3.11", Role=role, Handler="m.handler", Timeout=30,
                              Code={"ZipFile": zip_of({"m.py": HANDLER})})
    awslambda.get_waiter("function_active_v2").wait(FunctionName="weak", WaiterConfig={"Delay": 1})
    code, message = json.load(awslambda.invoke(FunctionName="weak")["Payload"])
    assert code == "AccessDeniedException"
    assert message == ("User: arn:aws:sts::123456789012:assumed-role/weak/weak is not authorized to perform: "
                       f"dynamodb:PutItem on resource: arn:aws:dynamodb:{REGION}:123456789012:table/guarded "
                       "because no identity-based policy allows the dynamodb:PutItem action")
    iam.put_role_policy(RoleName="weak", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}]}))
    wait_until(lambda: json.load(awslambda.invoke(FunctionName="weak")["Payload"]) == "written", 10, "the new right")
