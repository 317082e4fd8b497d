"""Deciding whether two answers are the same: `check`, and the stages it goes through, cheapest first.

1. identical strings; 2. plain numbers, exactly; 3. the same string once wrappers and spacing are gone; 4.
typed trees, compared by their types with the table of rules below, which in turn ask exact arithmetic, field
points, balls, sets of reals and equations. What none of them settles is undecided, with both trees at hand
for a last resort.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from answer_normalizers.arithmetic.reals import compare_sets
from answer_normalizers.equivalence.asking import SAME_TREE, SCALARS, Ask, kind_of
from answer_normalizers.equivalence.lists import compare_finite_sets, compare_lists, compare_sequences
from answer_normalizers.equivalence.matrices import compare_matrices
from answer_normalizers.equivalence.quantities import compare_quantities
from answer_normalizers.equivalence.ratios import compare_clocks, compare_ratios
from answer_normalizers.equivalence.relations import compare_relations
from answer_normalizers.equivalence.scalars import compare_expressions
from answer_normalizers.equivalence.sets import compare_real_sets
from answer_normalizers.equivalence.texts import compare_based, compare_texts
from answer_normalizers.limits import MAX_CHARACTERS, ExhaustedError, limited_work
from answer_normalizers.parsing.numerals import plain_decimal, plain_number
from answer_normalizers.parsing.reading import Reading, choice_letter, read
from answer_normalizers.policy import Policy
from answer_normalizers.tree.nodes import (
    Based,
    Builder,
    Clock,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different, equal, undecided

_IDENTICAL = equal("identical", "the two answers are the same string")
_EMPTY = different("string", "one of the answers is empty")
_NUMBERS_EQUAL = equal("number", "the two answers are the same exact number")
_NUMBERS_DIFFER = different("number", "the two answers are different exact numbers")
_STRINGS_EQUAL = equal("string", "the two answers are the same but for spacing and wrappers")
_TOO_LONG = undecided("limits", f"an answer is longer than {MAX_CHARACTERS} characters")
_TOO_DEEP = undecided("limits", "an answer is nested too deeply")
_TOO_DEAR = undecided("limits", "the comparison would cost more than a check may")
_SPACES = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
_AMBIGUOUS = re.compile(r"\d,\d{3}|\d[eE][+-]?\d")
_CONDITION = re.compile(r"[\d=<>≤≥≠∈]|\\(?:[lg]eq?|neq?|in)\b")
_COMMA_DECIMAL = re.compile(
    r"\s*+([-+]?)\s*+(?:(0|\d{4,}),(\d+)|(\d{1,3}),(\d\d)|(\d{1,3}(?:\.\d{3})+),(\d+)|(\d{1,3}(?:\.\d{3}){2,}))\s*+"
)

DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Examination:
    """A verdict, and how each answer was read: what a person needs to judge it, and a last resort to go
    on."""

    verdict: Verdict
    gold: Reading | None
    """None where the answers were settled as strings or plain numbers."""
    pred: Reading | None


def check(*, gold: str, pred: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Decide whether `pred` is the same answer as `gold`.

    Pure and total: no pair of strings raises, and the same pair always gives the same verdict.

    >>> check(gold=r"\\frac{1}{2}", pred="0.50").equivalent
    True
    >>> check(gold="x^2+2x+1", pred="(x+1)^2").stage
    'field'
    """
    if gold == pred:
        return _IDENTICAL if gold and not gold.isspace() else _EMPTY
    left = plain_decimal(gold)
    if left is not None:
        right = plain_decimal(pred)
        if right is not None:
            if left == right:
                return _NUMBERS_EQUAL
            if _are_exact(left, right, policy):
                return _NUMBERS_DIFFER
    return examine(gold=gold, pred=pred, policy=policy).verdict


def examine(*, gold: str, pred: str, policy: Policy = DEFAULT_POLICY) -> Examination:
    """As `check`, with the readings of both answers."""
    if not gold or not pred or gold.isspace() or pred.isspace():
        return Examination(_EMPTY, None, None)
    if len(gold) > MAX_CHARACTERS or len(pred) > MAX_CHARACTERS:
        same = gold.strip() == pred.strip()
        return Examination(_STRINGS_EQUAL if same else _TOO_LONG, None, None)
    named = ("=" in gold) + ("=" in pred)
    if (named == 0 or (named == 1 and policy.assignments == "optional")) and (
        (left := plain_number(gold)) is not None and (right := plain_number(pred)) is not None
    ):
        if left == right:
            return Examination(_NUMBERS_EQUAL, None, None)
        if _are_exact(gold, pred, policy):
            return Examination(_NUMBERS_DIFFER, None, None)
    try:
        with limited_work():
            return _examine(gold, pred, policy)
    except RecursionError:
        return Examination(_TOO_DEEP, None, None)
    except ExhaustedError:
        return Examination(_TOO_DEAR, None, None)


def _are_exact(gold: str, pred: str, policy: Policy) -> bool:
    """Whether no policy lets two unlike numbers stand for one another: neither is a rounded decimal."""
    if policy.relative_tolerance:
        return False
    return len(gold) <= policy.decimal_digits >= len(pred) or not ("." in gold or "." in pred)


