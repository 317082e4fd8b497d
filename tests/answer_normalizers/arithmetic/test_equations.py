"""Equations: equal up to a factor, or with the same solutions; inequalities up to a positive factor."""

from __future__ import annotations

import pytest
from flint import acb, arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers.arithmetic.balls import UnevaluableError, precision
from answer_normalizers.arithmetic.equations import (
    _interpolate,
    _numeric_roots,
    compare_equations,
    compare_scaled_inequalities,
    difference,
)
from answer_normalizers.tree.nodes import Apply, Num, Relation, Sequence, Sym, Text, Value
from tests.answer_normalizers.answers import value, well_formed

X, Y = Sym("x"), Sym("y")


def relation(text: str) -> Relation:
    found = value(text)
    assert isinstance(found, Relation)
    return found


def test_the_difference_of_the_sides_is_what_is_nought():
    assert difference(relation("x=3")) == Apply("+", (X, Apply("neg", (Num(3),))))
    assert difference(relation("x=0")) == X
    assert difference(relation("0=x")) == Apply("+", (Num(0), Apply("neg", (X,))))
    assert difference(relation("x<y")) == Apply("+", (X, Apply("neg", (Y,))))
    assert difference(relation("x=y=3")) is None
    assert difference(Relation(("=",), (X, Text("one")))) is None
    assert difference(Relation(("=",), (Text("one"), X))) is None
    assert difference(Relation(("=",), (Sequence("(", ")", (X, Y)), Num(0)))) is None


SAME = [
    ("x^2+y^2=1", "2x^2+2y^2=2", "factor"),
    ("x+y=3", "3-x=y", "factor"),
    ("x+y=3", "-x-y+3=0", "factor"),
    (r"\frac{x}{2}+\frac{y}{3}=1", "3x+2y=6", "factor"),
    (r"2\sin x=y", r"4\sin x=2y", "factor"),
    ("(x-1)^2=0", "x-1=0", "2^61"),
    ("(x-1)(x-2)=0", "x^2=3x-2", "factor"),
    (r"\frac{1}{x}=2", "2x=1", "2^61"),
    (r"\frac{x^2-1}{x-1}=0", "x+1=0", "factor"),
    (r"\frac{1}{x}+\frac{1}{y}=1", "y+x=xy", "2^61"),
    ("(x+y)^2=0", "x+y=0", "2^61"),
    (r"\frac{x}{z}=y", "x=yz", "2^61"),
    (r"x=\sqrt2 y^3", r"\frac{x}{\sqrt2}=y^3", "2^61"),
    (r"\sqrt3 x+y=1", r"3x+\sqrt3 y=\sqrt3", "19 digits"),
    (r"x^2+y^2=\sqrt2", r"\sqrt2 x^2+\sqrt2 y^2=2", "19 digits"),
    (r"e^{-t} x=\pi", r"x=\pi e^{t}", "19 digits"),
]
SAME += [
    ("y=|x|", r"y=\sqrt{x^2}", "19 digits"),
    ("y=|x-50|", r"\sqrt2y=|50-x|\sqrt2", "19 digits"),
    (r"y=\sqrt{2x}", r"\frac{y}{\sqrt2}=\sqrt{x}", "19 digits"),
]
DIFFERENT = [
    ("y=|x|", "y=x", "different solutions"),
    ("y=|x|", "y=-x", "different solutions"),
    (r"y=\sqrt{x^2}", "y=x", "different solutions"),
    (r"y=\max(x,0)", "y=x", "different solutions"),
    (r"y=\max(x,1000)", "y=1000", "different unknowns"),
    (r"y=\max(x,1000)+x", "y=1000+x", "different solutions"),
    ("y=|x-50|", "y=50-x", "different solutions"),
    ("y=|x+50|", "y=50+x", "different solutions"),
    ("|x|y=1", "xy=1", "different solutions"),
    ("x=3", "x=4", "different solutions"),
    ("x+y=3", "x+y=4", "different solutions"),
    ("x^2=1", "x=1", "different solutions"),
    ("x=3", "y=3", "different unknowns"),
    ("x+y=3", "x=3", "different unknowns"),
    ("x+y=3", "x+z=3", "different unknowns"),
    (r"\frac{x^2-1}{x-1}=0", "x^2-1=0", "different solutions"),
    (r"x=\sqrt2 y", r"x=\sqrt3 y", "different solutions"),
    (r"x+y=\pi", r"x+2y=\pi", "different solutions"),
    (r"x^2=\sqrt2", r"x^2=\sqrt3", "different solutions"),
    (r"(y+\pi)x=1", r"(y-\pi)x=1", "different solutions"),
]
OPEN = [
    ("|x|=5", "x=5", "could not be compared"),
    (r"\sqrt{x^2}=5", "x=5", "could not be compared"),
    (r"\max(x,0)=5", "x=5", "could not be compared"),
    ("|x-50|=3", "50-x=3", "could not be compared"),
    (r"\lfloor x \rfloor=5", "x=5", "could not be compared"),
    ("1=2", "1=1", "without a variable"),
    (r"\sin x=y", r"\sin x=\cos x+y", None),
    (r"\sin x=0", r"\cos x=1", "could not be compared"),
    (r"\tan x=\sqrt2", r"\sin x=\sqrt2\cos x", "could not be compared"),
]


