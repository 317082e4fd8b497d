r"""Comparing two scalars: families over the integers, matrix expressions, letters that may be units.

`\frac{\pi}{4} + k\pi` is the same family as `\frac{5\pi}{4} + k\pi`; `10 m/s` may be ten metres a second.
"""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.matrices import holds_matrix
from answer_normalizers.arithmetic.scalars import compare_scalars
from answer_normalizers.equivalence.asking import Ask
from answer_normalizers.equivalence.matrices import compare_matrices
from answer_normalizers.equivalence.quantities import as_quantity
from answer_normalizers.tree.nodes import Apply, Num, Value, free_symbols
from answer_normalizers.verdict import Verdict, different, equal, undecided

_PARAMETERS = ("k", "n", "m")


def compare_expressions(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two numbers, letters or expressions."""
    if type(gold) is Apply and type(pred) is Apply:
        ours = _family(gold)
        theirs = _family(pred) if ours is not None else None
        if ours is not None and theirs is not None:
            return _families(ours, theirs)
    if holds_matrix(gold) or holds_matrix(pred):
        return compare_matrices(gold, pred, ask)
    verdict = compare_scalars(gold, pred, ask.policy)
    if verdict.equivalent is False:
        for one, other in ((gold, pred), (pred, gold)):
            if type(other) is Num and (without_unit := _without_unit(one, other, ask)) is not None:
                return without_unit
    return verdict


def _without_unit(product: Value, number: Num, ask: Ask) -> Verdict | None:
    """`10 m/s` beside `10`: None where the letters are no unit, or the numbers differ."""
    quantity = as_quantity(product)
    if quantity is None or not compare_scalars(quantity.value, number, ask.policy).equivalent:
        return None
    if "/" in quantity.unit:
        return equal("unit", "the values are equal, one answer without the unit")
    return undecided("unit", "the letter behind the number may be a unit or a variable")


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
