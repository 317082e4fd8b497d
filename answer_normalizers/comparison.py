"""Comparing two typed trees by their types: the table of rules.

Two scalars go to `rules_expressions`. Otherwise the first kind of the table that either answer is of decides,
so a rule may take for granted that neither answer is of a kind above its own.
"""

from __future__ import annotations

from collections.abc import Callable

from answer_normalizers.asking import SAME_TREE, SCALARS, Ask, kind_of
from answer_normalizers.policy import Policy
from answer_normalizers.rules_expressions import compare_expressions
from answer_normalizers.rules_lists import compare_finite_sets, compare_lists, compare_sequences
from answer_normalizers.rules_matrices import compare_matrices
from answer_normalizers.rules_relations import compare_relations
from answer_normalizers.rules_sets import compare_real_sets
from answer_normalizers.rules_words import (
    compare_based,
    compare_clocks,
    compare_quantities,
    compare_ratios,
    compare_texts,
)
from answer_normalizers.values import (
    Based,
    Builder,
    Clock,
    Items,
    Logic,
    Matrix,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different

_RULES: list[tuple[type, Callable[[Value, Value, Ask], Verdict]]] = [
    (Items, compare_lists),
    (Relation, compare_relations),
    (Quantity, compare_quantities),
    (Text, compare_texts),
    (Clock, compare_clocks),
    (Ratio, compare_ratios),
    (Based, compare_based),
    (Matrix, compare_matrices),
    (SetOf, compare_finite_sets),
    (Sequence, compare_sequences),
    (SetOp, compare_real_sets),
    (Builder, compare_real_sets),
    (Logic, compare_real_sets),
]


def compare(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Decide whether two trees are the same answer."""
    return _compare(gold, pred, Ask(policy, _compare))


def _compare(gold: Value, pred: Value, ask: Ask) -> Verdict:
    if gold == pred:
        return SAME_TREE
    left, right = type(gold), type(pred)
    if left in SCALARS and right in SCALARS:
        return compare_expressions(gold, pred, ask)
    for kind, rule in _RULES:
        if left is kind or right is kind:
            return rule(gold, pred, ask)
    return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")
