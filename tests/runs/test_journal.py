"""A run directory loses nothing: torn lines, full disks, vanished folders, two writers."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathevalkit.errors import ManifestMismatchError, RunDirectoryError, RunLockedError
from mathevalkit.runs import journal as journal_module
from mathevalkit.runs.codec import decode, encode_line
from mathevalkit.runs.journal import (
    GENERATIONS,
    AppendFile,
    Journal,
    read_lines,
)
from mathevalkit.runs.reader import load_manifest, load_run, load_samples, read_completions
from mathevalkit.runs.resume import find_same_run, require_same_identity
from mathevalkit.types import Completion
from tests.factories import completion, manifest, sample
from tests.places import REPO


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "m" / "demo" / "20260101T000000Z-abc123"


def test_completions_come_back_as_they_were_written(run: Path) -> None:
    written = [completion(str(i), text=f"line\nbreak {i} \u2028 \x00 é") for i in range(5)]
    with Journal.create(run, manifest()) as journal:
        for c in written:
            journal.append(c)
    with Journal(run, manifest()) as journal:
        assert list(read_completions(run)) == written
        assert journal.warnings == []


def test_the_manifest_survives_the_round_trip(run: Path) -> None:
    Journal.create(run, manifest()).close()
    assert load_manifest(run) == manifest()


def test_the_folder_holds_its_own_samples(run: Path) -> None:
    samples = [sample(str(i), subject="Algebra", solution="because") for i in range(3)]
    Journal.create(run, manifest(), samples=samples).close()
    assert load_samples(run) == {s.id: s for s in samples}


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line_is_cut_off_and_reported(run: Path, cut: int) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.append(completion("0"))
        journal.append(completion("1"))
    file = run / GENERATIONS
    file.write_bytes(file.read_bytes()[:-cut])
    with Journal(run, manifest()) as journal:
        assert [c.sample_id for c in read_completions(run)] == ["0"]
        assert "the last line was torn" in journal.warnings[0]
        journal.append(completion("1"))
    assert [c.sample_id for c in read_completions(run)] == ["0", "1"]


@settings(max_examples=60)
@given(keep=st.floats(0, 1), texts=st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_wherever_a_file_is_cut_every_whole_line_survives(
    tmp_path_factory: pytest.TempPathFactory, keep: float, texts: list[str]
) -> None:
    run = tmp_path_factory.mktemp("cut") / "run"
    with Journal.create(run, manifest()) as journal:
        for i, text in enumerate(texts):
            journal.append(completion(str(i), text=text))
    file = run / GENERATIONS
    data = file.read_bytes()
    cut = int(len(data) * keep)
    file.write_bytes(data[:cut])
    whole = max(0, data[:cut].count(b"\n") - 1)
    with Journal(run, manifest()) as journal:
        assert [c.sample_id for c in read_completions(run)] == [str(i) for i in range(whole)]


def test_a_very_long_torn_line_is_cut_off_whole(run: Path) -> None:
    Journal.create(run, manifest()).close()
    file = run / GENERATIONS
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"sample_id":"' + b"x" * 300_000)
    with Journal(run, manifest()):
        assert list(read_completions(run)) == []
    assert file.read_bytes() == whole


def test_a_damaged_line_in_the_middle_is_an_error_with_its_place(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.append(completion("0"))
    file = run / GENERATIONS
    file.write_bytes(file.read_bytes() + b"not json\n" + encode_line(completion("1")))
    with pytest.raises(RunDirectoryError, match=r"generations\.jsonl:3: not JSON"):
        list(read_completions(run))


def test_a_lone_surrogate_is_written_as_the_replacement_character(run: Path) -> None:
    with Journal.create(run, manifest()) as journal:
        journal.append(completion("0", text="a\ud800b"))
    assert next(read_completions(run)).text == "a\N{REPLACEMENT CHARACTER}b"


def test_two_processes_cannot_write_one_run(run: Path) -> None:
    with Journal.create(run, manifest()):
        code = (
            "from pathlib import Path; from mathevalkit.runs.journal import Journal; "
            f"from tests.factories import manifest; Journal(Path({str(run)!r}), manifest())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPO
        )
    assert done.returncode != 0
    assert RunLockedError.__name__ in done.stderr
    assert "another process is writing this run" in done.stderr
    Journal(run, manifest()).close()  # and free again afterwards


@pytest.mark.parametrize("how", ["deleted", "moved", "parent deleted"])
def test_a_vanished_directory_is_written_again(run: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 0.0)
    with Journal.create(run, manifest(), samples=[sample("0")]) as journal:
        journal.start_verdicts(["auto"])
        journal.append(completion("0"))
        if how == "deleted":
            shutil.rmtree(run)
        elif how == "moved":
            run.rename(run.with_name("elsewhere"))
        else:
            shutil.rmtree(run.parent.parent)
        journal.append(completion("1"))
        journal.append(completion("2"))
        assert "deleted or moved" in journal.warnings[0]
    assert [c.sample_id for c in read_completions(run)] == ["0", "1", "2"]
    assert load_manifest(run) == manifest()
    assert load_samples(run) == {"0": sample("0")}


def test_a_full_disk_leaves_whole_lines_and_one_message(run: Path) -> None:
    """A file size limit stands for the full disk: the kernel writes what fits, then refuses."""
    code = textwrap.dedent(
        f"""
        import resource, signal
        from pathlib import Path
        from mathevalkit.errors import RunDirectoryError
        from mathevalkit.runs.journal import Journal
        from tests.factories import completion, manifest
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = Journal.create(Path({str(run)!r}), manifest())
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            for i in range(1000):
                journal.append(completion(str(i), text="x" * 333))
        except RunDirectoryError as error:
            print(i, error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPO,
    )
    count, message = done.stdout.split(" ", 1)
    assert "cannot be written" in message
    assert "All lines before are safe" in message
    assert len(list(read_completions(run))) == int(count) > 0
    assert (run / GENERATIONS).read_bytes().endswith(b"\n")


