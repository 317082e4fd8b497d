"""A run directory while it is written: its files, what waits in memory, what is put back if it vanishes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mathevalkit.errors import RunDirectoryError
from mathevalkit.runs.journal import Journal
from mathevalkit.runs.results import Results
from mathevalkit.types import Accuracy, Group
from tests.factories import manifest
from tests.runs.conftest import Clock, descriptors

KIB = 1 << 10


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "m" / "demo" / "20260101T000000Z-abc123"


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


def test_a_directory_that_cannot_be_made_again_ends_the_run(run: Path, clock: Clock) -> None:
    before = descriptors()
    with Journal.create(run, manifest()) as journal:
        shutil.rmtree(run.parent)
        run.parent.write_text("in the way")
        with pytest.raises(RunDirectoryError, match=f"^{run}: the run directory has vanished"):
            journal.finish(results())
    assert descriptors() == before
