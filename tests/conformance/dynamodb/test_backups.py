"""Backups, point-in-time recovery, export to and import from S3, as boto3 sees them."""
import base64
import gzip
import hashlib
import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from conftest import scan_all, wait_until

ITEMS = 20_000


@pytest.fixture(scope="module")
def dynamodb(server):
    return server.client("dynamodb")


def make_table(dynamodb, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}])


def item(n, value=0):
    return {"pk": {"S": f"p{n % 97}"}, "sk": {"N": str(n)}, "v": {"N": str(value)}, "b": {"B": b"\x00\xff"},
            "m": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]}]}}}}


def put_all(dynamodb, table, numbers, value=0):
    numbers = list(numbers)
    for i in range(0, len(numbers), 25):
        dynamodb.batch_write_item(RequestItems={
            table: [{"PutRequest": {"Item": item(n, value)}} for n in numbers[i:i + 25]]})


def rows(dynamodb, table):
    return {json.dumps(i, sort_keys=True, default=lambda v: sorted(v) if isinstance(v, set) else v.hex())
            for i in scan_all(dynamodb, table)}


def recovery(dynamodb, table, **settings):
    return dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, **settings}
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def next_second():
    """Waits for the next whole second and returns it, with nothing written in the middle of it."""
    second = int(time.time()) + 1
    time.sleep(second - time.time() + 0.01)
    return second


def wait_active(dynamodb, table):
    wait_until(lambda: dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE", 120, f"table {table}")


def wait_backup(dynamodb, arn):
    wait_until(lambda: dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]
               == "AVAILABLE", 120, "the backup")


def wait_export(dynamodb, arn):
    def ended():
        described = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        return described if described["ExportStatus"] != "IN_PROGRESS" else None
    return wait_until(ended, 120, "the export")


def wait_import(dynamodb, arn):
    def ended():
        described = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return described if described["ImportStatus"] != "IN_PROGRESS" else None
    return wait_until(ended, 120, "the import")


def code_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"]


def test_20000_items_to_an_exact_second_and_back(server, dynamodb):
    make_table(dynamodb, "large")
    put_all(dynamodb, "large", range(ITEMS))
    shown = recovery(dynamodb, "large", RecoveryPeriodInDays=7)
    assert shown["PointInTimeRecoveryStatus"] == "ENABLED" and shown["RecoveryPeriodInDays"] == 7
    next_second()
    put_all(dynamodb, "large", range(0, 1000), 1)
    second = next_second()
    expected = rows(dynamodb, "large")
    assert len(expected) == ITEMS
    time.sleep(0.05)
    put_all(dynamodb, "large", range(500, 1500), 2)
    for n in range(40):
        dynamodb.delete_item(TableName="large", Key={"pk": item(n)["pk"], "sk": item(n)["sk"]})
    time.sleep(1)

    stop = threading.Event()

    def write():
        while not stop.is_set():
            put_all(dynamodb, "large", range(2000, 2100), 3)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        answer = dynamodb.restore_table_to_point_in_time(
            SourceTableName="large", TargetTableName="large-then", RestoreDateTime=second)["TableDescription"]
        assert answer["TableStatus"] == "CREATING" and answer["RestoreSummary"]["RestoreInProgress"]
        assert code_of(lambda: dynamodb.scan(TableName="large-then")) == "ResourceNotFoundException"
        wait_active(dynamodb, "large-then")
    finally:
        stop.set()
        writer.join()
    assert rows(dynamodb, "large-then") == expected
    table = dynamodb.describe_table(TableName="large-then")["Table"]
    assert table["ItemCount"] == ITEMS and not table["RestoreSummary"]["RestoreInProgress"]

    # Export what it was then, and import it again.
    server.client("s3").create_bucket(Bucket="exports")
    arn = dynamodb.export_table_to_point_in_time(
        TableArn=dynamodb.describe_table(TableName="large")["Table"]["TableArn"], S3Bucket="exports",
        S3Prefix="p", ExportTime=second)["ExportDescription"]["ExportArn"]
    export = wait_export(dynamodb, arn)
    assert export["ExportStatus"] == "COMPLETED" and export["ItemCount"] == ITEMS
    assert arn in [e["ExportArn"] for e in dynamodb.list_exports()["ExportSummaries"]]
    s3 = server.client("s3")

    def read(key):
        return s3.get_object(Bucket="exports", Key=key)["Body"].read()
    summary = json.loads(read(export["ExportManifest"]))
    assert summary["exportArn"] == arn and summary["itemCount"] == ITEMS
    files = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
    lines = 0
    for entry in files:
        data = read(entry["dataFileS3Key"])
        assert base64.b64encode(hashlib.md5(data).digest()).decode() == entry["md5Checksum"]
        lines += len(gzip.decompress(data).splitlines())
    assert lines == ITEMS
    imported = dynamodb.import_table(
        S3BucketSource={"S3Bucket": "exports", "S3KeyPrefix": files[0]["dataFileS3Key"].rsplit("/", 1)[0] + "/"},
        InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": "large-again", "BillingMode": "PAY_PER_REQUEST", "KeySchema": table["KeySchema"],
            "AttributeDefinitions": table["AttributeDefinitions"]})["ImportTableDescription"]
    done = wait_import(dynamodb, imported["ImportArn"])
    assert (done["ImportStatus"], done["ImportedItemCount"], done["ErrorCount"]) == ("COMPLETED", ITEMS, 0)
    assert rows(dynamodb, "large-again") == expected
    assert dynamodb.list_imports()["ImportSummaryList"][0]["ImportArn"] == imported["ImportArn"]


