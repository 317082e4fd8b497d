"""What the rules of comparison share: asking for a comparison, and components in order or in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from answer_normalizers.limits import MAX_PAIRINGS
from answer_normalizers.policy import Policy
from answer_normalizers.values import (
    Apply,
    Based,
    Clock,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    Sym,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different, equal, undecided

SAME_TREE = equal("structure", "the two answers are the same expression")
SCALARS = (Num, Sym, Apply)
_NAMES = {
    Num: "a number", Sym: "a symbol", Apply: "an expression", Sequence: "a point or interval",
    Items: "a list", SetOf: "a set", Relation: "a relation", Logic: "a condition", Matrix: "a matrix",
    Quantity: "a quantity", Based: "a number with a base", Ratio: "a ratio", Clock: "a time",
    Text: "a text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """How a rule asks for the comparison of parts: the policy in force, and the whole comparison to call."""

    policy: Policy
    compare: Callable[[Value, Value, Ask], Verdict]

    def __call__(self, gold: Value, pred: Value) -> Verdict:
        """Compare two parts of the answers."""
        return self.compare(gold, pred, self)


def kind_of(value: Value) -> str:
    """What a value is, in words for a reason."""
    return _NAMES.get(type(value), "an expression")


def in_order(gold: tuple[Value, ...], pred: tuple[Value, ...], ask: Ask) -> Verdict:
    """Compare components one by one; an undecided one leaves the whole undecided."""
    if len(gold) != len(pred):
        return different("structure", f"{len(gold)} components against {len(pred)}")
    doubt: Verdict | None = None
    last = SAME_TREE
    for one, two in zip(gold, pred, strict=True):
        last = ask(one, two)
        if last.equivalent is False:
            return last
        if last.equivalent is None:
            doubt = last if doubt is None else doubt
    if doubt is not None:
        return doubt
    return equal(last.stage, "all components are equal, in order")


def in_any_order(gold: tuple[Value, ...], pred: tuple[Value, ...], ask: Ask) -> Verdict:
    """Match two lists without order; repetition counts only where the policy says so."""
    counted = ask.policy.repeated_items == "counted"
    if counted and len(gold) != len(pred):
        return different("set", f"{len(gold)} items against {len(pred)}")
    gold_numbers, gold_rest = _split(gold)
    pred_numbers, pred_rest = _split(pred)
    if (
        not gold_rest
        and not pred_rest
        and not any(n.digits >= ask.policy.decimal_digits for n in gold_numbers + pred_numbers)
    ):
        same = (
            sorted(n.value for n in gold_numbers) == sorted(n.value for n in pred_numbers)
            if counted
            else {n.value for n in gold_numbers} == {n.value for n in pred_numbers}
        )
        if same:
            return equal("set", "the two lists hold the same numbers")
        if not ask.policy.relative_tolerance:
            return different("set", "the two lists hold different numbers")
    if len(gold) * len(pred) > MAX_PAIRINGS:
        return undecided("limits", "lists too long to match item by item")
    doubt: Verdict | None = None
    settled = True
    for ours, theirs, flipped in ((gold, pred, False), (pred, gold, True)):
        for item in ours:
            found: bool | None = False
            for candidate in theirs:
                verdict = ask(candidate, item) if flipped else ask(item, candidate)
                if verdict.equivalent:
                    found = True
                    break
                if verdict.equivalent is None:
                    found = None
                    doubt = verdict if doubt is None else doubt
            if found is False:
                side = "prediction" if flipped else "gold"
                return different("set", f"an item of the {side} is missing from the other answer")
            settled = settled and found is True
    if doubt is not None and not settled:
        return doubt
    return equal("set", "every item of each answer is in the other")


def _split(items: tuple[Value, ...]) -> tuple[list[Num], list[Value]]:
    numbers: list[Num] = []
    rest: list[Value] = []
    for item in items:
        if type(item) is Num:
            numbers.append(item)
        else:
            rest.append(item)
    return numbers, rest


def as_letters(value: Value) -> str:
    """The letters of a product of letters, a list of letters, or one letter, as text."""
    if type(value) is Sym and len(value.name) == 1:
        return value.name.lower()
    if (
        type(value) is Apply
        and value.head == "*"
        and all(type(a) is Sym and len(a.name) == 1 for a in value.args)
    ):
        return "".join(a.name for a in value.args).lower()  # type: ignore[union-attr]
    return ""
