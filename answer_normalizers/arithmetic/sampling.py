"""Where expressions in variables are compared: the points, and what the two are at one.

Random points near 0 do not tell `|x - 50|` from `50 - x`, nor `max(x, 1000)` from `1000`. Where the pieces of
such an expression end is near its constants and their quotients, so `ends_of_pieces` are points on both sides
of those, and far from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import BallPoint
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.tree.nodes import Apply, Num, Value, free_symbols, heads_of, symbols, walk
from answer_normalizers.tree.operators import Trait, heads

_WHOLE = heads(Trait.WHOLE)
_STEPS = heads(Trait.STEPS)
_PIECES = heads(Trait.PIECES)
_ROOTS = heads(Trait.ROOT)
_LOGARITHMS = heads(Trait.LOGARITHM)
_UNROLLED = frozenset({"sum", "prod"})
_POLYNOMIAL = frozenset({"^", "*"})

_STEP_SPREAD = 23
"""Functions that are constant between steps are sampled this many times further out."""
_SHARP_BITS = 64
_TINY = arb(2) ** -100
_FAR = tuple(
    fmpq(n, 1009) for n in (7_331, -8_123, 41_999, -39_119, 333_667, -301_247, 9_870_121, -7_654_321)
)
_SIDES = (fmpq(1013, 1009), fmpq(1003, 1009), fmpq(1511, 1009))
_MAX_CONSTANTS = 6
_MAX_ENDS = 12


@dataclass(frozen=True, slots=True)
class Sight:
    """What two expressions are at one point."""

    left: acb
    right: acb
    real: tuple[bool, bool]
    """Which of the two is real, and was on the way to its value."""
    left_reals: bool
    """Whether one took a root, power or logarithm that is not real."""

    @property
    def meets(self) -> bool:
        """Whether the two may be equal here. Otherwise they are proved different."""
        return bool(self.left.overlaps(self.right))

    @property
    def sharp(self) -> bool:
        """Whether meeting here says that both agree to 19 digits."""
        if min(self.left.rel_accuracy_bits(), self.right.rel_accuracy_bits()) >= _SHARP_BITS:
            return True
        both = self.left.contains(0) and self.right.contains(0)
        return bool(both and (self.left - self.right).abs_upper() < _TINY)


class Pair:
    """Two expressions, to be compared at points."""

    def __init__(self, gold: Value, pred: Value, *, names: Iterable[str], log_base: int) -> None:
        self.gold = gold
        self.pred = pred
        self.log_base = log_base
        """Of a logarithm that names none; 0 for e."""
        self.names = sorted(names)
        self.whole = integer_variables(gold) | integer_variables(pred)
        self.complex_valued = "i" in symbols(gold) or "i" in symbols(pred)
        self.spread = 1 if _STEPS.isdisjoint(heads_of(gold, pred)) else _STEP_SPREAD

    def at(self, env: dict[str, acb]) -> Sight:
        """The two at one point. Raises `UnevaluableError`."""
        points = BallPoint(dict(env), self.log_base), BallPoint(dict(env), self.log_base)
        left, right = points[0].value(self.gold), points[1].value(self.pred)
        return Sight(
            left=left,
            right=right,
            real=(
                not points[0].left_reals and left.imag.contains(0),
                not points[1].left_reals and right.imag.contains(0),
            ),
            left_reals=points[0].left_reals or points[1].left_reals,
        )

    def random_point(self, index: int) -> dict[str, acb]:
        """The point of an index: fixed, and unrelated to the other points."""
        return {
            name: sample(name, index, whole=name in self.whole, spread=self.spread) for name in self.names
        }

    def ends_of_pieces(self) -> Iterator[dict[str, acb]]:
        """Points far from 0, and near where pieces of the two may end."""
        places = tuple(_places(self.gold, self.pred))
        for index in range(len(places)):
            yield {
                name: _value(places[(index + 7 * k) % len(places)], whole=name in self.whole)
                for k, name in enumerate(self.names)
            }


def sample(name: str, index: int, *, whole: bool, spread: int) -> acb:
    """The value of a variable at the point of this index: unrelated between names and points.

    Even points are positive, odd ones of either sign, so that a difference on one side of 0 shows.
    """
    seed = crc32(f"{name}/{index}".encode("utf-8", "surrogatepass"))
    if whole:
        return acb(2 + seed % (11 * spread))
    value = fmpq(300 + seed % 2401, 1009) * spread
    if index % 2 and (seed >> 16) % 4:
        value = -value
    return acb(arb(value))


def _places(*values: Value) -> Iterator[fmpq]:
    """Numbers far from 0, then numbers on both sides of each constant and of some of their quotients."""
    yield from _FAR
    constants = {abs(fmpq(node.value)) for value in values for node in walk(value) if type(node) is Num}
    kept = sorted(c for c in constants if 0 < c < 10**9)[-_MAX_CONSTANTS:]
    ends = {*kept, *(c / d for c in kept for d in kept if d != c)}
    for end in sorted(ends)[-_MAX_ENDS:]:
        for step in _SIDES:
            yield end * step
            yield -end * step


def _value(place: fmpq, *, whole: bool) -> acb:
    return acb(2 + int(abs(place)) % 1000) if whole else acb(arb(place))


# ---- what an expression says about its variables ----------------------------------------------------


def integer_variables(value: Value) -> frozenset[str]:
    """Variables that only make sense as integers: under a factorial, in the limits of a sum, in `(-1)^n`."""
    found: frozenset[str] = frozenset()
    for node in walk(value):
        if type(node) is not Apply:
            continue
        if node.head in _WHOLE:
            found |= free_symbols(node)
        elif node.head in _UNROLLED:
            found |= free_symbols(node.args[1]) | free_symbols(node.args[2])
        elif node.head == "^" and free_symbols(node.args[1]):
            base = rational(node.args[0])
            if base is not None and base < 0:
                found |= free_symbols(node.args[1])
    return found


def under_logarithms(value: Value) -> frozenset[str]:
    """The variables that stand in some logarithm."""
    logarithms = [node for node in walk(value) if type(node) is Apply and node.head in _LOGARITHMS]
    return frozenset().union(*map(free_symbols, logarithms))


def has_pieces(*values: Value) -> bool:
    """Whether one of the trees may be put together of several functions; `sqrt(x^2)` is."""
    for value in values:
        found = heads_of(value)
        if found & _PIECES or (found & _ROOTS and found & _POLYNOMIAL):
            return True
    return False
