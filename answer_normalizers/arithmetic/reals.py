"""Sets of real numbers: intervals, unions, inequalities in one variable, set builders.

A set is a predicate with break points: between two neighbouring break points it is constant. Two sets are
equal exactly when they agree at every break point of either and at one sample between each two; so inequality
against interval, union against absolute value, and any nesting of them need no rules of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.arithmetic.polynomials import NotPolynomialError, over_rationals, real_roots
from answer_normalizers.tree.nodes import (
    Apply,
    Builder,
    Items,
    Logic,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Value,
    free_symbols,
    substitute,
    walk,
)
from answer_normalizers.tree.sets import FLIPPED, sign_of_infinity
from answer_normalizers.verdict import Verdict, different, equal, undecided

_BITS = 256
_MAX_BREAKS = 400
_MAX_EXPONENT = 20_000
_MAX_ABSOLUTE_VALUES = 3


class NotASetError(ValueError):
    """The value is no set of real numbers this module reads."""


@dataclass(slots=True)
class RealSet:
    """A set of reals by its break points and its membership test."""

    breaks: list[arb]
    contains: Callable[[arb], bool]


def compare_sets(gold: Value, pred: Value) -> Verdict:
    """Compare two sets of reals. Undecided where one of them is none this module reads."""
    names = condition_variables(gold), condition_variables(pred)
    if (
        all(len(n) == 1 for n in names)
        and names[0] != names[1]
        and type(gold) is not Builder
        and type(pred) is not Builder
    ):
        return different("set", "the two conditions are on different variables")
    try:
        with precision(_BITS):
            left, right = real_set(gold), real_set(pred)
            breaks = _sorted(left.breaks + right.breaks)
            for point in _samples(breaks):
                if left.contains(point) != right.contains(point):
                    holder = "gold" if left.contains(point) else "prediction"
                    where = point.str(12, radius=False)
                    return different(
                        "set", "the two sets differ at a point", f"{where} is in the {holder} only"
                    )
    except (NotASetError, UnevaluableError, NotPolynomialError, ZeroDivisionError, ValueError, OverflowError):
        return undecided("set", "one of the answers is not a set of real numbers this engine reads")
    return equal("set", "the two sets of real numbers are the same")


def condition_variables(value: Value) -> frozenset[str]:
    """The variables conditions are on; empty for a set written without one."""
    if type(value) is Relation:
        return free_symbols(value) - {"?"}
    if type(value) is Logic:
        return frozenset().union(*(condition_variables(part) for part in value.parts))
    return frozenset()


def real_set(value: Value) -> RealSet:
    """The set of reals a value stands for. Raises `NotASetError`."""
    if isinstance(value, Sym):
        if value.name == "set R":
            return RealSet([], lambda _: True)
        if value.name == "set ∅":
            return RealSet([], lambda _: False)
    if isinstance(value, Sequence):
        return _interval(value)
    if isinstance(value, SetOf | Items):
        return _points(value.items)
    if isinstance(value, SetOp):
        return _combined(value.op, [real_set(part) for part in value.args])
    if isinstance(value, Logic):
        return _logic(value)
    if isinstance(value, Relation):
        return _chain(value)
    if isinstance(value, Builder):
        return _builder(value)
    if isinstance(value, Apply) and value.head == "+" and len(value.args) == 2:
        left, right = value.args
        if type(right) is Apply and right.head == "neg" and type(right.args[0]) in (SetOf, Sequence, Sym):
            return _combined("-", [real_set(left), real_set(right.args[0])])
    raise NotASetError


def _number(value: Value) -> arb:
    ball = BallPoint({}).value(value)
    if not ball.imag.contains(0):
        raise NotASetError
    return ball.real


def _interval(value: Sequence) -> RealSet:
    if len(value.items) != 2:
        raise NotASetError
    low, high = value.items
    below, above = sign_of_infinity(low), sign_of_infinity(high)
    if below > 0 or above < 0 or (below and value.opener == "[") or (above and value.closer == "]"):
        raise NotASetError
    left, right = (None if below else _number(low)), (None if above else _number(high))
    left_closed, right_closed = value.opener == "[", value.closer == "]"
    if left is not None and right is not None and left > right:
        raise NotASetError

    def contains(point: arb) -> bool:
        if left is not None and not (left_closed if left.overlaps(point) else left < point):
            return False
        return right is None or (right_closed if right.overlaps(point) else point < right)

    return RealSet([b for b in (left, right) if b is not None], contains)


def _points(items: tuple[Value, ...]) -> RealSet:
    points = [_number(item) for item in items]
    return RealSet(points, lambda point: any(point.overlaps(p) for p in points))


def _combined(op: str, parts: list[RealSet]) -> RealSet:
    breaks = [b for part in parts for b in part.breaks]
    if len(breaks) > _MAX_BREAKS:
        raise NotASetError
    if op in ("|", "or"):
        return RealSet(breaks, lambda point: any(part.contains(point) for part in parts))
    if op in ("&", "and"):
        return RealSet(breaks, lambda point: all(part.contains(point) for part in parts))
    return RealSet(
        breaks, lambda point: parts[0].contains(point) and not any(p.contains(point) for p in parts[1:])
    )


def _logic(value: Logic) -> RealSet:
    """Conditions joined by `and` or `or`; joined by commas, they hold together unless nothing satisfies
    them."""
    if len(condition_variables(value)) > 1:
        raise NotASetError
    parts = [real_set(part) for part in value.parts]
    if value.op != ",":
        return _combined(value.op, parts)
    together = _combined("and", parts)
    if any(together.contains(point) for point in _samples(_sorted(together.breaks))):
        return together
    return _combined("or", parts)


def _builder(value: Builder) -> RealSet:
    variable = value.variable
    domain = None
    if type(variable) is Relation and variable.ops == ("in",):
        variable, domain = variable.sides
    if type(variable) is not Sym or free_symbols(value.condition) - {variable.name}:
        raise NotASetError
    condition = real_set(value.condition)
    return condition if domain is None else _combined("and", [condition, real_set(domain)])


def _chain(value: Relation) -> RealSet:
    names = free_symbols(value)
    if len(names) != 1:
        raise NotASetError
    name = next(iter(names))
    parts = []
    for op, left, right in zip(value.ops, value.sides, value.sides[1:], strict=False):
        if op in ("in", "notin"):
            if left != Sym(name):
                raise NotASetError
            inside = real_set(right)
            parts.append(inside if op == "in" else _combined("-", [RealSet([], lambda _: True), inside]))
        elif op in ("<", ">", "<=", ">=", "!=", "="):
            parts.append(_condition(op, left, right, name))
        else:
            raise NotASetError
    return parts[0] if len(parts) == 1 else _combined("and", parts)


def _condition(op: str, left: Value, right: Value, name: str) -> RealSet:
    """The reals at which `left op right` holds."""
    if left == Sym(name) and name not in free_symbols(right):
        return _half_line(op, right)
    if right == Sym(name) and name not in free_symbols(left):
        return _half_line(FLIPPED.get(op, op), left)
    difference = Apply("+", (left, Apply("neg", (right,))))
    roots = _critical_points(difference, name)

    def contains(point: arb) -> bool:
        try:
            value = BallPoint({name: acb(point)}).value(difference)
        except UnevaluableError:
            return False
        if not value.imag.contains(0):
            return False
        if value.contains(0):
            return op in ("<=", ">=", "=")
        return op == "!=" or ((value.real > 0) == (op in (">", ">=")) and op != "=")

    return RealSet(roots, contains)


def _half_line(op: str, bound: Value) -> RealSet:
    infinite = sign_of_infinity(bound)
    if infinite:
        holds = (op in ("<", "<=", "!=") and infinite > 0) or (op in (">", ">=", "!=") and infinite < 0)
        return RealSet([], lambda _: holds)
    edge = _number(bound)

    def contains(point: arb) -> bool:
        if edge.overlaps(point):
            return op in ("<=", ">=", "=")
        if op in ("!=", "="):
            return op == "!="
        return bool(point > edge) == (op in (">", ">="))

    return RealSet([edge], contains)


def _critical_points(node: Value, name: str) -> list[arb]:
    """A superset of the points where the sign of `node` can change: zeros, poles, kinks of absolute
    values."""
    points: list[arb] = []
    for branch in _without_absolute_values(node, points, name):
        try:
            quotient = over_rationals(branch, name)
            points.extend(real_roots(quotient.above))
            points.extend(real_roots(quotient.below))
        except NotPolynomialError:
            points.append(_linear_root(branch, name))
    return points


def _without_absolute_values(node: Value, points: list[arb], name: str) -> list[Value]:
    """The branches of a tree with each `|u|` replaced by `u` and `-u`; the zeros of each u join `points`."""
    branches = [node]
    for _ in range(_MAX_ABSOLUTE_VALUES):
        inner = _innermost_absolute_value(branches[0], name)
        if inner is None:
            return branches
        points.extend(real_roots(over_rationals(inner, name).above))
        size = Apply("abs", (inner,))
        branches = [
            substitute(branch, size, choice)
            for branch in branches
            for choice in (inner, Apply("neg", (inner,)))
        ]
    if _innermost_absolute_value(branches[0], name) is not None:
        raise NotASetError
    return branches


def _innermost_absolute_value(node: Value, name: str) -> Value | None:
    """The argument of an absolute value that holds the variable, and no other such value."""
    found = None
    for part in walk(node):  # what stands inside another comes after it
        if type(part) is Apply and part.head == "abs" and name in free_symbols(part):
            found = part.args[0]
    return found


def _linear_root(node: Value, name: str) -> arb:
    """The zero of a tree that is linear in the variable with coefficients that are not rational."""
    values = [BallPoint({name: acb(k)}).value(node).real for k in (0, 1, 2, 5)]
    slope = values[1] - values[0]
    if (
        slope.contains(0)
        or not (values[2] - values[1]).overlaps(slope)
        or not (values[3] - values[2]).overlaps(3 * slope)
    ):
        raise NotASetError
    return -values[0] / slope


def _sorted(breaks: list[arb]) -> list[arb]:
    """Break points in order, those that meet taken for one."""
    if len(breaks) > _MAX_BREAKS:
        raise NotASetError
    ordered = sorted(breaks, key=fmpq_of)
    merged: list[arb] = []
    for point in ordered:
        if merged and merged[-1].overlaps(point):
            if not point.is_exact():
                continue
            merged[-1] = point
        else:
            merged.append(point)
    return merged


def fmpq_of(ball: arb) -> fmpq:
    """The midpoint of a ball, exactly."""
    mantissa, exponent = ball.mid().man_exp()
    if abs(int(exponent)) > _MAX_EXPONENT:
        raise NotASetError
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _samples(breaks: list[arb]) -> list[arb]:
    """Every break point, and a point in every gap."""
    if not breaks:
        return [arb(0)]
    points = [breaks[0].mid() - 1]
    for here, after in itertools.pairwise(breaks):
        points.extend((here, arb((fmpq_of(here) + fmpq_of(after)) / 2)))
    points.extend((breaks[-1], breaks[-1].mid() + 1))
    return points
