"""Checks that rooms include only what src/rooms.txt allows, without cycles, and that each has a README.

Usage: rooms.py [--map]   (--map prints the rooms as the Markdown table of ARCHITECTURE.md)
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
README_LINES_MAX = 80
# Libraries that only some rooms may see: they are slow to compile or belong behind an interface.
LIBRARIES = {
    "boost/": {"net", "gateway", "sandbox", "app"},
    "rocksdb/": {"store"},
    "openssl/": {"codec", "net", "app"},
    "curl/": {"client"},
    "simdjson.h": {"codec", "item", "model", "auth"},
}


def read_rooms():
    rooms = {}
    for line in (SRC / "rooms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, edges = line.partition(":")
            rooms[name.strip()] = edges.split()
    return rooms


def room_of(path, rooms):
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if name in rooms and len(parts) > length:
            return name
    return None


def main():
    rooms = read_rooms()
    if "--map" in sys.argv:
        print("| room | may use |\n|---|---|")
        for name, edges in rooms.items():
            print(f"| `{name}` | {', '.join(edges) or 'nothing of ours'} |")
        return 0
    problems = []
    seen = set()
    for name, edges in rooms.items():
        problems += [f"rooms.txt: {name} lists {edge}, which is not above it (a cycle, or unknown)"
                     for edge in edges if edge not in seen]
        seen.add(name)
        readme = SRC / name / "README.md"
        if not readme.exists():
            problems.append(f"{readme.relative_to(ROOT)} is missing")
        elif len(readme.read_text().splitlines()) > README_LINES_MAX:
            problems.append(f"{readme.relative_to(ROOT)} has more than {README_LINES_MAX} lines")
    files = subprocess.run(["git", "ls-files", "src/*.h", "src/*.cc"], cwd=ROOT, text=True, check=True,
                           stdout=subprocess.PIPE).stdout.split()
    for file in files:
        path = file.removeprefix("src/")
        room = room_of(path, rooms)
        if room is None:
            problems.append(f"{file} is in no room of src/rooms.txt")
            continue
        for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
            include = re.match(r'\s*#include\s+["<]([^">]+)[">]', line)
            if not include:
                continue
            target = include.group(1)
            for library, allowed in LIBRARIES.items():
                if target.startswith(library) and room not in allowed:
                    problems.append(f"{file}:{number}: {library} may be included only in {', '.join(sorted(allowed))}")
            if '"' not in line:
                continue
            if target.startswith("."):
                problems.append(f"{file}:{number}: includes are written from src/")
            other = room_of(target, rooms)
            if other is None:
                problems.append(f"{file}:{number}: {target} is in no room")
            elif other != room and other not in rooms[room]:
                problems.append(f"{file}:{number}: {room} may not include {other}")
    print("\n".join(problems) if problems else f"rooms: {len(files)} files, {len(rooms)} rooms, no forbidden edge")
    return 1 if problems else 0


sys.exit(main())
