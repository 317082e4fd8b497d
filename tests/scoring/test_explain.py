"""Explaining one completion: where its answer stands, how it was read, what every scorer says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from answer_normalizers.parsing.reading import read
from answer_normalizers.tree.show import MAX_NODES, tree
from mathevalkit.cli.app import run_command_line
from mathevalkit.errors import UsageError
from mathevalkit.scoring.explain import Explanation, explain
from tests.scoring.test_rescore import Run, write_lines


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def explained(tmp_path: Path, text: str, gold: str, *scorers: str) -> Explanation:
    file = write_lines(tmp_path / "one.jsonl", {"id": "a", "text": text, "gold": gold})
    return explain(file, "a", scorers=scorers)


def test_the_answer_stands_where_the_span_says(run):
    found = explain(run.path, "7")
    (opinion,) = found.opinions
    assert (opinion.scorer, opinion.outcome, opinion.answer) == ("auto", "correct", "14")
    assert opinion.span is not None
    assert found.text[slice(*opinion.span)] == "14"
    assert (opinion.rule, opinion.explicit) == ("the_answer_is", True)
    assert (found.question, found.gold, found.finish_reason) == ("7+7?", "14", "stop")


def test_every_scorer_asked_for_has_its_say(run):
    found = explain(run.path, "1", scorers=["auto", "metamath_gsm8k", "lm_eval_gsm8k_strict"])
    assert [(o.scorer, o.outcome) for o in found.opinions] == [
        ("auto", "wrong"),
        ("metamath_gsm8k", "correct"),
        ("lm_eval_gsm8k_strict", "no_answer"),
    ]


def test_both_trees_are_shown_and_equal_answers_once(tmp_path):
    found = explained(tmp_path, r"The answer is $\frac{2}{4}x$.", "x/2", "auto", "the_answer_is")
    gold, pred = found.readings
    assert (gold.by, gold.answer) == (("gold",), "x/2")
    assert pred.by == ("auto", "the_answer_is")
    assert gold.tree.splitlines() == ["/", "  x", "  2"]
    assert pred.verdict.startswith("equivalent")


def test_a_rejection_shows_its_witness(tmp_path):
    found = explained(tmp_path, r"The answer is $\boxed{x^2+1}$.", "x^2+2")
    assert found.opinions[0].outcome == "wrong"
    assert found.opinions[0].witness


def test_an_answer_that_cannot_be_read_says_why(tmp_path):
    found = explained(tmp_path, r"$\boxed{\frac{1}{2}{{{))}$", "1/2")
    unread = [r for r in found.readings if not r.tree]
    assert unread
    assert unread[0].problem


def test_a_completion_that_is_not_there(run):
    with pytest.raises(UsageError, match="no sample '70'; did you mean '7'"):
        explain(run.path, "70")
    with pytest.raises(UsageError, match="sample '7' has 1 completions, and none with k=3"):
        explain(run.path, "7", k=3)
    with pytest.raises(UsageError, match="did you mean 'auto'"):
        explain(run.path, "7", scorers=["autos"])


def test_a_long_tree_is_cut():
    value = read("+".join(f"x_{{{i}}}^2" for i in range(200))).value
    assert value is not None
    lines = tree(value).splitlines()
    assert len(lines) == MAX_NODES + 1
    assert lines[-1] == "…"


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "matrix, 2 × 2"),
        (r"\{1, 2\}", "set"),
        ("[1, 2)", "interval or point [ )"),
        ("x < 3", "relation <"),
        ("3:30 pm", "time 3:30 pm"),
        ("1011_2", "digits 1011 in base 2"),
        ("blue", "words: blue"),
        (r"[1,2] \cup [3,4]", "union"),
        ("5 cm", "quantity in cm"),
    ],
)
def test_each_type_is_named(answer, first):
    value = read(answer).value
    assert value is not None
    assert tree(value).splitlines()[0] == first


def test_the_command_shows_context_and_trees(run, capsys):
    assert run_command_line(["explain", str(run.path), "7"]) == 0
    shown = capsys.readouterr().out
    assert "The answer is: ⟦14⟧" in shown
    assert "rule the_answer_is, characters 15 to 17" in shown
    assert "the gold, as the engine reads it" in shown


def test_the_command_as_json(run, capsys):
    assert run_command_line(["explain", str(run.path), "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["opinions"][0]["outcome"] == "correct"


def test_a_hostile_text_acts_on_no_terminal(tmp_path, capsys):
    hostile = "\x1b[2J\x1b]0;owned\x07\u202e[bold red]x[/]"
    file = write_lines(
        tmp_path / "f.jsonl",
        {"id": "a", "text": f"{hostile} The answer is {hostile}", "gold": hostile},
        {"id": "b", "text": f"{hostile} \\boxed{{5{hostile}}} {hostile}", "gold": "5"},
    )
    for sample in ("a", "b"):
        assert run_command_line(["explain", str(file), sample, "--whole"]) == 0
        shown = capsys.readouterr().out
        assert not set(shown) & set("\x1b\x07\u202e")
        assert "[bold red]x[/]" in shown
