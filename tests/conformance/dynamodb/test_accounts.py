"""Accounts and regions separate everything; in development mode a 12-digit access key is the account."""
import signal
import subprocess

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import BINARY, free_port


@pytest.fixture(scope="module")
def endpoint():
    port = free_port()
    process = subprocess.Popen([BINARY, "dev", "--port", str(port)], stdout=subprocess.PIPE, text=True)
    assert any(line.rstrip().endswith("Ready.") for line in iter(process.stdout.readline, ""))
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_one_name_is_another_table_in_each_account_and_region(endpoint):
    places = [("111111111111", "us-east-1"), ("222222222222", "us-east-1"), ("111111111111", "eu-central-1")]
    clients = {}
    for account, region in places:
        session = boto3.Session(account, "test", region_name=region)
        clients[account, region] = session.client("dynamodb", endpoint_url=endpoint)
        assert clients[account, region].list_tables()["TableNames"] == []
        table = clients[account, region].create_table(
            TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})["TableDescription"]
        assert table["TableArn"] == f"arn:aws:dynamodb:{region}:{account}:table/orders"
        clients[account, region].put_item(TableName="orders", Item={"id": {"S": account}, "region": {"S": region}})
    for (account, region), client in clients.items():
        assert client.scan(TableName="orders")["Items"] == [{"id": {"S": account}, "region": {"S": region}}]
        streams = boto3.Session(account, "test", region_name=region).client("dynamodbstreams", endpoint_url=endpoint)
        assert [f":{account}:" in s["StreamArn"] and region in s["StreamArn"] for s in streams.list_streams()["Streams"]] == [True]


def test_another_accounts_table_needs_its_policy(endpoint):
    client = lambda account: boto3.Session(account, "test", region_name="us-east-1").client("dynamodb", endpoint_url=endpoint)
    owner, guest = client("333333333333"), client("444444444444")
    arn = owner.create_table(
        TableName="shared", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])["TableDescription"]["TableArn"]
    owner.put_item(TableName="shared", Item={"id": {"S": "a"}})
    with pytest.raises(ClientError) as error:
        guest.get_item(TableName=arn, Key={"id": {"S": "a"}})
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    owner.put_resource_policy(ResourceArn=arn, Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
                              '"Principal":{"AWS":"444444444444"},"Action":"dynamodb:GetItem","Resource":"%s"}]}' % arn)
    assert guest.get_item(TableName=arn, Key={"id": {"S": "a"}})["Item"] == {"id": {"S": "a"}}
    with pytest.raises(ClientError) as error:
        guest.put_item(TableName=arn, Item={"id": {"S": "b"}})
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
