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

# Another make may be at it. A lock whose holder is gone holds nobody.
lock=$venv.lock
mkdir -p "$(dirname -- "$venv")"
waited=0
until mkdir "$lock" 2>/dev/null; do
    if [ ! -d "$lock" ]; then
        echo "tools: $lock can't be made; is $(dirname -- "$venv") writable?" >&2
        exit 1
    fi
    holder=$(cat "$lock/pid" 2>/dev/null || :)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
        rm -rf "$lock"
        continue
    fi
    [ "$waited" -gt 0 ] || echo "tools: waiting for process ${holder:-?}, which makes $venv" >&2
    waited=$((waited + 1))
    if [ "$waited" -gt 900 ]; then
        echo "tools: process ${holder:-?} has been making $venv for 15 minutes; end it, and remove $lock" >&2
        exit 1
    fi
    sleep 1
done
echo $$ >"$lock/pid"
trap 'rm -rf "$lock"' EXIT
if [ "$waited" -gt 0 ] && [ -e "$venv/.ready" ]; then
    exit 0
fi

# Of pip's settings, those that say what is installed and where; PIP_USER=0 outdoes its configuration file, too.
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_NO_DEPS PIP_REQUIREMENT PIP_REQUIRE_VIRTUALENV PYTHONHOME || :
export PIP_USER=0

echo "tools: making $venv (once)" >&2
trap 'rm -rf "$venv"; exit 1' HUP INT TERM
rm -rf "$venv"
"$python" -m venv "$venv"
if ! "$venv/bin/python" -m pip install -qq --disable-pip-version-check --requirement "$here/requirements/tools.txt"; then
    rm -rf "$venv"
    echo "tools: pip could not install requirements/tools.txt; see its message above" >&2
    exit 1
fi
: >"$venv/.ready"
