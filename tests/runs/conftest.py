"""What the tests of runs share: time that passes when a test says so, and what is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathevalkit.runs import journal


class Clock:
    """Stands for ``time`` in the journal."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(journal, "time", clock)
    return clock


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
