"""Comparing runs: the table, significance, flips, where a difference comes from, what is refused."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathevalkit.cli.views.comparison import print_comparison
from mathevalkit.cli.views.gate import print_gate
from mathevalkit.comparison.compare import compare
from mathevalkit.comparison.gap import gap_between
from mathevalkit.comparison.gate import gate
from mathevalkit.errors import ComparisonError, RunDirectoryError, UsageError
from mathevalkit.presentation.terminal import make_console
from mathevalkit.runs.changes import manifest_changes
from mathevalkit.runs.journal import verdicts_name
from mathevalkit.runs.labels import run_labels
from mathevalkit.stats.intervals import wilson_interval
from mathevalkit.stats.paired import holm, paired_difference
from mathevalkit.types import OUTCOMES, EngineOptions, ModelInfo, Outcome, RunManifest, Sampling, Selection
from tests.factories import manifest
from tests.run_folders import SUBJECTS, problems, write_run, write_task

SAMPLES = problems(120)
BASE: dict[str, Outcome] = {
    s.id: "correct" if i < 40 else "truncated" if i < 60 else "no_answer" if i < 70 else "wrong"
    for i, s in enumerate(SAMPLES)
}
TUNED: dict[str, Outcome] = {
    s.id: "wrong" if i < 10 else "correct" if i < 55 or 60 <= i < 66 or 70 <= i < 80 else BASE[s.id]
    for i, s in enumerate(SAMPLES)
}


@pytest.fixture
def task_path(tmp_path: Path) -> Path:
    return write_task(tmp_path / "tasks", SAMPLES)


@pytest.fixture
def base(tmp_path: Path, task_path: Path) -> Path:
    return write_run(tmp_path, BASE, samples=SAMPLES, task_path=task_path)


@pytest.fixture
def tuned(tmp_path: Path, task_path: Path) -> Path:
    return write_run(tmp_path, TUNED, samples=SAMPLES, task_path=task_path, model="tuned")


# ---- the table -------------------------------------------------------------------------------------


def test_the_first_row_is_the_whole_with_each_checkpoints_accuracy(base: Path, tuned: Path) -> None:
    result = compare(base, tuned)
    row = result.rows[0]
    assert (row.kind, row.samples) == ("all", 120)
    assert [a.value for a in row.accuracies] == [40 / 120, 61 / 120]
    assert (row.accuracies[0].low, row.accuracies[0].high) == pytest.approx(wilson_interval(40, 120))
    difference = row.differences[0]
    assert difference is not None
    assert (difference.gained, difference.lost) == (31, 10)
    assert difference.value == pytest.approx(21 / 120)
    assert difference.significant


def test_rows_are_the_whole_then_subjects_levels_and_both(base: Path, tuned: Path) -> None:
    rows = compare(base, tuned).rows
    assert [row.name for row in rows if row.kind == "subject"] == sorted(SUBJECTS)
    assert [row.name for row in rows if row.kind == "level"] == ["Level 1", "Level 2"]
    assert len([row for row in rows if row.kind == "subject and level"]) == 6
    for kind in ("subject", "level", "subject and level"):
        assert sum(row.samples for row in rows if row.kind == kind) == 120


def test_each_rows_difference_is_the_paired_one_of_its_samples(base: Path, tuned: Path) -> None:
    row = next(row for row in compare(base, tuned).rows if row.name == "Geometry")
    ids = [s.id for s in SAMPLES if s.subject == "Geometry"]
    expected = paired_difference(
        [(int(BASE[i] == "correct"), 1) for i in ids], [(int(TUNED[i] == "correct"), 1) for i in ids]
    )
    found = row.differences[0]
    assert found is not None
    assert (found.value, found.low, found.high, found.p) == (
        expected.value,
        expected.low,
        expected.high,
        expected.p,
    )


def test_p_values_are_corrected_over_subjects_and_checkpoints_together(
    tmp_path: Path, task_path: Path, base: Path, tuned: Path
) -> None:
    rng = random.Random(3)
    third = {i: rng.choice(OUTCOMES[:2]) for i in BASE}
    other = write_run(tmp_path, third, samples=SAMPLES, task_path=task_path, model="third")
    rows = compare(base, tuned, other).rows
    for kind, tests in (("all", 2), ("subject", 6), ("level", 4)):
        differences = [d for row in rows if row.kind == kind for d in row.differences if d is not None]
        assert len(differences) == tests
        assert [d.p_adjusted for d in differences] == pytest.approx(holm([d.p for d in differences]))
        assert all(d.significant == (d.p_adjusted <= 0.05) for d in differences)


def test_labels_tell_the_same_model_under_two_recipes_apart(tmp_path: Path, task_path: Path) -> None:
    recipe = manifest().recipe
    runs = [
        write_run(
            tmp_path,
            BASE,
            samples=SAMPLES,
            task_path=task_path,
            run_id=name,
            recipe=replace(recipe, name=name),
        )
        for name in ("chat", "metamath")
    ]
    assert [c.label for c in compare(*runs).checkpoints] == ["base (chat)", "base (metamath)"]


def named(
    model: str,
    *,
    run_id: str = "r",
    lora: str | None = None,
    task: str = "math",
    revision: str | None = None,
) -> RunManifest:
    plain = manifest()
    return replace(
        plain,
        run_id=run_id,
        task=task,
        model=replace(plain.model, model=model, revision=revision),
        engine=EngineOptions(model=model, lora=lora),
    )


@pytest.mark.parametrize(
    ("manifests", "labels"),
    [
        ([named("org/base"), named("models/tuned.gguf")], ["base", "tuned"]),
        ([named("out/step-200/hf"), named("out/step-400/hf/")], ["step-200/hf", "step-400/hf"]),
        ([named("a/x.gguf"), named("a/x")], ["x.gguf", "x"]),
        (
            [named("here/x", revision="sha256:1", run_id="r1"), named("x", revision="sha256:1", run_id="r2")],
            ["x r1", "x r2"],
        ),
        (
            [named("org/base"), named("org/base", lora="out/one"), named("org/base", lora="out/two/")],
            ["base", "base + one", "base + two"],
        ),
        (
            [named("org/base", task="math"), named("org/base", task="math500")],
            ["base, math", "base, math500"],
        ),
        ([named("base", run_id="r1"), named("base", run_id="r2")], ["base r1", "base r2"]),
    ],
)
def test_runs_are_called_by_the_shortest_names_that_tell_them_apart(manifests, labels) -> None:
    assert run_labels(manifests) == labels


def test_a_name_may_stand_for_one_run_of_each_task() -> None:
    assert run_labels([named("base", task="math"), named("base", task="gsm8k")], within_task=True) == [
        "base",
        "base",
    ]


def test_without_the_rows_the_whole_is_compared_and_the_reason_said(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path, outcomes, samples=SAMPLES, model=model)
        for model, outcomes in (("a", BASE), ("b", TUNED))
    ]
    result = compare(*runs)
    assert [row.kind for row in result.rows] == ["all"]
    assert (
        "the rows cannot be read, so there are no subjects and levels: no task 'handmade'" in result.notes[0]
    )


def test_rows_that_moved_can_be_named(tmp_path: Path, task_path: Path, base: Path, tuned: Path) -> None:
    moved = (task_path.parent / "handmade.jsonl").rename(tmp_path / "elsewhere.jsonl")
    assert "the rows cannot be read" in compare(base, tuned).notes[0]
    assert len(compare(base, tuned, data_file=moved).rows) == 12


def test_a_failed_completion_is_never_a_wrong_answer(tmp_path: Path, task_path: Path, base: Path) -> None:
    broken = BASE | dict.fromkeys(("0", "1", "2"), "backend_error")
    other = write_run(tmp_path, broken, samples=SAMPLES, task_path=task_path, model="other")
    result = compare(base, other)
    difference = result.rows[0].differences[0]
    assert difference is not None
    assert (difference.samples, difference.lost) == (117, 0)
    assert any("3 completions failed in the engine" in note for note in result.notes)


# ---- several completions a sample ------------------------------------------------------------------


def several(rng: random.Random, weights: Sequence[int]) -> dict[str, list[Outcome]]:
    return {s.id: rng.choices(OUTCOMES[:4], weights, k=4) for s in SAMPLES}


def test_several_completions_are_compared_by_sample_with_pass_and_maj(
    tmp_path: Path, task_path: Path
) -> None:
    rng = random.Random(5)
    runs = [
        write_run(tmp_path, several(rng, weights), samples=SAMPLES, task_path=task_path, model=model)
        for model, weights in (("a", [3, 5, 1, 1]), ("b", [6, 4, 0, 0]))
    ]
    result = compare(*runs)
    difference = result.rows[0].differences[0]
    assert difference is not None
    assert difference.samples == 120
    assert difference.low < difference.value < difference.high
    assert [[metric.name for metric in metrics] for metrics in result.at_k] == [["pass@4", "maj@4"]] * 2
    assert result.gaps[0].value == pytest.approx(difference.value)
    assert result.flips[0].tuned - result.flips[0].base == 1.0


# ---- where the difference comes from ---------------------------------------------------------------


def test_the_gap_is_split_by_what_the_samples_were_before(base: Path, tuned: Path) -> None:
    gap = compare(base, tuned).gaps[0]
    assert (gap.part("wrong").gained, gap.part("wrong").lost) == (10, 10)
    assert (gap.part("truncated").gained, gap.part("no_answer").gained) == (15, 6)
    assert gap.part("wrong").value == 0
    assert gap.value == pytest.approx(21 / 120)
    assert gap.answered_by_both == 40 + 50
    assert gap.value_where_answered == 0


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(*[st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4)] * 2),
        min_size=1,
        max_size=20,
    )
)
def test_the_parts_of_a_gap_add_up_to_the_paired_difference(
    pairs: list[tuple[list[Outcome], list[Outcome]]],
) -> None:
    lines = [tuple(tuple(("17", k, o, None) for k, o in enumerate(side)) for side in pair) for pair in pairs]
    gap = gap_between("x", [(base, tuned) for base, tuned in lines])
    scored = [
        [(side.count("correct"), sum(o != "backend_error" for o in side)) for side in pair] for pair in pairs
    ]
    scored = [pair for pair in scored if pair[0][1] and pair[1][1]]
    assert gap.samples == len(scored)
    if scored:
        expected = paired_difference([pair[0] for pair in scored], [pair[1] for pair in scored])
        assert sum(part.value for part in gap.parts) == pytest.approx(expected.value, abs=1e-12)
        assert gap.value == pytest.approx(expected.value, abs=1e-12)


def test_every_flip_is_listed_with_what_both_answered(base: Path, tuned: Path) -> None:
    flips = compare(base, tuned).flips
    assert len(flips) == 41
    assert [flip.tuned for flip in flips] == [1.0] * 31 + [0.0] * 10
    lost = next(flip for flip in flips if flip.sample_id == "3")
    assert (lost.base_outcome, lost.base_answer, lost.tuned_outcome) == ("correct", "3", "wrong")
    assert (lost.subject, lost.gold, lost.question) == ("Algebra", "3", "What is 3?")


# ---- what may be compared --------------------------------------------------------------------------


def test_runs_of_different_data_are_refused(tmp_path: Path, base: Path) -> None:
    others = [replace(s, gold=f"{s.gold}0") for s in SAMPLES]
    path = write_task(tmp_path / "tasks", others, name="changed")
    run = write_run(tmp_path, BASE, samples=others, task_path=path, model="x")
    with pytest.raises(ComparisonError, match=r"different data: task handmade, rows .* and task changed"):
        compare(base, run)
    with pytest.raises(ComparisonError, match="share no problem"):
        compare(base, run, shared=True)


def test_a_subset_under_other_ids_is_matched_by_its_text(tmp_path: Path, base: Path) -> None:
    subset = [replace(s, id=f"subset/{s.id}") for s in SAMPLES[20:60]]
    path = write_task(tmp_path / "tasks", subset, name="subset")
    run = write_run(tmp_path, {s.id: "correct" for s in subset}, samples=subset, task_path=path, model="x")
    result = compare(base, run, shared=True)
    difference = result.rows[0].differences[0]
    assert difference is not None
    assert (difference.samples, difference.gained, difference.lost) == (40, 20, 0)
    assert "compared on the 40 problems that all runs have" in result.notes[0]


def test_other_rows_of_the_same_data_are_refused_unless_only_the_shared_are_asked_for(
    tmp_path: Path, task_path: Path, base: Path
) -> None:
    part = write_run(
        tmp_path,
        {i: TUNED[i] for i in list(TUNED)[:50]},
        samples=SAMPLES,
        task_path=task_path,
        model="part",
        selection=Selection(first=50),
    )
    with pytest.raises(
        ComparisonError, match=r"120 samples \(all rows\) and 50 \(the first 50\), 50 of them"
    ):
        compare(base, part)
    assert compare(base, part, shared=True).samples == 50


def test_an_unfinished_run_is_refused_with_the_call_that_finishes_it(
    tmp_path: Path, task_path: Path, base: Path
) -> None:
    some = {i: TUNED[i] for i in list(TUNED)[:30]}
    run = write_run(tmp_path, some, samples=SAMPLES, task_path=task_path, model="x", whole=False)
    with pytest.raises(ComparisonError, match=f'has not finished .*evaluate\\(…, resume="{run}"'):
        compare(base, run)
    assert compare(base, run, shared=True).samples == 30


def test_one_run_or_the_same_twice_is_a_usage_error(base: Path, tuned: Path) -> None:
    with pytest.raises(UsageError, match="at least two"):
        compare(base)
    with pytest.raises(UsageError, match="given twice"):
        compare(base, tuned, base)
    with pytest.raises(UsageError, match="alpha"):
        compare(base, tuned, alpha=1.5)


def test_a_folder_that_is_no_run_is_said(base: Path, tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        compare(base, tmp_path)


def test_a_scorer_that_a_run_was_not_scored_with_is_said(base: Path, tuned: Path) -> None:
    with pytest.raises(ComparisonError, match=r"no verdicts of scorer 'strict' \(there: auto\)"):
        compare(base, tuned, scorer="strict")


def test_runs_with_different_scorers_are_judged_by_a_common_one(
    tmp_path: Path, task_path: Path, tuned: Path
) -> None:
    two = write_run(
        tmp_path, BASE, samples=SAMPLES, task_path=task_path, model="two", scorers=("strict", "auto")
    )
    result = compare(two, tuned)
    assert {c.scorer for c in result.checkpoints} == {"auto"}
    assert "the runs' own scorers differ (strict, auto); all are judged by auto here" in result.notes
    only = write_run(tmp_path, BASE, samples=SAMPLES, task_path=task_path, model="only", scorers=("strict",))
    apart = compare(only, tuned)
    assert [c.scorer for c in apart.checkpoints] == ["strict", "auto"]
    assert any("no scorer has judged all runs" in note for note in apart.notes)


def test_a_repeated_completion_counts_once_and_a_failed_one_not(tmp_path: Path, base: Path) -> None:
    file = base / "verdicts.auto.jsonl"
    lines = file.read_text().splitlines()
    failed = lines[1].replace('"correct"', '"backend_error"')
    file.write_text(
        "\n".join([lines[0], failed, *lines[1:], lines[1].replace('"correct"', '"wrong"')]) + "\n"
    )
    twin = write_run(tmp_path, BASE, samples=SAMPLES, model="twin")
    difference = compare(base, twin).rows[0].differences[0]
    assert difference is not None
    assert (difference.gained, difference.lost, difference.samples) == (0, 0, 120)


def test_an_unknown_outcome_in_a_verdict_file_is_said_with_its_line(base: Path, tuned: Path) -> None:
    file = base / "verdicts.auto.jsonl"
    file.write_text(file.read_text().replace('"correct"', '"brilliant"', 1))
    with pytest.raises(RunDirectoryError, match=r"verdicts\.auto\.jsonl:2: unknown outcome 'brilliant'"):
        compare(base, tuned)


# ---- what differs besides the model ----------------------------------------------------------------


def test_equal_manifests_have_no_changes_and_paths_and_times_do_not_count() -> None:
    same = manifest(created="2027-01-01", run_id="other", command=("x",), git_commit="f" * 40, task_path="/x")
    assert manifest_changes(manifest(), same) == ()


def test_changes_are_told_in_words() -> None:
    before = manifest()
    recipe = replace(
        before.recipe,
        name="metamath",
        sampling=Sampling(max_tokens=512, temperature=0.7, stop=("Question:",), seed=3),
    )
    after = manifest(
        recipe=recipe,
        scorers=("strict",),
        prompt_hash="2" * 64,
        model=ModelInfo(
            model="m", backend="vllm", backend_version="0.12", dtype="bfloat16", packages={"torch": "2.9"}
        ),
    )
    assert [str(change) for change in manifest_changes(before, after)] == [
        "precision: dtype none and bfloat16",
        "recipe: fewshot and metamath",
        "prompt: text differs",
        "sampling: max_tokens 64 and 512",
        "sampling: temperature 0.0 and 0.7",
        "sampling: stop none and Question:",
        "scorer: auto and strict",
        "engine: replay and vllm",
        "engine: replay version 1 and none",
        "sampling: seed none and 3",
        "engine: vllm version none and 0.12",
        "engine: torch none and 2.9",
    ]


def test_the_seed_of_a_greedy_run_is_no_change() -> None:
    recipe = manifest().recipe
    seeded = replace(recipe, sampling=replace(recipe.sampling, seed=9))
    assert manifest_changes(manifest(), manifest(recipe=seeded)) == ()


def test_a_long_value_is_said_to_differ_and_not_quoted() -> None:
    recipe = replace(manifest().recipe, system="Be brief. " * 20)
    changes = manifest_changes(manifest(), manifest(recipe=recipe))
    assert [str(change) for change in changes] == ["recipe: system prompt differs"]


def test_recipes_that_differ_are_warned_of(tmp_path: Path, task_path: Path, base: Path) -> None:
    recipe = replace(manifest().recipe, sampling=Sampling(max_tokens=512))
    run = write_run(tmp_path, TUNED, samples=SAMPLES, task_path=task_path, model="x", recipe=recipe)
    assert compare(base, run).notes == (
        "x differs from base in more than the model: sampling: max_tokens 64 and 512",
    )


# ---- tables and terminal ---------------------------------------------------------------------------


def test_the_frames_hold_what_the_comparison_holds(base: Path, tuned: Path) -> None:
    result = compare(base, tuned)
    frame = result.to_frame()
    assert len(frame) == 2 * len(result.rows)
    whole = frame[(frame.kind == "all") & (frame.checkpoint == "tuned")].iloc[0]
    assert (whole.samples, whole.gained, whole.lost) == (120, 31, 10)
    assert whole.accuracy - frame.iloc[0].accuracy == pytest.approx(whole.difference)
    flips = result.flips_frame()
    assert list(flips[flips.tuned > flips.base].base_outcome.value_counts().sort_index()) == [6, 15, 10]
    gap = result.gap_frame().set_index("outcome")
    assert gap.loc["truncated", "gained"] == 15
    assert gap["value"].sum() == pytest.approx(whole.difference)


def test_runs_without_a_flip_have_an_empty_frame_with_its_columns(tmp_path: Path, base: Path) -> None:
    twin = write_run(tmp_path, BASE, samples=SAMPLES, model="twin")
    frame = compare(base, twin).flips_frame()
    assert len(frame) == 0
    assert "sample_id" in frame.columns


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


HOSTILE = "\x1b[2Jx<script>alert(1)</script>[bold]\u202e"


def test_hostile_names_act_neither_on_a_notebook_nor_on_a_terminal(tmp_path: Path) -> None:
    samples = [replace(s, subject=HOSTILE, question=HOSTILE, gold=HOSTILE) for s in SAMPLES]
    path = write_task(tmp_path / "tasks", samples)
    runs = [
        write_run(
            tmp_path,
            outcomes,
            samples=samples,
            task_path=path,
            model=model,
            model_info=ModelInfo(model=f"{HOSTILE}{model}", backend="replay", backend_version="1"),
            answers=dict.fromkeys(BASE, HOSTILE),
        )
        for model, outcomes in (("a", BASE), ("b", TUNED))
    ]
    result = compare(*runs)
    tags = Tags()
    tags.feed(result._repr_html_())
    assert tags.seen == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    stream = io.StringIO()
    console = make_console(stream)
    print_comparison(console, result, cross=True, flips=50)
    print_gate(console, gate(*runs))
    printed = stream.getvalue()
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "[bold]" in printed


def printed(*runs: Path, width: int = 100, flips: int = 0) -> str:
    stream = io.StringIO()
    console = make_console(stream)
    console.width = width
    print_comparison(console, compare(*runs), flips=flips)
    return stream.getvalue()


def test_the_terminal_shows_table_reasons_and_flips(base: Path, tuned: Path) -> None:
    text = printed(base, tuned, flips=3)
    whole = next(line for line in text.splitlines() if line.startswith("all"))
    assert whole.split()[:6] == ["all", "120", "33.3", "%", "50.8", "%"]
    assert "+17.5 *" in whole
    assert "tuned: better on 31 samples, worse on 10, the same on 79" in text
    assert "+17.5 points = +0.0 wrong ↔ correct, +5.0 no answer ↔ correct, +12.5 truncated ↔ correct" in text
    assert "+0.0 points on the 90 samples that both answered" in text
    assert "tuned: 3 of 41 flips" in text
    assert "scorer auto" in text


def test_the_table_fits_a_narrow_terminal(tmp_path: Path, task_path: Path, base: Path, tuned: Path) -> None:
    long = write_run(
        tmp_path, TUNED, samples=SAMPLES, task_path=task_path, model="a-model-with-quite-a-long-name-7B-v1.0"
    )
    for runs in ([base, tuned], [base, long], [base, tuned, long]):
        lines = printed(*runs, width=80).splitlines()
        table = lines[: next(i for i, line in enumerate(lines) if line.startswith("*"))]
        assert max(map(len, table)) <= 80
        assert sum(line.startswith("all") for line in table) == 1
        assert not any("…" in line for line in table)


def test_long_names_stand_above_the_table_by_letter(tmp_path: Path, task_path: Path, base: Path) -> None:
    long = write_run(
        tmp_path, TUNED, samples=SAMPLES, task_path=task_path, model="a-model-with-quite-a-long-name-7B-v1.0"
    )
    lines = printed(base, long).splitlines()
    assert lines[1:3] == ["  A  base", "  B  a-model-with-quite-a-long-name-7B-v1.0"]


def test_the_gate_prints_decision_evidence_and_power(base: Path, tuned: Path) -> None:
    stream = io.StringIO()
    print_gate(make_console(stream), gate(tuned, base))
    text = stream.getvalue()
    assert text.startswith("✗ regression: 17.5 points down, more than chance (p")
    assert "better on 10 of 120 samples, worse on 31" in text
    assert "a drop of 2 points is caught" in text
    assert "changed      model: tuned and base" in text


def test_the_gate_shows_the_same_in_a_notebook_with_every_text_escaped(base: Path, tuned: Path) -> None:
    page = replace(gate(tuned, base), scorer="<script>", notes=("<b>note</b>",))._repr_html_()
    assert "<caption>regression: 17.5 points down, more than chance" in page
    assert "<tr><td>scorer</td><td>&lt;script&gt;</td></tr>" in page
    assert "<p>&lt;b&gt;note&lt;/b&gt;</p>" in page


def test_the_same_model_under_two_recipes_does_not_differ_in_its_model(
    tmp_path: Path, task_path: Path
) -> None:
    recipe = manifest().recipe
    runs = [
        write_run(
            tmp_path,
            BASE,
            samples=SAMPLES,
            task_path=task_path,
            run_id=name,
            recipe=replace(recipe, name=name, sampling=replace(recipe.sampling, max_tokens=tokens)),
        )
        for name, tokens in (("chat", 64), ("metamath", 512))
    ]
    [note] = compare(*runs).notes
    assert note == (
        "base (metamath) differs from base (chat): recipe: chat and metamath; sampling: max_tokens 64 and 512"
    )


def test_a_finished_run_that_lost_verdicts_is_called_damaged_not_other_rows(
    tmp_path: Path, base: Path, tuned: Path
) -> None:
    verdicts = tuned / verdicts_name("auto")
    lines = verdicts.read_bytes().splitlines(keepends=True)
    verdicts.write_bytes(b"".join(lines[:-1]) + lines[-1][:-20])  # torn
    for decide in (compare, gate):
        with pytest.raises(
            ComparisonError, match=r"only 119 of 120 samples.*`rescore\(.*, write_results=True\)`"
        ):
            decide(base, tuned)
    assert compare(base, tuned, shared=True).samples == 119


def test_copies_of_a_run_get_names_of_their_own(tmp_path: Path, base: Path) -> None:
    copy = shutil.copytree(base, tmp_path / "copy")
    first, second = (c.label for c in compare(base, copy).checkpoints)
    assert first != second
