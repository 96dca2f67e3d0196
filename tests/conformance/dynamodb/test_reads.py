"""Options of the operations on items that no other file tries: filters, pages, segments, counts, projections, batches."""
import pytest

from test_index_definitions import create, dynamodb, keys, refusal  # noqa: F401

NAMES, VALUES = {"#n": "n"}, {":p": {"S": "p"}, ":four": {"N": "4"}}


@pytest.fixture(scope="module")
def table(dynamodb):  # noqa: F811
    create(dynamodb, "reading", "ab")
    for i in range(10):
        dynamodb.put_item(TableName="reading", Item={"a": {"S": "p"}, "b": {"S": str(i)}, "n": {"N": str(i)},
                                                     "l": {"L": [{"S": "x"}, {"M": {"k": {"BOOL": True}}}]}})
    return "reading"


@pytest.fixture
def unchecked(server):
    return server.client("dynamodb", parameter_validation=False)


def test_query_options(dynamodb, table):  # noqa: F811
    query = {"TableName": table, "KeyConditionExpression": "a = :p", "FilterExpression": "#n >= :four",
             "ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": VALUES, "ReturnConsumedCapacity": "TOTAL"}
    page = dynamodb.query(**query, Limit=6, ProjectionExpression="b, l[1].k")
    assert (page["Count"], page["ScannedCount"]) == (2, 6)
    assert page["Items"][0] == {"b": {"S": "4"}, "l": {"L": [{"M": {"k": {"BOOL": True}}}]}}
    assert page["LastEvaluatedKey"] == {"a": {"S": "p"}, "b": {"S": "5"}} and page["ConsumedCapacity"]["CapacityUnits"] == 0.5
    rest = dynamodb.query(**query, ExclusiveStartKey=page["LastEvaluatedKey"], ConsistentRead=True, ScanIndexForward=True)
    assert rest["Count"] == rest["ScannedCount"] == 4 and "LastEvaluatedKey" not in rest
    assert rest["ConsumedCapacity"]["CapacityUnits"] == 1
    back = dynamodb.query(**query, ExclusiveStartKey=page["LastEvaluatedKey"], ScanIndexForward=False)
    assert [i["b"]["S"] for i in back["Items"]] == ["4"]
    count = dynamodb.query(**query, Select="COUNT")
    assert (count["Count"], "Items" in count) == (6, False)


