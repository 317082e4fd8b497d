"""Comparing quantities, texts, times of day, ratios and numbers with a base."""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.equivalence.asking import SAME_TREE, SCALARS, Ask, as_letters, kind_of
from answer_normalizers.equivalence.scalars import as_quantity
from answer_normalizers.parsing.units import Unit, conversion, read_unit
from answer_normalizers.parsing.words import canonical_words
from answer_normalizers.tree.nodes import (
    EMPTY_SET,
    Apply,
    Based,
    Clock,
    Num,
    Quantity,
    Ratio,
    Sym,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different, equal, undecided

_FIGURES = {"∠": "angle", "△": "triangle"}
_SAME_ANSWER_IN_OTHER_WORDS = (
    frozenset({"yes", "true"}),
    frozenset({"no", "false"}),
    frozenset({"undefined", "dne", "diverges"}),
)


def compare_quantities(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one has a unit or label."""
    counted = _counted_out(gold), _counted_out(pred)
    if counted != (gold, pred):
        verdict = ask(*counted)
        if verdict.equivalent is False and ask(_bare(gold), _bare(pred)).equivalent:
            return undecided("unit", "the numbers agree only where both count in the same groups")
        return verdict
    if type(gold) is Quantity and type(pred) is Quantity:
        units = _two_units(gold.unit, pred.unit)
        factor = conversion(units[1], units[0])
        if factor is not None:
            value = pred.value if factor == 1 else Apply("*", (pred.value, Num(factor)))
            return ask(gold.value, value)
        verdict = ask(gold.value, pred.value)
        if units[0].is_unspecified or units[1].is_unspecified:
            extents = units[0].extent, units[1].extent
            if None not in extents and extents[0] != extents[1]:
                return different("unit", f"`{gold.unit}` and `{pred.unit}` measure different things")
            return verdict
        if units[0].has_labels or units[1].has_labels:
            if verdict.equivalent:
                return undecided(
                    "unit",
                    f"the values agree, but `{gold.unit}` and `{pred.unit}` are not known to be the same",
                )
            return verdict
        return different("unit", f"`{gold.unit}` and `{pred.unit}` measure different things")
    quantity, other = (gold, pred) if type(gold) is Quantity else (pred, gold)
    assert type(quantity) is Quantity
    if ask.policy.units == "required" and not read_unit(quantity.unit).is_unspecified:
        return different("unit", "only one of the answers has a unit")
    if type(other) in (Text, Based, Clock):
        return different("type", f"a quantity is never {kind_of(other)}")
    spelled = as_quantity(other)
    if spelled is not None:
        return (
            compare_quantities(quantity, spelled, ask)
            if quantity is gold
            else compare_quantities(spelled, quantity, ask)
        )
    return ask(quantity.value, pred) if quantity is gold else ask(gold, quantity.value)


def _counted_out(value: Value) -> Value:
    """`3 dozen eggs` as `36 eggs`; any other answer unchanged."""
    if type(value) is not Quantity or (count := read_unit(value.unit).count) is None:
        return value
    amount = Apply("*", (value.value, Num(count)))
    rest = " ".join(word for word in value.unit.split() if read_unit(word).count is None)
    return Quantity(amount, rest) if rest else amount


def _bare(value: Value) -> Value:
    return value.value if type(value) is Quantity else value


def _two_units(gold: str, pred: str) -> tuple[Unit, Unit]:
    """Both units; `pounds` beside money is money."""
    units = read_unit(gold), read_unit(pred)
    money = read_unit("pound_sterling")
    if money in units:
        return read_unit(gold.replace("pounds", "gbp")), read_unit(pred.replace("pounds", "gbp"))
    return units


def compare_texts(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is words."""
    del ask
    if type(gold) is Text and type(pred) is Text:
        if gold.words.replace(" ", "") == pred.words.replace(" ", ""):
            return equal("text", "the two answers are the same words")
        one, two = set(gold.words.split()), set(pred.words.split())
        if any(one | two <= pair for pair in _SAME_ANSWER_IN_OTHER_WORDS):
            return undecided("text", "the two words may mean the same to the question")
        if one and two and (one < two or two < one):
            return undecided("text", "one answer has words the other has not")
        return different("text", "the two answers are different words")
    text, other = (gold, pred) if type(gold) is Text else (pred, gold)
    assert type(text) is Text
    if other == EMPTY_SET and text.words in ("none", "undefined", "impossible", "dne"):
        return undecided("text", f"`{text.words}` may mean that there is no solution")
    if other in (Sym("inf"), Apply("neg", (Sym("inf"),))) and text.words in ("diverges", "dne", "undefined"):
        return undecided("text", f"`{text.words}` may mean that the value is infinite")
    if type(other) is Sym and other.name[0] in _FIGURES:
        spoken = canonical_words(f"{_FIGURES[other.name[0]]} {other.name[1:].replace('_', '')}")
        if spoken.replace(" ", "") == text.words.replace(" ", ""):
            return equal("text", "the two answers name the same figure")
    if as_letters(other) == text.words.replace(" ", "") != "":
        return equal("text", "the two answers are the same letters")
    return different("type", f"words are never {kind_of(other)}")


def compare_clocks(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Times of day; `2:30` without a half of the day may also be a ratio."""
    one, two = _as_clock(gold), _as_clock(pred)
    if one is None or two is None:
        ratios = _as_ratio(gold), _as_ratio(pred)
        if ratios[0] is not None and ratios[1] is not None:
            return ask(ratios[0], ratios[1])
        return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")
    same = _minutes(one) == _minutes(two)
    if bool(one.half) != bool(two.half) and ask.policy.clock == "half_optional":
        same = same or (one.hour, one.minute) == (two.hour, two.minute)
    if same:
        return equal("clock", "the two times are the same")
    ratios = _as_ratio(gold), _as_ratio(pred)
    if (
        ratios[0] is not None
        and ratios[1] is not None
        and one.minute
        and compare_ratios(ratios[0], ratios[1], ask).equivalent
    ):
        return undecided("clock", "the same as ratios, different as times")
    return different("clock", "the two times differ")


def _minutes(clock: Clock) -> int:
    hour = clock.hour
    if clock.half:
        hour = hour % 12 + (12 if clock.half == "pm" else 0)
    return hour * 60 + clock.minute


def _as_clock(value: Value) -> Clock | None:
    if type(value) is Clock:
        return value
    if type(value) is Num and type(value.value) is int and 0 <= value.value <= 24:
        return Clock(value.value, 0, "")
    return None


def _as_ratio(value: Value) -> Value | None:
    """The ratio `2:30` may be, or a value a ratio can be compared with."""
    if type(value) is Clock:
        return None if value.half else Ratio((Num(value.hour), Num(value.minute)))
    return value if type(value) in (Ratio, *SCALARS) else None


def compare_ratios(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """`2:3` equals `4:6` and the fraction `2/3`."""
    if type(gold) is Ratio and type(pred) is Ratio:
        if len(gold.parts) != len(pred.parts):
            return different("ratio", "the ratios have different numbers of parts")
        verdict = SAME_TREE
        for k in range(1, len(gold.parts)):
            cross = (Apply("*", (gold.parts[0], pred.parts[k])), Apply("*", (gold.parts[k], pred.parts[0])))
            verdict = ask(*cross)
            if not verdict.equivalent:
                return verdict
        return equal("ratio", "the two ratios are the same")
    ratio, other = (gold, pred) if type(gold) is Ratio else (pred, gold)
    assert type(ratio) is Ratio
    if len(ratio.parts) != 2 or type(other) not in SCALARS:
        return different("type", f"a ratio is never {kind_of(other)}")
    fraction = Apply("/", ratio.parts)
    return ask(fraction, pred) if ratio is gold else ask(gold, fraction)


def compare_based(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is digits with a base."""
    if type(gold) is Based and type(pred) is Based:
        if gold.base == pred.base:
            return different("base", "the digits differ")
        if _based_value(gold) == _based_value(pred):
            return undecided("base", "the same value in two bases, while the question may ask for one")
        return different("base", "the two numbers differ in base and value")
    number, other = (gold, pred) if type(gold) is Based else (pred, gold)
    assert type(number) is Based
    digits = str(other.value) if type(other) is Num else as_letters(other).upper()
    if ask.policy.base_subscripts == "optional" and digits == number.digits:
        return equal("base", "the same digits, one answer without the base")
    return different("base", "the digits differ")


def _based_value(number: Based) -> fmpq:
    whole, _, decimals = number.digits.partition(".")
    return fmpq(int(whole + decimals, number.base), number.base ** len(decimals))
