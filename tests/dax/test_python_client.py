"""The official Python DAX client: the same calls give the same results as through DynamoDB directly, and the cache
does what DAX's documentation says."""
import json

import botocore.session
import pytest
from amazondax import AmazonDaxClient
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import ROOT_KEY, ROOT_SECRET, Server, free_port


def serve(folder):
    port = free_port()
    server = Server(folder / "data", ["--dax-port", str(port)])
    server.dax_port = port
    return server.start()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    instance = serve(tmp_path_factory.mktemp("dax"))
    yield instance
    assert instance.stop() == 0


@pytest.fixture
def own_server(tmp_path):
    instance = serve(tmp_path)
    yield instance
    instance.stop()


def dax_client(server, key=ROOT_KEY, secret=ROOT_SECRET, token=None):
    session = botocore.session.get_session()
    session.set_credentials(key, secret, token)
    return AmazonDaxClient(session, region_name="us-east-1", endpoint_url=f"dax://127.0.0.1:{server.dax_port}",
                           config=Config(retries={"max_attempts": 0}))


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


@pytest.fixture(scope="module")
def dax(server):
    client = dax_client(server)
    yield client
    client.close()


def make_table(dynamodb, name, sort=None, hash_type="S"):
    attributes = [{"AttributeName": "pk", "AttributeType": hash_type}]
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
    if sort:
        attributes.append({"AttributeName": "sk", "AttributeType": sort})
        keys.append({"AttributeName": "sk", "KeyType": "RANGE"})
    dynamodb.create_table(TableName=name, AttributeDefinitions=attributes, KeySchema=keys,
                          BillingMode="PAY_PER_REQUEST")
    return name


EVERY_TYPE = {"s": {"S": "text é中😀"}, "empty": {"S": ""}, "n": {"N": "42"}, "neg": {"N": "-7.25"},
              "big": {"N": "12345678901234567890123456789012345678"}, "b": {"B": b"\x00\x01\xff"}, "t": {"BOOL": True},
              "nul": {"NULL": True}, "l": {"L": [{"N": "1"}, {"S": "two"}, {"L": []}, {"M": {"k": {"N": "3"}}}]},
              "m": {"M": {"x": {"S": "mx"}, "y": {"M": {"z": {"N": "9"}}}}}, "ss": {"SS": ["p", "q"]},
              "ns": {"NS": ["1", "2.5"]}, "bs": {"BS": [b"\x01", b"\x02"]}}


