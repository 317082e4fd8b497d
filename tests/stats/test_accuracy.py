"""From counts to an accuracy: the one place where it is computed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.stats.at_k import at_k
from mathevalkit.stats.intervals import Z95, accuracy_of, clustered_interval, normal_quantile, wilson_interval
from mathevalkit.types import OUTCOMES, Outcome

SAMPLES = st.lists(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4), min_size=1, max_size=20)


def scores(samples: list[list[Outcome]]) -> list[tuple[int, int]]:
    return [(s.count("correct"), len(s) - s.count("backend_error")) for s in samples]


@given(SAMPLES)
def test_the_value_is_correct_over_scored_between_its_bounds(samples: list[list[Outcome]]) -> None:
    flat = [outcome for sample in samples for outcome in sample]
    accuracy = accuracy_of(Counter(flat), samples=len(samples), per_sample=scores(samples))
    right, failed = flat.count("correct"), flat.count("backend_error")
    unknown = failed + flat.count("truncated") + flat.count("undecided")
    assert accuracy.floor == right / len(flat)
    assert accuracy.ceiling == (right + unknown) / len(flat)
    if failed == len(flat):
        assert (accuracy.value, accuracy.low, accuracy.high) == (None, None, None)
        return
    assert accuracy.value == right / (len(flat) - failed)
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert 0 <= accuracy.low <= accuracy.value + 1e-12
    assert accuracy.value - 1e-12 <= accuracy.high <= 1


def test_one_completion_a_sample_has_wilsons_interval_over_those_scored() -> None:
    accuracy = accuracy_of({"correct": 6, "wrong": 3, "backend_error": 2}, samples=11)
    assert (accuracy.low, accuracy.high) == wilson_interval(6, 9, z=Z95)
    narrower = accuracy_of({"correct": 6, "wrong": 3}, samples=9, alpha=0.2)
    assert (narrower.low, narrower.high) == wilson_interval(6, 9, z=normal_quantile(0.1))


def test_several_completions_of_a_sample_count_together() -> None:
    per_sample = [(2, 2), (0, 2), (1, 2), (0, 1)]
    counts: dict[Outcome, int] = {"correct": 3, "wrong": 4, "backend_error": 1}
    accuracy = accuracy_of(counts, samples=4, per_sample=per_sample, alpha=0.1)
    assert accuracy.value == 3 / 7
    assert (accuracy.low, accuracy.high) == clustered_interval(per_sample, alpha=0.1)


def test_no_completion_has_no_accuracy_and_no_bounds() -> None:
    accuracy = accuracy_of({}, samples=0)
    assert {accuracy.value, accuracy.low, accuracy.high, accuracy.floor, accuracy.ceiling} == {None}


@given(SAMPLES, st.sampled_from([0.05, 0.1]))
def test_avg_at_k_is_that_accuracy(samples: list[list[Outcome]], alpha: float) -> None:
    given = [[o for o in sample if o != "backend_error"] for sample in samples]
    usable = [sample for sample in given if sample]
    found = at_k(
        {str(i): [(o, None) for o in sample] for i, sample in enumerate(samples)},
        metric="avg",
        k=1,
        alpha=alpha,
    )
    if not usable:
        assert found is None
        return
    flat = Counter(outcome for sample in usable for outcome in sample)
    expected = accuracy_of(flat, samples=len(usable), per_sample=scores(usable), alpha=alpha)
    assert found is not None
    assert (found.value, found.low, found.high) == (expected.value, expected.low, expected.high)
    assert found.samples == len(usable)


def test_the_interval_of_one_sample_is_wide() -> None:
    accuracy = accuracy_of({"correct": 4}, samples=1, per_sample=[(4, 4)])
    assert accuracy.low == pytest.approx(wilson_interval(1, 1)[0])
