"""A small program that stands in for Terraform: it says what it was told and what a test wants it to."""

import json
import stat
import sys
from pathlib import Path

from scripts.deploy import mirror

PROVIDER = mirror.Provider("example.org/hashicorp/aws", "5.100.0")
# Answers `version` and `init`, and prints the file that EVENTS names for anything else; ARGUMENTS gets each command line.
STAND_IN = """#!{python}
import json, os, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
with open(here / "arguments", "a") as file:
    file.write(json.dumps({{"argv": sys.argv[1:], "env": dict(os.environ)}}) + "\\n")
if "version" in sys.argv:
    print(json.dumps({{"terraform_version": (here / "version").read_text(), "platform": "linux_amd64"}}))
elif "init" in sys.argv:
    folder = pathlib.Path(os.environ["TF_DATA_DIR"], "providers/example.org/hashicorp/aws/5.100.0/linux_amd64")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "terraform-provider-aws_v5.100.0").touch()
elif sys.argv[2:4] == ["workspace", "list"]:
    print((here / "workspaces").read_text())
elif sys.argv[2:4] == ["state", "pull"]:
    print((here / "state").read_text())
elif (here / "wait").exists():
    signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    print("{{}}", flush=True)
    (here / "waiting").touch()
    time.sleep(30)
else:
    print((here / "events").read_text(), end="")
    sys.exit(int((here / "code").read_text()))
"""
DEPLOYMENT = {"orchestration": "sfn", "functions": {"mapper": "wordcount-sfn-mapper"}}


class StandIn:
    """The program in `folder`, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.says([], code=0)
        self.is_version("1.11.4")
        self.has_workspaces("default")
        self.has_state({})
        program = folder / "terraform"
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def is_version(self, version: str) -> None:
        (self.folder / "version").write_text(version)

    def has_workspaces(self, *names: str) -> None:
        """The first one is the current one."""
        (self.folder / "workspaces").write_text("\n".join(["* " + names[0], *("  " + name for name in names[1:])]))

    def has_state(self, state: dict[str, object]) -> None:
        (self.folder / "state").write_text(json.dumps(state))

    def says(self, events: list[dict[str, object]], *, code: int) -> None:
        (self.folder / "events").write_text("".join(json.dumps(event) + "\n" for event in events))
        (self.folder / "code").write_text(str(code))

    def was_told(self, command: str) -> list[dict]:
        lines = (self.folder / "arguments").read_text().splitlines() if (self.folder / "arguments").exists() else []
        return [told for told in map(json.loads, lines) if command in told["argv"]]


def applied(planned: int) -> list[dict[str, object]]:
    """What Terraform says of an apply that makes `planned` things."""
    created = {"resource": {"addr": "aws_s3_bucket.this"}, "action": "create"}
    return [
        {"type": "change_summary", "changes": {"add": planned, "change": 0, "remove": 0, "operation": "plan"}},
        *[{"type": "apply_complete", "hook": created} for _ in range(planned)],
        {"type": "outputs", "outputs": {"deployment": {"value": DEPLOYMENT}}},
    ]
