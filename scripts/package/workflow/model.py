"""A workflow: a chain of steps, each of which runs one function, either once or once for each element of an array.

The function after a fan-out gathers what its branches returned, in order. So a chain says all edges.
"""

from dataclasses import dataclass, field
from typing import Any

ENTRY = "unum_map"
"""Stands before a fan-out with which a workflow begins, in the orchestrations that start a run with one invocation."""

RECORDER = "recorder"
"""The Lambda that records why a run cannot finish. It is no step of a workflow."""


class WorkflowError(Exception):
    """A workflow can't be compiled; the message says in which file and state, and what to write instead."""


@dataclass(frozen=True)
class Step:
    """One function of the chain.

    Attributes:
        function: name of its folder.
        branch: whether it runs once for each element of an array; else it runs once.
        needs: what its needs.json says, see `needs`.
        user_code: whether its folder has modules of the programmer's own, which a job replaces.
    """

    function: str
    branch: bool = False
    needs: dict[str, Any] = field(default_factory=dict)
    user_code: bool = False


@dataclass(frozen=True)
class Workflow:
    """A checked workflow: it has a step, no two branches stand side by side, none is the last, and each function occurs once."""

    name: str
    steps: tuple[Step, ...]

    @property
    def begins_with_fan_out(self) -> bool:
        """Whether its input is an array, of which each element gets a branch."""
        return self.steps[0].branch
