"""pass@k, maj@k and avg@k: checked against every choice of k completions, one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathevalkit.stats.at_k import Answered, Metric, Votes, at_k, count_votes, maj_at_k, pass_at_k
from mathevalkit.stats.intervals import clustered_interval, mean_interval, normal_quantile, wilson_interval


def test_pass_at_k_is_the_share_of_all_choices_that_hold_a_right_one() -> None:
    for n in range(1, 8):
        for correct in range(n + 1):
            completions = [True] * correct + [False] * (n - correct)
            for k in range(1, n + 1):
                choices = list(combinations(completions, k))
                assert pass_at_k(n=n, correct=correct, k=k) == pytest.approx(
                    sum(map(any, choices)) / len(choices)
                )


def test_pass_at_k_is_unbiased() -> None:
    """The mean over many samples of n = 6 is the true chance, which the plug-in estimate misses."""
    rng = np.random.default_rng(7)
    p, n, k = 0.3, 6, 4
    correct = rng.binomial(n, p, 40_000)
    estimates = [pass_at_k(n=n, correct=int(c), k=k) for c in correct]
    error = np.std(estimates) / np.sqrt(len(estimates))
    truth = 1 - (1 - p) ** k
    assert abs(np.mean(estimates) - truth) < 4 * error
    assert abs(np.mean(1 - (1 - correct / n) ** k) - truth) > 20 * error


def wins(ballot: tuple[int, ...]) -> bool:
    """Whether answer 0 has more votes than every other answer; -1 is no answer."""
    mine = ballot.count(0)
    return mine > 0 and all(ballot.count(other) < mine for other in set(ballot) - {0, -1})


@settings(max_examples=150)
@given(
    correct=st.integers(0, 5),
    others=st.lists(st.integers(1, 4), max_size=4),
    silent=st.integers(0, 3),
    data=st.data(),
)
def test_maj_at_k_is_the_share_of_all_choices_won(
    correct: int, others: list[int], silent: int, data: st.DataObject
) -> None:
    ballots = [0] * correct + [i for i, count in enumerate(others, 1) for _ in range(count)] + [-1] * silent
    if not ballots:
        return
    k = data.draw(st.integers(1, len(ballots)))
    choices = list(combinations(ballots, k))
    votes = Votes(correct=correct, others=tuple(others), silent=silent)
    expected = Fraction(sum(map(wins, choices)), len(choices))
    assert maj_at_k(votes, k=k) == pytest.approx(float(expected), abs=1e-12)


def test_a_tie_is_no_win() -> None:
    assert maj_at_k(Votes(correct=2, others=(2,), silent=0), k=4) == 0
    assert maj_at_k(Votes(correct=2, others=(1, 1), silent=0), k=4) == 1


def test_no_answer_does_not_vote() -> None:
    assert maj_at_k(Votes(correct=1, others=(), silent=7), k=8) == 1
    assert maj_at_k(Votes(correct=0, others=(), silent=8), k=8) == 0


@pytest.mark.parametrize("k", [0, 5])
def test_k_beyond_the_completions_is_an_error(k: int) -> None:
    with pytest.raises(ValueError, match="between 1 and the 4 completions"):
        pass_at_k(n=4, correct=1, k=k)
    with pytest.raises(ValueError, match="between 1 and the 4 completions"):
        maj_at_k(Votes(correct=4, others=(), silent=0), k=k)


def test_answers_that_are_the_same_vote_together() -> None:
    votes = count_votes(
        [("correct", "10"), ("wrong", "1/2"), ("wrong", "0.5"), ("wrong", "0.50"), ("undecided", "7")]
    )
    assert votes == Votes(correct=1, others=(3, 1), silent=0)


def test_every_right_answer_is_one_class_in_whatever_form() -> None:
    votes = count_votes([("correct", "x+1"), ("correct", "1+x"), ("wrong", "x")])
    assert votes == Votes(correct=2, others=(1,), silent=0)


def test_truncated_and_missing_answers_are_silent_and_errors_are_not_there() -> None:
    votes = count_votes(
        [("correct", "1"), ("truncated", "3"), ("no_answer", None), ("wrong", "  "), ("backend_error", None)]
    )
    assert votes == Votes(correct=1, others=(), silent=3)


def test_few_checks_are_made_where_answers_repeat() -> None:
    asked: list[tuple[str, str]] = []

    def same(first: str, second: str) -> bool:
        asked.append((first, second))
        return False

    repeating: list[Answered] = [("wrong", str(i % 3)) for i in range(300)]
    count_votes([("correct", "1"), *repeating], same=same)
    assert len(asked) == 3
    asked.clear()
    count_votes([("wrong", str(i)) for i in range(300)], same=same)
    assert asked == []


def test_maj_of_many_completions_is_quick_and_right_at_the_ends() -> None:
    votes = Votes(correct=100, others=(60, 40, *[1] * 40), silent=16)
    assert maj_at_k(votes, k=256) == 1
    assert maj_at_k(votes, k=1) == pytest.approx(100 / 256)
    assert maj_at_k(votes, k=1) < maj_at_k(votes, k=16) < maj_at_k(votes, k=64) < 1


RUN: dict[str, list[Answered]] = {
    "a": [("correct", "1"), ("correct", "1"), ("wrong", "2"), ("wrong", "3")],
    "b": [("wrong", "5"), ("wrong", "5"), ("correct", "6"), ("backend_error", None)],
    "c": [("no_answer", None), ("truncated", None), ("wrong", "5"), ("wrong", "5")],
}


def test_a_run_has_all_three_metrics_with_intervals() -> None:
    average = at_k(RUN, metric="avg", k=1)
    assert average is not None
    assert average.value == pytest.approx(3 / 11)
    assert (average.low, average.high) == clustered_interval([(2, 4), (1, 3), (0, 4)])
    passed = at_k(RUN, metric="pass", k=2)
    assert passed is not None
    assert passed.value == pytest.approx((5 / 6 + 2 / 3 + 0) / 3)
    assert 0 <= passed.low < passed.value < passed.high <= 1
    majority = at_k(RUN, metric="maj", k=3)
    assert majority is not None
    # a: of four triples the two with both right ones win; b: two against one, lost; c: never right
    assert majority.value == pytest.approx((2 / 4 + 0 + 0) / 3)
    assert majority.name == "maj@3"


def test_votes_that_are_settled_need_no_check() -> None:
    def never(first: str, second: str) -> bool:
        raise AssertionError((first, second))

    settled: dict[str, list[Answered]] = {
        "won": [("correct", "1")] * 3 + [("wrong", "2"), ("wrong", "3")],
        "lost": [("correct", "1")] + [("wrong", "2")] * 2 + [("wrong", "3"), ("wrong", "4")],
    }
    result = at_k(settled, metric="maj", k=5, same=never)
    assert result is not None
    assert result.value == 0.5
    open_: dict[str, list[Answered]] = {"a": [("correct", "1")] * 2 + [("wrong", "2"), ("wrong", "2.0")]}
    result = at_k(open_, metric="maj", k=4)
    assert result is not None
    assert result.value == 0  # 2 and 2.0 vote together: a tie


def test_samples_with_fewer_than_k_completions_are_left_out_and_counted() -> None:
    result = at_k(RUN, metric="pass", k=4)
    assert result is not None
    assert result.samples == 2
    assert at_k(RUN, metric="pass", k=5) is None


def test_one_completion_a_sample_gives_wilson_for_all_three() -> None:
    run: dict[str, list[Answered]] = {
        str(i): [("correct" if i < 30 else "wrong", str(i))] for i in range(100)
    }
    for metric in get_args(Metric):
        result = at_k(run, metric=metric, k=1)
        assert result is not None
        assert (result.low, result.high) == pytest.approx(wilson_interval(30, 100))


def test_the_confidence_of_each_metric_is_the_one_asked_for() -> None:
    z = normal_quantile(0.1)
    single: dict[str, list[Answered]] = {
        str(i): [("correct" if i < 30 else "wrong", str(i))] for i in range(100)
    }
    for metric in get_args(Metric):
        result = at_k(single, metric=metric, k=1, alpha=0.2)
        assert result is not None
        assert (result.low, result.high) == pytest.approx(wilson_interval(30, 100, z=z))
    average = at_k(RUN, metric="avg", k=1, alpha=0.2)
    assert average is not None
    assert (average.low, average.high) == clustered_interval([(2, 4), (1, 3), (0, 4)], alpha=0.2)
    passed = at_k(RUN, metric="pass", k=2, alpha=0.2)
    assert passed is not None
    assert (passed.low, passed.high) == pytest.approx(mean_interval([5 / 6, 2 / 3, 0.0], alpha=0.2))


def test_nothing_is_drawn_for_k_below_1_or_from_no_samples() -> None:
    for metric in get_args(Metric):
        assert at_k(RUN, metric=metric, k=0) is None
        assert at_k(RUN, metric=metric, k=-1) is None
        assert at_k({}, metric=metric, k=1) is None


def test_an_engine_error_is_no_completion_for_any_metric() -> None:
    errors: list[Answered] = [("backend_error", None)] * 3
    run: dict[str, list[Answered]] = {"a": [("correct", "1"), ("wrong", "2"), *errors], "b": errors}
    for metric, expected in {"avg": 1 / 2, "pass": 1.0, "maj": 0.0}.items():
        result = at_k(run, metric=metric, k=2)  # type: ignore[arg-type]
        assert result is not None
        assert (result.value, result.samples, result.k) == (expected, 1, 2)
        assert at_k(run, metric=metric, k=3) is None  # type: ignore[arg-type]


def test_a_right_answer_given_by_half_of_the_votes_does_not_win() -> None:
    run: dict[str, list[Answered]] = {
        "a": [("correct", "1"), ("correct", "1"), ("wrong", "2"), ("wrong", "3")]
    }
    for same, expected in {"no": 1.0, "yes": 0.0}.items():
        result = at_k(run, metric="maj", k=4, same=lambda *_, answer=same: answer == "yes")
        assert result is not None
        assert result.value == expected


def test_answers_that_differ_in_spacing_only_are_one_without_a_check() -> None:
    def never(first: str, second: str) -> bool:
        raise AssertionError((first, second))

    votes = count_votes([("correct", "1"), ("wrong", "a  b"), ("wrong", " a b\n")], same=never)
    assert votes == Votes(correct=1, others=(2,), silent=0)


def test_a_group_joins_the_largest_class_that_it_equals() -> None:
    """ "2" stands for "3" and "4" alike here; "3" has more votes, so the class is counted under it."""
    answers: list[Answered] = [("correct", "1"), *[("wrong", "3")] * 3, *[("wrong", "4")] * 2, ("wrong", "2")]
    votes = count_votes(answers, same=lambda first, second: "2" in (first, second))
    assert votes == Votes(correct=1, others=(4, 2), silent=0)


def test_without_a_right_answer_nothing_wins() -> None:
    for k in (1, 2, 3):
        assert maj_at_k(Votes(correct=0, others=(2, 1), silent=0), k=k) == 0.0


def test_all_completions_right_win_every_vote() -> None:
    for k in range(1, 6):
        assert maj_at_k(Votes(correct=5, others=(), silent=0), k=k) == 1.0
