"""Every operation of the service's model: those that are served, and the refusal of all others; options of tables."""
import json
import time

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config

from conftest import ACCOUNT, REGION, ROOT
from test_index_definitions import PREFIX, UNITS, create, dynamodb, index, keys, refusal  # noqa: F401

SERVED = [line for line in (ROOT / "models/dynamodb.operations").read_text().splitlines() if line and line[0] != "#"]


def policy(resource, effect="Allow", action="dynamodb:GetItem"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": "*", "Action": action, "Resource": resource}]})


def test_what_is_not_served_is_unknown(server):
    client = server.client("dynamodb", parameter_validation=False)
    names = set(client.meta.service_model.operation_names)
    assert set(SERVED) < names
    for name in names - set(SERVED):
        assert refusal(getattr(client, xform_name(name)), "UnknownOperationException") == "", name


def test_the_account(server, dynamodb):  # noqa: F811
    (endpoint,) = dynamodb.describe_endpoints()["Endpoints"]
    assert endpoint == {"Address": f"127.0.0.1:{server.port}", "CachePeriodInMinutes": 1440}
    limits = dynamodb.describe_limits()
    assert limits["TableMaxReadCapacityUnits"] == limits["TableMaxWriteCapacityUnits"] == 40_000
    assert limits["AccountMaxReadCapacityUnits"] == limits["AccountMaxWriteCapacityUnits"] == 80_000


def test_tables_are_listed_in_pages(dynamodb):  # noqa: F811
    for name in ("list-b", "list-a", "list-c"):
        create(dynamodb, name, "a", keys("a"))
    first = dynamodb.list_tables(ExclusiveStartTableName="list", Limit=2)
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (["list-a", "list-b"], "list-b")
    rest = dynamodb.list_tables(ExclusiveStartTableName="list-b", Limit=1)
    assert rest["TableNames"] == ["list-c"]
    for limit in (0, 101):
        refusal(lambda: raw(dynamodb, "ListTables", Limit=limit))


def raw(client, operation, **arguments):
    """A call whose parameters botocore does not look at."""
    credentials = client._request_signer._credentials
    unchecked = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION).client(
        "dynamodb", endpoint_url=client.meta.endpoint_url, config=Config(parameter_validation=False, retries={"max_attempts": 0}))
    return getattr(unchecked, xform_name(operation))(**arguments)


def test_tags(dynamodb):  # noqa: F811
    arn = create(dynamodb, "tagged", "a", keys("a"), Tags=[{"Key": "k", "Value": "v"}])["TableArn"]
    tags = lambda: {t["Key"]: t["Value"] for t in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    assert tags() == {"k": "v"}
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": ""}, {"Key": "l" * 128, "Value": "w" * 256}])
    assert tags() == {"k": "", "l" * 128: "w" * 256}
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["k", "absent"])
    assert tags() == {"l" * 128: "w" * 256}
    many = [{"Key": str(i), "Value": "v"} for i in range(51)]
    for bad in ([{"Key": "aws:k", "Value": "v"}], many, [{"Key": "", "Value": "v"}], [{"Key": "k" * 129, "Value": "v"}],
                [{"Key": "k", "Value": "v" * 257}]):
        refusal(lambda: raw(dynamodb, "TagResource", ResourceArn=arn, Tags=bad))
        refusal(lambda: raw(dynamodb, "CreateTable", TableName="untagged", BillingMode="PAY_PER_REQUEST", KeySchema=keys("a"),
                            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}], Tags=bad))
    refusal(lambda: dynamodb.tag_resource(ResourceArn=arn, Tags=many[:50]))
    nowhere = arn + "x"
    for call in (lambda: dynamodb.tag_resource(ResourceArn=nowhere, Tags=many[:1]),
                 lambda: dynamodb.untag_resource(ResourceArn=nowhere, TagKeys=["k"]),
                 lambda: dynamodb.list_tags_of_resource(ResourceArn=nowhere)):
        assert refusal(call, "ResourceNotFoundException") == f"Requested resource not found: ResourcArn: {nowhere} not found"


