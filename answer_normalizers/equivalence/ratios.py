"""Comparing answers of which one is written with a colon: a ratio, or a time of day, which `2:30` may be."""

from __future__ import annotations

from answer_normalizers.equivalence.asking import SCALARS, Ask, apart, kind_of
from answer_normalizers.tree.nodes import Apply, Clock, Num, Ratio, Value
from answer_normalizers.verdict import Verdict, different, equal, undecided


def compare_ratios(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """`2:3` equals `4:6` and the fraction `2/3`."""
    if type(gold) is Ratio and type(pred) is Ratio:
        if len(gold.parts) != len(pred.parts):
            return different("ratio", "the ratios have different numbers of parts")
        for ours, theirs in zip(gold.parts[1:], pred.parts[1:], strict=True):
            verdict = ask(Apply("*", (gold.parts[0], theirs)), Apply("*", (ours, pred.parts[0])))
            if not verdict.equivalent:
                return verdict
        return equal("ratio", "the two ratios are the same")
    ratio, other = apart(Ratio, gold, pred)
    if len(ratio.parts) != 2 or type(other) not in SCALARS:
        return different("type", f"a ratio is never {kind_of(other)}")
    return ask.instead(gold, pred, ratio, Apply("/", ratio.parts))


def compare_clocks(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Times of day; `2:30` without a half of the day may also be a ratio."""
    one, two = _as_clock(gold), _as_clock(pred)
    ours, theirs = _as_ratio(gold), _as_ratio(pred)
    if one is None or two is None:
        if ours is not None and theirs is not None:
            return ask(ours, theirs)
        return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")
    same = _minutes(one) == _minutes(two)
    if bool(one.half) != bool(two.half) and ask.policy.clock == "half_optional":
        same = same or (one.hour, one.minute) == (two.hour, two.minute)
    if same:
        return equal("clock", "the two times are the same")
    if ours is not None and theirs is not None and one.minute:
        as_ratios = compare_ratios(ours, theirs, ask)
        if as_ratios.equivalent:
            return undecided("clock", "the same as ratios, different as times")
    return different("clock", "the two times differ")


def _as_clock(value: Value) -> Clock | None:
    if type(value) is Clock:
        return value
    if type(value) is Num and type(value.value) is int and 0 <= value.value <= 24:
        return Clock(value.value, 0, "")
    return None


def _as_ratio(value: Value) -> Value | None:
    """The ratio `2:30` may be, or a value a ratio can be compared with."""
    if type(value) is Clock:
        return None if value.half else Ratio((Num(value.hour), Num(value.minute)))
    return value if type(value) in (Ratio, *SCALARS) else None


def _minutes(clock: Clock) -> int:
    hour = clock.hour
    if clock.half:
        hour = hour % 12 + (12 if clock.half == "pm" else 0)
    return hour * 60 + clock.minute
