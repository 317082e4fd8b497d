"""Several completions a sample: avg@k, pass@k and maj@k with intervals.

    >>> pass_at_k(n=4, correct=1, k=2)  # one of four is right: half of all pairs hold it
    0.5
    >>> votes = count_votes([("correct", "10"), ("wrong", "12"), ("correct", "10.0"), ("no_answer", None)])
    >>> votes
    Votes(correct=2, others=(1,), silent=1)
    >>> maj_at_k(votes, k=4)
    1.0

All three are exact averages over the choices of ``k`` among a sample's ``n`` completions, so a run with
n = 64 gives every smaller k too, without drawing lots.

An engine error gave no completion and is left out. A completion that is truncated or holds no answer is
one that did not pass and does not vote; an undecided one did not pass and votes for its own answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Literal, TypeAlias

from answer_normalizers import check
from mathevalkit.stats.intervals import accuracy_of, mean_interval
from mathevalkit.types import Outcome

Answered: TypeAlias = tuple[Outcome, str | None]
"""What became of a completion, and the answer it gave."""
Metric: TypeAlias = Literal["avg", "pass", "maj"]


@dataclass(frozen=True, slots=True)
class AtK:
    """``pass@8`` of a run, say, with its interval. Values are fractions."""

    metric: Metric
    k: int
    value: float
    low: float
    high: float
    samples: int
    """Samples with at least ``k`` completions; the others are left out."""

    @property
    def name(self) -> str:
        """As the field writes it: ``pass@8``."""
        return f"{self.metric}@{self.k}"


@dataclass(frozen=True, slots=True)
class Votes:
    """How a sample's completions voted."""

    correct: int
    """For the right answer, in whatever form."""
    others: tuple[int, ...]
    """For each other answer, most first."""
    silent: int
    """No answer, or truncated."""


def at_k(
    samples: Mapping[str, Sequence[Answered]],
    *,
    metric: Metric,
    k: int,
    alpha: float = 0.05,
    same: Callable[[str, str], bool] | None = None,
) -> AtK | None:
    """One metric of a run.

    Args:
        samples: the completions of each sample by its id.
        metric: ``avg``: mean accuracy of single completions; ``pass``: at least one of k is right; ``maj``:
            the right answer has more votes of k than any other.
        k: how many completions; ``avg`` is the same for every k, but noisier for fewer.
        alpha: one minus the confidence. Samples are the independent units, completions of one are not.
        same: whether two answers are one (``maj``); the answer-checking engine by default.

    Returns:
        None where no sample has k completions.
    """
    usable = [
        answered
        for completions in samples.values()
        if len(answered := [c for c in completions if c[0] != "backend_error"]) >= k > 0
    ]
    if not usable:
        return None
    if metric == "avg":
        value, low, high = _avg(usable, alpha=alpha)
    else:
        values = (
            [pass_at_k(n=len(c), correct=_correct(c), k=k) for c in usable]
            if metric == "pass"
            else [_maj(c, k=k, same=same) for c in usable]
        )
        value = sum(values) / len(values)
        low, high = mean_interval(values, alpha=alpha)
    return AtK(metric=metric, k=k, value=value, low=low, high=high, samples=len(usable))


def _avg(samples: Sequence[Sequence[Answered]], *, alpha: float) -> tuple[float, float, float]:
    """The accuracy of single completions, with its interval."""
    accuracy = accuracy_of(
        Counter(outcome for completions in samples for outcome, _ in completions),
        samples=len(samples),
        per_sample=((_correct(completions), len(completions)) for completions in samples),
        alpha=alpha,
    )
    assert accuracy.value is not None  # every sample has a completion that was scored
    assert accuracy.low is not None
    assert accuracy.high is not None
    return accuracy.value, accuracy.low, accuracy.high


def _correct(completions: Iterable[Answered]) -> int:
    return sum(outcome == "correct" for outcome, _ in completions)


