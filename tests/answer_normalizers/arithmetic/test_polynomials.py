"""Trees as quotients of polynomials; SymPy and plain division are the oracles."""

from __future__ import annotations

import pytest
import sympy
from flint import arb, fmpq, fmpq_poly, nmod_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers.arithmetic.balls import precision
from answer_normalizers.arithmetic.field import PRIME, FieldPoint
from answer_normalizers.arithmetic.polynomials import (
    NotPolynomialError,
    Quotient,
    over_field,
    over_rationals,
    real_roots,
    zero_polynomial,
)
from answer_normalizers.limits import MAX_DEGREE
from tests.answer_normalizers.answers import value

T = sympy.Symbol("t")
SMALL = st.integers(-6, 6)


def coefficients(polynomial: fmpq_poly) -> list[fmpq]:
    return [fmpq(c) for c in polynomial.coeffs()]


@pytest.mark.parametrize(
    ("text", "above", "below"),
    [
        ("x", [0, 1], [1]),
        ("5", [5], [1]),
        (r"\frac12", [fmpq(1, 2)], [1]),
        ("-x", [0, -1], [1]),
        ("x^2+x+1", [1, 1, 1], [1]),
        ("(x+1)^2", [1, 2, 1], [1]),
        (r"(\frac{1}{x})^2", [1], [0, 0, 1]),
        (r"(x+1)^{-2}", [1], [1, 2, 1]),
        (r"x^{-1}", [1], [0, 1]),
        (r"x^0", [1], [1]),
        (r"\frac{x}{x+1}", [0, 1], [1, 1]),
        (r"\frac{1}{x}+\frac{1}{x}", [2], [0, 1]),
        (r"\frac{1}{x}+\frac{1}{x+1}", [1, 2], [0, 1, 1]),
        (r"\frac{1}{x}-\frac{1}{x+1}", [1], [0, 1, 1]),
        (r"\frac{1}{x}\cdot\frac{1}{x+1}", [1], [0, 1, 1]),
        (r"\frac{\frac{x}{2}}{\frac{x+1}{3}}", [0, 3], [2, 2]),
        (r"x\%", [0, 1], [100]),
        (r"\sqrt{4}x", [0, 2], [1]),
        ("x^{2+1}", [0, 0, 0, 1], [1]),
    ],
)
def test_a_rational_function_is_a_quotient_of_polynomials(text, above, below):
    quotient = over_rationals(value(text), "x")
    left, right = quotient.above * fmpq_poly(below), quotient.below * fmpq_poly(above)
    assert left == right
    assert quotient.below != 0


@pytest.mark.parametrize(
    "text",
    [
        "y", "x+y", r"\sin x", r"\sqrt x", "x^x", "2^x", r"x^{\frac12}", r"x^y", r"|x|", r"\pi x",
        r"\sqrt2 x", "x!", r"\frac{1}{x-x}", r"(x-x)^{-1}", r"\frac{x}{0}", r"(1,x)",
        rf"x^{{{MAX_DEGREE + 1}}}", rf"x^{{{MAX_DEGREE}}}x", rf"(x^2)^{{{MAX_DEGREE // 2 + 1}}}",
        rf"x^{{-{MAX_DEGREE + 1}}}", rf"\frac{{1}}{{x^{{{MAX_DEGREE}}}}}\cdot\frac1x",
        rf"\frac{{1}}{{x^{{{MAX_DEGREE}}}}}+\frac{{1}}{{x+1}}",
    ],
)  # fmt: skip
def test_anything_else_and_a_degree_too_high_are_refused(text):
    with pytest.raises(NotPolynomialError):
        over_rationals(value(text), "x")


def test_the_highest_degree_is_the_one_stated():
    for text in (rf"x^{{{MAX_DEGREE}}}", rf"x^{{-{MAX_DEGREE}}}", rf"x^{{{MAX_DEGREE - 1}}}x"):
        quotient = over_rationals(value(text), "x")
        assert max(quotient.above.degree(), quotient.below.degree()) == MAX_DEGREE


def test_other_variables_have_their_values_at_the_point():
    point = FieldPoint(5)
    y = point.value(value("y"))
    quotient = over_field(value(r"\frac{x+y}{x y}"), "x", point)
    assert quotient.above == nmod_poly([y, 1], PRIME)
    assert quotient.below == nmod_poly([0, y], PRIME)
    assert not point.formal
    over_field(value(r"x+\sin y"), "x", point)
    assert point.formal


