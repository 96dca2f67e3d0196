"""Finds calls that only some rooms may make: the clock, randomness, threads, files and the environment
belong to core, store, net, sandbox, workers, gateway, client and app; everybody else gets them from its context.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FREE = ("src/core/", "src/store/", "src/net/", "src/sandbox/", "src/workers/", "src/gateway/", "src/app/",
        "src/client/")
BANNED = [
    (r"std::regex\b", "std::regex: use re2", ()),
    (r"\b(system_clock|steady_clock)::now\b", "the clock: use the context's time", FREE),
    (r"\b(std::rand|rand|srand)\(", "rand: use Rng", ()),
    (r"std::random_device|mt19937", "randomness: use Rng", FREE),
    (r"std::this_thread::sleep|\busleep\(|\bsleep\(", "sleeping", ("src/store/", "src/sandbox/")),
    (r"\bgetenv\(", "getenv: configuration comes through app", ("src/app/",)),
    (r"\bstd::thread\b|std::jthread|std::async", "a thread", FREE),
    (r"\bstd::(i|o)?fstream\b|\bfopen\(", "a file", FREE),
]


def main():
    files = subprocess.run(["git", "ls-files", "src/*.h", "src/*.cc"], cwd=ROOT, text=True, check=True,
                           stdout=subprocess.PIPE).stdout.split()
    problems = []
    for file in files:
        if re.search(r"_(test|bench|fuzz)\.cc$", file):
            continue
        for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
            code = re.sub(r'"(?:\\.|[^"\\])*"', '""', line.split("//")[0])
            for pattern, what, allowed in BANNED:
                if re.search(pattern, code) and not file.startswith(allowed or ("\0",)):
                    problems.append(f"{file}:{number}: {what}")
    print("\n".join(problems) if problems else f"banned calls: {len(files)} files, none")
    return 1 if problems else 0


sys.exit(main())
