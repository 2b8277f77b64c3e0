"""What the orchestrations share whose functions leave what they return where the client sees it.

Where a run stands is the last function outside a fan-out that has returned: what comes after that is what it lacks, and a resumed
run begins there. If there is none, it begins with what the first function is given.
"""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.workflow.place import Place
from scripts.client.errors import UsageError
from scripts.client.orchestrations.base import Orchestration, Progress
from scripts.client.stored import checked


class Checkpointed(Orchestration):
    """A run that tells by what it has stored how far it is, and goes on from there. What asks AWS may raise StorageError."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sizes: dict[str, int] = {}

    def progress(self, size: int | None) -> Progress:
        """Count what has returned, from the first function on, until something is missing."""
        returned: dict[str, int] = {}
        self._sizes |= self.sizes(size)
        for place in self.workflow.steps[:-1]:
            if place.takes == "branch":
                number = self._returned(place)
                returned |= {} if number is None else {place.name: number}
                if number is None or number < self._sizes.get(place.name, number + 1):
                    break
            elif place.edge == "Map" and place.next in self._sizes:
                returned[place.name] = 1
            elif (found := self._value(place)) is None:
                break
            else:
                returned[place.name] = 1
                self._sizes |= {str(place.next): len(found.value)} if place.edge == "Map" else {}
        return Progress(returned, dict(self._sizes))

    def resume(self, size: int, *, attended: bool) -> list[str]:
        """Set off what the run lacks where it stands."""
        for place in reversed(self.workflow.steps[:-1]):
            if place.takes == "branch" or (found := self._value(place)) is None:
                continue
            onwards = self.workflow.place(str(place.next))
            if place.edge == "Map":
                values = checked.array(found.value, f"{place.name}'s value")
                return self._resume_fan_out(onwards, len(values), values)
            self._run_again(onwards, found.value)
            return [onwards.name]
        return self._resume_first(size)

    def _resume_first(self, size: int) -> list[str]:
        first = self.workflow.first
        if first.takes == "branch":
            return self._resume_fan_out(first, size, None)
        return self._run_first_again()

    def _resume_fan_out(self, place: Place, size: int, values: list[Any] | None) -> list[str]:
        """Set off the branches that have not returned, or who gathers; `values` as for `_run_branches_again`."""
        unfinished = self._unfinished(place, size)
        if unfinished:
            self._run_branches_again(place, sorted(unfinished), size, values)
        else:
            self._gather_again(place, size)
        return checked.run_again(place.name, unfinished, str(place.next))

    def _sizes_by_values(self, size: int | None) -> dict[str, int]:
        """How many branches the fan-outs have, by their function, as far as what is stored still tells."""
        sizes = {} if size is None else {self.workflow.first.name: size}
        for place in self.workflow.steps[:-1]:
            if place.edge == "Map":
                # A value may expire before what tells of it.
                with suppress(UsageError):
                    sizes |= {str(place.next): len(found.value)} if (found := self._value(place)) else {}
        return sizes

    @abstractmethod
    def _returned(self, place: Place) -> int | None:
        """How many branches of a fan-out have returned; None where that is unknown. May fail with anything."""

    @abstractmethod
    def _value(self, place: Place) -> Found | None:
        """What a function outside a fan-out has returned; None if it has not, or where that is unknown.

        Raises UsageError: it is gone, or is not what a run stores.
        """

    @abstractmethod
    def _run_first_again(self) -> list[str]:
        """Set off the function that the run began with; return its name. Raises UsageError: what it was given is gone."""

    @abstractmethod
    def _unfinished(self, place: Place, size: int) -> set[int]:
        """Which of the branches 1 to `size` must run (again) to make their fan-in complete.

        Raises UsageError: a branch has returned, and its value is gone.
        """

    @abstractmethod
    def _run_branches_again(self, place: Place, indexes: Sequence[int], size: int, values: list[Any] | None) -> None:
        """Set off some branches of a fan-out over `values`; None is what the client has handed over when the run began."""

    @abstractmethod
    def _gather_again(self, place: Place, size: int) -> None:
        """Have the values of a fan-out's branches gathered, whoever has begun to; all of them are there."""

    @abstractmethod
    def _run_again(self, place: Place, value: Any) -> None:
        """Set off a function outside a fan-out with a value."""
