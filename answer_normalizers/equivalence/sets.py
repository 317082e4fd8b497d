"""Comparing answers of which one can only be a set of reals."""

from __future__ import annotations

from answer_normalizers.arithmetic.equations import compare_scaled_inequalities
from answer_normalizers.arithmetic.reals import compare_sets, is_set_like, may_be_set
from answer_normalizers.equivalence.asking import SCALARS, Ask, in_order, kind_of
from answer_normalizers.tree.nodes import Apply, Items, Num, Relation, Sequence, SetOf, Sym, Value
from answer_normalizers.verdict import Verdict, different, undecided


def compare_real_sets(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one can only be a set of reals."""
    inner_gold, inner_pred = _inside(gold), _inside(pred)
    if inner_gold is not gold or inner_pred is not pred:
        one_named = (inner_gold is gold) != (inner_pred is pred)
        if one_named or gold.sides[0] == pred.sides[0]:  # type: ignore[union-attr]
            return ask(inner_gold, inner_pred)
    if not (may_be_set(gold) or type(gold) is Items) or not (may_be_set(pred) or type(pred) is Items):
        if type(gold) in SCALARS or type(pred) in SCALARS:
            scalar = gold if type(gold) in SCALARS else pred
            if type(scalar) is Num:
                return compare_sets(
                    SetOf((gold,)) if scalar is gold else gold, SetOf((pred,)) if scalar is pred else pred
                )
        for one in (gold, pred):
            if type(one) is Relation and not is_set_like(one):
                return undecided("set", "an equation against a set")
        return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")
    verdict = compare_sets(gold, pred)
    if verdict.equivalent is not None:
        return verdict
    if type(gold) is Relation and type(pred) is Relation:
        scaled = compare_scaled_inequalities(gold, pred)
        if scaled is not None:
            return scaled
    parts = _parts(gold), _parts(pred)
    if type(gold) is type(pred) and len(parts[0]) == len(parts[1]) > 0 and _same_frame(gold, pred):
        inner = in_order(parts[0], parts[1], ask)
        if inner.equivalent:
            return inner
    flipped = _flipped_chain(pred)
    if flipped is not None and type(gold) is Relation and flipped.ops == gold.ops:
        inner = in_order(gold.sides, flipped.sides, ask)
        if inner.equivalent:
            return inner
    return verdict


def _inside(value: Value) -> Value:
    """`S` for `x \\in S`."""
    if type(value) is Relation and value.ops == ("in",) and type(value.sides[0]) in (Sym, Apply):
        return value.sides[1]
    return value


def _parts(value: Value) -> tuple[Value, ...]:
    for attribute in ("sides", "parts", "args", "items"):
        found = getattr(value, attribute, None)
        if found is not None:
            return tuple(found)
    return ()


def _same_frame(gold: Value, pred: Value) -> bool:
    if type(gold) is Relation:
        return gold.ops == pred.ops  # type: ignore[union-attr]
    if type(gold) is Sequence:
        return (gold.opener, gold.closer) == (pred.opener, pred.closer)  # type: ignore[union-attr]
    return getattr(gold, "op", None) == getattr(pred, "op", None)


def _flipped_chain(value: Value) -> Relation | None:
    table = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}
    if type(value) is not Relation or not all(op in table for op in value.ops):
        return None
    return Relation(tuple(table[op] for op in reversed(value.ops)), tuple(reversed(value.sides)))
