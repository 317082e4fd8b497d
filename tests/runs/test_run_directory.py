"""A run directory while it is written: its files, what waits in memory, what is put back if it vanishes."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from mathevalkit.errors import RunDirectoryError, RunLockedError
from mathevalkit.runs.journal import Journal
from mathevalkit.runs.reader import load_run, load_samples, read_completions, read_verdicts
from mathevalkit.runs.results import Results
from mathevalkit.types import Accuracy, Group, ScoredCompletion
from tests.factories import completion, manifest, sample
from tests.runs.conftest import Clock, descriptors

KIB = 1 << 10


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "m" / "demo" / "20260101T000000Z-abc123"


def verdict(sample_id: str = "0", k: int = 0, **changes: Any) -> ScoredCompletion:
    base = ScoredCompletion(
        sample_id=sample_id,
        k=k,
        outcome="correct",
        answer=sample_id,
        span=(15, 16),
        rule="colon",
        stage="test",
        reason="same",
    )
    return replace(base, **changes)


def results() -> Results:
    group = Group("overall", 3, 3, Accuracy(1.0, 0.4, 1.0, 1.0, 1.0), {"correct": 3})
    return Results(
        schema_version=1,
        run_id="r",
        model="m",
        task="demo",
        recipe="fewshot",
        scorer="auto",
        overall=group,
        by_subject=(group,),
        by_level=(),
        by_subject_level=(),
        other_scorers={"number": group.accuracy},
        prompt_tokens=1,
        completion_tokens=2,
        seconds={"generate": 1.5},
    )


# ---- its files ---------------------------------------------------------------------------------------


def test_a_run_directory_holds_these_files_each_with_its_header(run: Path) -> None:
    with Journal.create(run, manifest(), samples=[sample("0")]) as journal:
        journal.start_verdicts(["auto", "my.module:score"])
        journal.log_session({"event": "start"})
        journal.finish(results())
    assert sorted(file.name for file in run.iterdir()) == [
        "generations.jsonl",
        "manifest.json",
        "results.json",
        "samples.jsonl",
        "sessions.jsonl",
        "verdicts.auto.jsonl",
        "verdicts.my.module.score.jsonl",
    ]
    for file in run.glob("*.jsonl"):
        header = b'{"file":"%b","schema_version":1}' % file.name.partition(".")[0].encode()
        assert file.read_bytes().splitlines()[0] == header


def test_a_run_without_samples_holds_no_file_of_them(run: Path) -> None:
    Journal.create(run, manifest()).close()
    assert load_samples(run) is None
    Journal.create(run.with_name("other"), manifest(), samples=[]).close()
    assert load_samples(run.with_name("other")) == {}


def test_a_directory_that_is_there_is_not_written_over(run: Path) -> None:
    Journal.create(run, manifest()).close()
    before = {file: file.read_bytes() for file in run.iterdir()}
    with pytest.raises(RunDirectoryError, match=f"^{run}: cannot be created: File exists"):
        Journal.create(run, manifest(task="other"), samples=[sample("0")])
    assert {file: file.read_bytes() for file in run.iterdir()} == before


def test_many_samples_are_written_64_kibibytes_at_a_time(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: (writes.append(len(data)), write(fd, data))[1])
    many = [sample(str(i)) for i in range(3000)]
    with Journal.create(run, manifest(), samples=many):
        size = (run / "samples.jsonl").stat().st_size
    assert load_samples(run) == {s.id: s for s in many}
    full = [one for one in writes if one >= 64 * KIB]
    assert len(full) == size // (65 * KIB)
    assert max(full) < 65 * KIB


def test_a_run_that_is_written_is_locked_until_it_is_closed(run: Path) -> None:
    journal = Journal.create(run, manifest())
    with pytest.raises(RunLockedError, match=f"^{run}: "):
        Journal(run, manifest())
    journal.close()
    Journal(run, manifest()).close()


def test_a_run_that_nothing_was_torn_from_warns_of_nothing(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        assert journal.warnings == []
        assert (journal.path, journal.manifest) == (run, manifest())


# ---- verdicts, sessions, results ---------------------------------------------------------------------


def test_verdicts_come_back_as_they_were_written_each_under_its_scorer(run: Path) -> None:
    other = verdict("0", outcome="wrong", span=None, answer=None, rule=None)
    with Journal.create(run, manifest()) as journal:
        journal.start_verdicts(["auto", "number"])
        journal.append_verdict("auto", verdict("0"))
        journal.append_verdict("number", other)
        journal.append_verdict("auto", verdict("1", 2, answer="\ud800"))
    assert list(read_verdicts(run, "auto")) == [verdict("0"), verdict("1", 2, answer="\ufffd")]
    assert list(read_verdicts(run, "number")) == [other]


def test_verdicts_are_begun_anew_where_they_are_started(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.start_verdicts(iter(["auto", "number"]))
        for scorer in ("auto", "number"):
            journal.append_verdict(scorer, verdict("0"))
    with Journal(run, manifest()) as journal:
        journal.start_verdicts(["auto"])
        journal.append_verdict("auto", verdict("1"))
    assert [v.sample_id for v in read_verdicts(run, "auto")] == ["1"]
    assert [v.sample_id for v in read_verdicts(run, "number")] == ["0"]


def test_verdicts_wait_in_memory_up_to_64_kibibytes(run: Path, clock: Clock) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.start_verdicts(["auto"])
        file = run / "verdicts.auto.jsonl"
        journal.append_verdict("auto", verdict("0", reason="x" * 32 * KIB))
        assert file.stat().st_size == 0
        journal.append_verdict("auto", verdict("0", reason="x" * 32 * KIB))
        assert file.stat().st_size > 64 * KIB


def test_a_completion_does_not_wait(run: Path, clock: Clock) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.append(completion("0"))
        assert list(read_completions(run)) == [completion("0")]


def test_sessions_are_counted_by_their_starts(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        with pytest.raises(RunDirectoryError, match=r"sessions\.jsonl: cannot be read"):
            journal.count_sessions()
        for event, expected in (("start", 1), ("end", 1), ("resume", 1), ("start", 2), (None, 2)):
            journal.log_session({"event": event, "at": "now"})
            assert journal.count_sessions() == expected
    lines = (run / "sessions.jsonl").read_bytes().splitlines()
    assert orjson.loads(lines[1]) == {"event": "start", "at": "now"}
    assert len(lines) == 6


def test_a_note_of_a_session_leaves_nothing_open(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        before = descriptors()
        journal.log_session({"event": "end"})
        with pytest.raises(TypeError):
            journal.log_session({"event": object()})
        assert descriptors() == before


def test_results_are_written_after_everything_else_is_on_the_device(
    run: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{fd}").readlink().name.strip("."))
        fsync(fd)

    with Journal.create(run, manifest()) as journal:
        journal.start_verdicts(["auto", "number"])
        journal.append(completion("0"))
        journal.append_verdict("number", verdict("0"))
        monkeypatch.setattr(os, "fsync", noted)
        journal.finish(results())
        *others, last = flushed
        assert others == ["generations.jsonl", "verdicts.auto.jsonl", "verdicts.number.jsonl"]
        assert last.startswith("results.json")
        assert list(read_verdicts(run, "number")) == [verdict("0")]
    assert load_run(run) == (manifest(), results())


# ---- a directory that vanishes -----------------------------------------------------------------------


def test_everything_is_written_again_where_the_directory_has_vanished(run: Path, clock: Clock) -> None:
    made = manifest(scorers=("auto", "number"))
    with Journal.create(run, made, samples=[sample("0"), sample("1")]) as journal:
        journal.start_verdicts(["auto", "number"])
        for i in "01":
            journal.append(completion(i))
            journal.append_verdict("auto", verdict(i))
            journal.append_verdict("number", verdict(i, outcome="wrong"))
        shutil.rmtree(run.parent.parent)
        before = descriptors()
        journal.finish(results())
        assert descriptors() == before
        assert list(read_completions(run)) == [completion("0"), completion("1")]
        assert list(read_verdicts(run, "auto")) == [verdict("0"), verdict("1")]
        assert list(read_verdicts(run, "number")) == [verdict(i, outcome="wrong") for i in "01"]
        assert load_samples(run) == {i: sample(i) for i in "01"}
        assert load_run(run) == (made, results())
        [warning] = journal.warnings
        assert warning.startswith(f"{run}: the run directory was deleted or moved ")
        assert warning.endswith("; every completion was written there again")
        # and the run goes on as before: locked, each verdict under its scorer, the next ones in memory
        with pytest.raises(RunLockedError):
            Journal(run, made)
        journal.append(completion("2"))
        for scorer in ("auto", "number"):
            journal.append_verdict(scorer, verdict("2"))
            assert len(list(read_verdicts(run, scorer))) == 2
    assert [c.sample_id for c in read_completions(run)] == ["0", "1", "2"]
    assert [v.sample_id for v in read_verdicts(run, "number")] == ["0", "1", "2"]
    for file in run.glob("*.jsonl"):
        assert file.read_bytes().count(b'"schema_version"') == 1
    Journal(run, made).close()


def test_the_place_of_the_directory_is_looked_at_once_a_second(run: Path, clock: Clock) -> None:
    journal = Journal.create(run, manifest())
    seen = []
    for step in (0.0, 0.75, 0.25, 0.25, 0.25, 0.5):
        shutil.rmtree(run, ignore_errors=True)
        clock.now += step
        journal.append(completion("0"))
        seen.append(run.exists())
    assert seen == [False, False, True, False, False, True]
    assert len(journal.warnings) == 2
    journal.close()
    assert len((run / "generations.jsonl").read_bytes().splitlines()) == 7


def test_a_directory_in_its_place_is_left_alone(run: Path, clock: Clock) -> None:
    with Journal.create(run, manifest()) as journal:
        (run / "manifest.json").unlink()
        clock.now += 5
        journal.append(completion("0"))
        journal.finish(results())
        assert journal.warnings == []
    assert not (run / "manifest.json").exists()


def test_only_the_file_of_completions_may_be_missing(run: Path, clock: Clock) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.append(completion("0"))
        (run / "generations.jsonl").unlink()
        journal.finish(results())
        assert len(journal.warnings) == 1
    assert list(read_completions(run)) == [completion("0")]


def test_a_file_of_samples_without_a_line_is_given_its_header_again(run: Path) -> None:
    Journal.create(run, manifest(), samples=[]).close()
    (run / "samples.jsonl").write_bytes(b'{"file')
    Journal(run, manifest()).close()
    assert load_samples(run) == {}
    assert (run / "samples.jsonl").read_bytes() == b'{"file":"samples","schema_version":1}\n'


def test_a_directory_that_cannot_be_made_again_ends_the_run(run: Path, clock: Clock) -> None:
    before = descriptors()
    with Journal.create(run, manifest()) as journal:
        shutil.rmtree(run.parent)
        run.parent.write_text("in the way")
        with pytest.raises(RunDirectoryError, match=f"^{run}: the run directory has vanished"):
            journal.finish(results())
    assert descriptors() == before


def test_every_file_is_closed_even_where_one_cannot_be_flushed(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    Journal.create(run, manifest(), samples=[sample("0")]).close()
    journal = Journal(run, manifest())
    journal.start_verdicts(["auto", "number"])
    assert descriptors() == before + 4

    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunDirectoryError, match="cannot be flushed"):
        journal.close()
    assert descriptors() == before