def test_killed_at_any_moment_every_announced_completion_is_on_disk(run: Path) -> None:
    code = textwrap.dedent(
        f"""
        from pathlib import Path
        from mathevalkit.runs.journal import Journal
        from tests.factories import completion, manifest
        journal = Journal.create(Path({str(run)!r}), manifest())
        for i in range(10**6):
            journal.append(completion(str(i)))
            print(i, flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPO)
    assert process.stdout is not None
    announced = [process.stdout.readline() for _ in range(200)]
    time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    announced += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    last = int(announced[-1]) if announced[-1] else int(announced[-2])
    on_disk = [int(c.sample_id) for c in read_completions(run)]
    assert on_disk == list(range(len(on_disk)))
    assert on_disk[-1] >= last


def test_an_unwritable_place_is_one_error_naming_the_flag(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunDirectoryError, match="`output_dir`"):
        Journal.create(tmp_path / "file" / "run", manifest())


def test_another_identity_is_refused_with_the_difference_shown(run: Path) -> None:
    Journal.create(run, manifest()).close()
    other = {"model": {"name": "m", "revision": "abc"}, "task": "demo", "sampling": {"n": 4}}
    with pytest.raises(ManifestMismatchError) as caught:
        require_same_identity(run, load_manifest(run).identity, other)
    assert 'model.revision: on disk null, now "abc"' in str(caught.value)
    assert "sampling.n: on disk 1, now 4" in str(caught.value)
    assert "task" not in str(caught.value).splitlines()[1]


def test_the_newest_run_of_the_same_identity_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "m" / "demo"
    identity = manifest().identity
    assert find_same_run(folder, identity) is None
    for name, n in [
        ("20260101T000000Z-aaaaaa", 1),
        ("20260103T000000Z-bbbbbb", 2),
        ("20260102T000000Z-cccccc", 1),
    ]:
        Journal.create(folder / name, manifest(identity={**identity, "sampling": {"n": n}})).close()
    found = find_same_run(folder, identity)
    assert found is not None
    assert found.name == "20260102T000000Z-cccccc"


def test_a_newer_schema_is_refused(run: Path) -> None:
    Journal.create(run, manifest(schema_version=99)).close()
    with pytest.raises(RunDirectoryError, match="newer than this mathevalkit reads"):
        load_manifest(run)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"not a run directory \(no manifest\.json\)"):
        load_run(tmp_path)


def test_an_unfinished_run_has_no_results(run: Path) -> None:
    Journal.create(run, manifest()).close()
    assert load_run(run) == (manifest(), None)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    AppendFile(path, kind="verdicts").close()
    with pytest.raises(RunDirectoryError, match="expected the header of a generations file"):
        list(read_lines(path, kind="generations"))


def test_appending_leaves_no_descriptor_open(run: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        if run.exists():
            shutil.rmtree(run)
        with Journal.create(run, manifest()) as journal:
            journal.start_verdicts(["auto", "numeric"])
            journal.append(completion())
    after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    assert after == before


@given(
    st.builds(
        Completion, sample_id=st.text(), k=st.integers(0, 99), text=st.text(), finish_reason=st.just("stop")
    )
)
def test_every_completion_survives_encoding(c: Completion) -> None:
    line = encode_line(c)
    assert line.count(b"\n") == 1
    assert decode(Completion, orjson.loads(line), where="here") == c
