"""Comparing two scalars: families over the integers, matrix expressions, letters that may be units."""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.scalars import compare_scalars
from answer_normalizers.equivalence.asking import Ask
from answer_normalizers.equivalence.matrices import compare_matrices
from answer_normalizers.tree.nodes import Apply, Matrix, Num, Quantity, Sym, Value, free_symbols
from answer_normalizers.verdict import Verdict, different, equal, undecided

_UNIT_LETTERS = frozenset("msghLNJWVKlC")
_PARAMETERS = ("k", "n", "m")


def compare_expressions(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two numbers, letters or expressions."""
    if type(gold) is Apply and type(pred) is Apply:
        ours = _family(gold)
        theirs = _family(pred) if ours is not None else None
        if ours is not None and theirs is not None:
            return _families(ours, theirs)
    if _with_matrices(gold) or _with_matrices(pred):
        return compare_matrices(gold, pred, ask)
    verdict = compare_scalars(gold, pred, ask.policy)
    if verdict.equivalent is False and (type(gold) is Num or type(pred) is Num):
        for one, other in ((gold, pred), (pred, gold)):
            quantity = as_quantity(one)
            if (
                quantity is not None
                and type(other) is Num
                and compare_scalars(quantity.value, other, ask.policy).equivalent
            ):
                if "/" in quantity.unit:
                    return equal("unit", "the values are equal, one answer without the unit")
                return undecided("unit", "the letter behind the number may be a unit or a variable")
    return verdict


def _family(value: Value) -> tuple[fmpq, fmpq] | None:
    """`(a, b)` for an expression `a pi + b pi k` with an integer parameter k, as solutions of trigonometric
    equations are written; else None."""
    names = free_symbols(value)
    if len(names) != 1 or not names <= set(_PARAMETERS):
        return None
    name = next(iter(names))
    values = [
        rational(value, {"pi": scale, name: k}) for scale, k in ((1, 0), (1, 1), (1, 3), (2, 0), (2, 1))
    ]
    if any(v is None for v in values):
        return None
    start, one, three, double, double_one = (fmpq(v) for v in values if v is not None)
    step = one - start
    if step == 0 or three != start + 3 * step or double != 2 * start or double_one != 2 * one:
        return None
    return start, step


def _families(gold: tuple[fmpq, fmpq], pred: tuple[fmpq, fmpq]) -> Verdict:
    """Two families over all integers are the same set when they have one step and their starts differ by
    steps."""
    if abs(gold[1]) == abs(pred[1]) and ((gold[0] - pred[0]) / gold[1]).q == 1:
        return equal("set", "the same multiples of pi over all integers")
    return different("set", "different multiples of pi over all integers")


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


def _with_matrices(value: Value) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            stack += node.args
        elif type(node) is Matrix:
            return True
    return False
