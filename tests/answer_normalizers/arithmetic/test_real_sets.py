"""Sets of real numbers: membership by each way of writing one, and comparison against brute force."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers.arithmetic.balls import UnevaluableError, precision
from answer_normalizers.arithmetic.polynomials import NotPolynomialError
from answer_normalizers.arithmetic.reals import (
    NotASetError,
    compare_sets,
    condition_variables,
    fmpq_of,
    real_set,
)
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
    Text,
    Value,
)
from tests.answer_normalizers.answers import value, well_formed

X = Sym("x")
POINTS = sorted(
    {Fraction(n, d) for n in range(-36, 37) for d in (1, 2, 3)} | {Fraction(10**9), Fraction(-(10**9))}
)


def members(text: str | Value) -> set[Fraction]:
    tree = value(text) if isinstance(text, str) else text
    with precision(256):
        found = real_set(tree)
        return {p for p in POINTS if found.contains(arb(fmpq(p.numerator, p.denominator)))}


def where(condition) -> set[Fraction]:
    return {p for p in POINTS if condition(p)}


SETS = [
    ("(1,3)", lambda x: 1 < x < 3),
    ("[1,3]", lambda x: 1 <= x <= 3),
    ("[1,3)", lambda x: 1 <= x < 3),
    ("(1,3]", lambda x: 1 < x <= 3),
    ("[2,2]", lambda x: x == 2),
    ("(2,2)", lambda _: False),
    (r"(1,\infty)", lambda x: x > 1),
    (r"[1,\infty)", lambda x: x >= 1),
    (r"(-\infty,1)", lambda x: x < 1),
    (r"(-\infty,1]", lambda x: x <= 1),
    (r"(-\infty,\infty)", lambda _: True),
    (r"\mathbb{R}", lambda _: True),
    (r"\emptyset", lambda _: False),
    (Sym("set ∅"), lambda _: False),
    (r"\{1,2,\frac52\}", lambda x: x in (1, 2, Fraction(5, 2))),
    ("1,2", lambda x: x in (1, 2)),
    (r"(1,2)\cup(3,4)", lambda x: 1 < x < 2 or 3 < x < 4),
    (r"(1,3)\cup\{5\}", lambda x: 1 < x < 3 or x == 5),
    (r"(1,3)\cap(2,4)", lambda x: 2 < x < 3),
    (r"(1,4)\setminus\{2\}", lambda x: 1 < x < 4 and x != 2),
    (r"\mathbb{R}\setminus\{1,2\}", lambda x: x not in (1, 2)),
    (r"\mathbb{R}-\{1,2\}", lambda x: x not in (1, 2)),
    (r"(1,9)\setminus(2,3)\setminus(4,5)", lambda x: 1 < x < 9 and not 2 < x < 3 and not 4 < x < 5),
    ("x>2", lambda x: x > 2),
    ("x<2", lambda x: x < 2),
    (r"x\ge2", lambda x: x >= 2),
    (r"x\le2", lambda x: x <= 2),
    (r"x\ne2", lambda x: x != 2),
    ("x=2", lambda x: x == 2),
    ("2>x", lambda x: x < 2),
    ("2<x", lambda x: x > 2),
    (r"2\ge x", lambda x: x <= 2),
    (r"2\le x", lambda x: x >= 2),
    (r"2\ne x", lambda x: x != 2),
    ("2=x", lambda x: x == 2),
    ("1<x<3", lambda x: 1 < x < 3),
    (r"1\le x<3", lambda x: 1 <= x < 3),
    (r"3>x\ge1", lambda x: 1 <= x < 3),
    (r"x<\infty", lambda _: True),
    (r"x\le\infty", lambda _: True),
    (r"x\ne\infty", lambda _: True),
    (r"x>\infty", lambda _: False),
    (r"x\ge\infty", lambda _: False),
    (r"x=\infty", lambda _: False),
    (r"x>-\infty", lambda _: True),
    (r"x\ge-\infty", lambda _: True),
    (r"x\ne-\infty", lambda _: True),
    (r"x<-\infty", lambda _: False),
    (r"x\le-\infty", lambda _: False),
    (r"\infty>x", lambda _: True),
    (r"-\infty<x<2", lambda x: x < 2),
    ("2x>6", lambda x: x > 3),
    ("-2x>6", lambda x: x < -3),
    ("x^2<4", lambda x: -2 < x < 2),
    (r"x^2\le4", lambda x: -2 <= x <= 2),
    ("x^2>4", lambda x: abs(x) > 2),
    (r"x^2\ge4", lambda x: abs(x) >= 2),
    (r"x^2\ne4", lambda x: abs(x) != 2),
    ("x^2=4", lambda x: abs(x) == 2),
    ("x^2<0", lambda _: False),
    (r"x^2\ge0", lambda _: True),
    (r"x^2\le0", lambda x: x == 0),
    ("x^2+1>0", lambda _: True),
    (r"\frac{1}{x}>0", lambda x: x > 0),
    (r"\frac{1}{x}\ne5", lambda x: x != 0 and x != Fraction(1, 5)),
    (r"\frac{x-1}{x+2}\ge0", lambda x: x >= 1 or x < -2),
    (r"\frac{x-1}{x-1}=1", lambda x: x != 1),
    ("|x|<2", lambda x: abs(x) < 2),
    (r"|x-1|\le2", lambda x: abs(x - 1) <= 2),
    ("|x-1|>2", lambda x: abs(x - 1) > 2),
    ("|x|+|x-1|<3", lambda x: abs(x) + abs(x - 1) < 3),
    ("||x|-2|<1", lambda x: abs(abs(x) - 2) < 1),
    (r"\sqrt2 x<2\sqrt2", lambda x: x < 2),
    (r"\pi x+\pi\ge 3\pi", lambda x: x >= 2),
    (r"x\in(1,3)", lambda x: 1 < x < 3),
    (r"x\notin(1,3)", lambda x: not 1 < x < 3),
    (r"x\notin\{1,2\}", lambda x: x not in (1, 2)),
    (r"x<1\text{ or }x>2", lambda x: x < 1 or x > 2),
    (r"x>1\text{ and }x<3", lambda x: 1 < x < 3),
    ("x>1, x<3", lambda x: 1 < x < 3),
    ("x<1, x>3", lambda x: x < 1 or x > 3),
    (r"x\le1, x\ge1", lambda x: x == 1),
    (r"\{x:x>2\}", lambda x: x > 2),
    (r"\{x\mid 1<x<3\}", lambda x: 1 < x < 3),
    (r"\{x\in\mathbb{R}:x>2\}", lambda x: x > 2),
    (r"\{x\in(1,5):x>2\}", lambda x: 2 < x < 5),
    (r"\{t:t^2\le4\}", lambda t: abs(t) <= 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "condition"), SETS, ids=[str(text) for text, _ in SETS])
def test_the_members_of_a_set(text, condition):
    assert members(text) == where(condition)


@pytest.mark.parametrize(
    "text",
    [
        "(3,1)", r"[-\infty,1)", r"(1,\infty]", r"(\infty,1)", r"(1,-\infty)", "(1,2,3)", "(i,2)", "(1,i)",
        "x>i",
        r"x\in y", "x>y", "1>2", r"2\in(1,3)", r"x+1\in(1,3)", "5", "x", "x+1", r"\text{yes}", r"\{x:y>2\}",
        r"|x|+|x-1|+|x-2|+|x-3|<9", r"\{1,x\}", "(1,y)", r"\sin x>0", r"\sqrt2 x^2>2", r"\sqrt2|x|>y",
        r"x\in\{1,y\}", "2:3", r"x\equiv1", r"x\approx1", r"x<1\text{ or }y>2", r"\{2x:x>1\}", r"(1,2)+(3,4)",
        r"\sqrt2 x^3>0", r"0\cdot\sqrt2 x>0", r"1<x\text{ and }y<3",
    ],
)  # fmt: skip
def test_what_is_no_set_of_reals_raises(text):
    with pytest.raises((NotASetError, UnevaluableError, NotPolynomialError)):
        members(text)


def test_nor_are_what_a_text_cannot_say():
    for tree in (
        Text("all"),
        Apply("+", (SetOf((Num(1),)), Num(2))),
        Apply("+", (SetOf((Num(1),)), Apply("neg", (Num(2),)))),
        Apply("+", (SetOf((Num(1),)), Apply("neg", (SetOf((Num(1),)),)), Num(3))),
        Apply("*", (SetOf((Num(1),)), Apply("neg", (SetOf((Num(1),)),)))),
        Relation(("~",), (X, Num(1))),
        Relation(("<", "in"), (Num(1), Num(2), X)),
        Relation(("in",), (Apply("neg", (X,)), Sequence("(", ")", (Num(1), Num(2))))),
    ):
        with pytest.raises(NotASetError):
            members(tree)


def test_three_absolute_values_are_read_and_not_four():
    assert members("|x|+|x-1|+|x-2|<9") == where(lambda x: abs(x) + abs(x - 1) + abs(x - 2) < 9)


def test_a_set_has_so_many_break_points_and_no_more():
    def apart(count: int) -> SetOp:
        return SetOp("|", tuple(SetOf((Num(3 * k),)) for k in range(count)))

    assert compare_sets(apart(200), apart(200)).equivalent is True
    assert compare_sets(apart(200), apart(201)).equivalent is None
    assert len(members(apart(400))) == 13  # 0, 3, …, 36
    with pytest.raises(NotASetError):
        members(apart(401))


SAME = [
    ("x>2", r"(2,\infty)"),
    (r"x\in(2,\infty)", "x>2"),
    ("x^2<4", "(-2,2)"),
    ("x^2<2", r"(-\sqrt2,\sqrt2)"),
    (r"x^2\le2", r"[-\sqrt2,\sqrt2]"),
    (r"(1,2)\cup(2,3)", r"(1,3)\setminus\{2\}"),
    (r"(1,2]\cup(2,3)", "(1,3)"),
    (r"(-\infty,1)\cup(1,\infty)", r"x\ne1"),
    ("|x|<1", "-1<x<1"),
    (r"\{x:x>2\}", r"\{t:t>2\}"),
    (r"\{x:x>2\}", "t>2"),
    (r"\{1,2\}", r"\{2,1,1\}"),
    (r"\{\sqrt4\}", "[2,2]"),
    (r"\emptyset", "(2,2)"),
    (r"x^3-x>0", r"(-1,0)\cup(1,\infty)"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    (r"x^2\ge0", r"\mathbb{R}"),
    (r"x^3>2", r"(\sqrt[3]{2},\infty)"),
]
DIFFERENT = [
    ("x>2", r"[2,\infty)", "2.00000000000 is in the prediction only"),
    (r"[2,\infty)", "x>2", "2.00000000000 is in the gold only"),
    ("(1,2)", "(1,3)", "in the prediction only"),
    ("(1,3)", "(1,2)", "in the gold only"),
    ("(-1,3)", "(-2,3)", "in the prediction only"),
    (r"\{1,2\}", r"\{1,2,3\}", "3.00000000000 is in the prediction only"),
    (r"\emptyset", r"\mathbb{R}", "0 is in the prediction only"),
    (r"(-\infty,1)", r"(-\infty,\infty)", "in the prediction only"),
    ("x^2<2", r"(-\sqrt2,1.414)", "in the gold only"),
    ("x^2<2", r"(-\sqrt2,\sqrt2]", "1.41421356237 is in the prediction only"),
    (r"(0,1)\cup(1,2)", "(0,2)", "1.00000000000 is in the prediction only"),
    (r"\{x:x>2\}", r"t\ge2", "2.00000000000 is in the prediction only"),
]


@pytest.mark.parametrize(("gold", "pred"), SAME)
def test_two_ways_to_write_one_set(gold, pred):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = well_formed(compare_sets(value(one), value(two)))
        assert (verdict.equivalent, verdict.stage) == (True, "set")


@pytest.mark.parametrize(("gold", "pred", "witness"), DIFFERENT)
def test_sets_that_differ_do_so_at_a_point_that_is_named(gold, pred, witness):
    verdict = well_formed(compare_sets(value(gold), value(pred)))
    assert (verdict.equivalent, verdict.stage) == (False, "set")
    assert witness in (verdict.witness or "")
    assert compare_sets(value(pred), value(gold)).equivalent is False


def test_the_witness_lies_in_the_set_it_is_said_to_lie_in():
    verdict = compare_sets(value("(1,2)"), value(r"(1,3)\cup(5,6)"))
    point = Fraction((verdict.witness or "").split(" ")[0])
    assert 1 < point < 6
    assert not 1 < point < 2
    assert "prediction" in (verdict.witness or "")


@pytest.mark.parametrize(
    ("gold", "pred"), [("x>2", "y>2"), ("x>2 and x<3", "y>2"), (r"x\in(1,2)", r"t\in(1,2)")]
)
def test_conditions_on_unlike_variables_are_different(gold, pred):
    verdict = well_formed(compare_sets(value(gold), value(pred)))
    assert (verdict.equivalent, verdict.stage) == (False, "set")
    assert "variables" in verdict.reason
    assert verdict.witness is None


@pytest.mark.parametrize(
    ("gold", "pred"), [("x>2", "x>y"), ("x>y", "x>2"), ("x>y", "t>z"), ("(3,1)", "x>1"), (r"\sin x>0", "x>1")]
)
def test_what_is_not_read_is_undecided(gold, pred):
    verdict = well_formed(compare_sets(value(gold), value(pred)))
    assert (verdict.equivalent, verdict.stage) == (None, "set")


def test_the_variables_that_conditions_are_on():
    assert condition_variables(value("x>y")) == {"x", "y"}
    assert condition_variables(value("x>1 or t<3")) == {"x", "t"}
    assert condition_variables(Relation(("in",), (Sym("?"), value("(1,2)")))) == frozenset()
    assert condition_variables(Logic("and", (value("x>1"), value("(1,2)")))) == {"x"}
    assert condition_variables(value("(1,y)")) == frozenset()


BOUNDS = st.integers(-5, 5)


@st.composite
def sets(draw, depth: int = 2):
    """A set as a tree, and as a predicate on fractions."""
    kind = draw(
        st.sampled_from(
            ["interval", "points", "ray", "operation"] if depth else ["interval", "ray", "points"]
        )
    )
    if kind == "operation":
        (a, p), (b, q) = draw(sets(depth - 1)), draw(sets(depth - 1))
        op = draw(st.sampled_from("|&-"))
        rule = {"|": lambda x: p(x) or q(x), "&": lambda x: p(x) and q(x), "-": lambda x: p(x) and not q(x)}[
            op
        ]
        return SetOp(op, (a, b)), rule
    if kind == "points":
        points = draw(st.lists(BOUNDS, max_size=3))
        return SetOf(tuple(map(Num, points))), lambda x: x in points
    if kind == "ray":
        op, edge = draw(st.sampled_from(["<", ">", "<=", ">=", "!=", "="])), draw(BOUNDS)
        rule = {
            "<": lambda x: x < edge, ">": lambda x: x > edge, "<=": lambda x: x <= edge,
            ">=": lambda x: x >= edge, "!=": lambda x: x != edge, "=": lambda x: x == edge,
        }[op]  # fmt: skip
        return Relation((op,), (X, Num(edge))), rule
    low, width = draw(BOUNDS), draw(st.integers(0, 4))
    left, right = draw(st.booleans()), draw(st.booleans())
    tree = Sequence("[" if left else "(", "]" if right else ")", (Num(low), Num(low + width)))
    return (
        tree,
        lambda x: (low <= x if left else low < x) and (x <= low + width if right else x < low + width),
    )


@given(sets(), sets())
def test_two_sets_are_equal_exactly_when_no_half_integer_tells_them_apart(one, two):
    points = [Fraction(n, 2) for n in range(-30, 31)]
    same = all(bool(one[1](p)) == bool(two[1](p)) for p in points)
    assert compare_sets(one[0], two[0]).equivalent is same


def test_the_midpoint_of_a_ball_is_exact():
    assert fmpq_of(arb(fmpq(3, 4))) == fmpq(3, 4)
    assert fmpq_of(arb(-6)) == -6
    assert fmpq_of(arb(0)) == 0
    assert fmpq_of(arb(5, 1)) == 5
    assert fmpq_of(arb(2) ** 20_000) == fmpq(2) ** 20_000
    assert fmpq_of(arb(2) ** -20_000) == fmpq(1, 2**20_000)
    for beyond in (arb(2) ** 20_001, arb(2) ** -20_001):
        with pytest.raises(NotASetError):
            fmpq_of(beyond)


def test_a_list_beside_an_interval_is_a_set_of_points():
    assert compare_sets(Items((Num(1),)), value("[1,1]")).equivalent is True
    assert compare_sets(Items((Num(1), Num(2))), value("[1,2]")).equivalent is False
