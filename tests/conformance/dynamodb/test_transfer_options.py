"""Options of backups, restores, exports and imports."""
import datetime
import json
import time

import pytest

from conftest import ACCOUNT, scan_all
from test_backups import code_of, recovery, wait_active, wait_backup, wait_export, wait_import
from test_index_definitions import UNITS, create, dynamodb, index, refusal  # noqa: F401

LATER = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def source(dynamodb):  # noqa: F811
    create(dynamodb, "source", GlobalSecondaryIndexes=[index("gsi", "c", OnDemandThroughput={"MaxReadRequestUnits": 9}),
                                                       index("gone", "b")],
           LocalSecondaryIndexes=[index("lsi", "a", "c")])
    dynamodb.put_item(TableName="source", Item={k: {"S": k} for k in "abc"})
    recovery(dynamodb, "source")
    backups = [dynamodb.create_backup(TableName="source", BackupName=f"backup-{i}")["BackupDetails"]["BackupArn"] for i in range(3)]
    for arn in backups:
        wait_backup(dynamodb, arn)
    time.sleep(1.1)
    return backups


def restore(dynamodb, backup, target, by, **overrides):  # noqa: F811
    if by == "backup":
        dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=backup, **overrides)
    else:
        dynamodb.restore_table_to_point_in_time(TargetTableName=target, SourceTableName="source", UseLatestRestorableTime=True, **overrides)
    wait_active(dynamodb, target)
    assert len(scan_all(dynamodb, target)) == 1
    return dynamodb.describe_table(TableName=target)["Table"]


@pytest.mark.parametrize("by", ["backup", "time"])
def test_restores(dynamodb, source, by):  # noqa: F811
    same = restore(dynamodb, source[0], f"{by}-same", by)
    assert same["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert {i["IndexName"]: i.get("OnDemandThroughput") for i in same["GlobalSecondaryIndexes"]} == {
        "gsi": {"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": -1}, "gone": None}
    fewer = restore(dynamodb, source[0], f"{by}-provisioned", by, BillingModeOverride="PROVISIONED", ProvisionedThroughputOverride=UNITS,
                    GlobalSecondaryIndexOverride=[index("gsi", "c", ProvisionedThroughput=UNITS)], LocalSecondaryIndexOverride=[])
    assert [i["IndexName"] for i in fewer["GlobalSecondaryIndexes"]] == ["gsi"] and "LocalSecondaryIndexes" not in fewer
    assert fewer["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    capped = restore(dynamodb, source[0], f"{by}-capped", by, OnDemandThroughputOverride={"MaxWriteRequestUnits": 3},
                     GlobalSecondaryIndexOverride=[index("gsi", "c", OnDemandThroughput={"MaxReadRequestUnits": 4})],
                     SSESpecificationOverride={"Enabled": False})
    assert capped["OnDemandThroughput"] == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 3}
    assert capped["GlobalSecondaryIndexes"][0]["OnDemandThroughput"]["MaxReadRequestUnits"] == 4
    for bad in ({"SSESpecificationOverride": {"Enabled": True, "SSEType": "KMS"}}, {"ProvisionedThroughputOverride": UNITS},
                {"BillingModeOverride": "PROVISIONED"}, {"GlobalSecondaryIndexOverride": [index("gsi", "b")]},
                {"GlobalSecondaryIndexOverride": [index("gsi", "c", ProvisionedThroughput=UNITS)]},
                {"GlobalSecondaryIndexOverride": [index("gsi", "c", WarmThroughput={"ReadUnitsPerSecond": 13_000})]}):
        refusal(lambda: restore(dynamodb, source[0], f"{by}-refused", by, **bad))
    assert f"{by}-refused" not in dynamodb.list_tables()["TableNames"]


