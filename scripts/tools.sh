#!/bin/sh
# Makes the virtual environment that the repository's commands run in: scripts/tools.sh build/venv
# PYTHON names the interpreter (default python3). Remade whole when the pins change, so that nothing old stays in it.
set -eu

venv=${1:?usage: scripts/tools.sh DIRECTORY}
python=${PYTHON:-python3}
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

if ! command -v "$python" >/dev/null 2>&1; then
    echo "tools: $python is not there; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2
    exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "tools: Python 3.11 or newer is needed, $python is $("$python" -V 2>&1); name a newer one: make PYTHON=python3.12" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "tools: $python lacks the venv module; on Debian and Ubuntu: apt install python3-venv" >&2
    exit 2
fi

echo "tools: making $venv (once)" >&2
trap 'rm -rf "$venv"' HUP INT TERM
rm -rf "$venv"
"$python" -m venv "$venv"
if ! "$venv/bin/python" -m pip install -qq --disable-pip-version-check --requirement "$here/requirements/tools.txt"; then
    rm -rf "$venv"
    echo "tools: pip could not install requirements/tools.txt; see its message above" >&2
    exit 1
fi
: >"$venv/.ready"
