"""What a mutation may change: one condition, comparison, constant, argument, element or statement.

Each one replaces a piece of source text, so that what is shown is what was run. Texts, annotations and
docstrings stay as they are.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_COMPARED: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_CALCULATED: Final[dict[type[ast.operator], str]] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
}
# `zip(…, strict=True)` changes nothing unless the lengths differ, which is a mistake of its own.
_CHECKED: Final = "strict"
# Aliases of types, which tests do not check.
_TYPES: Final = ("Callable", "Literal")
_SWAPPED: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, order=True)
class Mutation:
    """The text from `start` to `end` of a file becomes `new`."""

    file: str
    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        """The text of the file after the mutation."""
        return text[: self.start] + self.new + text[self.end :]


def mutations(file: str, text: str) -> list[Mutation]:
    """Every mutation of a file, in order, each one once."""
    visitor = _Visitor(text)
    visitor.visit(ast.parse(text))
    found = {Mutation(file, *piece) for piece in visitor.found if text[piece[0] : piece[1]] != piece[2]}
    return sorted(found)


def _is_builtin_type(node: ast.BinOp) -> bool:
    """Whether it is `list | tuple` or the like, as `isinstance` takes it."""
    last = node.right
    return isinstance(last, ast.Name) and hasattr(builtins, last.id)


def _is_empty(node: ast.expr) -> bool:
    """Whether it is `{}`, `()`, `[]` or `""`: false already, so only the type checker would notice."""
    return ast.unparse(node) in ("{}", "()", "[]", "''")


class _Visitor(ast.NodeVisitor):
    def __init__(self, text: str) -> None:
        self.found: list[tuple[int, int, str]] = []
        self._text = text
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line.encode()))
        self._bytes = text.encode()

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return
        self._forced(node.test, "True", "False")
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._forced(node.test, "False")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._forced(node.test, "True", "False")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._forced(test, "True")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        is_and = isinstance(node.op, ast.And)
        for before, after in pairwise(node.values):
            self._between(before, after, "or" if is_and else "and")
        for each in node.values:
            if is_and or not _is_empty(each):
                self._forced(each, str(is_and))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        lefts = [node.left, *node.comparators]
        for left, operator, right in zip(lefts, node.ops, node.comparators, strict=False):
            self._between(left, right, _COMPARED[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if new := _CALCULATED.get(type(node.op)):
            self._between(node.left, node.right, new)
        elif isinstance(node.op, ast.BitOr | ast.BitAnd) and not _is_builtin_type(node):
            for operand in (node.left, node.right):
                self._replace(*self._span(node), ast.unparse(operand))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start = self._start(node)
            self._replace(start, start + len("not"), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(*self._span(node), str(not node.value))
        elif isinstance(node.value, int):
            self._replace(*self._span(node), str(node.value + 1))

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and (new := _SWAPPED.get(node.func.id)):
            self._replace(*self._span(node.func), new)
        parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        named = [part for part in parts if isinstance(part, ast.keyword) and part.arg != _CHECKED]
        self._dropped(named, parts)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != _CHECKED:
            self.visit(node.value)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if isinstance(node.ctx, ast.Load) and len(node.elts) > 2:
            self._dropped(node.elts, node.elts)
        self.generic_visit(node)

    def visit_List(self, node: ast.List) -> None:
        if isinstance(node.ctx, ast.Load):
            self._dropped(node.elts, node.elts)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        self._dropped(node.elts, node.elts)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        pairs = list(zip(node.keys, node.values, strict=True))
        for (_, before), (_, after) in pairwise(pairs):
            self._replace(self._end(before), self._end(after), "")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            is_yield = isinstance(node.value, ast.Yield | ast.YieldFrom)
            self._replace(*self._span(node), "yield from ()" if is_yield else "pass")
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(*self._span(node), "pass")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(*self._span(node), "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(*self._span(node), "pass")

    def visit_Delete(self, node: ast.Delete) -> None:
        self._replace(*self._span(node), "pass")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(*self._span(node), "pass")
        self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace(*self._span(node), "pass")
        if ast.unparse(node.targets[0]) != "__all__":
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if ast.unparse(node.value) not in _TYPES:
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for each in node.body:
            self.visit(each)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for each in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(each)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text; positions inside it are not exact before Python 3.12."""

    def _forced(self, test: ast.expr, *values: str) -> None:
        """Replace a condition by each of these values."""
        for value in values:
            self._replace(*self._span(test), value)

    def _dropped(
        self, dropped: list[ast.expr] | list[ast.keyword], all_: list[ast.expr] | list[ast.expr | ast.keyword]
    ) -> None:
        for each in dropped:
            at = next(index for index, other in enumerate(all_) if other is each)
            if at:
                self._replace(self._end(all_[at - 1]), self._end(each), "")
            elif len(all_) > 1:
                self._replace(self._start(each), self._start(all_[1]), "")

    def _between(self, before: ast.expr, after: ast.expr, operator: str) -> None:
        """Replace the operator between two operands, and keep their parentheses."""
        start, end = self._end(before), self._start(after)
        middle = self._text[start:end]
        left = middle[: len(middle) - len(middle.lstrip(") \n\t"))]
        right = middle[len(middle.rstrip("( \n\t")) :]
        self._replace(start, end, f"{left}{operator}{right}")

    def _replace(self, start: int, end: int, new: str) -> None:
        self.found.append((start, end, new))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        return self._start(node), self._end(node)

    def _start(self, node: ast.AST) -> int:
        return self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def _end(self, node: ast.AST) -> int:
        return self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _offset(self, line: int, column: int) -> int:
        """Columns of a syntax tree count bytes."""
        return len(self._bytes[: self._lines[line - 1] + column].decode())
