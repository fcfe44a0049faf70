"""Conditions over several points: read by Python's own parser, allowed word by word, run on arrays.

Numbers are float64 arrays, truths are float64 arrays of 1, 0 and NaN. NaN is unknown: it stays unknown
through arithmetic and comparison, and Kleene's rules carry it through `and`, `or`, `not` (false and
unknown is false). Nothing is ever executed: the tree becomes closures over numpy.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

Floats = NDArray[np.float64]
LONGEST = 500
MOST_NODES = 120
LONGEST_WINDOW_S = 86_400.0


class Inputs(Protocol):
    """What a condition looks at: values of the bound names at the instants of evaluation."""

    def value(self, name: str) -> Floats:
        """Return the last value of a name at each instant; NaN where unknown."""
        ...

    def window(self, name: str, function: str, seconds: float) -> Floats:
        """Return avg, lowest, highest or rate [per s] over the seconds before each instant."""
        ...


Evaluate = Callable[[Inputs], Floats]
WINDOW_FUNCTIONS = ("avg", "lowest", "highest", "rate")


@dataclass(frozen=True)
class Expression:
    """A condition ready to run. windows: name -> longest window asked for [s]."""

    text: str
    names: frozenset[str]
    windows: dict[str, float]
    evaluate: Evaluate


@dataclass(frozen=True)
class _Part:
    evaluate: Evaluate
    is_truth: bool


def parse(text: str, *, names: frozenset[str]) -> Expression:
    """Read a condition over `names`; raises Refused saying what is not understood."""
    if not 0 < len(text) <= LONGEST:
        raise _refused(f"a condition has 1 to {LONGEST} characters", text)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refused(f"this is not a condition: {getattr(error, 'msg', error)}", text) from None
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise _refused("this condition is too long; split it into several rules", text)
    reader = _Reader(names)
    part = reader.read(tree.body)
    if not part.is_truth:
        raise _refused("a condition must compare something, for example 'a - b > 5'", text)
    unused = names - reader.used
    if unused:
        raise _refused(f"bound but not used: {', '.join(sorted(unused))}", text)
    return Expression(text, frozenset(reader.used), reader.windows, part.evaluate)


class _Reader:
    """Turns a syntax tree into closures, refusing every word that is not on the list."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.used: set[str] = set()
        self.windows: dict[str, float] = {}

    def read(self, node: ast.expr) -> _Part:
        """Read one node of the tree."""
        for kind, reader in _KINDS.items():
            if isinstance(node, kind):
                return reader(self, node)
        raise _refused(f"'{ast.unparse(node)}' is not allowed in a condition")

    def number(self, node: ast.expr) -> Evaluate:
        """Read a node that must be a number."""
        part = self.read(node)
        if part.is_truth:
            raise _refused(f"'{ast.unparse(node)}' is true or false, a number is needed")
        return part.evaluate

    def truth(self, node: ast.expr) -> Evaluate:
        """Read a node that must be true or false."""
        part = self.read(node)
        if not part.is_truth:
            raise _refused(f"'{ast.unparse(node)}' is a number, a comparison is needed")
        return part.evaluate

    def constant(self, node: ast.Constant) -> _Part:
        """Numbers only."""
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise _refused(f"{node.value!r} is not a number")
        if not -sys.float_info.max <= node.value <= sys.float_info.max:
            raise _refused("this number is too large to compare anything with", ast.unparse(node)[:40])
        number = np.float64(node.value)
        return _Part(lambda _inputs: np.asarray(number), is_truth=False)

    def name(self, node: ast.Name) -> _Part:
        """A bound point."""
        name = self._bound(node)
        return _Part(lambda inputs: inputs.value(name), is_truth=False)

    def unary(self, node: ast.UnaryOp) -> _Part:
        """Minus and not."""
        if isinstance(node.op, ast.Not):
            truth = self.truth(node.operand)
            return _Part(lambda inputs: 1.0 - truth(inputs), is_truth=True)
        if not isinstance(node.op, ast.USub):
            raise _refused(f"'{ast.unparse(node)}' is not allowed in a condition")
        operand = self.number(node.operand)
        return _Part(lambda inputs: -operand(inputs), is_truth=False)

    def binary(self, node: ast.BinOp) -> _Part:
        """Plus, minus, times, divided by; a division by zero is unknown."""
        operation = _ARITHMETIC.get(type(node.op))
        if operation is None:
            raise _refused(f"'{ast.unparse(node)}': only + - * / are allowed")
        left, right = self.number(node.left), self.number(node.right)

        def evaluate(inputs: Inputs) -> Floats:
            with np.errstate(all="ignore"):
                result = operation(left(inputs), right(inputs))
            return np.where(np.isfinite(result), result, np.nan)

        return _Part(evaluate, is_truth=False)

    def compare(self, node: ast.Compare) -> _Part:
        """Comparisons, also chained: 2 < a < 5."""
        terms = [self.number(term) for term in (node.left, *node.comparators)]
        operations = [_COMPARISONS.get(type(op)) for op in node.ops]
        if None in operations:
            raise _refused(f"'{ast.unparse(node)}': only < <= > >= == != are allowed")

        def evaluate(inputs: Inputs) -> Floats:
            values = [term(inputs) for term in terms]
            result = np.asarray(1.0)
            for operation, a, b in zip(operations, values, values[1:], strict=False):
                truth = np.where(np.isnan(a) | np.isnan(b), np.nan, operation(a, b))  # type: ignore[misc]
                result = _both(result, truth)
            return result

        return _Part(evaluate, is_truth=True)

    def boolean(self, node: ast.BoolOp) -> _Part:
        """And, or, by Kleene's rules."""
        truths = [self.truth(value) for value in node.values]
        join = _both if isinstance(node.op, ast.And) else _either

        def evaluate(inputs: Inputs) -> Floats:
            result = truths[0](inputs)
            for truth in truths[1:]:
                result = join(result, truth(inputs))
            return result

        return _Part(evaluate, is_truth=True)

    def call(self, node: ast.Call) -> _Part:
        """abs, min, max of numbers; avg, lowest, highest, rate of a point over seconds."""
        function = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if node.keywords:
            raise _refused(f"'{function}' takes no named arguments")
        if function in WINDOW_FUNCTIONS:
            return self._window(function, node)
        terms = [self.number(argument) for argument in node.args]
        if function == "abs" and len(terms) == 1:
            return _Part(lambda inputs: np.abs(terms[0](inputs)), is_truth=False)
        pick = {"min": np.minimum, "max": np.maximum}.get(function)
        if pick is None or len(terms) < 2:
            known = "abs(x), min(x, y), max(x, y), " + ", ".join(
                f"{f}(point, seconds)" for f in WINDOW_FUNCTIONS
            )
            raise _refused(f"'{ast.unparse(node)}' is not known", remedy=f"use {known}")

        def evaluate(inputs: Inputs) -> Floats:
            result = terms[0](inputs)
            for term in terms[1:]:
                result = pick(result, term(inputs))
            return result

        return _Part(evaluate, is_truth=False)

    def _window(self, function: str, node: ast.Call) -> _Part:
        match node.args:
            case [ast.Name() as point, ast.Constant(value=int() | float() as seconds)] if (
                not isinstance(seconds, bool) and 0 < seconds <= LONGEST_WINDOW_S
            ):
                name, length = self._bound(point), float(seconds)
            case _:
                raise _refused(f"'{function}' takes a point and 1 to 86400 seconds, as in {function}(a, 900)")
        self.windows[name] = max(length, self.windows.get(name, 0.0))
        return _Part(lambda inputs: inputs.window(name, function, length), is_truth=False)

    def _bound(self, node: ast.Name) -> str:
        if node.id not in self.names:
            raise _refused(f"'{node.id}' is not bound to a point", remedy="bind it under 'points'")
        self.used.add(node.id)
        return node.id


def _both(a: Floats, b: Floats) -> Floats:
    return np.where((a == 0) | (b == 0), 0.0, a * b)


def _either(a: Floats, b: Floats) -> Floats:
    return 1.0 - _both(1.0 - a, 1.0 - b)


def _refused(message: str, value: str | None = None, *, remedy: str | None = None) -> Refused:
    return Refused(message, field="parameters.when", value=value, remedy=remedy)


_ARITHMETIC = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}
_COMPARISONS = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_KINDS: dict[type[ast.expr], Callable[[_Reader, Any], _Part]] = {
    ast.Constant: _Reader.constant, ast.Name: _Reader.name, ast.UnaryOp: _Reader.unary,
    ast.BinOp: _Reader.binary, ast.Compare: _Reader.compare, ast.BoolOp: _Reader.boolean,
    ast.Call: _Reader.call,
}  # fmt: skip
