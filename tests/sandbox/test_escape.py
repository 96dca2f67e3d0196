"""A hostile function tries to get out of its sandbox, or to take more than its share.
The server runs as whoever runs the tests, and, when that is root, as an ordinary user as well."""
import io
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

import conftest
from conftest import Server, wait_until
from zips import zip_of

HOSTILE = (pathlib.Path(__file__).parent / "hostile.py").read_text()
USER = "nobody"
# A runtime that sends requests that are answered with errors for ever, or never reads its event.
BUSY = """#!/usr/bin/python3 -S
import os, socket, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
api = socket.create_connection((host, int(port)))
api.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\n\\r\\n")
if os.environ["HOW"] == "read_nothing":
    time.sleep(100)
api.setblocking(False)
requests = b"GET /nonsense HTTP/1.1\\r\\n\\r\\n" * 10_000
at = 0
while True:
    try:
        at = (at + api.send(requests[at:])) % len(requests)
    except BlockingIOError:
        pass
    try:
        api.recv(1 << 20)
    except BlockingIOError:
        pass
"""


class ServerOfUser(Server):
    """As an ordinary user, who may not read where the build lies: binary and runtime are copied."""

    def start(self):
        home = self.data_dir.parent
        if not (home / "bin").exists():
            (home / "bin").mkdir()
            shutil.copy(conftest.BINARY, home / "bin/millrace")
            runtimes = conftest.BINARY.parent.parent / "runtimes"
            shutil.copytree(runtimes, home / "runtimes", symlinks=True)
            subprocess.run(["chown", "-R", USER, home], check=True)
            for folder in [home, *home.parents]:
                if not folder.stat().st_mode & 1:
                    folder.chmod(folder.stat().st_mode | 0o011)
        real, conftest.BINARY = conftest.BINARY, self.wrapper(home)
        try:
            return super().start()
        finally:
            conftest.BINARY = real

    @staticmethod
    def wrapper(home):
        script = home / "as-user"
        script.write_text(f"#!/bin/sh\nexec setpriv --reuid {USER} --regid nogroup --clear-groups -- {home}/bin/millrace \"$@\"\n")
        script.chmod(0o755)
        return script


KINDS = [Server, ServerOfUser] if os.geteuid() == 0 else [Server]


class Hostile:
    def __init__(self, server):
        self.server = server
        self.awslambda = server.client("lambda")
        self.role = server.role("hostile")

    def create(self, name, code=None, **settings):
        arguments = {"Runtime": "python3.11", "Handler": "m.handler", "Timeout": 30, "MemorySize": 256, **settings}
        self.awslambda.create_function(FunctionName=name, Role=self.role, Code={"ZipFile": code or zip_of({"m.py": HOSTILE})}, **arguments)
        self.awslambda.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def answer(self, name, what, **event):
        response = self.awslambda.invoke(FunctionName=name, Payload=json.dumps({"try": what, **event}))
        return response.get("FunctionError"), json.load(response["Payload"])

    def __call__(self, what, **event):
        error, answer = self.answer("hostile", what, **event)
        assert error is None, answer
        return answer


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "as-root" if kind is Server and os.geteuid() == 0 else "as-user")
def hostile(request, tmp_path_factory):
    instance = request.param(tmp_path_factory.mktemp("hostile") / "data").start()
    made = Hostile(instance)
    made.create("hostile")
    yield made
    assert instance.stop() == 0


def all_refused(answers):
    assert all(answer.startswith("refused") for answer in answers), answers


