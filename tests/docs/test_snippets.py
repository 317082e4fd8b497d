"""What the documents show is true: snippets run, in order, in a folder of the page's own.

A page finds the two runs of `docs/example` in `runs/`, as it tells its reader. What it shows after a command
is compared with what the command prints; `...` stands for anything, as in doctest, and the time and id of a
new run do not count.
"""

from __future__ import annotations

import configparser
import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mathevalkit.cli.app import run_command_line
from tests.docs.documents import DOCUMENTS, EXAMPLE, Block, blocks_of, name_of
from tests.places import REPO

LEFTOVER = re.compile(r"[|&;<>`*?\[]|\$\(")
"""What only a shell can do with a line."""
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if any(b.runs for b in blocks_of(d))], ids=name_of)
def test_the_snippets_of_a_document_run(document, tmp_path, monkeypatch):
    page = Page(document, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "110")
    before = set(sys.modules)
    try:
        for block in blocks_of(document):
            page.take(block)
    finally:
        for name in set(sys.modules) - before:
            if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


@pytest.mark.parametrize(
    "document", [d for d in DOCUMENTS if any("needs" in b.marks for b in blocks_of(d))], ids=name_of
)
def test_a_snippet_that_is_not_run_says_what_it_needs(document):
    """Skipped, so that the report of the tests names them; their commands are checked elsewhere."""
    needs = Counter(block.marks["needs"] for block in blocks_of(document) if "needs" in block.marks)
    pytest.skip(
        f"{name_of(document)}: not run here, and in need of: "
        + "; ".join(f"{what} ({count})" for what, count in needs.items())
    )


class Page:
    """A document's folder, and what its snippets have left there so far."""

    def __init__(self, document: Path, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, object] = {"__name__": document.stem}
        self.variables: dict[str, str] = {}
        self.plugins = any(block.marks.get("file") == "pyproject.toml" for block in blocks_of(document))
        shutil.copytree(EXAMPLE / "runs", folder / "runs")

    def take(self, block: Block) -> None:
        """Write the snippet's file, or run it."""
        if "file" in block.marks:
            path = self.folder / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            if path.name == "pyproject.toml":
                self._install(block.text)
        elif not block.runs:
            return
        elif block.language == "python":
            exec(compile(block.text, block.place, "exec"), self.names)
        elif block.language == "pycon":
            self._session(block)
        else:
            self._shell(block)

    def _install(self, project: str) -> None:
        """What `pip install .` would tell Python of the page's package."""
        described = tomllib.loads(project)["project"]
        info = self.folder / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
        info.mkdir(exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: {described['version']}\n"
        (info / "METADATA").write_text(metadata)
        points = configparser.ConfigParser()
        points.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep case
        points.read_dict(described["entry-points"])
        with (info / "entry_points.txt").open("w") as file:
            points.write(file)

    def _session(self, block: Block) -> None:
        place = block.place
        parsed = doctest.DocTestParser().get_doctest(block.text, self.names, place, place, block.line - 1)
        assert parsed.examples, place
        assert doctest.DocTestRunner(optionflags=OPTIONS).run(parsed, clear_globs=False).failed == 0
        self.names |= parsed.globs

    def _shell(self, block: Block) -> None:
        lines = list(_with_output(block))
        for at, (line, shown) in enumerate(lines):
            code, printed = self._run(line)
            wanted = int(block.marks.get("exits", 0)) if at == len(lines) - 1 else 0
            assert code == wanted, f"{block.place}: {line}\nended with {code}, not {wanted}\n{printed}"
            if block.language == "console":
                assert _same(shown, printed), f"{block.place}: {line}\nprints\n{printed}\nnot\n{shown}"

    def _run(self, line: str) -> tuple[int, str]:
        """Exit code, and what is printed: to stdout, or to stderr where it ends badly."""
        if assigned := re.fullmatch(r"(\w+)=(\S+)", line):
            self.variables[assigned[1]] = assigned[2]
            return 0, ""
        line = re.sub(r"\$(\w+)", lambda name: self.variables.get(name[1], name[0]), line)
        if line.startswith("mathevalkit ") and not self.plugins and not LEFTOVER.search(_unquoted(line)):
            return _in_this_process(line)
        return self._in_a_shell(line)

    def _in_a_shell(self, line: str) -> tuple[int, str]:
        programs = self.folder / ".bin"
        programs.mkdir(exist_ok=True)
        program = programs / "mathevalkit"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mathevalkit "$@"\n')
        program.chmod(0o755)
        done = subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": os.pathsep.join([str(self.folder), str(REPO)]),
            },
        )
        return done.returncode, done.stderr if done.returncode and not done.stdout else done.stdout


def _in_this_process(line: str) -> tuple[int, str]:
    import shlex

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line(shlex.split(line, comments=True)[1:])
    return code, err.getvalue() if code and not out.getvalue() else out.getvalue()


def _unquoted(line: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", line)


def _with_output(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a shell snippet with what stands below it."""
    if block.language == "sh":
        for line in block.text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#"):
                yield line, ""
        return
    for part in re.split(r"^\$ ", block.text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        yield line, shown


def _same(shown: str, printed: str) -> bool:
    shown, printed = (RUN_ID.sub("RUN", text.strip()) + "\n" for text in (shown, printed))
    shown, printed = ("\n".join(map(str.rstrip, text.splitlines())) + "\n" for text in (shown, printed))
    return doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS)
