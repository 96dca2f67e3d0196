"""Finds what g++ 12 destroys twice in a full expression with co_await (and what is hard to read in any
compiler): a lambda, a braced initialiser or a conditional as an argument, two awaits in one statement.

Name such an argument on the line before.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def statements(text):
    """(line, statement) of every statement with co_await, comments and string contents blanked."""
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    for match in re.finditer(r"co_await\b", text):
        start = max(text.rfind(c, 0, match.start()) for c in ";{}") + 1
        depth = 0
        end = match.end()
        while end < len(text) and not (text[end] == ";" and depth <= 0):
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[end], 0)
            if depth < 0 and text[end] == ")":
                break
            end += 1
        yield text.count("\n", 0, match.start()) + 1, text[start:end]


def problem(statement):
    if len(re.findall(r"\bco_await\b", statement)) > 1:
        return "two co_await in one statement"
    tail = statement[statement.index("co_await"):]
    if re.search(r"[(,]\s*\[[^\]]*\]\s*(\(|\{|mutable)", tail):
        return "a lambda as an argument"
    if re.search(r"[(,]\s*[A-Za-z_:<>]*\{[^}]", tail):
        return "a braced temporary as an argument"
    if re.search(r"\?[^:]*:", tail):
        return "a conditional in the statement"
    return None


def main():
    files = subprocess.run(["git", "grep", "-l", "co_await", "--", "src/*.h", "src/*.cc"], cwd=ROOT, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    problems = []
    for file in files:
        for line, statement in statements((ROOT / file).read_text()):
            what = problem(statement)
            if what:
                problems.append(f"{file}:{line}: {what} together with co_await")
    print("\n".join(problems) if problems else f"coroutines: {len(files)} files, none unsafe for g++ 12")
    return 1 if problems else 0


sys.exit(main())
