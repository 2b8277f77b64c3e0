"""How a run is started, watched and cleaned up: a folder for each orchestration, as in `runtime.orchestration`.

    {orchestration}/client.py     its one class that is an `Orchestration`
    {orchestration}/formulas.py   how many requests a run makes, see `scripts.compare.formulas`

A folder's modules are imported when its orchestration is asked for: a run needs one of them.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from scripts import orchestrations
from scripts.client.orchestrations.base import Orchestration, Progress, Verdict


class _Registry(Mapping[str, type[Orchestration]]):
    def __getitem__(self, name: str) -> type[Orchestration]:
        if name not in self:
            raise KeyError(name)
        module = import_module(f"{__name__}.{name}.client")
        (kind,) = (
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Orchestration) and value.__module__ == module.__name__
        )
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(orchestrations.names())

    def __len__(self) -> int:
        return len(orchestrations.names())

    def __contains__(self, name: object) -> bool:
        return name in orchestrations.names()


ORCHESTRATIONS = _Registry()
"""The client side of each orchestration, by its name."""

__all__ = ["ORCHESTRATIONS", "Orchestration", "Progress", "Verdict"]
