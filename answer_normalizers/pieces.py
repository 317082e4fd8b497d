"""Expressions that are one function here and another there, such as `|x - 50|`: a second look further out.

Random points near 0 do not tell `|x - 50|` from `50 - x`, nor `max(x, 1000)` from `1000`. Where the pieces of
such an expression end is near its constants and their quotients, so the points tried here lie on both sides
of those, and far from 0. They can only reject.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import acb, arb, fmpq

from answer_normalizers.balls import BallPoint, UnevaluableError
from answer_normalizers.values import Apply, Num, Value

_PIECEWISE = frozenset({"abs", "max", "min", "sgn", "floor", "ceil"})
_ROOTS = frozenset({"sqrt", "root"})
_POLYNOMIAL = frozenset({"^", "*"})
_FAR = tuple(
    fmpq(n, 1009) for n in (7_331, -8_123, 41_999, -39_119, 333_667, -301_247, 9_870_121, -7_654_321)
)
_SIDES = (fmpq(1013, 1009), fmpq(1003, 1009), fmpq(1511, 1009))
_MAX_CONSTANTS = 6
_MAX_ENDS = 12


def has_pieces(*values: Value) -> bool:
    """Whether one of the trees may be put together of several functions; `sqrt(x^2)` is."""
    for value in values:
        heads = {node.head for node in _operations(value)}
        if heads & _PIECEWISE or (heads & _ROOTS and heads & _POLYNOMIAL):
            return True
    return False


def point_of_difference(
    gold: Value, pred: Value, *, names: Sequence[str], base: int, whole: frozenset[str]
) -> tuple[dict[str, acb], acb, acb] | None:
    """A point, near an end of a piece or far from 0, at which both are real and provably differ.

    Args:
        gold: a scalar tree.
        pred: another.
        names: the variables of both.
        base: of a bare `log`, 0 for e.
        whole: the variables that are whole numbers.
    """
    places = tuple(_places(gold, pred))
    for index in range(len(places)):
        env = {
            name: _value(places[(index + 7 * k) % len(places)], whole=name in whole)
            for k, name in enumerate(names)
        }
        points = BallPoint(dict(env), base), BallPoint(dict(env), base)
        try:
            left, right = points[0].value(gold), points[1].value(pred)
        except (UnevaluableError, OverflowError, ValueError, ZeroDivisionError):
            continue
        real = not any(p.left_reals for p in points) and all(v.imag.contains(0) for v in (left, right))
        if real and not left.overlaps(right):
            return env, left, right
    return None


def _places(*values: Value) -> Iterator[fmpq]:
    """Numbers far from 0, then numbers on both sides of each constant and of some of their quotients."""
    yield from _FAR
    constants = {abs(fmpq(n.value)) for value in values for n in _numbers(value)}
    kept = sorted(c for c in constants if 0 < c < 10**9)[-_MAX_CONSTANTS:]
    ends = {*kept, *(c / d for c in kept for d in kept if d != c)}
    for end in sorted(ends)[-_MAX_ENDS:]:
        for step in _SIDES:
            yield end * step
            yield -end * step


def _value(place: fmpq, *, whole: bool) -> acb:
    return acb(2 + int(abs(place)) % 1000) if whole else acb(arb(place))


def _operations(value: Value) -> Iterator[Apply]:
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            yield node
            stack.extend(node.args)


def _numbers(value: Value) -> Iterator[Num]:
    if type(value) is Num:
        yield value
    for node in _operations(value):
        yield from (argument for argument in node.args if type(argument) is Num)
