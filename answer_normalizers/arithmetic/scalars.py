"""Whether two scalar expressions are equal: structure, exact arithmetic, field points, balls, in this
order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import AGREEMENT_BITS, LADDER, BallPoint, UnevaluableError, precision
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.field import compare_in_field
from answer_normalizers.arithmetic.sampling import Pair, Sight, has_pieces, under_logarithms
from answer_normalizers.policy import Policy
from answer_normalizers.tree.nodes import (
    Apply,
    Num,
    Rational,
    Sym,
    Value,
    free_symbols,
    heads_of,
    substitute,
    symbols,
)
from answer_normalizers.tree.operators import Trait, bits_of, heads
from answer_normalizers.tree.sets import sign_of_infinity
from answer_normalizers.verdict import Verdict, different, equal, undecided

_SAME_TREE = equal("structure", "the two answers are the same expression")
_SAME_RATIONAL = equal("exact", "the two answers are the same rational number")
_SAME_IN_FIELD = equal(
    "field", "the two expressions agree at 2 random points modulo 2^61-1 (error below 1e-30)"
)
_SAME_ROUNDED = equal("number", "the decimal is the exact value to all its digits")
_WITHIN_TOLERANCE = equal("number", "the two numbers are within the stated tolerance")
_UNDECIDED = undecided("ball", "the expressions could not be evaluated")
_NO_VALUE = (UnevaluableError, OverflowError, ValueError, ZeroDivisionError)
"""What the evaluation of an expression that has no value raises."""

_CONVENTIONS = heads(Trait.CONVENTION)
_LOGARITHMS = heads(Trait.LOGARITHM)
_POINTS = 6
"""Points at which two expressions in variables must agree; twice as many are tried."""
_FEWEST_POINTS = 2
"""Points that suffice where the expressions have no value at the others: one may be a coincidence."""
_POINT_BITS = 192
_QUICK_BITS = 64
_MOST_DIGITS = 15
"""Significant digits of a decimal that count; a double holds no more."""
_FLOATS = (1e-300, 1e300)
_INTEGRATION_CONSTANTS = frozenset("CcKk")


def compare_scalars(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Compare two scalars; per cent signs and degrees are settled by the policy first."""
    if gold == pred:
        return _SAME_TREE
    infinite = sign_of_infinity(gold), sign_of_infinity(pred)
    if infinite != (0, 0):
        return _compare_infinities(infinite, pred if infinite[0] else gold)
    if type(gold) is Num and type(pred) is Num:
        return _compare_rationals(gold, pred, gold.value, pred.value, policy)
    for head in ("percent", "deg"):
        ours, theirs = _inside(gold, head), _inside(pred, head)
        if ours is not None and theirs is not None:
            return compare_scalars(ours, theirs, policy)
        if ours is not None:
            return _first_equal(_compare(reading, pred, policy) for reading in _readings(gold, pred, policy))
        if theirs is not None:
            return _first_equal(_compare(gold, reading, policy) for reading in _readings(pred, gold, policy))
    return _compare(gold, pred, policy)


def _inside(value: Value, head: str) -> Value | None:
    """What a sign stands behind; None where it does not stand."""
    return value.args[0] if type(value) is Apply and value.head == head else None


def _readings(marked: Value, other: Value, policy: Policy) -> list[Value]:
    """What a value with a per cent or degree sign may mean beside another."""
    assert isinstance(marked, Apply)
    inner = marked.args[0]
    if marked.head == "percent":
        hundredth = Apply("*", (inner, Num(fmpq(1, 100))))
        return [inner, hundredth] if policy.percent == "either" else [hundredth]
    if policy.degrees == "required" or "pi" in symbols(other):
        return [marked]
    return [inner] if rational(other) is not None else [inner, marked]


def _first_equal(verdicts: Iterator[Verdict]) -> Verdict:
    """The first verdict that accepts, else the last."""
    verdict = _UNDECIDED
    for verdict in verdicts:
        if verdict.equivalent:
            break
    return verdict


