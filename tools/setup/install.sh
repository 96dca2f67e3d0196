#!/usr/bin/env bash
# Installs what is missing for the given groups (build, run, test, bench, lint, dax), and nothing
# else: Debian packages from packaging/debian-packages.txt; packages for Python and the DAX clients
# for JavaScript and Java (dax) into folders of this checkout.
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
    # Other distributions of Node.js bring their npm along, and exclude Debian's package.
    [[ $package == npm ]] && command -v npm >/dev/null && continue
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
# The DAX clients that tests/dax drives: what a description (package-lock.json, pom.xml) names, in a
# folder of its own, made again when the description changes.
dax_client() {
    local name=$1 description=$2 source=tests/dax/clients/$1 folder=build/dax-clients/$1
    shift 2
    if ! cmp -s "$source/$description" "$folder/.description"; then
        echo "Installing the DAX client for $name into $folder"
        rm -rf "$folder"
        mkdir -p "$folder"
        "$@" "$source" "$folder"
        cp "$source/$description" "$folder/.description"
    fi
}
javascript_packages() {
    cp "$1/package.json" "$1/package-lock.json" "$2"
    (cd "$2" && npm ci --silent --ignore-scripts --no-audit --no-fund)
}
java_packages() {
    mvn -q -B -f "$1/pom.xml" dependency:copy-dependencies -DoutputDirectory="$PWD/$2"
}
for group in "$@"; do
    case $group in
        build | test) python_folder .venv packaging/python-test-requirements.txt ;;
    esac
    case $group in
        run | test) python_folder build/runtimes/python packaging/python-runtime-requirements.txt ;;
    esac
    case $group in
        dax)
            dax_client javascript-v3 package-lock.json javascript_packages
            dax_client javascript-v1 package-lock.json javascript_packages
            dax_client java pom.xml java_packages
            ;;
    esac
done
