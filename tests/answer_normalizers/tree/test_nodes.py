"""Walking through trees and rewriting them, whatever kinds of node they are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers.tree.nodes import (
    EMPTY_SET,
    Apply,
    Based,
    Builder,
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
    SetOp,
    Sym,
    Text,
    Value,
    children,
    free_symbols,
    heads_of,
    rewrite,
    substitute,
    symbols,
    walk,
    with_children,
)

LEAVES = st.one_of(
    st.sampled_from([Sym("x"), Sym("y"), Sym("pi"), Sym("set R"), EMPTY_SET]),
    st.builds(Num, st.integers(-9, 9)),
    st.sampled_from([Based("101", 2), Clock(3, 30, "pm"), Text("blue")]),
)


def _containers(parts: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    two = st.tuples(parts, parts)
    return st.one_of(
        st.builds(Apply, st.sampled_from(["+", "sin", "neg"]), some),
        st.builds(Sequence, st.sampled_from("(["), st.just(")"), some),
        st.builds(Items, some),
        st.builds(SetOf, some),
        st.builds(SetOp, st.sampled_from("|&-"), two),
        st.builds(Builder, parts, parts),
        st.builds(Relation, st.just(("<",)), two),
        st.builds(Logic, st.sampled_from(["and", "or"]), some),
        st.builds(Matrix, st.lists(two, min_size=1, max_size=3).map(tuple)),
        st.builds(Quantity, parts, st.just("cm")),
        st.builds(Ratio, some),
    )


TREES = st.recursive(LEAVES, _containers, max_leaves=12)


def in_depth(value: Value) -> list[Value]:
    """The nodes in the order of reading, by the definition."""
    return [value, *(node for part in children(value) for node in in_depth(part))]


@given(TREES)
def test_a_walk_comes_to_every_node_once_parents_first_and_from_left_to_right(tree):
    assert list(walk(tree)) == in_depth(tree)


@given(TREES)
def test_a_node_with_its_own_children_is_itself(tree):
    for node in walk(tree):
        assert with_children(node, children(node)) == node
        assert type(with_children(node, children(node))) is type(node)


@given(TREES)
def test_other_children_are_what_the_node_has_then(tree):
    for node in walk(tree):
        others = tuple(Num(n) for n, _ in enumerate(children(node)))
        assert children(with_children(node, others)) == others


@given(TREES)
def test_where_nothing_is_changed_the_value_stays(tree):
    assert rewrite(tree, lambda _: None) == tree


@given(TREES)
def test_what_is_substituted_is_gone_and_the_rest_stays(tree):
    there = substitute(tree, Sym("x"), Sym("unheard of"))
    assert Sym("x") not in list(walk(there))
    assert substitute(there, Sym("unheard of"), Sym("x")) == tree


def test_what_was_put_in_is_not_rewritten_again():
    tree = Apply("+", (Sym("x"), Sym("y")))
    assert substitute(tree, Sym("x"), Apply("neg", (Sym("x"),))) == Apply(
        "+", (Apply("neg", (Sym("x"),)), Sym("y"))
    )


def test_a_part_may_be_any_node():
    size = Apply("abs", (Sym("x"),))
    tree = Relation(("<",), (Apply("+", (size, size)), Num(3)))
    assert substitute(tree, size, Sym("x")) == Relation(("<",), (Apply("+", (Sym("x"), Sym("x"))), Num(3)))


def test_a_large_part_is_replaced_before_its_own_parts_are_seen():
    inner = Apply("neg", (Sym("x"),))
    seen: list[Value] = []

    def change(node: Value) -> Value | None:
        seen.append(node)
        return Num(1) if node == inner else None

    assert rewrite(Apply("sin", (inner,)), change) == Apply("sin", (Num(1),))
    assert seen == [Apply("sin", (inner,)), inner]


@given(TREES)
def test_names_and_heads_are_those_of_the_nodes(tree):
    nodes = list(walk(tree))
    names = {node.name for node in nodes if isinstance(node, Sym)}
    assert symbols(tree) == names
    assert free_symbols(tree) == names - {"pi", "set R"}
    assert heads_of(tree) == {node.head for node in nodes if isinstance(node, Apply)}
    assert heads_of(tree, Apply("one more", (tree,))) == heads_of(tree) | {"one more"}
    assert heads_of() == set()


def test_a_deep_tree_is_walked_without_recursion():
    tree: Value = Sym("x")
    for _ in range(5_000):
        tree = Apply("neg", (tree,))
    assert sum(1 for _ in walk(tree)) == 5_001
    assert heads_of(tree) == {"neg"}
    assert free_symbols(tree) == {"x"}
