"""Shared fixtures. Real benchmark files are read from ``$MATHEVALKIT_SHARED`` (default: ``../shared``)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.cli.helpers import Cli, Sums
from tests.places import SHARED

# A busy machine is no failure; a test that hangs runs into pytest's time-out.
settings.register_profile("suite", parent=settings(), deadline=None)
settings.load_profile("suite")


def pytest_configure() -> None:
    """Let Ctrl-C be sent to what the tests start, even where the tests themselves run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real benchmark data; tests that need it skip where it does not exist."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared data folder at {SHARED} (set MATHEVALKIT_SHARED)")
    return SHARED


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.delenv("MATHEVALKIT_DEBUG", raising=False)
    return Cli(monkeypatch, capfd)


@pytest.fixture
def sums(tmp_path: Path) -> Sums:
    return Sums(tmp_path)
