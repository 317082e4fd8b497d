"""Published numbers and runs that should reproduce them: the rule, the causes, the table, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.errors import RunDirectoryError, UsageError
from mathevalkit.reproduction.reproduce import assess, reproduce, table
from mathevalkit.reproduction.targets import find_target, targets
from mathevalkit.stats.intervals import wilson_interval
from mathevalkit.types import Accuracy, ModelInfo, Selection
from tests.cli.helpers import Cli, Sums
from tests.run_folders import problems, write_run

GSM8K = find_target("metamath-7b/gsm8k")
ROWS = 1319
SAMPLES = problems(ROWS)
METAMATH = ModelInfo(model="meta-math/MetaMath-7B-V1.0", backend="vllm", backend_version="0.11.0")


def make_run(root: Path, right: int, *, n: int = ROWS, outcomes: dict | None = None, **changes) -> Path:
    """A run of MetaMath-7B on GSM8K with so many right answers, as its manifest would say it."""
    given = {s.id: "correct" if i < right else "wrong" for i, s in enumerate(SAMPLES[:n])} | (outcomes or {})
    facts = {
        "model_info": METAMATH,
        "task": "gsm8k",
        "recipe": GSM8K.recipe,
        "prompt_hash": prompt(GSM8K),
        "scorers": ("auto", "metamath_gsm8k"),
        "data_fingerprint": GSM8K.task.fingerprints[0],
    }
    return write_run(root, given, samples=SAMPLES, **(facts | changes))


def prompt(target) -> str:
    from mathevalkit.prompts import prompt_hash

    return prompt_hash(target.recipe)


def names(found) -> list[str]:
    return [cause.name for cause in found.causes]


def measured(right: int, n: int) -> Accuracy:
    low, high = wilson_interval(right, n)
    return Accuracy(value=right / n, low=low, high=high, floor=None, ceiling=None)


# ---- what there is to reproduce ----------------------------------------------------------------------


def test_every_published_number_has_weights_a_recipe_and_a_source():
    found = targets()
    assert {t.name for t in found} >= {
        f"{model}/{task}"
        for task in ("gsm8k", "math")
        for model in (
            "metamath-7b", "metamath-13b", "metamath-70b", "metamath-mistral-7b", "metamath-llemma-7b",
            "llama-2-7b", "llama-2-13b", "llama-2-70b",
        )
    }  # fmt: skip
    for target in found:
        assert target.model_id is not None
        assert target.result.source.startswith("https://")
        assert target.scorers[0] == "auto"
        if "metamath" in target.name:
            assert (target.recipe.name, target.scorer) == ("metamath", f"metamath_{target.task.name}")
            assert target.recipe.sampling.max_tokens == {"gsm8k": 512, "math": 2048}[target.task.name]
        else:  # the prompts behind LLaMA-2's numbers are not published
            assert (target.recipe.name, target.scorer, target.recipe_known) == ("fewshot", None, False)


@pytest.mark.parametrize(
    ("name", "percent"),
    [("metamath-7b/gsm8k", 66.5), ("MetaMath-Mistral-7B/MATH", 28.2), ("llama-2-70b/math", 13.5)],
)
def test_a_target_is_found_by_its_name(name: str, percent: float):
    assert find_target(name).result.percent == percent


def test_an_unknown_target_names_near_ones():
    with pytest.raises(UsageError, match="did you mean 'metamath-7b/gsm8k'"):
        find_target("metamath7b/gsm8k")


# ---- the rule ----------------------------------------------------------------------------------------


@given(n=st.integers(20, 3000), percent=st.integers(0, 1000).map(lambda tenths: tenths / 10))
def test_a_count_that_rounds_to_the_published_number_is_never_inconsistent(n: int, percent: float):
    right = round(n * percent / 100)
    if abs(right / n - percent / 100) <= 0.0005:
        verdict, p = assess(measured(right, n), published=percent / 100, correct=right, scored=n)
        assert (verdict != "inconsistent", p) == (True, 1.0)


@given(n=st.integers(20, 400), right=st.integers(0, 400), percent=st.integers(1, 999))
def test_the_p_value_is_the_sum_of_all_counts_no_likelier_than_the_one_seen(n: int, right: int, percent: int):
    """The exact test by its definition, without SciPy's implementation of it."""
    from math import comb

    right = min(right, n)
    published = percent / 1000
    _, p = assess(measured(right, n), published=published, correct=right, scored=n)
    nearest = min(max(right / n, published - 0.0005), published + 0.0005)
    chances = [comb(n, k) * nearest**k * (1 - nearest) ** (n - k) for k in range(n + 1)]
    expected = sum(chance for chance in chances if chance <= chances[right] * (1 + 1e-7))
    assert p == pytest.approx(min(expected, 1.0), rel=1e-6, abs=1e-12)


