r"""prm800k's grader: OpenAI's `grade_answer`, used for MATH and MATH-500 by many since.

Whose: Lightman et al., "Let's Verify Step by Step" (2023), github.com/openai/prm800k,
`prm800k/grading/grader.py` (commit 00811d6) and `math_normalize.py`.

Two answers are equal when they are the same string after Hendrycks' replacements, or after the grader's own,
or when SymPy simplifies their difference to 0, tuple element by tuple element.

The grader judges an answer and does not say how to find it in a text: that is done here by `strategy`.

Known faults:

- Of LaTeX, its converter keeps the characters and drops what it does not know: `\sqrt[3]{8}` is √8,
  `\frac{x+1}{2}` is x + 1/2, `\binom{5}{2}` is 52, `0.\overline{3}` is 0.3, `\cot x` is x, and the row `1 &
  2` of a matrix is 1 + 2.
- Letters are lower-cased and multiplied: `i` is a variable, `A` is `a`, `(A)` is `A`, and `\ln 5` is
  `\ln 2+\ln 3`, since both are 5·l·n.
- More than two different letters, or an exponent that is in braces or has two digits, and SymPy is not asked:
  `\cos x` is only itself, `x^{2}+1` is not `1+x^{2}` unless its braces are gone by then.
- A fraction must be reduced as the gold is, `2/4` is not `1/2`; an integer gold wants an integer: `6/2` is
  not `3`.
- Integers go through floats: beyond 2^53, different ones are the same. `204_5` is 2045.
- Units and the percent sign vanish: `5 cm` is `5 meters` and `50\%` is `50`. A plural in "es" loses more.

SymPy's `parse_expr` executes what it reads. Here the same little language is read by a parser of our own,
and the difference is evaluated at points in the complex plane with rigorous error bounds (see
`prm800k_expressions`). So floating-point noise of SymPy's own, as in `0.1+0.2` against `0.3`, is not
reproduced. What the original would compute for hours (`9**9**9`) is undecided.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from answer_normalizers.extraction.strategies import extract
from answer_normalizers.published.common import no_answer
from answer_normalizers.published.hendrycks import TripsError, simplified
from answer_normalizers.published.prm800k_expressions import difference_is_zero
from answer_normalizers.published.prm800k_text import latex_to_text
from answer_normalizers.verdict import Verdict

_STAGE = "prm800k"
_IN_TEXT = re.compile(r"^\\text\{(?P<text>.+?)\}$")
_UNITS = (
    "degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week", "month", "year",
    "foot", "feet", "inch", "yard",
)  # fmt: skip
_UNIT = [re.compile(rf"{unit}(es)?(s)? *(\^[0-9]+)?") for unit in _UNITS]
_DEGREE = re.compile(r"\^ *\\circ")
_NEGATIVE_SPACE = re.compile(r",\\! *")
_MINUS_SPACES = re.compile(r"- *")
_MIXED_NUMBER = re.compile(r"([0-9]) +([0-9])")
_THOUSANDS = re.compile(r"(\d)(,)(\d\d\d)($|\D)")
_FRACTION = re.compile(r"^-?[0-9]+.?/0*[1-9][0-9]*.?$")
_UNTRIED = re.compile(r"\^\{|\^\(|\^[0-9]+\^|\^[0-9][0-9]+")
_BRACKETS = "()[]"


def prm800k(*, gold: str, text: str, strategy: str = "auto") -> Verdict:
    """prm800k's `grade_answer`, on the answer that `strategy` finds in the text."""
    extraction = extract(text, strategy=strategy)
    if extraction is None:
        return no_answer("answer")
    equivalent, reason = grade_answer(gold=gold, given=extraction.value)
    return Verdict(equivalent, _STAGE, reason, None, extraction)


