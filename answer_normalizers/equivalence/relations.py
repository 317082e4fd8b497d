"""Comparing answers of which one is an equation, an assignment or another relation."""

from __future__ import annotations

from answer_normalizers.arithmetic.equations import compare_equations
from answer_normalizers.equivalence.asking import SCALARS, Ask, apart, in_order
from answer_normalizers.equivalence.names import argument_renaming, assignment, names_agree, unknowns
from answer_normalizers.equivalence.sets import compare_real_sets
from answer_normalizers.tree.nodes import (
    Apply,
    Items,
    Num,
    Relation,
    Sym,
    Text,
    Value,
    free_symbols,
    substitute,
)
from answer_normalizers.tree.sets import is_set_like
from answer_normalizers.verdict import Verdict, different, equal, undecided

_EQUALITIES = frozenset({"=", "~", "===", "~="})
_SYMMETRIC = frozenset({"iff", "sim", "perp", "parallel"})
"""Other signs whose sides may change places; `x \\to y` and `A \\subset B` say something else backwards."""


def compare_relations(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a relation."""
    if is_set_like(gold) or is_set_like(pred):
        return compare_real_sets(gold, pred, ask)
    if type(gold) is Relation and type(pred) is Relation:
        return _two_relations(gold, pred, ask)
    relation, other = apart(Relation, gold, pred)
    named = assignment(relation)
    if named is None:
        if type(other) is Text:
            return different("type", "words are never an equation")
        return _unnamed_and_value(gold, pred, ask)
    if ask.policy.assignments == "required" and type(other) is not Text:
        return different("relation", "only one of the answers names what it is the value of")
    return ask.instead(gold, pred, relation, named[1])


def _unnamed_and_value(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """A relation that names nothing beside an answer that is none, such as `7 mod 12`."""
    relation, _ = apart(Relation, gold, pred)
    if relation.ops == ("mod",):
        return ask.instead(gold, pred, relation, relation.sides[0])
    if relation.ops[-1] in ("===", "=>", "->", "iff"):
        return undecided("relation", "a statement against a value")
    return undecided("relation", "an equation against a value")


def _two_relations(gold: Relation, pred: Relation, ask: Ask) -> Verdict:
    """Two relations: as equations where they name nothing, else by name and value."""
    if {*gold.ops} == {*pred.ops} == {"="} and {*gold.sides} == {*pred.sides}:
        return equal("relation", "the two chains of equations are the same in another order")
    if gold.ops == pred.ops == ("=",) and in_order(gold.sides, tuple(reversed(pred.sides)), ask).equivalent:
        return equal("relation", "the two equations are the same, sides exchanged")
    left, right = assignment(gold), assignment(pred)
    if (left is None and right is None) or (_is_equation(gold) and _is_equation(pred)):
        verdict = compare_equations(gold, pred)
        if verdict.equivalent and not _EQUALITIES.issuperset((*gold.ops, *pred.ops)):
            verdict = undecided("relation", "two statements that are no equations")
        if verdict.equivalent:
            return verdict
        if left is None or right is None:
            same = _same_sides(gold, pred, ask)
            return verdict if same is None else same
    if left is not None and right is not None:
        return _two_assignments(gold, pred, left, right, ask)
    solved = compare_solutions(gold, pred)
    return undecided("relation", "an equation against a named value") if solved is None else solved


def _same_sides(gold: Relation, pred: Relation, ask: Ask) -> Verdict | None:
    """An acceptance where both say the same of equal sides; None where they do not."""
    if gold.ops != pred.ops:
        return None
    turned = len(pred.ops) == 1 and not _SYMMETRIC.isdisjoint(pred.ops)
    for sides in (pred.sides, *([pred.sides[::-1]] if turned else [])):
        verdict = in_order(gold.sides, sides, ask)
        if verdict.equivalent:
            return verdict
    return None


def _two_assignments(
    gold: Relation, pred: Relation, left: tuple[Value, Value], right: tuple[Value, Value], ask: Ask
) -> Verdict:
    """The values, where the names of both agree."""
    renaming = argument_renaming(left[0], right[0])
    value = right[1]
    if renaming is not None:
        ours, theirs = renaming
        if ours in free_symbols(value) or theirs in free_symbols(left[1]):
            return undecided("relation", "functions of different variables")
        value = substitute(value, Sym(theirs), Sym(ours))
    verdict = ask(left[1], value)
    if verdict.equivalent is False:
        return verdict
    if verdict.equivalent and _are_statements(gold, pred, left[0], right[0], ask):
        return undecided("relation", "two statements with one value")
    agree = names_agree(left[0], right[0])
    if agree is False:
        return different("relation", "the answers are values of different unknowns")
    if verdict.equivalent is None:
        return verdict
    if type(left[0]) is type(right[0]) is Sym and {*unknowns(gold)} != {*unknowns(pred)}:
        return undecided("relation", "the values agree, but one answer names more unknowns")
    return verdict if agree else undecided("relation", "the values agree, but the names differ")


def _are_statements(gold: Relation, pred: Relation, left: Value, right: Value, ask: Ask) -> bool:
    """Whether both are statements about numbers (`\\cos\\pi = -1`) that differ before the last sign."""
    nameless = left == right == Text("") and gold.ops == pred.ops == ("=",)
    return nameless and not in_order(gold.sides, pred.sides, ask).equivalent


def _is_equation(value: Relation) -> bool:
    return value.ops == ("=",) and all(type(s) in SCALARS for s in value.sides) and bool(free_symbols(value))


def compare_solutions(gold: Relation, pred: Relation) -> Verdict | None:
    """`x^2 = 4` against `x = \\pm 2`: the values against the solution set of the equation; None where neither
    gives several values."""
    left, right = assignment(gold), assignment(pred)
    named = left or right
    if named is None or type(named[1]) is not Items:
        return None
    product = Apply("*", tuple(Apply("+", (named[0], Apply("neg", (one,)))) for one in named[1].items))
    whole = Relation(("=",), (product, Num(0)))
    return compare_equations(whole, pred) if left is not None else compare_equations(gold, whole)
