r"""Hendrycks' string comparison `is_equiv`, and lm-evaluation-harness's task `hendrycks_math` around it.

Whose: Hendrycks et al., "Measuring Mathematical Problem Solving With the MATH Dataset" (2021),
github.com/hendrycks/math, `modeling/math_equivalence.py`; here in the form that lm-evaluation-harness 0.4.13
(task `hendrycks_math`, version 1.0) and MetaMath use.

Two answers are equal when their strings are, after a handful of replacements. Known faults:

- Everything but a few spellings must match: `x+1` and `1+x`, `0.25` and `\frac{1}{4}`, `{3}` and `3` differ;
  yet `0.5` is `\frac{1}{2}`.
- A short left-hand side is dropped, whatever it says: `y=5` is `x=5`, and both are `5`.
- `\text{ …}` and all that follows it is dropped: `5\text{ cm}` is `5\text{ m}`; with two of them the
  normalisation trips.
- So do `\sqrt` or `\frac` at the end, and a single `/` that is not between integers (`\pi/2`). Where it
  trips on either answer, the raw strings are compared.
- The percent sign and the degree are dropped: `50\%` is `50`.
- `tfrac` and `\left` are replaced anywhere: `\leftarrow` becomes `arrow`.

Faults of the task `hendrycks_math`:

- The prediction is what stands between the first and the last `$` of the whole text; with fewer than two, it
  is the whole text. A box is never looked for, so that the data set's own solutions score 0 of 5,000.
- Nothing looks at "the answer is".

    >>> is_equiv("\\dfrac12", "0.5"), is_equiv("1+x", "x+1"), is_equiv("5\\text{ cm}", "5\\text{ m}")
    (True, False, True)
"""

from __future__ import annotations

from answer_normalizers.published.common import gold_answer, verdict
from answer_normalizers.verdict import Verdict

_REPLACED = (
    ("\n", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
)


class TripsError(ValueError):
    """The original raises an exception on this answer."""


def is_equiv(left: str | None, right: str | None) -> bool:
    """Whether Hendrycks' `is_equiv` holds two answers for the same; None stands for an answer not found."""
    if left is None or right is None:
        return left is right
    try:
        return simplified(left) == simplified(right)
    except TripsError:
        return left == right


def normalize(answer: str) -> str:
    """The string that `is_equiv` compares; the answer itself where the original trips over it."""
    try:
        return simplified(answer)
    except TripsError:
        return answer


def simplified(answer: str, *, slash_trips: bool = True) -> str:
    """The string that `is_equiv` compares.

    `slash_trips`: whether a `/` between things that are not integers raises, as in the copies of lm-eval and
    MetaMath, or is left alone, as in Hendrycks' own file and prm800k's copy.

    Raises:
        TripsError: the original raises an exception here.
    """
    for old, new in _REPLACED:
        answer = answer.replace(old, new)
    if answer.count("\\text{ ") > 1:
        raise TripsError("more than one unit")
    answer = answer.partition("\\text{ ")[0]
    answer = answer.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if not answer:
        return ""
    if answer.startswith("."):
        answer = "0" + answer
    name, _, right_hand_side = answer.partition("=")
    if answer.count("=") == 1 and len(name) <= 2:
        answer = right_hand_side
    answer = _brace_radicands(answer).replace(" ", "")
    answer = _brace_fractions(answer)
    if answer == "0.5":
        return "\\frac{1}{2}"
    return _slash_to_fraction(answer, trips=slash_trips)


def _brace_radicands(answer: str) -> str:
    first, *rest = answer.split("\\sqrt")
    if "" in rest:
        raise TripsError("a root of nothing")
    return first + "".join(
        "\\sqrt" + (part if part[0] == "{" else f"{{{part[0]}}}{part[1:]}") for part in rest
    )


def _brace_fractions(answer: str) -> str:
    first, *rest = answer.split("\\frac")
    done = [first]
    for part in rest:
        if not part:
            raise TripsError("a fraction of nothing")
        if part[0] != "{":
            if len(part) < 2:
                return answer  # the original gives up on all of its fractions
            denominator = part[1] if part[1] == "{" else f"{{{part[1]}}}"
            part = f"{{{part[0]}}}{denominator}{part[2:]}"  # noqa: PLW2901 - the part as it goes on
        done.append(part)
    return "\\frac".join(done)


def _slash_to_fraction(answer: str, *, trips: bool) -> str:
    if answer.count("/") != 1:
        return answer
    above, _, below = answer.partition("/")
    try:
        numerator, denominator = int(above), int(below)
    except ValueError:
        if trips:
            raise TripsError("a slash that is not between integers") from None
        return answer
    return f"\\frac{{{numerator}}}{{{denominator}}}" if answer == f"{numerator}/{denominator}" else answer


def lm_eval_hendrycks_math(*, gold: str, text: str, solution: str = "") -> Verdict:
    """lm-evaluation-harness 0.4.13, task `hendrycks_math`, metric `exact_match`."""
    first, last = text.find("$"), text.rfind("$")
    span = (first + 1, last) if first < last else (0, len(text))
    equal = is_equiv(text[span[0] : span[1]], gold_answer(gold, solution, spaced=True))
    return verdict(
        equivalent=equal,
        stage="hendrycks",
        reason=f"the strings are {'the same' if equal else 'different'} after Hendrycks' replacements",
        text=text,
        span=span,
        rule="between_dollars" if first < last else "whole",
    )
