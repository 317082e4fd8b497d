"""Answers in words: their canonical form, numbers written out, and phrases with a mathematical meaning.

>>> canonical_words("an Ellipse.")
'ellipse'
>>> number_in_words("twenty-one")
21
"""

from __future__ import annotations

import re

from flint import fmpq

from answer_normalizers.values import EMPTY_SET, REALS, Rational, Sym, Value

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {
    word: 20 + 10 * k for k, word in enumerate(_TENS)
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
    "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
_ARTICLES = re.compile(r"\b(?:an?|the)\b")
_NOT_WORD = re.compile(r"[^\w\s+\-*/=<>^.,:()]|_")
_PHRASES: dict[str, Value] = {
    **dict.fromkeys(
        (
            "no solution", "no solutions", "no real solution", "no real solutions", "empty set", "null set",
            "there is no solution", "there are no solutions", "no such", "emptyset", "has no solution", "no answer",
            "solution set is empty", "there are no real solutions", "inconsistent", "no roots", "no real roots",
        ),
        EMPTY_SET,
    ),
    **dict.fromkeys(
        (
            "all real numbers", "all reals", "reals", "real numbers", "set of all real numbers", "set of real numbers",
            "all real x", "any real number", "every real number", "all real values", "all real",
        ),
        REALS,
    ),
    **dict.fromkeys(("infinity", "positive infinity", "plus infinity", "+infinity", "infinite"), Sym("inf")),
}  # fmt: skip
_SYNONYMS = {
    "does not exist": "dne", "doesnt exist": "dne", "do not exist": "dne", "limit does not exist": "dne",
    "not exist": "dne", "not defined": "undefined", "is undefined": "undefined", "indeterminate": "undefined",
    "divergent": "diverges", "diverge": "diverges", "convergent": "converges", "converge": "converges",
    "is not possible": "impossible", "not possible": "impossible", "infinitely many solutions": "infinitely many",
    "infinite solutions": "infinitely many", "nan": "nan",
}  # fmt: skip


def canonical_words(text: str) -> str:
    """Lower case, single spaces, without articles and punctuation; synonyms reduced to one."""
    text = text.replace("\\", " ").lower().replace("'", "").replace("-", " ")
    text = _ARTICLES.sub(" ", _NOT_WORD.sub(" ", text))
    words = " ".join(text.split()).strip(" .,:;")
    return _SYNONYMS.get(words, words)


def phrase_value(words: str) -> Value | None:
    """The mathematical value of a canonical phrase such as `no solution`, or None."""
    return _PHRASES.get(words)


def number_in_words(text: str) -> Rational | None:
    """The number that `text` spells in English (`twelve`, `two thirds`, `one hundred and five`), or None."""
    if len(text) > 200:
        return None
    words = text.lower().replace("-", " ").replace(",", " ").split()
    if words and words[0] in ("a", "an") and len(words) > 1:
        words[0] = "one"
    if len(words) > 1 and words[-1] in _PARTS:
        above = _whole(words[:-1])
        return None if above is None else _fraction(above, _PARTS[words[-1]])
    return _whole(words)


def _fraction(above: int, below: int) -> Rational:
    value = fmpq(above, below)
    return int(value.p) if value.q == 1 else value


def _whole(words: list[str]) -> int | None:
    total = current = 0
    seen = False
    for word in words:
        if word == "and" and seen:
            continue
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred" and seen:
            current *= 100
        elif word in _SCALES and seen:
            total += current * _SCALES[word]
            current = 0
        elif word in ("minus", "negative") and not seen and len(words) > 1:
            rest = _whole(words[1:])
            return None if rest is None else -rest
        else:
            return None
        seen = True
    return total + current if seen else None
