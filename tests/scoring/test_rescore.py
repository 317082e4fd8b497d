"""Rescoring saved generations: runs, lm-evaluation-harness's samples, any JSON Lines."""

from __future__ import annotations

import csv
import fcntl
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import mathevalkit
from mathevalkit import rescore
from mathevalkit.cli.app import run_command_line
from mathevalkit.errors import DataError, RunDirectoryError, RunLockedError, UsageError
from mathevalkit.runs import foreign as generation_files
from mathevalkit.runs.foreign import Fields, gold_of
from mathevalkit.runs.journal import GENERATIONS, RESULTS, read_lines, verdicts_name
from mathevalkit.runs.reader import load_run
from mathevalkit.runs.results import Results
from mathevalkit.scoring.disagreements import cause_of
from mathevalkit.scoring.judge import Judge
from mathevalkit.scoring.rescore import PairCount, Rescored, ScorerRow
from mathevalkit.scoring.tally import Tally
from mathevalkit.types import OUTCOMES, Completion, Generation
from tests.factories import completion

TASK = """\
title: Sums
file: rows.jsonl
rows: {id: "{{ id }}", question: "{{ question }}", gold: "{{ gold }}", subject: "{{ subject }}"}
recipes:
  plain: {kind: completion, template: "Q: {{ question }}", max_tokens: 64}
defaults: {base: plain, chat: plain, metamath: plain}
"""