def test_honest_runs_are_rarely_called_inconsistent():
    """Over all counts that a model of 66.5 % can get on 1,319 rows: at most 5 %, and not next to none."""
    from scipy.stats import binom

    alarms = sum(
        binom.pmf(right, ROWS, 0.665)
        for right in range(780, 980)
        if assess(measured(right, ROWS), published=0.665, correct=right, scored=ROWS)[0] == "inconsistent"
    )
    assert 0.03 < alarms <= 0.05


@pytest.mark.parametrize(
    ("right", "n", "verdict"),
    [
        (877, 1319, "consistent"),
        (850, 1319, "consistent"),
        (840, 1319, "inconsistent"),
        (133, 200, "underpowered"),
        (100, 200, "inconsistent"),  # few rows, and yet too far off
    ],
)
def test_the_three_verdicts(right: int, n: int, verdict: str):
    assert assess(measured(right, n), published=0.665, correct=right, scored=n)[0] == verdict


def test_several_completions_are_judged_by_their_clustered_interval():
    near = Accuracy(value=0.66, low=0.64, high=0.68, floor=None, ceiling=None)
    assert assess(near, published=0.665) == ("consistent", None)
    assert assess(replace(near, high=0.664), published=0.665) == ("inconsistent", None)
    assert assess(replace(near, low=0.60), published=0.665) == ("underpowered", None)
    assert assess(replace(near, low=0.60), published=0.665, gap=0.07) == ("consistent", None)


# ---- a run against its target ------------------------------------------------------------------------


def test_a_run_like_the_publications_is_consistent_and_has_nothing_to_explain(tmp_path: Path):
    found = reproduce("metamath-7b/gsm8k", run=make_run(tmp_path, 877))
    assert (found.verdict, found.causes) == ("consistent", ())
    theirs, ours = found.rows
    assert (theirs.scorer, theirs.published, ours.scorer, ours.published) == (
        "metamath_gsm8k", True, "auto", False,
    )  # fmt: skip
    assert theirs.difference == pytest.approx(100 * 877 / 1319 - 66.5, abs=0.01)
    assert "answers were judged differently" not in found.reason


def test_on_the_same_rows_it_is_said_how_many_answers_must_differ(tmp_path: Path):
    found = reproduce("metamath-7b/gsm8k", run=make_run(tmp_path, 840))
    assert found.verdict == "inconsistent"
    assert "at least 37 of 1,319 answers were judged differently" in found.reason  # 877 is the one count


def test_truncations_and_missing_answers_are_causes_with_their_size(tmp_path: Path):
    outcomes = {str(i): "truncated" for i in range(1200, 1300)} | {"1300": "no_answer", "1301": "undecided"}
    found = reproduce("metamath-7b/gsm8k", run=make_run(tmp_path, 800, outcomes=outcomes))
    texts = {cause.name: cause.text for cause in found.causes}
    assert found.verdict == "inconsistent"
    assert texts["truncated"] == "100 of 1,319 completions ran out of tokens: up to 7.6 points"
    assert set(texts) == {"truncated", "no answer", "undecided"}


def test_another_sampling_prompt_model_and_rows_are_causes(tmp_path: Path):
    recipe = replace(GSM8K.recipe, sampling=replace(GSM8K.recipe.sampling, max_tokens=256, temperature=0.7))
    run = make_run(
        tmp_path,
        133,
        n=200,
        recipe=recipe,
        prompt_hash="other",
        selection=Selection(limit=200, seed=5),
        data_fingerprint="f" * 64,
        model_info=replace(METAMATH, model="meta-math/MetaMath-Mistral-7B", quantization="awq"),
    )
    found = reproduce("metamath-7b/gsm8k", run=run)
    assert found.verdict == "underpowered"
    assert names(found) == ["model", "data", "rows", "recipe", "sampling", "sampling", "precision"]
    assert [c.text for c in found.causes if c.name == "sampling"] == [
        "temperature is 0.7, published 0", "max_tokens is 256, published 512",
    ]  # fmt: skip


def test_the_first_rows_are_no_random_part(tmp_path: Path):
    run = make_run(tmp_path, 133, n=200, selection=Selection(first=200))
    [cause] = reproduce("metamath-7b/gsm8k", run=run).causes
    assert cause.text == "the first 200 rows only, which are no random part of the benchmark"


def test_an_unpublished_prompt_is_said(tmp_path: Path):
    llama = replace(METAMATH, model="meta-llama/Llama-2-7b-hf")
    found = reproduce("llama-2-7b/gsm8k", run=make_run(tmp_path, 193, model_info=llama))
    assert found.verdict == "consistent"
    assert [row.scorer for row in found.rows] == ["auto"]
    [cause] = found.causes
    assert cause.name == "recipe"
    assert "8-shot, prompt unpublished" in cause.text


def test_a_run_of_another_task_or_unfinished_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="a run of math"):
        reproduce("metamath-7b/gsm8k", run=make_run(tmp_path / "a", 877, task="math"))
    with pytest.raises(RunDirectoryError, match="not whole yet"):
        reproduce("metamath-7b/gsm8k", run=make_run(tmp_path / "b", 877, whole=False))


