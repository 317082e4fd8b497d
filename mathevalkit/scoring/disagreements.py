"""Where two scorers do not judge alike: why, and a file of all such generations.

A disagreement is one generation that one scorer accepts and another does not. Its cause is found from what
both read out of the text:

| cause           | what it means                                                                         |
| --------------- | ------------------------------------------------------------------------------------- |
| `truncation`    | the text was cut off, and the other holds it truncated                                |
| `extraction`    | they read different answers out of the text, or one found none                        |
| `rounding`      | the same answer, a number near the gold and not equal to it                           |
| `undecided`     | the same answer; the other could not decide                                           |
| `normalisation` | the same answer, read differently: separators, units, LaTeX                           |

The file is CSV or JSON Lines, by its suffix, a row for each pair of scorers that disagree on a generation.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

from answer_normalizers import check
from answer_normalizers.extraction.spans import words
from answer_normalizers.parsing.numerals import plain_number
from mathevalkit.atomic import atomic_file
from mathevalkit.errors import MathEvalError, UsageError
from mathevalkit.presentation.spreadsheet import disarmed
from mathevalkit.runs.codec import encode_line
from mathevalkit.types import Outcome, ScoredCompletion

Cause: TypeAlias = Literal["extraction", "normalisation", "rounding", "truncation", "undecided"]
CAUSES: tuple[Cause, ...] = ("extraction", "normalisation", "rounding", "truncation", "undecided")

MAX_EXTRA_WORDS = 4
"""`5 square centimetres` may be what another scorer read as `5`; a sentence is not."""
NEAR = Fraction(1, 20)
"""A number this far from the gold at most, relative to it, or half a unit, is a rounded one."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one scorer made of one generation."""

    scorer: str
    outcome: Outcome
    answer: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One generation that the scorers do not judge alike."""

    source: str
    sample_id: str
    k: int
    gold: str
    opinions: tuple[Opinion, ...]
    causes: tuple[tuple[str, str, Cause], ...]
    """``(accepting scorer, other scorer, cause)`` of each pair that disagrees."""


# ---- why ---------------------------------------------------------------------------------------------


def disagreeing(judged: Sequence[ScoredCompletion], gold: str) -> Iterator[tuple[int, int, Cause]]:
    """Each pair of an accepting scorer and one that does not accept, by their places, with the cause."""
    for i, accepting in enumerate(judged):
        if accepting.outcome == "correct":
            for j, other in enumerate(judged):
                if other.outcome != "correct":
                    yield i, j, cause_of(accepting, other, gold=gold)


def cause_of(accepting: ScoredCompletion, other: ScoredCompletion, *, gold: str) -> Cause:
    """Why one scorer accepts a generation that another does not; see the table above."""
    if other.outcome == "truncated":
        return "truncation"
    if accepting.answer is None or other.answer is None:
        # A scorer that does not say what it read (a plug-in may not) can only differ in how it read it.
        return "extraction" if other.outcome == "no_answer" else "normalisation"
    if not _same_answer(accepting.answer, other.answer):
        return "extraction"
    if other.outcome == "undecided":
        return "undecided"
    return "rounding" if _is_rounded(accepting.answer, gold) else "normalisation"


def _same_answer(left: str, right: str) -> bool:
    """Whether two scorers read the same answer; a solution that ends in the answer is not the answer."""
    if left == right:
        return True
    prose = [len(words(text, 0, len(text))) for text in (left, right)]
    return abs(prose[0] - prose[1]) <= MAX_EXTRA_WORDS and check(gold=left, pred=right).equivalent is True


def _is_rounded(answer: str, gold: str) -> bool:
    numbers = plain_number(answer), plain_number(gold)
    if None in numbers:
        return False
    value, exact = (Fraction(str(number)) for number in numbers)
    return value != exact and abs(value - exact) <= max(Fraction(1, 2), NEAR * abs(exact))


# ---- the file ----------------------------------------------------------------------------------------

COLUMNS = (
    "source",
    "sample_id",
    "k",
    "cause",
    "gold",
    "accepting_scorer",
    "accepted_answer",
    "other_scorer",
    "other_outcome",
    "other_answer",
    "other_reason",
)


@contextmanager
def disagreement_file(path: Path) -> Iterator[Callable[[Disagreement], None]]:
    """A writer of disagreements. The file appears when all is written, whole.

    Raises:
        UsageError: the suffix is neither ``.csv`` nor ``.jsonl``.
        MathEvalError: it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".jsonl"):
        raise UsageError(f"{path}: expected a name that ends in .csv or .jsonl")
    with atomic_file(path, error=MathEvalError) as file:
        if suffix == ".jsonl":
            yield lambda disagreement: file.writelines(map(encode_line, _rows(disagreement)))
            return
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        table.writerow(COLUMNS)
        yield lambda disagreement: table.writerows(map(disarmed, row.values()) for row in _rows(disagreement))
        text.detach()


def _rows(disagreement: Disagreement) -> Iterator[dict[str, Any]]:
    opinions = {opinion.scorer: opinion for opinion in disagreement.opinions}
    for accepting, other, cause in disagreement.causes:
        values = (
            disagreement.source,
            disagreement.sample_id,
            disagreement.k,
            cause,
            disagreement.gold,
            accepting,
            opinions[accepting].answer,
            other,
            opinions[other].outcome,
            opinions[other].answer,
            opinions[other].reason,
        )
        yield dict(zip(COLUMNS, values, strict=True))