def write_lines(path: Path, *records: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


class Run:
    """A run of twelve sums: 0 to 3 are 0.4 too large, 4 and 5 cut off, the others right."""

    def __init__(self, folder: Path) -> None:
        self.rows = write_lines(
            folder / "rows.jsonl",
            *(
                {"id": str(i), "question": f"{i}+{i}?", "gold": str(2 * i), "subject": ("odd", "even")[i % 2]}
                for i in range(12)
            ),
        )
        self.task = folder / "sums.yaml"
        self.task.write_text(TASK)
        recorded = write_lines(folder / "recorded.jsonl", *(self.record(i) for i in range(12)))
        self.results = mathevalkit.evaluate(
            model=str(recorded),
            task=str(self.task),
            backend="replay",
            output_dir=str(folder / "runs"),
            preflight=False,
        )
        self.path = Path(self.results.run_dir)

    @staticmethod
    def record(i: int) -> dict[str, Any]:
        text = f"Twice {i} is {2 * i}" if i in (4, 5) else f"The answer is: {2 * i}{'.4' if i < 4 else ''}"
        return {
            "sample_id": str(i),
            "k": 0,
            "text": text,
            "finish_reason": "length" if i in (4, 5) else "stop",
        }

    def verdicts(self, scorer: str) -> list[dict[str, Any]]:
        return [record for _, record in read_lines(self.path / verdicts_name(scorer), kind="verdicts")]

    def append(self, *completions: Completion) -> None:
        with (self.path / GENERATIONS).open("ab") as file:
            file.writelines(orjson.dumps(one) + b"\n" for one in completions)

    def stored(self) -> Results:
        _, results = load_run(self.path)
        assert results is not None
        return results


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def row(found: Rescored, scorer: str) -> ScorerRow:
    (one,) = [row for row in found.rows if row.scorer == scorer]
    return one


def pair(found: Rescored, accepting: str, other: str) -> PairCount | None:
    return next((p for p in found.pairs if (p.accepting, p.other) == (accepting, other)), None)


# ---- runs ----------------------------------------------------------------------------------------------


def test_rescoring_a_run_with_its_own_scorer_finds_what_the_run_found(run):
    found = rescore(run.path)
    assert row(found, "auto").outcomes == run.results.overall.outcomes
    assert row(found, "auto").accuracy == run.results.accuracy


def test_a_run_gets_the_verdict_file_of_each_scorer(run):
    rescore(run.path, scorers=["metamath_gsm8k", "auto"])
    outcomes = {v["sample_id"]: v["outcome"] for v in run.verdicts("metamath_gsm8k")}
    assert len(outcomes) == 12
    assert outcomes["1"] == "correct"  # 2.4 is rounded to 2
    assert {v["outcome"] for v in run.verdicts("auto") if v["sample_id"] == "1"} == {"wrong"}


def test_the_generations_are_only_read(run):
    before = (run.path / GENERATIONS).read_bytes()
    rescore(run.path, scorers="all", write_results=True)
    assert (run.path / GENERATIONS).read_bytes() == before


def test_results_are_written_only_when_asked_for(run):
    before = run.stored()
    found = rescore(run.path, scorers=["metamath_gsm8k", "auto"])
    assert run.stored() == before
    assert row(found, "auto").recorded == before.accuracy.value
    assert row(found, "metamath_gsm8k").recorded is None

    rescore(run.path, scorers=["metamath_gsm8k", "auto"], write_results=True)
    after = run.stored()
    assert after.scorer == "metamath_gsm8k"
    assert after.accuracy.value == pytest.approx(10 / 12)
    assert {group.name: group.outcomes["correct"] for group in after.by_subject} == {"even": 5, "odd": 5}
    assert after.other_scorers["auto"] == before.accuracy
    assert (after.run_id, after.seconds, after.sessions) == (before.run_id, before.seconds, before.sessions)


def test_no_write_leaves_the_folder_as_it_was(run):
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    rescore(run.path, scorers="all", write_verdicts=False)
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_the_first_text_of_a_completion_counts_and_a_failure_only_where_there_is_none(run):
    run.append(
        completion("7", text="The answer is: 0"),  # again; the first one counts
        completion("12", finish_reason="error", text="", error="lost"),
    )
    with pytest.raises(RunDirectoryError, match=r"generations\.jsonl:15: sample '12' is not among the rows"):
        rescore(run.path)

    text = (run.path / GENERATIONS).read_text().splitlines(keepends=True)
    failed = completion("3", finish_reason="error", text="", error="lost")
    never = [line for line in text if json.loads(line).get("sample_id") not in ("8", "12")]
    (run.path / GENERATIONS).write_text("".join(never))
    run.append(failed, completion("8", finish_reason="error", text="", error="lost"))
    found = rescore(run.path)
    assert row(found, "auto").completions == 12
    assert row(found, "auto").outcomes["backend_error"] == 1  # 8; 3 has a text
    assert [v["outcome"] for v in run.verdicts("auto") if v["sample_id"] in ("7", "8")] == [
        "correct",
        "backend_error",
    ]


def test_results_of_an_unfinished_run_are_not_written(run):
    (run.path / RESULTS).unlink()
    with pytest.raises(RunDirectoryError, match="not whole yet"):
        rescore(run.path, write_results=True)
    assert row(rescore(run.path), "auto").completions == 12


def test_a_run_that_is_being_written_is_left_alone(run):
    with (run.path / GENERATIONS).open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(RunLockedError, match="`write_verdicts=False`"):
            rescore(run.path)
        assert row(rescore(run.path, write_verdicts=False), "auto").completions == 12


def test_rows_that_are_not_those_of_the_run_are_refused(run):
    rows = [json.loads(line) for line in run.rows.read_text().splitlines()]
    write_lines(run.rows, *({**r, "gold": "1"} for r in rows))
    assert row(rescore(run.path), "auto").completions == 12  # the run holds its own rows
    with pytest.raises(DataError, match="`data_file`"):
        rescore(run.path, data_file=run.rows)
    right = write_lines(run.rows.with_name("right.jsonl"), *rows)
    assert row(rescore(run.path, data_file=right), "auto").completions == 12


def test_a_folder_stands_for_the_runs_below_it(run):
    found = rescore(run.path.parent.parent)
    assert [r.path for r in found.rows] == [str(run.path)]


def test_a_scorer_that_fails_on_a_text_leaves_it_undecided_and_the_old_files_stand_until_all_is_judged(run):
    before = run.verdicts("auto")
    with pytest.raises(UsageError, match="did you mean 'auto'"):
        rescore(run.path, scorers=["auto", "autos"])
    assert run.verdicts("auto") == before
    found = rescore(run.path, scorers=["builtins:len"])
    assert row(found, "builtins:len").outcomes["undecided"] == 10


# ---- other files ---------------------------------------------------------------------------------------


def lm_eval_line(
    doc_id: int, text: str, *, filter_: str, target: str = "3 + 4 = 7\n#### 7"
) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"question": "?", "answer": target},
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": "Q: ?", "arg_1": {"until": ["Q:"]}}},
        "resps": [[text]],
        "filtered_resps": ["7"],
        "filter": filter_,
        "exact_match": 1.0,
        "doc_hash": "x",
    }


