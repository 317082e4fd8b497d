r"""What the sample browser of an HTML report holds: questions, answers and completions as safe JSON.

The page's script makes nodes of it by ``textContent`` alone. In the page the JSON stands in a data block,
where only ``</script`` and ``<!--`` would mean anything; ``<``, ``>``, ``&`` and the line separators of
JavaScript are written as escapes, so that neither can occur.

    >>> json_for_html({"text": "</script><b>"})
    '{"text":"\\u003c/script\\u003e\\u003cb\\u003e"}'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from mathevalkit.presentation.terminal import clean, clean_block
from mathevalkit.reporting.data import Judged, ReportGroup, ReportRun
from mathevalkit.reporting.maths import Formulas, Segments
from mathevalkit.types import OUTCOMES, Sample

MAX_TEXT = 12_000
"""Characters of a completion shown; of a longer one the beginning and the end."""
MAX_QUESTION = 20_000
MAX_ANSWER = 2_000
ENDING = 4_000
"""Of a longer completion, so much of its end."""

_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def json_for_html(value: Any) -> str:
    """JSON that can stand inside a script element."""
    text = orjson.dumps(value).decode()
    return text.translate(_ESCAPES)


def browser_data(groups: Sequence[ReportGroup]) -> dict[str, Any]:
    """Everything the sample browser shows.

    Returns:
        ``outcomes``, ``subjects``, ``levels``, ``rules``, ``stages``, ``reasons``: the names that numbers
        below stand for; ``runs``: ``[label, group]``; ``tasks``: titles of the groups; ``samples``: ``[id,
        group, subject, level, question, gold, completions]``, a completion being ``[run, k, outcome, answer,
        rule, stage, reason, text, tokens, finish reason]``; ``math``: ``[source, tree]`` by number. Texts are
        segments, see ``report_maths``.
    """
    formulas = Formulas()
    subjects, levels, rules, stages, reasons = (_Names() for _ in range(5))
    runs: list[list[Any]] = []
    samples: list[list[Any]] = []
    for place, group in enumerate(groups):
        first = len(runs)
        runs += [[clean(run.label), place] for run in group.runs]
        for sample in _rows(group):
            completions = [
                [
                    first + index,
                    line.completion.k,
                    OUTCOMES.index(line.verdict.outcome),
                    _answer(line, formulas),
                    rules.number(clean(line.verdict.rule or "none")),
                    stages.number(clean(line.verdict.stage)),
                    reasons.number(clean(line.verdict.reason[:MAX_ANSWER])),
                    _text(line, formulas),
                    line.completion.completion_tokens,
                    line.completion.finish_reason,
                ]
                for index, run in enumerate(group.runs)
                for line in run.lines.get(sample.id, ())
            ]
            samples.append(
                [
                    clean(sample.id),
                    place,
                    subjects.number(clean(sample.subject)),
                    levels.number(clean(sample.level)),
                    _clipped(sample.question, formulas, limit=MAX_QUESTION),
                    formulas.split(sample.gold, bare=True)
                    if len(sample.gold) <= MAX_ANSWER
                    else [_cut(sample.gold)],
                    completions,
                ]
            )
    return {
        "outcomes": list(OUTCOMES),
        "tasks": [clean(group.title) for group in groups],
        "runs": runs,
        "subjects": subjects.names,
        "levels": levels.names,
        "rules": rules.names,
        "stages": stages.names,
        "reasons": reasons.names,
        "samples": samples,
        "math": formulas.render(),
    }


def _rows(group: ReportGroup) -> Iterable[Sample]:
    """Every sample that a run of the group has, in the order of the data."""
    seen: dict[str, ReportRun] = {}
    for run in group.runs:
        for sample_id in run.lines:
            seen.setdefault(sample_id, run)
    return (run.samples[sample_id] for sample_id, run in seen.items())


class _Names:
    """Strings that occur again and again, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    @property
    def names(self) -> list[str]:
        return list(self._numbers)


def _answer(line: Judged, formulas: Formulas) -> Segments | None:
    answer = line.verdict.answer
    if answer is None:
        return None
    return formulas.split(answer, bare=True) if len(answer) <= MAX_ANSWER else [_cut(answer)]


def _cut(text: str) -> str:
    return f"{clean_block(text[:MAX_ANSWER])} … ({len(text):,} characters)"


def _clipped(text: str, formulas: Formulas, *, limit: int) -> Segments:
    if len(text) <= limit:
        return formulas.split(text)
    return [*formulas.split(text[:limit]), f" … ({len(text) - limit:,} more characters)"]


def _text(line: Judged, formulas: Formulas) -> Segments:
    """A completion with its answer marked; of a very long one the beginning and the end."""
    completion, span = line.completion, line.verdict.span
    text = completion.text
    if completion.finish_reason == "error":
        return [clean_block((completion.error or "the engine gave no text")[:MAX_ANSWER])]
    mark = (span[0], span[1]) if span else None
    if len(text) <= MAX_TEXT:
        return formulas.split(text, span=mark)
    head = MAX_TEXT - ENDING
    left_out = len(text) - MAX_TEXT
    tail = len(text) - ENDING
    after = (mark[0] - tail, mark[1] - tail) if mark and mark[1] > tail else None
    return [
        *formulas.split(text[:head], span=mark),
        f"\n\n[… {left_out:,} characters left out …]\n\n",
        *formulas.split(text[tail:], span=after),
    ]
