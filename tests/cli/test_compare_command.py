"""`mathevalkit compare` and `mathevalkit gate` on runs that the pipeline made from recordings."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

import mathevalkit
from mathevalkit.errors import UsageError
from mathevalkit.stats.power import samples_needed
from tests.cli.helpers import Cli, Sums
from tests.run_folders import problems, write_run, write_task


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    return Cli(monkeypatch, capfd)


@pytest.fixture
def runs(tmp_path: Path, cli: Cli) -> list[str]:
    """Two runs of thirty sums: every third wrong, and only every tenth, one text cut off."""
    made = []
    for name, right in (("first", lambda i: i % 3), ("second", lambda i: i % 10)):
        folder = tmp_path / name
        folder.mkdir()
        sums = Sums(folder)
        sums.record({str(i): f"The answer is: {2 * i + (not right(i))}." for i in range(30)})
        assert cli(*sums.command, "--no-preflight") == 0
        made += sums.run_dirs()
    return [str(run) for run in made]


def test_compare_prints_subjects_difference_and_where_it_comes_from(cli: Cli, runs: list[str]) -> None:
    assert cli("compare", *runs) == 0
    assert cli.out.startswith("Sums · 30 problems\n  A  first/recorded\n  B  second/recorded\n")
    assert "Algebra" in cli.out
    assert "better on 9 samples, worse on 2, the same on 19" in cli.out
    assert "+23.3 points = +23.3 wrong ↔ correct" in cli.out
    assert cli.err == ""


def test_compare_shows_flips_with_both_answers(cli: Cli, runs: list[str]) -> None:
    assert cli("compare", *runs, "--flips", "20", "--cross") == 0
    row = next(line for line in cli.out.splitlines() if line.startswith("3 "))
    assert row.split()[1:] == ["What", "is", "3", "+", "3?", "6", "wrong:", "7", "correct:", "6"]


def test_compare_says_how_many_samples_a_wanted_difference_needs(cli: Cli, runs: list[str]) -> None:
    assert cli("compare", *runs, "--wanted", "5") == 0
    needed = samples_needed(difference=0.05, flips=11 / 30)
    assert f"a true difference of 5 points needs {needed:,} samples like these" in cli.out
    assert cli("compare", *runs, "--wanted", "0") == 2
    assert cli.err == "error: --wanted 0: expected points above 0, at most 100\n"


def test_compare_as_json_and_csv(cli: Cli, runs: list[str], tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert cli("compare", *runs, "--json", "--csv", str(table)) == 0
    record = orjson.loads(cli.out)
    difference = record["rows"][0]["differences"][0]
    assert (difference["gained"], difference["lost"]) == (9, 2)
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert (rows[1]["kind"], rows[1]["gained"]) == ("all", "9")


def test_no_cell_of_the_table_is_a_formula(cli: Cli, tmp_path: Path) -> None:
    subject = '=HYPERLINK("http://x")'
    samples = [replace(sample, subject=subject) for sample in problems(6)]
    task = write_task(tmp_path / "tasks", samples)
    runs = [
        write_run(tmp_path, {s.id: outcome for s in samples}, samples=samples, task_path=task, model=model)
        for model, outcome in (("=base", "wrong"), ("+tuned", "correct"))
    ]
    table = tmp_path / "table.csv"
    assert cli("compare", *map(str, runs), "--csv", str(table)) == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert {row["name"] for row in rows} >= {"all", f"'{subject}"}
    assert {row["checkpoint"] for row in rows} == {"'=base", "'+tuned"}
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_a_table_that_cannot_be_written_is_one_error(cli: Cli, runs: list[str], tmp_path: Path) -> None:
    assert cli("compare", *runs, "--csv", str(tmp_path / "no" / "table.csv")) == 2
    assert cli.err.startswith("error: --csv")


def test_the_gates_exit_code_is_its_decision(cli: Cli, runs: list[str]) -> None:
    worse, better = runs
    assert cli("gate", worse, better) == 0
    assert cli.out.startswith("✓ pass: 23.3 points up")
    assert cli("gate", better, worse, "--alpha", "0.01") == 2
    assert cli.out.startswith("? cannot tell: 23.3 points down")
    assert "samples, or a larger --max-drop" in cli.out
    assert cli("gate", better, worse, "--json") == 1
    assert orjson.loads(cli.out)["decision"]["decision"] == "regression"
    assert cli("gate", better, worse, "--max-drop", "50") == 0


def test_errors_of_the_gate_have_exit_codes_of_their_own(cli: Cli, runs: list[str], tmp_path: Path) -> None:
    assert cli("gate", runs[0], str(tmp_path)) == 4
    assert cli("gate", *runs, "--scorer", "nobody") == 6
    assert "no verdicts of scorer 'nobody'" in cli.err
    assert cli("gate", *runs, "--max-drop", "0") == 2
    assert "--max-drop 0: expected points above 0, below 100" in cli.err
    assert cli("gate", *runs, "--alpha", "0.6") == 2
    assert "--alpha 0.6: expected a level above 0, below 0.5" in cli.err
    assert cli("compare", runs[0]) == 2


def test_a_python_caller_of_the_gate_is_told_of_the_argument(runs: list[str]) -> None:
    worse, better = runs
    report = mathevalkit.gate(better, worse, alpha=0.01)
    assert dict(report.evidence())["to tell"].endswith(" samples, or a larger `max_drop`")
    with pytest.raises(UsageError, match=r"^`max_drop=2`: expected a fraction above 0, below 1"):
        mathevalkit.gate(better, worse, max_drop=2)


def test_the_python_functions_stay_functions_after_the_command_line_was_used(
    cli: Cli, runs: list[str]
) -> None:
    assert cli("compare", *runs) == 0
    assert mathevalkit.compare(*runs).rows[0].samples == 30
    assert mathevalkit.gate(*runs).decision.exit_code == 0