def test_scan_options(dynamodb, table):  # noqa: F811
    scan = {"TableName": table, "FilterExpression": "#n < :four AND a = :p", "ExpressionAttributeNames": NAMES,
            "ExpressionAttributeValues": VALUES}
    page = dynamodb.scan(**scan, Limit=3, ConsistentRead=True, ReturnConsumedCapacity="INDEXES")
    assert page["ScannedCount"] == 3 and page["ConsumedCapacity"]["Table"] == {"CapacityUnits": 1.0}
    rest = dynamodb.scan(**scan, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert page["Count"] + rest["Count"] == 4 and page["ScannedCount"] + rest["ScannedCount"] == 10
    assert dynamodb.scan(**scan, Select="COUNT")["Count"] == 4
    assert dynamodb.scan(TableName=table, AttributesToGet=["n"], Limit=1)["Items"] == [{"n": {"N": "0"}}]
    legacy = dynamodb.scan(TableName=table, ConditionalOperator="OR", ScanFilter={
        k: {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": v}]} for k, v in (("n", "1"), ("b", "9"))})
    assert legacy["Count"] == 1
    legacy = dynamodb.query(TableName=table, ConditionalOperator="AND", AttributesToGet=["b"], KeyConditions={
        "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p"}]},
        "b": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "3"}, {"S": "7"}]}}, QueryFilter={
        "n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "5"}]}, "l": {"ComparisonOperator": "NOT_NULL"}})
    assert [i["b"]["S"] for i in legacy["Items"]] == ["6", "7"]


@pytest.mark.parametrize("operation,arguments,text", [
    ("query", {}, None),
    ("query", {"KeyConditionExpression": "a = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}, "Limit": 0}, None),
    ("query", {"KeyConditionExpression": "a = :p OR b = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}},
     "Invalid operator used in KeyConditionExpression: OR"),
    ("query", {"KeyConditionExpression": "a > :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}, "Query key condition not supported"),
    ("query", {"KeyConditionExpression": "a = :p", "FilterExpression": "b = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}},
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: b"),
    ("query", {"KeyConditionExpression": "a = :p", "ExpressionAttributeValues": {":p": {"S": "p"}, ":q": {"S": "q"}}},
     "Value provided in ExpressionAttributeValues unused in expressions: keys: {:q}"),
    ("query", {"KeyConditionExpression": "a = :p", "ExpressionAttributeValues": {":p": {"S": "p"}},
               "ExclusiveStartKey": {"a": {"S": "p"}}}, None),
    ("scan", {"Segment": 0}, None),
    ("scan", {"Segment": 2, "TotalSegments": 2}, None),
    ("scan", {"TotalSegments": 1_000_001, "Segment": 0}, None),
    ("scan", {"Select": "NONE"}, None),
    ("scan", {"FilterExpression": "attribute_exists(size)"},
     "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: size"),
    ("scan", {"ProjectionExpression": "l, l[0]"},
     "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
     "path one: [l], path two: [l, [0]]"),
    ("get_item", {"Key": {"a": {"S": "p"}}}, "The provided key element does not match the schema"),
    ("get_item", {"Key": {"a": {"S": ""}, "b": {"S": "1"}}},
     "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a"),
    ("get_item", {"Key": {"a": {"S": "x" * 2049}, "b": {"S": "1"}}},
     "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    ("get_item", {"Key": {"a": {"S": "x"}, "b": {"S": "1"}}, "ReturnConsumedCapacity": "SOME"}, None),
    ("put_item", {"Item": {"a": {"S": "x"}, "b": {"S": "x" * 1025}}},
     "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ("put_item", {"Item": {"a": {"S": "x"}, "b": {"S": "x"}, "n": {"N": "1e126"}}},
     "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("put_item", {"Item": {"a": {"S": "x"}, "b": {"S": "x"}, "n": {"N": "1e-131"}}},
     "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("put_item", {"Item": {"a": {"S": "x"}, "b": {"S": "x"}, "n": {"NS": ["1", "1.0"]}}},
     "Input collection contains duplicates"),
    ("put_item", {"Item": {"a": {"S": "x"}, "b": {"S": "x"}}, "ReturnValuesOnConditionCheckFailure": "SOME"}, None),
    ("update_item", {"Key": {"a": {"S": "x"}, "b": {"S": "x"}}, "UpdateExpression": "SET n.x = :v",
                     "ExpressionAttributeValues": {":v": {"N": "1"}}},
     "The document path provided in the update expression is invalid for update"),
    ("update_item", {"Key": {"a": {"S": "x"}, "b": {"S": "x"}}, "UpdateExpression": "SET n = n + :v",
                     "ExpressionAttributeValues": {":v": {"N": "1"}}},
     "The provided expression refers to an attribute that does not exist in the item"),
    ("update_item", {"Key": {"a": {"S": "x"}, "b": {"S": "x"}}, "UpdateExpression": ""},
     "Invalid UpdateExpression: The expression can not be empty;"),
    ("delete_item", {"Key": {"a": {"S": "x"}, "b": {"S": "x"}}, "ReturnValues": "ALL_NEW"},
     "ReturnValues can only be ALL_OLD or NONE"),
])
def test_refusals(unchecked, table, operation, arguments, text):
    got = refusal(lambda: getattr(unchecked, operation)(TableName=table, **arguments))
    assert text is None or text in got, got


@pytest.mark.parametrize("returned,attributes", [
    ("NONE", None), ("ALL_OLD", {"b": {"S": "u"}, "n": {"N": "1"}, "m": {"S": "m"}}), ("UPDATED_OLD", {"n": {"N": "1"}}),
    ("ALL_NEW", {"b": {"S": "u"}, "n": {"N": "2"}, "m": {"S": "m"}}), ("UPDATED_NEW", {"n": {"N": "2"}})])
def test_return_values_of_an_update(dynamodb, table, returned, attributes):  # noqa: F811
    key = {"a": {"S": returned}, "b": {"S": "u"}}
    dynamodb.put_item(TableName=table, Item={**key, "n": {"N": "1"}, "m": {"S": "m"}})
    answer = dynamodb.update_item(TableName=table, Key=key, ReturnValues=returned, UpdateExpression="SET #n = #n + :one",
                                  ExpressionAttributeNames=NAMES, ExpressionAttributeValues={":one": {"N": "1"}})
    whole = returned.startswith("ALL")
    assert answer.get("Attributes") == ({**attributes, "a": {"S": returned}} if whole else attributes)
    for operation, arguments in ((dynamodb.put_item, {"Item": key}), (dynamodb.delete_item, {"Key": key})):
        old = operation(TableName=table, **arguments, ReturnValues="ALL_OLD")["Attributes"]
        assert old["a"] == key["a"]


def test_failed_conditions_show_the_item(dynamodb, table):  # noqa: F811
    key = {"a": {"S": "p"}, "b": {"S": "1"}}
    for operation, arguments in ((dynamodb.put_item, {"Item": key}), (dynamodb.delete_item, {"Key": key}),
                                 (dynamodb.update_item, {"Key": key, "UpdateExpression": "REMOVE x"})):
        for asked in ("ALL_OLD", "NONE"):
            with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as error:
                operation(TableName=table, ConditionExpression="attribute_exists(nothing)", ReturnValuesOnConditionCheckFailure=asked,
                          **arguments)
            assert error.value.response.get("Item", {}).get("n") == ({"N": "1"} if asked == "ALL_OLD" else None)


def test_batches_and_transactions(dynamodb, table):  # noqa: F811
    create(dynamodb, "second", "a", keys("a"))
    dynamodb.batch_write_item(RequestItems={
        "second": [{"PutRequest": {"Item": {"a": {"S": i}, "n": {"N": "7"}}}} for i in "xyz"],
        table: [{"DeleteRequest": {"Key": {"a": {"S": "none"}, "b": {"S": "none"}}}}]}, ReturnConsumedCapacity="TOTAL")
    got = dynamodb.batch_get_item(ReturnConsumedCapacity="INDEXES", RequestItems={
        "second": {"Keys": [{"a": {"S": "x"}}, {"a": {"S": "none"}}], "ProjectionExpression": "#n", "ExpressionAttributeNames": NAMES,
                   "ConsistentRead": True},
        table: {"Keys": [{"a": {"S": "p"}, "b": {"S": "1"}}], "AttributesToGet": ["b"]}})
    assert got["Responses"] == {"second": [{"n": {"N": "7"}}], table: [{"b": {"S": "1"}}]}
    assert {c["TableName"]: c["CapacityUnits"] for c in got["ConsumedCapacity"]} == {"second": 2.0, table: 0.5}
    got = dynamodb.transact_get_items(ReturnConsumedCapacity="TOTAL", TransactItems=[
        {"Get": {"TableName": "second", "Key": {"a": {"S": "x"}}, "ProjectionExpression": "#n", "ExpressionAttributeNames": NAMES}},
        {"Get": {"TableName": table, "Key": {"a": {"S": "p"}, "b": {"S": "none"}}}}])
    assert got["Responses"] == [{"Item": {"n": {"N": "7"}}}, {}]
    assert {c["TableName"]: c["ReadCapacityUnits"] for c in got["ConsumedCapacity"]} == {"second": 2.0, table: 2.0}
    get = {"Get": {"TableName": "second", "Key": {"a": {"S": "x"}}}}
    put = {"Put": {"TableName": "second", "Item": {"a": {"S": "x"}}}}
    many = [{"PutRequest": {"Item": {"a": {"S": str(i)}}}} for i in range(26)]
    for call, text in ((lambda: dynamodb.transact_get_items(TransactItems=[get, get]),
                        "Transaction request cannot include multiple operations on one item"),
                       (lambda: dynamodb.transact_write_items(TransactItems=[put, put]),
                        "Transaction request cannot include multiple operations on one item"),
                       (lambda: dynamodb.transact_write_items(TransactItems=[{}]), None),
                       (lambda: dynamodb.transact_write_items(TransactItems=[{**put, "Delete": get["Get"]}]), None),
                       (lambda: dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken="t" * 37), None),
                       (lambda: dynamodb.transact_get_items(TransactItems=[get] * 101), None),
                       (lambda: dynamodb.batch_write_item(RequestItems={"second": many}), None),
                       (lambda: dynamodb.batch_get_item(RequestItems={"second": {"Keys": [{"a": {"S": "x"}}] * 2}}),
                        "Provided list of item keys contains duplicates"),
                       (lambda: dynamodb.batch_get_item(RequestItems={"second": {"Keys": [{"a": {"S": str(i)}} for i in range(101)]}}),
                        None)):
        got = refusal(call)
        assert text in (None, got)
    refusal(lambda: dynamodb.batch_write_item(RequestItems={"second": many[:1], "nowhere": many[:1]}), "ResourceNotFoundException")