def test_lm_eval_samples_count_once_however_many_filters_wrote_them(tmp_path):
    texts = ["#### 7", "The answer is 7.", "#### 8"]
    file = write_lines(
        tmp_path / "samples_gsm8k_2026.jsonl",
        *(
            lm_eval_line(i, t, filter_=f)
            for f in ("strict-match", "flexible-extract")
            for i, t in enumerate(texts)
        ),
    )
    found = rescore(file, scorers=["auto", "lm_eval_gsm8k_strict"])
    assert [(r.scorer, r.completions, r.outcomes["correct"]) for r in found.rows] == [
        ("auto", 3, 2),
        ("lm_eval_gsm8k_strict", 3, 1),
    ]
    assert not found.rows[0].knows_truncation


def test_lm_eval_samples_are_found_in_their_folder(tmp_path):
    (tmp_path / "out" / "model").mkdir(parents=True)
    write_lines(tmp_path / "out" / "model" / "samples_a_1.jsonl", lm_eval_line(0, "#### 7", filter_="none"))
    write_lines(tmp_path / "out" / "model" / "results_1.json", {"results": {}})
    assert len(rescore(tmp_path / "out").rows) == 1


def test_multiple_choice_samples_are_refused(tmp_path):
    line = lm_eval_line(0, "-1.5", filter_="none")
    line["arguments"] = {"gen_args_0": {"arg_0": "Q: ?", "arg_1": " A"}}
    with pytest.raises(UsageError, match="by likelihood"):
        rescore(write_lines(tmp_path / "samples_x.jsonl", line))


def test_usual_field_names_need_not_be_given(tmp_path):
    file = write_lines(
        tmp_path / "mine.jsonl",
        {"id": "a", "response": "The answer is 5", "gold": 5, "finish_reason": "stop"},
        {"id": "b", "response": "so 5", "gold": "5", "finish_reason": "max_tokens"},
        {"id": "c", "response": None, "gold": "5", "finish_reason": "error"},
    )
    outcomes = row(rescore(file), "auto").outcomes
    assert (outcomes["correct"], outcomes["truncated"], outcomes["backend_error"]) == (1, 1, 1)


def test_fields_are_named_by_paths_and_a_list_is_several_completions(tmp_path):
    file = write_lines(
        tmp_path / "mine.jsonl",
        *({"a.b": "x", "out": {"texts": ["= 5", "= 6"]}, "doc": {"answer": "5"}} for _ in range(2)),
    )
    found = rescore(file, fields=Fields(text="out.texts", gold="doc.answer"))
    assert (row(found, "auto").samples, row(found, "auto").completions) == (2, 4)
    assert row(found, "auto").outcomes["correct"] == 2
    assert row(rescore(file, fields=Fields(text="a.b", gold="doc.answer")), "auto").completions == 2


def test_a_field_that_could_be_several_is_asked_for(tmp_path):
    file = write_lines(tmp_path / "mine.jsonl", {"text": "5", "gold": "5", "answer": "5"})
    with pytest.raises(UsageError, match=r"gold, answer; name it with `fields\.gold`"):
        rescore(file)
    with pytest.raises(UsageError, match=r"`fields\.text`"):
        rescore(write_lines(tmp_path / "other.jsonl", {"words": "5", "gold": "5"}))
    with pytest.raises(DataError, match="no field 'golden'; the record has text, gold, answer"):
        rescore(file, fields=Fields(gold="golden"))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b'{"text": "5"}', r"mine\.jsonl:3: no field 'gold'"),
        (b"{", r"mine\.jsonl:3: not JSON"),
        (b"[1]", r"mine\.jsonl:3: expected a JSON object"),
        (b'{"text": {}, "gold": "5"}', r"mine\.jsonl:3: text: expected text"),
    ],
)
def test_a_bad_line_is_named(tmp_path, bad, message):
    file = write_lines(tmp_path / "mine.jsonl", *({"text": "5", "gold": "5"} for _ in range(2)))
    file.write_bytes(file.read_bytes() + bad + b"\n")
    with pytest.raises(DataError, match=message):
        rescore(file)