def _compare_infinities(signs: tuple[int, int], other: Value) -> Verdict:
    if 0 not in signs:
        return Verdict(signs[0] == signs[1], "structure", "both answers are infinite")
    if rational(other) is not None or (
        type(other) is Apply and not free_symbols(other) and "inf" not in symbols(other)
    ):
        return different("type", "only one of the answers is infinite")
    return _UNDECIDED


def _compare(gold: Value, pred: Value, policy: Policy) -> Verdict:
    left, right = rational(gold), rational(pred)
    if left is not None and right is not None:
        return _compare_rationals(gold, pred, left, right, policy)
    names = free_symbols(gold) | free_symbols(pred)
    if policy.constants_of_integration == "any_letter" and any(name[0] in "CcKk" for name in names):
        renamed = _same_constants(gold, pred, names)
        if renamed is not None:
            pred = renamed
            names = free_symbols(gold) | free_symbols(pred)
    lone_number = not names and (isinstance(gold, Num) or isinstance(pred, Num))
    agree = None if lone_number else compare_in_field(gold, pred)
    if agree is True:
        return _SAME_IN_FIELD
    if agree is False:
        return _different_rational_functions(gold, pred, names)
    return _first_equal(
        _compare_values(gold, pred, names, base, policy) for base in _log_bases(gold, pred, policy)
    )


def _compare_values(gold: Value, pred: Value, names: frozenset[str], base: int, policy: Policy) -> Verdict:
    """Two expressions that are no rational functions, with a bare `log` to one base."""
    try:
        if names:
            return _compare_functions(Pair(gold, pred, names=names, log_base=base), policy)
        return _compare_constants(gold, pred, base, policy)
    except _NO_VALUE:
        return _UNDECIDED


def _log_bases(gold: Value, pred: Value, policy: Policy) -> tuple[int, ...]:
    """The bases to try for a bare `log`, 0 standing for e."""
    if "log?" not in heads_of(gold, pred):
        return (10,)
    return {"either": (10, 0), "common": (10,), "natural": (0,)}[policy.log]


def _same_constants(gold: Value, pred: Value, names: frozenset[str]) -> Value | None:
    """`pred` with its constants of integration named as in `gold`; None where nothing is to be renamed."""
    ours, theirs = free_symbols(gold), free_symbols(pred)
    renamed = pred
    for name in names:
        if name[0] in "Cc" and name not in theirs and name.swapcase() in theirs - ours:
            renamed = substitute(renamed, Sym(name.swapcase()), Sym(name))
    if renamed is not pred:
        return renamed
    return _same_constant(gold, pred)


def _same_constant(gold: Value, pred: Value) -> Value | None:
    """`pred` with its additive constant renamed to the one of `gold`; None where either has none."""
    names = [_integration_constant(gold), _integration_constant(pred)]
    if names[0] is None or names[1] is None or names[0] == names[1]:
        return None
    return substitute(pred, Sym(names[1]), Sym(names[0]))


def _integration_constant(value: Value) -> str | None:
    if type(value) is not Apply or value.head != "+":
        return None
    for term in value.args:
        if type(term) is Sym and term.name in _INTEGRATION_CONSTANTS:
            rest = [t for t in value.args if t is not term]
            if all(term.name not in free_symbols(t) for t in rest):
                return term.name
    return None


def size_of(value: Value) -> acb | None:
    """A quick ball around a number; None for anything else, and where a convention may change its value."""
    if (
        not isinstance(value, Num | Sym | Apply)
        or free_symbols(value)
        or not _CONVENTIONS.isdisjoint(heads_of(value))
    ):
        return None
    if isinstance(value, Num) and value.digits:
        return None
    try:
        with precision(_QUICK_BITS):
            return BallPoint({}).value(value)
    except _NO_VALUE:
        return None


def far_apart(one: acb | None, two: acb | None) -> bool:
    """Whether two balls prove their numbers different."""
    return one is not None and two is not None and not one.overlaps(two)


