"""What a path holds, and its generations: those of a run that count, or all of anybody's file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest

from mathevalkit.errors import DataError, RunDirectoryError, UsageError
from mathevalkit.runs import foreign, sources
from mathevalkit.runs.foreign import Fields, FileBlock
from mathevalkit.runs.journal import GENERATIONS, SAMPLES, Journal
from mathevalkit.runs.sources import RunBlock, Source, open_sources, run_source
from mathevalkit.types import Completion, Generation
from tests.factories import completion, manifest, sample
from tests.run_folders import problems, write_run, write_task

MIB = 1 << 20
RECORDS = [{"id": f"s{i}", "text": f"so {i}", "gold": f"#### {i}"} for i in range(5)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Three samples, the second one failed first and both times read, the third with its solution."""
    path = tmp_path / "runs" / "m" / "demo" / "20260101T000000Z-aaaaaa"
    samples = [sample("0"), sample("1"), sample("2", solution="1 + 1 = 2")]
    with Journal.create(path, manifest(), samples=samples) as journal:
        journal.append(completion("0"))
        journal.append(completion("1", finish_reason="error", text="", error="out of memory"))
        journal.append(completion("1", text="é \u2028 \x00"))
        journal.append(completion("2", k=1, stop_reason="Q:"))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return lines_file(tmp_path / "mine.jsonl", *RECORDS)


