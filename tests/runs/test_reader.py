"""A run read back: which completions count, what is refused and where, what became of each sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathevalkit
from mathevalkit.errors import BundleError, ComparisonError, DataError, RunDirectoryError
from mathevalkit.runs.journal import GENERATIONS, READ_BLOCK, RESULTS, Journal, read_lines, verdicts_name
from mathevalkit.runs.reader import (
    ScoredRun,
    common_scorer,
    deciding_scorer,
    known_scorers,
    load_manifest,
    load_run,
    load_samples,
    read_completions,
    read_outcomes,
    read_run,
    read_verdicts,
    run_samples,
    samples_if_readable,
    score_of,
    task_of,
    verdict_file,
    what_counts,
)
from mathevalkit.runs.reader import damage as damage_of
from mathevalkit.tasks.rows import fingerprint
from mathevalkit.types import OUTCOMES, Outcome, RunManifest, RunOptions
from tests.factories import completion, manifest
from tests.run_folders import problems, write_run, write_task

# ---- which completions count -------------------------------------------------------------------------

ATTEMPTS = st.lists(
    st.tuples(st.tuples(st.sampled_from("abc"), st.integers(0, 1)), st.booleans()), max_size=30
)


@given(ATTEMPTS)
def test_of_a_completion_that_stands_twice_the_first_text_counts_a_failure_only_where_no_text_came(
    attempts: list[tuple[tuple[str, int], bool]],
) -> None:
    found = list(what_counts((key, failed, (key, place)) for place, (key, failed) in enumerate(attempts)))
    for key in {key for key, _ in attempts}:
        texts = [place for place, (k, failed) in enumerate(attempts) if k == key and not failed]
        failures = [place for place, (k, failed) in enumerate(attempts) if k == key and failed]
        assert [place for k, place in found if k == key] == (texts or failures)[:1]


@given(ATTEMPTS)
def test_texts_come_in_their_order_and_failures_at_the_end(
    attempts: list[tuple[tuple[str, int], bool]],
) -> None:
    found = list(what_counts((key, failed, (failed, place)) for place, (key, failed) in enumerate(attempts)))
    assert found == sorted(found)


@given(ATTEMPTS)
def test_which_completions_have_a_text_is_noted_on_the_way(
    attempts: list[tuple[tuple[str, int], bool]],
) -> None:
    noted = {("of another run", 0)}
    found = list(what_counts(((key, failed, key) for key, failed in attempts), texts=noted))
    assert noted - {("of another run", 0)} == {key for key, failed in attempts if not failed}
    assert set(found) == {key for key, _ in attempts}


def test_a_text_comes_before_the_next_line_is_read() -> None:
    """A run of a million completions is never held in memory."""

    def lines() -> Iterable[tuple[tuple[str, int], bool, str]]:
        yield ("17", 0), False, "first"
        raise AssertionError("read too far")

    assert next(what_counts(lines())) == "first"


TWICE: tuple[tuple[str, Outcome], ...] = (
    ("0", "backend_error"),
    ("0", "correct"),
    ("0", "wrong"),
    ("1", "wrong"),
    ("1", "backend_error"),
    ("2", "backend_error"),
    ("2", "backend_error"),
)


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """A run whose files hold three samples seven times."""
    samples = problems(3)
    task = write_task(tmp_path / "tasks", samples)
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=samples, task_path=task)
    _, first = next(read_lines(run / verdicts_name("auto"), kind="verdicts"))
    lines = [{**first, "sample_id": i, "outcome": o, "reason": str(n)} for n, (i, o) in enumerate(TWICE)]
    rewrite(run / verdicts_name("auto"), lambda _: lines)
    texts = [
        completion(i, text=str(n), finish_reason="error" if o == "backend_error" else "stop")
        for n, (i, o) in enumerate(TWICE)
    ]
    rewrite(run / GENERATIONS, lambda _: texts)
    return run


def rewrite(file: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    header, *lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in [header, *change(lines)]))


def test_every_reader_of_a_run_counts_the_same_attempts(twice: Path) -> None:
    counted = {"0": "1", "1": "3", "2": "5"}  # by the place in TWICE
    assert {c.sample_id: c.text for c in read_completions(twice)} == counted
    assert {v.sample_id: v.reason for v in read_verdicts(twice, "auto")} == counted
    assert {i: lines[0][2] for i, lines in read_outcomes(twice, "auto").items()} == {
        "0": "correct", "1": "wrong", "2": "backend_error",
    }  # fmt: skip
    (shown,) = mathevalkit.report(twice).runs
    assert {i: (one.completion.text, one.verdict.reason) for i, (one,) in shown.lines.items()} == {
        i: (place, place) for i, place in counted.items()
    }
    (row,) = mathevalkit.rescore(twice, write_verdicts=False).rows
    assert (row.samples, row.completions, row.outcomes["backend_error"]) == (3, 3, 1)


def test_the_texts_of_a_run_are_noted_by_sample_and_number(twice: Path) -> None:
    noted: set[tuple[str, int]] = set()
    assert len(list(read_completions(twice, texts=noted))) == 3
    assert noted == {("0", 0), ("1", 0)}


def test_all_outcomes_of_a_name_are_one_string(twice: Path) -> None:
    outcomes = [lines[0][2] for lines in read_outcomes(twice, "auto").values()]
    outcomes += [verdict.outcome for verdict in read_verdicts(twice, "auto")]
    assert {id(outcome) for outcome in outcomes} <= {id(outcome) for outcome in OUTCOMES}


# ---- what is refused ---------------------------------------------------------------------------------


def damage(field: str, value: Any) -> Callable[[list[Any]], list[Any]]:
    """The second line with another value; without it where the value is Ellipsis."""

    def change(lines: list[Any]) -> list[Any]:
        lines[1][field] = value
        if value is ...:
            del lines[1][field]
        return lines

    return change


READERS: dict[str, Callable[[Path, Path], object]] = {
    "compare": lambda run, other: mathevalkit.compare(other, run),
    "gate": lambda run, other: mathevalkit.gate(other, run),
    "report": lambda run, _: mathevalkit.report(run),
    "export": lambda run, _: mathevalkit.export([run], format="lm-eval", out=run.parent / "out"),
    "verdicts": lambda run, _: list(read_verdicts(run, "auto")),
    "run": lambda run, _: read_run(run),
}


@pytest.mark.parametrize("reader", READERS)
def test_an_unknown_outcome_is_refused_with_its_place_whoever_reads(tmp_path: Path, reader: str) -> None:
    samples = problems(3)
    other, run = (
        write_run(tmp_path, dict.fromkeys("012", "correct"), samples=samples, model=model)
        for model in ("other", "run")
    )
    rewrite(run / verdicts_name("auto"), damage("outcome", "excellent"))
    with pytest.raises(RunDirectoryError, match=r"verdicts\.auto\.jsonl:3: unknown outcome 'excellent'"):
        READERS[reader](run, other)


def test_an_unknown_outcome_in_a_bundle_is_refused(tmp_path: Path) -> None:
    samples = problems(3)
    task = write_task(tmp_path / "tasks", samples)
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=samples, task_path=task)
    rewrite(run / verdicts_name("auto"), damage("outcome", "excellent"))
    mathevalkit.write_bundle(run, tmp_path / "run.tar.gz")
    with pytest.raises(BundleError, match=r"verdicts\.auto\.jsonl:3: unknown outcome 'excellent'"):
        mathevalkit.verify_bundle(tmp_path / "run.tar.gz")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("outcome", ..., "not a verdict: 'outcome' is missing"),
        ("outcome", ["correct"], "not a verdict: unhashable"),
        ("outcome", None, "unknown outcome None"),
        ("sample_id", ..., "not a verdict: 'sample_id' is missing"),
        ("sample_id", 1, "expected text as sample_id and a number as k"),
        ("k", "0", "expected text as sample_id and a number as k"),
        ("k", [0], "expected text as sample_id and a number as k"),
        ("k", True, "expected text as sample_id and a number as k"),
        ("answer", ..., "not a verdict: .*'answer'"),
        ("span", [1], "not a verdict: "),
        ("span", "no", "not a verdict: "),
        ("more", 1, "not a verdict: .*'more'"),
    ],
)
def test_what_is_no_verdict_is_refused_with_its_place(
    tmp_path: Path, field: str, value: Any, said: str
) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    rewrite(run / verdicts_name("auto"), damage(field, value))
    with pytest.raises(RunDirectoryError, match=rf"verdicts\.auto\.jsonl:3: {said}|: {said}"):
        list(read_verdicts(run, "auto"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("text", ..., "not a completion: .*'text'"),
        ("finish_reason", ..., "not a completion: 'finish_reason' is missing"),
        ("sample_id", None, "not a completion: expected text as sample_id"),
        ("k", 0.0, "not a completion: expected text as sample_id and a number as k"),
        ("more", 1, "not a completion: .*'more'"),
    ],
)
def test_what_is_no_completion_is_refused_with_its_place(
    tmp_path: Path, field: str, value: Any, said: str
) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    rewrite(run / GENERATIONS, damage(field, value))
    with pytest.raises(RunDirectoryError, match=rf"generations\.jsonl:3: {said}"):
        list(read_completions(run))


def test_a_line_that_is_no_object_is_refused_with_its_place(tmp_path: Path) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    rewrite(run / GENERATIONS, lambda lines: [lines[0], [1, 2]])
    with pytest.raises(RunDirectoryError, match=r"generations\.jsonl:3: not a completion"):
        list(read_completions(run))


def test_a_sample_that_is_not_the_runs_is_refused_where_the_samples_are_known(tmp_path: Path) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    assert len(list(read_completions(run, among="012"))) == 3
    with pytest.raises(RunDirectoryError, match=r"generations\.jsonl:4: sample '2' is not among the rows"):
        list(read_completions(run, among="01"))


# ---- lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("torn", [b"", b'{"sample_id', b"x" * (2 * READ_BLOCK)])
def test_lines_are_numbered_alike_however_long_they_are(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "x.jsonl"
    records = [{"n": n, "text": "x" * (n * n * 7 % (3 * READ_BLOCK))} for n in range(2, 200)]
    header = {"file": "x", "schema_version": 1}
    file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in [header, *records]) + torn)
    assert [(number, record["n"]) for number, record in read_lines(file, kind="x")] == [
        (n, n) for n in range(2, 200)
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "x.jsonl:150: not JSON"),
        (b"{", "x.jsonl:150: not JSON"),
        (b'{"n":1},{"n":2}', "x.jsonl:150: not JSON"),
        (b'{"n":1},', "x.jsonl:150: not JSON"),
    ],
)
def test_a_damaged_line_is_told_with_its_number_and_those_before_it_are_read(
    tmp_path: Path, line: bytes, said: str
) -> None:
    file = tmp_path / "x.jsonl"
    lines = [orjson.dumps({"n": n, "text": "x" * 1000}) for n in range(2, 200)]
    lines[148] = line
    file.write_bytes(b"\n".join([b'{"file":"x","schema_version":1}', *lines, b""]))
    found = []
    with pytest.raises(RunDirectoryError, match=said):
        found.extend(number for number, _ in read_lines(file, kind="x"))
    assert found == list(range(2, 150))


def test_a_file_whose_header_is_torn_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"file":"x"')
    assert list(read_lines(file, kind="x")) == []
    file.write_bytes(b"")
    assert list(read_lines(file, kind="x")) == []


# ---- what became of each sample ----------------------------------------------------------------------


def test_the_completions_of_a_sample_stand_in_the_order_of_k(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"0": ["correct", "wrong", "no_answer"]}, samples=problems(1))
    rewrite(run / verdicts_name("auto"), lambda lines: lines[::-1])
    (lines,) = read_outcomes(run, "auto").values()
    assert [(k, outcome) for _, k, outcome, _ in lines] == [(0, "correct"), (1, "wrong"), (2, "no_answer")]


def test_a_score_counts_what_the_engine_gave(tmp_path: Path) -> None:
    outcomes: dict[str, Outcome | list[Outcome]] = {
        "0": ["correct", "wrong", "backend_error"],
        "1": ["backend_error"] * 3,
        "2": ["correct", "truncated", "undecided"],
    }
    run = read_run(write_run(tmp_path, outcomes, samples=problems(3)))
    assert [run.score(i) for i in "0123"] == [(1, 2), (0, 0), (1, 3), (0, 0)]
    assert score_of(()) == (0, 0)


def test_a_run_is_read_under_its_results_scorer_or_the_one_named(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"0": "correct"}, samples=problems(1), scorers=("auto", "number"))
    assert read_run(run).scorer == "auto"
    assert read_run(run, scorer="number").scorer == "number"
    with pytest.raises(ComparisonError, match=r"no verdicts of scorer 'boxed' \(there: auto, number\)"):
        read_run(run, scorer="boxed")


def test_a_finished_run_whose_files_lack_samples_says_what_to_do(tmp_path: Path) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    assert read_run(run).damage == ""
    rewrite(run / verdicts_name("auto"), lambda lines: lines[:2])
    assert "hold only 2 of 3 samples" in read_run(run).damage
    (run / RESULTS).unlink()
    assert read_run(run).damage == ""


# ---- manifest, results, samples ----------------------------------------------------------------------


def test_damaged_results_say_how_to_write_them_anew(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"0": "correct"}, samples=problems(1))
    (run / RESULTS).write_text("{")
    with pytest.raises(
        RunDirectoryError, match=r"results\.json: cannot be read: .*`evaluate\(…, resume=.* writes it anew"
    ):
        load_run(run)


def test_a_manifest_that_is_no_object_is_refused(tmp_path: Path) -> None:
    Journal.create(tmp_path / "run", manifest()).close()
    (tmp_path / "run" / "manifest.json").write_text("[]")
    with pytest.raises(RunDirectoryError, match=r"manifest\.json: expected a JSON object"):
        load_run(tmp_path / "run")


def test_rows_come_from_the_run_itself_else_from_its_task(tmp_path: Path) -> None:
    samples = problems(3)
    task = write_task(tmp_path / "tasks", samples)
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=samples, task_path=task)
    made, _ = load_run(run)
    assert run_samples(made, path=run) == {s.id: s for s in samples}
    assert task_of(made) is not None
    task.unlink()
    assert task_of(made) is None
    found, fault = samples_if_readable(made, path=run)
    assert found == {}
    assert fault is not None
    assert "\n" not in fault


def test_a_manifest_must_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(RunDirectoryError, match=rf"^{tmp_path}: not a run directory \(no manifest\.json\)"):
        load_manifest(tmp_path)


def test_a_run_is_read_by_its_path_or_its_name(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"0": "correct"}, samples=problems(1))
    made, results = load_run(str(run))
    assert made == load_manifest(run)
    assert results is not None
    assert (results.run_dir, results.overall.outcomes["correct"]) == (str(run), 1)
    assert read_run(str(run)) == read_run(run)


def test_a_damaged_sample_is_told_with_its_place(tmp_path: Path) -> None:
    Journal.create(tmp_path / "run", manifest(), samples=problems(3)).close()
    file = tmp_path / "run" / "samples.jsonl"
    assert list(load_samples(tmp_path / "run") or {}) == ["0", "1", "2"]
    rewrite(file, lambda lines: [lines[0], {"id": "1"}])
    with pytest.raises(RunDirectoryError, match=rf"^{file}:3: not a sample"):
        load_samples(tmp_path / "run")


# ---- rows of the task --------------------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path) -> Callable[..., RunManifest]:
    """The manifest of a run that holds no rows."""

    def write(**facts: Any) -> RunManifest:
        return load_manifest(
            write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3), **facts)
        )

    return write


ROWS = {s.id: s for s in problems(3)}


def test_a_task_is_found_by_its_file_else_by_its_name(tmp_path: Path, bare: Any) -> None:
    task = write_task(tmp_path / "tasks", problems(3))
    made = bare(task_path=task)
    assert run_samples(made, path=tmp_path) == ROWS
    other = write_task(tmp_path / "others", problems(4))
    found = task_of(made, task_dirs=[other.parent])
    assert found is not None
    assert found.path == str(task)  # by its file first
    task.unlink()
    found = task_of(made, task_dirs=[other.parent, tmp_path])
    assert found is not None
    assert found.path == str(other)
    assert task_of(made) is None
    assert task_of(made, task_dirs=[tmp_path]) is None


def test_the_folders_that_the_run_was_given_are_searched_after_those_given_now(
    tmp_path: Path, bare: Any
) -> None:
    first = write_task(tmp_path / "first", problems(3))
    second = write_task(tmp_path / "second", problems(3))
    made = bare(options=RunOptions(task_dirs=(str(first.parent),)))
    for given_now, expected in (((), first), ((second.parent,), second), ((tmp_path,), first)):
        found = task_of(made, task_dirs=given_now)
        assert found is not None
        assert found.path == str(expected)


def test_rows_are_read_where_the_run_had_them_or_where_they_are_now(tmp_path: Path, bare: Any) -> None:
    task = write_task(tmp_path / "tasks", problems(3))
    rows = task.with_suffix(".jsonl").rename(tmp_path / "rows.jsonl")
    made = bare(task_path=task, options=RunOptions(data_file=str(rows)))
    assert run_samples(made, path=tmp_path) == ROWS
    moved = rows.rename(tmp_path / "moved.jsonl")
    assert run_samples(made, path=tmp_path, data_file=moved) == ROWS
    assert samples_if_readable(made, path=tmp_path, data_file=moved) == (ROWS, None)
    with pytest.raises(DataError):
        run_samples(made, path=tmp_path)
    found, fault = samples_if_readable(made, path=tmp_path)
    assert found == {}
    assert fault


def test_a_file_of_rows_that_is_named_comes_before_the_runs_own(tmp_path: Path, bare: Any) -> None:
    task = write_task(tmp_path / "tasks", problems(3))
    made = bare(task_path=task)
    run = tmp_path / "run"
    Journal.create(run, made, samples=problems(2)).close()
    assert list(run_samples(made, path=run)) == ["0", "1"]
    assert list(run_samples(made, path=run, data_file=task.with_suffix(".jsonl"))) == ["0", "1", "2"]


def test_other_rows_are_refused_with_both_fingerprints(tmp_path: Path, bare: Any) -> None:
    task = write_task(tmp_path / "tasks", problems(4))
    made = bare(task_path=task)
    now = fingerprint(problems(4))
    was = fingerprint(problems(3))
    with pytest.raises(
        DataError, match=rf"^{tmp_path}: .*fingerprint {was[:12]}\) than file:.* \({now[:12]}\)"
    ):
        run_samples(made, path=tmp_path)


def test_the_folders_of_tasks_are_searched_for_rows_too(tmp_path: Path, bare: Any) -> None:
    write_task(tmp_path / "tasks", problems(3))
    made = bare()
    assert run_samples(made, path=tmp_path, task_dirs=[tmp_path / "tasks"]) == ROWS
    assert samples_if_readable(made, path=tmp_path, task_dirs=[tmp_path / "tasks"]) == (ROWS, None)


def test_a_fault_of_several_lines_is_told_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError("first\nsecond\nthird")

    monkeypatch.setattr("mathevalkit.tasks.rows.load_data", fail)
    task = write_task(tmp_path / "tasks", problems(3))
    assert samples_if_readable(manifest(task_path=str(task)), path=tmp_path) == ({}, "first; second; third")


# ---- scorers -----------------------------------------------------------------------------------------


def scored(tmp_path: Path, *there: str, own: tuple[str, ...] = ("auto",), model: str = "base") -> ScoredRun:
    """A run whose verdicts of ``own`` scorers were renamed to be those ``there``."""
    run = write_run(tmp_path, {"0": "correct"}, samples=problems(1), scorers=own, model=model)
    data = (run / verdicts_name(own[0])).read_bytes()
    for scorer in own:
        (run / verdicts_name(scorer)).unlink()
    for scorer in there:
        (run / verdicts_name(scorer)).write_bytes(data)
    return read_run(run, scorer=there[0])


@pytest.mark.parametrize(
    ("own", "there", "known"),
    [
        (("auto",), ["auto"], ["auto"]),
        (("number", "auto"), ["number", "auto"], ["number", "auto"]),
        (("number", "auto"), ["auto"], ["auto"]),
        (("number",), ["zeta", "number", "alpha"], ["number", "alpha", "zeta"]),
        (("my.module:score",), ["my.module:score", "b"], ["my.module:score", "b"]),
        (("auto",), ["my.module:score"], ["my.module.score"]),
    ],
)
def test_the_scorers_that_a_run_was_judged_by_are_told_its_own_first(
    tmp_path: Path, own: tuple[str, ...], there: list[str], known: list[str]
) -> None:
    run = scored(tmp_path, *there, own=own)
    (run.path / "verdicts.txt").touch()
    (run.path / "old.verdicts.x.jsonl").touch()
    assert known_scorers(run.path, run.manifest) == known


@pytest.mark.parametrize(
    ("first", "others", "common"),
    [
        (["b", "a"], [["a", "b"]], "b"),
        (["b", "a"], [["a"]], "a"),
        (["b", "a"], [["c"]], None),
        (["b", "a", "c"], [["c", "b"], ["c"]], "c"),
        (["b"], [], "b"),
    ],
)
def test_the_scorer_that_runs_are_compared_under_is_one_that_all_were_judged_by(
    tmp_path: Path, first: list[str], others: list[list[str]], common: str | None
) -> None:
    runs = [
        scored(tmp_path, *there, model=f"m{number}", own=(there[0],))
        for number, there in enumerate([first, *others])
    ]
    assert common_scorer(runs) == common


def test_a_scorer_without_verdicts_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    run = scored(tmp_path, "auto", "number").path
    assert verdict_file(run, "number") == run / "verdicts.number.jsonl"
    with pytest.raises(
        ComparisonError, match=rf"^{run}: no verdicts of scorer 'x' \(there: auto, number\); .*{run}.*\[.x.\]"
    ):
        verdict_file(run, "x")
    for file in run.glob("verdicts.*"):
        file.unlink()
    with pytest.raises(ComparisonError, match=rf"^{run}: no verdicts of scorer 'x' \(there: none\)"):
        verdict_file(run, "x")
    (run / "verdicts.x.jsonl").mkdir()
    with pytest.raises(ComparisonError, match="no verdicts of scorer 'x'"):
        verdict_file(run, "x")


def test_the_numbers_of_a_run_are_under_the_scorer_of_its_results(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"0": "correct"}, samples=problems(1), scorers=("auto", "number"))
    made, results = load_run(run)
    assert results is not None
    assert deciding_scorer(made, replace(results, scorer="number")) == "number"
    assert deciding_scorer(made, None) == "auto"
    (run / RESULTS).write_bytes((run / RESULTS).read_bytes().replace(b'"auto"', b'"number"'))
    assert read_run(run).scorer == "number"
    assert read_run(run).whole
    (run / RESULTS).unlink()
    assert read_run(run).scorer == "auto"
    assert not read_run(run).whole


# ---- what became of each sample, all of it -----------------------------------------------------------


def test_a_run_is_read_with_every_outcome_and_answer_of_it(tmp_path: Path) -> None:
    outcomes: dict[str, Outcome | list[Outcome]] = {
        "1": ["wrong", "correct"],
        "0": ["no_answer", "undecided"],
    }
    path = write_run(tmp_path, outcomes, samples=problems(2), answers={"1": "7"})
    run = read_run(path)
    assert (run.path, run.manifest) == (path, load_manifest(path))
    assert list(run.lines) == ["1", "0"]
    assert run.lines["1"] == (("1", 0, "wrong", "7"), ("1", 1, "correct", "1"))
    assert [line[:3] for line in run.lines["0"]] == [("0", 0, "no_answer"), ("0", 1, "undecided")]


def test_a_span_is_two_whole_numbers_or_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    spans = iter([[3, 9], None, [1.0, 2.0]])
    rewrite(run / verdicts_name("auto"), lambda lines: [{**line, "span": next(spans)} for line in lines])
    assert [v.span for v in read_verdicts(run, "auto")] == [(3, 9), None, (1, 2)]


def test_what_is_missing_in_a_finished_run_is_told_with_its_numbers() -> None:
    made = manifest(num_samples=1300)
    said = damage_of(Path("/run"), made, whole=True, samples=1299)
    assert said.startswith("/run: finished, but its files hold only 1,299 of 1,300 samples")
    assert said.count("/run") == 3  # where it is, and in both calls that mend it
    assert "write_results=True" in said
    assert "resume=" in said
    assert "generations.jsonl" in said
    for whole, samples in ((True, 1300), (True, 1301), (False, 0), (False, 1300)):
        assert damage_of(Path("/run"), made, whole=whole, samples=samples) == ""
