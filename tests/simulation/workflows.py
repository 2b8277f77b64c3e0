"""The workflows that schedules run: the places of their functions, and the functions themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from runtime.orchestration.workflow.place import Place
from runtime.orchestration.wrapper import load_component

Component = Callable[[Any, Any], Any]
Outputs = dict[tuple[str, int], Any]


@dataclass(frozen=True)
class Workflow:
    """One workflow, on whichever orchestration."""

    name: str
    chain: tuple[Any, ...]
    functions: Mapping[str, Component] | None = field(default=None, hash=False)

    def places(self, orchestration: str) -> Mapping[str, Place]:
        """By function, in the order of the flow."""
        return _places(self, orchestration in ("http_sync_s3", "http_only"))

    def component(self, function: str) -> Component:
        """A function itself."""
        return load_component(function) if self.functions is None or function == "unum_map" else self.functions[function]

    @property
    def first(self) -> Place:
        """The function that takes what the client gives: a branch for each element, or the one that a chain begins with."""
        return next(iter(self.places("s3_triggers").values()))

    def outputs(self, document: Any) -> Outputs:
        """What each invocation returns, by function and index, where the functions know of nothing but their event."""
        made: Outputs = {}
        value, values = document, list(document) if self.first.takes == "branch" else []
        for name, place in self.places("s3_triggers").items():
            call = self.component(name)
            if place.takes == "branch":
                value = [call(element, None) for element in values]
                made |= {(name, index): each for index, each in enumerate(value, 1)}
            else:
                made[name, 1] = value = call(value, None)
                values = value if place.edge == "Map" else []
        return made


@cache
def _places(workflow, with_entry):
    # chain: strings are Tasks, tuples are Maps
    out = []
    c = workflow.chain
    map_first = isinstance(c[0], tuple)
    if map_first and with_entry:
        out.append(Place("unum_map", "single", "unum_map-input", c[0][0], "Map", c[0][0] + "-input", c[1], True, None))
    dest = {"mapper": "destination", "partition": "bucket", "reducer": "bucket"}
    for i, s in enumerate(c):
        nxt = c[i + 1] if i + 1 < len(c) else None
        if isinstance(s, tuple):
            out.append(Place(s[0], "branch", s[0] + "-input", nxt, "Fan-in", s[0] + "-output", None, False, dest.get(s[0])))
        else:
            prev = c[i - 1] if i else None
            gather = isinstance(prev, tuple)
            src = prev[0] + "-output" if gather else s + "-input"
            if nxt is None:
                n, e, t, f = None, None, None, None
            elif isinstance(nxt, tuple):
                n, e, t, f = nxt[0], "Map", nxt[0] + "-input", c[i + 2]
            else:
                n, e, t, f = nxt, "Scalar", nxt + "-input", None
            out.append(Place(s, "gather" if gather else "single", src, n, e, t, f, i == 0, dest.get(s)))
    return {p.name: p for p in out}


WORDCOUNT = Workflow("wordcount", (("mapper",), "partition", ("reducer",), "summary"))
CHAIN = Workflow(
    "chain",
    ("split", ("square",), "total", "describe"),
    {
        "split": lambda e, c: e["numbers"],
        "square": lambda e, c: e * e,
        "total": lambda e, c: sum(e),
        "describe": lambda e, c: {"total": e},
    },
)
TWO = Workflow(
    "two",
    (("double",), "keep", ("negate",), "collect"),
    {
        "double": lambda e, c: 2 * e,
        "keep": lambda e, c: [x for x in e if x > 10],
        "negate": lambda e, c: -e,
        "collect": lambda e, c: e,
    },
)
LONG = Workflow(
    "long",
    ("a", "b", ("c",), "d", "e", ("f",), "g"),
    {
        "a": lambda e, c: e,
        "b": lambda e, c: [e, e + 1],
        "c": lambda e, c: e + 1,
        "d": lambda e, c: e,
        "e": lambda e, c: [x for x in e if x % 3],
        "f": lambda e, c: str(e),
        "g": lambda e, c: "".join(e),
    },
)
