r"""Comparing answers of which one has a unit or a label: `5 cm`, `3 dozen eggs`, `60 miles per hour`.

A unit may be left out, but two units must measure the same: `1 m` is `100 cm` and never `1 s`.
"""

from __future__ import annotations

from answer_normalizers.equivalence.asking import Ask, apart, kind_of
from answer_normalizers.parsing.units import Unit, conversion, read_unit
from answer_normalizers.tree.nodes import Apply, Based, Clock, Num, Quantity, Sym, Text, Value
from answer_normalizers.verdict import Verdict, different, undecided

_UNIT_LETTERS = frozenset("msghLNJWVKlC")


def compare_quantities(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one has a unit or label."""
    counted = _counted_out(gold), _counted_out(pred)
    if counted != (gold, pred):
        verdict = ask(*counted)
        if verdict.equivalent is False and ask(_bare(gold), _bare(pred)).equivalent:
            return undecided("unit", "the numbers agree only where both count in the same groups")
        return verdict
    if type(gold) is Quantity and type(pred) is Quantity:
        return _two_quantities(gold, pred, ask)
    quantity, other = apart(Quantity, gold, pred)
    if ask.policy.units == "required" and not read_unit(quantity.unit).is_unspecified:
        return different("unit", "only one of the answers has a unit")
    if type(other) in (Text, Based, Clock):
        return different("type", f"a quantity is never {kind_of(other)}")
    spelled = as_quantity(other)
    if spelled is not None:
        pair = (quantity, spelled) if quantity is gold else (spelled, quantity)
        return compare_quantities(*pair, ask)
    return ask.instead(gold, pred, quantity, quantity.value)


def _counted_out(value: Value) -> Value:
    """`3 dozen eggs` as `36 eggs`; any other answer unchanged."""
    if type(value) is not Quantity or (count := read_unit(value.unit).count) is None:
        return value
    amount = Apply("*", (value.value, Num(count)))
    rest = " ".join(word for word in value.unit.split() if read_unit(word).count is None)
    return Quantity(amount, rest) if rest else amount


def _bare(value: Value) -> Value:
    return value.value if type(value) is Quantity else value


def _two_quantities(gold: Quantity, pred: Quantity, ask: Ask) -> Verdict:
    """Values in one unit, or the reason why the units have nothing in common."""
    ours, theirs = _two_units(gold.unit, pred.unit)
    factor = conversion(theirs, ours)
    if factor is not None:
        return ask(gold.value, pred.value if factor == 1 else Apply("*", (pred.value, Num(factor))))
    unlike = different("unit", f"`{gold.unit}` and `{pred.unit}` measure different things")
    if ours.is_unspecified or theirs.is_unspecified:
        if None not in (ours.extent, theirs.extent) and ours.extent != theirs.extent:
            return unlike
        return ask(gold.value, pred.value)
    if not (ours.has_labels or theirs.has_labels):
        return unlike
    verdict = ask(gold.value, pred.value)
    if not verdict.equivalent:
        return verdict
    return undecided(
        "unit", f"the values agree, but `{gold.unit}` and `{pred.unit}` are not known to be the same"
    )


def _two_units(gold: str, pred: str) -> tuple[Unit, Unit]:
    """Both units; `pounds` beside money is money."""
    units = read_unit(gold), read_unit(pred)
    money = read_unit("pound_sterling")
    if money in units:
        return read_unit(gold.replace("pounds", "gbp")), read_unit(pred.replace("pounds", "gbp"))
    return units


def as_quantity(value: Value) -> Quantity | None:
    """`10 m/s` was read as a product: the quantity it may be, or None where a letter is no unit."""
    if type(value) is not Apply or value.head != "*" or type(value.args[0]) is not Num:
        return None
    unit = ""
    for factor in value.args[1:]:
        part = _unit_factor(factor)
        if part is None:
            return None
        unit += part
    return Quantity(value.args[0], unit)


def _unit_factor(value: Value) -> str | None:
    if type(value) is Sym and value.name in _UNIT_LETTERS:
        return " " + value.name
    if type(value) is Apply:
        inner = _unit_factor(value.args[0])
        if inner is not None and value.head == "inv":
            return " /" + inner
        if inner is not None and value.head == "^" and type(value.args[1]) is Num:
            return f"{inner}^{value.args[1].value}"
    return None
