"""Planted defects: every small change of a module that its tests should notice, one at a time.

Left out are prose (strings with a space, docstrings, f-strings) and annotations: they change no behaviour.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
}  # fmt: skip


_CONTEXT = 30
"""Characters shown on each side of a change."""


@dataclass(frozen=True)
class Mutant:
    """One planted defect: where it is, the changed part of the statement before and after, the mutated source."""

    module: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What it is called in the list of judged survivors: no line number, so that it outlives other edits."""
        return f"{self.module}: {self.before} => {self.after}"


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    statements = {id(node): owner for owner in _statements(tree) for node in _own_nodes(owner)}
    for node in ast.walk(tree):
        owner = statements.get(id(node))
        if owner is None:
            continue
        text = _text(owner)
        for change in _changes(node):
            undo = change()
            before, after = _difference(text, _text(owner))
            if after != before:
                found.append(Mutant(module, owner.lineno, before, after, ast.unparse(tree)))
            undo()
    return sorted(found, key=lambda mutant: mutant.line)


def _difference(one: str, two: str) -> tuple[str, str]:
    """Return the parts in which two texts differ, with a little of what is around."""
    start = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    shortest = min(len(one), len(two)) - start
    end = next((at for at in range(shortest) if one[-1 - at] != two[-1 - at]), shortest)
    first = max(0, start - _CONTEXT)
    return tuple(  # type: ignore[return-value]
        f"{'…' if first else ''}{text[first : len(text) - max(0, end - _CONTEXT)]}{'…' if end > _CONTEXT else ''}"
        for text in (one, two)
    )


Undo = Callable[[], None]
Change = Callable[[], Undo]


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not _is_docstring(node))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _own_nodes(owner: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement and its expressions, not the statements inside it, not annotations, not f-strings."""
    yield owner
    todo: list[ast.AST] = [owner]
    while todo:
        node = todo.pop()
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.stmt | ast.JoinedStr):
                    yield child
                    todo.append(child)


def _text(statement: ast.stmt) -> str:
    short = copy.copy(statement)
    if hasattr(short, "body"):
        short.body = [ast.Expr(ast.Constant(...))]
    if getattr(short, "orelse", None):
        short.orelse = []  # type: ignore[attr-defined]
    for name in ("decorator_list", "handlers", "finalbody"):
        if getattr(short, name, None) and not isinstance(short, ast.Try):
            setattr(short, name, [])
    return " ".join(ast.unparse(short).split())


def _set(target: Any, name: str, value: Any) -> Change:
    def change() -> Undo:
        old = getattr(target, name)
        setattr(target, name, value)
        return lambda: setattr(target, name, old)

    return change


def _replace_item(items: list[Any], index: int, *new: Any) -> Change:
    def change() -> Undo:
        old = list(items)
        items[index : index + 1] = new

        def undo() -> None:
            items[:] = old

        return undo

    return change


def _changes(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=ops):
            for index, operator in enumerate(ops):
                yield _replace_item(ops, index, _COMPARISONS[type(operator)]())
        case ast.BoolOp(op=operator):
            yield _set(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _set(node, "operand", ast.UnaryOp(ast.Not(), operand))
        case ast.UnaryOp(op=ast.USub()):
            yield _set(node, "op", ast.UAdd())
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _OPERATORS:
            yield _set(node, "op", _OPERATORS[type(operator)]())
        case ast.Constant(value=value):
            yield from (_set(node, "value", other) for other in _other_constants(value))
        case ast.If() | ast.IfExp() | ast.While():
            always = () if isinstance(node, ast.While) else (True,)  # a loop for ever proves nothing
            yield from (_set(node, "test", ast.Constant(value)) for value in (*always, False))
        case ast.comprehension(ifs=ifs):
            yield from (_replace_item(ifs, index) for index in range(len(ifs)))
        case ast.Call(keywords=keywords):
            yield from (_replace_item(keywords, index) for index in range(len(keywords)))
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield _set(node, "value", ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()):
            yield _become_pass(node)


def _become_pass(node: ast.AST) -> Change:
    def change() -> Undo:
        kind, fields = node.__class__, dict(node.__dict__)
        node.__class__ = ast.Pass

        def undo() -> None:
            node.__class__ = kind
            node.__dict__.update(fields)

        return undo

    return change


def _other_constants(value: object) -> list[object]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1]
        case bytes():
            return [bytes([value[0] ^ 1]) + value[1:] if value else b"x"]
        case str() if " " not in value:
            return [f"{value}x"]
    return []
