"""One completion, judged: exactly one outcome, by one rule.

| the completion                                                    | outcome         |
| ----------------------------------------------------------------- | --------------- |
| the engine gave no text                                           | `backend_error` |
| the scorer accepts an answer the text states                      | `correct`       |
| it ran out of tokens, and the above does not hold                 | `truncated`     |
| the scorer could not decide                                       | `undecided`     |
| no answer found in it                                             | `no_answer`     |
| the scorer says: not equivalent                                   | `wrong`         |

A completion that ran out of tokens is never `wrong`: the answer it would have given is unknown. It may
be `correct` where its final answer had been stated explicitly before the budget ran out; a number that
merely stood last when the text was cut off is a guess and does not count. Published scorers make no
such difference: under their names a cut-off text is judged as its authors judged it.
"""

from __future__ import annotations

from answer_normalizers import Verdict
from mathevalkit.types import Completion, Outcome, ScoredCompletion


def decide_outcome(completion: Completion, verdict: Verdict | None) -> Outcome:
    """The table above. ``verdict`` is None exactly when there is no text."""
    if completion.finish_reason == "error" or verdict is None:
        return "backend_error"
    extraction = verdict.extraction
    cut_off = completion.finish_reason == "length"
    if verdict.equivalent is True and not (cut_off and extraction is not None and not extraction.explicit):
        return "correct"
    if cut_off:
        return "truncated"
    if verdict.equivalent is None:
        return "undecided"
    return "no_answer" if extraction is None else "wrong"


def scored(completion: Completion, verdict: Verdict | None) -> ScoredCompletion:
    """The completion's line in ``verdicts.<scorer>.jsonl``."""
    extraction = verdict.extraction if verdict is not None else None
    return ScoredCompletion(
        sample_id=completion.sample_id,
        k=completion.k,
        outcome=decide_outcome(completion, verdict),
        answer=extraction.value if extraction is not None else None,
        span=(extraction.start, extraction.end) if extraction is not None else None,
        rule=extraction.rule if extraction is not None else None,
        stage=verdict.stage if verdict is not None else "backend",
        reason=verdict.reason if verdict is not None else (completion.error or "the engine gave no text"),
    )