def test_what_is_no_file_of_generations_is_said(tmp_path):
    for name, message in (("absent", "no such file"), (".", "neither a run directory nor")):
        with pytest.raises(UsageError, match=message):
            rescore(tmp_path / name)
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match="empty"):
        rescore(tmp_path / "empty.jsonl")


def test_a_gold_may_be_a_whole_solution():
    assert gold_of("so 3 + 4 = <<3+4=7>>7\n#### 7") == "7"
    assert gold_of(r"Thus $x = \boxed{\frac{1}{2}}$.") == r"\frac{1}{2}"
    assert gold_of("3 + 4 = 7\nA: 7") == "7"
    assert gold_of(" (1, 2] ") == "(1, 2]"


# ---- streaming -----------------------------------------------------------------------------------------


def many(path: Path, n: int, *, samples: int) -> Path:
    rng = random.Random(0)
    lines = (
        {
            "id": f"s{i % samples}",
            "text": f"The answer is: {rng.choice(['7', '7.4', '8'])}" + " ." * rng.randrange(20),
            "gold": "7",
            "finish_reason": rng.choice(["stop", "stop", "stop", "length", "error"]),
        }
        for i in range(n)
    )
    write_lines(path, *lines)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # others leave the last line without an end
    return path


SCORERS = ("auto", "metamath_gsm8k", "number")


def test_counts_do_not_depend_on_blocks_or_processes(tmp_path, monkeypatch):
    file = many(tmp_path / "many.jsonl", 2_000, samples=300)
    whole = rescore(file, scorers=SCORERS, disagreements=7)
    assert whole.rows[0].completions == 2_000
    assert rescore(file, scorers=SCORERS, disagreements=7, jobs=2) == whole
    monkeypatch.setattr(generation_files, "BLOCK_BYTES", 333)
    small = rescore(file, scorers=SCORERS, disagreements=7)
    assert (small.rows, small.pairs) == (whole.rows, whole.pairs)


@pytest.mark.parametrize("samples", [300, 2_000])
def test_accuracy_is_that_of_a_run(tmp_path, samples):
    file = many(tmp_path / "many.jsonl", 2_000, samples=samples)
    tally = Tally()
    judge = Judge(["metamath_gsm8k"])
    for line in file.read_bytes().splitlines():
        record = orjson.loads(line)
        reason = record["finish_reason"]
        one = completion(record["id"], text=record["text"], finish_reason=reason)
        tally.add(record["id"], judge.judge(Generation(one, record["gold"]))[0].outcome)
    found = row(rescore(file, scorers=["metamath_gsm8k"]), "metamath_gsm8k")
    assert found.outcomes == tally.outcomes
    assert found.accuracy == tally.accuracy()


def test_a_line_longer_than_a_block_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(generation_files, "BLOCK_BYTES", 64)
    file = write_lines(
        tmp_path / "long.jsonl",
        *({"text": "x " * 500 + f"The answer is {i}.", "gold": str(i)} for i in range(5)),
    )
    assert row(rescore(file), "auto").outcomes["correct"] == 5


def test_a_published_scorer_takes_its_reference_from_the_solution_as_the_original_does(tmp_path):
    solution = "Either $\\boxed{2}$ or $\\boxed{3}$."
    file = write_lines(tmp_path / "two.jsonl", {"text": "The answer is: 3", "gold": solution})
    assert gold_of(solution) != "3"
    assert row(rescore(file, scorers=["metamath_math"]), "metamath_math").outcomes["correct"] == 1


# ---- disagreements -------------------------------------------------------------------------------------


def cause(text: str, gold: str, accepting: str, other: str, **changes: Any) -> str:
    one = replace(completion("0", text=text), **changes)
    first, second = Judge([accepting, other]).judge(Generation(one, gold))
    assert (first.outcome == "correct") > (second.outcome == "correct"), (first, second)
    return cause_of(first, second, gold=gold)


