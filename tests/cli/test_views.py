"""What a person sees: the live line, the tables, the advice; and that no text can act on the terminal."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mathevalkit.cli.advice import Step, changed, next_step
from mathevalkit.cli.views.live import RunDisplay
from mathevalkit.cli.views.progress import Speed, bar, progress_text
from mathevalkit.cli.views.results import RunFacts, print_results
from mathevalkit.presentation.figures import clock, duration
from mathevalkit.presentation.terminal import clean, clean_block, model_name, short
from mathevalkit.reproduction.targets import matching_results
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.tasks.finding import load_task
from mathevalkit.types import (
    OUTCOMES,
    Accuracy,
    EngineOptions,
    LoadedData,
    ModelInfo,
    Plan,
    Progress,
    Recipe,
    RunOptions,
    Sample,
    Sampling,
    Selection,
)

# ---- hostile text ----------------------------------------------------------------------------------


@given(st.text())
def test_cleaned_text_holds_nothing_that_acts_on_a_terminal(text: str):
    for cleaned, allowed in ((clean(text), ""), (clean_block(text), "\n\t")):
        for character in cleaned:
            assert character in allowed or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
            assert unicodedata.bidirectional(character) not in (
                "LRE",
                "RLE",
                "LRO",
                "RLO",
                "PDF",
                "LRI",
                "RLI",
            )
        assert len(cleaned) == len(text)


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S")), max_size=200))
def test_ordinary_text_stays_as_it_is(text: str):
    assert clean(text) == text


def test_a_long_text_is_cut_with_an_ellipsis():
    assert short("abcdef", 4) == "abc…"
    assert short("abcd", 4) == "abcd"


def test_a_path_is_shown_by_its_last_part_and_a_hub_id_whole(tmp_path: Path):
    assert model_name("meta-math/MetaMath-7B-V1.0") == "meta-math/MetaMath-7B-V1.0"
    assert model_name(str(tmp_path / "model.gguf")) == "model.gguf"
    assert model_name("./model.gguf") == "model.gguf"


# ---- the live line ---------------------------------------------------------------------------------


def progress(done: int = 412, total: int = 1319, seconds: float = 20.0, **changes: object) -> Progress:
    outcomes = dict.fromkeys(OUTCOMES, 0) | {"correct": 274, "wrong": 134, "truncated": 3, "no_answer": 1}
    base = Progress(
        done=done,
        total=total,
        resumed=0,
        accuracy=Accuracy(value=0.665, low=0.618, high=0.709, floor=0.66, ceiling=0.68),
        outcomes=outcomes,
        completion_tokens=46_200,
        seconds=seconds,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of Progress


def line(width: int, shown: Progress | None = None, **options: bool) -> str:
    shown = shown or progress()
    speed = Speed()
    speed.add(shown)
    return progress_text(shown, label="gsm8k", speed=speed, width=width, **options)


def test_a_wide_line_says_everything():
    text = line(140)
    for part in (
        "gsm8k ━",
        "412/1,319",
        "66.5 % (61.8–70.9)",
        "3 truncated",
        "1 no answer",
        "2,310 tokens/s",
    ):
        assert part in text
    assert text.endswith("~0:44 left")


def test_a_line_of_80_columns_says_it_in_short():
    text = line(80)
    for part in ("412/1,319", "66.5 % (61.8–70.9)", "3 trunc", "1 no-ans", "2,310 tok/s", "~0:44 left"):
        assert part in text


@given(
    width=st.integers(1, 200),
    done=st.integers(0, 10**6),
    seconds=st.floats(0, 1e6),
    rare=st.integers(0, 10**6),
    with_bar=st.booleans(),
)
def test_the_line_is_always_shorter_than_the_terminal(
    width: int, done: int, seconds: float, rare: int, with_bar: bool
):
    outcomes = dict.fromkeys(OUTCOMES, rare)
    shown = progress(done=done, total=10**6, seconds=seconds, outcomes=outcomes)
    assert len(line(width, shown, with_bar=with_bar)) < max(width, 1) or width == 1


def test_failed_and_undecided_are_shown_where_there_are_any():
    assert "failed" not in line(200)
    outcomes = progress().outcomes | {"backend_error": 2, "undecided": 5}
    text = line(200, progress(outcomes=outcomes))
    assert "5 undecided" in text
    assert "2 failed" in text


def test_nothing_is_promised_before_enough_is_done():
    assert "left" not in line(200, progress(done=3))


def test_the_pace_is_the_recent_one():
    speed = Speed()
    for second in range(101):  # 1 a second for 50 s, then 4 a second
        done = second if second <= 50 else 50 + 4 * (second - 50)
        speed.add(progress(done=done, total=650, seconds=float(second), completion_tokens=10 * done))
    assert speed.seconds_left == pytest.approx(100, rel=0.05)
    assert speed.tokens_per_second == pytest.approx(40, rel=0.05)


def test_what_was_on_disk_does_not_count_as_pace():
    speed = Speed()
    speed.add(progress(done=1010, total=1110, resumed=1000, seconds=10.0))
    assert speed.seconds_left == pytest.approx(100)


def test_a_second_task_starts_the_pace_anew():
    speed = Speed()
    speed.add(progress(done=1000, total=1000, seconds=10.0))
    speed.add(progress(done=10, total=1000, seconds=5.0, completion_tokens=100))
    assert speed.tokens_per_second == pytest.approx(20)


def test_the_bar_is_as_long_as_it_is_asked_to_be():
    assert [bar(share, 4) for share in (0, 0.1, 0.5, 1, 2)] == ["────", "╸───", "━━──", "━━━━", "━━━━"]


def test_times_are_short():
    assert [clock(s) for s in (0, 42, 725, 3723)] == ["0:00", "0:42", "12:05", "1:02:03"]
    assert [duration(s) for s in (0.44, 42, 725, 3723)] == ["0.4 s", "42 s", "12 min 5 s", "1 h 2 min"]


# ---- tables ----------------------------------------------------------------------------------------

SUBJECTS = ("Counting & Probability", "Intermediate Algebra", "Number Theory")


def results(*, levels: int = 5, subjects: tuple[str, ...] = SUBJECTS, **changes: object) -> Results:
    samples = {
        f"{s}-{level}-{i}": Sample(
            id=f"{s}-{level}-{i}", question="?", gold="1", subject=s, level=f"Level {level}" if levels else ""
        )
        for s in subjects
        for level in range(1, max(levels, 1) + 1)
        for i in range(6)
    }
    breakdown = Breakdown(samples)
    for index, id_ in enumerate(samples):
        breakdown.add(id_, OUTCOMES[index % 6])
    base = Results(
        schema_version=1,
        run_id="r",
        model="meta-math/MetaMath-7B-V1.0",
        task="math",
        recipe="metamath",
        scorer="auto",
        overall=breakdown.overall.group("overall"),
        by_subject=breakdown.by_subject() if subjects != ("",) else (),
        by_level=breakdown.by_level(),
        by_subject_level=breakdown.by_subject_level(),
        other_scorers={"metamath_math": breakdown.overall.accuracy()},
        prompt_tokens=1234,
        completion_tokens=5678,
        seconds={"weights": 12.0, "generation": 725.0},
        run_dir="runs/m/math/20260101T000000Z-abcdef",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of Results


def facts(**changes: object) -> RunFacts:
    recipe = Recipe(
        name="metamath",
        kind="completion",
        template="{{ question }}",
        sampling=Sampling(max_tokens=2048, stop=("Question:",)),
        origin="MetaMath",
    )
    base = RunFacts(
        model="meta-math/MetaMath-7B-V1.0",
        backend="vllm 0.33",
        task_title="MATH",
        recipe=recipe,
        recipe_reason="the model's name contains MetaMath",
        selection=Selection(),
        published=matching_results(load_task("math"), "meta-math/MetaMath-7B-V1.0"),
        next_step=Step("mathevalkit run --model m --task gsm8k", "the same model on gsm8k"),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of RunFacts


def printed(shown: Results, about: RunFacts, *, width: int, terminal: bool = True) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, force_terminal=terminal, no_color=True, markup=False, highlight=False
    )
    print_results(console, shown, about)
    return file.getvalue().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_tables_fit(width: int):
    for text in printed(results(), facts(), width=width).splitlines():
        assert len(text) <= width or text.startswith(("run ", "  mathevalkit")), text


@pytest.mark.parametrize("width", [80, 140])
def test_no_subject_and_no_level_is_lost(width: int):
    text = printed(results(), facts(), width=width)
    for subject in SUBJECTS:
        assert text.count(subject) == 2, text
    for level in range(1, 6):
        assert f"Level {level}" in text


def test_outcomes_stand_in_the_table_where_there_is_room():
    assert "no answer" in printed(results(), facts(), width=140).splitlines()[4]
    assert "no answer" not in printed(results(), facts(), width=80).splitlines()[4]


def test_outcome_counts_and_bounds_are_always_said():
    text = " ".join(printed(results(), facts(), width=80).split())
    assert "15 correct, 15 wrong, 15 no answer, 15 truncated, 15 undecided, 15 failed" in text
    assert "16.7 % to 66.7 %" in text
    assert "20.0 %" in text  # 15 of the 75 that the engine answered


def test_many_levels_get_a_table_of_their_own():
    text = printed(results(levels=12), facts(), width=80)
    assert "Level 12" in text
    assert text.count("95 % interval") == 2


def test_levels_without_subjects_are_shown():
    shown = results(subjects=("",))
    assert "Level 3" in printed(shown, facts(), width=80)


def test_what_stands_behind_the_number_is_shown():
    text = " ".join(printed(results(), facts(), width=140).split())
    for part in (
        "metamath_math 20.0 %",
        "MetaMath-7B 19.8 % (recipe: metamath",
        "the model's name contains MetaMath",
        "greedy, up to 2,048 tokens, 1 stop string",
        "vllm 0.33",
        "generation 12 min 5 s",
        "1,234 read, 5,678 generated",
        "runs/m/math/20260101T000000Z-abcdef",
        "the same model on gsm8k: mathevalkit run",
    ):
        assert part in text


def test_a_run_without_any_text_has_no_accuracy():
    samples = {"0": Sample(id="0", question="?", gold="1")}
    breakdown = Breakdown(samples)
    breakdown.add("0", "backend_error")
    shown = results(
        overall=breakdown.overall.group("overall"), by_subject=(), by_level=(), by_subject_level=()
    )
    text = printed(shown, facts(), width=80)
    assert "no text to score" in text
    assert "nan" not in text


def test_names_from_files_are_printed_harmless_and_unread():
    hostile = "\x1b[2J[bold red]x[/]"
    shown = results(subjects=(hostile, "Algebra"), model=hostile, task=hostile)
    text = printed(shown, facts(task_title=hostile, recipe_reason=hostile), width=140, terminal=False)
    assert "\x1b" not in text
    assert "[bold red]" in text


# ---- published results -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("meta-math/MetaMath-7B-V1.0", ["MetaMath-7B"]),
        ("meta-math/MetaMath-70B-V1.0", ["MetaMath-70B"]),
        ("meta-math/MetaMath-Mistral-7B", ["MetaMath-Mistral-7B"]),
        ("models/metamath-mistral-7b.Q4_K_M.gguf", ["MetaMath-Mistral-7B"]),
        ("TheBloke/MetaMath-13B-V1.0-AWQ", ["MetaMath-13B"]),
        ("meta-llama/Llama-2-7b-hf", ["LLaMA-2-7B"]),
        ("meta-llama/Llama-2-7b-chat-hf", []),
        ("meta-llama/Llama-3.2-7b", []),
        ("someone/MetaMath-Qwen-7B", []),
        ("someone/MetaMath-7B-checkpoint-500", []),
        ("Qwen/Qwen2.5-7B", []),
    ],
)
def test_published_results_are_those_of_this_very_model(model: str, published: list[str]):
    assert [result.model for result in matching_results(load_task("gsm8k"), model)] == published


# ---- advice ----------------------------------------------------------------------------------------

ARGV = ["/usr/bin/mathevalkit", "run", "--model", "m", "--task", "gsm8k"]


def plan(**changes: object) -> Plan:
    samples = tuple(Sample(id=str(i), question="?", gold="1") for i in range(90))
    base = Plan(
        model=ModelInfo(model="m", backend="vllm", backend_version="1"),
        engine=EngineOptions(model="m"),
        task=load_task("gsm8k"),
        data=LoadedData(samples=samples, fingerprint="f", known=True, origin="file:x"),
        selection=Selection(),
        samples=samples,
        recipe=facts().recipe,
        recipe_reason="",
        prompt_hash="h",
        scorers=("auto",),
        identity={},
        options=RunOptions(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of Plan


def with_outcomes(**counts: int) -> Results:
    outcomes = dict.fromkeys(OUTCOMES, 0) | {"correct": 90 - sum(counts.values())} | counts
    return results(overall=replace(results().overall, outcomes=outcomes, completions=90))


def test_advice_after_failures_is_to_generate_them_again():
    step = next_step(plan(), with_outcomes(backend_error=1, truncated=80), argv=ARGV)
    assert step.command == "mathevalkit run --resume runs/m/math/20260101T000000Z-abcdef"


def test_advice_after_many_truncations_is_more_tokens():
    step = next_step(plan(), with_outcomes(truncated=20), argv=[*ARGV, "--max-tokens=2048", "--new"])
    assert step.command == "mathevalkit run --model m --task gsm8k --max-tokens 4096"


def test_advice_after_a_sample_is_the_whole():
    step = next_step(
        plan(samples=plan().samples[:9]), with_outcomes(), argv=[*ARGV, "--limit", "9", "--seed=4"]
    )
    assert step.command == "mathevalkit run --model m --task gsm8k --seed=4"
    assert "all 90 problems" in step.reason


def test_advice_after_gsm8k_is_math():
    assert next_step(plan(), with_outcomes(), argv=ARGV).command == "mathevalkit run --model m --task math"


def test_commands_are_quoted_for_the_shell():
    assert changed(["mathevalkit", "run", "--stop", "a b"]) == "mathevalkit run --stop 'a b'"


def test_the_module_is_called_as_it_was():
    assert changed(["/x/mathevalkit/__main__.py", "run"]) == "python -m mathevalkit run"


# ---- without a terminal ----------------------------------------------------------------------------


def test_without_a_terminal_progress_is_a_line_every_30_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    now = [1000.0]
    monkeypatch.setattr("mathevalkit.cli.views.live.time.monotonic", lambda: now[0])
    with RunDisplay(argv=ARGV) as display:
        display.phase("generation")
        for second in range(100):
            now[0] = 1000.0 + second
            display.progress(progress(done=second + 10, seconds=float(second)))
    lines = [text for text in capsys.readouterr().err.splitlines() if "1,319" in text]
    assert len(lines) == 3


def test_a_batch_that_finishes_all_at_once_is_no_burst_of_speed() -> None:
    """Seventeen long completions end in one step, after minutes in which nothing did."""
    speed = Speed()
    speed.add(progress(48, 64, seconds=270.0, resumed=47, completion_tokens=1_000))
    speed.add(progress(64, 64, seconds=270.1, resumed=47, completion_tokens=17_000))
    assert speed.tokens_per_second is not None
    assert speed.tokens_per_second == pytest.approx(17_000 / 270.1, rel=0.01)
