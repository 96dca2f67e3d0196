"""DynamoDB at several table sizes and numbers of connections, beside bare RocksDB's group commit in the same minutes.

Usage: .venv/bin/python bench/dynamodb.py [--items 10000,1000000] [--connections 1,64,512] [--seconds 2] [--out FILE]
Needs what bench/run.py needs.
"""
import argparse
import os
import pathlib
import platform
import shutil
import tempfile
import time

from run import Run, Server, bench_table, store_limit

MODES = [("GetItem", "get-item"), ("Query, pages of 20 (items)", "query"), ("PutItem", "put-item"),
         ("UpdateItem ADD", "update-item"), ("UpdateItem ADD, one hot item", "update-item-hot"),
         ("BatchWriteItem 25 (items)", "batch-write"), ("TransactWriteItems 2", "transact-write")]


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def add_stream_and_index(client):
    """Seconds until the index was filled."""
    client.update_table(TableName="bench", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    start = time.monotonic()
    client.update_table(
        TableName="bench", AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in
                                                 (("pk", "S"), ("sk", "N"), ("gk", "S"))],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-gk", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                                 "KeySchema": [{"AttributeName": "gk", "KeyType": "HASH"}]}}])
    while client.describe_table(TableName="bench")["Table"]["TableStatus"] != "ACTIVE":
        time.sleep(0.05)
    return time.monotonic() - start


def measure(items, connections, seconds):
    """Rows of (what, connections, row of http_load), and lines that sum up."""
    run = Run(seconds)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench", dir=os.environ.get("MILLRACE_BENCH_DIR")))
    server = Server(folder / "data").start()
    try:
        client, pid = server.client("dynamodb"), server.process.pid
        bench_table(client, "bench")
        loaded = run.load(f"loading {items} items", "load-items", server.port, 32, pid, f"bench:{items}", seconds=3600)
        for name, mode in MODES:
            for n in connections:
                run.load(name, mode, server.port, n, pid, f"bench:{items}")
        limits = {n: store_limit(n) for n in connections}
        seconds_filled = add_stream_and_index(client)
        for n in connections:
            run.load("PutItem, with a stream and an index", "put-item", server.port, n, pid, f"bench:{items}")
        memory = resident_mib(pid)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    shares = ", ".join(f"{row['requests_per_second'] / limits[row['connections']]:.2f} at {row['connections']} "
                       f"({limits[row['connections']]:.0f}/s)" for row in run.rows if row["name"] == "PutItem")
    return run.rows, [f"{items} items: loaded at {loaded['operations_per_second']} a second; "
                      f"PutItem of bare RocksDB's group commit with as many threads: {shares}; "
                      f"index filled at {items / seconds_filled:.0f} items a second; {memory:.0f} MiB resident at the end"]


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=numbers, default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--connections", type=numbers, default=[1, 64, 512])
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    results = {items: measure(items, arguments.connections, arguments.seconds) for items in arguments.items}
    lines = ["# DynamoDB", "",
             f"{platform.machine()}, {os.cpu_count()} cores shared with the driver, {arguments.seconds} s a row, requests signed "
             "and verified, 400-byte items, a flush before every answer to a write. Quote ratios, not absolutes.", ""]
    lines += [f"- {line}" for _, summary in results.values() for line in summary]
    lines += ["", "| items | what | connections | per second | p50 us | p99 us | server CPU us a request |",
              "|---|---|---|---|---|---|---|"]
    lines += [f"| {items} | {r['name']} | {r['connections']} | {r['operations_per_second']} | {r['p50_us']} | {r['p99_us']} | "
              f"{r['server_cpu_us']} |" for items, (rows, _) in results.items() for r in rows]
    print("\n".join(lines))
    if arguments.out:
        arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
