r"""Comparing answers of which one can only be a set of reals.

`x > 2` is `(2, \infty)` and `\{x : x > 2\}`. A number beside a set stands for the set that holds it alone.
"""

from __future__ import annotations

from answer_normalizers.arithmetic.equations import compare_scaled_inequalities
from answer_normalizers.arithmetic.reals import compare_sets
from answer_normalizers.equivalence.asking import Ask, in_order, kind_of
from answer_normalizers.tree.nodes import (
    Apply,
    Items,
    Logic,
    Num,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Value,
    children,
)
from answer_normalizers.tree.sets import FLIPPED, is_set_like, may_be_set
from answer_normalizers.verdict import Verdict, different, undecided

_TURNED = FLIPPED | {"!=": "!=", "=": "="}


def compare_real_sets(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one can only be a set of reals."""
    ours, theirs = _inside(gold), _inside(pred)
    if ours is not gold or theirs is not pred:
        one_named = (ours is gold) != (theirs is pred)
        if one_named or gold.sides[0] == pred.sides[0]:  # type: ignore[union-attr]
            return ask(ours, theirs)
    if not all(may_be_set(value) or type(value) is Items for value in (gold, pred)):
        return _set_and_other(gold, pred)
    verdict = compare_sets(gold, pred)
    if verdict.equivalent is not None:
        return verdict
    if type(gold) is Relation and type(pred) is Relation:
        scaled = compare_scaled_inequalities(gold, pred)
        if scaled is not None:
            return scaled
    accepted = _same_by_parts(gold, pred, ask)
    return verdict if accepted is None else accepted


def _inside(value: Value) -> Value:
    r"""`S` for `x \in S`."""
    if type(value) is Relation and value.ops == ("in",) and type(value.sides[0]) in (Sym, Apply):
        return value.sides[1]
    return value


def _set_and_other(gold: Value, pred: Value) -> Verdict:
    """A set beside an answer that is written as none."""
    if Num in (type(gold), type(pred)):
        gold, pred = (SetOf((value,)) if type(value) is Num else value for value in (gold, pred))
        return compare_sets(gold, pred)
    if any(type(value) is Relation and not is_set_like(value) for value in (gold, pred)):
        return undecided("set", "an equation against a set")
    return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")


def _same_by_parts(gold: Value, pred: Value, ask: Ask) -> Verdict | None:
    """An acceptance where both are built alike from equal parts; a chain may run the other way."""
    frame = _frame(gold)
    for other in (pred, _turned(pred)):
        if frame is not None and other is not None and _frame(other) == frame:
            verdict = in_order(children(gold), children(other), ask)
            if verdict.equivalent:
                return verdict
    return None


def _turned(value: Value) -> Relation | None:
    """`b > a` for `a < b`."""
    if type(value) is not Relation or not all(op in _TURNED for op in value.ops):
        return None
    return Relation(tuple(_TURNED[op] for op in reversed(value.ops)), tuple(reversed(value.sides)))


def _frame(value: Value) -> tuple[object, ...] | None:
    """How a set is built, but for its parts; None for one that is not compared part by part."""
    match value:
        case Relation(ops=ops):
            return (Relation, *ops)
        case Sequence(opener=opener, closer=closer, items=items):
            return Sequence, opener, closer, len(items)
        case Logic(op=op, parts=parts) | SetOp(op=op, args=parts):
            return type(value), op, len(parts)
        case SetOf(items=items) | Items(items=items):
            return type(value), len(items)
    return None
