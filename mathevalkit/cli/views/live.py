"""What a person sees of a run: one live line while it goes on, the table when it is done.

Results go to stdout; everything on the way goes to stderr. Where stderr is no terminal there is no live
line but at most one plain line every 30 seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from mathevalkit.cli.advice import next_step
from mathevalkit.cli.interrupts import Interrupts
from mathevalkit.cli.output import spelled
from mathevalkit.cli.views.progress import Speed, progress_text
from mathevalkit.cli.views.results import facts_of_plan, print_results, print_summary, result_line
from mathevalkit.pipeline.evaluation import Observer
from mathevalkit.presentation.figures import clock
from mathevalkit.presentation.terminal import (
    clean,
    clean_block,
    is_live,
    make_console,
    model_name,
    print_line,
    surviving_closed,
)
from mathevalkit.presentation.wording import sampling_text
from mathevalkit.runs.results import Results
from mathevalkit.types import Check, Plan, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

PLAIN_SECONDS = 30.0
"""At most one progress line in this time where nothing can be redrawn."""

PHASES = {
    "data": "reading the rows",
    "engine": "starting the engine",
    "preflight": "checking",
    "weights": "loading weights",
    "generation": "generating",
    "results": "adding up",
}
MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red"), "skipped": ("–", "dim")}


def print_checks(console: Console, plan: Plan, checks: Sequence[Check]) -> None:
    """Every check with its mark, and what to do where one does not hold."""
    from rich.text import Text

    console.print(
        Text.assemble((clean(plan.task.name), "bold"), f" · {model_name(plan.model.model)}"), soft_wrap=True
    )
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark, style = MARKS[check.status]
        console.print(
            Text.assemble((mark, style), f" {check.name:<{width}}  ", clean(spelled(check.message))),
            soft_wrap=True,
        )
        if check.remedy:
            console.print(
                Text(f"  {'':<{width}}  → {clean(spelled(check.remedy))}", style="dim"), soft_wrap=True
            )


class RunDisplay(Observer):
    """Draws a run. Use as a context manager: leaving it gives the terminal back, whatever happened.

    Args:
        argv: the command as it was given, for "next".
        quiet: no progress, one line for each result.
        as_json: nothing on stdout; the caller prints the results.
        interrupts: whether the run is being stopped, if somebody knows.
        runs: how many results there will be; after several comes a summary.
    """

    def __init__(
        self,
        *,
        argv: Sequence[str],
        quiet: bool = False,
        as_json: bool = False,
        interrupts: Interrupts | None = None,
        runs: int = 1,
    ) -> None:
        self._argv = argv
        self._runs = runs
        self._interrupts = interrupts or Interrupts()
        self._quiet = quiet
        self._as_json = as_json
        self._out = make_console(sys.stdout)
        self._err = make_console(sys.stderr)
        self._live: Live | None = None
        self._phase = ""
        self._phase_began = self._last_plain = time.monotonic()
        self._seconds: dict[str, float] = {}
        self._speed = Speed()
        self._progress: Progress | None = None
        self._progress_at = 0.0
        self._label = ""
        self._resumed = self._total = 0
        self.run_dir: str | None = None
        """Of the run under way; None before it is open and after it is whole."""
        self.finished: list[Results] = []

    def __enter__(self) -> RunDisplay:
        if not self._quiet and is_live(self._err):
            from rich.live import Live

            self._live = Live(
                get_renderable=self._line,
                console=self._err,
                refresh_per_second=8,
                transient=True,
                # What others print must not be captured: engines write to their log, we write to our console.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_live()

    def _stop_live(self) -> None:
        if self._live is not None:
            with surviving_closed(self._err.file):
                self._live.stop()
            self._live = None

    @contextmanager
    def _without_live(self) -> Iterator[None]:
        """The terminal for stdout alone: the live line is erased, and drawn again afterwards."""
        if self._live is None:
            yield
            return
        with surviving_closed(self._err.file):
            self._live.stop()
        yield
        with surviving_closed(self._err.file):
            self._live.start()

    # ---- what the run tells -------------------------------------------------------------------------

    def phase(self, name: str, detail: str = "") -> None:
        """Time the phase before, show the new one."""
        self._close_phase()
        self._phase, self._label = name, (model_name(detail) if name == "engine" else detail) or self._label
        if self._live is None and name in ("weights", "generation"):
            self._say(f"{PHASES[name]} …")

    def plan(self, plan: Plan) -> None:
        """Two lines: what is run on what, and how it is asked."""
        rows, whole = len(plan.samples), len(plan.data.samples)
        part = f"{rows:,} of {whole:,} problems" if rows != whole else f"{rows:,} problems"
        self._say(
            f"{clean(plan.task.name)} · {part} · {model_name(plan.model.model)} on "
            f"{clean(plan.model.backend)} {clean(plan.model.backend_version)}"
        )
        self._say(
            f"recipe {clean(plan.recipe.name)}, because {clean(plan.recipe_reason)}: "
            f"{sampling_text(plan.recipe)}; scorer {clean(plan.scorers[0])}"
        )

    def checks(self, plan: Plan, checks: Sequence[Check]) -> None:
        """Warnings only: errors are raised after this, and a check that holds needs no line."""
        for check in checks:
            if check.status == "warning":
                remedy = f" ({clean(check.remedy)})" if check.remedy else ""
                self.warning(f"{plan.task.name}: {check.name}: {check.message}{remedy}")

    def run_opened(self, plan: Plan, run_dir: str, *, resumed: int) -> None:
        """Where the files lie, and what is there already."""
        self.run_dir = run_dir
        self._label = plan.task.name
        self._speed, self._progress = Speed(), None
        self._resumed, self._total = resumed, plan.total
        said = f"going on: {resumed:,} of {plan.total:,} on disk" if resumed else "run"
        self._say(f"{said} · {clean(run_dir)}", whole=True)

    def progress(self, progress: Progress) -> None:
        """Feed the live line, or write a plain one from time to time."""
        self._progress, self._progress_at = progress, time.monotonic()
        self._speed.add(progress)
        done = progress.done == progress.total
        if self._live is None and (done or self._progress_at - self._last_plain >= PLAIN_SECONDS):
            self._last_plain = self._progress_at
            line = progress_text(
                progress, label=clean(self._label), speed=self._speed, width=120, with_bar=False
            )
            self._say(line)

    def warning(self, message: str) -> None:
        """Above the live line, on stderr."""
        from rich.text import Text

        with surviving_closed(self._err.file):
            print_line(self._err, Text.assemble(("warning: ", "yellow"), clean_block(spelled(message))))

    def results(self, plan: Plan, results: Results, *, repeated: bool) -> None:
        """The table, on stdout."""
        self._close_phase()
        self.run_dir = None
        self.finished.append(results)
        if self._as_json:
            return
        if self._quiet:
            with surviving_closed(self._out.file):
                self._out.print(result_line(results), soft_wrap=True)
            return
        facts = replace(
            facts_of_plan(plan),
            seconds={} if repeated else dict(self._seconds),
            next_step=next_step(plan, results, argv=self._argv) if self._runs == 1 else None,
        )
        with self._without_live(), surviving_closed(self._out.file):
            print_results(self._out, results, facts, repeated=repeated)
            if len(self.finished) == self._runs > 1:
                print_summary(self._out, self.finished)
        # The phases of a model count for its first task only.
        self._seconds.clear()

    # ---- when it does not end well ------------------------------------------------------------------

    def safe_words(self) -> str | None:
        """What is on disk of the run under way; None where none is."""
        if self.run_dir is None:
            return None
        shown = self._progress
        done = shown.done - shown.outcomes["backend_error"] if shown else self._resumed
        return f"{done:,} of {self._total:,} completions are safe in {self.run_dir}"

    # ---- drawing ------------------------------------------------------------------------------------

    def _say(self, line: str, *, whole: bool = False) -> None:
        """A line on stderr; ``whole``: not to be wrapped, since it is there to be copied."""
        if self._quiet:
            return
        style = "dim" if self._live else None
        with surviving_closed(self._err.file):
            if whole:
                self._err.print(line, soft_wrap=True, style=style)
            else:
                print_line(self._err, line, style=style)

    def _close_phase(self) -> None:
        now = time.monotonic()
        if self._phase:
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._phase_began
        self._phase, self._phase_began = "", now

    def _line(self) -> Text:
        """The live line as it is now; called from Rich's refreshing thread."""
        from rich.text import Text

        now = time.monotonic()
        progress = self._progress
        if self._interrupts.received is not None:
            line = "stopping; what was generated is safe"
        elif self._phase == "generation" and progress is not None:
            line = progress_text(
                progress,
                label=clean(self._label),
                speed=self._speed,
                width=self._err.width - len("^C"),  # which the terminal writes behind it
                since_update=now - self._progress_at,
            )
        elif self._phase:
            said = PHASES.get(self._phase, self._phase)
            count = f" · {self._resumed:,}/{self._total:,}" if self._phase == "generation" else ""
            line = f"{said} · {clean(self._label)}{count} · {clock(now - self._phase_began)}"
        else:
            line = ""
        return Text(line, no_wrap=True, overflow="ellipsis")