def test_a_backup_outlives_its_table(dynamodb):
    make_table(dynamodb, "backed-up")
    put_all(dynamodb, "backed-up", range(300))
    expected = rows(dynamodb, "backed-up")
    details = dynamodb.create_backup(TableName="backed-up", BackupName="monday")["BackupDetails"]
    put_all(dynamodb, "backed-up", range(100, 400), 1)
    wait_backup(dynamodb, details["BackupArn"])
    wait_until(lambda: not code_or_none(lambda: dynamodb.delete_table(TableName="backed-up")))
    listed = dynamodb.list_backups(TableName="backed-up")["BackupSummaries"]
    assert [b["BackupName"] for b in listed] == ["monday"]
    dynamodb.restore_table_from_backup(TargetTableName="from-backup", BackupArn=details["BackupArn"])
    wait_active(dynamodb, "from-backup")
    assert rows(dynamodb, "from-backup") == expected
    assert code_of(lambda: dynamodb.restore_table_from_backup(
        TargetTableName="from-backup", BackupArn=details["BackupArn"])) == "TableAlreadyExistsException"
    deleted = dynamodb.delete_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    assert code_of(lambda: dynamodb.describe_backup(BackupArn=details["BackupArn"])) == "BackupNotFoundException"


def code_or_none(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_refusals(dynamodb, server):
    make_table(dynamodb, "plain")
    arn = dynamodb.describe_table(TableName="plain")["Table"]["TableArn"]
    shown = dynamodb.describe_continuous_backups(TableName="plain")["ContinuousBackupsDescription"]
    assert shown["ContinuousBackupsStatus"] == "ENABLED"
    assert shown["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert code_of(lambda: dynamodb.create_backup(TableName="nowhere", BackupName="name")) == "TableNotFoundException"
    assert code_of(lambda: dynamodb.restore_table_to_point_in_time(
        SourceTableName="plain", TargetTableName="new", UseLatestRestorableTime=True)) \
        == "PointInTimeRecoveryUnavailableException"
    export = {"TableArn": arn, "S3Bucket": "nowhere"}
    assert code_of(lambda: dynamodb.export_table_to_point_in_time(**export)) == "PointInTimeRecoveryUnavailableException"
    recovery(dynamodb, "plain")
    assert code_of(lambda: dynamodb.restore_table_to_point_in_time(
        SourceTableName="plain", TargetTableName="new", RestoreDateTime=int(time.time()) - 3600)) \
        == "InvalidRestoreTimeException"
    assert code_of(lambda: dynamodb.export_table_to_point_in_time(**export, ExportFormat="ION")) == "ValidationException"
    failed = wait_export(dynamodb, dynamodb.export_table_to_point_in_time(**export)["ExportDescription"]["ExportArn"])
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")

    # The caller's own rights on the bucket count.
    server.client("s3").create_bucket(Bucket="guarded")
    key, secret = server.user("exporter", {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    mine = server.client("dynamodb", key, secret)
    assert code_of(lambda: mine.export_table_to_point_in_time(TableArn=arn, S3Bucket="guarded")) == "AccessDeniedException"
    key, secret = server.user("writer", {"Effect": "Allow", "Action": ["dynamodb:*", "s3:PutObject"], "Resource": "*"})
    mine = server.client("dynamodb", key, secret)
    started = mine.export_table_to_point_in_time(TableArn=arn, S3Bucket="guarded")["ExportDescription"]
    assert wait_export(mine, started["ExportArn"])["ExportStatus"] == "COMPLETED"


def test_csv_with_errors(server, dynamodb):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="csv")
    s3.put_object(Bucket="csv", Key="in/1.csv", Body="pk,sk,name\na,1,\"one, quoted\"\na,x,bad\n")
    s3.put_object(Bucket="csv", Key="in/2.csv", Body="pk,sk,name\nb,2,two\n")
    started = dynamodb.import_table(
        S3BucketSource={"S3Bucket": "csv", "S3KeyPrefix": "in/"}, InputFormat="CSV",
        TableCreationParameters={
            "TableName": "csv", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                     {"AttributeName": "sk", "AttributeType": "N"}]})["ImportTableDescription"]
    done = wait_import(dynamodb, started["ImportArn"])
    assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]) == (3, 2, 1)
    assert sorted(i["name"]["S"] for i in scan_all(dynamodb, "csv")) == ["one, quoted", "two"]


