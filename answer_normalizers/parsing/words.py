"""Answers in words: their canonical form, numbers written out, and phrases with a mathematical meaning.

>>> canonical_words("an Ellipse.")
'ellipse'
>>> number_in_words("twenty-one")
21
"""

from __future__ import annotations

import re

from flint import fmpq

from answer_normalizers.parsing.vocabulary import listed
from answer_normalizers.tree.nodes import EMPTY_SET, REALS, Rational, Sym, Value, fold

_UNITS = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL = {word: number for number, word in enumerate(_UNITS)} | {
    word: 20 + 10 * k for k, word in enumerate(_TENS)
}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
"""Words that multiply the number before them."""
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
    "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
_MULTIPLIERS = SCALES | {"dozen": 12}
_ARTICLES = re.compile(r"\b(?:an?|the)\b")
_NOT_WORD = re.compile(r"[^\w\s+\-*/=<>^.,:()]|_")
_NO_SOLUTION = """no solution|no solutions|no real solution|no real solutions|empty set|null set|emptyset
there is no solution|there are no solutions|has no solution|no answer|solution set is empty|inconsistent
there are no real solutions|no real roots|no roots|no such"""
_ALL_REALS = """all real numbers|all reals|reals|real numbers|set of all real numbers|set of real numbers
all real|all real x|any real number|every real number|all real values"""
_INFINITE = "infinity|positive infinity|plus infinity|+infinity|infinite"
_PHRASES: dict[str, Value] = {
    phrase: value
    for phrases, value in ((_NO_SOLUTION, EMPTY_SET), (_ALL_REALS, REALS), (_INFINITE, Sym("inf")))
    for phrase in re.split(r"[|\n]", phrases)
}
_SAME_WORDS = {
    "dne": "does not exist|doesnt exist|do not exist|limit does not exist|not exist",
    "undefined": "not defined|is undefined|indeterminate",
    "diverges": "divergent|diverge",
    "converges": "convergent|converge",
    "impossible": "is not possible|not possible",
    "infinitely many": "infinitely many solutions|infinite solutions|infinite number of solutions",
}
_SYNONYMS = {phrase: words for words, phrases in _SAME_WORDS.items() for phrase in phrases.split("|")}


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
        return None if above is None else fold(fmpq(above, _PARTS[words[-1]]))
    return _whole(words)


def _whole(words: list[str]) -> int | None:
    if words == ["dozen"]:
        return 12
    total = current = 0
    seen = False
    for word in words:
        if word == "and" and seen:
            continue
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred" and seen:
            current *= 100
        elif word in _MULTIPLIERS and seen:
            total += current * _MULTIPLIERS[word]
            current = 0
        elif word in ("minus", "negative") and not seen and len(words) > 1:
            rest = _whole(words[1:])
            return None if rest is None else -rest
        else:
            return None
        seen = True
    return total + current if seen else None
