"""The official DAX clients make one sequence of calls over all ten operations and their errors: each step must have the
outcome that it has through DynamoDB directly."""
import json
import os
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT, ROOT_KEY, ROOT_SECRET, Server, free_port

CLIENTS = pathlib.Path(__file__).parent / "clients"
sys.path.insert(0, str(CLIENTS))
from steps import outcomes, plain

INSTALLED = ROOT / "build/dax-clients"  # tools/setup/install.sh
DRIVERS = {
    "python": [sys.executable, CLIENTS / "python/driver.py"],
    "javascript-v3": ["node", CLIENTS / "javascript-v3/driver.js"],
    "javascript-v1": ["node", CLIENTS / "javascript-v1/driver.js"],
    "java": ["java", "-cp", INSTALLED / "java/*", CLIENTS / "java/Driver.java"],
}
TABLES = {"s": ("S", None), "sn": ("S", "N"), "nb": ("N", "B"), "bs": ("B", "S")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    ports = {"dax": free_port(), "daxs": free_port()}
    instance = Server(tmp_path_factory.mktemp("clients") / "data",
                      ["--dax-port", str(ports["dax"]), "--dax-tls-port", str(ports["daxs"])])
    instance.dax_urls = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme, port in ports.items()}
    yield instance.start()
    assert instance.stop() == 0


def steps_for(dynamodb, prefix):
    """The steps on tables of one's own, "$name" in the file."""
    for name, (hash_type, sort_type) in TABLES.items():
        types = {"pk": hash_type, **({"sk": sort_type} if sort_type else {})}
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}][:len(types)]
        index = {}
        if name == "sn":
            types.update(g="S", n="N")
            index["GlobalSecondaryIndexes"] = [{
                "IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}]}]
        dynamodb.create_table(TableName=f"{prefix}-{name}", KeySchema=keys, BillingMode="PAY_PER_REQUEST", **index,
                              AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in types.items()])
    return json.loads((CLIENTS / "steps.json").read_text().replace("$", f"{prefix}-"))


@pytest.fixture(scope="module")
def expected(server):
    dynamodb = server.client("dynamodb")
    return outcomes(dynamodb, steps_for(dynamodb, "direct"))


def sort_items(items):
    items.sort(key=lambda item: json.dumps(item, sort_keys=True))


def comparable(operation, arguments, outcome, prefix):
    """The outcome without what clients add or leave out, and orders that nobody promises."""
    if "error" in outcome:
        return {name: outcome[name] for name in ("error", "reasons") if name in outcome}
    answer = plain(outcome["ok"])
    if "ReturnConsumedCapacity" not in arguments:
        answer.pop("ConsumedCapacity", None)
    answer = {name: value for name, value in answer.items() if value not in ({}, [], None)}
    text = json.dumps(answer, sort_keys=True).replace(f'"{prefix}-', '"$')
    answer = json.loads(text)
    if operation == "BatchGetItem":
        for items in answer.get("Responses", {}).values():
            sort_items(items)
    elif operation == "Scan":
        sort_items(answer.get("Items", []))
    return answer


def trust(server, folder):
    """The environment in which the drivers trust the server's own authority."""
    authority, store = server.data_dir / "tls/ca.pem", folder / "authority.p12"
    subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "authority", "-file", authority, "-keystore", store,
                    "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    return {"SSL_CERT_FILE": str(authority), "NODE_EXTRA_CA_CERTS": str(authority),
            "JAVA_TOOL_OPTIONS": f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"}


def drive(server, folder, name, scheme, steps, key=ROOT_KEY, secret=ROOT_SECRET):
    """The outcomes of the steps through a client."""
    (folder / "steps.json").write_text(json.dumps(steps))
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
                   "NODE_MODULES": str(INSTALLED / name), **(trust(server, folder) if scheme == "daxs" else {})}
    run = subprocess.run([*DRIVERS[name], server.dax_urls[scheme], folder / "steps.json"], env=environment, timeout=120,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize("scheme", ["dax", "daxs"])
@pytest.mark.parametrize("name", DRIVERS)
def test_every_step_has_the_outcome_of_dynamodb_itself(server, expected, tmp_path, name, scheme):
    prefix = f"{name}-{scheme}"
    steps = steps_for(server.client("dynamodb"), prefix)
    got = drive(server, tmp_path, name, scheme, steps)
    assert len(got) == len(expected) == len(steps) > 100
    wrong = [(step, through_dax, direct) for step, through_dax, direct in zip(steps, got, expected)
             if comparable(*step, through_dax, prefix) != comparable(*step, direct, "direct")]
    assert not wrong, f"{len(wrong)} steps differ: {wrong}"


def test_policies_can_ask_for_tls(server, expected, tmp_path):
    key = server.user("only-daxs", {"Effect": "Allow", "Action": "dax:*", "Resource": "*",
                                    "Condition": {"Bool": {"aws:SecureTransport": "true"}}})
    step = ["GetItem", {"TableName": "direct-s", "Key": {"pk": {"S": "nobody"}}}]
    assert drive(server, tmp_path, "python", "dax", [step], *key) == [{"error": "AccessDeniedException"}]
    assert drive(server, tmp_path, "python", "daxs", [step], *key) == [{"ok": {}}]
