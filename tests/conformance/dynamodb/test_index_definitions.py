"""Indexes in CreateTable, UpdateTable and DescribeTable: what is refused, throughput, billing."""
import pytest
from botocore.exceptions import ClientError

PREFIX = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


def keys(hash_name, range_name=None):
    schema = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


def index(name, hash_name, range_name=None, projection=None, **more):
    return {"IndexName": name, "KeySchema": keys(hash_name, range_name),
            "Projection": projection or {"ProjectionType": "ALL"}, **more}


def create(dynamodb, name, attributes="abc", schema=keys("a", "b"), **arguments):
    arguments.setdefault("BillingMode", "PAY_PER_REQUEST")
    return dynamodb.create_table(
        TableName=name, KeySchema=schema, **arguments,
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in attributes])["TableDescription"]


def refusal(call, code="ValidationException"):
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


@pytest.mark.parametrize("arguments,text", [
    ({"GlobalSecondaryIndexes": [index(f"gsi{i}", "c") for i in range(21)]},
     "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    ({"LocalSecondaryIndexes": [index(f"lsi{i}", "a", "c") for i in range(6)]},
     "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    ({"GlobalSecondaryIndexes": [index("one", "c"), index("one", "c")]}, "Duplicate index name: one"),
    ({"GlobalSecondaryIndexes": [index("one", "c")], "LocalSecondaryIndexes": [index("one", "a", "c")]},
     "Duplicate index name: one"),
    ({"GlobalSecondaryIndexes": [index("one", "d")]},
     "Some index key attributes are not defined in AttributeDefinitions. Keys: [d], AttributeDefinitions: [a, b, c]"),
    ({"GlobalSecondaryIndexes": [index("one", "b")]},
     "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c], keys used: [a, b]"),
    ({}, "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"),
    ({"LocalSecondaryIndexes": [index("one", "a", "c")], "schema": keys("a"), "attributes": "ac"},
     "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
    ({"LocalSecondaryIndexes": [index("one", "a")], "attributes": "ab"},
     "Index KeySchema does not have a range key for index: one"),
    ({"LocalSecondaryIndexes": [index("one", "c", "b")]},
     "Index KeySchema does not have the same leading hash key as table KeySchema for index: one. "
     "index hash key: c, table hash key: a"),
    ({"GlobalSecondaryIndexes": [index("one", "c", projection={"NonKeyAttributes": ["x"]})]},
     "Unknown ProjectionType: null"),
    ({"GlobalSecondaryIndexes": [index("one", "c", projection={"ProjectionType": "ALL", "NonKeyAttributes": ["x"]})]},
     "ProjectionType is ALL, but NonKeyAttributes is specified"),
    ({"GlobalSecondaryIndexes": [
        index("one", "c", projection={"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["x"]})]},
     "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"),
    ({"GlobalSecondaryIndexes": [index("one", "c", projection={"ProjectionType": "INCLUDE"})]},
     "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    ({"GlobalSecondaryIndexes": [index("one", "c", ProvisionedThroughput=UNITS)]},
     "ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST"),
    ({"GlobalSecondaryIndexes": [index("one", "c")], "BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS},
     "ProvisionedThroughput is not specified for index: one"),
])
def test_refused_definitions(dynamodb, arguments, text):
    assert refusal(lambda: create(dynamodb, "refused", **arguments)) == PREFIX + text
    assert "refused" not in dynamodb.list_tables()["TableNames"]


def test_shapes(dynamodb):
    created = create(dynamodb, "shapes", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS,
                     GlobalSecondaryIndexes=[index("gsi", "c", "a", ProvisionedThroughput=UNITS, projection={
                         "ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]})],
                     LocalSecondaryIndexes=[index("lsi", "a", "c", {"ProjectionType": "KEYS_ONLY"})])
    assert created["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    table = dynamodb.describe_table(TableName="shapes")["Table"]
    (shown,) = table["GlobalSecondaryIndexes"]
    assert shown["IndexArn"] == table["TableArn"] + "/index/gsi"
    assert shown["IndexStatus"] == "ACTIVE" and "Backfilling" not in shown
    assert shown["KeySchema"] == keys("c", "a")
    assert shown["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]}
    assert shown["ProvisionedThroughput"] == {**UNITS, "NumberOfDecreasesToday": 0}
    assert (shown["ItemCount"], shown["IndexSizeBytes"]) == (0, 0)
    (local,) = table["LocalSecondaryIndexes"]
    assert local == {"IndexName": "lsi", "KeySchema": keys("a", "c"), "Projection": {"ProjectionType": "KEYS_ONLY"},
                     "IndexSizeBytes": 0, "ItemCount": 0, "IndexArn": table["TableArn"] + "/index/lsi"}


def test_throughput_and_billing(dynamodb):
    create(dynamodb, "billing", GlobalSecondaryIndexes=[index("gsi", "c")])
    units = lambda n: {"ReadCapacityUnits": n, "WriteCapacityUnits": n}
    change = lambda n, name="gsi": [{"Update": {"IndexName": name, "ProvisionedThroughput": units(n)}}]
    update = lambda **arguments: dynamodb.update_table(TableName="billing", **arguments)
    shown = lambda: dynamodb.describe_table(TableName="billing")["Table"]["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert refusal(lambda: update(GlobalSecondaryIndexUpdates=change(5))) == (
        PREFIX + "ProvisionedThroughput should not be specified for index: gsi when BillingMode is PAY_PER_REQUEST")
    assert refusal(lambda: update(BillingMode="PROVISIONED", ProvisionedThroughput=units(3))) == (
        PREFIX + "ProvisionedThroughput is not specified for index: gsi")
    update(BillingMode="PROVISIONED", ProvisionedThroughput=units(3), GlobalSecondaryIndexUpdates=change(4))
    assert shown()["ReadCapacityUnits"] == 4
    assert "will not change" in refusal(lambda: update(GlobalSecondaryIndexUpdates=change(4)))
    missing = refusal(lambda: update(GlobalSecondaryIndexUpdates=change(4, "other")), "ResourceNotFoundException")
    assert "other" in missing
    update(GlobalSecondaryIndexUpdates=change(9))
    assert shown()["WriteCapacityUnits"] == 9 and "LastIncreaseDateTime" in shown()
    update(BillingMode="PAY_PER_REQUEST")
    assert shown()["ReadCapacityUnits"] == 0


def test_refused_index_changes(dynamodb):
    create(dynamodb, "changes", GlobalSecondaryIndexes=[index("gsi", "c")],
           LocalSecondaryIndexes=[index("lsi", "a", "c")])
    update = lambda *updates, **more: dynamodb.update_table(
        TableName="changes", GlobalSecondaryIndexUpdates=list(updates), **more)
    assert refusal(lambda: update({})) == (
        PREFIX + "One of GlobalSecondaryIndexUpdate, GlobalSecondaryIndexCreate, GlobalSecondaryIndexDelete must be specified")
    assert "Only 1 online index" in refusal(
        lambda: update({"Create": index("two", "c")}, {"Delete": {"IndexName": "gsi"}}), "LimitExceededException")
    refusal(lambda: update({"Delete": {"IndexName": "lsi"}}), "ResourceNotFoundException")
    assert refusal(lambda: update({"Create": index("two", "d")})) == (
        PREFIX + "Some index key attributes are not defined in AttributeDefinitions. Keys: [d], AttributeDefinitions: [a, b, c]")
    refusal(lambda: update({"Create": index("gsi", "c")}))
    assert [i["IndexName"] for i in dynamodb.describe_table(TableName="changes")["Table"]["GlobalSecondaryIndexes"]] == ["gsi"]
