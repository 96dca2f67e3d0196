"""The official Python DAX client: the cache does what DAX's documentation says, and rights and errors are DAX's."""
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


def make_table(dynamodb, name):
    dynamodb.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    return name


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
    nobody = dax_client(server, *server.user("dax-nobody", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))
    with pytest.raises(ClientError) as error:  # neither a key schema is told nor an attribute list made
        nobody.put_item(TableName=name, Item={"pk": {"S": "a"}, "new-name": {"S": "x"}})
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    nobody.close()


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
