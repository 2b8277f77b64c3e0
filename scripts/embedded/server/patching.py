"""Replacing a private function of ministack, so that an update which moves it is noticed at start and not in a run."""

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable
from typing import Any

PINNED = "1.5.33"


class RepairError(Exception):
    """ministack has not the private name, or not the parameters, that a repair was written for."""


def module(name: str) -> Any:
    """Import `ministack.<name>`; untyped, since ministack is."""
    return importlib.import_module(f"ministack.{name}")


def require(owner: Any, name: str, parameters: tuple[str, ...] | None = None) -> Any:
    """Return `owner.name`; with `parameters`, check that it is called with these (leading) ones.

    Raises RepairError, which names the pinned version.
    """
    where = getattr(owner, "__qualname__", None) or owner.__name__
    if not hasattr(owner, name):
        raise RepairError(_complaint(f"{where}.{name} does not exist"))
    found = getattr(owner, name)
    if parameters is not None:
        actual = tuple(inspect.signature(found).parameters)[: len(parameters)]
        if actual != parameters:
            raise RepairError(_complaint(f"{where}.{name} takes {actual}, not {parameters}"))
    return found


def replace(owner: Any, name: str, parameters: tuple[str, ...], make: Callable[[Any], Any]) -> None:
    """Set `owner.name` to `make(original)` after `require`."""
    setattr(owner, name, make(require(owner, name, parameters)))


def after_restart(do: Callable[[], None]) -> None:
    """Has `do` called once ministack has read what an earlier one kept."""

    def make(original: Any) -> Any:
        def load() -> None:
            original()
            do()

        return load

    replace(module("app"), "_load_persisted_state", (), make)


def _complaint(what: str) -> str:
    installed = importlib.metadata.version("ministack")
    return (
        f"embedded AWS: {what} in ministack {installed}; its repairs are written for ministack=={PINNED}: "
        "install that version (requirements/embedded.txt) or adapt scripts/embedded/server/repairs"
    )