# -- numbers -----------------------------------------------------------------------------------------


def _compare_rationals(gold: Value, pred: Value, left: Rational, right: Rational, policy: Policy) -> Verdict:
    if left == right:
        return _SAME_RATIONAL
    decimals = [n for n in (gold, pred) if _stands_for_a_value(n, policy)]
    # Of two such decimals the shorter must not be a rounding of the longer: both have to be right.
    if decimals and all(abs(fmpq(left) - right) < _unit_in_last_place(n) for n in decimals):
        return _SAME_ROUNDED
    if policy.relative_tolerance and abs(fmpq(left) - right) <= _share(policy) * max(
        abs(fmpq(left)), abs(fmpq(right))
    ):
        return _WITHIN_TOLERANCE
    return different(
        "exact",
        "the two answers are different rational numbers",
        f"{_show(left)} against {_show(right)}",
    )


def _stands_for_a_value(value: Value, policy: Policy) -> TypeGuard[Num]:
    """Whether a value is a decimal of so many digits that it is no mere rounding."""
    return type(value) is Num and value.digits >= policy.decimal_digits and value.places > 0


def _share(policy: Policy) -> fmpq:
    above, below = policy.relative_tolerance.as_integer_ratio()
    return fmpq(above, below)


def _unit_in_last_place(number: Num) -> fmpq:
    """One unit in the last place that counts."""
    places = number.places - max(0, number.digits - _MOST_DIGITS)
    return fmpq(1, 10**places) if places >= 0 else fmpq(10**-places)


def _show(value: Rational) -> str:
    size = bits_of(value)
    if size > 4_000:
        return f"a rational number of {size} bits"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:18]}…{text[-18:]} ({len(text)} characters)"


def _compare_constants(gold: Value, pred: Value, base: int, policy: Policy) -> Verdict:
    """Two numbers without variables, one of them irrational: balls at rising precision."""
    for bits in LADDER:
        with precision(bits):
            left, right = BallPoint({}, base).value(gold), BallPoint({}, base).value(pred)
            if not left.overlaps(right):
                if _stands_for(gold, pred, left, right, policy):
                    return _SAME_ROUNDED
                if policy.relative_tolerance and _close(left, right, policy):
                    return _WITHIN_TOLERANCE
                return different(
                    "ball",
                    "the two values are provably different",
                    f"{_digits(left)} against {_digits(right)}",
                )
            if _agree(left, right):
                return equal("ball", "the two values agree to a hundred digits")
    return undecided("ball", f"the two values could not be told apart at {LADDER[-1]} bits")


def _agree(left: acb, right: acb) -> bool:
    """Whether both balls are so small that meeting means agreement to a hundred digits."""
    accuracy = min(left.rel_accuracy_bits(), right.rel_accuracy_bits())
    if accuracy >= AGREEMENT_BITS:
        return True
    difference = (left - right).abs_upper()
    return bool(left.contains(0) and right.contains(0) and difference < arb(2) ** -AGREEMENT_BITS)


def _stands_for(gold: Value, pred: Value, left: acb, right: acb, policy: Policy) -> bool:
    """Whether one of the two is a decimal that is the other to all its digits."""
    for number in (gold, pred):
        if _stands_for_a_value(number, policy):
            return bool((left - right).abs_upper() < arb(_unit_in_last_place(number)))
    return False


def _close(left: acb, right: acb, policy: Policy) -> bool:
    return bool((left - right).abs_upper() <= arb(_share(policy)) * left.abs_upper().max(right.abs_upper()))


def _digits(value: acb) -> str:
    if value.imag.is_zero():
        return _shown(value.real)
    return f"{_shown(value.real)} + {_shown(value.imag)} i"


def _shown(value: arb) -> str:
    """Twelve digits; through a float where it holds the number, since that is ten times as fast."""
    number = float(value)
    if _FLOATS[0] < abs(number) < _FLOATS[1]:
        return f"{number:.12g}"
    return str(value.str(12, radius=False))


# -- expressions in variables ------------------------------------------------------------------------


