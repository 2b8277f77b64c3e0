#!/bin/sh
# Start a run on what is deployed, wait for it, print the counts. Options: scripts/invoke.sh --help
# By its other name, scripts/try.sh, try a job in one process. Options: scripts/try.sh --help
set -eu

# Through symbolic links, one by one: old versions of macOS have no readlink -f.
script=$0
module=scripts.client
while [ -L "$script" ]; do
    [ "$(basename -- "$script")" != try.sh ] || module=scripts.inline
    target=$(readlink "$script")
    case $target in
    /*) script=$target ;;
    *) script=$(dirname -- "$script")/$target ;;
    esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$script")/.." && pwd -P)
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

exec "$python" -S "$root/scripts/start.py" "$module" "$@"
