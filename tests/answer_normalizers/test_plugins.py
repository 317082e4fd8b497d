"""One registry for all that is found by name, and one "did you mean"."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers.plugins import PluginError, Registry, UnknownNameError, did_you_mean
from tests.places import REPO

CODECS = Registry[object]("codec", "no.such.group", {"json": "json:dumps", "path": "os:path.join"})


def test_what_is_in_the_table_is_found_without_any_metadata() -> None:
    assert CODECS.names() == ("json", "path")
    assert CODECS.load("path") is os.path.join


def test_anything_on_the_path_may_be_named_by_its_place() -> None:
    assert CODECS.load("textwrap:dedent").__name__ == "dedent"  # type: ignore[attr-defined]


def test_listing_names_imports_nothing() -> None:
    assert Registry[object]("thing", "no.such.group", {"broken": "no_such_module:x"}).names() == ("broken",)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("no_such_module:x", "codec 'c' stands at no_such_module:x, which does not import"),
        ("json:no.such", "codec 'c' stands at json:no.such, but json has no 'no.such'"),
        ("json:__name__", "codec 'c' is a str, which cannot be called"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(place: str, reason: str) -> None:
    with pytest.raises(PluginError, match=reason):
        Registry[object]("codec", "no.such.group", {"c": place}).load("c")


def test_an_unknown_name_is_answered_with_the_near_one() -> None:
    with pytest.raises(UnknownNameError, match=r"^no codec is called 'jsn'; did you mean 'json'\?$"):
        CODECS.load("jsn")


# ---- what installed packages register ----------------------------------------------------------------

LOOK = """
from answer_normalizers.plugins import Registry
codecs = Registry("codec", "test.codecs", {"json": "json:dumps"})
print(codecs.names(), codecs.load("json").__name__)
"""


def look(folder: Path, *packages: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """The registry in a process that finds these packages, each a name and its line of the group."""
    for name, line in packages:
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[test.codecs]\n{line}\n")
    return subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(REPO)])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_package_adds_a_name(tmp_path: Path) -> None:
    assert look(tmp_path, ("other", "toml = tomllib:loads")).stdout == "('json', 'toml') dumps\n"


def test_two_packages_that_claim_one_name_for_one_thing_agree(tmp_path: Path) -> None:
    assert (
        look(tmp_path, ("a", "json = json:dumps"), ("b", "json = json:dumps")).stdout == "('json',) dumps\n"
    )


def test_a_package_that_claims_a_built_in_name_for_its_own_is_found_out(tmp_path: Path) -> None:
    done = look(tmp_path, ("greedy", "json = pickle:dumps"))
    assert "two packages register a codec called 'json': json:dumps and pickle:dumps" in done.stderr


def test_an_older_version_of_ourselves_that_is_installed_claims_nothing(tmp_path: Path) -> None:
    done = look(tmp_path, ("mathevalkit", "json = where.it.stood.before:dumps"))
    assert done.stdout == "('json',) dumps\n"


# ---- did you mean ------------------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("abcdefgh_-"), min_size=3, max_size=12)


@given(known=st.lists(NAMES, min_size=1, max_size=8), data=st.data())
def test_a_name_in_other_capitals_is_recognised(known: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(known))
    folded = {other.replace("-", "_"): other for other in sorted(known)}
    assert did_you_mean(name.upper(), known) == f"; did you mean {folded[name.replace('-', '_')]!r}?"


@given(name=st.text(), known=st.lists(st.text()))
def test_it_always_has_an_answer(name: str, known: list[str]) -> None:
    assert did_you_mean(name, known).startswith(("; did you mean ", "; there are "))


def test_a_long_list_is_left_out() -> None:
    assert did_you_mean("xyz", [f"option{i}" for i in range(200)]) == ""
    assert did_you_mean("option12x", [f"option{i}" for i in range(200)]) == "; did you mean 'option12'?"
