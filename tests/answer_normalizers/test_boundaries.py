"""Answers at the edge of a rule: one step this side is accepted, one step beyond is not."""

from __future__ import annotations

import pytest
from flint import ctx

from answer_normalizers import check
from answer_normalizers.arithmetic.balls import LADDER, precision
from answer_normalizers.arithmetic.sampling import sample


def verdicts(gold: str, pred: str) -> set[bool | None]:
    return {check(gold=gold, pred=pred).equivalent, check(gold=pred, pred=gold).equivalent}


@pytest.mark.parametrize("dots", ["...", "…", r"\dots", r"\ldots", r"\cdots", r" \dots"])
def test_one_digit_repeats_when_it_stands_three_times_and_a_block_when_it_stands_twice(dots: str) -> None:
    assert verdicts(f"0.555{dots}", "5/9") == {True}
    assert verdicts(f"0.1555{dots}", "7/45") == {True}
    assert verdicts(f"0.1212{dots}", "4/33") == {True}
    assert verdicts(f"0.55{dots}", "5/9") == {False}
    assert verdicts(f"0.55{dots}", "0.55") == {True}
    assert verdicts(f"0.12{dots}", "4/33") == {False}
    assert verdicts(f"0.155{dots}", "7/45") == {False}


def test_a_whole_number_before_a_proper_fraction_is_mixed_and_before_an_improper_one_is_not() -> None:
    assert verdicts("2 1/3", "7/3") == {True}
    assert verdicts(r"2\frac13", "7/3") == {True}
    assert verdicts(r"2\frac{1}{3}", "7/3") == {True}
    for improper in ("2 7/3", "2 3/3", r"2\frac{7}{3}", r"2\frac{3}{3}"):
        assert True not in verdicts(improper, "13/3")
        assert True not in verdicts(improper, "3")
    assert verdicts(r"2\frac{7}{3}", "14/3") == {True}  # a product


@pytest.mark.parametrize("answer", ["(1]", "[1)", r"\left(1\right]", r"\left[1\right)"])
def test_one_item_in_unlike_brackets_is_no_answer(answer: str) -> None:
    assert verdicts(answer, "1") == {None}
    verdict = check(gold="1", pred=answer)
    assert (verdict.stage, "one item in unlike brackets" in verdict.reason) == ("parse", True)


def test_one_item_in_like_brackets_is_itself() -> None:
    assert verdicts("(1)", "1") == verdicts("[1]", "1") == {True}


def test_two_long_decimals_must_each_be_right_in_all_digits_but_the_last() -> None:
    """8e-14 apart: less than one unit in the last place of the first, and eight units of the second."""
    assert verdicts("0.1111111111111", "0.11111111111119") == {False}
    assert verdicts("0.1111111111111111", "0.11111111111111119") == {True}  # beyond the fifteenth digit


@pytest.mark.parametrize(
    ("decimal", "expected"),
    [
        ("0.333333333333", True),
        ("0.333333333334", True),
        ("0.333333333332", False),
        ("0.33333333333", False),
        ("0.3333333333333333333", True),
        ("0.33333333333333333391", True),
        ("0.333333333333334", True),
        ("0.3333333333333359", False),
    ],
)
def test_a_decimal_of_twelve_digits_stands_for_the_number_it_rounds(decimal: str, expected: bool) -> None:
    assert verdicts("1/3", decimal) == {expected}


def test_agreement_at_a_single_real_point_accepts_nothing() -> None:
    """sqrt(x - t), real at one point tried only, against a function that equals it there and nowhere else."""
    values = sorted((sample("x", index, whole=False, spread=1).real for index in range(12)), key=float)
    largest, bound = values[-1], values[-2]
    threshold = int(float(bound) * 1009 + 1)
    assert float(bound) < threshold / 1009 < float(largest)
    numerator = round(float(largest) * 1009)
    root = rf"\sqrt{{x-\frac{{{threshold}}}{{1009}}}}"
    other = rf"{root}\left(1+x-\frac{{{numerator}}}{{1009}}\right)"
    assert True not in verdicts(root, other)
    assert verdicts(root, rf"\sqrt{{\frac{{1009x-{threshold}}}{{1009}}}}") == {True}


@pytest.mark.parametrize("before", [53, 200])
def test_the_precision_of_arb_is_the_hosts_again_after_a_check(before: int) -> None:
    default = ctx.prec
    try:
        ctx.prec = before
        for gold, pred in [
            (r"\sqrt 8", r"2\sqrt 2"),
            (r"\sqrt 2", "1.414"),
            (r"\sin 2x", r"2\sin x\cos x"),
            ("x>2", r"(2,\infty)"),
            (r"\frac{1}{0}", r"\sqrt{2}"),
            (r"\int_0^1 x^x dx", r"\pi"),
        ]:
            check(gold=gold, pred=pred)
            assert ctx.prec == before
        with precision(LADDER[-1]):
            assert ctx.prec == LADDER[-1]
        assert ctx.prec == before
        with pytest.raises(ZeroDivisionError), precision(4_000):
            raise ZeroDivisionError
        assert ctx.prec == before
    finally:
        ctx.prec = default
