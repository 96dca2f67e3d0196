"""The command line: ready line, clean end, and one clear line for each way that starting can fail."""
import os
import re
import signal
import socket
import subprocess

import boto3
import pytest

from conftest import BINARY, ROOT_KEY, ROOT_SECRET, Server, free_port


def run(*arguments, **environment):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **environment})


def assert_one_line(result, pattern):
    assert result.returncode != 0
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and re.search(pattern, lines[0]), result.stderr


def test_bad_options_are_one_line(tmp_path):
    assert_one_line(run("serve", "--port", "70000", "--data-dir", tmp_path / "d"), "port")
    assert_one_line(run("serve", "--data-dir", tmp_path / "d", "--no-such-option"), "no-such-option")
    assert_one_line(run("serve", "--port", "0x", "--data-dir", tmp_path / "d"), "port")


def test_busy_port(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert_one_line(run("serve", "--data-dir", tmp_path / "d", "--port", port), rf"{port}")


def test_data_folder_in_use(own_server):
    assert_one_line(run("serve", "--data-dir", own_server.data_dir, "--port", free_port()), "in use")


def test_data_folder_of_a_newer_version(tmp_path):
    server = Server(tmp_path / "data").start()
    assert server.stop() == 0
    format_file = server.data_dir / "format"
    format_file.write_text("999\n")
    assert_one_line(run("serve", "--data-dir", server.data_dir, "--port", free_port()), "newer")


def test_data_folder_that_cannot_be_made():
    assert_one_line(run("serve", "--data-dir", "/proc/no/such", "--port", free_port()), "/proc/no/such")


def test_root_key_is_made_kept_and_secret(tmp_path):
    server = Server(tmp_path / "data")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_ROOT")}
    keys = []
    for _ in range(2):
        process = subprocess.Popen([BINARY, "serve", "--data-dir", server.data_dir, "--port", str(server.port)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        output = ""
        for line in process.stdout:
            output += line
            if line.rstrip().endswith("Ready."):
                break
        path = server.data_dir / "root-credentials"
        assert path.stat().st_mode & 0o777 == 0o600
        values = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
        keys.append((values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"]))
        identity = server.client("sts", *keys[-1]).get_caller_identity()
        assert identity["Arn"] == "arn:aws:iam::123456789012:root"
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert keys[-1][1] not in output + rest + errors
    assert keys[0] == keys[1]


def test_restart_with_the_environments_key(tmp_path):
    server = Server(tmp_path / "data").start()
    server.client("sqs").create_queue(QueueName="kept")
    assert server.stop() == 0
    server.start()
    assert server.client("sqs", ROOT_KEY, ROOT_SECRET).list_queues()["QueueUrls"][0].endswith("/123456789012/kept")
    assert server.stop() == 0


@pytest.mark.parametrize("key, account", [("test", "000000000000"), ("111122223333", "111122223333")])
def test_dev(key, account):
    port = free_port()
    process = subprocess.Popen([BINARY, "dev", "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert any(line.rstrip().endswith("Ready.") for line in iter(process.stdout.readline, ""))
        session = boto3.Session(key, "test", region_name="us-east-1")
        sts = session.client("sts", endpoint_url=f"http://127.0.0.1:{port}")
        assert sts.get_caller_identity()["Account"] == account
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
