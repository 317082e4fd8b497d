"""What a flip is: one definition, for a comparison and for the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit import build_dashboard
from mathevalkit.comparison.compare import compare
from mathevalkit.comparison.flips import flipped, flips_between
from mathevalkit.runs.reader import Lines, score_of
from mathevalkit.stats.paired import paired_difference
from mathevalkit.types import OUTCOMES, Outcome
from tests.factories import sample
from tests.run_folders import problems, write_run, write_task


def lines(*outcomes: Outcome) -> Lines:
    return tuple(("17", k, outcome, f"{k}: {outcome}") for k, outcome in enumerate(outcomes))


CASES: list[tuple[list[Outcome], list[Outcome], bool]] = [
    (["wrong"], ["correct"], True),
    (["correct"], ["truncated"], True),
    (["wrong"], ["no_answer"], False),
    (["correct"], ["backend_error"], False),
    (["backend_error"], ["correct"], False),
    (["correct", "wrong"], ["wrong", "correct"], False),
    (["correct", "wrong"], ["correct", "backend_error"], True),
    (["correct", "wrong"], ["wrong", "wrong"], True),
    (["correct", "wrong"], ["backend_error", "backend_error"], False),
    (["correct", "backend_error"], ["backend_error", "correct"], False),
]


@pytest.mark.parametrize(("before", "after", "flips"), CASES)
def test_a_sample_flips_where_its_share_of_right_completions_differs(
    before: list[Outcome], after: list[Outcome], flips: bool
) -> None:
    assert bool(list(flipped({"17": lines(*before)}, {"17": lines(*after)}))) is flips


@pytest.mark.parametrize(("before", "after", "flips"), CASES)
def test_a_comparison_and_a_dashboard_list_the_same_flips(
    tmp_path: Path, before: list[Outcome], after: list[Outcome], flips: bool
) -> None:
    """A second sample, which stays as it is, keeps both runs comparable."""
    samples = problems(2)
    task = write_task(tmp_path / "tasks", samples)
    runs = [
        write_run(
            tmp_path / "runs" / f"2026-01-0{day}" / "small",
            {"0": outcomes, "1": ["correct"] * len(outcomes)},
            samples=samples,
            task_path=task,
            run_id=f"2026010{day}T000000Z-aaaaaa",
        )
        for day, outcomes in ((1, before), (2, after))
    ]
    assert [flip.sample_id for flip in compare(*runs).flips] == ["0"] * flips
    build_dashboard(tmp_path / "runs", tmp_path / "site")
    (page,) = (tmp_path / "site").glob("*/2026-01-02.html")
    assert ("No sample flipped" not in page.read_text()) is flips


OUTCOME_LISTS = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4)


@given(st.lists(st.tuples(OUTCOME_LISTS, OUTCOME_LISTS), min_size=1, max_size=20))
def test_the_flips_are_the_samples_that_a_difference_counts(
    pairs: list[tuple[Sequence[Outcome], Sequence[Outcome]]],
) -> None:
    base = {str(i): lines(*before) for i, (before, _) in enumerate(pairs)}
    tuned = {str(i): lines(*after) for i, (_, after) in enumerate(pairs)}
    scores = [(score_of(base[i]), score_of(tuned[i])) for i in base]
    usable = [(one, other) for one, other in scores if one[1] and other[1]]
    found = flips_between(base, tuned, checkpoint="x", samples={})
    if not usable:
        assert found == []
        return
    difference = paired_difference([one for one, _ in usable], [other for _, other in usable])
    assert sum(flip.tuned > flip.base for flip in found) == difference.gained
    assert sum(flip.tuned < flip.base for flip in found) == difference.lost


def test_a_flip_tells_both_sides_and_the_problem() -> None:
    before, after = lines("wrong", "correct", "wrong"), lines("backend_error", "correct", "correct")
    problem = replace(sample("17"), subject="Algebra", level="2")
    runs = {"17": before, "8": before}, {"9": after, "17": after}
    (flip,) = flips_between(*runs, checkpoint="tuned", samples={"17": problem})
    assert (flip.checkpoint, flip.sample_id, flip.subject, flip.level) == ("tuned", "17", "Algebra", "2")
    assert (flip.question, flip.gold) == ("What is 17?", "17")
    assert (flip.base, flip.base_outcome, flip.base_answer) == (1 / 3, "wrong", "0: wrong")
    assert (flip.tuned, flip.tuned_outcome, flip.tuned_answer) == (1.0, "correct", "1: correct")
    (unknown,) = flips_between(*runs, checkpoint="tuned", samples={})
    assert (unknown.question, unknown.gold, unknown.subject, unknown.level) == ("", "", "", "")