def grade_answer(*, gold: str, given: str) -> tuple[bool | None, str]:
    """What prm800k's `grade_answer` says of two answers, and why; None where it would not return."""
    if _hendrycks(gold) == _hendrycks(given):
        return True, "the strings are the same after Hendrycks' replacements"
    left, right = normalize(gold), normalize(given)
    if left == right:
        return True, "the strings are the same after the grader's replacements"
    if not right:
        return False, "nothing is left of the answer after the grader's replacements"
    golds, givens = _elements(left), _elements(right)
    if len(golds) > 1 and (left[0] != right[0] or left[-1] != right[-1]):
        return False, "the brackets around the elements differ"
    if len(golds) != len(givens):
        return False, f"the gold has {len(golds)} elements, the answer {len(givens)}"
    if not golds:
        return None, "the gold is empty: the original raises an exception"
    return _compare_elements(golds, givens)


def _compare_elements(golds: list[str], givens: list[str]) -> tuple[bool | None, str]:
    verdict: bool | None = True
    for left, right in zip_longest(golds, givens):
        if _FRACTION.search(left) and _FRACTION.search(right):
            same: bool | None = left == right
        elif _is_integer(left) != _is_integer(right):
            same = False
        else:
            same = _same_by_difference(left, right)
        if same is False:
            return False, f"{left[:40]!r} and {right[:40]!r} differ"
        verdict = None if same is None else verdict
    if verdict is None:
        return None, "the original would compute for a time and with a result that cannot be told"
    return True, "the difference is 0"


def normalize(answer: str) -> str:
    """The string that the grader compares, and hands to SymPy."""
    match = _IN_TEXT.search(answer)
    answer = match["text"] if match else answer
    for old, new in (("\\%", "%"), ("\\$", "$"), ("$", ""), ("%", ""), (" or ", " , "), (" and ", " , ")):
        answer = answer.replace(old, new)
    for old, new in (("million", "*10^6"), ("billion", "*10^9"), ("trillion", "*10^12")):
        answer = answer.replace(old, new)
    for unit in _UNIT:
        answer = unit.sub("", answer)
    answer = _DEGREE.sub("", answer)
    if answer and answer[0] == "{" and answer[-1] == "}":
        answer = answer[1:-1]
    answer = _NEGATIVE_SPACE.sub("", answer)
    number = _float(answer)
    if number is not None and _is_whole(number):
        answer = str(round(number))
    if "\\" in answer:
        answer = latex_to_text(answer)
    answer = _MINUS_SPACES.sub("-", answer)
    answer = _MIXED_NUMBER.sub(r"\1+\2", answer)
    answer = answer.replace(" ", "").replace("{", "").replace("}", "").lower()
    return str(int(float(answer.replace(",", "")))) if _is_integer(answer) else answer


def _hendrycks(answer: str) -> str:
    answer = answer.strip()
    match = _IN_TEXT.search(answer)
    answer = match["text"].strip() if match else answer
    try:
        return simplified(answer, slash_trips=False)
    except TripsError:
        return answer


def _elements(answer: str) -> list[str]:
    """The elements of a tuple or an interval, or the answer alone."""
    answer = _without_thousands(answer)
    inner = answer[1:-1]
    bracketed = len(answer) > 2 and answer[0] in _BRACKETS and answer[-1] in _BRACKETS
    if bracketed and not any(bracket in inner for bracket in _BRACKETS):
        return [element.strip() for element in inner.split(",")]
    return [answer] if answer else []


def _without_thousands(answer: str) -> str:
    while True:
        shorter = _THOUSANDS.sub(r"\1\3\4", answer)
        if shorter == answer:
            return answer
        answer = shorter


def _float(answer: str) -> float | None:
    try:
        return float(answer)
    except ValueError:
        return None


def _is_whole(number: float) -> bool:
    # Infinite and undefined numbers are not whole.
    return abs(number) < float("inf") and abs(number - round(number)) <= 1e-7


def _is_integer(answer: str) -> bool:
    number = _float(_without_thousands(answer))
    return number is not None and _is_whole(number)


def _same_by_difference(left: str, right: str) -> bool | None:
    """Whether SymPy would simplify the difference of two expressions to 0."""
    both = f"({left})-({right})"
    letters = {character for character in both.replace("sqrt", "").replace("frac", "") if character.isalpha()}
    if len(letters) > 2 or _UNTRIED.search(both):
        return False
    return difference_is_zero(left, right)