@pytest.mark.parametrize(
    ("expected", "text", "gold", "accepting", "other"),
    [
        ("rounding", "The answer is: 17.6", "18", "metamath_gsm8k", "auto"),
        ("extraction", "#### 18", "18", "auto", "metamath_gsm8k"),
        ("extraction", "18 is right. The answer is: 18. Check: 9 * 2 = 81", "18", "auto", "number"),
        ("normalisation", r"The answer is: $\frac{1}{2}$.", "0.5", "auto", "metamath_math"),
        ("normalisation", "The answer is: $18.00", "18", "auto", "lm_eval_gsm8k_flexible"),
    ],
)
def test_the_cause_of_a_disagreement(expected, text, gold, accepting, other):
    assert cause(text, gold, accepting, other) == expected


def test_a_text_cut_off_before_its_answer_is_truncation():
    # A scorer that says nothing of where it read the answer is taken at its word.
    assert (
        cause("9 * 2 = 18", "18", "tests.scoring.test_rescore:blind", "auto", finish_reason="length")
        == "truncation"
    )


def blind(*, gold: str, text: str) -> Any:
    from answer_normalizers import Verdict

    return Verdict(equivalent=gold in text, stage="blind", reason="looked for the gold in the text")


def test_pairs_are_counted_by_cause_and_examples_show_every_kind(run):
    found = rescore(run.path, scorers=["auto", "metamath_gsm8k"], disagreements=2)
    counted = pair(found, "metamath_gsm8k", "auto")
    assert counted is not None
    assert (counted.count, dict(counted.causes)) == (4, {"rounding": 4})
    assert pair(found, "auto", "metamath_gsm8k") is None
    assert [d.sample_id for d in found.disagreements] == ["0", "1"]
    assert [o.answer for o in found.disagreements[1].opinions] == ["2.4", "2.4"]
    assert rescore(run.path, scorers=["auto", "metamath_gsm8k"]).disagreements == ()


def test_examples_are_of_as_many_kinds_as_there_are(tmp_path):
    lines = [{"id": i, "text": "The answer is: 7.4", "gold": "7"} for i in range(50)]
    file = write_lines(tmp_path / "f.jsonl", *lines, {"id": "x", "text": "#### 7", "gold": "7"})
    found = rescore(file, scorers=["auto", "metamath_gsm8k"], disagreements=2)
    assert {d.causes[0][2] for d in found.disagreements} == {"rounding", "extraction"}


HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]=cmd|' /C calc'!A0"


def test_all_disagreements_go_to_a_file(run, tmp_path, capsys):
    for suffix in ("csv", "jsonl"):
        out = tmp_path / f"out.{suffix}"
        argv = ["rescore", str(run.path), "--scorer", "auto", "--scorer", "metamath_gsm8k"]
        assert run_command_line([*argv, "--out", str(out), "--disagreements", "0"]) == 0
        rows = (
            list(csv.DictReader(out.read_text().splitlines()))
            if suffix == "csv"
            else [json.loads(line) for line in out.read_text().splitlines()]
        )
        assert [r["sample_id"] for r in rows] == ["0", "1", "2", "3"]
        assert {(r["cause"], r["accepting_scorer"], r["other_scorer"]) for r in rows} == {
            ("rounding", "metamath_gsm8k", "auto")
        }
        assert rows[1]["accepted_answer"] == "2.4"
    assert run_command_line(["rescore", str(run.path), "--out", str(tmp_path / "out.txt")]) == 2
    assert ".csv or .jsonl" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.glob("*out*")) == ["out.csv", "out.jsonl"]


def test_hostile_answers_act_on_no_terminal_and_no_spreadsheet(tmp_path, capsys):
    file = write_lines(
        tmp_path / "f.jsonl",
        {"id": HOSTILE, "text": f"The answer is: =1+1{HOSTILE}", "gold": HOSTILE},
        {"id": "1", "text": "The answer is: =1+1", "gold": "2"},
    )
    out = tmp_path / "out.csv"
    argv = [
        "rescore",
        str(file),
        "--scorer",
        "tests.scoring.test_rescore:everything",
        "--scorer",
        "whole_text",
    ]
    assert run_command_line(argv) == 2
    capsys.readouterr()
    argv = ["rescore", str(file), "--out", str(out)]
    for scorer in ("tests.scoring.test_rescore:everything", "tests.scoring.test_rescore:nothing"):
        argv += ["--scorer", scorer]
    assert run_command_line(argv) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    cells = [cell for r in csv.reader(out.read_text().splitlines()) for cell in r]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]


