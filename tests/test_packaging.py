"""What is shipped: the wheel, built from the source archive, holds everything a run needs and runs alone."""

from __future__ import annotations

import configparser
import email
import os
import pkgutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest
import yaml

import mathevalkit
from tests.places import REPO

DIST_INFO = f"mathevalkit-{mathevalkit.__version__}.dist-info"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(REPO)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    [path] = built.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return email.message_from_bytes(wheel.read(f"{DIST_INFO}/METADATA"))


def _below(folder: str) -> set[str]:
    """Files of the checkout below a folder, hidden ones and byte code left out."""
    return {
        path.relative_to(REPO).as_posix()
        for path in (REPO / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_wheel_holds_every_module_task_and_template(wheel):
    wanted = _below("mathevalkit") | _below("answer_normalizers")
    wanted |= {f"mathevalkit/_data/{name}" for name in _below("tasks") | _below("reports")}
    assert wanted <= set(wheel.namelist())
    assert "mathevalkit/_data/tasks/demo.jsonl" in wanted


def test_the_wheel_is_typed_and_carries_its_licence(wheel, metadata):
    names = set(wheel.namelist())
    assert {"mathevalkit/py.typed", "answer_normalizers/py.typed"} <= names
    assert metadata["License-Expression"] == "Apache-2.0"
    licence = wheel.read(f"{DIST_INFO}/licenses/LICENSE").decode()
    assert licence == (REPO / "LICENSE").read_text(encoding="utf-8")


def test_the_wheel_installs_no_generic_top_level_name(wheel):
    assert {name.partition("/")[0] for name in wheel.namelist()} == {
        "mathevalkit",
        "answer_normalizers",
        DIST_INFO,
    }


def test_nothing_is_shipped_that_was_left_lying_about(wheel):
    leftovers = ("__pycache__", ".pyc", ".cache", ".log", ".gguf", "generations.jsonl")
    assert not [name for name in wheel.namelist() if name.endswith(leftovers) or "__pycache__" in name]


def test_the_only_entry_point_is_the_command_line(wheel):
    """What is built in stands in tables: entry points are for others."""
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(f"{DIST_INFO}/entry_points.txt").decode())
    assert {group: dict(parser[group]) for group in parser.sections()} == {
        "console_scripts": {"mathevalkit": "mathevalkit.cli.app:main"}
    }
    assert callable(pkgutil.resolve_name(parser["console_scripts"]["mathevalkit"]))


def test_the_metadata_names_the_extras_and_carries_the_readme(wheel, metadata):
    assert set(metadata.get_all("Provides-Extra")) == {"vllm", "llama-cpp", "latex2sympy2", "dev", "docs"}
    assert metadata["Requires-Python"] == ">=3.11"
    _, _, description = wheel.read(f"{DIST_INFO}/METADATA").decode().partition("\n\n")
    assert description == (REPO / "README.md").read_text(encoding="utf-8")


def test_the_source_archive_can_be_tested_and_read(built):
    [path] = built.glob("*.tar.gz")
    root = path.name.removesuffix(".tar.gz")
    with tarfile.open(path) as archive:
        names = set(archive.getnames())
    wanted = (
        _below("tests") | _below("docs") | _below("benchmarks") | {".ci/run", "Makefile", "pyproject.toml"}
    )
    wanted |= {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "SECURITY.md"}
    assert {f"{root}/{name}" for name in wanted} <= names


def test_the_wheel_runs_away_from_the_checkout(wheel, tmp_path):
    site = tmp_path / "site"
    wheel.extractall(site)
    code = (
        "import mathevalkit, answer_normalizers\n"
        "from mathevalkit.tasks.rows import load_data\n"
        "from mathevalkit.tasks.finding import list_tasks, load_task\n"
        "print(mathevalkit.__file__, answer_normalizers.__file__, sep='\\n')\n"
        "print(len(load_data(load_task('demo')).samples))\n"
        "print(*[task.name for task in list_tasks()])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    assert done.returncode == 0, done.stderr
    first, second, samples, tasks = done.stdout.splitlines()
    assert Path(first).is_relative_to(site)
    assert Path(second).is_relative_to(site)
    assert int(samples) >= 60
    assert set(tasks.split()) == {path.stem for path in (REPO / "tasks").glob("*.yaml")}


def test_every_recipe_a_packaged_task_uses_is_packaged(wheel):
    names = set(wheel.namelist())
    for name in names:
        if name.startswith("mathevalkit/_data/tasks/") and name.count("/") == 3 and name.endswith(".yaml"):
            recipes = yaml.safe_load(wheel.read(name))["recipes"].values()
            for used in {recipe["use"] for recipe in recipes if "use" in recipe}:
                assert f"mathevalkit/_data/tasks/recipes/{used}.yaml" in names, f"{name}: {used}"