@pytest.mark.parametrize(("gold", "pred", "how"), SAME)
def test_equations_with_the_same_solutions(gold, pred, how):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = well_formed(compare_equations(relation(one), relation(two)))
        assert (verdict.equivalent, verdict.stage) == (True, "relation")
        assert how in verdict.reason


@pytest.mark.parametrize(("gold", "pred", "how"), DIFFERENT)
def test_equations_with_different_solutions(gold, pred, how):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = well_formed(compare_equations(relation(one), relation(two)))
        assert (verdict.equivalent, verdict.stage) == (False, "relation")
        assert how in verdict.reason


@pytest.mark.parametrize(("gold", "pred", "how"), OPEN)
def test_equations_of_which_neither_is_shown(gold, pred, how):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = well_formed(compare_equations(relation(one), relation(two)))
        assert verdict.stage == "relation"
        if how is not None:
            assert verdict.equivalent is None
            assert how in verdict.reason
        assert verdict.equivalent is not True


def test_what_are_no_equations_between_scalars_is_undecided():
    scalar, chain, point = (
        relation("x=3"),
        relation("x=y=3"),
        Relation(("=",), (X, Sequence("(", ")", (X, Y)))),
    )
    for one, two in ((scalar, chain), (chain, scalar), (chain, chain), (point, scalar), (scalar, point)):
        verdict = well_formed(compare_equations(one, two))
        assert (verdict.equivalent, verdict.stage) == (None, "relation")
        assert "scalars" in verdict.reason


def roots(text: str, **env: int) -> list[arb]:
    with precision(192):
        found = _numeric_roots(value(text), "x", {name: acb(v) for name, v in env.items()})
        return sorted(found, key=lambda ball: float(ball.mid()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x-3", [3]),
        ("2x+5", [-2.5]),
        ("x^2-4", [-2, 2]),
        ("x^2+4", []),
        (r"x^2-2", [-(2**0.5), 2**0.5]),
        ("(x-1)(x-2)(x-3)", [1, 2, 3]),
        ("(x-1)(x^2+1)", [1]),
        ("(x-1)(x-2)(x+3)(x-4)", [-3, 1, 2, 4]),
        ("y x-6", [2]),
        (r"\sqrt2 x-\sqrt8", [2]),
    ],
)
def test_real_roots_are_found_from_values_alone(text, expected):
    found = roots(text, y=3)
    assert len(found) == len(expected)
    with precision(192):
        for ball, root in zip(found, expected, strict=True):
            assert abs(float(ball.mid()) - root) < 1e-14 * max(1, abs(root))
            # the ball is wide enough to be taken for rounded, and no wider
            assert ball.contains(arb(root)) or abs(root) % 1
            assert 1e-13 * abs(root) < float(ball.rad()) < 1e-11 * abs(root)


