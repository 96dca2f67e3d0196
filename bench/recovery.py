"""Imports a table, changes it, restores it to an exact second and from a backup, exports and imports it again,
and checks every item of every copy.

Usage: .venv/bin/python bench/recovery.py [--items 1000000]
Needs: tools/setup/install.sh build run bench; cmake --build --preset release --target millrace
"""
import argparse
import gzip
import json
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from conftest import Server, wait_until  # noqa: E402

PART = 100_000
SCHEMA = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                                   {"AttributeName": "g", "AttributeType": "S"}],
          "GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                      "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]}}]}


def item(n, value=0):
    return {"g": {"S": f"g{n % 5003}"}, "pk": {"S": f"p{n % 1009}"}, "sk": {"N": str(n)}, "t": {"S": "x" * 150}, "v": {"N": str(value)}}


def line(n, value=0):
    return json.dumps({"Item": item(n, value)}, separators=(",", ":"), ensure_ascii=False)


class Bench:
    def __init__(self, server, items):
        self.server, self.items = server, items
        self.dynamodb, self.s3 = server.client("dynamodb"), server.client("s3")

    def timed(self, name, ended):
        start = time.monotonic()
        result = wait_until(ended, 3600, name)
        seconds = time.monotonic() - start
        memory = next(int(row.split()[1]) // 1024 for row in open(f"/proc/{self.server.process.pid}/status")
                      if row.startswith("VmHWM"))
        print(f"{name:36} {seconds:7.1f} s {self.items / seconds:9.0f} items/s, peak of the server {memory} MB", flush=True)
        return result

    def active(self, table):
        return self.timed(table, lambda: self.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")

    def import_table(self, table, prefix):
        arn = self.dynamodb.import_table(
            S3BucketSource={"S3Bucket": "bench", "S3KeyPrefix": prefix}, InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP", TableCreationParameters={
                "TableName": table, "BillingMode": "PAY_PER_REQUEST", **SCHEMA})["ImportTableDescription"]["ImportArn"]

        def ended():
            shown = self.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
            return shown if shown["ImportStatus"] != "IN_PROGRESS" else None
        shown = self.timed(f"import {table}", ended)
        assert (shown["ImportStatus"], shown["ImportedItemCount"], shown["ErrorCount"]) == ("COMPLETED", self.items, 0)

    def export(self, table, **arguments):
        """The folder of the data files, and their lines."""
        arn = self.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
        export = self.dynamodb.export_table_to_point_in_time(
            TableArn=arn, S3Bucket="bench", **arguments)["ExportDescription"]["ExportArn"]

        def ended():
            shown = self.dynamodb.describe_export(ExportArn=export)["ExportDescription"]
            return shown if shown["ExportStatus"] != "IN_PROGRESS" else None
        shown = self.timed(f"export {table}", ended)
        assert shown["ExportStatus"] == "COMPLETED", shown
        folder = shown["ExportManifest"].rsplit("/", 1)[0] + "/data/"
        lines = set()
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket="bench", Prefix=folder):
            for entry in page["Contents"]:
                data = self.s3.get_object(Bucket="bench", Key=entry["Key"])["Body"].read()
                lines.update(gzip.decompress(data).decode().splitlines())
        return folder, lines

    def recovery(self, table):
        self.dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})

    def check(self, table, expected):
        self.recovery(table)
        _, lines = self.export(table)
        assert lines == expected, f"{table} is not as it was: {len(lines ^ expected)} differences"
        entries = set()
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=table, IndexName="by-g"):
            entries.update(tuple(entry[name].popitem()[1] for name in ("g", "pk", "sk", "v")) for entry in page["Items"])
        wanted = {tuple(json.loads(text)["Item"][name].popitem()[1] for name in ("g", "pk", "sk", "v")) for text in expected}
        assert entries == wanted, f"the index of {table} is not as it was: {len(entries ^ wanted)} differences"

    def write(self, numbers, value):
        numbers = list(numbers)
        for i in range(0, len(numbers), 25):
            self.dynamodb.batch_write_item(RequestItems={"source": [
                {"PutRequest": {"Item": item(n, value)}} for n in numbers[i:i + 25]]})

    def run(self):
        self.s3.create_bucket(Bucket="bench")
        for start in range(0, self.items, PART):
            text = "\n".join(line(n) for n in range(start, min(start + PART, self.items)))
            self.s3.put_object(Bucket="bench", Key=f"in/{start:09}.json.gz", Body=gzip.compress(text.encode(), 1))
        self.import_table("source", "in/")
        self.recovery("source")
        time.sleep(1.1)
        self.write(range(0, 10_000), 1)
        second = int(time.time()) + 1
        time.sleep(second - time.time() + 0.01)
        expected = {line(n, 1 if n < 10_000 else 0) for n in range(self.items)}
        self.write(range(5_000, 15_000), 2)
        latest = (expected - {line(n, 1 if n < 10_000 else 0) for n in range(5_000, 15_000)}) | {
            line(n, 2) for n in range(5_000, 15_000)}
        time.sleep(1)

        self.dynamodb.restore_table_to_point_in_time(
            SourceTableName="source", TargetTableName="restored", RestoreDateTime=second)
        self.active("restored")
        backup = self.dynamodb.create_backup(TableName="source", BackupName="bench")["BackupDetails"]["BackupArn"]
        self.timed("backup", lambda: self.dynamodb.describe_backup(BackupArn=backup)["BackupDescription"]
                   ["BackupDetails"]["BackupStatus"] == "AVAILABLE")
        self.dynamodb.restore_table_from_backup(TargetTableName="from-backup", BackupArn=backup)
        self.active("from-backup")
        folder, lines = self.export("source", ExportTime=second)
        assert lines == expected
        self.import_table("again", folder)
        self.check("restored", expected)
        self.check("from-backup", latest)
        self.check("again", expected)
        print(f"all copies of {self.items} items are exact")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder) / "data").start()
        try:
            Bench(server, arguments.items).run()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
