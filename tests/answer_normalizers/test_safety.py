"""Hostile answers: nothing raises, hangs, runs or exhausts; verdicts do not depend on who asks or how.

`benchmarks/safety.py` tries two hundred thousand more, and measures what each costs.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers import Extraction, check, extract, grade
from answer_normalizers.extraction.strategies import STRATEGIES
from answer_normalizers.grading import get_scorer, list_scorers
from tests.tools import fuzz

GOLDS = (
    r"\frac{3}{4}",
    "18",
    "x^2+1",
    r"(-\infty, 3] \cup [5, \infty)",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    r"\text{blue}",
    "1,234",
    r"\{1, 2, 3\}",
    r"2\sqrt{3}\pi",
    r"1011_2",
    r"x = 5",
    "3:30",
    r"5\text{ cm}^2",
    "(1,2,3)",
    r"50\%",
    r"45^\circ",
    "2+3i",
)


def pairs(shared: Path, *names: str) -> Iterator[tuple[str, str, bool]]:
    for name in names:
        for line in (shared / "answer_pairs" / f"{name}.jsonl").read_text().splitlines():
            record = json.loads(line)
            yield record["gold"], record["pred"], record["equivalent"]


REAL = ("hard", "hard_contested", "reformatted", "near_miss", "math_real_answers")


# ---- nothing raises ------------------------------------------------------------------------------------

KINDS: dict[str, Callable[[random.Random], str]] = {
    "expression": fuzz.expression,
    "soup": fuzz.soup,
    "unicode": fuzz.unicode_text,
    "nested": fuzz.nested,
    "tower": fuzz.tower,
    "mutated": lambda rng: fuzz.mutated(rng, rng.choice(GOLDS)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_raises_and_sides_may_be_swapped(kind):
    rng = random.Random(kind)
    for _ in range(400):
        pred = KINDS[kind](rng)
        gold = rng.choice(GOLDS) if rng.random() < 0.7 else fuzz.mutated(rng, pred[:500])
        there, back = check(gold=gold, pred=pred), check(gold=pred, pred=gold)
        assert there.equivalent is back.equivalent, (gold, pred, there, back)


@given(gold=st.text(max_size=60), pred=st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_raises(gold, pred):
    assert check(gold=gold, pred=pred).equivalent is check(gold=pred, pred=gold).equivalent
    grade(gold=gold, text=pred)


def test_a_megabyte_of_anything_is_answered():
    rng = random.Random(0)
    for _ in range(12):
        text = fuzz.huge(rng)
        assert check(gold="5", pred=text).equivalent is not True
        assert check(gold=text, pred="5").equivalent is not True
        for strategy in STRATEGIES:
            assert stands_where_it_says(extract(text, strategy=strategy), text)


def stands_where_it_says(found: Extraction | None, text: str) -> bool:
    """Whether a span lies within its text and holds the value; several boxes are joined by `, `."""
    if found is None:
        return True
    inside = 0 <= found.start <= found.end <= len(text)
    return inside and (text[found.start : found.end] == found.value or ", " in found.value)


REPEATED = (
    "\t",
    " ",
    "\n",
    "$",
    "- ",
    "1 ",
    "a ",
    "1,",
    "1:",
    "(",
    "x, ",
    "cm ",
    "= ",
    "is the ",
    "5 hours ",
    "and ",
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", REPEATED)
def test_no_repetition_makes_a_pattern_try_again_and_again(unit):
    # Cubic patterns took minutes for these; linear ones take milliseconds.
    for count in (4_000, 1_000_000):
        text = unit * (count // len(unit))
        for answer in (text, f"-{text}x", f"{text}1", f"1{text}"):
            assert check(gold="5", pred=answer).equivalent is not True
            assert check(gold=answer, pred=f" {answer}").equivalent is not False or answer.isspace()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["}", "} ", "$", "** ", "$5$", "\\boxed{", "The answer is ", "#### ", "<think>", "1/"]
)
def test_extraction_is_linear_in_a_text_of_one_thing(unit):
    text = unit * (300_000 // len(unit))
    for strategy in STRATEGIES:
        for whole in (text, f"The answer is: {text}", f"#### {text}", f"\\boxed{{{text}}}"):
            assert stands_where_it_says(extract(whole, strategy=strategy), whole)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_text_stops_an_extractor_and_spans_stand_where_they_say(strategy):
    rng = random.Random(strategy)
    for _ in range(300):
        text = "\n".join(
            rng.choice(("The answer is ", r"\boxed{", "#### ", "<think>", "</think>", "**Answer:** ", ""))
            + fuzz.answer(rng, GOLDS)[:2_000]
            for _ in range(3)
        )
        assert stands_where_it_says(extract(text, strategy=strategy), text)


FAST = [name for name in list_scorers() if name not in ("math_verify", "symbolic", "lm_eval_minerva_math")]
"""Those that start no process of their own."""


@pytest.mark.parametrize("name", FAST)
def test_no_text_stops_a_scorer(name):
    rng = random.Random(name)
    score = get_scorer(name)
    for _ in range(150):
        verdict = score(gold=rng.choice(GOLDS), text=f"The answer is: {fuzz.answer(rng, GOLDS)[:2_000]}")
        assert verdict.equivalent in (True, False, None)
        assert verdict.reason


@pytest.mark.parametrize(
    "pred",
    [
        r"\sum_{k=1}^{300} \sum_{j=1}^{300} \sin(k j)",
        r"\binom{\int_0^3 x! dx}{\sum_{k=1}^{300} \sqrt{k}!}",
    ],
)
def test_a_comparison_that_would_cost_too_much_is_given_up(pred):
    verdict = check(gold=r"\pi", pred=pred)
    assert (verdict.equivalent, verdict.stage) == (None, "limits")


def test_roots_that_cannot_be_parted_raise_nothing():
    verdict = check(gold=r"(x-\sqrt{2})^2+y-y=0", pred=r"(x-\sqrt{2})^2\cdot 2^y=0")
    assert verdict.equivalent is not False


# ---- nothing runs --------------------------------------------------------------------------------------


def test_code_in_an_answer_is_neither_run_nor_accepted(shared, tmp_path):
    marker = tmp_path / "marker"
    found = list(pairs(shared, "code_injection"))
    assert found
    for gold, template, _ in found:
        pred = template.replace("{marker}", str(marker))
        assert check(gold=gold, pred=pred).equivalent is not True
        assert check(gold=pred, pred=gold).equivalent is not True
        for name in FAST:
            get_scorer(name)(gold=gold, text=f"The answer is: {pred}")
    assert not marker.exists()


# ---- nothing is accepted or rejected wrongly for being hostile -----------------------------------------


def test_no_adversarial_pair_gets_the_opposite_verdict(shared):
    for gold, pred, equivalent in pairs(shared, "adversarial"):
        for left, right in ((gold, pred), (pred, gold)):
            assert check(gold=left, pred=right).equivalent in (equivalent, None), (gold[:80], pred[:80])


def test_an_answer_is_never_different_from_itself():
    rng = random.Random(1)
    for _ in range(1_000):
        answer = fuzz.answer(rng, GOLDS)
        if answer.strip():
            assert check(gold=answer, pred=f" {answer}").equivalent is not False, ascii(answer[:200])


# ---- verdicts do not depend on who asks, or how --------------------------------------------------------


def test_real_pairs_may_be_swapped(shared):
    for gold, pred, _ in pairs(shared, *REAL):
        assert check(gold=gold, pred=pred).equivalent is check(gold=pred, pred=gold).equivalent, (gold, pred)


WRAPPERS: dict[str, Callable[[str], str]] = {
    "dollars": lambda text: text if "$" in text else f"${text}$",
    "parentheses": lambda text: text if "$" in text else f"\\({text}\\)",
    "box": lambda text: f"\\boxed{{{text}}}",
    "spaces": lambda text: f"  {text} ",
    "displaystyle": lambda text: f"\\displaystyle {text}",
    "left and right": lambda text: (
        text
        if "\\left" in text or "\\(" in text or text.count("(") != text.count(")")
        else text.replace("(", "\\left(").replace(")", "\\right)")
    ),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_changes_no_verdict(shared, wrapper):
    wrap = WRAPPERS[wrapper]
    for gold, pred, _ in pairs(shared, *REAL):
        if pred.count("{") == pred.count("}"):  # else the wrapper ends up inside the answer
            inside = check(gold=gold, pred=wrap(pred))
            assert inside.equivalent is check(gold=gold, pred=pred).equivalent, (gold, wrap(pred), inside)


def test_threads_get_the_verdicts_of_one():
    rng = random.Random(2)
    asked = [(rng.choice(GOLDS), fuzz.expression(rng)) for _ in range(500)]
    asked += [(gold, fuzz.mutated(rng, gold)) for gold in GOLDS for _ in range(20)]
    alone = [check(gold=gold, pred=pred) for gold, pred in asked]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [check(gold=gold, pred=pred) for gold, pred in asked], range(8)):
            assert found == alone


def test_the_recursion_limit_and_the_digit_limit_stay_as_they_were():
    before = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    for answer in ("(" * 5_000, "9" * 9_000, r"\frac{1}{" * 2_000, "9^{9^{9^9}}"):
        check(gold="1", pred=answer)
        check(gold=answer, pred=answer + "1")
    assert (sys.getrecursionlimit(), sys.get_int_max_str_digits()) == before