def pass_at_k(*, n: int, correct: int, k: int) -> float:
    """Chance that at least one of ``k`` completions drawn from ``n`` is right, ``correct`` of them being so.

    The unbiased estimator of Chen et al. 2021, "Evaluating Large Language Models Trained on Code",
    arXiv:2107.03374, equation 1. Simply taking ``1 - (1 - correct/n)**k`` is biased low.
    """
    _check_k(n=n, k=k)
    return 1 - comb(n - correct, k) / comb(n, k)


def maj_at_k(votes: Votes, *, k: int) -> float:
    """Chance that the right answer wins the vote among ``k`` completions drawn from all.

    It wins with more votes than every other answer; a tie is no win. The average over all choices of k
    completions, computed by counting them: given that the right answer has v votes, an answer that never
    reaches v can fall as it likes, and the few larger ones are held below v.
    """
    n = votes.correct + sum(votes.others) + votes.silent
    _check_k(n=n, k=k)
    winning = 0
    for v in range(1, min(votes.correct, k) + 1):
        rivals = [count for count in votes.others if count >= v]
        harmless = n - votes.correct - sum(rivals)
        wanted = k - v
        ways = [1]  # ways[i]: ways to give i votes to the rivals so far, each below v
        for count in rivals:
            steps = [comb(count, i) for i in range(v)]
            ways = [
                sum(ways[i - j] * steps[j] for j in range(min(i, v - 1) + 1) if i - j < len(ways))
                for i in range(min(wanted, len(ways) + v - 2) + 1)
            ]
        rest = sum(ways[i] * comb(harmless, wanted - i) for i in range(min(wanted, len(ways) - 1) + 1))
        winning += comb(votes.correct, v) * rest
    return winning / comb(n, k)


def _check_k(*, n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and the {n} completions, got {k}")


def _maj(completions: Sequence[Answered], *, k: int, same: Callable[[str, str], bool] | None) -> float:
    """``maj_at_k`` of a sample; where all its completions vote, often known before answers are compared."""
    if k == len(completions):
        correct, texts, _ = _ballots(completions)
        if correct > sum(texts.values()):
            return 1.0
        if correct <= max(texts.values(), default=0):
            return 0.0
    return maj_at_k(count_votes(completions, same=same), k=k)


def count_votes(completions: Iterable[Answered], *, same: Callable[[str, str], bool] | None = None) -> Votes:
    """Group a sample's answers into classes of the same answer, and count.

    Every answer that was judged right is the reference answer, so these are one class without further
    checks. The others are grouped by their text, spacing apart, first, then each group is checked against
    the classes found so far, largest first; answers that cannot be shown to be the same stay apart.
    """
    same = same or _same_answer
    correct, texts, silent = _ballots(completions)
    classes: dict[str, int] = {}
    if correct:  # without a right answer there is nothing to win
        for text, count in sorted(texts.items(), key=lambda item: (-item[1], item[0])):
            home = next((known for known in classes if same(known, text)), text)
            classes[home] = classes.get(home, 0) + count
    else:
        classes = texts
    return Votes(correct=correct, others=tuple(sorted(classes.values(), reverse=True)), silent=silent)


def _ballots(completions: Iterable[Answered]) -> tuple[int, dict[str, int], int]:
    """Votes for the right answer, votes by the text of the others, and completions that do not vote."""
    correct = silent = 0
    texts: dict[str, int] = {}
    for outcome, answer in completions:
        if outcome == "correct":
            correct += 1
        elif outcome in ("wrong", "undecided") and answer is not None and answer.strip():
            text = " ".join(answer.split())
            texts[text] = texts.get(text, 0) + 1
        elif outcome != "backend_error":
            silent += 1
    return correct, texts, silent


@lru_cache(maxsize=65536)
def _same_answer(first: str, second: str) -> bool:
    return check(gold=first, pred=second).equivalent is True
