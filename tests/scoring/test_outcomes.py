"""Every completion ends in exactly one outcome."""

from __future__ import annotations

import pytest

from answer_normalizers import Extraction, Verdict
from mathevalkit.scoring.outcomes import decide_outcome, scored
from mathevalkit.types import Outcome
from tests.factories import completion

STATED = Extraction(value="18", start=0, end=2, rule="boxed", explicit=True)
GUESSED = Extraction(value="18", start=0, end=2, rule="last_number", explicit=False)


def verdict(equivalent: bool | None, extraction: Extraction | None) -> Verdict:
    return Verdict(equivalent=equivalent, stage="numbers", reason="because", extraction=extraction)


@pytest.mark.parametrize(
    ("finish", "judged", "expected"),
    [
        ("stop", verdict(True, STATED), "correct"),
        ("stop", verdict(True, GUESSED), "correct"),
        ("stop", verdict(False, STATED), "wrong"),
        ("stop", verdict(None, STATED), "undecided"),
        ("stop", verdict(None, None), "undecided"),
        ("stop", verdict(False, None), "no_answer"),
        ("length", verdict(True, STATED), "correct"),
        ("length", verdict(True, GUESSED), "truncated"),
        ("length", verdict(False, STATED), "truncated"),
        ("length", verdict(None, STATED), "truncated"),
        ("length", verdict(False, None), "truncated"),
        ("error", None, "backend_error"),
    ],
)
def test_the_table_of_outcomes(finish: str, judged: Verdict | None, expected: Outcome) -> None:
    assert decide_outcome(completion(finish_reason=finish), judged) == expected


def test_an_engine_error_carries_its_reason() -> None:
    line = scored(completion("7", text="", finish_reason="error", error="prompt too long"), None)
    assert (line.outcome, line.reason, line.answer) == ("backend_error", "prompt too long", None)


def test_a_line_says_what_was_extracted_and_from_where() -> None:
    line = scored(completion("7"), verdict(False, STATED))
    assert (line.answer, line.span, line.rule, line.stage) == ("18", (0, 2), "boxed", "numbers")
