"""Comparing answers of which one is an equation, an assignment or another relation."""

from __future__ import annotations

from answer_normalizers.arithmetic.equations import compare_equations, spread
from answer_normalizers.arithmetic.reals import is_set_like
from answer_normalizers.arithmetic.sampling import substitute
from answer_normalizers.equivalence.asking import SCALARS, Ask, in_order
from answer_normalizers.equivalence.names import argument_renaming, assignment, names_agree, unknowns
from answer_normalizers.equivalence.sets import compare_real_sets
from answer_normalizers.tree.nodes import Apply, Items, Num, Relation, Sym, Text, Value, free_symbols
from answer_normalizers.verdict import Verdict, different, equal, undecided


def compare_relations(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a relation."""
    for value in (gold, pred):
        if is_set_like(value):
            return compare_real_sets(gold, pred, ask)
    names = [assignment(v) if type(v) is Relation else None for v in (gold, pred)]
    if type(gold) is Relation and type(pred) is Relation:
        return _two_relations(gold, pred, names[0], names[1], ask)
    named = names[0] or names[1]
    relation, other = (gold, pred) if type(gold) is Relation else (pred, gold)
    assert type(relation) is Relation
    if type(other) is Text:
        if named is None:
            return different("type", "words are never an equation")
        return ask(named[1], pred) if relation is gold else ask(gold, named[1])
    if named is None:
        several = spread(relation)
        if type(other) is Items and type(several) is Items:
            return ask(several, pred) if relation is gold else ask(gold, several)
        if relation.ops == ("mod",):
            inner = relation.sides[0]
            return ask(inner, pred) if relation is gold else ask(gold, inner)
        if relation.ops[-1] in ("===", "=>", "->", "iff"):
            return undecided("relation", "a statement against a value")
        return undecided("relation", "an equation against a value")
    if ask.policy.assignments == "required":
        return different("relation", "only one of the answers names what it is the value of")
    value = named[1]
    return ask(value, pred) if relation is gold else ask(gold, value)


def _two_relations(
    gold: Relation,
    pred: Relation,
    left: tuple[Value, Value] | None,
    right: tuple[Value, Value] | None,
    ask: Ask,
) -> Verdict:
    if {*gold.ops} == {*pred.ops} == {"="} and {*gold.sides} == {*pred.sides}:
        return equal("relation", "the two chains of equations are the same in another order")
    if gold.ops == pred.ops == ("=",) and in_order(gold.sides, tuple(reversed(pred.sides)), ask).equivalent:
        return equal("relation", "the two equations are the same, sides exchanged")
    if (left is None and right is None) or (_is_equation(gold) and _is_equation(pred)):
        verdict = compare_equations(gold, pred)
        if verdict.equivalent:
            return verdict
        if left is None or right is None:
            if gold.ops == pred.ops:
                inner = in_order(gold.sides, pred.sides, ask)
                if inner.equivalent:
                    return inner
            return verdict
    if left is None or right is None:
        many = compare_solutions(gold, pred, left, right)
        return undecided("relation", "an equation against a named value") if many is None else many
    agree = names_agree(left[0], right[0])
    renaming = argument_renaming(left[0], right[0])
    if renaming is not None and (
        renaming[0] in free_symbols(right[1]) or renaming[1] in free_symbols(left[1])
    ):
        return undecided("relation", "functions of different variables")
    value = right[1] if renaming is None else substitute(right[1], renaming[1], Sym(renaming[0]))
    verdict = ask(left[1], value)
    if verdict.equivalent and _are_statements(gold, pred, left[0], right[0], ask):
        return undecided("relation", "two statements with one value")
    if agree is False and verdict.equivalent is not False:
        return different("relation", "the answers are values of different unknowns")
    letters = type(left[0]) is type(right[0]) is Sym
    if verdict.equivalent and letters and {*unknowns(gold)} != {*unknowns(pred)}:
        return undecided("relation", "the values agree, but one answer names more unknowns")
    if agree is True or verdict.equivalent is False:
        return verdict
    return undecided("relation", "the values agree, but the names differ") if verdict.equivalent else verdict


def _are_statements(gold: Relation, pred: Relation, left: Value, right: Value, ask: Ask) -> bool:
    """Whether both are statements about numbers (`\\cos\\pi = -1`) that differ before the last sign."""
    nameless = left == right == Text("") and gold.ops == pred.ops == ("=",)
    return nameless and not in_order(gold.sides, pred.sides, ask).equivalent


def _is_equation(value: Relation) -> bool:
    return value.ops == ("=",) and all(type(s) in SCALARS for s in value.sides) and bool(free_symbols(value))


def compare_solutions(
    gold: Relation, pred: Relation, left: tuple[Value, Value] | None, right: tuple[Value, Value] | None
) -> Verdict | None:
    """`x^2 = 4` against `x = \\pm 2`: the values against the solution set of the equation."""
    named = left or right
    assert named is not None
    if type(named[1]) is not Items:
        return None
    name, values = named[0], named[1].items
    product = Apply("*", tuple(Apply("+", (name, Apply("neg", (v,)))) for v in values))
    whole = Relation(("=",), (product, Num(0)))
    return compare_equations(whole, pred) if left is not None else compare_equations(gold, whole)
