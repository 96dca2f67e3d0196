#!/usr/bin/env bash
# Installs what is missing for the given groups (build, run, test, bench, lint), and nothing else:
# Debian packages from packaging/debian-packages.txt, Python packages into folders of this checkout.
# Usage: tools/setup/install.sh GROUP [GROUP ...]
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=()
for group in "$@"; do
    while read -r package groups; do
        [[ " $groups " == *" $group "* ]] && wanted+=("$package")
    done < <(grep -v '^#' packaging/debian-packages.txt)
done
missing=()
for package in $(printf '%s\n' "${wanted[@]}" | sort -u); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || { echo "install.sh: run as root, or install sudo" >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# A virtual environment of Debian's Python, made again when its requirements change.
python_folder() {
    local folder=$1 requirements=$2
    if ! cmp -s "$requirements" "$folder/.requirements"; then
        echo "Installing Python packages into $folder"
        rm -rf "$folder"
        /usr/bin/python3 -m venv "$folder"
        "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements"
        cp "$requirements" "$folder/.requirements"
    fi
}
for group in "$@"; do
    case $group in
        build | test) python_folder .venv packaging/python-test-requirements.txt ;;
    esac
    case $group in
        run | test) python_folder build/runtimes/python packaging/python-runtime-requirements.txt ;;
    esac
done