def sequence(name):
    """(operation, arguments) over all ten operations and the errors."""
    a, b, c = ({"pk": {"S": "p"}, "sk": {"N": n}} for n in ("-1.5", "20", "1000"))
    names = {"#n": "n"}
    yield "put_item", dict(Item={**a, **EVERY_TYPE})
    yield "put_item", dict(Item={**b, "n": {"N": "1"}, "d": {"L": [{"S": "x"}, {"S": "y"}]}}, ReturnValues="ALL_OLD")
    yield "put_item", dict(Item=c)
    yield "put_item", dict(Item={**b, "n": {"N": "2"}, "d": {"L": [{"S": "x"}, {"S": "y"}]}}, ReturnValues="ALL_OLD")
    yield "put_item", dict(Item=b, ConditionExpression="attribute_not_exists(pk)")
    yield "put_item", dict(Item={**b, "n": {"N": "2"}, "d": {"L": [{"S": "x"}, {"S": "y"}]}}, ConditionExpression="#n = :n",
                           ExpressionAttributeNames=names, ExpressionAttributeValues={":n": {"N": "2"}})
    for consistent in (False, True):
        yield "get_item", dict(Key=a, ConsistentRead=consistent)
        yield "get_item", dict(Key=c, ConsistentRead=consistent)
        yield "get_item", dict(Key={"pk": {"S": "none"}, "sk": {"N": "0"}}, ConsistentRead=consistent)
        yield "get_item", dict(Key=a, ConsistentRead=consistent, ProjectionExpression="pk, m.y.z, l[3].k, nowhere, #n",
                               ExpressionAttributeNames=names)
    yield "update_item", dict(Key=b, UpdateExpression="SET #n = #n + :one, e = if_not_exists(e, :one) REMOVE d[0] ADD s :s",
                              ExpressionAttributeNames=names, ReturnValues="ALL_NEW",
                              ExpressionAttributeValues={":one": {"N": "1"}, ":s": {"SS": ["a"]}})
    yield "update_item", dict(Key=b, UpdateExpression="SET #n = :five", ExpressionAttributeNames=names,
                              ExpressionAttributeValues={":five": {"N": "5"}}, ReturnValues="UPDATED_OLD")
    yield "update_item", dict(Key=b, UpdateExpression="SET #n = :six", ExpressionAttributeNames=names,
                              ExpressionAttributeValues={":six": {"N": "6"}}, ReturnValues="UPDATED_NEW")
    yield "update_item", dict(Key=b, UpdateExpression="DELETE s :s", ReturnValues="ALL_OLD",
                              ExpressionAttributeValues={":s": {"SS": ["a"]}})
    yield "update_item", dict(Key=b, UpdateExpression="SET z = :z", ConditionExpression="#n > :z AND (z = :z OR NOT e <> :z)",
                              ExpressionAttributeNames=names, ExpressionAttributeValues={":z": {"N": "100"}})
    yield "update_item", dict(Key=b, UpdateExpression="SET z = nowhere")
    yield "get_item", dict(Key=b)
    key = {":p": {"S": "p"}}
    yield "query", dict(KeyConditionExpression="pk = :p", ExpressionAttributeValues=key)
    yield "query", dict(KeyConditionExpression="pk = :p", ExpressionAttributeValues=key, ScanIndexForward=False, Limit=2)
    yield "query", dict(KeyConditionExpression="pk = :p AND sk BETWEEN :a AND :b",
                        ExpressionAttributeValues={**key, ":a": {"N": "-2"}, ":b": {"N": "20"}})
    yield "query", dict(KeyConditionExpression="pk = :p", FilterExpression="attribute_exists(s) AND size(s) > :n",
                        ExpressionAttributeValues={**key, ":n": {"N": "2"}}, ProjectionExpression="sk, l[1], m.x")
    yield "query", dict(KeyConditionExpression="pk = :p", ExpressionAttributeValues=key, Select="COUNT")
    yield "query", dict(KeyConditionExpression="pk = :p", ExpressionAttributeValues=key, ExclusiveStartKey=b)
    yield "scan", dict()
    yield "scan", dict(FilterExpression="#n IN (:a, :b)", ExpressionAttributeNames=names,
                       ExpressionAttributeValues={":a": {"N": "6"}, ":b": {"N": "42"}}, ProjectionExpression="sk")
    yield "scan", dict(TotalSegments=1, Segment=0)
    yield "delete_item", dict(Key=c, ReturnValues="ALL_OLD")
    yield "delete_item", dict(Key=c, ConditionExpression="attribute_exists(pk)")
    yield "get_item", dict(Key=c)
    yield "batch_write_item", dict(RequestItems={name: [{"PutRequest": {"Item": {**c, "v": {"N": "7"}}}},
                                                        {"DeleteRequest": {"Key": b}}]})
    yield "batch_get_item", dict(RequestItems={name: {"Keys": [a, b, c]}})
    yield "batch_get_item", dict(RequestItems={name: {"Keys": [a, c], "ProjectionExpression": "v, m.x"}})
    yield "batch_get_item", dict(RequestItems={name: {"Keys": [a, c], "ConsistentRead": True}})
    yield "transact_write_items", dict(TransactItems=[
        {"Put": {"TableName": name, "Item": {**b, "v": {"N": "1"}}}},
        {"Update": {"TableName": name, "Key": c, "UpdateExpression": "SET v = v + :o",
                    "ExpressionAttributeValues": {":o": {"N": "1"}}}},
        {"ConditionCheck": {"TableName": name, "Key": a, "ConditionExpression": "attribute_exists(s)"}}])
    yield "transact_write_items", dict(TransactItems=[
        {"Delete": {"TableName": name, "Key": b, "ConditionExpression": "v = :none",
                    "ExpressionAttributeValues": {":none": {"N": "-1"}}}}])
    yield "transact_get_items", dict(TransactItems=[
        {"Get": {"TableName": name, "Key": b}}, {"Get": {"TableName": name, "Key": c, "ProjectionExpression": "v"}},
        {"Get": {"TableName": name, "Key": {"pk": {"S": "none"}, "sk": {"N": "0"}}}}])
    yield "get_item", dict(Key=c)


