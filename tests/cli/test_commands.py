"""The commands beside ``run``: show, tasks, check, extract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import Cli, Sums, cut

# ---- show ------------------------------------------------------------------------------------------


def test_show_prints_the_table_again(cli: Cli, sums: Sums):
    cli(*sums.command)
    table = [line for line in cli.out.splitlines() if line.startswith(("Algebra", "Geometry", "all"))]
    [run_dir] = sums.run_dirs()
    assert cli("show", str(run_dir)) == 0
    assert [line for line in cli.out.splitlines() if line.startswith(("Algebra", "Geometry", "all"))] == table
    assert cli("show", str(run_dir), "--json") == 0
    assert json.loads(cli.out)["overall"]["outcomes"]["correct"] == 20


def test_show_counts_an_unfinished_run_without_writing(cli: Cli, sums: Sums):
    cli(*sums.command)
    [run_dir] = sums.run_dirs()
    cut(run_dir, 9)
    files = {path: path.read_bytes() for path in run_dir.iterdir()}
    assert cli("show", str(run_dir)) == 0
    assert "6 correct, 3 wrong" in cli.out
    assert f"unfinished: 9 of 30 completions; go on with:\n  mathevalkit run --resume {run_dir}" in cli.err
    assert {path: path.read_bytes() for path in run_dir.iterdir()} == files


def test_show_of_an_unfinished_run_needs_neither_its_task_nor_its_rows(cli: Cli, sums: Sums):
    cli(*sums.command)
    [run_dir] = sums.run_dirs()
    cut(run_dir, 9)
    sums.rows.unlink()
    sums.task.unlink()
    assert cli("show", str(run_dir)) == 0
    assert "6 correct, 3 wrong" in cli.out


# ---- tasks -----------------------------------------------------------------------------------------


def test_tasks_list_names_the_packaged_tasks(cli: Cli):
    assert cli("tasks", "list") == 0
    assert "gsm8k" in cli.out
    assert "5,000" in cli.out


def test_tasks_list_finds_the_users_own(cli: Cli, sums: Sums):
    assert cli("tasks", "list", "--task-dir", str(sums.folder), "--json") == 0
    names = {task["name"] for task in json.loads(cli.out)}
    assert {"sums", "math"} <= names


def test_tasks_show_prints_the_prompt_and_the_published_results(cli: Cli):
    assert cli("tasks", "show", "gsm8k") == 0
    assert "Let's think step by step." in cli.out
    assert "MetaMath-7B" in cli.out
    assert "66.5 %" in cli.out


def test_tasks_validate_prints_the_fingerprint_of_the_rows(cli: Cli, sums: Sums):
    assert cli("tasks", "validate", str(sums.task)) == 0
    assert "30 rows; fingerprint " in cli.out
    assert "✓" in cli.out


def test_tasks_validate_says_what_is_wrong_with_each(cli: Cli, sums: Sums, tmp_path: Path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: Bad\n")
    assert cli("tasks", "validate", str(sums.task), str(bad)) == 2
    assert "✓" in cli.out
    assert "bad.yaml" in cli.err
    assert "✗" in cli.err


def test_every_packaged_task_is_valid(cli: Cli):
    assert cli("tasks", "validate") == 0
    assert cli.err == ""


# ---- check and extract -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "pred", "word"),
    [("1/2", "0.5", "equivalent"), ("5", "-5", "different"), ("-5", "-5.0", "equivalent")],
)
def test_check_says_whether_two_answers_are_the_same(cli: Cli, gold: str, pred: str, word: str):
    assert cli("check", gold, pred) == 0
    assert cli.out.startswith(f"{word}: ")


def test_check_as_json(cli: Cli):
    assert cli("check", "1/2", "0.5", "--json") == 0
    assert json.loads(cli.out)["equivalent"] is True


def test_extract_prints_the_answer_alone_on_stdout(cli: Cli):
    assert cli("extract", "So it is 3 + 4 = 7. The answer is -7.") == 0
    assert cli.out == "-7\n"
    assert "rule the_answer_is" in cli.err


def test_extract_judges_against_a_gold(cli: Cli):
    assert cli("extract", "The answer is 0.5.", "--gold", "1/2") == 0
    assert "found '0.5'" in cli.out
    assert "equivalent" in cli.out


def test_extract_of_a_text_without_an_answer(cli: Cli):
    assert cli("extract", "I cannot say.") == 0
    assert cli.out == ""
    assert "no answer found" in cli.err


def test_extract_with_an_unknown_strategy_names_near_ones(cli: Cli):
    assert cli("extract", "7", "--strategy", "boxd") == 2
    assert "boxed" in cli.err
