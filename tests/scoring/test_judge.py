"""One judge for whoever asks: a run, a rescoring, a bundle, a self-test."""

from __future__ import annotations

from typing import Any

import pytest

from answer_normalizers import Verdict
from mathevalkit.errors import UsageError
from mathevalkit.scoring.judge import Judge, ScorerOptions
from mathevalkit.scoring.tally import RunTally
from mathevalkit.types import Generation
from tests.factories import completion, manifest, sample


def broken(*, gold: str, text: str) -> Any:
    raise ZeroDivisionError(gold)


def test_each_scorer_gives_one_line_in_their_order() -> None:
    lines = Judge(["auto", "metamath_gsm8k"]).judge(Generation(completion(text="The answer is: 9.6"), "10"))
    assert [line.outcome for line in lines] == ["wrong", "correct"]
    assert {line.key for line in lines} == {("0", 0)}


def test_a_scorer_that_reads_the_reference_solution_is_given_it() -> None:
    one = Generation(completion(text="The answer is: 3"), "2, 3", "So $\\boxed{2}$ and $\\boxed{3}$.")
    assert [line.outcome for line in Judge(["metamath_math", "auto"]).judge(one)] == ["correct", "wrong"]


def test_a_scorer_that_fails_is_undecided_and_says_so() -> None:
    (line,) = Judge(["tests.scoring.test_judge:broken"]).judge(Generation(completion(), "10"))
    assert line.outcome == "undecided"
    assert line.reason == "scorer 'tests.scoring.test_judge:broken' failed: ZeroDivisionError: 10"


def test_where_there_is_no_text_no_scorer_is_asked() -> None:
    judge = Judge(["tests.scoring.test_judge:broken"])
    one = Generation(completion(text="", finish_reason="error", error="out of memory"), "10")
    assert judge.verdicts(one) == [None]
    assert [(line.outcome, line.reason) for line in judge.judge(one)] == [("backend_error", "out of memory")]


def test_the_verdicts_are_what_the_lines_are_made_of() -> None:
    (verdict,) = Judge(["auto"]).verdicts(Generation(completion(text="The answer is: 10"), "10"))
    assert isinstance(verdict, Verdict)
    assert verdict.equivalent is True


def test_an_unknown_scorer_is_refused_before_anything_is_judged() -> None:
    with pytest.raises(UsageError, match="auto"):
        Judge(["aut"])


def test_options_are_a_recipes_own_unless_another_strategy_is_asked_for() -> None:
    recipe = manifest().recipe
    assert ScorerOptions.of(recipe) == ScorerOptions(recipe.strategy, recipe.normalizer)
    assert ScorerOptions.of(recipe, strategy="boxed") == ScorerOptions("boxed", recipe.normalizer)
    assert ScorerOptions.of(None) == ScorerOptions("auto", None)
    assert ScorerOptions.of(None, strategy="boxed") == ScorerOptions("boxed", None)


@pytest.mark.parametrize("scorers", [[], ["auto"], ["auto", "metamath_gsm8k", "number"]])
def test_a_run_is_counted_under_every_scorer(scorers: list[str]) -> None:
    samples = {"0": sample("0", subject="Algebra", gold="10")}
    tally = RunTally(scorers, samples)
    lines = Judge(scorers).judge(Generation(completion(text="The answer is: 9.6"), "10"))
    tally.add(lines)
    assert tally.breakdown.overall.completions == (1 if scorers else 0)
    assert [group.name for group in tally.breakdown.by_subject()] == (["Algebra"] if scorers else [])
    values = {name: accuracy.value for name, accuracy in tally.other_accuracies().items()}
    assert values == ({"metamath_gsm8k": 1.0, "number": 0.0} if len(scorers) == 3 else {})
