r"""MetaMath's scorers for GSM8K and MATH: what its published numbers were made with.

Whose: Yu et al., "MetaMath: Bootstrap Your Own Mathematical Questions for Large Language Models" (2023),
github.com/meta-math/MetaMath, `eval_gsm8k.py` and `eval_math.py` at commits 913a0b2 and c393b10.

Both look at what follows the last "The answer is: ", with its colon and the space after it, and at nothing
else.

Known faults for GSM8K:

- What counts is the first match of `[-+]?\d*[.,/]?\d+` after the phrase, rounded to an integer by `round`
  (banker's): any answer within half of the gold is accepted, 2.5 is 2 and 3.5 is 4.
- `1,450,000` is 1450, since only one separator matches; `- 5` is 5; `\frac{1}{2}` is 1, `3 1/2` is 3.
- A fraction over 0 is its numerator: `10/0` is 10. Over `00` the original divides by zero and crashes, after
  all generation is done; so it does on a number too large for a float. Such a verdict is undecided here.

Known faults for MATH:

- What follows the phrase ends at the first ".\n", so everything up to there, further sentences on the same
  line included, is the answer.
- The comparison is Hendrycks' `is_equiv`, with its faults (see `hendrycks`).
- Where the reference has no `\boxed{…}` that can be opened, every answer is wrong.
"""

from __future__ import annotations

import re
from fractions import Fraction

from answer_normalizers.published.common import gold_answer, no_answer, verdict
from answer_normalizers.published.hendrycks import is_equiv
from answer_normalizers.verdict import Verdict

PHRASE = "The answer is: "
_NUMBER = re.compile(r"[\-+]?\d*[\.,/]?\d+")


def gsm8k(*, gold: str, text: str) -> Verdict:
    """MetaMath's scorer for GSM8K: the first number after the last "The answer is: ", rounded."""
    try:
        reference = float(int(gold.rpartition("#### ")[2].replace(",", "")))
    except (ValueError, OverflowError):
        reason = f"the gold {gold[:40]!r} is no integer: the original stops while it loads the data"
        return Verdict(equivalent=None, stage="metamath_gsm8k", reason=reason)
    phrase = text.rfind(PHRASE)
    if phrase < 0:
        return no_answer(f'"{PHRASE}"')
    match = _NUMBER.search(text, phrase + len(PHRASE))
    if match is None:
        return no_answer(f'number after "{PHRASE}"')
    try:
        number = _rounded(match.group())
        equal = None if number is None else float(number) == reference
    except (ArithmeticError, ValueError) as error:
        equal, reason = None, f"the original crashes on {match.group()[:40]!r}: {error}"
    else:
        if number is None:
            return no_answer("number that the original can read")
        reason = f"{match.group()[:40]} is rounded to {number}, the gold is {reference:.0f}"
    return verdict(
        equivalent=equal,
        stage="metamath_gsm8k",
        reason=reason,
        text=text,
        span=match.span(),
        rule="the_answer_is",
    )


def _rounded(number: str) -> int | None:
    """The integer that the original makes of a match; None where it finds that it is no number.

    Raises:
        ArithmeticError, ValueError: so does the original.
    """
    number = number.replace(",", "")
    above, slash, below = number.partition("/")
    if not slash:
        value = float(number)
        return None if value == float("inf") else round(value)
    if above.lstrip("+-") == "":
        return None
    if below == "0":
        return round(float(above))
    if float("inf") in (abs(float(above)), float(below)):
        raise OverflowError("cannot convert float infinity to integer")
    fraction = Fraction(int(above), int(below))
    return round(fraction.numerator / fraction.denominator)


def math(*, gold: str, text: str, solution: str = "") -> Verdict:
    """MetaMath's scorer for MATH: what follows the last "The answer is: ", by Hendrycks' `is_equiv`."""
    phrase = text.rfind(PHRASE)
    if phrase < 0:
        return no_answer(f'"{PHRASE}"')
    start = phrase + len(PHRASE)
    stop = text.find(".\n", start)
    answer = text[start : stop if stop >= 0 else len(text)].strip().removesuffix(".").strip()
    start = text.index(answer, start)
    equal = is_equiv(answer, gold_answer(gold, solution, spaced=False))
    return verdict(
        equivalent=equal,
        stage="hendrycks",
        reason=f"the strings are {'the same' if equal else 'different'} after Hendrycks' replacements",
        text=text,
        span=(start, start + len(answer)),
        rule="the_answer_is",
    )