def test_the_data_frame_has_a_row_a_scorer_in_percent(tmp_path: Path):
    frame = reproduce("metamath-7b/gsm8k", run=make_run(tmp_path, 877)).to_frame()
    assert list(frame["scorer"]) == ["metamath_gsm8k", "auto"]
    assert frame["measured"][0] == pytest.approx(66.49, abs=0.01)
    assert frame["low"][0] < 66.5 < frame["high"][0]


# ---- the table ---------------------------------------------------------------------------------------


def test_the_papers_table_has_the_published_gains(tmp_path: Path):
    frame = table([make_run(tmp_path, 877)]).set_index(["task", "model"])
    assert frame.loc[("gsm8k", "MetaMath-7B"), "gain"] == 51.9
    assert frame.loc[("math", "MetaMath-70B"), "gain"] == 13.1
    assert frame["gain"].isna().sum() == 10  # base models, and those made from other bases
    assert frame.loc[("gsm8k", "MetaMath-7B"), "verdict"] == "consistent"
    assert frame["verdict"].notna().sum() == 1


def test_a_run_of_no_published_model_is_refused_in_the_table(tmp_path: Path):
    run = make_run(tmp_path, 877, model_info=replace(METAMATH, model="me/mine"))
    with pytest.raises(UsageError, match="no published result of me/mine on gsm8k"):
        table([run])
    with pytest.raises(UsageError, match="a second run of metamath-7b/gsm8k"):
        table([make_run(tmp_path / "x", 877), make_run(tmp_path / "y", 876)])


# ---- the command -------------------------------------------------------------------------------------


def test_reproduce_makes_the_run_and_compares_it(cli: Cli, sums: Sums):
    """Sums-7B is published at 12.5 %; the recording is right in 20 of 30."""
    shared = ["--task-dir", str(sums.folder), "--output-dir", str(sums.runs), "--quiet"]
    command = ["reproduce", "sums-7b/sums", *shared]
    assert cli(*command) == 2
    assert "give --model" in cli.err
    assert cli(*command, "--model", str(sums.recorded)) == 0
    assert "sums-7b/sums: published 12.5 % (https://example.org/paper)" in cli.out
    row = next(line for line in cli.out.splitlines() if line.startswith("auto (ours)"))
    assert row.split()[2:] == ["30", "66.7", "%", "48.8–80.8", "+54.2", "8e-12"]
    assert "\ninconsistent: chance alone would give such a difference" in cli.out
    [run] = sums.run_dirs()
    assert (
        cli("reproduce", "sums-7b/sums", "--task-dir", str(sums.folder), "--from-run", str(run), "--json")
        == 0
    )
    found = json.loads(cli.out)
    assert (found["verdict"], found["rows"][0]["scorer"], found["run_dir"]) == (
        "inconsistent",
        "auto",
        str(run),
    )


def test_verdicts_that_a_run_lacks_are_computed_and_not_written(cli: Cli, sums: Sums):
    sums.task.write_text(
        sums.task.read_text().replace(
            "max_tokens: 64\n  chat", "max_tokens: 64\n    also_scorers: [number]\n  chat"
        )
    )
    cli(*sums.command, "--scorer", "auto")
    [run] = sums.run_dirs()
    before = sorted(run.iterdir())
    found = reproduce("sums-7b/sums", run=run, task_dirs=[sums.folder])
    assert [row.scorer for row in found.rows] == ["number", "auto"]
    assert found.rows[0].outcomes["correct"] == 20
    assert sorted(run.iterdir()) == before


def test_reproduce_lists_what_there_is_and_prints_the_table(cli: Cli, tmp_path: Path):
    assert cli("reproduce") == 0
    assert "metamath-7b/gsm8k" in cli.out
    assert cli("reproduce", "--json") == 0
    assert len(json.loads(cli.out)) == len(targets())
    assert cli("reproduce", "--table", "--from-run", str(make_run(tmp_path, 877))) == 0
    row = next(line for line in cli.out.splitlines() if line.startswith("MetaMath-7B"))
    assert row.split() == ["MetaMath-7B", "66.5", "+51.9", "66.5", "63.9–69.0", "consistent"]
    assert cli("reproduce", "--table", "--json") == 0
    assert json.loads(cli.out)[0]["measured"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["metamath-7b/gsm8k", "--table"],
        ["--from-run", "x"],
        ["metamath-7b/gsm8k", "--from-run", "x", "--from-run", "y"],
        ["metamath-7b/gsm8k", "--gap", "0"],
        ["metamath-7b/gsm8k", "--alpha", "2"],
        ["metamath-8b/gsm8k"],
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(cli: Cli, arguments: list[str]):
    assert cli("reproduce", *arguments) == 2
    assert cli.err.startswith("error: ")
