"""Answers that differ by one number, far from where an expression is usually looked at."""

from __future__ import annotations

import pytest

from answer_normalizers import check


def verdicts(gold: str, pred: str) -> set[bool | None]:
    return {check(gold=gold, pred=pred).equivalent, check(gold=pred, pred=gold).equivalent}


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        (r"45\text{ units}^2", r"45\text{ units}^3", False),
        (r"45\text{ square units}", r"45\text{ cubic units}", False),
        (r"45\text{ square units}", r"45\text{ cm}", False),
        (r"45\text{ square units}", r"45\text{ cm}^3", False),
        (r"45\text{ units}^2", r"45\text{ square units}", True),
        (r"45\text{ square units}", r"45\text{ cm}^2", True),
        (r"45\text{ square units}", "45", True),
        ("5 units", "5 apples", True),
        ("5 units", "5 units", True),
        ("5 units", "6 units", False),
    ],
)
def test_units_that_are_not_named_still_measure_lengths_areas_or_volumes(gold, pred, expected):
    assert verdicts(gold, pred) == {expected}


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ("|x-50|+|x-60|", "110-2x", False),
        (r"|x-50|", "50-x", False),
        (r"\max(x,1000)", "1000", False),
        (r"\min(x,-1000)", "x", False),
        (r"\sqrt{x^2-100x+2500}", "50-x", False),
        (r"|2x-100|", "100-2x", False),
        (r"|x-y+500|", "x-y+500", False),
        (r"m n-\lfloor m/2 \rfloor", r"m n-\lfloor m/3 \rfloor", False),
        (r"\lceil x/1000 \rceil", r"\lceil x/2000 \rceil", False),
        ("|x-50|+|x-60|", "|60-x|+|50-x|", True),
        (r"\max(x,1000)", r"\max(1000,x)", True),
        (r"\sqrt{x^2-100x+2500}", "|x-50|", True),
        (r"\sqrt{x^2}", "|x|", True),
        (r"\frac{|x-50|+x-50}{2}", r"\max(x-50,0)", True),
        (r"\sqrt{4x}", r"2\sqrt{x}", True),
        (r"\lfloor x \rfloor + 1", r"\lfloor x+1 \rfloor", True),
    ],
)
def test_expressions_of_several_pieces_are_compared_further_out_too(gold, pred, expected):
    assert verdicts(gold, pred) == {expected}


@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [
        ("I=-10e^{-30t}", "I=-11e^{-30t}", False),
        ("I=-e^{-40t}(2\\cos 30t-86\\sin 30t)", "I=-e^{-41t}(2\\cos 30t-86\\sin 30t)", False),
        ("y=e^{-30t}", "y=e^{-31t}", False),
        ("I=-10e^{-30t}", "-I=10e^{-30t}", True),
        ("I=-10e^{-3t}", "I+10e^{-3t}=0", True),
    ],
)
def test_equations_between_small_values_are_told_apart(gold, pred, expected):
    assert verdicts(gold, pred) == {expected}
