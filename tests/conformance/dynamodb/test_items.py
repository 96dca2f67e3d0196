"""Item operations as boto3 and the AWS CLI see them: legacy parameters, capacity, transactions, refusals."""
import json
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, ROOT, ROOT_KEY, ROOT_SECRET

KEY = {"id": {"S": "a"}}


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb", parameter_validation=False)


@pytest.fixture
def table(dynamodb, request):
    name = request.node.name[:40].replace("[", "-").replace("]", "")
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    return name


def refusal(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response


def message(call, **arguments):
    return refusal(call, **arguments)["Error"]["Message"]


def test_legacy_parameters(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "1"}}, Expected={"id": {"Exists": False}})
    assert refusal(dynamodb.put_item, TableName=table, Item=KEY, Expected={"id": {"Exists": False}})["Error"]["Code"] == (
        "ConditionalCheckFailedException")
    updated = dynamodb.update_item(
        TableName=table, Key=KEY, ReturnValues="ALL_NEW",
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "2"}}, "set": {"Action": "ADD", "Value": {"SS": ["x", "y"]}},
                          "s": {"Action": "PUT", "Value": {"S": "text"}}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "2"}]},
                  "s": {"ComparisonOperator": "NOT_NULL"}}, ConditionalOperator="OR")["Attributes"]
    assert updated == {**KEY, "n": {"N": "3"}, "set": {"SS": ["x", "y"]}, "s": {"S": "text"}}
    assert dynamodb.get_item(TableName=table, Key=KEY, AttributesToGet=["n"])["Item"] == {"n": {"N": "3"}}
    found = dynamodb.query(TableName=table, KeyConditions={"id": {"ComparisonOperator": "EQ", "AttributeValueList": [KEY["id"]]}},
                           QueryFilter={"s": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "te"}]}})
    assert found["Count"] == 1
    found = dynamodb.scan(TableName=table, ScanFilter={"set": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "z"}]}})
    assert (found["Count"], found["ScannedCount"]) == (0, 1)
    old = dynamodb.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD", Expected={"n": {"Value": {"N": "3.0"}}})
    assert old["Attributes"]["s"] == {"S": "text"}


def test_refusals_are_worded_and_ordered_as_on_aws(dynamodb, table):
    assert message(dynamodb.get_item) == (
        "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'key' failed to satisfy constraint: Member must not be null")
    assert message(dynamodb.put_item, TableName=table, Item=KEY, ReturnValues="UPDATED_NEW") == "ReturnValues can only be ALL_OLD or NONE"
    assert message(dynamodb.put_item, TableName="nowhere", Item={"id": {"SS": []}}, ConditionExpression="") == (
        "One or more parameter values were invalid: An string set  may not be empty")
    assert message(dynamodb.update_item, TableName="nowhere", Key=KEY, UpdateExpression="SET size = :v",
                   ExpressionAttributeValues={":v": {"N": "1"}}) == (
        "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: size")
    assert message(dynamodb.update_item, TableName=table, Key=KEY, UpdateExpression="SET a = :v", Expected={},
                   ExpressionAttributeValues={":v": {"N": "1"}}) == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {Expected} Expression parameters: {UpdateExpression}")
    assert message(dynamodb.batch_get_item, RequestItems={}) == "The requestItems parameter is required for BatchGetItem"


def test_consumed_capacity(dynamodb, table):
    large = {**KEY, "v": {"S": "x" * 5000}}
    assert dynamodb.put_item(TableName=table, Item=large, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"] == {
        "TableName": table, "CapacityUnits": 5.0}
    assert dynamodb.get_item(TableName=table, Key=KEY, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"] == {
        "TableName": table, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}
    write = {"TransactItems": [{"Put": {"TableName": table, "Item": large}}], "ClientRequestToken": f"token-{table}",
             "ReturnConsumedCapacity": "TOTAL"}
    assert dynamodb.transact_write_items(**write)["ConsumedCapacity"] == [
        {"TableName": table, "CapacityUnits": 10.0, "WriteCapacityUnits": 10.0}]
    assert dynamodb.transact_write_items(**write)["ConsumedCapacity"] == [
        {"TableName": table, "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]
    write["TransactItems"] = [{"Delete": {"TableName": table, "Key": KEY}}]
    assert refusal(dynamodb.transact_write_items, **write)["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_transactions_say_which_action_failed(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={**KEY, "n": {"N": "1"}})
    answer = refusal(dynamodb.transact_write_items, TransactItems=[
        {"Put": {"TableName": table, "Item": {"id": {"S": "b"}}}},
        {"ConditionCheck": {"TableName": table, "Key": KEY, "ConditionExpression": "n = :two",
                            "ExpressionAttributeValues": {":two": {"N": "2"}},
                            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        {"Delete": {"TableName": table, "Key": {"id": {"S": "c"}}, "ConditionExpression": "attribute_exists(id)"}}])
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {**KEY, "n": {"N": "1"}}},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}]
    assert "Item" not in dynamodb.get_item(TableName=table, Key={"id": {"S": "b"}}, ConsistentRead=True)


def test_a_hot_item_counts_every_writer(server, dynamodb, table):
    """Plain updates, conditional ones and transactions on one item at once: none is lost, none doubled."""
    def work(kind):
        client = server.client("dynamodb")
        for _ in range(20):
            update = {"TableName": table, "Key": KEY, "UpdateExpression": "ADD n :one",
                      "ExpressionAttributeValues": {":one": {"N": "1"}}}
            if kind == 0:
                client.update_item(**update)
            elif kind == 1:
                client.update_item(**update, ConditionExpression="attribute_not_exists(n) OR n > :one OR n = :one")
            else:
                client.transact_write_items(TransactItems=[{"Update": update}])
    threads = [threading.Thread(target=work, args=(i % 3,)) for i in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True)["Item"]["n"] == {"N": "180"}


def test_aws_cli(server, table):
    def aws(*arguments):
        done = subprocess.run([ROOT / ".venv/bin/aws", "--endpoint-url", server.endpoint, "--region", REGION, "--output", "json",
                               "dynamodb", *arguments], capture_output=True, text=True,
                              env={"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET, "PATH": "/usr/bin"})
        return json.loads(done.stdout or "{}") if done.returncode == 0 else done.stderr

    item = json.dumps({**KEY, "n": {"N": "1"}})
    assert aws("put-item", "--table-name", table, "--item", item, "--expected", '{"id":{"Exists":false}}') == {}
    assert "(ConditionalCheckFailedException)" in aws("put-item", "--table-name", table, "--item", item,
                                                      "--expected", '{"id":{"Exists":false}}')
    assert aws("update-item", "--table-name", table, "--key", json.dumps(KEY), "--return-values", "UPDATED_NEW",
               "--attribute-updates", '{"n":{"Action":"ADD","Value":{"N":"41"}}}') == {"Attributes": {"n": {"N": "42"}}}
