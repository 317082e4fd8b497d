"""What the rules of comparison share: asking for a comparison, and components in order or in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flint import fmpq

from answer_normalizers.arithmetic.scalars import far_apart, size_of
from answer_normalizers.limits import MAX_PAIRINGS, MAX_RELATION_PAIRINGS
from answer_normalizers.policy import Policy
from answer_normalizers.tree.nodes import (
    Apply,
    Based,
    Clock,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Rational,
    Relation,
    Sequence,
    SetOf,
    Sym,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different, equal, undecided

Kind = TypeVar("Kind")

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

    def instead(self, gold: Value, pred: Value, one: Value, by: Value) -> Verdict:
        """Compare the two answers with `by` in the place of `one` of them."""
        return self(by, pred) if one is gold else self(gold, by)


def apart(kind: type[Kind], gold: Value, pred: Value) -> tuple[Kind, Value]:
    """Of two answers the one that is of a kind, and the other one; the gold where both are."""
    one, other = (gold, pred) if type(gold) is kind else (pred, gold)
    assert isinstance(one, kind)
    return one, other


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
    numbers = _exact_numbers(gold, ask.policy), _exact_numbers(pred, ask.policy)
    if numbers[0] is not None and numbers[1] is not None:
        one, two = sorted(numbers[0], key=fmpq), sorted(numbers[1], key=fmpq)
        if one == two if counted else set(one) == set(two):
            return equal("set", "the two lists hold the same numbers")
        return different("set", "the two lists hold different numbers")
    if not counted:
        gold, pred = tuple(dict.fromkeys(gold)), tuple(dict.fromkeys(pred))
    relations = any(type(item) is Relation for item in (*gold, *pred))
    most = MAX_RELATION_PAIRINGS if relations else MAX_PAIRINGS
    if len(gold) * len(pred) > most:
        return undecided("limits", "lists too long to match item by item")
    doubt: Verdict | None = None
    for ours, theirs, flipped in ((gold, pred, False), (pred, gold, True)):
        verdict = _each_found(ours, list(theirs), ask, flipped=flipped, counted=counted)
        if verdict is not None and verdict.equivalent is False:
            return verdict
        doubt = verdict if doubt is None else doubt
    return doubt if doubt is not None else equal("set", "every item of each answer is in the other")


def _exact_numbers(items: tuple[Value, ...], policy: Policy) -> list[Rational] | None:
    """The values of items that are all exact numbers, which no tolerance applies to; else None."""
    if policy.relative_tolerance:
        return None
    numbers = [item.value for item in items if isinstance(item, Num) and item.digits < policy.decimal_digits]
    return numbers if len(numbers) == len(items) else None


def _each_found(
    ours: tuple[Value, ...], theirs: list[Value], ask: Ask, *, flipped: bool, counted: bool
) -> Verdict | None:
    """None where each of our items is among theirs, else why not; sizes rule most pairs out beforehand."""
    sizes = (
        {id(item): size_of(item) for item in (*ours, *theirs)} if not ask.policy.relative_tolerance else {}
    )
    doubt: Verdict | None = None
    for item in ours:
        found: bool | None = False
        unclear: Verdict | None = None
        for candidate in theirs:
            if far_apart(sizes.get(id(item)), sizes.get(id(candidate))):
                continue
            verdict = ask(candidate, item) if flipped else ask(item, candidate)
            if verdict.equivalent:
                found = True
                if counted:
                    theirs.remove(candidate)
                break
            if verdict.equivalent is None:
                found, unclear = None, verdict
        if found is False:
            side = "prediction" if flipped else "gold"
            return different("set", f"an item of the {side} is missing from the other answer")
        if found is None and doubt is None:
            doubt = unclear
    return doubt
