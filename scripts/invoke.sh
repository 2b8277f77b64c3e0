#!/bin/sh
# Start a run on what is deployed, wait for it, print the counts. Options: scripts/invoke.sh --help
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python="$root/build/venv/bin/python"

if [ ! -x "$python" ]; then
    echo "making the tools first (make tools)" >&2
    command -v make >/dev/null || {
        echo "error: make is not on the PATH; install it, or make $python yourself from requirements/tools.txt" >&2
        exit 2
    }
    make -C "$root" --no-print-directory tools >&2 || {
        echo "error: the tools could not be made; see above" >&2
        exit 2
    }
fi

PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -m scripts.client "$@"
