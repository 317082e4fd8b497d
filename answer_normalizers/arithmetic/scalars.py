"""Whether two scalar expressions are equal: structure, exact arithmetic, field points, balls, in this
order."""

from __future__ import annotations

from dataclasses import dataclass

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import AGREEMENT_BITS, LADDER, BallPoint, UnevaluableError, precision
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.field import compare_in_field
from answer_normalizers.arithmetic.sampling import (
    has_head,
    has_pieces,
    integer_variables,
    named_constants,
    point_of_difference,
    sample,
    substitute,
    under_logarithms,
)
from answer_normalizers.policy import Policy
from answer_normalizers.tree.nodes import Apply, Num, Rational, Sym, Value, free_symbols
from answer_normalizers.verdict import Verdict, different, equal, undecided

_SAME_TREE = equal("structure", "the two answers are the same expression")
_SAME_RATIONAL = equal("exact", "the two answers are the same rational number")
_SAME_IN_FIELD = equal(
    "field", "the two expressions agree at 2 random points modulo 2^61-1 (error below 1e-30)"
)
_SAME_ROUNDED = equal("number", "the decimal is the exact value to all its digits")
_WITHIN_TOLERANCE = equal("number", "the two numbers are within the stated tolerance")
_UNDECIDED = undecided("ball", "the expressions could not be evaluated")
_POINTS = 6
_POINT_BITS = 192
_QUICK_BITS = 64
_FLOATS = (1e-300, 1e300)
_STEPS = ("floor", "ceil", "mod", "gcd", "lcm")
_STEP_SPREAD = 23
"""Functions that are constant between steps are sampled this many times further out."""
_INTEGRATION_CONSTANTS = frozenset("CcKk")


