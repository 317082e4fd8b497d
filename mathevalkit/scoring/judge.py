"""Completions to verdicts: under one or several scorers at once, and why two of them disagree.

A disagreement is one generation that one scorer accepts and another does not. Its cause is found from what
both read out of the text:

| cause           | what it means                                                                         |
| --------------- | ------------------------------------------------------------------------------------- |
| `truncation`    | the text was cut off, and the other holds it truncated                                |
| `extraction`    | they read different answers out of the text, or one found none                        |
| `rounding`      | the same answer, a number near the gold and not equal to it                           |
| `undecided`     | the same answer; the other could not decide                                           |
| `normalisation` | the same answer, read differently: separators, units, LaTeX                           |
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal, TypeAlias

from answer_normalizers import Verdict, check
from answer_normalizers.extraction.spans import words
from answer_normalizers.grading import Scorer, get_scorer
from answer_normalizers.parsing.numerals import plain_number
from answer_normalizers.plugins import PluginError, UnknownNameError
from mathevalkit.errors import UsageError
from mathevalkit.runs.codec import encode_line
from mathevalkit.runs.foreign import Block, Generation, Layout
from mathevalkit.scoring.outcomes import scored
from mathevalkit.scoring.tally import Breakdown, Tally
from mathevalkit.types import OUTCOMES, Accuracy, Completion, Outcome, Recipe, Sample, ScoredCompletion


@dataclass(frozen=True, slots=True)
class Reading:
    """How scorers that let their caller choose read a text: a recipe's ``strategy`` and ``normalizer``."""

    strategy: str = "auto"
    normalizer: str | None = None

    @classmethod
    def of(cls, recipe: Recipe, *, strategy: str | None = None) -> Reading:
        """A recipe's own, or with another strategy instead."""
        return cls(strategy=strategy or recipe.strategy, normalizer=recipe.normalizer)


def find_scorers(names: Sequence[str], reading: Reading) -> list[tuple[str, Scorer]]:
    """Scorers by name, told how to read a text where they take it.

    Raises:
        UsageError: no scorer is called that, or it cannot be loaded; the message names near matches.
    """
    try:
        return [
            (name, get_scorer(name, strategy=reading.strategy, normalizer=reading.normalizer))
            for name in names
        ]
    except (UnknownNameError, PluginError) as error:
        raise UsageError(f"scorer: {error}") from error


class Judge:
    """Scores completions and keeps the counts.

    Args:
        scorers: names in the registry; the first decides the outcome and the breakdown.
        reading: how scorers that take it read a text.
        samples: by id.
    """

    def __init__(self, scorers: Sequence[str], *, reading: Reading, samples: Mapping[str, Sample]) -> None:
        self._samples = samples
        self._scorers = find_scorers(scorers, reading)
        self.breakdown = Breakdown(samples)
        self._others = {name: Tally() for name in scorers[1:]}

    def judge(self, completion: Completion) -> Iterator[tuple[str, ScoredCompletion]]:
        """One verdict for each scorer, counted."""
        sample = self._samples[completion.sample_id]
        for index, (name, scorer) in enumerate(self._scorers):
            line = scored(completion, verdict_of(name, scorer, completion, sample.gold, sample.solution))
            if index == 0:
                self.breakdown.add(completion.sample_id, line.outcome)
            else:
                self._others[name].add(completion.sample_id, line.outcome)
            yield name, line

    def other_accuracies(self) -> dict[str, Accuracy]:
        """Accuracy under each scorer but the first."""
        return {name: tally.accuracy() for name, tally in self._others.items()}


def verdict_of(name: str, scorer: Scorer, completion: Completion, gold: str, solution: str) -> Verdict | None:
    """A scorer's verdict on a completion; None where there is no text. A scorer that fails is undecided."""
    if completion.finish_reason == "error":
        return None
    try:
        return scorer(gold=gold, text=completion.text, solution=solution)
    except Exception as error:  # noqa: BLE001  # a plug-in's fault must not stop a run that costs GPU hours
        return Verdict(
            equivalent=None,
            stage="scorer",
            reason=f"scorer {name!r} failed: {type(error).__name__}: {error}",
        )


# ---- several scorers on the same generations ---------------------------------------------------------