def test_jobs_go_on_after_kill_9(own_server):
    dynamodb = own_server.client("dynamodb")
    own_server.client("s3").create_bucket(Bucket="exports")
    make_table(dynamodb, "source")
    recovery(dynamodb, "source")
    put_all(dynamodb, "source", range(6000))
    expected = rows(dynamodb, "source")
    arn = dynamodb.describe_table(TableName="source")["Table"]["TableArn"]
    backup = dynamodb.create_backup(TableName="source", BackupName="backup")["BackupDetails"]["BackupArn"]
    dynamodb.restore_table_to_point_in_time(SourceTableName="source", TargetTableName="recovered", UseLatestRestorableTime=True)
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports")["ExportDescription"]["ExportArn"]
    put_all(dynamodb, "source", range(0, 200), 1)
    for _ in range(4):
        own_server.restart()
        time.sleep(0.05)
    dynamodb = own_server.client("dynamodb")
    wait_backup(dynamodb, backup)
    wait_active(dynamodb, "recovered")
    described = wait_export(dynamodb, export)
    assert (described["ExportStatus"], described["ItemCount"]) == ("COMPLETED", 6000)
    assert rows(dynamodb, "recovered") == expected
    table = dynamodb.describe_table(TableName="source")["Table"]
    imported = dynamodb.import_table(
        S3BucketSource={"S3Bucket": "exports", "S3KeyPrefix": described["ExportManifest"].rsplit("/", 1)[0] + "/data/"},
        InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
        TableCreationParameters={"TableName": "imported", "BillingMode": "PAY_PER_REQUEST", "KeySchema": table["KeySchema"],
                                 "AttributeDefinitions": table["AttributeDefinitions"]})
    dynamodb.restore_table_from_backup(TargetTableName="from-backup", BackupArn=backup)
    for _ in range(3):
        own_server.restart()
        time.sleep(0.05)
    dynamodb = own_server.client("dynamodb")
    wait_active(dynamodb, "from-backup")
    done = wait_import(dynamodb, imported["ImportTableDescription"]["ImportArn"])
    assert (done["ImportStatus"], done["ImportedItemCount"]) == ("COMPLETED", 6000)
    assert rows(dynamodb, "from-backup") == rows(dynamodb, "imported") == expected
    assert dynamodb.describe_table(TableName="from-backup")["Table"]["ItemCount"] == 6000