def compare_scalars(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Compare two scalars; per cent signs and degrees are settled by the policy first."""
    if gold == pred:
        return _SAME_TREE
    infinite = _infinite_sign(gold), _infinite_sign(pred)
    if infinite != (0, 0):
        return _compare_infinities(infinite, pred if infinite[0] else gold)
    if type(gold) is Num and type(pred) is Num:
        return _compare_rationals(gold, pred, gold.value, pred.value, policy)
    for head, resolve in (("percent", _percent_readings), ("deg", _degree_readings)):
        marked = (_is(gold, head), _is(pred, head))
        if marked == (True, True):
            return compare_scalars(gold.args[0], pred.args[0], policy)  # type: ignore[union-attr]
        if True in marked:
            verdict = _UNDECIDED
            side, other = (gold, pred) if marked[0] else (pred, gold)
            for reading in resolve(side, other, policy):
                pair = (reading, other) if marked[0] else (other, reading)
                verdict = _compare(*pair, policy)
                if verdict.equivalent:
                    return verdict
            return verdict
    return _compare(gold, pred, policy)


def _infinite_sign(value: Value) -> int:
    if type(value) is Sym and value.name == "inf":
        return 1
    return -1 if _is(value, "neg") and value.args[0] == Sym("inf") else 0  # type: ignore[union-attr]


def _compare_infinities(signs: tuple[int, int], other: Value) -> Verdict:
    if 0 not in signs:
        return Verdict(signs[0] == signs[1], "structure", "both answers are infinite")
    if rational(other) is not None or (
        type(other) is Apply and not free_symbols(other) and "inf" not in named_constants(other)
    ):
        return different("type", "only one of the answers is infinite")
    return _UNDECIDED


def _is(value: Value, head: str) -> bool:
    return type(value) is Apply and value.head == head


def _percent_readings(value: Value, other: Value, policy: Policy) -> list[Value]:
    del other
    inner = value.args[0]  # type: ignore[union-attr]
    hundredth = Apply("*", (inner, Num(fmpq(1, 100))))
    return [inner, hundredth] if policy.percent == "either" else [hundredth]


def _degree_readings(value: Value, other: Value, policy: Policy) -> list[Value]:
    if policy.degrees == "required" or "pi" in named_constants(other):
        return [value]
    inner = value.args[0]  # type: ignore[union-attr]
    return [inner] if rational(other) is not None else [inner, value]


def _compare(gold: Value, pred: Value, policy: Policy) -> Verdict:
    left, right = rational(gold), rational(pred)
    if left is not None and right is not None:
        return _compare_rationals(gold, pred, left, right, policy)
    symbols = free_symbols(gold) | free_symbols(pred)
    if policy.constants_of_integration == "any_letter" and any(name[0] in "CcKk" for name in symbols):
        renamed = _same_constants(gold, pred, symbols)
        if renamed is not None:
            pred = renamed
            symbols = free_symbols(gold) | free_symbols(pred)
    lone_number = not symbols and (isinstance(gold, Num) or isinstance(pred, Num))
    agree = None if lone_number else compare_in_field(gold, pred)
    if agree is True:
        return _SAME_IN_FIELD
    if agree is False:
        return _different_rational_functions(gold, pred, symbols)
    bases = _log_bases(gold, pred, policy)
    verdict = _UNDECIDED
    for base in bases:
        try:
            verdict = (
                _compare_functions(gold, pred, sorted(symbols), base, policy)
                if symbols
                else _compare_constants(gold, pred, base, policy)
            )
        except (UnevaluableError, OverflowError, ValueError, ZeroDivisionError):
            verdict = _UNDECIDED
        if verdict.equivalent:
            return verdict
    return verdict


def _log_bases(gold: Value, pred: Value, policy: Policy) -> tuple[int, ...]:
    """The bases to try for a bare `log`, 0 standing for e."""
    if not (has_head(gold, "log?") or has_head(pred, "log?")):
        return (10,)
    return {"either": (10, 0), "common": (10,), "natural": (0,)}[policy.log]


def _same_constants(gold: Value, pred: Value, symbols: frozenset[str]) -> Value | None:
    """`pred` with its constants of integration named as in `gold`; None where nothing is to be renamed."""
    ours, theirs = free_symbols(gold), free_symbols(pred)
    renamed = pred
    for name in symbols:
        if name[0] in "Cc" and name not in theirs and name.swapcase() in theirs - ours:
            renamed = substitute(renamed, name.swapcase(), Sym(name))
    if renamed is not pred:
        return renamed
    return _same_constant(gold, pred)


def _same_constant(gold: Value, pred: Value) -> Value | None:
    """`pred` with its additive constant renamed to the one of `gold`; None where either has none."""
    names = [_integration_constant(gold), _integration_constant(pred)]
    if names[0] is None or names[1] is None or names[0] == names[1]:
        return None
    return substitute(pred, names[1], Sym(names[0]))


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
        or has_head(value, "percent", "deg", "log?")
    ):
        return None
    if isinstance(value, Num) and value.digits:
        return None
    try:
        with precision(_QUICK_BITS):
            return BallPoint({}).value(value)
    except (UnevaluableError, OverflowError, ValueError, ZeroDivisionError):
        return None


def far_apart(one: acb | None, two: acb | None) -> bool:
    """Whether two balls prove their numbers different."""
    return one is not None and two is not None and not one.overlaps(two)


# -- numbers -----------------------------------------------------------------------------------------


def _compare_rationals(gold: Value, pred: Value, left: Rational, right: Rational, policy: Policy) -> Verdict:
    if left == right:
        return _SAME_RATIONAL
    decimals = [
        n for n in (gold, pred) if type(n) is Num and n.digits >= policy.decimal_digits and n.places > 0
    ]
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


def _share(policy: Policy) -> fmpq:
    above, below = policy.relative_tolerance.as_integer_ratio()
    return fmpq(above, below)


def _unit_in_last_place(number: Num) -> fmpq:
    """One unit in the last place written, or in the fifteenth significant digit where there are more."""
    places = number.places - max(0, number.digits - 15)
    return fmpq(1, 10**places) if places >= 0 else fmpq(10**-places)


def _show(value: Rational) -> str:
    size = (
        value.bit_length()
        if isinstance(value, int)
        else int(value.p).bit_length() + int(value.q).bit_length()
    )
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
    for number in (gold, pred):
        if type(number) is Num and number.digits >= policy.decimal_digits and number.places > 0:
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


def _different_rational_functions(gold: Value, pred: Value, symbols: frozenset[str]) -> Verdict:
    """A rejection by the field, with a point of small integers as witness where one shows it."""
    witness = None
    names = sorted(symbols)
    for start in (2, 3, 5, 7):
        env: dict[str, Rational] = {name: start + 3 * k for k, name in enumerate(names)}
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


def _compare_functions(gold: Value, pred: Value, names: list[str], base: int, policy: Policy) -> Verdict:
    """Two expressions in variables, at random points: a real difference rejects, agreement everywhere
    accepts."""
    whole = integer_variables(gold) | integer_variables(pred)
    complex_valued = "i" in named_constants(gold) | named_constants(pred)
    steps = has_head(gold, *_STEPS) or has_head(pred, *_STEPS)
    spread = _STEP_SPREAD if steps else 1
    tally = _Tally()
    failures = 0
    with precision(_POINT_BITS):
        for index in range(2 * _POINTS):
            env = {name: sample(name, index, whole=name in whole, spread=spread) for name in names}
            try:
                points = BallPoint(dict(env), base), BallPoint(dict(env), base)
                left, right = points[0].value(gold), points[1].value(pred)
            except UnevaluableError:
                failures += 1
                continue
            if left.overlaps(right) and not complex_valued and any(p.left_reals for p in points):
                tally.complex_equal += 1
                continue
            reals = tuple(
                not p.left_reals and v.imag.contains(0) for p, v in zip(points, (left, right), strict=True)
            )
            if complex_valued or reals == (True, True):
                if not left.overlaps(right):
                    return different(
                        "ball", "the two expressions differ at a point", _witness(env, left, right)
                    )
                if min(left.rel_accuracy_bits(), right.rel_accuracy_bits()) < 64 and not _tiny(left, right):
                    failures += 1
                    continue
                tally.real += 1
                if tally.real >= _POINTS:
                    break
            elif reals == (False, False):
                if left.overlaps(right):
                    tally.complex_equal += 1
                elif tally.complex_differ is None:
                    tally.complex_differ = _witness(env, left, right)
            else:
                tally.one_sided = True
        if tally.real >= 2 and not complex_valued and has_pieces(gold, pred):
            found = point_of_difference(gold, pred, names=names, base=base, whole=whole)
            if found is not None:
                return different("ball", "the two expressions differ at a point", _witness(*found))
    return _judge(gold, pred, tally, policy, several=len(under_logarithms(gold) | under_logarithms(pred)) > 1)


def _judge(gold: Value, pred: Value, tally: _Tally, policy: Policy, *, several: bool) -> Verdict:
    if tally.real >= 2:
        if tally.one_sided:
            logarithms = has_head(gold, "ln", "log", "log?") or has_head(pred, "ln", "log", "log?")
            if policy.domains == "same" or (logarithms and not several):
                return undecided("ball", "equal where both are real, but defined on different sets")
        return equal("ball", f"the two expressions agree to 19 digits at {tally.real} random points")
    if tally.complex_differ:
        return different("ball", "the two expressions differ at a point", tally.complex_differ)
    if tally.complex_equal >= 2:
        return equal("ball", f"the two expressions agree to 19 digits at {tally.complex_equal} random points")
    return _UNDECIDED


def _tiny(left: acb, right: acb) -> bool:
    return bool(left.contains(0) and right.contains(0) and (left - right).abs_upper() < arb(2) ** -100)


def _witness(env: dict[str, acb], left: acb, right: acb) -> str:
    point = ", ".join(f"{name} = {_digits(value)}" for name, value in env.items())
    return f"{_digits(left)} against {_digits(right)} at {point}"