def everything(*, gold: str, text: str) -> Any:
    from answer_normalizers import Extraction, Verdict

    answer = text.removeprefix("The answer is: ")
    return Verdict(True, "t", f"accepted {answer}", extraction=Extraction(answer, 15, len(text), "t", True))


def nothing(*, gold: str, text: str) -> Any:
    return replace(everything(gold=gold, text=text), equivalent=False)


# ---- command line --------------------------------------------------------------------------------------


def test_the_command_prints_scorers_side_by_side(run, capsys):
    assert run_command_line(["rescore", str(run.path), "--scorer", "auto", "--scorer", "metamath_gsm8k"]) == 0
    shown = capsys.readouterr().out
    assert "auto" in shown
    assert "50.0 %" in shown
    assert "metamath_gsm8k" in shown
    assert "83.3 %" in shown
    assert "rounding" in shown
    assert verdicts_name("metamath_gsm8k") in shown


def test_the_command_says_where_results_differ_from_those_on_disk(run, capsys):
    stored = json.loads((run.path / RESULTS).read_text())
    stored["overall"]["accuracy"]["value"] = 0.25
    (run.path / RESULTS).write_text(json.dumps(stored))
    assert run_command_line(["rescore", str(run.path)]) == 0
    assert "results.json says 25.00 %, now 50.00 %" in capsys.readouterr().out


def test_the_command_says_who_may_settle_what_is_undecided(tmp_path, capsys):
    series = r"\sum_{k=1}^\infty \frac{1}{k^2}"
    lines = {"id": 1, "text": r"$\boxed{\frac{\pi^2}{6}}$", "gold": series}
    file = write_lines(tmp_path / "f.jsonl", lines)
    assert run_command_line(["rescore", str(file)]) == 0
    assert "auto: 1 undecided; --scorer symbolic" in capsys.readouterr().out
    assert run_command_line(["rescore", str(file), "--scorer", "auto", "--scorer", "symbolic"]) == 0
    shown = capsys.readouterr().out
    assert "100.0 %" in shown
    assert "undecided; --scorer" not in shown


def test_the_command_as_json(run, capsys):
    assert run_command_line(["rescore", str(run.path), "--all", "--json", "--no-write"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {r["scorer"] for r in found["rows"]} >= {"auto", "metamath_gsm8k", "prm800k"}
    assert all(sum(r["outcomes"][o] for o in OUTCOMES) == 12 for r in found["rows"])
    assert found["written"] == []


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--scorer", "auto", "--all"], "--scorer names some"),
        (["--no-write", "--write-results"], "--no-write writes nothing"),
        (["--jobs", "0"], "--jobs 0"),
        (["--disagreements", "-1"], "--disagreements -1"),
    ],
)
def test_options_that_cannot_go_together(run, capsys, argv, message):
    assert run_command_line(["rescore", str(run.path), *argv]) == 2
    assert message in capsys.readouterr().err


# ---- real files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
)
def test_real_gsm8k_solutions_are_judged_as_their_authors_judged_them(shared, model):
    file = shared / "data" / "generations" / "gsm8k_openai_6b_175b.jsonl"
    found = rescore(file, fields=Fields(text=f"{model}.solution", gold="ground_truth"))
    right = sum(json.loads(line)[model]["is_correct"] for line in file.read_text().splitlines())
    assert row(found, "auto").outcomes["correct"] == right


def test_real_math_responses_come_eight_a_sample(shared):
    file = shared / "data" / "generations" / "math_100x8_qwen.jsonl"
    found = rescore(file, fields=Fields(text="code", gold="gt"), scorers=["auto", "prm800k"])
    assert (row(found, "auto").samples, row(found, "auto").completions) == (100, 800)
