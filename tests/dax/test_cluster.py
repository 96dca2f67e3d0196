"""A cluster of three through the official Python client: nothing is lost and nothing stale stays while clients write and
read and the nodes that lead are rebooted; tables are used as the cluster's role; who may not connect is not served; over TLS, too."""
import json
import socket
import threading
import time
import urllib.request

import botocore.session
import pytest
from amazondax import AmazonDaxClient
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import REGION, ROOT_KEY, ROOT_SECRET, wait_until

WRITERS = 3
WRITES = 40
EVERYTHING = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}


@pytest.fixture(scope="module")
def control(server):
    return server.client("dax")


@pytest.fixture(scope="module")
def table(server):
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(TableName="items", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    return dynamodb


def cluster(control, name):
    return control.describe_clusters(ClusterNames=[name])["Clusters"][0]


def available(control, name):
    return wait_until(lambda: (now := cluster(control, name))["Status"] == "available" and now,
                      what=f"the cluster {name} being available")


def create(server, control, name, nodes, role, **more):
    control.create_cluster(ClusterName=name, NodeType="dax.r5.large", ReplicationFactor=nodes, IamRoleArn=role, **more)
    return available(control, name)


def client(url):
    session = botocore.session.get_session()
    session.set_credentials(ROOT_KEY, ROOT_SECRET)
    return AmazonDaxClient(session, region_name=REGION, endpoint_url=url, config=Config(retries={"max_attempts": 2}))


def number(answer):
    return int(answer["Item"]["n"]["N"]) if "Item" in answer else None


def test_nothing_is_lost_while_leaders_reboot(server, control, table):
    role = server.role("all", EVERYTHING, service="dax.amazonaws.com")
    made = create(server, control, "trio", 3, role)
    url = made["ClusterDiscoveryEndpoint"]["URL"]
    problems = []

    def write(key):
        through = client(url)
        for n in range(1, WRITES + 1):
            item = {"pk": {"S": key}, "n": {"N": str(n)}}
            deadline = time.monotonic() + 20
            while True:
                try:
                    through.put_item(TableName="items", Item=item)
                    break
                except Exception as error:  # whatever a client raises whose node goes
                    if time.monotonic() > deadline:
                        problems.append(f"{key} {n}: {error!r}")
                        return
                    time.sleep(0.02)
            stored = number(table.get_item(TableName="items", Key={"pk": {"S": key}}, ConsistentRead=True))
            if stored != n:
                problems.append(f"{key}: {n} was acknowledged, {stored} is stored")
            try:
                through.get_item(TableName="items", Key={"pk": {"S": key}})  # fills caches
            except Exception:
                pass
        through.close()

    writers = [threading.Thread(target=write, args=(f"k{w}",)) for w in range(WRITERS)]
    for writer in writers:
        writer.start()
    for letter in "aba":  # each leads when its turn comes
        control.reboot_node(ClusterName="trio", NodeId=f"trio-{letter}")
        available(control, "trio")
    for writer in writers:
        writer.join()
    assert problems == []

    after = available(control, "trio")
    assert after["ClusterDiscoveryEndpoint"] == made["ClusterDiscoveryEndpoint"]
    assert [node["Endpoint"] for node in after["Nodes"]] == [node["Endpoint"] for node in made["Nodes"]]
    reader = client(url)  # reads anywhere

    def converged():
        return all(number(reader.get_item(TableName="items", Key={"pk": {"S": f"k{w}"}})) == WRITES
                   for w in range(WRITERS) for _ in range(12))
    wait_until(converged, seconds=10, what="all nodes having the last writes")
    reader.close()
    # Every node's figures, each kind named once.
    with urllib.request.urlopen(f"{server.endpoint}/_millrace/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    counted = [line for line in lines if line.startswith("millrace_dax_get_item_request_count_total{") and 'cluster="trio"' in line]
    assert [f'node="trio-{letter}"' in line for letter, line in zip("abc", counted)] == [True] * 3
    assert sum(int(line.split()[-1]) for line in counted) >= 12 * WRITERS
    assert lines.count("# TYPE millrace_dax_get_item_request_count_total counter") == 1
    control.delete_cluster(ClusterName="trio")


def test_tables_are_used_as_the_role(server, control, table):
    role = server.role("reads", {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:DescribeTable"],
                                 "Resource": "*"}, service="dax.amazonaws.com")
    url = create(server, control, "reader", 1, role)["ClusterDiscoveryEndpoint"]["URL"]
    through = client(url)
    assert through.get_item(TableName="items", Key={"pk": {"S": "none"}}).get("Item") is None
    with pytest.raises(ClientError) as refused:
        through.put_item(TableName="items", Item={"pk": {"S": "x"}})
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "assumed-role/reads/" in refused.value.response["Error"]["Message"]
    # A change of the role's permissions shows at once.
    server.client("iam").put_role_policy(RoleName="reads", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [EVERYTHING]}))
    through.put_item(TableName="items", Item={"pk": {"S": "x"}, "n": {"N": "1"}})
    assert number(table.get_item(TableName="items", Key={"pk": {"S": "x"}})) == 1
    through.close()
    control.delete_cluster(ClusterName="reader")


def closed_at_once(endpoint):
    """Whether the node closes a connection before anything is sent."""
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=1) as connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def test_groups_decide_who_connects(server, control, table):
    ec2 = server.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="dax", Description="dax", VpcId=vpc)["GroupId"]
    role = server.role("grouped", EVERYTHING, service="dax.amazonaws.com")
    made = create(server, control, "closed", 1, role, SecurityGroupIds=[group])
    endpoints = [made["ClusterDiscoveryEndpoint"], made["Nodes"][0]["Endpoint"]]
    assert all(closed_at_once(endpoint) for endpoint in endpoints)
    rule = dict(GroupId=group, IpProtocol="tcp", FromPort=8111, ToPort=8111, CidrIp="127.0.0.0/8")
    ec2.authorize_security_group_ingress(**rule)
    assert not any(closed_at_once(endpoint) for endpoint in endpoints)
    through = client(made["ClusterDiscoveryEndpoint"]["URL"])
    through.put_item(TableName="items", Item={"pk": {"S": "y"}, "n": {"N": "2"}})
    through.close()
    ec2.revoke_security_group_ingress(**rule)
    assert all(closed_at_once(endpoint) for endpoint in endpoints)
    control.delete_cluster(ClusterName="closed")


def test_an_encrypted_cluster(server, control, table, monkeypatch):
    role = server.role("encrypted", EVERYTHING, service="dax.amazonaws.com")
    made = create(server, control, "secret", 2, role, ClusterEndpointEncryptionType="TLS")
    url = made["ClusterDiscoveryEndpoint"]["URL"]
    assert url.startswith("daxs://")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.data_dir / "tls/ca.pem"))
    through = client(url)
    through.put_item(TableName="items", Item={"pk": {"S": "z"}, "n": {"N": "3"}})
    assert number(through.get_item(TableName="items", Key={"pk": {"S": "z"}})) == 3
    through.close()
    control.reboot_node(ClusterName="secret", NodeId="secret-a")
    assert [node["NodeStatus"] for node in available(control, "secret")["Nodes"]] == ["available"] * 2
    control.delete_cluster(ClusterName="secret")