@pytest.mark.parametrize(
    "text",
    ["5", "x-x", "x^5", "x^5-x", r"\sin x", "2^x", r"\frac{1}{x}", "z x", "(x-1)^2",
     "|x|", "|x-50|", "|x+50|", r"\max(x,0)", r"\min(x,1000)", r"\lfloor x \rfloor", r"\sqrt{x^2}"],
)  # fmt: skip
def test_no_roots_are_found_of_what_is_no_polynomial_of_a_low_degree(text):
    with precision(192), pytest.raises((UnevaluableError, ValueError)):
        _numeric_roots(value(text), "x", {})


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=6))
def test_a_polynomial_is_found_from_its_values(coefficients):
    with precision(192):
        values = [acb(sum(c * k**n for n, c in enumerate(coefficients))) for k in range(6)]
        found = _interpolate(values)
        assert len(found) == 6
        for ball, coefficient in zip(found, coefficients + [0] * (6 - len(coefficients)), strict=True):
            assert ball.overlaps(acb(coefficient))
            assert ball.rad() < 1e-40


INEQUALITIES = [
    ("x+y<1", "2x+2y<2", True),
    ("x+y<1", "1>x+y", True),
    ("x+y<1", "-x-y>-1", True),
    ("x+y<1", "2>2x+2y", True),
    (r"x+y\le1", r"1-x-y\ge0", True),
    (r"x+y\ge1", r"0\le x+y-1", True),
    ("x+y<1", "x+y>1", False),
    ("x+y<1", r"x+y\le1", False),
    (r"x+y\ge1", r"x+y>1", False),
    ("x+y<1", "-x-y<-1", False),
    (r"x+y\le1", r"2x+2y\ge2", False),
    ("x+y<1", "x+y<2", None),
    ("x+y<1", "x+2y<1", None),
    ("x+y=1", "x+y<1", None),
    ("x+y<1", "x+y=1", None),
    (r"x+y\ne1", "x+y<1", None),
    ("0<x+y<1", "x+y<1", None),
    ("x+y<1", "0<x+y<1", None),
    (r"\sin x+y<0", r"2\sin x+2y<0", None),  # no point with exact values
    (r"\frac{1}{x-x}<y", r"y>\frac{1}{x-x}", None),
    ("x-2y<-8", "2x-4y<-16", True),  # equal sides at the first point
    ("(x-2)(y-5)<0", "2(x-2)(y-5)<0", True),
    ("(x-2)(x-3)(x-5)<0", "-(x-2)(x-3)(x-5)>0", True),
    ("(x-2)(x-3)(x-5)(x-7)<0", "-(x-2)(x-3)(x-5)(x-7)>0", None),
]


@pytest.mark.parametrize(("gold", "pred", "expected"), INEQUALITIES)
def test_inequalities_are_compared_up_to_a_positive_factor(gold, pred, expected):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = compare_scaled_inequalities(relation(one), relation(two))
        if expected is None:
            assert verdict is None
        else:
            assert verdict is not None
            assert (well_formed(verdict).equivalent, verdict.stage) == (expected, "relation")


NUMBERS = st.integers(-6, 6)


@settings(max_examples=40)
@given(NUMBERS, NUMBERS, NUMBERS, st.integers(-4, 4).filter(bool), st.sampled_from(["<", "<=", ">", ">="]))
def test_a_negative_factor_turns_the_sign(a, b, c, factor, op):
    if not a or not b:
        return

    def inequality(scale: int, sign: str) -> Relation:
        left: Value = Apply("+", (Apply("*", (Num(a * scale), X)), Apply("*", (Num(b * scale), Y))))
        return Relation((sign,), (left, Num(c * scale)))

    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]
    verdict = compare_scaled_inequalities(inequality(1, op), inequality(factor, op))
    assert verdict is not None
    assert verdict.equivalent is (factor > 0)
    verdict = compare_scaled_inequalities(inequality(1, op), inequality(factor, turned))
    assert verdict is not None
    assert verdict.equivalent is (factor < 0)


@settings(max_examples=40)
@given(st.lists(st.fractions(min_value=-5, max_value=5, max_denominator=4), min_size=2, max_size=3))
def test_a_product_of_factors_is_nought_where_one_of_them_is(zeros):
    factors = tuple(
        Apply("+", (X, Apply("neg", (Num(fmpq(zero.numerator, zero.denominator)),)))) for zero in zeros
    )
    left = Relation(("=",), (Apply("*", factors), Num(0)))
    once = Relation(("=",), (Apply("*", factors[:1]), Num(0)))
    twice = Relation(("=",), (Apply("*", (*factors, *factors)), Num(0)))
    assert compare_equations(left, twice).equivalent is True
    assert compare_equations(left, once).equivalent is (len(set(zeros)) == 1)
