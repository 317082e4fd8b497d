r"""Comparing answers that are written rather than computed: words, letters, digits in a base.

`\text{ABC}` is the product `ABC` where the letters are the answer; `101_2` is not `5`, since a question may
ask for one notation.
"""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.equivalence.asking import Ask, apart, kind_of
from answer_normalizers.parsing.words import canonical_words
from answer_normalizers.tree.nodes import EMPTY_SET, INFINITY, Apply, Based, Num, Sym, Text, Value
from answer_normalizers.verdict import Verdict, different, equal, undecided

_FIGURES = {"∠": "angle", "△": "triangle"}
_SAME_ANSWER_IN_OTHER_WORDS = (
    frozenset({"yes", "true"}),
    frozenset({"no", "false"}),
    frozenset({"undefined", "dne", "diverges"}),
)


def compare_texts(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is words."""
    del ask
    if type(gold) is Text and type(pred) is Text:
        return _two_texts(gold.words, pred.words)
    text, other = apart(Text, gold, pred)
    if other == EMPTY_SET and text.words in ("none", "undefined", "impossible", "dne"):
        return undecided("text", f"`{text.words}` may mean that there is no solution")
    if other in (INFINITY, Apply("neg", (INFINITY,))) and text.words in ("diverges", "dne", "undefined"):
        return undecided("text", f"`{text.words}` may mean that the value is infinite")
    if type(other) is Sym and other.name[0] in _FIGURES:
        spoken = canonical_words(f"{_FIGURES[other.name[0]]} {other.name[1:].replace('_', '')}")
        if spoken.replace(" ", "") == text.words.replace(" ", ""):
            return equal("text", "the two answers name the same figure")
    if as_letters(other) == text.words.replace(" ", "") != "":
        return equal("text", "the two answers are the same letters")
    return different("type", f"words are never {kind_of(other)}")


def _two_texts(gold: str, pred: str) -> Verdict:
    if gold.replace(" ", "") == pred.replace(" ", ""):
        return equal("text", "the two answers are the same words")
    one, two = set(gold.split()), set(pred.split())
    if any(one | two <= pair for pair in _SAME_ANSWER_IN_OTHER_WORDS):
        return undecided("text", "the two words may mean the same to the question")
    if one and two and (one < two or two < one):
        return undecided("text", "one answer has words the other has not")
    return different("text", "the two answers are different words")


def as_letters(value: Value) -> str:
    """The letters of a product of letters, or one letter, as text; empty for any other answer."""
    factors = value.args if type(value) is Apply and value.head == "*" else (value,)
    letters = [factor.name for factor in factors if type(factor) is Sym and len(factor.name) == 1]
    return "".join(letters).lower() if len(letters) == len(factors) else ""


def compare_based(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is digits with a base."""
    if type(gold) is Based and type(pred) is Based:
        if gold.base == pred.base:
            return different("base", "the digits differ")
        if _based_value(gold) == _based_value(pred):
            return undecided("base", "the same value in two bases, while the question may ask for one")
        return different("base", "the two numbers differ in base and value")
    number, other = apart(Based, gold, pred)
    digits = str(other.value) if type(other) is Num else as_letters(other).upper()
    if ask.policy.base_subscripts == "optional" and digits == number.digits:
        return equal("base", "the same digits, one answer without the base")
    return different("base", "the digits differ")


def _based_value(number: Based) -> fmpq:
    whole, _, decimals = number.digits.partition(".")
    return fmpq(int(whole + decimals, number.base), number.base ** len(decimals))
