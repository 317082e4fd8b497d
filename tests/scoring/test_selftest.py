"""Scorers measured on a task's own golds: recall by style, false acceptances, golds nobody can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from answer_normalizers import grade
from answer_normalizers.parsing.reading import read
from answer_normalizers.tree.nodes import Num
from mathevalkit.cli.app import run_command_line
from mathevalkit.errors import UsageError
from mathevalkit.scoring.selftest.ceilings import Selftest, audit_golds, selftest
from mathevalkit.scoring.selftest.texts import MISSES, STYLES
from mathevalkit.tasks.finding import load_task
from mathevalkit.types import Task
from tests.scoring.test_rescore import TASK, write_lines


def task_of(folder: Path, *golds: str, solution: str = "") -> Task:
    write_lines(
        folder / "rows.jsonl",
        *(
            {"id": str(i), "question": "?", "gold": g, "subject": "", "solution": solution}
            for i, g in enumerate(golds)
        ),
    )
    (folder / "sums.yaml").write_text(TASK.replace("subject: ", 'solution: "{{ solution }}", subject: '))
    return load_task(folder / "sums.yaml")


def accepted(found: Selftest, name: str) -> dict[str, int]:
    (row,) = [row for row in found.styles if row.style == name]
    return dict(row.accepted)


def falsely(found: Selftest, name: str) -> dict[str, int]:
    (row,) = [row for row in found.misses if row.miss == name]
    return dict(row.accepted)


STYLE = {style.name: style.render for style in STYLES}
MISS = {miss.name: miss.change for miss in MISSES}


# ---- the texts -----------------------------------------------------------------------------------------


def test_there_are_a_dozen_styles_and_a_dozen_near_misses():
    assert len({style.name for style in STYLES}) == len(STYLES) >= 12
    assert len({miss.name for miss in MISSES}) == len(MISSES) >= 12


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_style_states_the_gold_or_does_not_fit(style):
    fitting = 0
    for gold in ("18", r"\frac{3}{4}", "1234567"):
        text = style.render(gold)
        if text is not None:
            fitting += 1
            assert grade(gold=gold, text=text).equivalent is True, text
    assert fitting


def test_styles_that_write_the_value_another_way():
    assert STYLE["money"]("18") == "We work it out step by step. The answer is: $18.00"
    assert STYLE["money"]("-5").endswith("-$5.00")
    assert STYLE["money"]("1/3") is None
    assert STYLE["thousands"]("1234567").endswith("1,234,567")
    assert STYLE["thousands"]("999") is None
    assert STYLE["dfrac"](r"\frac12").endswith(r"$\boxed{\dfrac12}$.")


NUMERIC = [miss for miss in MISSES if miss.change("18") is not None]


@pytest.mark.parametrize("gold", ["18", "-7", "100", "3/4", r"\frac{3}{4}", "0.25", "1", "0", "11", "1.5"])
@pytest.mark.parametrize("miss", NUMERIC, ids=lambda miss: miss.name)
def test_a_near_miss_of_a_number_is_another_number(gold, miss):
    other = miss.change(gold)
    if other is not None:
        values = [read(answer).value for answer in (gold, other)]
        assert all(isinstance(value, Num) for value in values), other
        assert values[0] != values[1]


@pytest.mark.parametrize(
    ("miss", "gold", "expected"),
    [
        ("one_more", "18", "19"),
        ("not_rounded", "18", "18.4"),
        ("sign", "3/4", "-3/4"),
        ("half", r"\frac{3}{4}", r"\frac{3}{8}"),
        ("reciprocal", "1", None),
        ("digits_swapped", "1123", "1213"),
        ("digit_lost", "7", None),
        ("first_number_raised", r"2\sqrt{3}", r"3\sqrt{3}"),
        ("last_number_raised", r"2\sqrt{3}", r"2\sqrt{4}"),
        ("first_number_raised", "18", None),
        ("expression_and_one", r"2\sqrt{3}", r"2\sqrt{3}+1"),
        ("expression_and_one", "x=3", None),
        ("item_lost", r"\left( 1, \frac{1}{2}, 3 \right)", r"\left( 1, \frac{1}{2}\right)"),
        ("item_lost", r"5\,\text{cm}", None),
        ("item_lost", "1,234", None),
        ("anagram", r"\text{blue}", r"\text{lueb}"),
        ("anagram", "x", None),
    ],
)
def test_near_misses(miss, gold, expected):
    assert MISS[miss](gold) == expected


# ---- the measurement -----------------------------------------------------------------------------------


def test_recall_and_false_acceptances_are_counted_for_each_scorer(tmp_path):
    task = task_of(tmp_path, "18", "3", "250", solution="So 9 * 2 = 18\n#### 18")
    found = selftest(task, scorers=["auto", "metamath_gsm8k", "lm_eval_gsm8k_strict"])
    assert found.samples == 3
    assert accepted(found, "metamath") == {"auto": 3, "metamath_gsm8k": 3, "lm_eval_gsm8k_strict": 0}
    assert accepted(found, "hashes") == {"auto": 3, "metamath_gsm8k": 0, "lm_eval_gsm8k_strict": 3}
    assert accepted(found, "reference_solution") == {
        "auto": 1,
        "metamath_gsm8k": 0,
        "lm_eval_gsm8k_strict": 1,
    }
    assert falsely(found, "not_rounded") == {"auto": 0, "metamath_gsm8k": 3, "lm_eval_gsm8k_strict": 0}
    assert falsely(found, "one_more") == {"auto": 0, "metamath_gsm8k": 0, "lm_eval_gsm8k_strict": 0}


def test_near_misses_are_shown_in_a_style_the_scorer_reads(tmp_path):
    found = selftest(task_of(tmp_path, "18", "3"), scorers=["lm_eval_gsm8k_strict", "metamath_gsm8k"])
    assert found.miss_styles == {"lm_eval_gsm8k_strict": "hashes", "metamath_gsm8k": "metamath"}


def accepts_everything(*, gold: str, text: str) -> object:
    from answer_normalizers import Verdict

    return Verdict(equivalent=True, stage="yes", reason="accepts everything")


def test_a_scorer_that_accepts_everything_is_found_out(tmp_path):
    name = "tests.scoring.test_selftest:accepts_everything"
    found = selftest(task_of(tmp_path, "18", r"2\sqrt{3}"), scorers=[name], failures=1)
    assert all(row.accepted[name] == row.tried for row in found.misses)
    assert {f.kind for f in found.false_accepted} == {row.miss for row in found.misses}
    assert not found.refused


def test_failures_are_shown_as_asked_for(tmp_path):
    task = task_of(tmp_path, *"123456")
    found = selftest(task, scorers=["metamath_gsm8k"], failures=2)
    assert sum(f.kind == "boxed" for f in found.refused) == 2
    assert selftest(task, scorers=["metamath_gsm8k"]).refused == ()


def test_a_sample_of_the_golds(tmp_path):
    task = task_of(tmp_path, *map(str, range(2, 60)))
    first = selftest(task, scorers=["auto"], limit=10, seed=1)
    assert first.samples == 10
    assert selftest(task, scorers=["auto"], limit=10, seed=1) == first


def test_the_audit_lists_golds_that_nobody_can_judge(tmp_path):
    task = task_of(tmp_path, "18", r"\frac{1}{{{))", r"\text{blue}")
    problems = {p.sample_id: p.problems for p in audit_golds(task, scorers=["auto", "metamath_gsm8k"])}
    assert "not read" in problems["1"][0]
    assert problems["2"] == ("metamath_gsm8k accepts it in no style",)
    assert "0" not in problems


def test_a_scorer_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'auto'"):
        selftest(task_of(tmp_path, "18"), scorers=["aut"])


# ---- command line --------------------------------------------------------------------------------------


def test_the_command_takes_the_scorers_of_the_tasks_recipes(capsys):
    assert run_command_line(["selftest", "--task", "demo", "--limit", "5"]) == 0
    shown = capsys.readouterr().out
    assert "right answers accepted, %" in shown
    assert "wrong answers accepted, number" in shown
    assert "auto" in shown


def test_the_command_as_json(tmp_path, capsys):
    task = task_of(tmp_path, "18", "19")
    argv = ["selftest", "--task", task.path, "--scorer", "auto", "--scorer", "number", "--json"]
    assert run_command_line(argv) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["style"]: row["accepted"] for row in found["styles"]}["bare"] == {"auto": 2, "number": 2}


def test_the_command_lists_golds_with_problems(tmp_path, capsys):
    task = task_of(tmp_path, "18", r"\frac{1}{{{))\x1b[2J")
    assert run_command_line(["selftest", "--task", task.path, "--golds"]) == 0
    shown = capsys.readouterr().out
    assert "1 golds with problems" in shown
    assert "\x1b" not in shown
    assert run_command_line(["selftest", "--task", "demo", "--golds"]) == 0
    assert "every gold is read and accepted" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--all", "--scorer", "auto"], ["--failures", "-1"], ["--limit", "0"]])
def test_options_that_cannot_be(argv, capsys):
    assert run_command_line(["selftest", "--task", "demo", *argv]) == 2


# ---- known ceilings, on real data ----------------------------------------------------------------------


def test_the_known_ceilings_on_gsm8k(shared):
    scorers = ["lm_eval_gsm8k_strict", "lm_eval_gsm8k_flexible", "metamath_gsm8k", "auto"]
    found = selftest(load_task("gsm8k"), scorers=scorers, data_file=shared / "data" / "gsm8k" / "test.jsonl")
    assert accepted(found, "metamath") == dict(zip(scorers, (0, 1319, 1319, 1319), strict=True))
    assert accepted(found, "money")["lm_eval_gsm8k_flexible"] == 0
    assert accepted(found, "money")["auto"] == 1319
    assert falsely(found, "not_rounded") == dict(zip(scorers, (0, 0, 1319, 0), strict=True))


def test_the_known_ceiling_of_lm_evals_hendrycks_math(shared):
    found = selftest(
        load_task("math"),
        scorers=["lm_eval_hendrycks_math"],
        data_file=shared / "data" / "math" / "test.jsonl",
    )
    (row,) = [row for row in found.styles if row.style == "reference_solution"]
    assert (row.tried, row.accepted["lm_eval_hendrycks_math"]) == (5000, 0)


def test_every_gold_of_math_is_accepted_and_no_near_miss(shared):
    found = selftest(
        load_task("math"),
        scorers=["auto"],
        data_file=shared / "data" / "math" / "test.jsonl",
        failures=5,
    )
    assert not found.false_accepted
    assert accepted(found, "metamath") == accepted(found, "boxed") == {"auto": 5000}
