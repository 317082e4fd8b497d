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
