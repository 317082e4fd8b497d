"""Answers as trees, and verdicts on them, for the tests of the engine's packages."""

from __future__ import annotations

from answer_normalizers import Policy, Verdict, check
from answer_normalizers.equivalence.check import compare
from answer_normalizers.parsing.reading import read
from answer_normalizers.tree.nodes import Value

STAGES = {
    "identical", "number", "string", "parse", "type", "text", "exact", "field", "ball", "set", "relation",
    "structure", "ratio", "clock", "base", "unit", "limits", "prose",
}  # fmt: skip


def value(text: str) -> Value:
    """The tree of an answer."""
    found = read(text).value
    assert found is not None, text
    return found


def well_formed(verdict: Verdict) -> Verdict:
    """The same verdict, if it names its stage and says its reason."""
    assert verdict.equivalent in (True, False, None)
    assert verdict.stage in STAGES
    assert isinstance(verdict.reason, str)
    assert len(verdict.reason) > 8
    assert "None" not in verdict.reason
    return verdict


def both_ways(gold: str, pred: str, **policy: object) -> Verdict:
    """The verdict on a pair, which is the same one with gold and prediction exchanged."""
    given = Policy(**policy)  # type: ignore[arg-type]
    verdict = well_formed(check(gold=gold, pred=pred, policy=given))
    back = well_formed(check(gold=pred, pred=gold, policy=given))
    assert (back.equivalent, back.stage) == (verdict.equivalent, verdict.stage)
    return verdict


def compared(gold: Value, pred: Value, **policy: object) -> Verdict:
    """As `both_ways`, of two trees."""
    given = Policy(**policy)  # type: ignore[arg-type]
    verdict = well_formed(compare(gold, pred, given))
    back = well_formed(compare(pred, gold, given))
    assert (back.equivalent, back.stage) == (verdict.equivalent, verdict.stage)
    return verdict