def test_time_to_live(dynamodb):  # noqa: F811
    create(dynamodb, "mortal", "a", keys("a"))
    set_to = lambda enabled, name="due": dynamodb.update_time_to_live(
        TableName="mortal", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": name})
    shown = lambda: dynamodb.describe_time_to_live(TableName="mortal")["TimeToLiveDescription"]
    assert shown() == {"TimeToLiveStatus": "DISABLED"}
    assert refusal(lambda: set_to(False)) == "TimeToLive is already disabled"
    assert set_to(True)["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "due"}
    assert shown() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "due"}
    assert refusal(lambda: set_to(True)) == "TimeToLive is already enabled"
    assert refusal(lambda: set_to(False, "other")) == (
        "TimeToLive is active on a different AttributeName: current AttributeName is due")
    assert refusal(lambda: set_to(False)) == "Time to live has been modified multiple times within a fixed interval"
    refusal(lambda: dynamodb.describe_time_to_live(TableName="nowhere"), "ResourceNotFoundException")


def test_options_of_tables(dynamodb):  # noqa: F811
    made = create(dynamodb, "options", TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True, attributes="ab",
                  ResourcePolicy=policy(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/options"), SSESpecification={"Enabled": False})
    assert made["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS" and made["DeletionProtectionEnabled"]
    assert dynamodb.get_resource_policy(ResourceArn=made["TableArn"])["Policy"]
    assert "protected against deletion" in refusal(lambda: dynamodb.delete_table(TableName="options"))
    changed = dynamodb.update_table(TableName=made["TableArn"], TableClass="STANDARD", DeletionProtectionEnabled=False,
                                    StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"})["TableDescription"]
    assert changed["TableClassSummary"]["TableClass"] == "STANDARD" and not changed["DeletionProtectionEnabled"]
    assert changed["StreamSpecification"]["StreamViewType"] == "OLD_IMAGE"
    assert "already has an enabled stream" in refusal(lambda: dynamodb.update_table(
        TableName="options", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
    dynamodb.update_table(TableName="options", StreamSpecification={"StreamEnabled": False})
    refusal(lambda: dynamodb.update_table(TableName="options", StreamSpecification={"StreamEnabled": False}))
    assert refusal(lambda: dynamodb.update_table(TableName="options")).startswith("At least one of ProvisionedThroughput")
    assert dynamodb.delete_table(TableName=made["TableArn"])["TableDescription"]["TableStatus"] == "DELETING"
    refusal(lambda: dynamodb.delete_table(TableName="options"), "ResourceNotFoundException")


REFUSED = {"SSESpecification": {"Enabled": True, "SSEType": "KMS"}, "WarmThroughput": {"ReadUnitsPerSecond": 20_000},
           "GlobalTableSettingsReplicationMode": "ENABLED", "GlobalTableSourceArn": "arn:aws:dynamodb:eu-west-1:1:table/t",
           "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}], "MultiRegionConsistency": "STRONG",
           "GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}


@pytest.mark.parametrize("option", REFUSED)
def test_refused_options_of_tables(dynamodb, option):  # noqa: F811
    members = dynamodb.meta.service_model.operation_model
    if "plain" not in dynamodb.list_tables()["TableNames"]:
        create(dynamodb, "plain", "a", keys("a"))
    tried = 0
    for operation, arguments in (("UpdateTable", {"TableName": "plain"}), ("CreateTable", {
            "TableName": "refused", "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys("a"),
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}]})):
        if option not in members(operation).input_shape.members:
            continue
        tried += 1
        assert "not supported by this server" in refusal(
            lambda: raw(dynamodb, operation, **arguments, **{option: REFUSED[option]}))
    assert tried and "refused" not in dynamodb.list_tables()["TableNames"]


@pytest.mark.parametrize("arguments,text", [
    ({"BillingMode": "PROVISIONED"}, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    ({"ProvisionedThroughput": UNITS},
     "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    ({"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS, "OnDemandThroughput": {"MaxReadRequestUnits": 5}},
     "OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST"),
    ({"LocalSecondaryIndexes": []}, "List of LocalSecondaryIndexes is empty"),
    ({"GlobalSecondaryIndexes": []}, "List of GlobalSecondaryIndexes is empty"),
    ({"ResourcePolicy": policy("arn:aws:dynamodb:us-east-1:123456789012:table/other")},
     'Invalid policy document: The following resources are invalid: "arn:aws:dynamodb:us-east-1:123456789012:table/other"'),
])
def test_refused_tables(dynamodb, arguments, text):  # noqa: F811
    assert refusal(lambda: create(dynamodb, "refused", attributes="ab", **arguments)) == PREFIX + text
    assert "refused" not in dynamodb.list_tables()["TableNames"]


def test_billing_and_indexes_change_together(dynamodb):  # noqa: F811
    units = lambda n: {"ReadCapacityUnits": n, "WriteCapacityUnits": n}
    create(dynamodb, "both", BillingMode="PROVISIONED", ProvisionedThroughput=units(3),
           GlobalSecondaryIndexes=[index("gsi", "c", ProvisionedThroughput=units(3))])
    update = lambda **arguments: dynamodb.update_table(TableName="both", **arguments)["TableDescription"]
    change = lambda **arguments: [{"Update": {"IndexName": "gsi", **arguments}}]
    assert refusal(lambda: update(BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexUpdates=change(ProvisionedThroughput=units(4)))) == (
        PREFIX + "ProvisionedThroughput should not be specified for index: gsi when BillingMode is PAY_PER_REQUEST")
    assert dynamodb.describe_table(TableName="both")["Table"]["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    assert refusal(lambda: update(GlobalSecondaryIndexUpdates=change(OnDemandThroughput={"MaxReadRequestUnits": 5}))) == (
        PREFIX + "OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
    assert "not supported by this server" in refusal(
        lambda: update(GlobalSecondaryIndexUpdates=change(WarmThroughput={"ReadUnitsPerSecond": 20_000})))
    changed = update(BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 50},
                     GlobalSecondaryIndexUpdates=change(OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 5}))
    assert changed["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert changed["GlobalSecondaryIndexes"][0]["OnDemandThroughput"] == {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 5}
    dynamodb.put_item(TableName="both", Item={**{k: {"S": k} for k in "abc"}, "x": {"S": "x" * 20_000}})
    read = lambda: dynamodb.query(TableName="both", IndexName="gsi", KeyConditionExpression="c = :c",
                                  ExpressionAttributeValues={":c": {"S": "c"}})
    assert read()["Count"] == 1
    assert "OnDemandThroughput" in refusal(read, "ThrottlingException")
    back = update(BillingMode="PROVISIONED", ProvisionedThroughput=units(50), GlobalSecondaryIndexUpdates=change(ProvisionedThroughput=units(1)))
    assert "OnDemandThroughput" not in back and "OnDemandThroughput" not in back["GlobalSecondaryIndexes"][0]


def test_resource_policies(dynamodb):  # noqa: F811
    arn = create(dynamodb, "policies", "a", keys("a"))["TableArn"]
    put = lambda document, **more: dynamodb.put_resource_policy(ResourceArn=arn, Policy=document, **more)
    put(policy([arn, arn + "/index/*"]))
    assert refusal(lambda: put(policy(arn + "2"))) == (
        PREFIX + f'Invalid policy document: The following resources are invalid: "{arn}2"')
    own = policy(arn, "Deny", "dynamodb:PutResourcePolicy")
    assert "ConfirmRemoveSelfResourceAccess" in refusal(lambda: put(own))
    put(own, ConfirmRemoveSelfResourceAccess=True)
    refusal(lambda: put(policy(arn)), "AccessDeniedException")


def test_a_restore_asks_the_sources_policy(server, dynamodb):  # noqa: F811
    arn = create(dynamodb, "source", "a", keys("a"))["TableArn"]
    dynamodb.update_continuous_backups(TableName="source", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    key, secret = server.user("restorer", {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    restore = lambda: server.client("dynamodb", key, secret).restore_table_to_point_in_time(
        SourceTableArn=arn, TargetTableName="target", UseLatestRestorableTime=True)
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy(arn, "Deny", "dynamodb:RestoreTableToPointInTime"))
    refusal(restore, "AccessDeniedException")
    dynamodb.delete_resource_policy(ResourceArn=arn)
    time.sleep(1.1)
    assert restore()["TableDescription"]["RestoreSummary"]["SourceTableArn"] == arn
