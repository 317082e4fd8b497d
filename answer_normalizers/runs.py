"""Runs of letters: a function, a named constant, a word, a unit, or single letters multiplied; never two."""

from __future__ import annotations

import itertools

from answer_normalizers.symbols import FUNCTION_ALIASES, GREEK, LETTER_ALIASES, PLAIN_FUNCTIONS, SHORT_WORDS
from answer_normalizers.units import is_unit_word
from answer_normalizers.values import Sym


def split_run(run: str) -> list[tuple[str, object]]:
    """Settle a run of two or more letters: function, named constant, word, unit, or single letters.

    >>> split_run("sin"), split_run("blue")
    ([('fn', 'sin')], [('word', 'blue')])
    >>> [value.name for _, value in split_run("xyz")]
    ['x', 'y', 'z']
    """
    if run in PLAIN_FUNCTIONS:
        return [("fn", FUNCTION_ALIASES.get(run, run))]
    lower = run.lower()
    if run in ("pi", "Pi", "PI"):
        return [("sym", Sym("pi"))]
    if lower in ("inf", "infty", "infinity", "oo"):
        return [("sym", Sym("inf"))]
    if lower in ("and", "or"):
        return [(lower, lower)]
    if run in GREEK:
        return [("sym", Sym(LETTER_ALIASES.get(run, run)))]
    if run == "mod":
        return [("mod", "mod")]
    if run == "in":
        return [("rel", "in")]
    if is_unit_word(run):
        return [("word", run)]
    if _is_product(run, lower):
        return [("sym", Sym(letter)) for letter in run]
    for name in (
        "arcsin",
        "arccos",
        "arctan",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "log",
        "ln",
        "exp",
    ):
        rest = run[len(name) :]
        if run.startswith(name) and (len(rest) == 1 or rest in GREEK or rest == "pi"):
            return [("fn", name), *(split_run(rest) if len(rest) > 1 else [("sym", Sym(rest))])]
    if len(run) <= 4 and run.endswith("pi"):
        return [*(("sym", Sym(letter)) for letter in run[:-2]), ("sym", Sym("pi"))]
    return [("word", run)]


def _is_product(run: str, lower: str) -> bool:
    size = len(run)
    if lower in SHORT_WORDS:
        return False
    if size == 2:
        return True
    if size == 3:
        return (
            not run.isupper()
            and not (run[0].isupper() and run[1:].islower())
            and not _looks_like_a_word(lower)
        )
    if not run.islower() or size > 6:
        return False
    return not any(vowel in run for vowel in "aeiou") or all(
        ord(b) - ord(a) == 1 for a, b in itertools.pairwise(run)
    )


def _looks_like_a_word(lower: str) -> bool:
    """A consonant, a vowel, a consonant: `red`, `lub`; letters of a formula seldom stand so."""
    return lower[0] not in "aeiou" and lower[1] in "aeiou" and lower[2] not in "aeiou"