def test_has_no_rights(hostile):
    identity = hostile("identity")
    assert all(identity[name] == "0000000000000000" for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    assert (identity["NoNewPrivs"], identity["Seccomp"]) == ("1", "2")
    assert 0 not in identity["uid"] + identity["gid"] + identity["groups"]
    all_refused(hostile("set_ids"))


def test_is_a_user_of_its_own_when_the_server_is_root(hostile):
    """What the host sees of the sandboxes' processes."""
    hostile("identity")
    server = hostile.server.process.pid
    ids = []
    for pid in descendants(server):
        if os.readlink(f"/proc/{pid}/ns/pid") != os.readlink(f"/proc/{server}/ns/pid"):
            ids += [line.split()[1:] for line in open(f"/proc/{pid}/status") if line.startswith(("Uid:", "Gid:"))]
    assert len(ids) >= 4
    for each in ids:
        if server_is_root(hostile):
            assert all(1_879_048_192 <= int(one) < 1_879_048_192 + 100 for one in each), ids
        else:
            assert "0" not in each, ids


def server_is_root(hostile):
    return os.stat(f"/proc/{hostile.server.process.pid}").st_uid == 0


def descendants(pid):
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    for task in os.listdir(f"/proc/{pid}/task"):
        children += open(f"/proc/{pid}/task/{task}/children").read().split()
    return [each for child in dict.fromkeys(children) for each in [int(child), *descendants(int(child))]]


@pytest.mark.parametrize("path", ["/var/task/m.py", "/var/runtime/x", "/x", "/usr/x", "/etc/passwd", "/dev/x", "/var/x",
                                  "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", "/proc/sysrq-trigger"])
def test_writes_neither_code_nor_root(hostile, path):
    assert hostile("write", path=path).startswith("refused")


def test_sees_nothing_of_the_host(hostile):
    data = str(hostile.server.data_dir)
    for path in ("/etc/shadow", "/root", f"{data}/root-credentials", f"{data}/seal-key", "/proc/kcore", "/proc/kmsg", "/proc/1/environ",
                 "/sys/kernel", "/home", "/var/lib", "/run"):
        answer = hostile("read", path=path)
        assert answer.startswith("refused") or answer == "got b''", (path, answer)
    assert hostile("read", path="/proc/keys") == "got b''"
    assert hostile("list", path="/tmp") == "got []"
    assert hostile("processes")[:2] == [1, 2] and len(hostile("processes")) == 2
    all_refused(hostile("signal_all", pid=hostile.server.process.pid)[1:])
    assert hostile.server.process.poll() is None


def test_makes_no_namespaces_and_no_mounts(hostile):
    assert set(hostile("namespaces").values()) == {"refused EPERM"}
    assert hostile("clone") == ["refused EPERM", "refused ENOSYS"]
    assert set(hostile("mount")) == {"refused EPERM"}


def test_reaches_no_other_process(hostile):
    all_refused(hostile("ptrace"))


def test_uses_no_dangerous_part_of_the_kernel(hostile):
    assert set(hostile("kernel")) == {"refused EPERM"}


def test_connects_to_nothing_but_the_server(hostile):
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert hostile("connect", host="127.0.0.1", port=other.getsockname()[1]) == "refused ECONNREFUSED"
    assert hostile("connect", host="127.0.0.1", port=hostile.server.port) == "refused ECONNREFUSED"
    assert hostile("connect", host="192.0.2.1", port=80) == "refused ENETUNREACH"
    assert hostile("connect", host="169.254.169.254", port=80) == "refused ENETUNREACH"
    assert hostile("connect", host="127.0.0.1", port=4566) == "got None"
    assert set(hostile("families")) == {"refused EAFNOSUPPORT"}


def test_has_limits(hostile):
    assert hostile("limits") == [[1024, 1024], [1024, 1024], [1, 1]]
    assert hostile("tmp") == 512
    # With memory for all of them; with less, that ends it first.
    hostile.create("bomber", MemorySize=3008)
    assert hostile.answer("bomber", "fork_bomb") == (None, "refused EAGAIN after many")
    assert hostile.answer("bomber", "limits")[0] is None  # and goes on


@pytest.mark.parametrize("bomb", ["memory_bomb", "memory_bomb_of_children", "shared_memory_bomb"])
def test_memory_bomb_is_killed(hostile, bomb):
    error, answer = hostile.answer("hostile", bomb)
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith(" Error: Runtime exited with error: signal: killed")
    assert hostile("identity")["Seccomp"] == "2"


def test_memory_files_are_limited(hostile):
    error, answer = hostile.answer("hostile", "memory_files")
    assert (error, answer) == (None, "refused EPERM") or answer["errorMessage"].endswith("signal: killed")


def test_tmp_is_limited_and_beside_the_memory(hostile):
    hostile.create("tmp", MemorySize=128, EphemeralStorage={"Size": 600})
    assert hostile.answer("tmp", "fill_tmp") == (None, "refused ENOSPC after 600")
    assert hostile.answer("tmp", "tmp") == (None, 600)


def test_exit_and_timeout_take_the_whole_tree(hostile):
    error, answer = hostile.answer("hostile", "exit", status=7)
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert answer["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")
    hostile.create("sleeper", Timeout=1)
    error, answer = hostile.answer("sleeper", "sleep", seconds=20)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert not [pid for pid in descendants(hostile.server.process.pid) if b"987" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("how", ["pipeline_nonsense", "read_nothing"])
def test_timeout_ends_what_keeps_the_runtime_api_busy(hostile, how):
    hostile.create(how.replace("_", "-"), Timeout=2, Runtime="provided.al2023", Handler="x",
                   code=zip_of({"bootstrap": BUSY}), Environment={"Variables": {"HOW": how}})
    start = time.monotonic()
    error, answer = hostile.answer(how.replace("_", "-"), "x" * 5_000_000)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert time.monotonic() - start < 5


def test_takes_few_of_the_servers_files(hostile):
    """All the connections that a function can have, to the server's own endpoint."""
    hostile.create("hoarder", MemorySize=512)
    server = hostile.server.process.pid
    soft, hard = [line.split()[3:5] for line in open(f"/proc/{server}/limits") if line.startswith("Max open files")][0]
    assert soft == hard
    before = len(os.listdir(f"/proc/{server}/fd"))
    assert hostile.answer("hoarder", "hoard_connections") == (None, "tried 600")
    assert 128 <= len(os.listdir(f"/proc/{server}/fd")) - before < 128 * 3 + 30
    assert hostile("identity")["Seccomp"] == "2"


def test_what_is_left_behind_is_frozen_between_events(hostile):
    hostile.create("leaver")
    hostile.create("neighbour")
    assert hostile.answer("leaver", "leave_behind")[0] is None
    assert hostile.answer("neighbour", "processes")[1] == [1, 2]
    assert hostile.answer("neighbour", "counted") == (None, None)
    time.sleep(1.5)  # until it is frozen
    before = hostile.answer("leaver", "counted")[1]
    time.sleep(3)
    after = hostile.answer("leaver", "counted")[1]
    assert 0 < before <= after < before + 200, (before, after)


def test_printing_a_lot_holds_nothing_up(hostile):
    assert hostile.answer("hostile", "print", lines=20000) == (None, "printed")
    assert hostile("identity")["Seccomp"] == "2"


@pytest.mark.parametrize("name, link", [("../evil.py", None), ("/tmp/evil.py", None), ("a/../../evil.py", None), ("evil", "/etc"), ("evil", "../..")])
def test_zip_that_leaves_its_folder(hostile, name, link):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m.py", "def handler(event, context): return 1\n")
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o120777 if link else 0o100644) << 16
        archive.writestr(entry, link or "x")
    with pytest.raises(ClientError) as error:
        hostile.create("zip-slip", buffer.getvalue())
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_killed_server_leaves_nothing_behind(tmp_path):
    instance = Server(tmp_path / "data").start()
    hostile = Hostile(instance)
    hostile.create("leaver")
    assert hostile.answer("leaver", "leave_behind")[0] is None
    time.sleep(1.5)  # until it is frozen
    processes = descendants(instance.process.pid)
    assert len(processes) >= 3
    instance.kill()
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in processes), 5, "the end of all processes")
    instance.start()
    assert Hostile.answer(hostile, "leaver", "counted") == (None, None)
    assert instance.stop() == 0


def test_many_functions_start_at_once(tmp_path):
    instance = Server(tmp_path / "data").start()
    hostile = Hostile(instance)
    for n in range(6):
        hostile.create(f"f{n}")
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(hostile.answer(f"f{n % 6}", "limits")[0])) for n in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 18
    assert instance.stop() == 0


def test_stop_waits_only_so_long(tmp_path):
    instance = Server(tmp_path / "data").start()
    hostile = Hostile(instance)
    hostile.create("long", Timeout=300)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(hostile.answer("long", "sleep", seconds=100)))
    waiting.start()
    wait_until(lambda: [pid for pid in descendants(instance.process.pid)
                        if b"987" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()], 20, "the function's start")
    start = time.monotonic()
    assert instance.stop() == 0
    assert time.monotonic() - start < 15
    waiting.join()
    assert answers and answers[0][0] == "Unhandled"
