"""What the command-line tests share: a task with rows and recordings, and ways to run the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mathevalkit.cli.app import run_command_line

if TYPE_CHECKING:
    import pytest

TASK = """\
title: Sums
file: rows.jsonl
rows:
  id: "{{ id }}"
  question: "{{ question }}"
  gold: "{{ gold }}"
  subject: "{{ subject }}"
  level: "{{ level }}"
recipes:
  plain:
    kind: completion
    template: "Q: {{ question }}\\nGive the final answer as: The answer is"
    max_tokens: 64
  chat:
    kind: chat
    template: "{{ question }}"
    max_tokens: 64
defaults: {base: plain, chat: chat, metamath: plain}
published:
  - {model: Sums-7B, percent: 12.5, recipe: plain, source: "https://example.org/paper"}
"""


@dataclass
class Sums:
    """A task of 30 sums in a folder; of the recorded answers every third is wrong."""

    folder: Path
    n: int = 30

    def __post_init__(self) -> None:
        self.task = self.folder / "sums.yaml"
        self.task.write_text(TASK)
        self.rows = self.folder / "rows.jsonl"
        self.write_rows(
            [
                {
                    "id": str(i),
                    "question": f"What is {i} + {i}?",
                    "gold": str(2 * i),
                    "subject": ("Algebra", "Geometry")[i % 2],
                    "level": str(i % 3),
                }
                for i in range(self.n)
            ]
        )
        self.recorded = self.folder / "recorded.jsonl"
        self.record({str(i): f"The answer is: {2 * i + (i % 3 == 0)}." for i in range(self.n)})
        self.runs = self.folder / "runs"

    def write_rows(self, rows: list[dict[str, Any]]) -> None:
        self.rows.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))

    def record(self, texts: dict[str, str], **fields: Any) -> None:
        lines = [{"id": i, "text": text, "completion_tokens": 7} | fields for i, text in texts.items()]
        self.recorded.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))

    @property
    def command(self) -> list[str]:
        return [
            "run",
            "--model",
            str(self.recorded),
            "--task",
            str(self.task),
            "--output-dir",
            str(self.runs),
        ]

    def run_dirs(self) -> list[Path]:
        return sorted(path.parent for path in self.runs.glob("*/*/*/manifest.json"))


@dataclass
class Cli:
    """Runs command lines in this process, as the console script would."""

    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def __call__(self, *arguments: str) -> int:
        argv = [str(a) for a in arguments]
        self.monkeypatch.setattr(sys, "argv", ["mathevalkit", *argv])
        code = run_command_line(argv)
        self.out, self.err = self.capfd.readouterr()
        return code


def start(arguments: list[str], *, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """The command line in a process of its own, its streams piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "mathevalkit", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def cut(run_dir: Path, keep: int) -> None:
    """Make a run look killed after ``keep`` completions."""
    path = run_dir / "generations.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: keep + 1]))
    (run_dir / "results.json").unlink()
