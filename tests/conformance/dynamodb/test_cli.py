"""DynamoDB with the AWS CLI: tables with indexes, items, pages, transactions, PartiQL, waiters, exit codes."""
import json
import os
import subprocess

import pytest

from conftest import REGION, ROOT, ROOT_KEY, ROOT_SECRET, wait_until

REFUSED = 255  # the CLI's exit code for an error of the service


@pytest.fixture(scope="module")
def aws(server):
    """Runs `aws dynamodb`: gives its answer, or with `fails` its exit code and error text."""
    environment = {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET, "PATH": "/usr/bin",
                   "HOME": os.devnull, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}

    def run(command, *arguments, fails=False, **options):
        words = [command, *arguments]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), value if isinstance(value, str) else json.dumps(value)]
        done = subprocess.run([ROOT / ".venv/bin/aws", "--endpoint-url", server.endpoint, "--region", REGION, "--output", "json",
                               "dynamodb", *words], capture_output=True, text=True, env=environment)
        if fails:
            return done.returncode, done.stderr
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")
    return run


def key(hash_name, range_name=None):
    return [{"AttributeName": hash_name, "KeyType": "HASH"}] + (
        [{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


@pytest.fixture(scope="module")
def table(aws):
    made = aws("create-table", table_name="cli", billing_mode="PAY_PER_REQUEST",
               attribute_definitions=[{"AttributeName": a, "AttributeType": "S"} for a in "abc"], key_schema=key("a", "b"),
               global_secondary_indexes=[{"IndexName": "gsi", "KeySchema": key("c", "b"), "Projection": {"ProjectionType": "ALL"}}],
               local_secondary_indexes=[{"IndexName": "lsi", "KeySchema": key("a", "c"), "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    aws("wait", "table-exists", "--table-name", "cli")
    aws("batch-write-item", request_items={"cli": [{"PutRequest": {"Item": {
        "a": {"S": str(i % 2)}, "b": {"S": f"{i:02}"}, "c": {"S": "even" if i % 2 == 0 else "odd"}}}} for i in range(25)]})
    return {"table_name": "cli"}


def test_items_and_indexes(aws, table):
    item = {"a": {"S": "cli"}, "b": {"S": "1"}, "c": {"S": "cli"}, "n": {"N": "1.50"}, "m": {"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}]}}}}
    assert aws("put-item", **table, item=item) == {}
    assert aws("get-item", "--consistent-read", **table, key={"a": item["a"], "b": item["b"]})["Item"] == {**item, "n": {"N": "1.5"}}
    for index, condition, shown in (("gsi", "c = :v", {**item, "n": {"N": "1.5"}}), ("lsi", "a = :v", {k: item[k] for k in "abc"})):
        found = aws("query", **table, index_name=index, key_condition_expression=condition, expression_attribute_values={":v": {"S": "cli"}})
        assert found["Items"] == [shown]
    aws("delete-item", **table, key={"a": item["a"], "b": item["b"]})


def test_scan_in_pages(aws, table):
    first = aws("scan", **table, max_items="10", page_size="4")
    assert len(first["Items"]) == 10 and first["NextToken"]
    rest = aws("scan", **table, starting_token=first["NextToken"], page_size="7")
    assert len(rest["Items"]) == 15 and "NextToken" not in rest
    assert len({(i["a"]["S"], i["b"]["S"]) for i in first["Items"] + rest["Items"]}) == 25


def test_an_index_is_added_and_removed(aws, table):
    change = lambda update: aws("update-table", **table, attribute_definitions=[
        {"AttributeName": a, "AttributeType": "S"} for a in "bc"], global_secondary_index_updates=[update])
    shown = lambda: {i["IndexName"]: i["IndexStatus"] for i in aws("describe-table", **table)["Table"]["GlobalSecondaryIndexes"]}
    change({"Create": {"IndexName": "new", "KeySchema": key("b"), "Projection": {"ProjectionType": "KEYS_ONLY"}}})
    wait_until(lambda: shown()["new"] == "ACTIVE", what="the index")
    assert aws("query", **table, index_name="new", key_condition_expression="b = :b", select="COUNT",
               expression_attribute_values={":b": {"S": "07"}})["Count"] == 1
    change({"Delete": {"IndexName": "new"}})
    wait_until(lambda: "new" not in shown(), what="the index's end")


def test_transactions_and_statements(aws, table):
    put = lambda b: {"Put": {"TableName": "cli", "Item": {"a": {"S": "t"}, "b": {"S": b}}, "ConditionExpression": "attribute_not_exists(a)"}}
    assert aws("transact-write-items", transact_items=[put("1"), put("2")]) == {}
    code, text = aws("transact-write-items", transact_items=[put("3"), put("2")], fails=True)
    assert code == REFUSED and "[None, ConditionalCheckFailed]" in text
    found = aws("execute-statement", statement="SELECT b FROM cli WHERE a = ?", parameters=[{"S": "t"}])
    assert [item["b"]["S"] for item in found["Items"]] == ["1", "2"]
    got = aws("transact-get-items", transact_items=[{"Get": {"TableName": "cli", "Key": {"a": {"S": "t"}, "b": {"S": b}}}} for b in "13"])
    assert got["Responses"] == [{"Item": {"a": {"S": "t"}, "b": {"S": "1"}}}, {}]
    for b in "12":
        aws("execute-statement", statement=f"DELETE FROM cli WHERE a = 't' AND b = '{b}'")


@pytest.mark.parametrize("command,options,error", [
    ("describe-table", {"table_name": "nowhere"}, "(ResourceNotFoundException)"),
    ("get-item", {"table_name": "cli", "key": {"a": {"S": "x"}}}, "(ValidationException)"),
    ("delete-item", {"table_name": "cli", "key": {"a": {"S": "x"}, "b": {"S": "x"}}, "condition_expression": "attribute_exists(a)"},
     "(ConditionalCheckFailedException)"),
    ("list-global-tables", {}, "(UnknownOperationException)"),
])
def test_refusals(aws, table, command, options, error):
    code, text = aws(command, fails=True, **options)
    assert code == REFUSED and error in text


def test_a_table_goes(aws):
    aws("create-table", table_name="going", billing_mode="PAY_PER_REQUEST", key_schema=key("a"),
        attribute_definitions=[{"AttributeName": "a", "AttributeType": "S"}])
    assert aws("delete-table", table_name="going")["TableDescription"]["TableStatus"] == "DELETING"
    aws("wait", "table-not-exists", "--table-name", "going")