def lines_file(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return path


OF_THE_RUN = [
    Generation(completion("0"), "0", ""),
    Generation(completion("1", text="é \u2028 \x00"), "1", ""),
    Generation(completion("2", k=1, stop_reason="Q:"), "2", "1 + 1 = 2"),
]
OF_THE_FILE = [
    Generation(Completion(sample_id=f"s{i}", k=0, text=f"so {i}", finish_reason="stop"), f"{i}", f"#### {i}")
    for i in range(5)
]


# ---- generations -------------------------------------------------------------------------------------


def test_a_run_gives_the_generations_that_count(run: Path) -> None:
    [source] = open_sources([run])
    assert list(source.generations()) == OF_THE_RUN


def test_a_file_gives_all_its_generations(file: Path) -> None:
    [source] = open_sources([file])
    assert list(source.generations()) == OF_THE_FILE


@pytest.mark.parametrize("size", [1, 100, 300, MIB])
def test_blocks_hold_the_same_generations(run: Path, file: Path, size: int) -> None:
    with mock.patch.object(sources, "BLOCK_BYTES", size), mock.patch.object(foreign, "BLOCK_BYTES", size):
        of_run, of_file = ([*source.blocks()] for source in open_sources([run, file]))
    assert [g for block in of_run for g in block.generations()] == OF_THE_RUN
    assert [g for block in of_file for g in block.generations()] == OF_THE_FILE
    assert {type(block) for block in of_run} == {RunBlock}
    assert {type(block) for block in of_file} == {FileBlock}


def test_a_block_of_a_run_ends_where_its_size_is_reached(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "run", manifest(), samples=map(sample, "012")) as journal:
        for i in "012":
            journal.append(completion(i))
    line = len(orjson.dumps(completion("0")))
    [source] = open_sources([tmp_path / "run"])
    for size, counts in ((line, [1, 1, 1]), (line + 1, [2, 1]), (1, [1, 1, 1]), (9999, [3])):
        with mock.patch.object(sources, "BLOCK_BYTES", size):
            blocks = list(source.blocks())
        assert [block.data.count(b"\n") + 1 for block in blocks] == counts
        assert [len(block.references) for block in blocks] == counts


def test_a_block_of_a_run_is_about_a_mebibyte(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "run", manifest(), samples=map(sample, "01234")) as journal:
        for i in "01234":
            journal.append(completion(i, text="x" * (MIB // 2)))
    assert [len(block.references) for block in run_source(tmp_path / "run").blocks()] == [2, 2, 1]


def test_a_run_without_completions_has_no_blocks(tmp_path: Path) -> None:
    Journal.create(tmp_path / "run", manifest(), samples=[sample("0")]).close()
    source = run_source(tmp_path / "run")
    assert (list(source.blocks()), list(source.generations())) == ([], [])


def test_a_completion_of_no_sample_of_the_run_is_refused(run: Path) -> None:
    Journal(run, manifest()).append(completion("elsewhere"))
    for read in (Source.generations, Source.blocks):
        with pytest.raises(RunDirectoryError, match=r"generations\.jsonl:6: sample 'elsewhere'"):
            list(read(run_source(run)))


# ---- what is said of a source ------------------------------------------------------------------------


def test_a_run_is_called_by_its_model_and_task_a_file_by_its_path(run: Path, file: Path) -> None:
    assert [source.label for source in open_sources([run, file])] == ["m · demo", str(file)]


def test_the_size_is_that_of_the_generations(run: Path, file: Path) -> None:
    assert [source.size for source in open_sources([run, file])] == [
        len((run / GENERATIONS).read_bytes()),
        len(file.read_bytes()),
    ]


def test_a_file_knows_which_texts_were_cut_off_where_it_says_how_they_ended(run: Path, file: Path) -> None:
    other = lines_file(file.with_name("other.jsonl"), {**RECORDS[0], "finish_reason": "stop"})
    assert [source.knows_truncation for source in open_sources([run, file, other])] == [True, False, True]


# ---- what a path holds -------------------------------------------------------------------------------


def test_a_file_of_a_run_is_the_run(run: Path) -> None:
    assert open_sources([run / GENERATIONS]) == open_sources([str(run)]) == [run_source(run)]
    (run / "manifest.json").unlink()
    with pytest.raises(UsageError, match="belongs to a run"):
        open_sources([run / GENERATIONS])


def test_another_file_of_that_name_is_a_file(tmp_path: Path) -> None:
    mine = lines_file(tmp_path / GENERATIONS, *RECORDS)
    assert [source.layout is None for source in open_sources([mine])] == [False]


def test_a_file_beside_a_manifest_is_a_file(run: Path) -> None:
    mine = lines_file(run / "mine.jsonl", *RECORDS)
    assert list(open_sources([mine])[0].generations()) == OF_THE_FILE


def test_a_folder_stands_for_the_runs_and_sample_files_below_it(tmp_path: Path, run: Path) -> None:
    second = run.with_name("20260102T000000Z-bbbbbb")
    shutil.copytree(run, second)
    harness = [lines_file(tmp_path / "b" / name, *RECORDS) for name in ("samples_z.jsonl", "samples_y.jsonl")]
    lines_file(tmp_path / "b" / "mine.jsonl", *RECORDS)
    found = [source.path for source in open_sources([tmp_path])]
    assert found == sorted([run, second, *harness])
    lines_file(run / "samples_x.jsonl", *RECORDS)
    assert [source.path for source in open_sources([run])] == [run]


def test_what_is_named_twice_is_read_once(run: Path, file: Path) -> None:
    found = open_sources([file, run.parent, run, file, run / GENERATIONS])
    assert [source.path for source in found] == [file, run]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", r"absent: there is no such file or run directory"),
        (".", r"holds neither a run directory nor a samples_\*\.jsonl file"),
    ],
)
def test_a_path_without_generations_is_refused(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "mine.jsonl").write_bytes(b"{}")
    with pytest.raises(UsageError, match=said):
        open_sources([tmp_path / name])


def test_fields_may_be_named(tmp_path: Path) -> None:
    mine = lines_file(tmp_path / "mine.jsonl", {"x": "so 5", "y": "5"})
    [source] = open_sources([mine], names=Fields(text="x", gold="y"))
    assert [(g.completion.text, g.gold) for g in source.generations()] == [("so 5", "5")]
    with pytest.raises(UsageError, match="no field is called like the text"):
        open_sources([mine])


# ---- the rows of a run -------------------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A run that holds no rows, whose task is known by name only."""
    path = write_run(tmp_path, dict.fromkeys("012", "correct"), samples=problems(3))
    assert not (path / SAMPLES).exists()
    return path


def test_the_rows_of_a_run_are_found_in_the_users_tasks(tmp_path: Path, bare: Path) -> None:
    write_task(tmp_path / "tasks", problems(3))
    expected = {s.id: s for s in problems(3)}
    assert run_source(bare, task_dirs=[tmp_path / "tasks"]).samples == expected
    [source] = open_sources([bare], task_dirs=[str(tmp_path / "tasks")])
    assert source.samples == expected
    assert [g.gold for g in source.generations()] == ["0", "1", "2"]


def test_the_rows_of_a_run_may_be_named(tmp_path: Path, bare: Path) -> None:
    task = write_task(tmp_path / "tasks", problems(3))
    moved = task.with_suffix(".jsonl").rename(tmp_path / "moved.jsonl")
    expected = {s.id: s for s in problems(3)}
    assert run_source(bare, data_file=moved, task_dirs=[tmp_path / "tasks"]).samples == expected
    [source] = open_sources([bare], data_file=moved, task_dirs=[tmp_path / "tasks"])
    assert source.samples == expected
    other = write_task(tmp_path / "more", problems(4)).with_suffix(".jsonl")
    with pytest.raises(DataError, match="other rows"):
        open_sources([bare], data_file=other, task_dirs=[tmp_path / "tasks"])
