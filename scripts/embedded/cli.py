"""Command line of the embedded AWS.

Exit codes: 0 done (`status`: running), 1 it could not be started or stopped, 2 bad usage or a port that is taken,
3 `status` only: not running, 130 interrupted.
"""

import argparse
import re
import sys

from scripts.embedded import control
from scripts.embedded.errors import EmbeddedError
from scripts.embedded.state import Settings
from scripts.only_one import LockedError
from scripts.paths import Embedded


def parser() -> argparse.ArgumentParser:
    """Return the parser of `up [--port N] [--no-auth] [--lambda-endpoint URL] [--keep-state]`, `restart`, `status`, `down`."""
    root = argparse.ArgumentParser(
        prog="python -m scripts.embedded", description="Start, look at and stop the embedded AWS (loopback only)."
    )
    commands = root.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it, unless it runs already")
    up.add_argument("--port", type=_port, help="insist on this port (default: 4566, or a free one when that is taken)")
    up.add_argument("--no-auth", dest="auth", action="store_false", help="do not enforce IAM policies and signatures")
    up.add_argument(
        "--lambda-endpoint", type=_loopback, metavar="URL", help="where functions find AWS: a proxy before it (default: itself)"
    )
    up.add_argument("--keep-state", dest="keeps", action="store_true", help="keep what it holds on disk, for `restart`")
    commands.add_parser("restart", help="stop it and start it again, with what it held")
    status = commands.add_parser("status", help="say whether it runs, where, and what it has served")
    status.add_argument("--job", default="", metavar="JOB", help="of deployments those of this job alone, by its folder or name")
    status.add_argument("--json", action="store_true", help="print one JSON object")
    commands.add_parser("down", help="stop it and remove what it held")
    return root


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 1 to 65535")


def _loopback(text: str) -> str:
    if re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}", text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not on this machine; give http://127.0.0.1:PORT")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; every failure is one sentence on stderr."""
    options = parser().parse_args(arguments)
    paths = Embedded()
    try:
        if options.command == "up":
            settings = Settings(auth=options.auth, lambda_endpoint=options.lambda_endpoint, keeps=options.keeps)
            return control.up(paths, options.port, settings)
        if options.command == "restart":
            return control.restart(paths)
        if options.command == "down":
            return control.down(paths)
        return control.status(paths, as_json=options.json, job=options.job)
    except (EmbeddedError, LockedError) as error:
        print(f"embedded AWS: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, EmbeddedError) else 1
    except KeyboardInterrupt:
        print("embedded AWS: interrupted; nothing was left running", file=sys.stderr)
        return 130