def plain(value):
    """Without what differs by nature: metadata, the order of sets and of a batch's answers."""
    if isinstance(value, dict):
        return {k: sorted(v) if k in ("SS", "NS", "BS") else plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def text(value):
    return json.dumps(value, sort_keys=True, default=repr)


def outcome(client, operation, arguments):
    try:
        answer = plain(getattr(client, operation)(**arguments))
    except ClientError as error:
        return error.response["Error"]["Code"]
    if operation in ("batch_get_item", "batch_write_item"):  # one client leaves out what is empty
        answer = {k: v for k, v in answer.items() if v}
        for table, items in answer.get("Responses", {}).items():
            answer["Responses"][table] = sorted(items, key=text)
    return answer


def test_the_same_calls_give_the_same_results(dynamodb, dax):
    make_table(dynamodb, "dax-same-a", "N")
    make_table(dynamodb, "dax-same-b", "N")
    for (operation, through_dax), (_, direct) in zip(sequence("dax-same-a"), sequence("dax-same-b")):
        if "TableName" not in through_dax and operation in ("put_item", "get_item", "update_item", "delete_item", "query", "scan"):
            through_dax["TableName"], direct["TableName"] = "dax-same-a", "dax-same-b"
        got = outcome(dax, operation, through_dax)
        expected = outcome(dynamodb, operation, direct)
        assert text(got).replace("dax-same-a", "dax-same-b") == text(expected), (operation, direct)


@pytest.mark.parametrize("hash_type, values", [("S", ["a", "é"]), ("N", ["1", "-2.5", "1E+20"]), ("B", [b"\x00", b"\xff"])])
def test_keys_of_every_type(dynamodb, dax, hash_type, values):
    name = make_table(dynamodb, f"dax-keys-{hash_type}", "B", hash_type)
    for value in values:
        key = {"pk": {hash_type: value}, "sk": {"B": b"\x81\x00"}}
        dax.put_item(TableName=name, Item={**key, "v": {"S": "x"}})
        direct = dynamodb.get_item(TableName=name, Key=key)["Item"]
        assert direct["v"] == {"S": "x"}
        assert plain(dax.get_item(TableName=name, Key=key)["Item"])["v"] == {"S": "x"}


def test_what_is_cached_and_what_is_not(dynamodb, dax):
    name = make_table(dynamodb, "dax-cache")
    key = {"pk": {"S": "k"}}

    def through_dax(**arguments):
        return dax.get_item(TableName=name, Key=key, **arguments).get("Item", {}).get("v")

    def behind(value):
        dynamodb.put_item(TableName=name, Item={**key, "v": {"S": value}})

    assert through_dax() is None
    behind("one")
    assert through_dax() is None  # absence is cached
    assert through_dax(ConsistentRead=True) == {"S": "one"}
    assert through_dax() is None  # and a consistent read does not fill the cache
    dax.put_item(TableName=name, Item={**key, "v": {"S": "two"}})
    behind("three")
    assert through_dax() == {"S": "two"}  # written through
    dax.update_item(TableName=name, Key=key, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": {"S": "four"}})
    behind("five")
    assert through_dax() == {"S": "four"}
    with pytest.raises(ClientError):
        dax.put_item(TableName=name, Item={**key, "v": {"S": "six"}}, ConditionExpression="attribute_not_exists(pk)")
    assert through_dax() == {"S": "four"}  # a refused write leaves the cache alone
    assert dax.batch_get_item(RequestItems={name: {"Keys": [key]}})["Responses"][name][0]["v"] == {"S": "four"}

    count = lambda: dax.scan(TableName=name)["Count"]
    assert count() == 1
    dax.delete_item(TableName=name, Key=key)
    assert through_dax() is None
    assert count() == 1  # the query cache does not see writes
    assert dax.scan(TableName=name, ConsistentRead=True)["Count"] == 0


def test_nothing_is_served_across_a_new_table(dynamodb, dax):
    name = make_table(dynamodb, "dax-again")
    key = {"pk": {"S": "k"}}
    dax.put_item(TableName=name, Item={**key, "v": {"S": "old"}})
    dynamodb.delete_table(TableName=name)
    make_table(dynamodb, name)
    assert "Item" not in dax.get_item(TableName=name, Key=key)


def test_errors_raise_the_right_exceptions(server, dynamodb, dax):
    with pytest.raises(ClientError) as error:
        dax.get_item(TableName="dax-no-table", Key={"pk": {"S": "a"}})
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    for key, secret, code in (("AKIANOSUCHKEY0000000", "x", "UnrecognizedClientException"),
                              (ROOT_KEY, "wrong", "InvalidSignatureException")):
        with pytest.raises(ClientError) as error:
            dax_client(server, key, secret)
        assert error.value.response["Error"]["Code"] == code


def test_rights_are_those_of_dax(server, dynamodb):
    name = make_table(dynamodb, "dax-rights")
    reader = server.user("dax-reader", {"Effect": "Allow", "Action": "dax:GetItem",
                                        "Resource": "arn:aws:dax:us-east-1:123456789012:cache/default"})
    client = dax_client(server, *reader)
    assert "Item" not in client.get_item(TableName=name, Key={"pk": {"S": "a"}})
    for refused in (lambda: client.put_item(TableName=name, Item={"pk": {"S": "a"}}),
                    lambda: client.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": {"pk": {"S": "a"}}}}])):
        with pytest.raises(ClientError) as error:
            refused()
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    client.close()


def test_attribute_lists_outlive_the_server(own_server):
    dynamodb = own_server.client("dynamodb")
    name = make_table(dynamodb, "lists")
    client = dax_client(own_server)
    client.put_item(TableName=name, Item={"pk": {"S": "1"}, "alpha": {"S": "a"}})
    own_server.restart()
    other = dax_client(own_server)
    other.put_item(TableName=name, Item={"pk": {"S": "2"}, "beta": {"S": "b"}})
    for _ in range(10):  # the first calls find the old connections closed
        try:
            client.put_item(TableName=name, Item={"pk": {"S": "3"}, "alpha": {"S": "a"}})
            break
        except Exception:
            continue
    items = {item["pk"]["S"]: item for item in dynamodb.scan(TableName=name, ConsistentRead=True)["Items"]}
    assert items["2"] == {"pk": {"S": "2"}, "beta": {"S": "b"}}
    assert items["3"] == {"pk": {"S": "3"}, "alpha": {"S": "a"}}
    client.close()
    other.close()
