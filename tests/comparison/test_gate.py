"""The gate: its three decisions, its error rates, what it learns from repeated runs, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mathevalkit.comparison.gate import decide, gate
from mathevalkit.comparison.repeats import MIN_REPEATS, find_repeats, overdispersion
from mathevalkit.errors import ComparisonError, UsageError
from mathevalkit.runs.reader import load_manifest
from mathevalkit.types import ModelInfo, Outcome, Score
from tests.run_folders import problems, write_run


def scores(*, both: int, lost: int, gained: int, neither: int) -> tuple[list[Score], list[Score]]:
    baseline: list[Score] = [(1, 1)] * (both + lost) + [(0, 1)] * (gained + neither)
    candidate: list[Score] = [(1, 1)] * both + [(0, 1)] * lost + [(1, 1)] * gained + [(0, 1)] * neither
    return baseline, candidate


def outcomes_of(right: np.ndarray) -> dict[str, Outcome]:
    return {str(i): "correct" if hit else "wrong" for i, hit in enumerate(right)}


# ---- the decision ----------------------------------------------------------------------------------


def test_the_same_run_again_passes() -> None:
    baseline, candidate = scores(both=800, lost=0, gained=0, neither=519)
    decision = decide([baseline], candidate)
    assert (decision.decision, decision.exit_code, decision.p) == ("pass", 0, 1.0)


def test_a_few_flips_both_ways_pass() -> None:
    baseline, candidate = scores(both=780, lost=22, gained=20, neither=497)
    assert decide([baseline], candidate).decision == "pass"


def test_a_large_drop_is_a_regression_with_mcnemars_one_sided_p() -> None:
    baseline, candidate = scores(both=760, lost=70, gained=20, neither=469)
    decision = decide([baseline], candidate)
    assert (decision.decision, decision.exit_code) == ("regression", 1)
    assert decision.p == pytest.approx(scipy_stats.binomtest(20, 90, alternative="less").pvalue)
    assert (decision.gained, decision.lost) == (20, 70)
    assert decision.difference == pytest.approx(-50 / 1319)


def test_with_too_few_samples_it_cannot_tell_and_says_how_many_would_do() -> None:
    baseline, candidate = scores(both=55, lost=6, gained=4, neither=35)
    decision = decide([baseline], candidate)
    assert (decision.decision, decision.exit_code) == ("cannot tell", 2)
    assert decision.power < 0.8
    assert decision.samples_needed is not None
    factor = round(decision.samples_needed / 100)
    more = decide([baseline * factor], candidate * factor)
    assert more.power == pytest.approx(0.8, abs=0.05)  # the exact test is a little stricter than the formula


def test_a_sure_drop_smaller_than_allowed_passes() -> None:
    """30 of 10,000 lost and none gained is surely more than chance, and surely less than two points."""
    baseline, candidate = scores(both=6000, lost=30, gained=0, neither=3970)
    decision = decide([baseline], candidate, max_drop=0.02)
    assert decision.p < 1e-8
    assert decision.decision == "pass"


def test_the_allowed_drop_decides_between_pass_and_regression() -> None:
    baseline, candidate = scores(both=760, lost=60, gained=30, neither=469)
    assert decide([baseline], candidate, max_drop=0.02).decision == "regression"
    assert decide([baseline], candidate, max_drop=0.05).decision == "pass"


def test_an_improvement_passes() -> None:
    baseline, candidate = scores(both=760, lost=10, gained=100, neither=449)
    assert decide([baseline], candidate).decision == "pass"


def two_runs(rng: np.random.Generator, *, drop: float, samples: int = 400) -> tuple[list[Score], list[Score]]:
    chances = rng.beta(0.3, 0.2, samples)
    first = rng.random(samples) < chances
    second = rng.random(samples) < chances * (1 - drop / 0.6)
    return [(int(x), 1) for x in first], [(int(x), 1) for x in second]


def test_false_alarms_and_missed_drops_keep_to_alpha() -> None:
    """1,500 seeded pairs of runs each; the bounds are alpha plus three standard errors of the count."""
    rng = np.random.default_rng(40)
    unchanged = [decide([a], b, max_drop=0.05) for a, b in (two_runs(rng, drop=0) for _ in range(1500))]
    dropped = [decide([a], b, max_drop=0.05) for a, b in (two_runs(rng, drop=0.05) for _ in range(1500))]
    alarms = np.mean([d.decision == "regression" for d in unchanged])
    missed = np.mean([d.decision == "pass" for d in dropped])
    caught = np.mean([d.decision == "regression" for d in dropped])
    assert alarms <= 0.05
    assert missed <= 0.067
    assert caught == pytest.approx(np.mean([d.power for d in dropped]), abs=0.04)
    assert np.mean([d.decision == "pass" for d in unchanged]) == pytest.approx(
        np.mean([d.pass_chance for d in unchanged]), abs=0.05
    )


def test_runs_with_other_numbers_of_completions_are_gated_without_history(tmp_path: Path) -> None:
    samples = problems(300)
    rng = np.random.default_rng(3)
    four: dict[str, list[Outcome]] = {
        s.id: ["correct" if hit else "wrong" for hit in rng.random(4) < 0.7] for s in samples
    }
    one: dict[str, Outcome] = {s.id: "wrong" if s.id.endswith("1") else "correct" for s in samples}
    for run_id in ("1", "2"):
        baseline = write_run(tmp_path, four, samples=samples, run_id=run_id)
    report = gate(baseline, write_run(tmp_path, one, samples=samples, model="x"))
    assert report.decision.decision == "pass"
    assert report.decision.candidate == 0.9
    assert report.repeats == ()


# ---- what repeated runs teach ----------------------------------------------------------------------


def repeats_of(
    rng: np.random.Generator, count: int, *, scatter: float, samples: int = 500
) -> list[list[Score]]:
    chances = rng.beta(0.3, 0.2, samples)
    explained = np.sqrt((chances * (1 - chances)).sum()) / samples
    slope = chances * (1 - chances) / (chances * (1 - chances)).mean()
    runs = []
    for shift in rng.normal(0, explained * np.sqrt(scatter**2 - 1), count):
        right = rng.random(samples) < np.clip(chances + shift * slope, 0, 1)
        runs.append([(int(x), 1) for x in right])
    return runs


def test_overdispersion_is_1_where_samples_flip_independently_and_grows_with_scatter() -> None:
    rng = np.random.default_rng(8)
    calm = np.mean([overdispersion(repeats_of(rng, 6, scatter=1.0)) for _ in range(300)])
    wild = np.mean([overdispersion(repeats_of(rng, 6, scatter=2.0)) for _ in range(300)])
    assert calm == pytest.approx(1.0, abs=0.12)
    assert wild == pytest.approx(4.0, rel=0.2)


def test_repeats_that_never_differ_have_no_overdispersion() -> None:
    assert overdispersion([[(1, 1), (0, 1)]] * 3) == 1.0


def test_runs_that_scatter_as_a_whole_raise_the_bar() -> None:
    rng = np.random.default_rng(12)
    alarms = {1: 0, 10: 0}
    for _ in range(400):
        *history, candidate = repeats_of(rng, 11, scatter=2.0)
        for count in alarms:
            alarms[count] += decide(history[:count], candidate, max_drop=0.03).decision == "regression"
    assert alarms[10] / 400 <= 0.075  # learned: at alpha, give or take three standard errors
    assert alarms[1] / 400 > 0.10  # one run cannot know


def test_with_repeats_noise_is_said_and_more_samples_are_not_promised() -> None:
    right = np.zeros((6, 400), dtype=bool)
    right[:, :200] = True
    for run, count in enumerate((0, 60, 5, 55, 10, 50)):
        right[run, 200 : 200 + count] = True
    runs: list[list[Score]] = [[(int(x), 1) for x in row] for row in right]
    decision = decide(runs[:-1], runs[-1], max_drop=0.02)
    assert decision.noise > 2
    assert decision.samples_needed is None
    assert decision.repeats == 5


def test_fewer_repeats_than_five_are_pooled_but_teach_no_scatter() -> None:
    rng = np.random.default_rng(6)
    runs = repeats_of(rng, MIN_REPEATS, scatter=3.0)
    assert decide(runs[: MIN_REPEATS - 1], runs[-1]).noise == 1.0


def test_more_repeats_catch_a_drop_more_often() -> None:
    rng = np.random.default_rng(31)
    caught = {1: 0, 4: 0}
    for _ in range(300):
        chances = rng.beta(0.3, 0.2, 500)
        history = [[(int(x), 1) for x in rng.random(500) < chances] for _ in range(4)]
        worse: list[Score] = [(int(x), 1) for x in rng.random(500) < chances * 0.94]
        for count in caught:
            caught[count] += decide(history[:count], worse, max_drop=0.03).decision == "regression"
    assert caught[4] > caught[1] + 30


# ---- run directories -------------------------------------------------------------------------------


@pytest.fixture
def right() -> np.ndarray:
    return np.random.default_rng(1).random(300) < 0.6


def test_two_run_directories_are_gated(tmp_path: Path, right: np.ndarray) -> None:
    samples = problems(300)
    worse = right.copy()
    worse[np.flatnonzero(right)[:40]] = False
    baseline = write_run(tmp_path, outcomes_of(right), samples=samples, model="good")
    candidate = write_run(tmp_path, outcomes_of(worse), samples=samples, model="bad")
    report = gate(baseline, candidate)
    assert report.decision.decision == "regression"
    assert (report.decision.lost, report.decision.samples, report.repeats) == (40, 300, ())
    assert [str(change) for change in report.changes] == ["model: good and bad"]


def test_repeats_beside_the_baseline_are_found_and_used(tmp_path: Path, right: np.ndarray) -> None:
    samples = problems(300)
    right_ones = outcomes_of(right)
    baseline = write_run(tmp_path, right_ones, samples=samples, run_id="1-first")
    again = write_run(tmp_path, right_ones, samples=samples, run_id="2-again")
    write_run(tmp_path, right_ones, samples=samples, run_id="3-unfinished", whole=False)
    newer = ModelInfo(model="base", backend="replay", backend_version="2")
    write_run(tmp_path, right_ones, samples=samples, run_id="4-newer-engine", model_info=newer)
    candidate = write_run(tmp_path, right_ones, samples=samples, run_id="5-tonight")
    assert find_repeats(baseline, manifest=load_manifest(baseline)) == [again, candidate]
    report = gate(baseline, candidate)
    assert report.repeats == (str(again),)
    assert report.decision.repeats == 2


def test_history_that_does_not_repeat_the_baseline_is_refused(tmp_path: Path, right: np.ndarray) -> None:
    samples = problems(300)
    baseline = write_run(tmp_path, outcomes_of(right), samples=samples, run_id="1")
    candidate = write_run(tmp_path, outcomes_of(right), samples=samples, run_id="2")
    stranger = write_run(tmp_path, outcomes_of(right), samples=samples, model="other")
    with pytest.raises(UsageError, match=r"does not repeat the baseline .*: model: base and other"):
        gate(baseline, candidate, history=[stranger])
    assert gate(baseline, candidate, history=[]).decision.repeats == 1


def test_engine_failures_are_left_out_and_said(tmp_path: Path, right: np.ndarray) -> None:
    samples = problems(300)
    broken: dict[str, Outcome] = outcomes_of(right)
    broken |= dict.fromkeys(("3", "4", "5"), "backend_error")
    baseline = write_run(tmp_path, outcomes_of(right), samples=samples, model="a")
    report = gate(baseline, write_run(tmp_path, broken, samples=samples, model="b"))
    assert report.decision.samples == 297
    assert report.decision.lost == 0
    assert "3 samples left out" in report.notes[0]


def test_nothing_scored_in_both_is_an_error(tmp_path: Path) -> None:
    samples = problems(2)
    failed: dict[str, Outcome] = {"0": "backend_error", "1": "backend_error"}
    fine: dict[str, Outcome] = {"0": "correct", "1": "wrong"}
    baseline = write_run(tmp_path, fine, samples=samples, model="a")
    with pytest.raises(ComparisonError, match="no sample was scored in both"):
        gate(baseline, write_run(tmp_path, failed, samples=samples, model="b"))


@pytest.mark.parametrize(
    ("setting", "value"), [("max_drop", 0), ("max_drop", 2.0), ("alpha", 0), ("alpha", 0.5)]
)
def test_settings_out_of_range_are_refused(tmp_path: Path, setting: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"`{setting}="):
        gate(tmp_path, tmp_path, **{setting: value})  # type: ignore[arg-type]  # by name


def test_the_reason_calls_no_change_neither_up_nor_down() -> None:
    same = [(1, 1)] * 60 + [(0, 1)] * 40
    decision = decide([same], same, max_drop=0.1)
    assert decision.decision == "pass"
    assert decision.reason.startswith("unchanged to a tenth of a point; a drop of 10 points is ruled out")
