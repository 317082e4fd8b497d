r"""math-verify, where it is installed: its own extraction and its own comparison, in a process of its own.

Whose: Hugging Face, github.com/huggingface/Math-Verify; checked against 0.9.0. The gold is parsed inside
`$…$`, its best setting, the text with its default targets, as lm-evaluation-harness and most trainers call
it.

This is the installed package, not a reproduction: its verdicts are those of its version. Known faults of
0.9.0:

- It accepts `1/2^99` for `1/2^98`, `1/3` for `0.3333333333`, `204_5` for `204_4`, `(3,4)` for `\{3,4\}`, and
  `5 m` for `5 cm`.
- It rejects `i` as the imaginary unit, unicode mathematics, mixed numbers, `1\,234` and a missing brace.
- Its time limits are alarms, which exist in the main thread only and cancel the caller's own; hence the
  process.

Install it with `pip install math-verify`; the scorer is listed only then.
"""

from __future__ import annotations

from functools import cache

from answer_normalizers.killable import Worker, WorkerError
from answer_normalizers.published.common import no_answer, verdict
from answer_normalizers.verdict import Verdict

SECONDS = 30.0
"""Its own limits (5 s for each parse and each comparison) should come first."""

_STAGE = "math_verify"


def math_verify(*, gold: str, text: str) -> Verdict:
    """math-verify as it is installed, with its default extraction."""
    try:
        reply = _worker().call(gold, text)
    except WorkerError as error:
        return Verdict(equivalent=None, stage=_STAGE, reason=f"math-verify gave no verdict: {error}")
    assert isinstance(reply, dict)
    found = reply["found"]
    if not isinstance(found, str):
        return no_answer("answer that math-verify can read")
    start = text.rfind(found)
    equal = bool(reply["equal"])
    return verdict(
        equivalent=equal,
        stage=_STAGE,
        reason=f"math-verify takes them for {'the same' if equal else 'different'}",
        text=text,
        span=(start, start + len(found)) if start >= 0 else None,
        rule="math_verify",
    )


@cache
def _worker() -> Worker:
    return Worker("answer_normalizers.published.math_verify_process:judge", deadline=SECONDS)
