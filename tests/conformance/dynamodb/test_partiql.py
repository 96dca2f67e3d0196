"""PartiQL as boto3 sees it: statements, pages, batches, transactions, their options and refusals."""
import pytest

from test_index_definitions import create, dynamodb, refusal  # noqa: F401


@pytest.fixture
def table(dynamodb):  # noqa: F811
    if "music" not in dynamodb.list_tables()["TableNames"]:
        create(dynamodb, "music", "ab")
    for page in dynamodb.get_paginator("scan").paginate(TableName="music"):
        for item in page["Items"]:
            dynamodb.delete_item(TableName="music", Key={k: item[k] for k in "ab"})
    for i in range(6):
        dynamodb.put_item(TableName="music", Item={"a": {"S": "x"}, "b": {"S": str(i)}, "n": {"N": str(i)}})


def test_a_select_in_pages(dynamodb, table):  # noqa: F811
    statement = {"Statement": "SELECT n FROM music WHERE a = ? AND n <> ?", "Parameters": [{"S": "x"}, {"N": "1"}], "Limit": 2,
                 "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    found, token, pages = [], {}, 0
    while True:
        page = dynamodb.execute_statement(**statement, **token)
        assert page["ConsumedCapacity"]["TableName"] == "music" and len(page["Items"]) <= 2
        found += [int(item["n"]["N"]) for item in page["Items"]]
        pages += 1
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
        assert set(page["LastEvaluatedKey"]) == {"a", "b"}
    assert (found, pages >= 3) == ([0, 2, 3, 4, 5], True)
    for changed in ({"Parameters": [{"S": "x"}, {"N": "2"}]}, {"NextToken": "AAAA"}):
        assert refusal(lambda: dynamodb.execute_statement(**{**statement, **token, **changed})) == "The provided NextToken is invalid"


@pytest.mark.parametrize("statement,parameters,code,text", [
    ("SELECT * FROM music WHERE a = ?", None, "ValidationException", "Number of parameters in request and statement don't match."),
    ("SELECT * FROM music WHERE a = ?", [{"S": "x"}, {"S": "y"}], "ValidationException",
     "Number of parameters in request and statement don't match."),
    ("SELECT * FROM music ORDER BY b", None, "ValidationException",
     "Must have WHERE clause in the statement when using ORDER BY clause."),
    ("SELECT * FROM music WHERE a = 'x' ORDER BY n", None, "ValidationException", None),
    ("SELECT * FROM nowhere", None, "ResourceNotFoundException", "Requested resource not found"),
    ("SELEC * FROM music", None, "ValidationException", None),
    ("INSERT INTO music VALUE {'a': 'x', 'b': '1'}", None, "DuplicateItemException", "Duplicate primary key exists in table"),
    ("UPDATE music SET n = 1 WHERE a = 'x'", None, "ValidationException", None),
    ("UPDATE music SET n = 1 WHERE a = 'x' AND b = 'none'", None, "ConditionalCheckFailedException", "The conditional request failed"),
    ("DELETE FROM music WHERE a = 'x' AND b = '1' AND n = 7", None, "ConditionalCheckFailedException", None),
    ("EXISTS(SELECT * FROM music WHERE a = 'x' AND b = '1')", None, "ValidationException", None),
])
def test_refused_statements(dynamodb, table, statement, parameters, code, text):  # noqa: F811
    given = {"Parameters": parameters} if parameters else {}
    got = refusal(lambda: dynamodb.execute_statement(Statement=statement, **given), code)
    assert text in (None, got)


def test_writes_return_what_they_are_asked(dynamodb, table):  # noqa: F811
    run = lambda statement, **more: dynamodb.execute_statement(Statement=statement, **more)
    assert run("UPDATE music SET n = n + 1 WHERE a = 'x' AND b = '1' RETURNING MODIFIED NEW *")["Items"] == [{"n": {"N": "2"}}]
    assert run("DELETE FROM music WHERE a = 'x' AND b = '1' RETURNING ALL OLD *")["Items"][0]["n"] == {"N": "2"}
    failed = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as error:
        run("DELETE FROM music WHERE a = 'x' AND b = '2' AND n = 7", **failed)
    assert error.value.response["Item"]["n"] == {"N": "2"}
    refusal(lambda: run("DELETE FROM music WHERE a = 'x' AND b = '2'", Limit=1))


def test_a_batch_fails_by_the_statement(server, dynamodb, table):  # noqa: F811
    batch = [{"Statement": "INSERT INTO music VALUE {'a': 'new', 'b': '1'}"},
             {"Statement": "INSERT INTO music VALUE ?", "Parameters": [{"M": {"a": {"S": "x"}, "b": {"S": "1"}}}]},
             {"Statement": "UPDATE music SET n = 0 WHERE a = 'x' AND b = '1' AND n = 7", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
             {"Statement": "DELETE FROM nowhere WHERE a = 'x'"}, {"Statement": "nonsense"}]
    answer = dynamodb.batch_execute_statement(Statements=batch, ReturnConsumedCapacity="TOTAL")
    codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
    assert codes == [None, "DuplicateItem", "ConditionalCheckFailed", "ResourceNotFound", "ValidationError"]
    assert answer["Responses"][2]["Error"]["Item"]["n"] == {"N": "1"}
    assert answer["ConsumedCapacity"][0]["TableName"] == "music"
    read = "SELECT n FROM music WHERE a = 'x' AND b = '{}'"
    reads = dynamodb.batch_execute_statement(Statements=[
        {"Statement": read.format(3), "ConsistentRead": True}, {"Statement": read.format("none")},
        {"Statement": "SELECT * FROM music WHERE a = 'x'"}])["Responses"]
    assert reads[0]["Item"] == {"n": {"N": "3"}} and "Item" not in reads[1] and reads[2]["Error"]["Code"] == "ValidationError"
    assert "either read statements or write statements" in refusal(
        lambda: dynamodb.batch_execute_statement(Statements=[batch[0], {"Statement": read.format(3)}]))
    unchecked = server.client("dynamodb", parameter_validation=False)
    for count in (0, 26):
        refusal(lambda: unchecked.batch_execute_statement(Statements=batch[:1] * count))

    key, secret = server.user("half", {"Effect": "Allow", "Action": "dynamodb:PartiQLDelete", "Resource": "*"})
    half = server.client("dynamodb", key, secret).batch_execute_statement(Statements=[
        batch[0], {"Statement": "DELETE FROM music WHERE a = 'new' AND b = '1'"}])["Responses"]
    assert half[0]["Error"]["Code"] == "AccessDenied" and "dynamodb:PartiQLInsert" in half[0]["Error"]["Message"]
    assert "Error" not in half[1] and "Item" not in dynamodb.get_item(TableName="music", Key={"a": {"S": "new"}, "b": {"S": "1"}})


def test_a_transaction(dynamodb, table):  # noqa: F811
    run = lambda *statements, **more: dynamodb.execute_transaction(TransactStatements=list(statements), **more)
    read = lambda b: {"Statement": "SELECT n FROM music WHERE a = 'x' AND b = ?", "Parameters": [{"S": b}]}
    exists = {"Statement": "EXISTS(SELECT * FROM music WHERE a = 'x' AND b = '1' AND n = 1)"}
    add = {"Statement": "UPDATE music SET n = n + 10 WHERE a = 'x' AND b = '2'"}
    token = {"ClientRequestToken": "once"}
    for _ in range(2):
        done = run(exists, add, ReturnConsumedCapacity="TOTAL", **token)
    assert done["ConsumedCapacity"][0]["ReadCapacityUnits"] > 0
    answer = run(read("2"), read("none"), ReturnConsumedCapacity="INDEXES")
    assert answer["Responses"] == [{"Item": {"n": {"N": "12"}}}, {}] and answer["ConsumedCapacity"]
    refusal(lambda: run(add, **token), "IdempotentParameterMismatchException")
    assert "either read statements or write statements" in refusal(lambda: run(add, read("1")))
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as error:
        run(add, {"Statement": "DELETE FROM music WHERE a = 'x' AND b = '1' AND n = 7", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
            {"Statement": "INSERT INTO music VALUE {'a': 'x', 'b': '3'}"})
    reasons = error.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "DuplicateItem"]
    assert reasons[1]["Item"]["n"] == {"N": "1"}
    assert run(read("2"))["Responses"][0]["Item"] == {"n": {"N": "12"}}
