"""Where expressions in variables are compared: points on both sides of 0, far out, and at ends of pieces."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import UnevaluableError, precision
from answer_normalizers.arithmetic.reals import fmpq_of
from answer_normalizers.arithmetic.sampling import (
    Pair,
    has_pieces,
    integer_variables,
    sample,
    under_logarithms,
)
from answer_normalizers.tree.nodes import free_symbols
from tests.answer_normalizers.answers import value

INDICES = range(12)


def pair(gold: str, pred: str, log_base: int = 10) -> Pair:
    left, right = value(gold), value(pred)
    return Pair(left, right, names=free_symbols(left) | free_symbols(right), log_base=log_base)


def number(ball: acb) -> Fraction:
    """The rational number that a sample is a tight ball around."""
    middle = fmpq_of(ball.real)
    return Fraction(int(middle.p), int(middle.q)).limit_denominator(10**8)


def samples(name: str, *, whole: bool = False, spread: int = 1) -> list[Fraction]:
    with precision(256):
        return [number(sample(name, index, whole=whole, spread=spread)) for index in INDICES]


# ---- random points ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [1, 23])
def test_points_lie_between_a_third_and_three_on_either_side_of_nought(spread):
    for name in ("x", "y", "\ud800", "x_1"):
        found = samples(name, spread=spread)
        assert len(set(found)) == len(found)
        assert all(Fraction(300, 1009) * spread <= abs(v) <= Fraction(2700, 1009) * spread for v in found)
        assert all(v > 0 for v in found[::2])
        assert max(abs(v) for v in found) > spread


def test_most_odd_points_are_negative_and_some_are_not():
    signs = [v < 0 for name in map(str, range(300)) for v in samples(name)[1::2]]
    assert 0.70 < sum(signs) / len(signs) < 0.80


def test_the_sign_of_a_point_does_not_go_with_its_size():
    found = [v for name in map(str, range(200)) for v in samples(name)[1::2]]
    small = [v < 0 for v in found if abs(v) < Fraction(3, 2)]
    large = [v < 0 for v in found if abs(v) >= Fraction(3, 2)]
    assert abs(sum(small) / len(small) - sum(large) / len(large)) < 0.1


@pytest.mark.parametrize(("spread", "beyond"), [(1, 13), (23, 255)])
def test_a_whole_variable_takes_whole_numbers_from_two_on(spread, beyond):
    found = {v for name in map(str, range(400)) for v in samples(name, whole=True, spread=spread)}
    assert all(v.denominator == 1 for v in found)
    assert (min(found), max(found)) == (2, beyond - 1)


def test_no_variable_follows_another():
    columns = [samples(name) for name in ("a", "b", "x", "y", "n")]
    for one, two in itertools.combinations(columns, 2):
        assert len({a - b for a, b in zip(one, two, strict=True)}) == len(one)


def test_a_pair_is_sampled_where_its_variables_make_sense():
    two = pair(r"\frac{n!}{2} + x", "x")
    assert two.names == ["n", "x"]
    assert two.whole == {"n"}
    for index in INDICES:
        point = two.random_point(index)
        assert list(point) == ["n", "x"]
        assert number(point["n"]).denominator == 1
        assert number(point["x"]).denominator > 1
    assert pair("x", "n!").whole == {"n"}
    assert pair("n!", "x").whole == {"n"}


def test_steps_are_sampled_further_out():
    plain, steps, other = pair("x", "x^2"), pair(r"\lfloor x \rfloor", "x"), pair("x", r"\lceil x \rceil")
    for index in INDICES:
        assert number(steps.random_point(index)["x"]) == 23 * number(plain.random_point(index)["x"])
        assert number(other.random_point(index)["x"]) == 23 * number(plain.random_point(index)["x"])


# ---- what two expressions are at a point -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [("x", "y", False), ("ix", "y", True), ("x", "iy", True), ("ix", "iy", True), (r"\pi x", "e", False)],
)
def test_a_pair_with_the_imaginary_unit_is_complex(gold, pred, expected):
    assert pair(gold, pred).complex_valued is expected


@pytest.mark.parametrize(
    ("gold", "pred", "real", "left"),
    [
        (r"\sqrt{x}", "x", (True, True), False),
        (r"\sqrt{-x}", "x", (False, True), True),
        ("x", r"\sqrt{-x}", (True, False), True),
        (r"\sqrt{-x}", r"\ln(-x)", (False, False), True),
        (r"(\sqrt{-x})^2", "x", (False, True), True),
        ("x", r"(\sqrt{-x})^2", (True, False), True),
        (r"ix", "x", (False, True), False),
        ("x", "ix", (True, False), False),
        ("ix", "ix", (False, False), False),
        (r"i^2 x", "x", (True, True), False),
    ],
)
def test_it_is_seen_which_of_the_two_is_real_and_was_so_on_the_way(gold, pred, real, left):
    with precision(192):
        sight = pair(gold, pred).at({"x": acb(2)})
    assert sight.real == real
    assert sight.left_reals is left


def test_both_are_seen_each_on_its_side_and_with_its_logarithm():
    with precision(192):
        sight = pair(r"\log x", r"\ln x").at({"x": acb(100)})
        assert sight.left.overlaps(acb(2))
        assert not sight.right.overlaps(acb(2))
        assert not sight.meets
        assert pair(r"\log x", r"\ln x", log_base=0).at({"x": acb(100)}).meets
        env = {"k": acb(5)}
        assert pair(r"\sum_{k=1}^{3}k", r"k+1").at(env).meets
        assert env["k"] == 5


def test_a_point_without_a_value_raises():
    for one, other in ((r"\frac1x", "x"), ("x", r"\frac1x")):
        with precision(192), pytest.raises(UnevaluableError):
            pair(one, other).at({"x": acb(0)})


def test_meeting_says_something_where_both_are_sharp():
    tight, loose = arb(1, 2.0**-66), arb(1, 2.0**-60)
    with precision(192):
        for x, y, sharp in (
            (tight, tight, True),
            (loose, tight, False),
            (tight, loose, False),
            (loose, loose, False),
        ):
            assert pair("x", "y").at({"x": acb(x), "y": acb(y)}).sharp is sharp
        small, smaller, wide = arb(0, 2.0**-90), arb(0, 2.0**-110), arb(0, 2.0**-99.9)
        for x, y, sharp in (
            (smaller, smaller, True),
            (small, smaller, False),
            (smaller, small, False),
            (wide, smaller, False),
            (arb(2.0**-105, 2.0**-120), smaller, False),
            (smaller, arb(2.0**-105, 2.0**-120), False),
        ):
            assert pair("x", "y").at({"x": acb(x), "y": acb(y)}).sharp is sharp


# ---- ends of pieces --------------------------------------------------------------------------------------


def ends(gold: str, pred: str) -> list[dict[str, Fraction]]:
    with precision(256):
        return [
            {name: number(ball) for name, ball in point.items()}
            for point in pair(gold, pred).ends_of_pieces()
        ]


def test_without_constants_they_are_eight_points_far_from_nought_on_both_sides():
    found = [point["x"] for point in ends("|x|", "x")]
    assert len(found) == len(set(found)) == 8
    assert sum(v > 0 for v in found) == sum(v < 0 for v in found) == 4
    assert [v > 0 for v in found] == [True, False] * 4
    sizes = [abs(v) for v in found]
    assert 7 < min(sizes) < 9
    assert 5_000 < max(sizes) < 10_000
    for low, high in ((7, 10), (35, 50), (290, 340), (7_500, 10_000)):  # two a magnitude
        assert sum(low < v < high for v in sizes) == 2


@pytest.mark.parametrize("constant", [50, 3, 1000, Fraction(7, 2)])
def test_each_constant_has_points_on_both_sides_of_it_and_of_its_negative(constant):
    text = (
        str(constant)
        if isinstance(constant, int)
        else rf"\frac{{{constant.numerator}}}{{{constant.denominator}}}"
    )
    found = [point["x"] for point in ends(rf"|x-{text}|", "x")]
    ends_of = (
        [v / constant for v in found[8:]] if constant != Fraction(7, 2) else [v * 2 / 7 for v in found[-18:]]
    )
    assert found[:8] == [point["x"] for point in ends("|x|", "x")]
    for sign in (1, -1):
        shares = [v * sign for v in ends_of if v * sign > 0]
        assert any(1 < v < Fraction(101, 100) for v in shares)
        assert any(Fraction(99, 100) < v < 1 for v in shares)
        assert any(Fraction(14, 10) < v < Fraction(16, 10) for v in shares)
    assert len(found) == (14 if isinstance(constant, int) else len(found))


def test_quotients_of_constants_have_such_points_too():
    found = [point["x"] for point in ends("|2x-100|", "100-2x")]
    for end in (2, 100, 50, Fraction(1, 50)):
        assert any(end < v < end * Fraction(21, 20) for v in found), end
        assert any(-end * Fraction(21, 20) < v < -end for v in found), end
    assert len(found) == 8 + 6 * 4


def test_only_so_many_constants_count_the_largest_ones():
    text = "+".join(f"|x-{n}|" for n in (11, 13, 17, 19, 23, 29, 31))
    found = [abs(point["x"]) for point in ends(text, "x")]
    assert len(found) == 8 + 6 * 12
    for end in (13, 31):
        assert any(end < v < end * Fraction(102, 100) for v in found)


def test_constants_that_are_nought_or_huge_do_not_count():
    assert len(ends("|x-0|", "x")) == 8
    assert len(ends(r"|x-10^{2}|", "x")) > 8
    assert len(ends("|x-999999999|", "x")) == 14
    assert len(ends("|x-1000000000|", "x")) == 8
    assert len(ends("|x-5|", "|x-5|")) == 14
    assert len(ends("|x|", "x-5")) == 14


def test_several_variables_go_separate_ways():
    found = ends("|x-y+z|", "x-y+z")
    assert [list(point) for point in found] == [["x", "y", "z"]] * len(found)
    for one, two in itertools.combinations("xyz", 2):
        assert all(point[one] != point[two] for point in found)
    assert len({point["x"] - point["y"] for point in found}) == len(found)
    # with eight places, seven on is one back
    assert [point["y"] for point in found] == [found[index - 1]["x"] for index in range(len(found))]


def test_whole_variables_take_whole_numbers_there():
    with precision(256):
        found = list(pair("|n!-5|", "n!-5").ends_of_pieces())
    values = [number(point["n"]) for point in found]
    assert all(v.denominator == 1 and 2 <= v < 1_002 for v in values)
    assert values[:8] == [9, 10, 43, 40, 332, 300, 784, 588]


# ---- what an expression says about its variables ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x", ""),
        ("n!", "n"),
        ("(n+m)!x", "mn"),
        (r"\binom{n}{k}x", "kn"),
        (r"\gcd(a,b)+c", "ab"),
        (r"\sum_{k=1}^{n} x k", "n"),
        (r"\sum_{k=m}^{n} x", "mn"),
        (r"\prod_{k=1}^{n} x", "n"),
        (r"\int_a^b x dx", ""),
        ("(-1)^n x", "n"),
        (r"n!+\sum_{k=1}^{m} x", "mn"),
        (r"\sum_{k=1}^{m} x+n!", "mn"),
        ("n!+(-1)^m", "mn"),
        ("(-1)^m+n!", "mn"),
        (r"(-1)^m+\sum_{k=p}^{q} k", "mpq"),
        (r"\binom{n}{2}+m!", "mn"),
        (r"(-\frac12)^{n+m}", "mn"),
        ("2^n", ""),
        ("0^n", ""),
        ("x^n", ""),
        ("x^2", ""),
        ("(-1)^2", ""),
        ("(-x)^n", ""),
    ],
)
def test_variables_that_stand_where_whole_numbers_do(text, names):
    assert integer_variables(value(text)) == frozenset(names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x", ""),
        (r"\ln x", "x"),
        (r"\ln(xy)+z", "xy"),
        (r"\log x+\ln y", "xy"),
        (r"\log_b x", "bx"),
        (r"\sin x", ""),
        (r"\ln 2", ""),
    ],
)
def test_variables_that_stand_in_logarithms(text, names):
    assert under_logarithms(value(text)) == frozenset(names)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["x"], False),
        (["|x|"], True),
        (["x", "|x|"], True),
        ([r"\max(x,1)", "x"], True),
        ([r"\lfloor x \rfloor"], True),
        ([r"\sqrt{x}"], False),
        ([r"\sqrt{x^2}"], True),
        ([r"\sqrt{2x}"], True),
        ([r"\sqrt[3]{x^2}"], True),
        ([r"\sqrt{x}", "x^2"], False),
        (["x^2", "2x"], False),
        ([r"\sqrt{x+1}"], False),
        ([r"\sin x"], False),
    ],
)
def test_expressions_that_may_be_put_together_of_pieces(texts, expected):
    assert has_pieces(*map(value, texts)) is expected


def test_a_sample_is_exactly_the_fraction_it_is_meant_to_be():
    with precision(256):
        ball = sample("x", 0, whole=False, spread=1)
        assert (ball * 1009).real.unique_fmpz() is not None
        assert ball.imag.is_zero()
        assert ball.real.overlaps(arb(fmpq((ball * 1009).real.unique_fmpz(), 1009)))
