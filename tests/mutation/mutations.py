"""Small changes of a program's text, each of which a test should notice."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
}
_NAME = re.compile(r"[A-Za-z.][\w.:/-]*")
"""A string that a program reads. Sentences are for people, and no test should hold them word for word."""

_FOR_PEOPLE = {"description", "help", "metavar", "prog", "thread_name_prefix"}
"""Arguments that only a person reads."""

_NO_BEHAVIOUR = _FOR_PEOPLE | {"maxsize", "slots", "strict"}
"""Arguments that no caller can notice: sizes of caches, and checks of what holds anyway."""

_FOR_TYPES = {"NewType", "TypeVar"}


@dataclass(frozen=True)
class Mutation:
    """One change of one file; `node` and `which` say which change of which node of the source it is."""

    path: str
    source: str = dataclasses.field(repr=False)
    line: int
    what: str
    node: int
    which: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"

    def text(self) -> str:
        """Return the whole changed file, without its comments."""
        tree = ast.parse(self.source)
        _place, _what, change = list(_changes(list(ast.walk(tree))[self.node]))[self.which]
        change()
        return ast.unparse(ast.fix_missing_locations(tree))


def mutations_of(root: Path, path: str) -> list[Mutation]:
    """Return all changes of a file that are known here, in the order of its lines."""
    source = (root / path).read_text(encoding="utf-8")
    tree = ast.parse(source)
    untouched = _untouched(tree)
    found = [
        Mutation(path, source, place.lineno, what, number, which)
        for number, node in enumerate(ast.walk(tree))
        if number not in untouched
        for which, (place, what, _change) in enumerate(_changes(node))
    ]
    return sorted(found, key=lambda one: one.line)


def _untouched(tree: ast.Module) -> set[int]:
    """Return the numbers of nodes that no test can or should notice: types, docstrings, messages, choices of a figure."""
    below: set[int] = set()
    for node in ast.walk(tree):
        for left in _left_alone(node):
            below |= {id(one) for one in ast.walk(left)}
    for statement in (*tree.body, *(each for node in tree.body if isinstance(node, ast.ClassDef) for each in node.body)):
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            # `PAUSE_SECONDS = 20`: 21 are as good. Arithmetic in such a line may still be changed.
            below |= {id(one) for one in ast.walk(statement.value) if _is_number(one)}
    return {number for number, node in enumerate(ast.walk(tree)) if id(node) in below}


def _left_alone(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is not to be changed at this node, with all that lies below it."""
    match node:
        case ast.AnnAssign(annotation=left) | ast.Raise(exc=ast.expr() as left) | ast.Assert(test=left):
            yield left
        case ast.arg(annotation=ast.expr() as left) | ast.FunctionDef(returns=ast.expr() as left):
            yield left
        case ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            yield node
        case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
            yield node
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            yield node
        case ast.ClassDef(bases=[ast.Name(id="Protocol")]):
            yield node
        case ast.Call(func=ast.Name(id=name)) if name in _FOR_TYPES:
            yield node
        case ast.Call(func=ast.Name(id="ContextVar" | "cast"), args=[name, *_]):
            yield name
        case ast.keyword(arg=str() as name) if name in _NO_BEHAVIOUR:
            yield node


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _changes(node: Any) -> Iterator[tuple[Any, str, Callable[[], None]]]:
    """Yield where a node can be changed, what that is in words, and a function that does it."""

    def put(field: str, value: object) -> Callable[[], None]:
        return lambda: setattr(node, field, value)

    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            other = _COMPARISONS[type(operator)]
            yield node, f"{type(operator).__name__} becomes {other.__name__}", put("ops", [other()])
        case ast.BinOp(op=arithmetic) if type(arithmetic) in _ARITHMETIC:
            instead = _ARITHMETIC[type(arithmetic)]
            yield node, f"{type(arithmetic).__name__} becomes {instead.__name__}", put("op", instead())
        case ast.BoolOp(op=ast.And()):
            yield node, "and becomes or", put("op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield node, "or becomes and", put("op", ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, "not is removed", put("operand", ast.UnaryOp(ast.Not(), operand))
        case ast.Constant(value=bool()):
            yield node, f"{node.value} becomes {not node.value}", put("value", not node.value)
        case ast.Constant(value=int() as number):
            yield node, f"{number} becomes {number + 1}", put("value", number + 1)
        case ast.Constant(value=str() as text) if _NAME.fullmatch(text):
            yield node, f"{text!r} becomes {text + '~'!r}", put("value", text + "~")
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        for number, statement in enumerate(statements if isinstance(statements, list) else ()):
            if isinstance(statement, ast.AugAssign) or (
                isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            ):
                shorter = [*statements[:number], ast.copy_location(ast.Pass(), statement), *statements[number + 1 :]]
                yield statement, f"{ast.unparse(statement)!r:.60} is removed", put(field, shorter)
    if isinstance(node, ast.Call):
        for number, keyword in enumerate(node.keywords):
            if keyword.arg and keyword.arg not in _NO_BEHAVIOUR:
                rest = [one for place, one in enumerate(node.keywords) if place != number]
                yield node, f"{keyword.arg}= is removed", put("keywords", rest)
