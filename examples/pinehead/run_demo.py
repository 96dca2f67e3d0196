"""Starts Millrace, deploys the order pipeline and feeds it orders until Ctrl-C. `./run` calls it."""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

import orders
from deploy import Deployment


def start_server(arguments):
    server = subprocess.Popen(
        [arguments.millrace, "serve", "--data-dir", arguments.data_dir, "--port", str(arguments.port)],
        stdout=subprocess.PIPE, text=True, start_new_session=True)
    for line in server.stdout:
        if line.rstrip().endswith("Ready."):
            return server
    sys.exit(server.wait() or 1)


def root_credentials(data_dir):
    """The root key that the server keeps in its data folder, unless the environment sets one."""
    key = os.environ.get("MILLRACE_ROOT_ACCESS_KEY_ID")
    if key:
        return key, os.environ["MILLRACE_ROOT_SECRET_ACCESS_KEY"]
    text = (pathlib.Path(data_dir) / "root-credentials").read_text()
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return values["AWS_ACCESS_KEY_ID"].strip(), values["AWS_SECRET_ACCESS_KEY"].strip()


def website(port, bucket):
    return f"http://{bucket}.s3-website.localhost:{port}/"


def sold_on_page(port, bucket):
    """The sum of the page's last column, as a browser without any key sees it."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={
        "Host": f"{bucket}.s3-website.localhost:{port}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            page = response.read().decode()
    except OSError:
        return 0
    return sum(int(n) for n in re.findall(r"<td>(\d+)</td></tr>", page))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--functions", required=True)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="orders per second")
    arguments = parser.parse_args()

    stop = []
    signal.signal(signal.SIGINT, lambda *_: stop.append(True))
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    server = start_server(arguments)
    try:
        key, secret = root_credentials(arguments.data_dir)
        endpoint = f"http://127.0.0.1:{arguments.port}"
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        session = boto3.Session(key, secret, region_name="us-east-1")
        deployment = Deployment(session, arguments.functions, "pinehead-leaderboard").deploy()
        print(f"""
Millrace runs at {endpoint}, its data is in {arguments.data_dir}.

  The leaderboard, updated by every order:  {website(arguments.port, deployment['bucket'])}

  For your own SDK code or the AWS CLI, paste:
    export AWS_ENDPOINT_URL={endpoint} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
    export AWS_ACCESS_KEY_ID={key}
    export AWS_SECRET_ACCESS_KEY=$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' {arguments.data_dir}/root-credentials)
  For example:  aws dynamodb scan --table-name orders_leaderboard

  Ctrl-C stops the server cleanly; ./run goes on with all data.
""", flush=True)
        sqs = session.client("sqs", config=Config(retries={"max_attempts": 1}))
        sent = 0
        shown = 0.0
        while not stop and server.poll() is None:
            sqs.send_message(QueueUrl=deployment["queue_url"], MessageBody=json.dumps(orders.order()))
            sent += 1
            if time.monotonic() - shown >= 1:
                shown = time.monotonic()
                print(f"\r  {sent} orders sent, {sold_on_page(arguments.port, deployment['bucket'])} sold on the page  ",
                      end="", flush=True)
            time.sleep(1 / arguments.rate)
        print()
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        code = server.wait()
    return code


if __name__ == "__main__":
    sys.exit(main())
