"""A function that tries to get out of its sandbox: {"try": name, ...} -> what came of it.
Every attempt answers a word beginning with "refused" or "nothing" when it failed, else what it got."""
import ctypes
import errno
import glob
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE = {"user": 0x10000000, "mount": 0x00020000, "net": 0x40000000, "pid": 0x20000000, "cgroup": 0x02000000}


def call(function, *arguments):
    if function(*arguments) == -1:
        return "refused " + errno.errorcode[ctypes.get_errno()]
    return "done"


def attempt(action):
    try:
        return f"got {action()!r}"[:300]
    except OSError as error:
        return "refused " + errno.errorcode.get(error.errno, str(error))


def write(path):
    def action():
        with open(path, "w") as file:
            return file.write("x")
    return attempt(action)


def read(path):
    def action():
        with open(path, "rb") as file:
            return file.read(100)
    return attempt(action)


def syscall(number, *arguments):
    return call(libc.syscall, number, *arguments)


def connect(family, address, kind=socket.SOCK_STREAM):
    def action():
        with socket.socket(family, kind) as client:
            client.settimeout(2)
            return client.connect(address)
    return attempt(action)


def identity():
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    return {"uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(),
            **{name: status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}}


def fork_bomb():
    children = []
    try:
        while len(children) < 20000:
            pid = os.fork()
            if pid == 0:
                time.sleep(30)
                os._exit(0)
            children.append(pid)
    except OSError as error:
        return f"refused {errno.errorcode[error.errno]} after {'many' if len(children) < 1100 else 'too many'}"
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)
    return "no limit"


def memory_bomb():
    kept = []
    while True:
        block = bytearray(8 << 20)
        block[::4096] = b"x" * len(block[::4096])
        kept.append(block)


def memory_bomb_of_children():
    for _ in range(8):
        if os.fork() == 0:
            memory_bomb()
    time.sleep(20)


def shared_memory_bomb():
    kept = []
    for _ in range(512):
        block = mmap.mmap(-1, 8 << 20)
        block.write(b"x" * (8 << 20))
        kept.append(block)
    return "no limit"


def fill_tmp():
    written = 0
    try:
        with open("/tmp/fill", "wb") as file:
            while written < 4 << 30:
                written += file.write(b"x" * (1 << 20))
    except OSError as error:
        return f"refused {errno.errorcode[error.errno]} after {written >> 20}"
    finally:
        os.unlink("/tmp/fill")
    return "no limit"


def memory_files():
    """In no process's resident memory: limited by a control group, or refused."""
    made = libc.memfd_create(b"x", 0)
    if made < 0:
        return "refused " + errno.errorcode[ctypes.get_errno()]
    for _ in range(4096):
        os.write(made, b"x" * (1 << 20))
    return "no limit"


def hoard_connections():
    kept = []
    for _ in range(600):
        client = socket.socket()
        kept.append(client)
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", 4566))
    time.sleep(1)  # until all that are let in are in
    globals()["hoard"] = kept
    return "tried 600"


def leave_behind():
    """A child that counts on after its event."""
    pid = os.fork()
    if pid == 0:
        for fd in range(3, 100):
            try:
                os.close(fd)
            except OSError:
                pass
        n = 0
        while True:
            n += 1
            with open("/tmp/count.new", "w") as file:
                file.write(str(n))
            os.replace("/tmp/count.new", "/tmp/count")
            time.sleep(0.01)
    return pid


def counted():
    try:
        return int(open("/tmp/count").read())
    except OSError:
        return None


def set_ids():
    tried = [attempt(lambda: os.setuid(0)), attempt(lambda: os.setgid(0)), attempt(lambda: os.setgroups([0]))]
    for program in glob.glob("/usr/bin/*") + glob.glob("/usr/sbin/*"):
        if os.stat(program).st_mode & 0o4000 and os.path.basename(program) == "su":
            done = subprocess.run([program, "-c", "id -u"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            tried.append("got root" if done.stdout.strip() == "0" else "refused")
    return tried


def handler(event, context):
    what = event["try"]
    if what == "identity":
        return identity()
    if what == "write":
        return write(event["path"])
    if what == "read":
        return read(event["path"])
    if what == "list":
        return attempt(lambda: os.listdir(event["path"]))
    if what == "processes":
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    if what == "namespaces":
        return {name: call(libc.unshare, flag) for name, flag in CLONE.items()}
    if what == "clone":
        return [syscall(56, CLONE["user"] | signal.SIGCHLD, 0, 0, 0, 0), syscall(435, 0, 0)]
    if what == "mount":
        return [call(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None), call(libc.mount, b"", b"/", b"", 32 | 4096, None),
                call(libc.umount2, b"/proc", 2), call(libc.chroot, b"/tmp")]
    if what == "ptrace":
        child = os.fork()
        if child == 0:
            time.sleep(5)
            os._exit(0)
        try:
            return [call(libc.ptrace, 16, 1, 0, 0), call(libc.ptrace, 16, child, 0, 0), read("/proc/1/mem"), read("/proc/1/environ"),
                    write("/proc/1/mem"), attempt(lambda: os.readlink("/proc/1/root"))]
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if what == "kernel":
        # bpf, perf_event_open, userfaultfd, io_uring_setup, add_key, keyctl, kexec_load, init_module, open_by_handle_at
        return [syscall(number, 0, 0, 0, 0, 0) for number in (321, 298, 323, 425, 248, 250, 246, 175, 304)]
    if what == "set_ids":
        return set_ids()
    if what == "connect":
        return connect(socket.AF_INET, (event["host"], event["port"]))
    if what == "families":
        return [attempt(lambda family=family: socket.socket(family, socket.SOCK_DGRAM).close())
                for family in (socket.AF_VSOCK, socket.AF_PACKET, socket.AF_ALG, socket.AF_BLUETOOTH)]
    if what == "signal_all":
        return [attempt(lambda: os.kill(1, signal.SIGKILL)), attempt(lambda: os.kill(event["pid"], signal.SIGKILL))]
    if what == "limits":
        return [resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_NPROC),
                resource.getrlimit(resource.RLIMIT_CORE)]
    if what == "tmp":
        usage = os.statvfs("/tmp")
        return usage.f_blocks * usage.f_frsize >> 20
    if what == "print":
        for i in range(event["lines"]):
            print(f"{i} " + "x" * 1000)
        return "printed"
    if what == "exit":
        os._exit(event["status"])
    if what == "sleep":
        subprocess.Popen(["sleep", "987"])
        time.sleep(event["seconds"])
        return "slept"
    return globals()[what]()


if __name__ == "__main__":
    sys.exit("a Lambda function")
