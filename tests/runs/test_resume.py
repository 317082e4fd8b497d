"""Which run a command goes on with: the one asked for, the newest of the same identity, or none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mathevalkit.errors import ManifestMismatchError, RunDirectoryError
from mathevalkit.runs.journal import Journal
from mathevalkit.runs.resume import folder_to_resume, identity_difference, require_same_identity
from tests.factories import manifest

IDENTITY = {"task": "demo", "sampling": {"n": 1}}


def plan(*, resume: str | None = None, new: bool = False, identity: Any = IDENTITY) -> Any:
    return SimpleNamespace(options=SimpleNamespace(resume=resume, new=new), identity=identity)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("20260101T000000Z-a", "20260102T000000Z-b"):
        Journal.create(tmp_path / name, manifest(identity=IDENTITY)).close()
    return tmp_path


def test_the_newest_run_of_the_same_identity_goes_on(folder: Path) -> None:
    assert folder_to_resume(plan(), folder) == folder / "20260102T000000Z-b"
    assert folder_to_resume(plan(identity={"task": "other"}), folder) is None
    assert folder_to_resume(plan(), folder / "nothing here") is None


def test_a_new_run_is_asked_for_and_made(folder: Path) -> None:
    assert folder_to_resume(plan(new=True), folder) is None


def test_the_run_asked_for_goes_on_where_it_is_the_same(folder: Path, tmp_path: Path) -> None:
    asked = folder / "20260101T000000Z-a"
    assert folder_to_resume(plan(resume=str(asked)), folder) == asked
    with pytest.raises(ManifestMismatchError, match=r"sampling\.n: on disk 1, now 2"):
        folder_to_resume(plan(resume=str(asked), identity={"task": "demo", "sampling": {"n": 2}}), folder)
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        folder_to_resume(plan(resume=str(tmp_path / "none")), folder)


def test_every_difference_is_told_by_its_place() -> None:
    ours = {"a": 1, "b": {"c": [1], "d": {"e": None}}, "only": True}
    theirs = {"a": 1, "b": {"c": [1, 2], "d": {"e": "x"}}, "z": 0.5}
    assert identity_difference(ours, theirs) == [
        "b.c: on disk [1], now [1,2]",
        'b.d.e: on disk null, now "x"',
        "only: on disk true, now null",
        "z: on disk null, now 0.5",
    ]
    assert identity_difference(ours, ours) == []
    assert identity_difference({"a": {"b": 1}}, {"a": 2}) == ['a: on disk {"b":1}, now 2']


@pytest.mark.parametrize(("length", "shown"), [(118, 120), (119, 120)])
def test_a_long_value_is_cut(length: int, shown: int) -> None:
    [line] = identity_difference({"a": "x" * length}, {"a": 0})
    value = line.removeprefix("a: on disk ").removesuffix(", now 0")
    assert len(value) == shown
    assert value.endswith("..." if length == 119 else 'x"')


def test_what_no_json_holds_is_shown_as_text() -> None:
    assert identity_difference({"a": Path("/x")}, {"a": None}) == ['a: on disk "/x", now null']


def test_the_refusal_names_the_run_the_differences_and_the_ways_out() -> None:
    require_same_identity(Path("/run"), {"a": 1}, {"a": 1})
    with pytest.raises(ManifestMismatchError) as caught:
        require_same_identity(Path("/run"), {"a": 1, "b": 1}, {"a": 2, "b": 2})
    first, *differences, last = str(caught.value).splitlines()
    assert first.startswith("/run: this run was made with other settings")
    assert differences == ["  a: on disk 1, now 2", "  b: on disk 1, now 2"]
    assert "without `resume`" in last
