"""One line that says how a run is going, fitted to the width there is.

    gsm8k ━━━━━━━╸──── 412/1,319  66.5 % (61.8–70.9)  3 truncated  1 no answer  2,310 tokens/s  ~0:42 left

and on 80 columns::

    gsm8k 412/1,319  66.5 % (61.8–70.9)  3 trunc  1 no-ans  2,310 tok/s  ~0:42 left
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from mathevalkit.presentation.figures import accuracy_text, clock, percent, tokens_per_second
from mathevalkit.types import Progress

MIN_BAR, MAX_BAR = 10, 40
"""Columns of the bar; with less room there is none."""
WINDOW_SHARE = 1 / 3
"""The share of the time so far that counts as recent."""
MIN_WINDOW_SECONDS = 10.0
MIN_DONE = 8
"""Fewer completions than this say nothing about the rest."""


class Speed:
    """Tokens a second and time left, from the progress so far.

    Completions do not finish at an even pace. Short ones finish first, so that the rate since the start
    is too low at first (everything is under way, nothing is done) and too high at the end (only long
    ones are left, and fewer run at once). The recent rate follows both; it is taken over the last third
    of the time.
    """

    def __init__(self) -> None:
        self._history: deque[Progress] = deque()

    def add(self, progress: Progress) -> None:
        """Take note of a snapshot. One of a later task starts the history anew."""
        if self._history and progress.seconds < self._history[-1].seconds:
            self._history.clear()
        if not self._history:  # the pace counts from the start: the first to finish may come late
            start = replace(progress, seconds=0.0, done=progress.resumed, completion_tokens=0)
            self._history.append(start)
        self._history.append(progress)
        window = max(MIN_WINDOW_SECONDS, progress.seconds * WINDOW_SHARE)
        while len(self._history) > 2 and self._history[1].seconds <= progress.seconds - window:
            self._history.popleft()

    @property
    def tokens_per_second(self) -> float | None:
        """Generated tokens a second, lately."""
        return self._rate("completion_tokens")

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the recent pace; None while too little is known."""
        if not self._history:
            return None
        now = self._history[-1]
        rate = self._rate("done")
        if now.done - now.resumed < min(MIN_DONE, now.total - now.resumed) or not rate:
            return None
        return (now.total - now.done) / rate

    def _rate(self, field: str) -> float | None:
        if not self._history:
            return None
        first, last = self._history[0], self._history[-1]
        grown = getattr(last, field) - getattr(first, field)
        seconds = last.seconds - first.seconds
        return grown / seconds if seconds > 0 and grown > 0 else None


def progress_text(
    progress: Progress,
    *,
    label: str,
    speed: Speed,
    width: int,
    since_update: float = 0.0,
    with_bar: bool = True,
) -> str:
    """The line, shorter than ``width`` columns. ``since_update``: seconds since the snapshot was taken."""
    for form in _forms(progress, label=label, speed=speed, since_update=since_update):
        room = width - len(form) - 1
        if "{bar}" in form:
            room += len("{bar}")
            if with_bar and room >= MIN_BAR:
                share = progress.done / progress.total if progress.total else 1.0
                return form.replace("{bar}", bar(share, min(room, MAX_BAR)))
        elif room >= 0:
            return form
    return f"{progress.done:,}/{progress.total:,}"[: max(width - 1, 0)]


def _forms(progress: Progress, *, label: str, speed: Speed, since_update: float) -> Iterator[str]:
    """The line from its longest form to its shortest."""
    count = f"{progress.done:,}/{progress.total:,}"
    accuracy = accuracy_text(progress.accuracy)
    value = percent(progress.accuracy.value)
    left = speed.seconds_left
    tail = [] if left is None else [f"~{clock(max(0.0, left - since_update))} left"]
    tokens = speed.tokens_per_second
    long = [] if tokens is None else [f"{tokens_per_second(tokens)} tokens/s"]
    short = [] if tokens is None else [f"{tokens_per_second(tokens)} tok/s"]
    outcomes = _outcomes(progress, "truncated", "no answer", "undecided", "failed")
    abbreviated = _outcomes(progress, "trunc", "no-ans", "undec", "failed")
    yield "  ".join([f"{label} {{bar}} {count}", accuracy, *outcomes, *long, *tail])
    yield "  ".join([f"{label} {count}", accuracy, *outcomes, *long, *tail])
    yield "  ".join([f"{label} {count}", accuracy, *abbreviated, *short, *tail])
    yield "  ".join([f"{label} {count}", accuracy, *abbreviated, *tail])
    yield "  ".join([f"{label} {count}", accuracy, *tail])
    yield "  ".join([f"{label} {count}", value, *tail])
    yield f"{count}  {value}"


def _outcomes(progress: Progress, truncated: str, none: str, undecided: str, failed: str) -> list[str]:
    """Truncated and no answer always, the rare ones where there are any."""
    counts = progress.outcomes
    always = [f"{counts['truncated']:,} {truncated}", f"{counts['no_answer']:,} {none}"]
    rare = [
        f"{counts[outcome]:,} {word}"
        for outcome, word in (("undecided", undecided), ("backend_error", failed))
        if counts[outcome]
    ]
    return always + rare


def bar(share: float, width: int) -> str:
    """``━━━╸──``, filled to ``share``."""
    halves = round(min(max(share, 0.0), 1.0) * width * 2)
    full, half = divmod(halves, 2)
    return "━" * full + "╸" * half + "─" * (width - full - half)
