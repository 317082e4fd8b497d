"""The engine on adjudicated pairs and on the reference answers of real benchmarks."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from answer_normalizers import check
from answer_normalizers.parsing.normalize import matching_brace
from answer_normalizers.parsing.reading import read


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "least", "false_positives"),
    [
        ("hard", 98.5, 2),
        ("hard_contested", 100.0, 0),
        ("math_real_answers", 99.0, 0),
        ("near_miss", 100.0, 0),
        ("reformatted", 99.9, 0),
    ],
)
def test_accuracy_on_adjudicated_pairs(shared, name, least, false_positives):
    rows = _rows(shared / "answer_pairs" / f"{name}.jsonl")
    verdicts = [check(gold=row["gold"], pred=row["pred"]).equivalent is True for row in rows]
    right = sum(verdict == row["equivalent"] for verdict, row in zip(verdicts, rows, strict=True))
    assert 100 * right / len(rows) >= least
    assert sum(v and not row["equivalent"] for v, row in zip(verdicts, rows, strict=True)) <= false_positives


def test_every_contested_pair_is_decided(shared):
    for row in _rows(shared / "answer_pairs" / "hard_contested.jsonl"):
        assert check(gold=row["gold"], pred=row["pred"]).equivalent is not None, row


def test_adversarial_pairs_are_never_accepted_wrongly(shared):
    for row in _rows(shared / "answer_pairs" / "adversarial.jsonl"):
        verdict = check(gold=row["gold"], pred=row["pred"])
        assert verdict.equivalent in (row["equivalent"], None), row["id"]


def test_code_in_an_answer_is_not_executed(shared, tmp_path):
    marker = tmp_path / "executed"
    for row in _rows(shared / "answer_pairs" / "code_injection.jsonl"):
        answer = row["pred"].replace("{marker}", str(marker))
        assert check(gold=row["gold"], pred=answer).equivalent is not True
        assert check(gold=answer, pred=row["gold"]).equivalent is not True
    assert not marker.exists()


def _last_box(solution: str) -> str:
    start = solution.rfind("\\boxed")
    brace = re.compile(r"\s*\{").match(solution, start + 6)
    if not brace:
        return solution[start + 6 :].lstrip()[:1]
    return solution[brace.end() : matching_brace(solution, brace.end() - 1)]


def test_the_reference_answers_of_math_are_read_and_equal_themselves(shared):
    golds = [_last_box(row["solution"]) for row in _rows(shared / "data" / "math" / "test.jsonl")]
    assert len(golds) == 5000
    unread = [gold for gold in golds if read(gold).value is None]
    assert len(unread) <= 5, unread
    for gold in golds:
        assert check(gold=gold, pred=f" {gold} ").equivalent is True, gold
        assert check(gold=gold, pred=rf"\boxed{{{gold}}}").equivalent is True, gold


def test_words_are_words_and_mathematics_is_mathematics_in_math(shared):
    golds = {_last_box(row["solution"]) for row in _rows(shared / "data" / "math" / "test.jsonl")}
    kinds = Counter()
    for gold in golds:
        kind = type(read(gold).value).__name__
        kinds[kind] += 1
        if kind == "Text":
            assert gold.startswith(("\\text", "\\mbox")), gold
    assert kinds["Text"] < 40


@pytest.mark.parametrize(
    ("file", "field", "least"),
    [
        ("olympiadbench", "final_answer", 0.99),
        ("college_math", "answer", 0.89),
        ("asdiv", "answer", 0.99),
        ("svamp", "Answer", 1.0),
        ("mawps", "target", 1.0),
        ("aime24", "answer", 1.0),
        ("amc23", "answer", 1.0),
    ],
)
def test_the_reference_answers_of_other_benchmarks_are_read(shared, file, field, least):
    golds: list[str] = []
    for row in _rows(shared / "data" / file / "test.jsonl"):
        value = row[field]
        golds.extend(map(str, value) if isinstance(value, list) else [str(value)])
    readings = [read(gold) for gold in golds]
    assert sum(reading.value is not None for reading in readings) >= least * len(golds)
    for gold in golds:
        assert (
            check(gold=gold, pred=f"${gold}$" if "$" not in gold else f" {gold} ").equivalent is not False
        ), gold
