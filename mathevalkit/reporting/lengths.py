"""How long the completions are, and how many ran out of tokens: histograms of several runs on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from mathevalkit.reporting.data import ReportRun
from mathevalkit.types import Completion

BINS = 40


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """Completions of one range of lengths; positions in percent of the drawing."""

    x: str
    width: str
    ended: str
    """Height of those that ended by themselves."""
    cut: str
    """Height of those that ran out of tokens."""
    cut_top: str
    top: str
    words: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """One run's lengths."""

    label: str
    unit: str
    bars: tuple[HistogramBar, ...]
    ticks: tuple[tuple[str, str], ...]
    """Where, and what stands there."""
    summary: str


def histograms(runs: Sequence[ReportRun]) -> tuple[Histogram, ...]:
    """One histogram a run, all on the same axes; in tokens where all are known, else in characters."""
    completions = [
        [line.completion for lines in run.lines.values() for line in lines if line.completion.text]
        for run in runs
    ]
    flat = [completion for column in completions for completion in column]
    if not flat:
        return ()
    tokens = all(completion.completion_tokens is not None for completion in flat)
    lengths = [[_length(completion, tokens=tokens) for completion in column] for column in completions]
    step = _step(max(max(column, default=1) for column in lengths))
    edges = [i * step for i in range(BINS + 1)]
    cuts = [[c.finish_reason == "length" for c in column] for column in completions]
    counted = [_counts(*pair, step=step) for pair in zip(lengths, cuts, strict=True)]
    highest = max(ended + cut for counts in counted for ended, cut in counts) or 1
    unit = "tokens" if tokens else "characters"
    return tuple(
        Histogram(
            label=run.label,
            unit=unit,
            bars=tuple(_bars(counts, edges, highest=highest, unit=unit)),
            ticks=tuple((f"{100 * i / BINS:.2f}%", f"{edges[i]:,}") for i in range(0, BINS + 1, BINS // 4)),
            summary=_summary(column, cut, unit=unit),
        )
        for run, counts, column, cut in zip(runs, counted, lengths, cuts, strict=True)
    )


def _length(completion: Completion, *, tokens: bool) -> int:
    return (completion.completion_tokens or 0) if tokens else len(completion.text)


def _step(longest: int) -> int:
    """The least round width of a bin with which ``BINS`` bins hold the longest."""
    scale = 1
    while True:
        for factor in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80):
            step, rest = divmod(factor * scale, 10)
            if not rest and BINS * step > longest:
                return step
        scale *= 10


def _counts(lengths: Sequence[int], cuts: Sequence[bool], *, step: int) -> list[list[int]]:
    """``[ended, cut off]`` for each bin."""
    counts = [[0, 0] for _ in range(BINS)]
    for length, cut in zip(lengths, cuts, strict=True):
        counts[length // step][cut] += 1
    return counts


def _bars(
    counts: Sequence[Sequence[int]], edges: Sequence[int], *, highest: int, unit: str
) -> list[HistogramBar]:
    bars = []
    for i, ((ended, cut), (low, high)) in enumerate(zip(counts, pairwise(edges), strict=True)):
        if ended + cut:
            words = f"{low:,} to {high - 1:,} {unit}: {ended + cut:,}" + (
                f", {cut:,} of them cut off" if cut else ""
            )
            bars.append(
                HistogramBar(
                    x=f"{100 * i / BINS:.3f}%",
                    width=f"{88 / BINS:.3f}%",
                    ended=f"{100 * ended / highest:.2f}%",
                    cut=f"{100 * cut / highest:.2f}%",
                    top=f"{100 - 100 * ended / highest:.2f}%",
                    cut_top=f"{100 - 100 * (ended + cut) / highest:.2f}%",
                    words=words,
                )
            )
    return bars


def _summary(lengths: Sequence[int], cuts: Sequence[bool], *, unit: str) -> str:
    if not lengths:
        return "no text"
    share = f"{100 * sum(cuts) / len(cuts):.1f} % ran out of tokens"
    if len(lengths) < 2:
        return f"{lengths[0]:,} {unit}; {share}"
    points = quantiles(lengths, n=20, method="inclusive")
    return f"median {points[9]:,.0f} {unit}, 95 % up to {points[18]:,.0f}; {share}"
