r"""Comparing lists, finite sets, points and intervals.

`1, 2` is `2, 1` and `\{2, 1\}`, `(1, 2)` is neither; `x = 1, y = 2` is the point `(1, 2)`.
"""

from __future__ import annotations

from answer_normalizers.arithmetic.matrices import as_matrix, as_vector, vector_expression
from answer_normalizers.arithmetic.reals import compare_sets
from answer_normalizers.equivalence.asking import SCALARS, Ask, apart, in_any_order, in_order, kind_of
from answer_normalizers.equivalence.matrices import compare_matrices
from answer_normalizers.equivalence.names import assignment, spread, unknowns
from answer_normalizers.equivalence.relations import compare_relations, compare_solutions
from answer_normalizers.equivalence.sets import compare_real_sets
from answer_normalizers.equivalence.texts import as_letters
from answer_normalizers.tree.nodes import Items, Matrix, Quantity, Relation, Sequence, SetOf, Sym, Text, Value
from answer_normalizers.tree.sets import is_set_like
from answer_normalizers.verdict import Verdict, different, equal


def compare_lists(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a list without brackets."""
    solved = _equation_and_solutions(gold, pred)
    if solved is not None:
        return solved
    if _are_several_unknowns(gold, pred) or _are_several_unknowns(pred, gold):
        return different("type", "values of several unknowns are not the value of one")
    gold, pred = _as_named_values(gold, pred)
    if type(gold) is Items and type(pred) is Items:
        return in_any_order(gold.items, pred.items, ask)
    if type(gold) is not Items and type(pred) is not Items:
        return ask(gold, pred)
    return _list_and_other(gold, pred, ask)


def _list_and_other(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """A list beside an answer of another kind."""
    items, other = apart(Items, gold, pred)
    if type(other) is Quantity:
        return ask.instead(gold, pred, other, other.value)
    if type(other) is Sequence:
        verdict = in_order(gold.items, pred.items, ask)  # type: ignore[union-attr]
        if verdict.equivalent and other.opener + other.closer in ("[)", "(]"):
            return different("type", "a list is never a half-open interval")
        return verdict
    if type(other) is SetOf:
        return in_any_order(gold.items, pred.items, ask)  # type: ignore[union-attr]
    if type(other) is Matrix and (vector := as_vector(other)) is not None:
        return in_order(items.items, vector, ask) if items is gold else in_order(vector, items.items, ask)
    if type(other) is Relation:
        if named_values(items) is None or assignment(other) is None:
            return compare_relations(gold, pred, ask)
        one = (other,)
        return in_any_order(items.items, one, ask) if items is gold else in_any_order(one, items.items, ask)
    if is_set_like(other):
        return compare_sets(gold, pred)
    if len(set(items.items)) == 1 and ask.policy.repeated_items == "ignored":
        return ask.instead(gold, pred, items, items.items[0])
    letters = "".join(as_letters(item) or "?" for item in items.items)
    if letters == as_letters(other) or (type(other) is Text and letters == other.words):
        return equal("text", "the two answers are the same letters")
    return different("type", f"a list of {len(items.items)} items is not {kind_of(other)}")


def _equation_and_solutions(gold: Value, pred: Value) -> Verdict | None:
    """`(x-2)(x+3) = 0` against `x = 2, x = -3`; None where the answers are not of these kinds."""
    equation, items = (gold, pred) if type(gold) is Relation else (pred, gold)
    if type(equation) is not Relation or equation.ops != ("=",) or assignment(equation) is not None:
        return None
    pairs = named_values(items)
    if pairs is None or len({name for name, _ in pairs}) != 1 or type(pairs[0][0]) is not Sym:
        return None
    named = Relation(("=",), (pairs[0][0], Items(tuple(value for _, value in pairs))))
    return compare_solutions(equation, named) if equation is gold else compare_solutions(named, equation)


def _are_several_unknowns(value: Value, other: Value) -> bool:
    """Whether `value` is `x = 5, y = 5` and the other answer one value, named or not."""
    if type(value) is not Items or type(other) not in (*SCALARS, Quantity, Relation):
        return False
    if type(other) is Relation and (
        (named := assignment(other)) is None or type(named[1]) not in (*SCALARS, Quantity)
    ):
        return False
    if type(other) is Relation and len(unknowns(other)) > 1:
        return False
    pairs = named_values(value)
    return pairs is not None and len({_stem(name) for name, _ in pairs}) > 1


def _stem(name: Value) -> str:
    """A name without its subscript: `x_1` and `x_2` are values of one unknown."""
    return name.name.split("_")[0] if type(name) is Sym else str(name)


def _as_named_values(gold: Value, pred: Value) -> tuple[Value, Value]:
    """Both answers with names dropped, where the names of their assignments allow it.

    `a = 1, b = 2` is a list of named values: matched by name where both have names; beside a bare list or a
    point it is its values in the order of the names. `x = 1, x = 2` and `x_1 = 1, x_2 = 2` are values of one
    unknown.
    """
    if type(gold) is Relation:
        gold = spread(gold)
    if type(pred) is Relation:
        pred = spread(pred)
    left, right = named_values(gold), named_values(pred)
    if left is None and right is None:
        return gold, pred
    if left is not None and right is not None:
        return _both_named(gold, pred, left, right)
    if left is not None:
        return _values_in_order(left, pred), pred
    assert right is not None
    return gold, _values_in_order(right, gold)


def _both_named(
    gold: Value, pred: Value, left: list[tuple[Value, Value]], right: list[tuple[Value, Value]]
) -> tuple[Value, Value]:
    """The values of both lists: in any order for one unknown, by name for several; else as they are."""
    names = [name for name, _ in left], [name for name, _ in right]
    if len({*names[0], *names[1]}) == 1 and names[0][0] != Text(""):
        return Items(tuple(value for _, value in left)), Items(tuple(value for _, value in right))
    if (
        len(set(names[0])) == len(left)
        and len(set(names[1])) == len(right)
        and set(names[0]) == set(names[1])
    ):
        values = dict(right)
        return (
            Sequence("(", ")", tuple(value for _, value in left)),
            Sequence("(", ")", tuple(values[name] for name in names[0])),
        )
    return gold, pred


_ORDERED_NAMES = (
    frozenset("xyzw"),
    frozenset("abcdef"),
    frozenset("pqrs"),
    frozenset("uvw"),
    frozenset("mn"),
    frozenset("ABCDEF"),
)
"""Sets of unknowns whose alphabetical order is the order of a point of their values."""


def named_values(value: Value) -> list[tuple[Value, Value]] | None:
    """The names and values of a list of assignments; None for any other answer."""
    if type(value) is not Items:
        return None
    pairs = []
    for item in value.items:
        named = assignment(item) if type(item) is Relation else None
        if named is None:
            return None
        pairs.append(named)
    return pairs


def _values_in_order(pairs: list[tuple[Value, Value]], other: Value) -> Value:
    """The values, in the order of their names; a point where the names are distinct unknowns and so is the
    other."""
    stems = {_stem(name) for name, _ in pairs}
    if len(stems) < len(pairs) and type(other) is not Sequence:
        return Items(tuple(value for _, value in pairs))
    if any(stems <= alphabet for alphabet in _ORDERED_NAMES):
        pairs = sorted(pairs, key=lambda pair: pair[0].name)  # type: ignore[union-attr]
    values = tuple(value for _, value in pairs)
    if type(other) is Items and len(stems) == len(pairs):
        return Sequence("(", ")", values)
    return Sequence("(", ")", values) if type(other) is Sequence else Items(values)


def compare_finite_sets(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a set in braces."""
    if type(gold) is SetOf and type(pred) is SetOf:
        return in_any_order(gold.items, pred.items, ask)
    chosen, other = apart(SetOf, gold, pred)
    if is_set_like(other):
        return compare_real_sets(gold, pred, ask)
    if type(other) is Sequence:
        return different("type", "a set in braces has no order, a point has")
    if len(chosen.items) == 1:
        return ask.instead(gold, pred, chosen, chosen.items[0])
    return different("type", f"a set of {len(chosen.items)} elements is not {kind_of(other)}")


def compare_sequences(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a point, vector or interval."""
    if type(gold) is Sequence and type(pred) is Sequence:
        return _two_sequences(gold, pred, ask)
    sequence, other = apart(Sequence, gold, pred)
    if is_set_like(other):
        return compare_real_sets(gold, pred, ask)
    if type(other) in SCALARS:
        expression = vector_expression(sequence, other)
        if expression is not None:
            return ask.instead(gold, pred, sequence, expression)
        if type(as_matrix(other)) is Matrix:
            return compare_matrices(gold, pred, ask)
    return different("type", f"a point or interval is never {kind_of(other)}")


def _two_sequences(gold: Sequence, pred: Sequence, ask: Ask) -> Verdict:
    """Components in order; of two intervals the brackets count as well."""
    verdict = in_order(gold.items, pred.items, ask)
    brackets = gold.opener + gold.closer, pred.opener + pred.closer
    if verdict.equivalent is False or brackets[0] == brackets[1] or "<>" in brackets:
        return verdict
    if len(gold.items) != 2 and set(brackets) == {"()", "[]"}:
        return verdict
    return different("set", "the ends of the intervals differ in whether they belong to them")
