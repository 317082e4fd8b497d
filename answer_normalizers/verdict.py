"""What the engine hands back: a verdict on two answers, and an answer found in a text.

>>> from answer_normalizers import check
>>> verdict = check(gold="1/2", pred="0.5")
>>> verdict.equivalent, verdict.stage
(True, 'number')
>>> bool(verdict)
Traceback (most recent call last):
TypeError: a verdict may be undecided: write `verdict.equivalent is True` (or `is not False`)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Extraction:
    """An answer found in a text, and where it stands."""

    value: str
    """The answer as it is written in the text, without the marker that led to it."""
    start: int
    """Index of the first character of `value` in the text."""
    end: int
    """Index after the last character of `value` in the text."""
    rule: str
    """The name of the rule that found it, such as `boxed`, `hashes` or `last_number`."""
    explicit: bool
    """True where the text marks its answer; False for a guess, such as the last number in the text."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two answers are the same, which stage decided, and why.

    A verdict has no truth value: a caller must say what undecided means to it.
    """

    equivalent: bool | None
    """True: the same answer. False: different answers. None: undecided, neither was shown."""
    stage: str
    """The stage that decided: `identical`, `number`, `string`, `type`, `text`, `exact`, `field`, `ball`,
    `set`, `relation`, `structure` …; for an undecided verdict, the stage that gave up."""
    reason: str
    """One sentence a person can read."""
    witness: str | None = None
    """For a numeric or symbolic rejection, a point at which the two answers differ, and both values there."""
    extraction: Extraction | None = None
    """Where the prediction was found in a longer text; set by `grade` only."""

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict may be undecided: write `verdict.equivalent is True` (or `is not False`)")


def equal(stage: str, reason: str) -> Verdict:
    """The two answers are the same."""
    return Verdict(equivalent=True, stage=stage, reason=reason)


def different(stage: str, reason: str, witness: str | None = None) -> Verdict:
    """The two answers are not the same."""
    return Verdict(equivalent=False, stage=stage, reason=reason, witness=witness)


def undecided(stage: str, reason: str) -> Verdict:
    """Neither was shown."""
    return Verdict(equivalent=None, stage=stage, reason=reason)
