"""Counts to accuracies: denominators, intervals, bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.scoring.tally import Breakdown, Tally
from mathevalkit.stats.intervals import clustered_interval, wilson_interval
from mathevalkit.types import OUTCOMES
from tests.factories import sample


def tally(**counts: int) -> Tally:
    result = Tally()
    i = 0
    for outcome, count in counts.items():
        for _ in range(count):
            result.add(str(i), outcome)  # type: ignore[arg-type]  # names are the outcomes
            i += 1
    return result


def test_wilson_reproduces_the_published_intervals() -> None:
    low, high = wilson_interval(877, 1319)
    assert (round(100 * low, 1), round(100 * high, 1)) == (63.9, 69.0)
    low, high = wilson_interval(990, 5000)
    assert (round(100 * low, 1), round(100 * high, 1)) == (18.7, 20.9)


def test_wilson_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for correct, n in [(0, 1), (1, 1), (3, 10), (0, 50), (50, 50), (877, 1319)]:
        expected = stats.binomtest(correct, n).proportion_ci(method="wilson")
        assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_proportion_inside_0_and_1(case: tuple[int, int]) -> None:
    correct, n = case
    low, high = wilson_interval(correct, n)
    assert 0 <= low <= correct / n <= high <= 1


def test_an_engine_error_is_never_a_wrong_answer() -> None:
    accuracy = tally(correct=3, wrong=1, backend_error=4).accuracy()
    assert accuracy.value == 3 / 4
    assert (accuracy.floor, accuracy.ceiling) == (3 / 8, 7 / 8)
    assert (accuracy.low, accuracy.high) == pytest.approx(wilson_interval(3, 4))


def test_truncated_and_undecided_are_not_correct_and_widen_the_bounds() -> None:
    accuracy = tally(correct=5, wrong=2, truncated=2, undecided=1).accuracy()
    assert accuracy.value == 0.5
    assert (accuracy.floor, accuracy.ceiling) == (0.5, 0.8)


def test_no_answer_is_not_correct_and_settled() -> None:
    accuracy = tally(correct=1, no_answer=1).accuracy()
    assert (accuracy.value, accuracy.ceiling) == (0.5, 0.5)


def test_nothing_scored_has_no_accuracy() -> None:
    assert Tally().accuracy().value is None
    only_errors = tally(backend_error=3).accuracy()
    assert (only_errors.value, only_errors.low, only_errors.floor, only_errors.ceiling) == (None, None, 0, 1)


def test_every_outcome_is_a_key_of_the_counts() -> None:
    assert list(tally(correct=1).outcomes) == list(OUTCOMES)


def test_identical_completions_of_a_sample_are_worth_one() -> None:
    """Four copies of each answer say no more than one: the interval must not shrink by half."""
    once = clustered_interval([(1, 1)] * 40 + [(0, 1)] * 60)
    copies = clustered_interval([(4, 4)] * 40 + [(0, 4)] * 60)
    assert copies == pytest.approx(once, abs=1e-9)
    independent = wilson_interval(160, 400)
    assert copies[1] - copies[0] > 1.8 * (independent[1] - independent[0])


def test_one_completion_a_sample_gives_nearly_wilson() -> None:
    clustered = clustered_interval([(1, 1)] * 30 + [(0, 1)] * 70)
    assert clustered == pytest.approx(wilson_interval(30, 100), abs=0.003)


@given(st.lists(st.tuples(st.integers(0, 4), st.just(4)), min_size=1, max_size=30))
def test_clustered_interval_is_always_a_proper_interval(pairs: list[tuple[int, int]]) -> None:
    low, high = clustered_interval(pairs)
    mean = sum(c for c, _ in pairs) / sum(m for _, m in pairs)
    assert 0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1
    assert not math.isnan(low)


def test_groups_add_up_to_the_whole() -> None:
    samples = {
        str(i): sample(str(i), subject="Algebra" if i % 2 else "Geometry", level=str(i % 3))
        for i in range(12)
    }
    breakdown = Breakdown(samples)
    for i in range(12):
        breakdown.add(str(i), "correct" if i < 5 else "wrong")
    for groups in (breakdown.by_subject(), breakdown.by_level(), breakdown.by_subject_level()):
        assert sum(g.outcomes["correct"] for g in groups) == 5
        assert sum(g.samples for g in groups) == 12
    assert [g.name for g in breakdown.by_subject()] == ["Algebra", "Geometry"]
    assert "Algebra / 1" in [g.name for g in breakdown.by_subject_level()]
