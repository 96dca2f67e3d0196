"""The end-to-end benchmark: each number beside a limit measured in the same run on the same machine.

Usage: .venv/bin/python bench/run.py [--seconds 5] [--out bench/results/NAME.md]
Needs: tools/setup/install.sh build run bench; cmake --build --preset release --target millrace pinehead bench
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "examples/pinehead")]
from conftest import BINARY, FUNCTIONS, Server, free_port  # noqa: E402
from zips import zip_of  # noqa: E402

BUILD = BINARY.parent
ITEMS = 10_000
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAROOTROOTROOTROOT", "AWS_SECRET_ACCESS_KEY": "root-secret-of-the-tests-0123456789abcdef"}


class Run:
    def __init__(self, seconds):
        self.seconds = seconds
        self.rows = []

    def load(self, name, mode, port, connections, pid=0, argument="", seconds=None):
        output = subprocess.run(
            [BUILD / "bench/http_load", mode, str(port), str(connections), str(seconds or self.seconds), str(pid), argument],
            env={**os.environ, **KEYS}, check=True, stdout=subprocess.PIPE, text=True).stdout
        row = {"name": name, **json.loads(output)}
        self.rows.append(row)
        print(f"{name:44} {connections:4} connections {row['operations_per_second']:9.0f}/s "
              f"p50 {row['p50_us']:7.0f} us p99 {row['p99_us']:7.0f} us cpu {row['server_cpu_us']:6.1f} us", flush=True)
        return row


def bench_table(client, name, **more):
    """The table that bench/dynamodb_load.h describes."""
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"},
                                              {"AttributeName": "sk", "AttributeType": "N"},
                                              *more.pop("AttributeDefinitions", [])], **more)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def store_limit(threads=64):
    """Synced puts per second of bare RocksDB's own group commit, now."""
    folder = tempfile.mkdtemp(prefix="limit", dir=os.environ.get("MILLRACE_BENCH_DIR"))
    output = subprocess.run([BUILD / "bench/store_limit", folder, "2", str(threads), "1"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    shutil.rmtree(folder, ignore_errors=True)
    return float(re.search(r"bare RocksDB (\d+)", output).group(1))


def dynamodb(run, server):
    bench_table(server.client("dynamodb"), "bench")
    pid, table = server.process.pid, f"bench:{ITEMS}"
    run.load("BatchWriteItem 25 (items)", "load-items", server.port, 16, pid, table)
    for connections in (1, 16, 64):
        run.load("GetItem", "get-item", server.port, connections, pid, table)
    limits, puts = [], []
    for _ in range(3):  # alternating, since a disk's moods change within seconds
        limits.append(store_limit())
        puts.append(run.load("PutItem (durable)", "put-item", server.port, 64, pid, table)["requests_per_second"])
    for connections in (1, 16):
        run.load("PutItem (durable)", "put-item", server.port, connections, pid, table)
    return statistics.median(limits), statistics.median(puts)


def sqs(run, server):
    url = server.client("sqs").create_queue(QueueName="bench")["QueueUrl"]
    pid = server.process.pid
    run.load("SQS SendMessage", "sqs-send", server.port, 64, pid, url)
    run.load("SQS SendMessageBatch 10 (messages)", "sqs-send-10", server.port, 16, pid, url)
    run.load("SQS receive and delete, batches of 10 (messages)", "sqs-receive", server.port, 16, pid, url)


def website(run, server):
    s3 = server.client("s3")
    page = b"<!doctype html>" + b"x" * 4081
    s3.create_bucket(Bucket="bench-site")
    s3.put_bucket_website(Bucket="bench-site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.delete_public_access_block(Bucket="bench-site")
    s3.put_bucket_policy(Bucket="bench-site", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bench-site/*"}]}))
    s3.put_object(Bucket="bench-site", Key="index.html", Body=page, ContentType="text/html")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx"))
    os.chmod(folder, 0o755)
    (folder / "index.html").write_bytes(page)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{ }} http {{ access_log off; sendfile on; keepalive_requests 100000000; default_type text/html; server {{ listen 127.0.0.1:{port};"
        f" root {folder}; open_file_cache max=100; }} }}")
    nginx = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        limit = run.load("nginx, the same page from a file", "plain", port, 16)
        ours = run.load("website GET 4 KiB", "website", server.port, 16, server.process.pid, "bench-site")
    finally:
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(folder)
    return limit["requests_per_second"], ours["requests_per_second"]


def function(server, name, runtime, handler, code, role):
    client = server.client("lambda")
    client.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Timeout=30, Code={"ZipFile": code})
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.invoke(FunctionName=name)


def invoke(run, server):
    role = server.role("bench")
    function(server, "bench-python", "python3.11", "m.handler",
             zip_of({"m.py": "def handler(event, context):\n    return event\n"}), role)
    run.load("Lambda warm invoke, Python", "invoke", server.port, 1, server.process.pid, "bench-python")
    function(server, "bench-native", "provided.al2023", "bootstrap",
             (FUNCTIONS / "order_writer.zip").read_bytes(), server.role("bench-native"))
    # With no Records the handler only raises: a round trip through the Runtime API.
    run.load("Lambda warm invoke, native", "invoke", server.port, 1, server.process.pid, "bench-native")


def order_to_page(server, rounds=60):
    """Milliseconds from sending an order until the page anyone can read shows it."""
    from deploy import Deployment
    os.environ["AWS_ENDPOINT_URL"] = server.endpoint
    deployed = Deployment(server.session(), FUNCTIONS, "pinehead-leaderboard").deploy()
    client = server.client("sqs")
    times = []
    for _ in range(rounds):
        title = f"album {uuid.uuid4()}"
        body = json.dumps({"id": str(uuid.uuid4()), "album": {"title": title, "artist_name": "bench"}})
        start = time.perf_counter()
        client.send_message(QueueUrl=deployed["queue_url"], MessageBody=body)
        while title not in server.website(deployed["bucket"])[2]:
            if time.perf_counter() - start > 30:
                raise SystemExit("an order did not reach the page within 30 s")
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    run = Run(arguments.seconds)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench", dir=os.environ.get("MILLRACE_BENCH_DIR")))
    server = Server(folder / "data").start()
    try:
        put_limit, put = dynamodb(run, server)
        sqs(run, server)
        page_limit, page = website(run, server)
        invoke(run, server)
        page_p50, page_p99 = order_to_page(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    get = next(row for row in run.rows if row["name"] == "GetItem" and row["connections"] == 64)
    summary = [
        f"GetItem: {get['server_cpu_us']:.1f} us of server CPU at 64 connections",
        f"PutItem, durable, 64 connections: {put / put_limit:.2f} of bare RocksDB's group commit with 64 threads "
        f"({put:.0f} and {put_limit:.0f} per second, medians of three alternating rounds)",
        f"website GET: {page / page_limit:.2f} of nginx",
        f"order to page: median {page_p50:.1f} ms, p99 {page_p99:.1f} ms, window 0",
    ]
    print("\n".join(summary))
    if arguments.out:
        lines = [f"# {arguments.out.stem}", "",
                 f"{platform.machine()}, {os.cpu_count()} cores shared with the driver, Linux {platform.release()}, "
                 f"{arguments.seconds} s a row, requests signed and verified, 400-byte items, data on disk with a flush "
                 "before every answer. Quote ratios, not absolutes.", "", *[f"- {line}" for line in summary], "",
                 "| what | connections | per second | p50 us | p99 us | server CPU us a request |", "|---|---|---|---|---|---|"]
        lines += [f"| {r['name']} | {r['connections']} | {r['operations_per_second']} | {r['p50_us']} | {r['p99_us']} | "
                  f"{r['server_cpu_us']} |" for r in run.rows]
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