def test_backups_are_listed(dynamodb, source):  # noqa: F811
    names = lambda **more: [b["BackupArn"] for b in dynamodb.list_backups(**more)["BackupSummaries"]]
    assert names(TableName="source") == source
    first = dynamodb.list_backups(Limit=2, TableName="source")
    assert names(ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"]) == source[2:]
    assert names(TimeRangeLowerBound=LATER) == names(BackupType="SYSTEM") == names(TableName="other") == []
    assert names(BackupType="ALL", TimeRangeUpperBound=LATER) == names(BackupType="USER") == source
    refusal(lambda: dynamodb.list_backups(ExclusiveStartBackupArn="x" * 40))


def test_exports(server, dynamodb, source):  # noqa: F811
    server.client("s3").create_bucket(Bucket="out")
    arn = dynamodb.describe_table(TableName="source")["Table"]["TableArn"]
    start = lambda **more: dynamodb.export_table_to_point_in_time(**{"TableArn": arn, "S3Bucket": "out", **more})["ExportDescription"]
    once = [start(ClientToken="once", S3BucketOwner=ACCOUNT, S3SseAlgorithm="AES256", ExportType="FULL_EXPORT",
                  ExportFormat="DYNAMODB_JSON")["ExportArn"] for _ in range(2)]
    assert once[0] == once[1]
    assert code_of(lambda: start(ClientToken="once", S3Prefix="other")) == "ExportConflictException"
    full = wait_export(dynamodb, once[0])
    assert (full["ExportStatus"], full["S3BucketOwner"], full["S3SseAlgorithm"], full["ClientToken"]) == (
        "COMPLETED", ACCOUNT, "AES256", "once")
    window = dynamodb.describe_continuous_backups(TableName="source")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    incremental = wait_export(dynamodb, start(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={
        "ExportFromTime": window["EarliestRestorableDateTime"], "ExportViewType": "NEW_IMAGE"})["ExportArn"])
    assert (incremental["ExportStatus"], incremental["ExportType"]) == ("COMPLETED", "INCREMENTAL_EXPORT")
    page = dynamodb.list_exports(TableArn=arn, MaxResults=1)
    rest = dynamodb.list_exports(TableArn=arn, NextToken=page["NextToken"])
    assert {e["ExportArn"] for e in page["ExportSummaries"] + rest["ExportSummaries"]} == {once[0], incremental["ExportArn"]}
    for bad in ({"S3SseAlgorithm": "KMS"}, {"S3SseKmsKeyId": "key"}, {"ExportFormat": "ION"}, {"ExportType": "INCREMENTAL_EXPORT"},
                {"IncrementalExportSpecification": {"ExportFromTime": LATER}}):
        refusal(lambda: start(**bad))
    assert code_of(lambda: start(ExportTime=LATER)) == "InvalidExportTimeException"
    assert code_of(lambda: dynamodb.describe_export(ExportArn=once[0] + "x")) == "ExportNotFoundException"


def test_imports(server, dynamodb):  # noqa: F811
    s3 = server.client("s3")
    s3.create_bucket(Bucket="inputs")
    s3.put_object(Bucket="inputs", Key="rows/1.csv", Body="a;1\nb;2\n")
    s3.put_object(Bucket="inputs", Key="json/1.json", Body=json.dumps({"Item": {"pk": {"S": "a"}, "n": {"N": "1"}}}) + "\n")
    table = lambda name: {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
    start = lambda name, **more: dynamodb.import_table(**{
        "S3BucketSource": {"S3Bucket": "inputs", "S3KeyPrefix": "rows/", "S3BucketOwner": ACCOUNT}, "InputFormat": "CSV",
        "InputFormatOptions": {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "n"]}}, "InputCompressionType": "NONE",
        "ClientToken": name, "TableCreationParameters": table(name), **more})["ImportTableDescription"]
    first = start("rows")
    assert start("rows")["ImportArn"] == first["ImportArn"]
    assert code_of(lambda: start("other", ClientToken="rows")) == "ImportConflictException"
    assert wait_import(dynamodb, first["ImportArn"])["ImportedItemCount"] == 2
    assert sorted(i["n"]["S"] for i in scan_all(dynamodb, "rows")) == ["1", "2"]
    second = start("json", S3BucketSource={"S3Bucket": "inputs", "S3KeyPrefix": "json/"}, InputFormat="DYNAMODB_JSON", InputFormatOptions={})
    assert wait_import(dynamodb, second["ImportArn"])["ImportStatus"] == "COMPLETED"
    page = dynamodb.list_imports(PageSize=1)
    rest = dynamodb.list_imports(NextToken=page["NextToken"])
    assert {i["ImportArn"] for i in page["ImportSummaryList"] + rest["ImportSummaryList"]} == {first["ImportArn"], second["ImportArn"]}
    for bad in ({"InputFormat": "ION"}, {"InputCompressionType": "ZSTD"}, {"InputFormat": "DYNAMODB_JSON"},
                {"TableCreationParameters": {**table("bad"), "SSESpecification": {"Enabled": True, "SSEType": "KMS"}}}):
        refusal(lambda: start("bad", **bad))
    refusal(lambda: start("rows", ClientToken="again"), "ResourceInUseException")
    assert code_of(lambda: dynamodb.describe_import(ImportArn=first["ImportArn"] + "x")) == "ImportNotFoundException"
