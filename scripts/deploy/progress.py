"""Makes a few lines of what `terraform ... -json` says, and keeps all of it in a log.

Terraform prints one JSON object a line: {"@message": str, "type": str, ...}. Those of interest here:

    change_summary  {"changes": {"add": int, "change": int, "import": int, "remove": int, "operation": "plan"|"apply"|"destroy"}}
    apply_progress  {"hook": {"resource": {"addr": str}, "action": "create", "elapsed_seconds": int}}, every ten seconds
    apply_complete  {"hook": {"resource": {"addr": str}, "action": "create"|"update"|"delete"|"read"}}
    diagnostic      {"diagnostic": {"severity": "error"|"warning", "summary": str, "detail": str, "address": str,
                                    "range": {"filename": str, "start": {"line": int}}}}
    outputs         {"outputs": {name: {"value": any}}}
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

_UNDER_WAY = {"create": "creating", "update": "updating", "delete": "deleting", "replace": "replacing"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}


class Progress:
    """Takes Terraform's lines one by one; shows at most one a second, or one that is rewritten in place on a terminal.

    After the last line, `errors` holds what went wrong in words, `outputs` the values of the outputs, `planned` the number of
    changes in the plan, `done` how many of them were made.
    """

    def __init__(self, log: TextIO, *, out: TextIO | None = None) -> None:
        self.errors: list[str] = []
        self.outputs: dict[str, Any] = {}
        self.planned = 0
        self.done = 0
        self._log = log
        self._out = out or sys.stderr
        self._in_place = self._out.isatty()
        self._shown_at = 0.0

    def line(self, text: str) -> None:
        """Take one line of output; what isn't JSON (a crash, a warning of the loader) goes to the log as it is."""
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._log.write(text)
            return
        self._log.write(f"{event.get('@timestamp', '')} {event.get('@message', '')}\n")
        if event.get("type") == "diagnostic":
            self._diagnostic(event["diagnostic"])
        elif event.get("type") == "change_summary":
            self._summary(event["changes"])
        elif event.get("type") == "outputs":
            self.outputs = {name: output.get("value") for name, output in event["outputs"].items()}
        elif event.get("type") == "apply_progress" and event["hook"]["action"] in _UNDER_WAY:
            hook = event["hook"]
            what = f"still {_UNDER_WAY[hook['action']]} {hook['resource']['addr']}, for {hook['elapsed_seconds']} s now"
            self._show(what, last=False)
        elif event.get("type") == "apply_complete" and event["hook"]["action"] in _DONE:
            self.done += 1
            what = f"{_DONE[event['hook']['action']]} {self.done}/{self.planned}  {event['hook']['resource']['addr']}"
            self._show(what, last=self.done == self.planned)

    def _summary(self, changes: dict[str, Any]) -> None:
        parts = [f"{changes[key]} to {key}" for key in ("add", "change", "remove") if changes.get(key)]
        if changes.get("operation") == "plan":
            self.planned = sum(int(changes.get(key, 0)) for key in ("add", "change", "remove"))
            self._show(f"plan: {', '.join(parts) or 'no change'}", last=True)

    def _diagnostic(self, diagnostic: dict[str, Any]) -> None:
        where = diagnostic.get("address") or ""
        if "range" in diagnostic:
            where += f" ({diagnostic['range']['filename']} line {diagnostic['range']['start']['line']})"
        text = "\n".join(part for part in (diagnostic.get("summary"), where.strip(), diagnostic.get("detail")) if part)
        self._log.write(f"{diagnostic.get('severity')}: {text}\n")
        if diagnostic.get("severity") == "error":
            self.errors.append(text)

    def _show(self, text: str, *, last: bool) -> None:
        now = time.monotonic()
        if self._in_place:
            self._out.write(f"\r\x1b[K  {text}" + ("\n" if last else ""))
        elif last or now - self._shown_at >= 1:
            self._out.write(f"  {text}\n")
        else:
            return
        self._shown_at = now
        self._out.flush()
