"""VPCs, subnets, security groups and tags as boto3 and the AWS CLI see them: defaults, rules, filters, pages,
refusals, who may do what, and that all of it is still there after a crash."""
import json
import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import ACCOUNT, REGION, ROOT, ROOT_KEY, ROOT_SECRET


@pytest.fixture(scope="module")
def ec2(server):
    return server.client("ec2")


def refused(call, **arguments):
    """(code, text, HTTP status) of a call that must fail."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def rule(port, cidr, protocol="tcp", **more):
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr, **more}]}


def default_vpc(ec2):
    return ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]


def test_defaults(ec2, server):
    vpc = default_vpc(ec2)
    assert vpc["CidrBlock"] == "172.31.0.0/16" and vpc["OwnerId"] == ACCOUNT and vpc["State"] == "available"
    assert len(vpc["VpcId"]) == len("vpc-") + 17
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    assert {s["AvailabilityZone"]: s["CidrBlock"] for s in subnets} == {
        "us-east-1a": "172.31.0.0/20", "us-east-1b": "172.31.16.0/20", "us-east-1c": "172.31.32.0/20"}
    assert {s["VpcId"] for s in subnets} == {vpc["VpcId"]}
    group, = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    assert group["VpcId"] == vpc["VpcId"] and group["Description"] == "default VPC security group"
    assert group["IpPermissions"] == [{
        "IpProtocol": "-1", "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [],
        "UserIdGroupPairs": [{"GroupId": group["GroupId"], "UserId": ACCOUNT}]}]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(z["ZoneName"], z["ZoneId"], z["State"]) for z in zones] == [
        (f"us-east-1{letter}", f"use1-az{i}", "available") for i, letter in enumerate("abc", 1)]
    elsewhere = server.session().client("ec2", region_name="eu-central-1", endpoint_url=server.endpoint)
    assert elsewhere.describe_vpcs()["Vpcs"][0]["VpcId"] != vpc["VpcId"]
    assert elsewhere.describe_availability_zones()["AvailabilityZones"][1]["ZoneId"] == "euc1-az2"


def test_vpcs_and_subnets(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.20.0.9/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "orders"}]}])["Vpc"]
    assert vpc["CidrBlock"] == "10.20.0.0/16" and vpc["Tags"] == [{"Key": "Name", "Value": "orders"}]
    vpc_id = vpc["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.20.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    assert subnet["AvailabilityZone"] == "us-east-1b" and subnet["AvailableIpAddressCount"] == 251
    assert subnet["SubnetArn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{subnet['SubnetId']}"
    assert refused(ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.20.1.128/25") == (
        "InvalidSubnet.Conflict", "The CIDR '10.20.1.128/25' conflicts with another subnet", 400)
    assert refused(ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.21.1.0/24")[0] == "InvalidSubnet.Range"
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/8")[0] == "InvalidVpc.Range"
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/16", InstanceTenancy="dedicated")[0] == "UnsupportedOperation"
    assert refused(ec2.delete_vpc, VpcId=vpc_id)[0] == "DependencyViolation"
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc_id)
    assert refused(ec2.describe_vpcs, VpcIds=[vpc_id]) == (
        "InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist", 400)


def test_rules(ec2):
    group_id = ec2.create_security_group(GroupName="cache", Description="nodes", TagSpecifications=[
        {"ResourceType": "security-group", "Tags": [{"Key": "team", "Value": "a"}]}])["GroupId"]
    added = ec2.authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[rule(8111, "10.1.2.3/8", Description="inside"), rule(9111, "10.0.0.0/8")],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "k", "Value": "v"}]}])
    first = added["SecurityGroupRules"][0]
    assert added["Return"] and first["CidrIpv4"] == "10.0.0.0/8" and first["Description"] == "inside"
    assert first["SecurityGroupRuleId"].startswith("sgr-") and not first["IsEgress"]
    assert refused(ec2.authorize_security_group_ingress, GroupId=group_id, IpPermissions=[rule(8111, "10.0.0.0/8")]) == (
        "InvalidPermission.Duplicate",
        'the specified rule "peer: 10.0.0.0/8, TCP, from port: 8111, to port: 8111, ALLOW" already exists', 400)
    ec2.authorize_security_group_ingress(GroupName="cache", IpProtocol="udp", FromPort=53, ToPort=54, CidrIp="0.0.0.0/0")
    ec2.authorize_security_group_ingress(GroupId=group_id, SourceSecurityGroupName="default")
    group, = ec2.describe_security_groups(Filters=[{"Name": "tag:team", "Values": ["?"]},
                                                   {"Name": "ip-permission.from-port", "Values": ["81*"]}])["SecurityGroups"]
    assert group["GroupId"] == group_id and len(group["IpPermissions"]) == 6
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])["SecurityGroupRules"]
    assert len(rules) == 7 and sum(r["IsEgress"] for r in rules) == 1
    tagged = ec2.describe_security_group_rules(Filters=[{"Name": "tag:k", "Values": ["v"]}])["SecurityGroupRules"]
    assert {r["FromPort"] for r in tagged} == {8111, 9111}
    revoked = ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=[first["SecurityGroupRuleId"]])
    assert revoked["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "10.0.0.0/8"
    # As Terraform makes a group: its first outbound rule is revoked, then written again.
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    assert ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=everything)["Return"]
    assert ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=everything)["Return"]
    assert refused(ec2.authorize_security_group_egress, GroupId=group_id,
                   IpPermissions=[rule(443, "0.0.0.0/0")])[0] == "UnsupportedOperation"
    ec2.delete_security_group(GroupId=group_id)
    assert refused(ec2.delete_security_group, GroupId=group_id)[0] == "InvalidGroup.NotFound"
    assert refused(ec2.delete_security_group, GroupName="default")[0] == "CannotDelete"
    assert refused(ec2.create_security_group, GroupName="sg-x", Description="d")[0] == "InvalidParameterValue"


def test_resources_of_boto3(server):
    """The resource layer makes requests of its own kind."""
    resource = server.session().resource("ec2", endpoint_url=server.endpoint)
    vpc = resource.create_vpc(CidrBlock="10.30.0.0/16")
    vpc.create_tags(Tags=[{"Key": "Name", "Value": "thirty"}])
    group = vpc.create_security_group(GroupName="g", Description="d")
    group.authorize_ingress(IpProtocol="tcp", FromPort=1, ToPort=2, CidrIp="10.0.0.0/8")
    group.reload()
    assert group.ip_permissions[0]["ToPort"] == 2
    assert {g.group_name for g in vpc.security_groups.all()} == {"default", "g"}
    with pytest.raises(ClientError, match="InvalidPermission.NotFound"):
        group.revoke_ingress(IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="10.0.0.0/8")
    vpc.reload()
    assert vpc.tags == [{"Key": "Name", "Value": "thirty"}]
    group.delete()
    vpc.delete()


def test_pages_and_tags(server, ec2):
    vpc_id = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    ids = [ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.40.{i}.0/24")["Subnet"]["SubnetId"] for i in range(7)]
    ec2.create_tags(Resources=ids, Tags=[{"Key": "set", "Value": "pages"}, {"Key": "x", "Value": ""}])
    of_set = [{"Name": "tag:set", "Values": ["pag*"]}]
    pages = list(ec2.get_paginator("describe_subnets").paginate(Filters=of_set, PaginationConfig={"PageSize": 5}))
    assert [len(p["Subnets"]) for p in pages] == [5, 2]
    assert [s["SubnetId"] for p in pages for s in p["Subnets"]] == sorted(ids)
    unchecked = server.client("ec2", parameter_validation=False)
    assert refused(unchecked.describe_subnets, MaxResults=4) == (
        "InvalidParameterValue",
        "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.", 400)
    assert refused(ec2.describe_subnets, Filters=[{"Name": "vlan", "Values": ["1"]}])[:2] == (
        "InvalidParameterValue", "The filter 'vlan' is invalid")
    tags = [{"Name": "resource-id", "Values": ids}]
    pages = ec2.get_paginator("describe_tags").paginate(Filters=tags, PaginationConfig={"PageSize": 6})
    found = [(t["ResourceId"], t["Key"], t["ResourceType"]) for p in pages for t in p["Tags"]]
    assert found == [(i, k, "subnet") for i in sorted(ids) for k in ("set", "x")]
    ec2.delete_tags(Resources=ids, Tags=[{"Key": "x"}, {"Key": "set", "Value": "other"}])
    assert {t["Key"] for t in ec2.describe_tags(Filters=tags)["Tags"]} == {"set"}
    assert refused(ec2.create_tags, Resources=["i-00000000000000000"], Tags=[{"Key": "k", "Value": "v"}])[0] == "InvalidID"


def test_who_may(server, ec2):
    vpc_id = default_vpc(ec2)["VpcId"]
    mine = ec2.create_security_group(GroupName="mine", Description="d")["GroupId"]
    other = ec2.create_security_group(GroupName="other", Description="d")["GroupId"]
    key = server.user("operator", {"Effect": "Allow", "Action": "ec2:AuthorizeSecurityGroupIngress",
                                   "Resource": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{mine}"})
    client = server.client("ec2", *key)
    client.authorize_security_group_ingress(GroupId=mine, IpPermissions=[rule(80, "0.0.0.0/0")])
    code, text, status = refused(client.authorize_security_group_ingress, GroupId=other,
                                 IpPermissions=[rule(80, "0.0.0.0/0")])
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert text.startswith("You are not authorized to perform this operation. User: arn:aws:iam::")
    assert "ec2:AuthorizeSecurityGroupIngress" in text and other in text
    for call in (client.describe_vpcs, client.describe_security_groups, client.describe_availability_zones):
        assert refused(call)[0] == "UnauthorizedOperation"
    # A dry run tells which of the two it would have been.
    dry = {"IpPermissions": [rule(81, "0.0.0.0/0")], "DryRun": True}
    assert refused(client.authorize_security_group_ingress, GroupId=mine, **dry) == (
        "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
    assert refused(client.authorize_security_group_ingress, GroupId=other, **dry)[0] == "UnauthorizedOperation"
    in_vpc = server.client("ec2", *server.user("reader", {
        "Effect": "Allow", "Action": "ec2:DeleteSecurityGroup", "Resource": "*",
        "Condition": {"ArnEquals": {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc_id}"},
                      "StringEquals": {"aws:ResourceTag/owner": "reader"}}}))
    assert refused(in_vpc.delete_security_group, GroupId=other)[0] == "UnauthorizedOperation"
    ec2.create_tags(Resources=[other], Tags=[{"Key": "owner", "Value": "reader"}])
    in_vpc.delete_security_group(GroupId=other)
    failure = ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    assert refused(server.client("ec2", "AKIANOBODYNOBODYNOBO", "x" * 40).describe_vpcs) == failure
    assert refused(server.client("ec2", ROOT_KEY, "x" * 40).describe_vpcs) == failure


def test_what_is_not_offered(ec2):
    assert refused(ec2.describe_instances) == (
        "InvalidAction", "The action DescribeInstances is not valid for this web service.", 400)


def test_a_crash_loses_nothing(own_server):
    ec2 = own_server.client("ec2")
    before = default_vpc(ec2)
    own_server.restart()
    assert default_vpc(ec2) == before  # nothing was written yet
    group_id = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[rule(8111, "10.0.0.0/8")])
    shown = ec2.describe_security_groups()["SecurityGroups"]
    own_server.restart()
    assert ec2.describe_security_groups()["SecurityGroups"] == shown
    assert default_vpc(ec2) == before


def test_command_line(server):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
                   "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        run = subprocess.run([ROOT / ".venv/bin/aws", "ec2", *arguments, "--output", "json"], env=environment,
                             capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    group_id = aws("create-security-group", "--group-name", "cli", "--description", "of the CLI")["GroupId"]
    added = aws("authorize-security-group-ingress", "--group-id", group_id, "--protocol", "tcp", "--port", "8111",
                "--cidr", "10.0.0.0/8")
    assert added["SecurityGroupRules"][0]["ToPort"] == 8111
