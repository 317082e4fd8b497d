"""What a run tells whoever watches it. The command line draws these; a script may ignore them all."""

from __future__ import annotations

from collections.abc import Sequence

from mathevalkit.runs.results import Results
from mathevalkit.types import Check, Plan, Progress


class Observer:
    """Does nothing. Override what you want to see; every method is called from the main thread."""

    def phase(self, name: str, detail: str = "") -> None:
        """A phase begins: ``data``, ``engine``, ``preflight``, ``weights``, ``generation``, ``results``."""

    def plan(self, plan: Plan) -> None:
        """What is going to be run has been decided."""

    def checks(self, plan: Plan, checks: Sequence[Check]) -> None:
        """Preflight is over. Errors are raised after this call."""

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """The run directory is open; ``resumed`` completions were on disk already."""

    def progress(self, progress: Progress) -> None:
        """Some completions more; called at most a few times a second, and once at the end."""

    def warning(self, message: str) -> None:
        """Something the user should know; the run goes on."""

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:
        """A run is whole. ``repeated``: it was whole before, and nothing was generated."""
