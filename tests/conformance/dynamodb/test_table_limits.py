"""Throughput, resource policies and refused options of tables as boto3 sees them."""
import json

import pytest
from botocore.exceptions import ClientError

from conftest import ACCOUNT


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


def make_table(dynamodb, name, **arguments):
    return dynamodb.create_table(
        TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **arguments)["TableDescription"]


def error_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value


def test_a_provisioned_table_is_throttled(dynamodb):
    arn = make_table(dynamodb, "small", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})["TableArn"]
    item = {"id": {"S": "a"}, "body": {"S": "x" * 150_000}}
    for _ in range(3):  # 147 units each, of 300
        dynamodb.put_item(TableName="small", Item=item)
    error = error_of(lambda: dynamodb.put_item(TableName="small", Item=item))
    assert isinstance(error, dynamodb.exceptions.ProvisionedThroughputExceededException)
    assert error.response["ThrottlingReasons"] == [
        {"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn}]
    assert dynamodb.get_item(TableName="small", Key={"id": {"S": "a"}})["Item"] == item


def test_the_maximum_of_an_on_demand_table(dynamodb):
    make_table(dynamodb, "capped", BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 2})
    shown = dynamodb.describe_table(TableName="capped")["Table"]
    assert shown["OnDemandThroughput"] == {"MaxReadRequestUnits": 2, "MaxWriteRequestUnits": -1}
    dynamodb.put_item(TableName="capped", Item={"id": {"S": "a"}, "body": {"S": "x" * 300_000}})
    read = {"TableName": "capped", "Key": {"id": {"S": "a"}}, "ConsistentRead": True}
    dynamodb.get_item(**read)
    error = error_of(lambda: dynamodb.get_item(**read))
    assert error.response["Error"]["Code"] == "ThrottlingException"


def test_a_resource_policy_lets_in_and_keeps_out(server, dynamodb):
    iam = server.client("iam")
    iam.create_user(UserName="guest")
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    guest = server.client("dynamodb", key["AccessKeyId"], key["SecretAccessKey"])
    description = make_table(dynamodb, "guarded", BillingMode="PAY_PER_REQUEST",
                             StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    arn, stream = description["TableArn"], description["LatestStreamArn"]
    read = lambda: guest.get_item(TableName="guarded", Key={"id": {"S": "a"}})
    assert error_of(read).response["Error"]["Code"] == "AccessDeniedException"

    def policy(effect, action, resource):
        return json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/guest"}, "Action": action, "Resource": resource}]})
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy("Allow", "dynamodb:GetItem", arn))["RevisionId"]
    assert "Item" not in read()
    assert error_of(lambda: guest.scan(TableName="guarded")).response["Error"]["Code"] == "AccessDeniedException"
    wrong = error_of(lambda: dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=revision + "0"))
    assert wrong.response["Error"]["Code"] == "PolicyNotFoundException"
    assert json.loads(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"])["Statement"][0]["Effect"] == "Allow"
    dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=revision)
    assert error_of(read).response["Error"]["Code"] == "AccessDeniedException"

    guest_streams = server.client("dynamodbstreams", key["AccessKeyId"], key["SecretAccessKey"])
    look = lambda: guest_streams.describe_stream(StreamArn=stream)
    assert error_of(look).response["Error"]["Code"] == "AccessDeniedException"
    dynamodb.put_resource_policy(ResourceArn=stream, Policy=policy("Allow", "dynamodb:DescribeStream", stream))
    assert look()["StreamDescription"]["StreamArn"] == stream


def test_what_is_left_out_is_refused(dynamodb):
    make_table(dynamodb, "plain", BillingMode="PAY_PER_REQUEST")
    for call in (lambda: dynamodb.describe_table_replica_auto_scaling(TableName="plain"),
                 lambda: dynamodb.list_global_tables(),
                 lambda: dynamodb.describe_contributor_insights(TableName="plain"),
                 lambda: dynamodb.describe_kinesis_streaming_destination(TableName="plain")):
        assert error_of(call).response["Error"]["Code"] == "UnknownOperationException"
    for arguments in ({"SSESpecification": {"Enabled": True}}, {"SSESpecification": {"KMSMasterKeyId": "k"}},
                      {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}):
        assert error_of(lambda: dynamodb.update_table(TableName="plain", **arguments)).response["Error"]["Code"] == "ValidationException"
