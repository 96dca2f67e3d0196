"""Reads of indexes: Select, projections, segments, PartiQL; what reads and writes of indexes consume."""
import pytest

from test_index_definitions import PREFIX, create, dynamodb, index, refusal  # noqa: F401

ITEMS = 40


@pytest.fixture(scope="module")
def table(dynamodb):  # noqa: F811
    create(dynamodb, "reads",
           GlobalSecondaryIndexes=[index("whole", "c", "b"), index("keys", "c", projection={"ProjectionType": "KEYS_ONLY"}),
                                   index("some", "c", projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]})],
           LocalSecondaryIndexes=[index("local", "a", "c", {"ProjectionType": "KEYS_ONLY"})])
    for i in range(ITEMS):
        item = {"a": {"S": str(i % 2)}, "b": {"S": f"{i:02}"}, "x": {"S": "x"}, "y": {"S": "y"}}
        if i % 4:
            item["c"] = {"S": f"c{i % 8}"}
        dynamodb.put_item(TableName="reads", Item=item)
    return "reads"


def query(dynamodb, table, name, **more):  # noqa: F811
    return dynamodb.query(TableName=table, IndexName=name, KeyConditionExpression="c = :c",
                          ExpressionAttributeValues={":c": {"S": "c1"}}, **more)


@pytest.mark.parametrize("name,shown", [("whole", "abcxy"), ("keys", "abc"), ("some", "abcx")])
def test_projections(dynamodb, table, name, shown):  # noqa: F811
    answer = query(dynamodb, table, name)
    assert answer["Count"] == ITEMS // 8
    assert all("".join(sorted(item)) == shown for item in answer["Items"])
    assert query(dynamodb, table, name, Select="ALL_PROJECTED_ATTRIBUTES")["Items"] == answer["Items"]
    count = query(dynamodb, table, name, Select="COUNT")
    assert count["Count"] == ITEMS // 8 and "Items" not in count


def test_refused_reads(dynamodb, table):  # noqa: F811
    assert refusal(lambda: query(dynamodb, table, "keys", ConsistentRead=True)) == (
        "Consistent reads are not supported on global secondary indexes")
    for name in ("keys", "some"):
        assert refusal(lambda: query(dynamodb, table, name, Select="ALL_ATTRIBUTES")) == (
            PREFIX + "Select type ALL_ATTRIBUTES is not supported for global secondary index "
            f"{name} because its projection type is not ALL")
    assert refusal(lambda: query(dynamodb, table, "none")) == "The table does not have the specified index: none"
    assert refusal(lambda: query(dynamodb, table, "keys", Select="SPECIFIC_ATTRIBUTES")) == (
        PREFIX + "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
    assert refusal(lambda: dynamodb.scan(TableName=table, Select="ALL_PROJECTED_ATTRIBUTES")) == (
        PREFIX + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    refusal(lambda: query(dynamodb, table, "keys", ProjectionExpression="y"))


@pytest.mark.parametrize("name", ["whole", "keys", "local"])
def test_segments(dynamodb, table, name):  # noqa: F811
    found = []
    for segment in range(3):
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=table, IndexName=name, Segment=segment, TotalSegments=3, PaginationConfig={"PageSize": 4})
        found += [item["b"]["S"] for page in pages for item in page["Items"]]
    assert sorted(found) == [f"{i:02}" for i in range(ITEMS) if i % 4]


def test_partiql_names_an_index(dynamodb, table):  # noqa: F811
    run = lambda statement: dynamodb.execute_statement(Statement=statement)["Items"]
    assert [i["b"]["S"] for i in run(f"""SELECT * FROM "{table}"."whole" WHERE c = 'c1' ORDER BY b DESC""")] == (
        ["33", "25", "17", "09", "01"])
    assert all(set(i) == set("abc") for i in run(f"""SELECT * FROM "{table}"."keys" WHERE c = 'c1'"""))
    assert refusal(lambda: run(f"""SELECT * FROM "{table}"."none" WHERE c = 'c1'""")) == (
        "The table does not have the specified index: none")


def test_consumed_capacity(dynamodb):  # noqa: F811
    create(dynamodb, "consumed", GlobalSecondaryIndexes=[index("gsi", "c")],
           LocalSecondaryIndexes=[index("lsi", "a", "c", {"ProjectionType": "KEYS_ONLY"})])

    def put(**more):
        item = {"a": {"S": "a"}, "b": {"S": "b"}, "body": {"S": "x" * 1500}, **{k: {"S": v} for k, v in more.items()}}
        return dynamodb.put_item(TableName="consumed", Item=item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]

    def shape(total, own, gsi, lsi):
        return {"TableName": "consumed", "CapacityUnits": total, "Table": {"CapacityUnits": own},
                "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": gsi}},
                "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": lsi}}}

    assert put(c="1") == shape(5, 2, 2, 1)
    assert put(c="2") == shape(8, 2, 4, 2)  # an entry moves: erased and written
    changed = put(c="2", y="y")  # nothing of the local index
    assert changed == {"TableName": "consumed", "CapacityUnits": 4.0, "Table": {"CapacityUnits": 2.0},
                       "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 2.0}}}
    read = lambda name, key, value: dynamodb.query(
        TableName="consumed", IndexName=name, KeyConditionExpression=f"{key} = :v",
        ExpressionAttributeValues={":v": {"S": value}}, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert read("gsi", "c", "2") == {"TableName": "consumed", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.0},
                                     "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 0.5}}}
    assert read("lsi", "a", "a") == {"TableName": "consumed", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.0},
                                     "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 0.5}}}
    deleted = dynamodb.delete_item(TableName="consumed", Key={"a": {"S": "a"}, "b": {"S": "b"}},
                                   ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert deleted == shape(5, 2, 2, 1)
