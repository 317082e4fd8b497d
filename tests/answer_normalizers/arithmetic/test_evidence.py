"""How much has to be shown before two expressions are taken for equal."""

from __future__ import annotations

import pytest
from flint import acb, fmpq

from answer_normalizers import Policy, check
from answer_normalizers.arithmetic import scalars
from answer_normalizers.arithmetic.sampling import Pair, sample
from answer_normalizers.arithmetic.scalars import _judge, _Tally
from answer_normalizers.parsing.parser import parse
from answer_normalizers.tree.nodes import free_symbols


def pair(gold: str, pred: str) -> Pair:
    left, right = parse(gold), parse(pred)
    return Pair(left, right, names=free_symbols(left) | free_symbols(right), log_base=10)


# ---- points ----------------------------------------------------------------------------------------------


def values_of_x() -> list[fmpq]:
    """The values at which `x` is sampled, in order."""
    thousandths = [sample("x", n, whole=False, spread=1) * 1009 for n in range(2 * scalars._POINTS)]
    return sorted(fmpq(value.real.unique_fmpz(), 1009) for value in thousandths)


def test_one_real_point_is_a_coincidence():
    *_, second, largest = values_of_x()
    edge = (second + largest) / 2  # only the largest value lies beyond it
    root = rf"\sqrt{{x - \frac{{{edge.p}}}{{{edge.q}}}}}"
    equal_there = rf"\frac{{{largest.q} x}}{{{largest.p}}} {root}"
    assert check(gold=root, pred=equal_there).equivalent is False
    assert check(gold=equal_there, pred=root).equivalent is False


@pytest.mark.parametrize(
    ("tally", "equivalent"),
    [
        (_Tally(), None),
        (_Tally(real=1), None),
        (_Tally(real=2), True),
        (_Tally(real=6), True),
        (_Tally(complex_equal=1), None),
        (_Tally(complex_equal=2), True),
        (_Tally(real=1, complex_equal=1), None),
        (_Tally(real=1, complex_equal=2), True),
        (_Tally(real=1, complex_differ="1 against 2"), False),
        (_Tally(real=2, complex_differ="1 against 2"), True),
        (_Tally(complex_equal=2, complex_differ="1 against 2"), False),
        (_Tally(real=1, one_sided=True), None),
        (_Tally(real=2, one_sided=True), True),
    ],
)
def test_two_points_are_evidence_and_real_ones_weigh_more(tally, equivalent):
    two = pair(r"\sqrt x \sqrt y", r"\sqrt{xy}")
    assert _judge(two, tally, Policy()).equivalent is equivalent


def test_a_difference_of_domain_counts_where_the_policy_says_so():
    one_sided = _Tally(real=6, one_sided=True)
    roots = pair(r"\sqrt x \sqrt y", r"\sqrt{xy}")
    assert _judge(roots, one_sided, Policy()).equivalent is True
    assert _judge(roots, one_sided, Policy(domains="same")).equivalent is None
    in_one_variable = pair(r"\ln x^2", r"2 \ln x")
    assert _judge(in_one_variable, one_sided, Policy()).equivalent is None
    in_two = pair(r"\ln xy", r"\ln x + \ln y")
    assert _judge(in_two, one_sided, Policy()).equivalent is True


def test_a_point_that_is_not_sharp_is_no_evidence():
    assert not pair("x", "y").at({"x": acb("1 +/- 0.1"), "y": acb("1.05 +/- 0.1")}).sharp
    assert pair("x", "y").at({"x": acb(1), "y": acb(1)}).sharp
    assert pair("x", "y").at({"x": acb("+/- 1e-40"), "y": acb(0)}).sharp


# ---- long decimals ---------------------------------------------------------------------------------------

TWO_DECIMALS = [
    # Right to all its digits, the shorter is only near the longer: two of different length are no pair.
    ("0.333333333333", "0.3333333333333333", False),
    ("0.3333333333333", "0.33333333333331", False),
    # Beyond 15 digits nothing counts, so these are the same to all that do.
    ("0.33333333333333331", "0.33333333333333334", True),
    ("0.333333333333333", "0.3333333333333333", True),
    # The last digit may be off by less than one, and no more.
    ("0.3333333333332", "0.3333333333333", False),
    ("0.33333333333333", "0.3333333333333333333", False),
]


@pytest.mark.parametrize(("one", "two", "equivalent"), TWO_DECIMALS)
def test_of_two_long_decimals_both_have_to_be_right(one, two, equivalent):
    assert check(gold=one, pred=two).equivalent is equivalent
    assert check(gold=two, pred=one).equivalent is equivalent


ONE_DECIMAL = [
    ("0.333333333333", r"\frac13", True),  # twelve digits
    ("0.33333333333", r"\frac13", False),  # eleven
    ("0.333333333334", r"\frac13", True),  # rounded up, less than one off in the last place
    ("0.333333333335", r"\frac13", False),
    ("1.41421356237", r"\sqrt2", True),
    ("1.4142135623", r"\sqrt2", False),
    ("1.41421356238", r"\sqrt2", True),
    ("1.41421356239", r"\sqrt2", False),
    ("1.4142135623730950488", r"\sqrt2", True),
    ("1.4142135623730953", r"\sqrt2", True),  # what a double holds
]


@pytest.mark.parametrize(("decimal", "exact", "equivalent"), ONE_DECIMAL)
def test_a_decimal_of_twelve_digits_stands_for_what_it_is_cut_or_rounded_from(decimal, exact, equivalent):
    assert check(gold=exact, pred=decimal).equivalent is equivalent
    assert check(gold=decimal, pred=exact).equivalent is equivalent


def test_how_many_digits_are_asked_for_is_a_policy():
    policy = Policy(decimal_digits=4)
    assert check(gold=r"\frac13", pred="0.3333", policy=policy).equivalent is True
    assert check(gold=r"\frac13", pred="0.333", policy=policy).equivalent is False
    assert check(gold="0.3333", pred="0.33331", policy=policy).equivalent is False
