"""Where expressions in variables are compared: the points, and what a tree says about its variables.

Random points near 0 do not tell `|x - 50|` from `50 - x`, nor `max(x, 1000)` from `1000`. Where the pieces of
such an expression end is near its constants and their quotients, so `point_of_difference` tries points on
both sides of those, and far from 0. They can only reject.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.tree.nodes import Apply, Num, Sym, Value, free_symbols


def named_constants(value: Value) -> set[str]:
    """The names of all symbols of a tree, constants among them."""
    found: set[str] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Sym:
            found.add(node.name)
        elif type(node) is Apply:
            stack.extend(node.args)
    return found


def has_head(value: Value, *heads: str) -> bool:
    """Whether some operation of a tree is one of these."""
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            if node.head in heads:
                return True
            stack.extend(node.args)
    return False


def substitute(value: Value, name: str, replacement: Value) -> Value:
    """Replace a symbol in a scalar tree."""
    if type(value) is Sym:
        return replacement if value.name == name else value
    if type(value) is Apply:
        return Apply(value.head, tuple(substitute(a, name, replacement) for a in value.args))
    return value


def under_logarithms(value: Value) -> frozenset[str]:
    """The variables that stand in some logarithm."""
    found: frozenset[str] = frozenset()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            if node.head in ("ln", "log", "log?"):
                found |= free_symbols(node)
            stack.extend(node.args)
    return found


def sample(name: str, index: int, *, whole: bool, spread: int) -> acb:
    """The value of a variable at the point of this index: fixed, and unrelated between names and points.

    Even points are positive, odd ones of either sign, so that a difference on one side of 0 shows.
    """
    seed = crc32(f"{name}/{index}".encode("utf-8", "surrogatepass"))
    if whole:
        return acb(2 + seed % (11 * spread))
    value = fmpq(300 + seed % 2401, 1009) * spread
    if index % 2 and (seed >> 16) % 4:
        value = -value
    return acb(arb(value))


def integer_variables(value: Value) -> frozenset[str]:
    """Variables that only make sense as integers: under a factorial, in the limits of a sum, in `(-1)^n`."""
    found: frozenset[str] = frozenset()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is not Apply:
            continue
        if node.head in ("factorial", "double_factorial", "binom", "gcd", "lcm", "mod"):
            found |= free_symbols(node)
        elif node.head in ("sum", "prod"):
            found |= free_symbols(node.args[1]) | free_symbols(node.args[2])
        elif node.head == "^" and free_symbols(node.args[1]):
            base = rational(node.args[0])
            if base is not None and base < 0:
                found |= free_symbols(node.args[1])
        stack.extend(node.args)
    return found


# ---- expressions that are one function here and another there

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