def _examine(gold: str, pred: str, policy: Policy) -> Examination:
    left, right = _read(gold), _read(pred)
    if not left.text or not right.text:
        same = left.text == right.text and not left.text and gold.strip() == pred.strip()
        return Examination(_STRINGS_EQUAL if same else _EMPTY, left, right)
    if _same_string(left.text, right.text):
        verdict = _STRINGS_EQUAL
    else:
        verdict = _judge(left, right, policy)
        if verdict.equivalent is not True:
            second = _second_readings(gold, pred, left, right, policy)
            verdict = verdict if second is None else second
    if verdict.equivalent and left.remark != right.remark:
        verdict = _minding_remarks(verdict, left, right)
    return Examination(verdict, left, right)


def _read(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Reading:
    r"""As `read`; but an answer that contradicts itself (`x < 1 : (1, \infty)`) is not taken at its word."""
    reading = read(text, split_thousands=split_thousands, plain_exponent=plain_exponent)
    if reading.condition is None or reading.value is None:
        return reading
    if compare_sets(reading.condition, reading.value).equivalent is not False:
        return reading
    return Reading(reading.text, None, "a condition and something that is not its solution")


def _minding_remarks(verdict: Verdict, left: Reading, right: Reading) -> Verdict:
    """An acceptance that says what was left out; undecided where both answers go on in unlike ways, with a
    condition or behind an answer in words."""
    gold, pred = (r.remark if len(r.remark) < 80 else f"{r.remark[:79]}…" for r in (left, right))
    stated = left.value is None or type(left.value) is Text or gold.startswith("is ")
    if (gold and pred and stated) or (_CONDITION.search(left.remark) and _CONDITION.search(right.remark)):
        return undecided("prose", f"the answers agree, but one adds `{gold}` and the other `{pred}`")
    left_out = " and ".join(f"`{remark}`" for remark in (gold, pred) if remark)
    return equal(verdict.stage, f"{verdict.reason}; {left_out} was not compared")


def _same_string(gold: str, pred: str) -> bool:
    """Equality but for spaces that do not stand between digits."""
    if gold == pred:
        return True
    if "".join(gold.split()) != "".join(pred.split()):
        return False  # seen at once, where the pattern below takes its time
    return _SPACES.sub("", gold) == _SPACES.sub("", pred)


def _judge(gold: Reading, pred: Reading, policy: Policy) -> Verdict:
    if gold.value is None or pred.value is None:
        side, reading = ("gold", gold) if gold.value is None else ("prediction", pred)
        return undecided("parse", f"the {side} could not be read: {reading.problem}")
    return compare(gold.value, pred.value, policy)


def _second_readings(gold: str, pred: str, left: Reading, right: Reading, policy: Policy) -> Verdict | None:
    """Ambiguous notation read the other way; only an acceptance counts."""
    for text, reading, other in ((gold, left, right), (pred, right, left)):
        if other.value is None or type(reading.value) is type(other.value) is Num:
            continue
        for value in _alternatives(text, reading, other.value):
            pair = (value, other.value) if reading is left else (other.value, value)
            verdict = compare(*pair, policy)
            if verdict.equivalent:
                return verdict
    return None


def _alternatives(text: str, reading: Reading, other: Value) -> Iterator[Value]:
    """What an answer may say as well, beside the other answer.

    `1,234` beside a list is two items; `2e3` beside letters is a product; `1234,5` is a decimal with a comma;
    the letter of a choice stands for the choice.
    """
    if type(other) is Num:
        match = _COMMA_DECIMAL.fullmatch(reading.text) if "," in reading.text or "." in reading.text else None
        if match is not None:
            sign, a, b, c, d, e, f, g = match.groups()
            number = plain_number(f"{sign}{(a or c or e or g).replace('.', '')}.{b or d or f or ''}")
            if number is not None:
                yield Num(number)
    elif type(reading.value) is not Items and _AMBIGUOUS.search(text):
        again = _read(text, split_thousands=type(other) is Items, plain_exponent=False)
        if again.value is not None and again.value != reading.value:
            yield again.value
    if type(other) is Sym and choice_letter(reading.text) == other.name:
        yield other


# ---- two typed trees, by their types
# Two scalars go to `scalars`. Otherwise the first kind of the table that either answer is of decides, so a
# rule may take for granted that neither answer is of a kind above its own.

_RULES: list[tuple[type, Callable[[Value, Value, Ask], Verdict]]] = [
    (Items, compare_lists),
    (Relation, compare_relations),
    (Quantity, compare_quantities),
    (Text, compare_texts),
    (Clock, compare_clocks),
    (Ratio, compare_ratios),
    (Based, compare_based),
    (Matrix, compare_matrices),
    (SetOf, compare_finite_sets),
    (Sequence, compare_sequences),
    (SetOp, compare_real_sets),
    (Builder, compare_real_sets),
    (Logic, compare_real_sets),
]


def compare(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Decide whether two trees are the same answer."""
    return _compare(gold, pred, Ask(policy, _compare))


def _compare(gold: Value, pred: Value, ask: Ask) -> Verdict:
    if gold == pred:
        return SAME_TREE
    left, right = type(gold), type(pred)
    if left in SCALARS and right in SCALARS:
        return compare_expressions(gold, pred, ask)
    for kind, rule in _RULES:
        if left is kind or right is kind:
            return rule(gold, pred, ask)
    return different("type", f"{kind_of(gold)} is never {kind_of(pred)}")