def _different_rational_functions(gold: Value, pred: Value, names: frozenset[str]) -> Verdict:
    """A rejection by the field, with a point of small integers as witness where one shows it."""
    witness = None
    for start in (2, 3, 5, 7):
        env: dict[str, Rational] = {name: start + 3 * k for k, name in enumerate(sorted(names))}
        left, right = rational(gold, env), rational(pred, env)
        if left is not None and right is not None and left != right:
            point = ", ".join(f"{name} = {value}" for name, value in env.items())
            witness = f"{_show(left)} against {_show(right)}" + (f" at {point}" if point else "")
            break
    return different("field", "the two expressions differ at a point of the field modulo 2^61-1", witness)


@dataclass(slots=True)
class _Tally:
    """What the points tried so far showed."""

    real: int = 0
    complex_equal: int = 0
    complex_differ: str | None = None
    one_sided: bool = False

    def count(self, sight: Sight, env: dict[str, acb], *, complex_valued: bool) -> bool:
        """Take one more point into account; False where it proves the expressions different."""
        meets = sight.meets
        if meets and sight.left_reals and not complex_valued:
            self.complex_equal += 1
        elif complex_valued or sight.real == (True, True):
            self.real += meets and sight.sharp
            return meets
        elif sight.real != (False, False):
            self.one_sided = True
        elif meets:
            self.complex_equal += 1
        elif self.complex_differ is None:
            self.complex_differ = _witness(env, sight)
        return True


def _compare_functions(pair: Pair, policy: Policy) -> Verdict:
    """Two expressions in variables, at random points: a real difference rejects, agreement everywhere
    accepts."""
    tally = _Tally()
    with precision(_POINT_BITS):
        for index in range(2 * _POINTS):
            env = pair.random_point(index)
            try:
                sight = pair.at(env)
            except UnevaluableError:
                continue
            if not tally.count(sight, env, complex_valued=pair.complex_valued):
                return _differ_at(env, sight)
            if tally.real >= _POINTS:
                break
        if tally.real >= _FEWEST_POINTS and not pair.complex_valued and has_pieces(pair.gold, pair.pred):
            rejection = _difference_of_pieces(pair)
            if rejection is not None:
                return rejection
    return _judge(pair, tally, policy)


def _difference_of_pieces(pair: Pair) -> Verdict | None:
    """A rejection at a point, near an end of a piece or far from 0, where both are real and differ."""
    for env in pair.ends_of_pieces():
        try:
            sight = pair.at(env)
        except _NO_VALUE:
            continue
        if sight.real == (True, True) and not sight.meets:
            return _differ_at(env, sight)
    return None


def _judge(pair: Pair, tally: _Tally, policy: Policy) -> Verdict:
    if tally.real >= _FEWEST_POINTS:
        if tally.one_sided and (policy.domains == "same" or _in_logarithms_of_one_variable(pair)):
            return undecided("ball", "equal where both are real, but defined on different sets")
        return equal("ball", f"the two expressions agree to 19 digits at {tally.real} random points")
    if tally.complex_differ:
        return different("ball", "the two expressions differ at a point", tally.complex_differ)
    if tally.complex_equal >= _FEWEST_POINTS:
        return equal("ball", f"the two expressions agree to 19 digits at {tally.complex_equal} random points")
    return _UNDECIDED


def _in_logarithms_of_one_variable(pair: Pair) -> bool:
    if _LOGARITHMS.isdisjoint(heads_of(pair.gold, pair.pred)):
        return False
    return len(under_logarithms(pair.gold) | under_logarithms(pair.pred)) <= 1


def _differ_at(env: dict[str, acb], sight: Sight) -> Verdict:
    return different("ball", "the two expressions differ at a point", _witness(env, sight))


def _witness(env: dict[str, acb], sight: Sight) -> str:
    point = ", ".join(f"{name} = {_digits(value)}" for name, value in env.items())
    return f"{_digits(sight.left)} against {_digits(sight.right)} at {point}"
