#!/usr/bin/env bash
# The rules that a program can check, in under a minute. Prints what is wrong and where.
set -euo pipefail
cd "$(dirname "$0")/../.."
python3 tools/lint/rooms.py
python3 tools/lint/coroutines.py
python3 tools/lint/banned.py
git ls-files '*.h' '*.cc' | xargs -P2 -n40 clang-format-19 --dry-run --Werror
