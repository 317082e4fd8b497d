r"""lm-evaluation-harness's task `gsm8k`: the filters `strict-match` and `flexible-extract`.

Whose: EleutherAI, github.com/EleutherAI/lm-evaluation-harness 0.4.13, `tasks/gsm8k/gsm8k.yaml`, version 3.0,
metric `exact_match`.

A filter picks a string from the text; it and the gold are compared as strings, lower-cased, without commas,
dollar signs, a final full stop, and all up to the last `#### `.

Known faults of `strict-match`:

- It takes the first `#### ` and a number, exactly so: one space, no `$`. MetaMath's "The answer is: 18"
  alone is wrong, as is `####18` and `#### $18`.
- Strings are compared, not numbers: `18.0` is not `18`.

Known faults of `flexible-extract`:

- The last match of `(-?[$0-9.,]{2,})|(-?[0-9]+)` counts, so that a single digit at the very end, a year or
  "in 3 days" wins over the answer before it, and a bare run such as `..` or `,.` counts as a match.
- `$18.00` is not `18`; a minus before the dollar sign is read, one after it is not: `$-5` is 5 twice over.
- A check after the answer wins.
"""

from __future__ import annotations

import re

from answer_normalizers.published.common import no_answer, verdict
from answer_normalizers.verdict import Verdict

_STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
_FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
_FINAL_STOP = re.compile(r"\.$")
_DROPPED = str.maketrans("", "", ",$")


def strict_match(*, gold: str, text: str) -> Verdict:
    """lm-evaluation-harness 0.4.13, task `gsm8k`, filter `strict-match`: what follows the first `#### `."""
    match = _STRICT.search(text)
    if match is None:
        return no_answer("`#### ` and a number")
    return _compare(gold, text, match.span(1), "hash")


def flexible_extract(*, gold: str, text: str) -> Verdict:
    """lm-evaluation-harness 0.4.13, task `gsm8k`, filter `flexible-extract`: the last number of the text."""
    span = None
    for match in _FLEXIBLE.finditer(text):
        span = match.span()
    return no_answer("number") if span is None else _compare(gold, text, span, "last_number")


def _compare(gold: str, text: str, span: tuple[int, int], rule: str) -> Verdict:
    left, right = _comparable(text[span[0] : span[1]]), _comparable(gold)
    reason = (
        f"the strings {left[:40]!r} and {right[:40]!r} are {'the same' if left == right else 'different'}"
    )
    return verdict(
        equivalent=left == right, stage="exact_match", reason=reason, text=text, span=span, rule=rule
    )


def _comparable(answer: str) -> str:
    return _FINAL_STOP.sub("", answer.translate(_DROPPED).rpartition("#### ")[2]).lower()
