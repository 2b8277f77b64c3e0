"""Whether a deployment is what an apply would make it. Terraform takes ten seconds to find that out.

After an apply, a file says what the deployment was made of: the hash of each file, of each variable and of Terraform's state.
What somebody has changed past Terraform is not seen.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from scripts import paths
from scripts.deploy.choice import Choice
from scripts.deploy.targets import Target, build_dir
from scripts.files import write_whole
from scripts.package import sources
from scripts.package.layer import LOCAL

Inputs = dict[str, str]
"""What a deployment is made of: `{file or "variable NAME": hash}`."""

_VARIABLE = "variable "


@dataclass(frozen=True)
class Applied:
    """What the last apply of a deployment was made of.

    Attributes:
        file: says it; missing if that is not known.
        packages: the folder of the function's zips.
    """

    target: Target
    file: Path
    packages: Path

    @classmethod
    def of(cls, target: Target, choice: Choice, folder: Path) -> Applied:
        """Of a deployment, whose file is kept in a folder."""
        return cls(target, folder / "applied", build_dir(target) / choice.orchestration)

    def forget(self) -> None:
        """From now on the deployment may be anything."""
        self.file.unlink(missing_ok=True)

    def note(self, inputs: Inputs, state: str) -> None:
        """The deployment is what these inputs make, and that is its state."""
        write_whole(self.file, [json.dumps(inputs | {"state": _hash(state.encode())}).encode()])

    def is_current(self, state: str) -> bool:
        """Whether nothing has changed since."""
        return self._changed(state) == set()

    def changed_code(self, state: str) -> list[str]:
        """The functions whose zips have changed since, if nothing else has; empty if all is to be looked at."""
        changed = self._changed(state) or set()
        zips = {str(path): path.stem for path in self.packages.glob("*.zip")}
        others = changed - zips.keys() - {str(self.packages / sources.NAME)}
        return [] if others else [zips[path] for path in sorted(changed & zips.keys())]

    def left_out(self, inputs: Inputs) -> list[str]:
        """The variables that it was made with, and that these inputs leave at their defaults."""
        gone = (self._before() or {}).keys() - inputs.keys()
        return sorted(name.removeprefix(_VARIABLE) for name in gone if name.startswith(_VARIABLE))

    def inputs(self) -> Inputs:
        """What an apply would make the deployment of. Taken before it begins, since a file may change meanwhile."""
        built = build_dir(self.target)
        layers = [*built.glob("*.zip"), *(built / LOCAL).glob("*.zip")]
        packages = [*layers, built / "manifest.json", *self.packages.iterdir()]
        files = sorted([*paths.TERRAFORM.rglob("*.tf"), *paths.TERRAFORM.glob(".terraform.lock.hcl"), *packages])
        told = {
            name.removeprefix("TF_VAR_"): value for name, value in self.target.environment.items() if name.startswith("TF_VAR_")
        }
        told |= {name: value for name, _, value in (variable.partition("=") for variable in self.target.variables)}
        variables = {_VARIABLE + name: _hash(value.encode()) for name, value in told.items()}
        return {str(path): _hash(path.read_bytes()) for path in files} | variables

    def _before(self) -> Inputs | None:
        """What the deployment was made of; None if that is not known."""
        if not self.file.is_file():
            return None
        noted: Inputs = json.loads(self.file.read_text(encoding="utf-8"))
        return noted

    def _changed(self, state: str) -> set[str] | None:
        """What differs from what the deployment was made of; None if that is not known."""
        if (before := self._before()) is None:
            return None
        # Whoever else changes the state has changed the deployment.
        now = self.inputs() | {"state": _hash(state.encode())}
        return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
