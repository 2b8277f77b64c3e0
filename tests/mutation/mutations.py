"""Small changes of a program's text, each of which a test should notice."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Mutation:
    """One change of one file; `node` and `which` say which change of which node it is."""

    path: str
    line: int
    what: str
    node: int
    which: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"

    def text(self, root: Path) -> str:
        """Return the whole changed file, without its comments."""
        tree = ast.parse((root / self.path).read_text(encoding="utf-8"))
        _what, change = list(_changes(list(ast.walk(tree))[self.node]))[self.which]
        change()
        return ast.unparse(ast.fix_missing_locations(tree))


def mutations_of(root: Path, path: str) -> list[Mutation]:
    """Return all changes of a file that are known here, in the order of its lines."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    untouched = _untouched(tree)
    found = [
        Mutation(path, getattr(node, "lineno", 0), what, number, which)
        for number, node in enumerate(ast.walk(tree))
        if number not in untouched
        for which, (what, _change) in enumerate(_changes(node))
    ]
    return sorted(found, key=lambda one: one.line)


def _untouched(tree: ast.Module) -> set[int]:
    """Return the numbers of nodes in annotations, docstrings, messages and `__all__`."""
    below: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=left) | ast.arg(annotation=left) | ast.Raise(exc=left) | ast.Assert(test=left):
                below |= {id(one) for one in ast.walk(left)} if left else set()
            case ast.FunctionDef(returns=ast.expr() as returned):
                below |= {id(one) for one in ast.walk(returned)}
            case ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
                below |= {id(one) for one in ast.walk(node)}
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                below |= {id(one) for one in ast.walk(node)}
    return {number for number, node in enumerate(ast.walk(tree)) if id(node) in below}


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what can be changed at a node, and a function that does it."""

    def put(field: str, value: object) -> Callable[[], None]:
        return lambda: setattr(node, field, value)

    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            other = _COMPARISONS[type(operator)]
            yield f"{type(operator).__name__} becomes {other.__name__}", put("ops", [other()])
        case ast.BinOp(op=arithmetic) if type(arithmetic) in _ARITHMETIC:
            instead = _ARITHMETIC[type(arithmetic)]
            yield f"{type(arithmetic).__name__} becomes {instead.__name__}", put("op", instead())
        case ast.BoolOp(op=ast.And()):
            yield "and becomes or", put("op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "or becomes and", put("op", ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not is removed", put("operand", ast.UnaryOp(ast.Not(), operand))
        case ast.Constant(value=bool()):
            yield f"{node.value} becomes {not node.value}", put("value", not node.value)
        case ast.Constant(value=int() as number):
            yield f"{number} becomes {number + 1}", put("value", number + 1)
        case ast.Constant(value=str() as text) if _NAME.fullmatch(text):
            yield f"{text!r} becomes {text + '~'!r}", put("value", text + "~")
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        for number, statement in enumerate(statements if isinstance(statements, list) else ()):
            if isinstance(statement, ast.AugAssign) or (
                isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            ):
                shorter = [*statements[:number], ast.copy_location(ast.Pass(), statement), *statements[number + 1 :]]
                yield f"{ast.unparse(statement)!r:.60} is removed", put(field, shorter)
    if isinstance(node, ast.Call):
        for number, keyword in enumerate(node.keywords):
            if keyword.arg:
                rest = [one for place, one in enumerate(node.keywords) if place != number]
                yield f"{keyword.arg}= is removed", put("keywords", rest)