@pytest.mark.parametrize("text", [r"x+\frac{1}{y-y}", r"\sin x", r"x+\infty", "2^x"])
def test_what_has_no_value_in_the_field_is_refused(text):
    with pytest.raises(NotPolynomialError):
        over_field(value(text), "x", FieldPoint(5))


def test_arithmetic_of_quotients():
    x, one = fmpq_poly([0, 1]), fmpq_poly([1])
    half, third = Quotient(x, one * 2), Quotient(one, x)
    assert (half / 3).below == one * 6
    assert (half / 3).above == x
    assert ((half / third).above, (half / third).below) == (x * x, one * 2)
    assert ((1 / half).above, (1 / half).below) == (one * 2, x)
    assert ((3 / half).above, (3 / half).below) == (one * 6, x)
    assert ((-half).above, (-half).below) == (-x, one * 2)
    assert ((half + half).above, (half + half).below) == (x * 2, one * 2)
    with pytest.raises(NotPolynomialError):
        1 / Quotient(x - x, one)
    with pytest.raises(NotPolynomialError):
        half / Quotient(x - x, one)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x^2-1", [-1, 0, 1]),
        ("3x^2-3", [-1, 0, 1]),
        ("(x-1)^3", [-1, 1]),
        ("(x-1)^2(x+2)", [-2, 1, 1]),
        (r"\frac{x^2-1}{x-1}", [1, 1]),
        (r"\frac{(x-1)^3(x+2)}{(x-1)^2}", [2, 1]),
        (r"\frac{x}{x^2}", [1]),
        (r"\frac{1}{x}", [1]),
        ("7", [1]),
        (r"\frac{x+1}{2}", [1, 1]),
    ],
)
def test_the_zeros_of_a_quotient_are_those_of_a_monic_squarefree_polynomial(text, expected):
    assert zero_polynomial(over_rationals(value(text), "x")) == fmpq_poly(expected)
    field = zero_polynomial(over_field(value(text), "x", FieldPoint(5)))
    assert field == nmod_poly([c % PRIME for c in expected], PRIME)


def test_what_is_zero_everywhere_has_no_polynomial_of_its_zeros():
    with pytest.raises(NotPolynomialError):
        zero_polynomial(over_rationals(value("x-x"), "x"))
    with pytest.raises(NotPolynomialError):
        zero_polynomial(over_field(value("x-x"), "x", FieldPoint(5)))


@settings(max_examples=50)
@given(st.lists(SMALL, min_size=1, max_size=4), st.lists(SMALL, max_size=3), st.sampled_from([1, -2, 7]))
def test_the_zeros_are_the_roots_that_are_no_poles(zeros, poles, scale):
    above = fmpq_poly([scale])
    for zero in zeros:
        above *= fmpq_poly([-zero, 1])
    below = fmpq_poly([1])
    for pole in poles:
        below *= fmpq_poly([-pole, 1])
    expected = fmpq_poly([1])
    for zero in sorted(set(zeros) - set(poles)):
        expected *= fmpq_poly([-zero, 1])
    assert zero_polynomial(Quotient(above, below)) == expected


@settings(max_examples=25)
@given(st.lists(SMALL, min_size=1, max_size=5))
def test_the_real_roots_are_those_sympy_finds(coefficients):
    polynomial = fmpq_poly(coefficients)
    with precision(192):
        found = sorted(real_roots(polynomial), key=float)
    expression = sum(c * T**k for k, c in enumerate(coefficients))
    if sympy.degree(expression, T) < 1:
        assert found == []
        return
    expected = sorted({root.evalf(40) for root in sympy.real_roots(sympy.Poly(expression, T))})
    assert len(found) == len(expected)
    with precision(192):
        for ball, root in zip(found, expected, strict=True):
            assert abs(ball - arb(str(root))) < 1e-30
            assert ball.rel_accuracy_bits() > 100


def test_rational_roots_are_exact():
    assert real_roots(fmpq_poly([-1, 3])) == [arb(fmpq(1, 3))] or real_roots(fmpq_poly([-1, 2]))[0] == 0.5
    assert real_roots(fmpq_poly([0, 1]))[0] == 0
    (root,) = real_roots(fmpq_poly([fmpq(-3, 4), fmpq(1, 2)]))
    assert root == 1.5
    assert real_roots(fmpq_poly([])) == real_roots(fmpq_poly([5])) == real_roots(fmpq_poly([1, 0, 1])) == []
