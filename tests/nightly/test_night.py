"""A night of a suite: what is missing is run, what broke goes on, every run is judged, one exit code."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from mathevalkit.nightly.record import Status, read_nights, write_night
from tests.cli.helpers import Cli, Sums, cut

N = 400


@pytest.fixture
def sums(tmp_path: Path) -> Sums:
    made = Sums(tmp_path, n=N)
    write_suite(made)
    return made


def write_suite(sums: Sums, *, models: Mapping[str, str] | None = None, more: str = "") -> None:
    lines = "".join(f"  {n}: {{model: {m}}}\n" for n, m in (models or {"rec": "recorded.jsonl"}).items())
    (sums.folder / "suite.yaml").write_text(
        f"output: nights\nsite: site\nmodels:\n{lines}tasks:\n  sums.yaml: {{recipes: [plain]}}\n{more}"
    )


def answer(sums: Sums, *, wrong: int) -> None:
    """A recording with the first so many answers wrong."""
    sums.record({str(i): f"The answer is: {2 * i + (i < wrong)}." for i in range(N)})


def night(cli: Cli, sums: Sums, day: int) -> int:
    return cli("nightly", str(sums.folder / "suite.yaml"), "--night", f"2026-01-{day:02}")


def statuses(sums: Sums) -> list[list[str]]:
    return [[entry.status for entry in n.entries] for n in read_nights(sums.folder / "nights")]


def runs(sums: Sums, day: int) -> list[Path]:
    found = (sums.folder / f"nights/2026-01-{day:02}").glob("*/*/*/*/manifest.json")
    return sorted(path.parent for path in found)


def test_the_first_night_has_nothing_to_be_judged_against_and_passes(cli: Cli, sums: Sums):
    assert night(cli, sums, 1) == 0
    assert statuses(sums) == [["no baseline"]]
    assert (sums.folder / "site/index.html").is_file()


def test_the_same_answers_again_pass(cli: Cli, sums: Sums):
    night(cli, sums, 1)
    assert night(cli, sums, 2) == 0
    assert statuses(sums) == [["no baseline"], ["pass"]]


def test_a_drop_is_a_regression_and_stays_one_until_it_is_mended(cli: Cli, sums: Sums):
    answer(sums, wrong=100)
    night(cli, sums, 1)
    answer(sums, wrong=160)
    assert night(cli, sums, 2) == 1
    assert "rec · sums: regression: 15.0 points down" in cli.out
    assert night(cli, sums, 3) == 1, "a fallen night must not become the baseline of the next"
    answer(sums, wrong=100)
    assert night(cli, sums, 4) == 0
    assert read_nights(sums.folder / "nights")[3].entries[0].baseline.startswith("2026-01-01/")


def test_a_small_drop_cannot_be_told_from_chance(cli: Cli, sums: Sums):
    answer(sums, wrong=100)
    night(cli, sums, 1)
    answer(sums, wrong=104)
    assert night(cli, sums, 2) == 2
    assert statuses(sums)[1] == ["cannot tell"]


def test_a_night_repeated_generates_nothing_and_decides_the_same(cli: Cli, sums: Sums):
    night(cli, sums, 1)
    night(cli, sums, 2)
    files = {p: p.stat().st_mtime_ns for p in (sums.folder / "nights").rglob("generations.jsonl")}
    assert night(cli, sums, 2) == 0
    assert {p: p.stat().st_mtime_ns for p in (sums.folder / "nights").rglob("generations.jsonl")} == files
    assert "(on disk already)" in cli.err


def test_a_night_that_broke_goes_on_where_it_stopped(cli: Cli, sums: Sums):
    night(cli, sums, 1)
    [run] = runs(sums, 1)
    cut(run, keep=250)
    assert night(cli, sums, 1) == 0
    assert "goes on with 250 of 400" in cli.err
    assert runs(sums, 1) == [run]
    assert (run / "results.json").is_file()


def test_a_night_can_be_repeated_from_another_folder(
    cli: Cli, sums: Sums, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(sums.folder)
    assert cli("nightly", "suite.yaml", "--night", "2026-01-01") == 0
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    assert night(cli, sums, 1) == 0
    assert len(runs(sums, 1)) == 1
    assert night(cli, sums, 2) == 0
    assert statuses(sums) == [["no baseline"], ["pass"]]


def test_a_dashboard_that_cannot_be_written_does_not_hide_a_regression(cli: Cli, sums: Sums):
    answer(sums, wrong=100)
    night(cli, sums, 1)
    shutil.rmtree(sums.folder / "site")
    (sums.folder / "site").touch()
    assert night(cli, sums, 2) == 4
    answer(sums, wrong=200)
    assert night(cli, sums, 3) == 1
    assert "regression" in cli.out
    assert "site" in cli.err


def test_where_no_model_runs_the_failure_is_the_exit_code(cli: Cli, sums: Sums):
    write_suite(sums, models={"gone": "gone.jsonl"})
    assert night(cli, sums, 1) == 5
    assert "gone · sums: failed:" in cli.out


def test_one_model_that_fails_is_reported_and_the_others_run(cli: Cli, sums: Sums):
    write_suite(sums, models={"gone": "gone.jsonl", "rec": "recorded.jsonl"})
    assert night(cli, sums, 1) == 5
    assert statuses(sums) == [["failed", "no baseline"]]
    assert "gone · sums: failed:" in cli.out
    assert "gone.jsonl" in (sums.folder / "site/index.html").read_text()


def test_one_task_that_fails_does_not_stop_the_others_of_its_model(cli: Cli, sums: Sums):
    (sums.folder / "more.yaml").write_text(sums.task.read_text().replace("rows.jsonl", "lost.jsonl"))
    write_suite(sums)
    suite = sums.folder / "suite.yaml"
    more = "tasks:\n  more.yaml: {recipes: [plain]}\n"
    suite.write_text(suite.read_text().replace("tasks:\n", more))
    assert night(cli, sums, 1) == 2
    assert statuses(sums) == [["failed", "no baseline"]]


def test_a_regression_outweighs_a_failure(cli: Cli, sums: Sums):
    answer(sums, wrong=100)
    night(cli, sums, 1)
    answer(sums, wrong=200)
    write_suite(sums, models={"gone": "gone.jsonl", "rec": "recorded.jsonl"})
    assert night(cli, sums, 2) == 1


def test_other_rows_are_not_judged_against_the_old_ones(cli: Cli, sums: Sums):
    night(cli, sums, 1)
    row = {"subject": "", "level": ""}
    sums.write_rows([row | {"id": str(i), "question": f"Now {i}?", "gold": str(2 * i)} for i in range(N)])
    assert night(cli, sums, 2) == 0
    assert statuses(sums)[1] == ["no baseline"]
    page = (sums.folder / "site/rec--sums--plain/index.html").read_text()
    assert "other rows than the night before" in page


def test_earlier_nights_that_did_the_same_stand_for_the_baseline(cli: Cli, sums: Sums):
    for day in range(1, 5):
        night(cli, sums, day)
    gates = [n.entries[0].gate for n in read_nights(sums.folder / "nights")]
    assert [gate.repeats for gate in gates if gate] == [1, 2, 3]


@pytest.mark.parametrize(
    ("status", "repeats"),
    [("pass", 3), ("no baseline", 3), ("cannot tell", 2), ("regression", 2), ("failed", 2)],
)
def test_only_nights_known_to_be_good_teach_how_far_runs_scatter(
    cli: Cli, sums: Sums, status: Status, repeats: int
):
    """A fault that no manifest shows must not count as noise: the night with it did the very same thing."""
    for day in (1, 2, 3):
        night(cli, sums, day)
    output = sums.folder / "nights"
    second = read_nights(output)[1]
    write_night(output, replace(second, entries=(replace(second.entries[0], status=status),)))
    night(cli, sums, 4)
    gate = read_nights(output)[3].entries[0].gate
    assert gate is not None
    assert gate.repeats == repeats


def test_a_named_night_is_the_baseline_however_the_others_went(cli: Cli, sums: Sums):
    answer(sums, wrong=100)
    night(cli, sums, 1)
    answer(sums, wrong=60)
    assert night(cli, sums, 2) == 0
    write_suite(sums, more='gate: {baseline: "2026-01-02"}\n')
    answer(sums, wrong=100)
    assert night(cli, sums, 3) == 1
    write_suite(sums, more='gate: {baseline: "2026-01-01"}\n')
    assert night(cli, sums, 3) == 0


def test_a_named_night_without_such_a_run_is_told(cli: Cli, sums: Sums):
    night(cli, sums, 2)
    write_suite(sums, more='gate: {baseline: "2026-01-01"}\n')
    assert night(cli, sums, 3) == 6
    assert "night 2026-01-01 has no whole run" in cli.out


def test_a_named_run_is_the_baseline_of_its_task(cli: Cli, sums: Sums):
    answer(sums, wrong=60)
    assert cli(*sums.command) == 0
    [good] = sums.run_dirs()
    answer(sums, wrong=160)
    models = {"rec": f"recorded.jsonl, baselines: {{sums: {good}}}"}
    write_suite(sums, models=models)
    assert night(cli, sums, 1) == 1
    assert read_nights(sums.folder / "nights")[0].entries[0].baseline == str(good)


def test_the_night_is_printed_as_json_for_programs(cli: Cli, sums: Sums):
    suite = str(sums.folder / "suite.yaml")
    assert cli("nightly", suite, "--night", "a", "--json") == 0
    printed = orjson.loads(cli.out)
    assert printed["night"] == "a"
    assert printed["entries"][0]["status"] == "no baseline"


def test_a_night_needs_a_name_that_can_be_a_folder(cli: Cli, sums: Sums):
    assert cli("nightly", str(sums.folder / "suite.yaml"), "--night", "../x") == 2
    assert "--night ../x" in cli.err
    assert not (sums.folder / "nights").exists()


def test_the_night_is_the_date_where_none_is_named(cli: Cli, sums: Sums):
    from datetime import UTC, datetime

    days = {f"{datetime.now(UTC):%Y-%m-%d}"}
    assert cli("nightly", str(sums.folder / "suite.yaml")) == 0
    days.add(f"{datetime.now(UTC):%Y-%m-%d}")
    assert {n.night for n in read_nights(sums.folder / "nights")} <= days