Cause: TypeAlias = Literal["extraction", "normalisation", "rounding", "truncation", "undecided"]
CAUSES: tuple[Cause, ...] = ("extraction", "normalisation", "rounding", "truncation", "undecided")

MAX_EXTRA_WORDS = 4
"""`5 square centimetres` may be what another scorer read as `5`; a sentence is not."""
_CODES: Mapping[Outcome, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_CORRECT = _CODES["correct"]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBlock:
    """What a panel made of a block, packed: it comes from another process, and there may be thousands."""

    keys: bytes
    """Eight bytes a generation, equal for generations of one sample."""
    codes: tuple[bytes, ...]
    """For each scorer one byte a generation, an index into OUTCOMES."""
    causes: Mapping[tuple[int, int, Cause], int]
    """How often an accepting and another scorer (by index) disagreed, by cause."""
    disagreements: tuple[Disagreement, ...]
    lines: tuple[bytes, ...]
    """For each scorer the lines of its verdict file, where they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBlock:
    """A callable for worker processes: ``(block) -> JudgedBlock``."""

    layout: Layout
    label: str
    scorers: tuple[str, ...]
    reading: Reading
    with_lines: bool
    max_disagreements: int | None
    """Disagreements described for each block and kind; None for all. All are counted."""

    def __call__(self, block: Block) -> JudgedBlock:
        """Judge every generation of the block."""
        panel = _panel(self.scorers, self.reading)
        keys = bytearray()
        codes = [bytearray() for _ in self.scorers]
        lines = [bytearray() for _ in self.scorers]
        causes: Counter[tuple[int, int, Cause]] = Counter()
        described: list[Disagreement] = []
        kinds: Counter[tuple[tuple[int, int, Cause], ...]] = Counter()
        for generation in self.layout.generations(block):
            judged = panel.judge(generation)
            keys += _key(generation.completion.sample_id)
            for index, line in enumerate(judged):
                codes[index].append(_CODES[line.outcome])
                if self.with_lines:
                    lines[index] += encode_line(line)
            if len({line.outcome == "correct" for line in judged}) == 2:
                pairs = tuple(_pairs(judged, generation.gold))
                causes.update(pairs)
                kinds[pairs] += 1
                if self.max_disagreements is None or kinds[pairs] <= self.max_disagreements:
                    described.append(self._described(generation, judged, pairs))
        return JudgedBlock(
            keys=bytes(keys),
            codes=tuple(map(bytes, codes)),
            causes=causes,
            disagreements=tuple(described),
            lines=tuple(map(bytes, lines)),
        )

    def _described(
        self,
        generation: Generation,
        judged: Sequence[ScoredCompletion],
        pairs: Sequence[tuple[int, int, Cause]],
    ) -> Disagreement:
        return Disagreement(
            source=self.label,
            sample_id=generation.completion.sample_id,
            k=generation.completion.k,
            gold=generation.gold,
            opinions=tuple(
                Opinion(name, line.outcome, line.answer, line.reason)
                for name, line in zip(self.scorers, judged, strict=True)
            ),
            causes=tuple((self.scorers[a], self.scorers[b], cause) for a, b, cause in pairs),
        )


DEFAULT_READING = Reading()


class Panel:
    """Scorers by name, asked one after the other.

    Raises:
        UsageError: no scorer is called that, or it cannot be loaded.
    """

    def __init__(self, scorers: Sequence[str], reading: Reading = DEFAULT_READING) -> None:
        self._scorers = find_scorers(scorers, reading)

    def judge(self, generation: Generation) -> list[ScoredCompletion]:
        """One verdict for each scorer."""
        completion = generation.completion
        return [
            scored(completion, verdict_of(name, scorer, completion, generation.gold, generation.solution))
            for name, scorer in self._scorers
        ]


@cache
def _panel(scorers: tuple[str, ...], reading: Reading) -> Panel:
    """Loaded once in each worker process."""
    return Panel(scorers, reading)


def _key(sample_id: str) -> bytes:
    return hashlib.blake2b(sample_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _pairs(judged: Sequence[ScoredCompletion], gold: str) -> Iterator[tuple[int, int, Cause]]:
    """Each pair of an accepting scorer and another one, with the cause."""
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
