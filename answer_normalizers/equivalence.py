"""Deciding whether two answers are the same: `check`, and the stages it goes through, cheapest first."""

from __future__ import annotations

from answer_normalizers.numbers import plain_number
from answer_normalizers.policy import Policy
from answer_normalizers.verdict import Verdict

_IDENTICAL = Verdict(True, "identical", "the two answers are the same string")
_EMPTY = Verdict(False, "string", "one of the answers is empty")
_NUMBERS_EQUAL = Verdict(True, "number", "the two answers are the same exact number")
_NUMBERS_DIFFER = Verdict(False, "number", "the two answers are different exact numbers")
_STRINGS_EQUAL = Verdict(True, "string", "the two answers are the same but for spacing and wrappers")
_UNDECIDED = Verdict(None, "string", "the answers differ as strings and are not both plain numbers")

DEFAULT_POLICY = Policy()


def check(*, gold: str, pred: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Decide whether `pred` is the same answer as `gold`.

    Pure and total: no pair of strings raises, and the same pair always gives the same verdict.

    >>> check(gold="1/2", pred="0.50").equivalent
    True
    """
    if gold == pred and gold.strip():
        return _IDENTICAL
    if not gold.strip() or not pred.strip():
        return _EMPTY
    left, right = plain_number(gold), plain_number(pred)
    if left is not None and right is not None:
        return _NUMBERS_EQUAL if left == right else _NUMBERS_DIFFER
    if "".join(gold.split()) == "".join(pred.split()):
        return _STRINGS_EQUAL
    return _UNDECIDED
