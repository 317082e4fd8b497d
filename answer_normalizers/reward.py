r"""Rewards for reinforcement learning, from the same judgement that evaluates.

For TRL's `GRPOTrainer`, the function itself:

    from answer_normalizers import reward
    trainer = GRPOTrainer(model, reward_funcs=reward, train_dataset=dataset)   # with a column `answer`

For verl, a file that it is pointed to (`custom_reward_function.path=my_reward.py`):

    from answer_normalizers.reward import compute_score

Other values, another scorer or another column:

    reward = Reward(correct=1.0, wrong=-0.5, undecided=None, strategy="boxed", column="target")

A reward keeps no state: it is the same in a thread, a worker process or an actor of Ray, and can be pickled.

    >>> reward(completions=["so $x$ is \\boxed{0.5}", "the answer is 2"], answer=["1/2", "#### 3"])
    [1.0, 0.0]
    >>> compute_score(data_source="gsm8k", solution_str="#### 1,000", ground_truth="1000")
    1.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from answer_normalizers.extraction.strategies import extract
from answer_normalizers.grading import get_scorer
from answer_normalizers.verdict import Verdict

COLUMNS = ("answer", "ground_truth", "gold", "solution")
"""Where the gold answers are looked for when no column is named, in this order."""

Message = Mapping[str, Any]
Completion = str | Sequence[Message]
"""A text, or the messages of a turn, of which the last one counts."""


class RewardError(ValueError):
    """A batch that cannot be rewarded: it has no gold answers, or not as many as completions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """Rewards completions by whether their answer is the gold one."""

    correct: float = 1.0
    """For an answer that is the gold."""
    wrong: float = 0.0
    """For one that is not, and for a text without one."""
    undecided: float | None = 0.0
    """Where it could not be decided. None: no reward, which TRL leaves out; for verl, `wrong`."""
    scorer: str = "auto"
    """Name of the scorer, or `module:function`."""
    strategy: str | None = None
    """Extraction strategy, for scorers that take one: `boxed` rewards nothing but a boxed answer."""
    column: str | None = None
    """The column with the gold answers; None: the first of `COLUMNS` that there is."""

    __name__: ClassVar[str] = "answer_reward"  # what TRL logs it as

    def __call__(
        self,
        completions: Sequence[Completion],
        *,
        log_extra: Callable[[str, list[str]], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """One reward for each completion, in TRL's shape.

        Args:
            completions: texts, or for conversations lists of messages. log_extra: given by TRL; receives
            what was extracted, and why it was judged so. columns: the columns of the batch. The gold column
            holds answers, or solutions with a `\\boxed{…}` or
                `####`; where it holds None, the completion has no reward.

        Raises:
            RewardError: there is no gold column, or it has another length.
        """
        golds = self._golds(columns)
        if len(golds) != len(completions):
            raise RewardError(f"{len(completions)} completions, but {len(golds)} gold answers")
        verdicts = [
            None if gold is None else self._judge(str(gold), _text(completion))
            for gold, completion in zip(golds, completions, strict=True)
        ]
        if log_extra is not None:
            found = [None if verdict is None else verdict.extraction for verdict in verdicts]
            log_extra("extracted", [extraction.value if extraction else "" for extraction in found])
            log_extra("judgement", ["no gold" if verdict is None else verdict.reason for verdict in verdicts])
        return [None if verdict is None else self._value(verdict) for verdict in verdicts]

    def compute_score(
        self,
        data_source: str,  # noqa: ARG002 - verl's shape: one scorer judges all data
        solution_str: str,
        ground_truth: str,
        extra_info: Mapping[str, Any] | None = None,  # noqa: ARG002 - verl's shape
        **_: Any,
    ) -> float:
        """The reward of one completion, in verl's shape."""
        value = self._value(self._judge(str(ground_truth), solution_str))
        return self.wrong if value is None else value

    def _golds(self, columns: Mapping[str, Any]) -> Sequence[object]:
        names = (self.column,) if self.column else COLUMNS
        for name in names:
            if columns.get(name) is not None:
                golds: Sequence[object] = columns[name]
                return golds
        there = ", ".join(sorted(columns)) or "none"
        raise RewardError(f"no column with gold answers: wanted {' or '.join(names)}, there are: {there}")

    def _judge(self, gold: str, text: str) -> Verdict:
        return get_scorer(self.scorer, strategy=self.strategy)(gold=_gold_answer(gold), text=text)

    def _value(self, verdict: Verdict) -> float | None:
        if verdict.equivalent is None:
            return self.undecided
        return self.correct if verdict.equivalent else self.wrong


def _gold_answer(gold: str) -> str:
    """The answer in a gold: what its solution boxes or puts behind `####`, or else all of it."""
    for marker, strategy in (("\\boxed", "boxed"), ("####", "hash")):
        if marker in gold:
            found = extract(gold, strategy=strategy)
            if found is not None:
                return found.value
    return gold


def _text(completion: Completion) -> str:
    """The text of a completion; of a conversation, the last message's."""
    if isinstance(completion, str):
        return completion
    content = completion[-1].get("content") if completion else None
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(part.get("text", "") for part in content if isinstance(part, Mapping))


reward = Reward()
compute_score = reward.compute_score
