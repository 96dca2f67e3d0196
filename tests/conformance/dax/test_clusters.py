"""The control plane of DAX as boto3 and the AWS CLI see it: clusters from creation to deletion with nodes that serve
the official client, groups, events, tags, refusals, who may do what, and what a crash leaves."""
import datetime
import json
import os
import subprocess
import time

import botocore.session
import pytest
from amazondax import AmazonDaxClient
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import ACCOUNT, REGION, ROOT, ROOT_KEY, ROOT_SECRET, wait_until

EVERYTHING = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dax"


@pytest.fixture(scope="module")
def dax(server):
    server.role("dax", EVERYTHING, service="dax.amazonaws.com")
    return server.client("dax")


@pytest.fixture(scope="module")
def ec2(server):
    return server.client("ec2")


@pytest.fixture(scope="module")
def table(server):
    make_table(server)
    return server.client("dynamodb")


def make_table(server):
    server.client("dynamodb").create_table(
        TableName="orders", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")


def create(dax, name, nodes=1, **more):
    return dax.create_cluster(ClusterName=name, NodeType="dax.r5.large", ReplicationFactor=nodes, IamRoleArn=ROLE,
                              **more)["Cluster"]


def describe(dax, name):
    return dax.describe_clusters(ClusterNames=[name])["Clusters"][0]


def available(dax, name):
    def look():
        cluster = describe(dax, name)
        return cluster if cluster["Status"] == "available" else None
    return wait_until(look, what=f"the cluster {name} being available")


def delete(dax, name):
    dax.delete_cluster(ClusterName=name)
    wait_until(lambda: name not in names(dax), what=f"the cluster {name} being gone")


def names(dax):
    return [cluster["ClusterName"] for cluster in dax.describe_clusters()["Clusters"]]


def refused(call, **arguments):
    """The code of a call that must fail."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error.value
    return error.value.response["Error"]["Code"]


def text(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Message"]


def messages(dax, source):
    return [event["Message"] for event in dax.describe_events(SourceName=source)["Events"]]


def client(url):
    session = botocore.session.get_session()
    session.set_credentials(ROOT_KEY, ROOT_SECRET)
    return AmazonDaxClient(session, region_name=REGION, endpoint_url=url, config=Config(retries={"max_attempts": 1}))


def test_a_cluster_from_creation_to_deletion(dax, table):
    before = time.time()
    made = create(dax, "Life", nodes=3, Description="of orders", Tags=[{"Key": "team", "Value": "a"}],
                  SSESpecification={"Enabled": True}, PreferredMaintenanceWindow="sun:05:00-sun:09:00")
    arn = f"arn:aws:dax:{REGION}:{ACCOUNT}:cache/life"
    assert (made["ClusterName"], made["ClusterArn"], made["Status"]) == ("life", arn, "creating")
    assert made["TotalNodes"] == 3 and made["ActiveNodes"] == 0 and "Nodes" not in made
    assert refused(create, dax=dax, name="life") == "ClusterAlreadyExistsFault"

    cluster = available(dax, "life")
    assert cluster["TotalNodes"] == cluster["ActiveNodes"] == 3 and cluster["NodeType"] == "dax.r5.large"
    assert cluster["Description"] == "of orders" and cluster["IamRoleArn"] == ROLE
    assert cluster["PreferredMaintenanceWindow"] == "sun:05:00-sun:09:00"
    assert cluster["SSEDescription"] == {"Status": "ENABLED"}
    assert cluster["ClusterEndpointEncryptionType"] == "NONE" and cluster["NetworkType"] == "ipv4"
    assert cluster["SubnetGroup"] == "default" and len(cluster["SecurityGroups"]) == 1
    assert cluster["ParameterGroup"] == {"ParameterGroupName": "default.dax1.0", "ParameterApplyStatus": "in-sync",
                                         "NodeIdsToReboot": []}
    assert [node["NodeId"] for node in cluster["Nodes"]] == ["life-a", "life-b", "life-c"]
    assert len({node["AvailabilityZone"] for node in cluster["Nodes"]}) == 3
    assert len({node["Endpoint"]["Port"] for node in cluster["Nodes"]}) == 3
    for node in cluster["Nodes"]:
        assert node["NodeStatus"] == "available" and node["ParameterGroupStatus"] == "in-sync"
        assert before - 1 < node["NodeCreateTime"].timestamp() < time.time() + 1
    endpoint = cluster["ClusterDiscoveryEndpoint"]
    assert endpoint["URL"] == f"dax://{endpoint['Address']}:{endpoint['Port']}"
    assert dax.list_tags(ResourceName=arn)["Tags"] == [{"Key": "team", "Value": "a"}]

    through = client(endpoint["URL"])
    through.put_item(TableName="orders", Item={"pk": {"S": "1"}, "n": {"N": "1"}})
    assert through.get_item(TableName="orders", Key={"pk": {"S": "1"}})["Item"]["n"] == {"N": "1"}
    through.close()
    assert table.get_item(TableName="orders", Key={"pk": {"S": "1"}})["Item"]["n"] == {"N": "1"}

    changed = dax.increase_replication_factor(ClusterName="life", NewReplicationFactor=4)["Cluster"]
    assert changed["Status"] == "modifying" and changed["TotalNodes"] == 4 and changed["ActiveNodes"] == 3
    assert changed["Nodes"][3] == {"NodeId": "life-d", "NodeStatus": "creating"}
    assert len(available(dax, "life")["Nodes"]) == 4
    changed = dax.decrease_replication_factor(ClusterName="life", NewReplicationFactor=2,
                                              NodeIdsToRemove=["life-b", "life-d"])["Cluster"]
    assert changed["NodeIdsToRemove"] == ["life-b", "life-d"] and changed["Status"] == "modifying"
    assert [node["NodeId"] for node in available(dax, "life")["Nodes"]] == ["life-a", "life-c"]

    changed = dax.reboot_node(ClusterName="life", NodeId="life-c")["Cluster"]
    assert changed["Nodes"][1]["NodeStatus"] == "rebooting"
    cluster = available(dax, "life")
    assert cluster["ActiveNodes"] == 2 and cluster["ClusterDiscoveryEndpoint"] == endpoint
    with_client = client(endpoint["URL"])
    assert "Item" in with_client.get_item(TableName="orders", Key={"pk": {"S": "1"}})
    with_client.close()

    gone = dax.delete_cluster(ClusterName="life")["Cluster"]
    assert gone["Status"] == "deleting" and "Nodes" not in gone
    wait_until(lambda: "life" not in names(dax), what="the cluster being gone")
    assert messages(dax, "life") == [
        "Cluster deleted.", "Removed node life-c.", "Removed node life-a.", "Rebooted node life-c.",
        "Removed node life-d.", "Removed node life-b.", "Added node life-d.", "Cluster created."]


def test_update_cluster_applies_parameters_and_groups(dax, ec2, table):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="dax", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
        "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "127.0.0.0/8"}]}])
    dax.create_parameter_group(ParameterGroupName="quick")
    dax.update_parameter_group(ParameterGroupName="quick", ParameterNameValues=[
        {"ParameterName": "record-ttl-millis", "ParameterValue": "50"}])
    create(dax, "updated")
    url = available(dax, "updated")["ClusterDiscoveryEndpoint"]["URL"]
    changed = dax.update_cluster(ClusterName="updated", ParameterGroupName="quick", SecurityGroupIds=[group],
                                 Description="new", PreferredMaintenanceWindow="Tue:23:30-Wed:01:00")["Cluster"]
    assert changed["Status"] == "modifying" and changed["Description"] == "new"
    assert changed["ParameterGroup"]["ParameterApplyStatus"] == "applying"
    cluster = available(dax, "updated")
    assert cluster["ParameterGroup"]["ParameterApplyStatus"] == "in-sync"
    assert cluster["SecurityGroups"] == [{"SecurityGroupIdentifier": group, "Status": "active"}]
    assert cluster["PreferredMaintenanceWindow"] == "tue:23:30-wed:01:00"

    # The default of five minutes would keep the first image.
    table.put_item(TableName="orders", Item={"pk": {"S": "ttl"}, "n": {"N": "1"}})
    through = client(url)
    read = lambda: through.get_item(TableName="orders", Key={"pk": {"S": "ttl"}})["Item"]["n"]["N"]
    assert read() == "1"
    table.put_item(TableName="orders", Item={"pk": {"S": "ttl"}, "n": {"N": "2"}})
    wait_until(lambda: read() == "2", seconds=5, what="the item's end in the cache")
    through.close()

    assert refused(dax.update_parameter_group, ParameterGroupName="quick", ParameterNameValues=[
        {"ParameterName": "record-ttl-millis", "ParameterValue": "1"}]) == "InvalidParameterGroupStateFault"
    assert refused(dax.delete_parameter_group, ParameterGroupName="quick") == "InvalidParameterGroupStateFault"
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    delete(dax, "updated")
    ec2.delete_security_group(GroupId=group)
    assert dax.delete_parameter_group(ParameterGroupName="quick")["DeletionMessage"] == (
        "Parameter group quick has been deleted.")


def test_parameter_groups(dax):
    defaults = dax.describe_default_parameters()["Parameters"]
    assert {p["ParameterName"]: p["ParameterValue"] for p in defaults} == {
        "query-ttl-millis": "300000", "record-ttl-millis": "300000"}
    assert defaults[0]["IsModifiable"] == "TRUE" and defaults[0]["ChangeType"] == "IMMEDIATE"
    made = dax.create_parameter_group(ParameterGroupName="p", Description="a new parameter group")["ParameterGroup"]
    assert made == {"ParameterGroupName": "p", "Description": "a new parameter group"}
    assert refused(dax.create_parameter_group, ParameterGroupName="p") == "ParameterGroupAlreadyExistsFault"
    assert refused(dax.create_parameter_group, ParameterGroupName="-") == "InvalidParameterValueException"
    dax.update_parameter_group(ParameterGroupName="p", ParameterNameValues=[
        {"ParameterName": "query-ttl-millis", "ParameterValue": "0"}])
    values = {p["ParameterName"]: p["ParameterValue"]
              for p in dax.describe_parameters(ParameterGroupName="p", Source="user")["Parameters"]}
    assert values == {"query-ttl-millis": "0", "record-ttl-millis": "300000"}
    for name, value in (("none", "1"), ("query-ttl-millis", "-1"), ("query-ttl-millis", "x")):
        assert refused(dax.update_parameter_group, ParameterGroupName="p", ParameterNameValues=[
            {"ParameterName": name, "ParameterValue": value}]) == "InvalidParameterValueException"
    groups = dax.describe_parameter_groups()["ParameterGroups"]
    assert [group["ParameterGroupName"] for group in groups] == ["default.dax1.0", "p"]
    for call in (dax.describe_parameters, dax.delete_parameter_group):
        assert refused(call, ParameterGroupName="none") == "ParameterGroupNotFoundFault"
    assert refused(dax.describe_parameter_groups, ParameterGroupNames=["none"]) == "ParameterGroupNotFoundFault"
    assert refused(dax.delete_parameter_group, ParameterGroupName="default.dax1.0") == "InvalidParameterGroupStateFault"
    dax.delete_parameter_group(ParameterGroupName="p")
    made = [f"q{i}" for i in range(20)]
    for name in made:
        dax.create_parameter_group(ParameterGroupName=name)
    assert refused(dax.create_parameter_group, ParameterGroupName="more") == "ParameterGroupQuotaExceededFault"
    pages = list(dax.get_paginator("describe_parameter_groups").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["ParameterGroups"]) for page in pages] == [20, 1]
    for name in made:
        dax.delete_parameter_group(ParameterGroupName=name)


def test_subnet_groups(dax, ec2):
    default, = dax.describe_subnet_groups(SubnetGroupNames=["default"])["SubnetGroups"]
    subnets = {s["SubnetId"]: s["AvailabilityZone"] for s in ec2.describe_subnets(
        Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]}
    assert {s["SubnetIdentifier"]: s["SubnetAvailabilityZone"] for s in default["Subnets"]} == subnets
    assert default["VpcId"] == ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ids = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
           for i, zone in enumerate("abb")]
    made = dax.create_subnet_group(SubnetGroupName="Back", SubnetIds=ids[:2], Description="d")["SubnetGroup"]
    assert made["SubnetGroupName"] == "back" and made["VpcId"] == vpc
    assert made["Subnets"][1] == {"SubnetIdentifier": ids[1], "SubnetAvailabilityZone": f"{REGION}b",
                                  "SupportedNetworkTypes": ["ipv4"]}
    assert refused(dax.create_subnet_group, SubnetGroupName="back", SubnetIds=ids) == "SubnetGroupAlreadyExistsFault"
    assert refused(dax.create_subnet_group, SubnetGroupName="x", SubnetIds=["subnet-0"]) == "InvalidSubnet"
    assert refused(dax.create_subnet_group, SubnetGroupName="x",
                   SubnetIds=[ids[0], next(iter(subnets))]) == "InvalidSubnet"

    # In a VPC that is not the default one a cluster needs groups of its own.
    group = ec2.create_security_group(GroupName="back", Description="d", VpcId=vpc)["GroupId"]
    assert refused(create, dax=dax, name="back", SubnetGroupName="back") == "InvalidParameterValueException"
    create(dax, "back", 2, SubnetGroupName="back", SecurityGroupIds=[group],
           AvailabilityZones=[f"{REGION}b", f"{REGION}b"])
    assert [node["AvailabilityZone"] for node in available(dax, "back")["Nodes"]] == [f"{REGION}b"] * 2
    assert refused(dax.delete_subnet_group, SubnetGroupName="back") == "SubnetGroupInUseFault"
    assert refused(dax.update_subnet_group, SubnetGroupName="back", SubnetIds=ids[:1]) == "SubnetInUse"
    assert refused(ec2.delete_subnet, SubnetId=ids[0]) == "DependencyViolation"
    changed = dax.update_subnet_group(SubnetGroupName="back", SubnetIds=ids[1:], Description="new")["SubnetGroup"]
    assert len(changed["Subnets"]) == 2 and changed["Description"] == "new"
    ec2.delete_subnet(SubnetId=ids[0])
    delete(dax, "back")
    assert dax.delete_subnet_group(SubnetGroupName="back")["DeletionMessage"] == (
        "Subnet group back has been deleted.")
    assert refused(dax.delete_subnet_group, SubnetGroupName="back") == "SubnetGroupNotFoundFault"
    assert refused(dax.describe_subnet_groups, SubnetGroupNames=["back"]) == "SubnetGroupNotFoundFault"
    assert refused(dax.delete_subnet_group, SubnetGroupName="default") == "SubnetGroupInUseFault"
    ec2.delete_subnet(SubnetId=ids[1])


@pytest.mark.parametrize("change, code", [
    ({"ClusterName": "a--b"}, "InvalidParameterValueException"),
    ({"ClusterName": "a-"}, "InvalidParameterValueException"),
    ({"ClusterName": "abcdefghijklmnopqrstu"}, "InvalidParameterValueException"),
    ({"NodeType": "dax.x1.large"}, "InvalidParameterValueException"),
    ({"ReplicationFactor": 0}, "InvalidParameterValueException"),
    ({"ReplicationFactor": 11}, "NodeQuotaForClusterExceededFault"),
    ({"IamRoleArn": "dax"}, "InvalidParameterValueException"),
    ({"IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, "InvalidParameterValueException"),
    ({"SubnetGroupName": "none"}, "SubnetGroupNotFoundFault"),
    ({"ParameterGroupName": "none"}, "ParameterGroupNotFoundFault"),
    ({"SecurityGroupIds": ["sg-0"]}, "InvalidParameterValueException"),
    ({"AvailabilityZones": [f"{REGION}a", f"{REGION}b"]}, "InvalidParameterCombinationException"),
    ({"AvailabilityZones": [f"{REGION}z"]}, "InvalidParameterValueException"),
    ({"PreferredMaintenanceWindow": "sun:05:00-sun:05:30"}, "InvalidParameterValueException"),
    ({"NotificationTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"}, "InvalidParameterValueException"),
    ({"NetworkType": "ipv6"}, "InvalidParameterValueException"),
    ({"ClusterEndpointEncryptionType": "SSL"}, "InvalidParameterValueException"),
    ({"Tags": [{"Key": "aws:x", "Value": "v"}]}, "InvalidParameterValueException"),
    ({"Tags": [{"Key": f"k{i}", "Value": "v"} for i in range(51)]}, "TagQuotaPerResourceExceeded"),
], ids=lambda value: next(iter(value)) if isinstance(value, dict) else None)
def test_create_cluster_refuses(dax, change, code):
    request = {"ClusterName": "refused", "NodeType": "dax.t3.small", "ReplicationFactor": 1, "IamRoleArn": ROLE, **change}
    assert refused(dax.create_cluster, **request) == code
    assert "refused" not in names(dax)


def test_a_role_that_dax_may_not_assume(dax, server):
    other = server.role("lambdas", service="lambda.amazonaws.com")
    request = {"ClusterName": "refused", "NodeType": "dax.t3.small", "ReplicationFactor": 1}
    assert text(dax.create_cluster, **request, IamRoleArn=other) == f"No permission to assume role: {other}"


def test_clusters_that_are_not_there(dax):
    assert text(dax.describe_clusters, ClusterNames=["none"]) == "Cluster none not found."
    for call, arguments in ((dax.delete_cluster, {}), (dax.update_cluster, {"Description": "d"}),
                            (dax.reboot_node, {"NodeId": "none-a"}),
                            (dax.increase_replication_factor, {"NewReplicationFactor": 3}),
                            (dax.decrease_replication_factor, {"NewReplicationFactor": 1})):
        assert refused(call, ClusterName="none", **arguments) == "ClusterNotFoundFault"
    for call, arguments in ((dax.list_tags, {}), (dax.tag_resource, {"Tags": [{"Key": "k", "Value": "v"}]}),
                            (dax.untag_resource, {"TagKeys": ["k"]})):
        assert refused(call, ResourceName="none", **arguments) == "InvalidARNFault"
        assert refused(call, ResourceName=f"arn:aws:dax:{REGION}:{ACCOUNT}:cache/none",
                       **arguments) == "ClusterNotFoundFault"


def test_changes_that_are_refused(dax):
    create(dax, "firm", 2)
    available(dax, "firm")
    for call, arguments, code in (
            (dax.increase_replication_factor, {"NewReplicationFactor": 2}, "InvalidParameterValueException"),
            (dax.increase_replication_factor, {"NewReplicationFactor": 11}, "NodeQuotaForClusterExceededFault"),
            (dax.decrease_replication_factor, {"NewReplicationFactor": 0}, "InvalidParameterValueException"),
            (dax.decrease_replication_factor, {"NewReplicationFactor": 2}, "InvalidParameterValueException"),
            (dax.decrease_replication_factor, {"NewReplicationFactor": 1, "NodeIdsToRemove": ["firm-x"]},
             "NodeNotFoundFault"),
            (dax.decrease_replication_factor, {"NewReplicationFactor": 1, "NodeIdsToRemove": ["firm-a", "firm-b"]},
             "InvalidParameterCombinationException"),
            (dax.decrease_replication_factor, {"NewReplicationFactor": 1, "AvailabilityZones": [f"{REGION}z"]},
             "InvalidParameterCombinationException"),
            (dax.reboot_node, {"NodeId": "firm-x"}, "NodeNotFoundFault"),
            (dax.update_cluster, {}, "InvalidParameterCombinationException"),
            (dax.update_cluster, {"ParameterGroupName": "none"}, "ParameterGroupNotFoundFault"),
            (dax.update_cluster, {"SecurityGroupIds": ["sg-0"]}, "InvalidParameterValueException"),
            (dax.update_cluster, {"NotificationTopicArn": "arn:aws:sns:r:1:t"}, "InvalidParameterValueException"),
            (dax.update_cluster, {"NotificationTopicStatus": "active"}, "InvalidParameterCombinationException")):
        assert refused(call, ClusterName="firm", **arguments) == code, arguments
    assert len(available(dax, "firm")["Nodes"]) == 2
    delete(dax, "firm")


def test_tags(dax):
    arn = create(dax, "tagged")["ClusterArn"]
    assert dax.tag_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])["Tags"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert refused(dax.tag_resource, ResourceName=arn, Tags=[
        {"Key": f"k{i}", "Value": "v"} for i in range(49)]) == "TagQuotaPerResourceExceeded"
    assert refused(dax.untag_resource, ResourceName=arn, TagKeys=["c"]) == "TagNotFoundFault"
    assert dax.untag_resource(ResourceName=arn, TagKeys=["a"])["Tags"] == [{"Key": "b", "Value": "2"}]
    assert [tag["Key"] for page in dax.get_paginator("list_tags").paginate(ResourceName=arn) for tag in page["Tags"]] == ["b"]
    delete(dax, "tagged")


def test_pages_and_quotas(dax):
    for wrong in (19, 101):
        assert refused(dax.describe_clusters, MaxResults=wrong) == "InvalidParameterValueException"
        assert refused(dax.describe_events, MaxResults=wrong) == "InvalidParameterValueException"
    assert refused(dax.describe_clusters, NextToken="?") == "InvalidParameterValueException"
    now = datetime.datetime.now(datetime.timezone.utc)
    for arguments, code in (({"Duration": 0}, "InvalidParameterValueException"),
                            ({"StartTime": now, "EndTime": now - datetime.timedelta(hours=1)},
                             "InvalidParameterCombinationException"),
                            ({"StartTime": now, "EndTime": now, "Duration": 1}, "InvalidParameterCombinationException")):
        assert refused(dax.describe_events, **arguments) == code
    for _ in range(25):
        dax.create_parameter_group(ParameterGroupName="eventful")
        dax.delete_parameter_group(ParameterGroupName="eventful")
    events = dax.get_paginator("describe_events").paginate(
        SourceName="eventful", SourceType="PARAMETER_GROUP", PaginationConfig={"PageSize": 20})
    pages = [page["Events"] for page in events]
    assert [len(page) for page in pages] == [20, 20, 10]
    dates = [event["Date"] for page in pages for event in page]
    assert dates == sorted(dates, reverse=True)
    assert dax.describe_events(SourceName="eventful", SourceType="CLUSTER")["Events"] == []
    assert dax.describe_events(EndTime=now - datetime.timedelta(days=1))["Events"] == []


def test_who_may_do_what(dax, server):
    create(dax, "theirs")
    available(dax, "theirs")
    theirs = f"arn:aws:dax:{REGION}:{ACCOUNT}:cache/theirs"
    user = server.client("dax", *server.user("viewer", {
        "Effect": "Allow", "Action": ["dax:DescribeClusters", "dax:TagResource", "dax:CreateCluster"],
        "Resource": [theirs, theirs.replace("theirs", "own")]}))
    assert describe(user, "theirs")["ClusterName"] == "theirs"
    user.tag_resource(ResourceName=theirs, Tags=[{"Key": "k", "Value": "v"}])
    for call, arguments in ((user.describe_clusters, {}), (user.delete_cluster, {"ClusterName": "theirs"}),
                            (user.list_tags, {"ResourceName": theirs}), (user.describe_events, {}),
                            (user.create_parameter_group, {"ParameterGroupName": "p"}),
                            (user.describe_subnet_groups, {})):
        assert refused(call, **arguments) == "AccessDeniedException"
    assert "iam:PassRole" in text(create, dax=user, name="own")
    passer = server.client("dax", *server.user(
        "passer", {"Effect": "Allow", "Action": "dax:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE,
         "Condition": {"StringEquals": {"iam:PassedToService": "dax.amazonaws.com"}}}))
    create(passer, "own")
    for name in ("own", "theirs"):
        delete(dax, name)


def test_regions_are_apart(dax, server):
    elsewhere = server.session().client("dax", region_name="eu-west-1", endpoint_url=server.endpoint)
    create(elsewhere, "far")
    assert available(elsewhere, "far")["ClusterArn"] == f"arn:aws:dax:eu-west-1:{ACCOUNT}:cache/far"
    assert refused(dax.describe_clusters, ClusterNames=["far"]) == "ClusterNotFoundFault"
    delete(elsewhere, "far")


def test_aws_cli(dax, server):
    def aws(*arguments):
        done = subprocess.run(
            [ROOT / ".venv/bin/aws", "--endpoint-url", server.endpoint, "--region", REGION, "--output", "json", "dax",
             *arguments], env={**os.environ, "AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET},
            capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr
    code, answer = aws("create-cluster", "--cluster-name", "cli", "--node-type", "dax.r4.large", "--replication-factor",
                       "3", "--iam-role-arn", ROLE, "--sse-specification", "Enabled=true")
    assert code == 0 and answer["Cluster"]["SSEDescription"] == {"Status": "ENABLED"}
    available(dax, "cli")
    code, answer = aws("describe-clusters", "--cluster-names", "cli")
    assert code == 0 and answer["Clusters"][0]["ActiveNodes"] == 3
    code, answer = aws("decrease-replication-factor", "--cluster-name", "cli", "--new-replication-factor", "1")
    assert code == 0 and len(answer["Cluster"]["NodeIdsToRemove"]) == 2
    code, answer = aws("describe-clusters", "--cluster-names", "none")
    assert code != 0 and "(ClusterNotFoundFault)" in answer
    delete(dax, "cli")


def test_kill_in_the_middle_of_everything(own_server):
    """Endpoints outlive the process; what was asked for before a crash is done after it."""
    own_server.role("dax", EVERYTHING, service="dax.amazonaws.com")
    make_table(own_server)
    dax = own_server.client("dax")
    create(dax, "kept", 2)
    before = available(dax, "kept")
    own_server.restart()
    dax = own_server.client("dax")
    assert available(dax, "kept") == before
    through = client(before["ClusterDiscoveryEndpoint"]["URL"])
    through.put_item(TableName="orders", Item={"pk": {"S": "1"}})
    through.close()

    dax.increase_replication_factor(ClusterName="kept", NewReplicationFactor=3)
    create(dax, "new")
    own_server.restart()
    dax = own_server.client("dax")
    assert len(available(dax, "kept")["Nodes"]) == 3 and available(dax, "new")["ActiveNodes"] == 1
    dax.decrease_replication_factor(ClusterName="kept", NewReplicationFactor=1)
    dax.delete_cluster(ClusterName="new")
    own_server.restart()
    dax = own_server.client("dax")
    assert len(available(dax, "kept")["Nodes"]) == 1
    wait_until(lambda: names(dax) == ["kept"], what="the end of the deletion")
    assert messages(dax, "new")[0] == "Cluster deleted."
    # Stopped and started again nothing has happened.
    events = messages(dax, "kept")
    own_server.stop()
    own_server.start()
    dax = own_server.client("dax")
    assert available(dax, "kept")["ClusterDiscoveryEndpoint"] == before["ClusterDiscoveryEndpoint"]
    assert messages(dax, "kept") == events
