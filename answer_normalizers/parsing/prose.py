r"""Taking prose off an answer: `The answer is 5 (since x > 0)`, `x = 42 is the final answer`, `about 7`.

    >>> without_prose("The answer is 5, as required", "The answer is 5, as required")
    [('The answer is 5', 'as required'), ('5', 'as required')]

Each way of taking it off gives a candidate, the most cautious first; the first that reads as mathematics is
taken.
"""

from __future__ import annotations

import re

from answer_normalizers.parsing.normalize import unwrap
from answer_normalizers.parsing.vocabulary import NEGATIONS

TEXT_COMMAND = re.compile(
    r"\\(?:text|mbox|textbf|textit|textrm|mathrm|textnormal|operatorname|mathbf|mathit|emph)\s*\{([^{}\\$]*)\}"
)
"""A text command and its contents."""
_AGAINST_LETTERS = re.compile(rf"({TEXT_COMMAND.pattern})(?=[A-Za-z])")
_REMARKS = r"""since because as about approximately approx\.? where with which or i\.e\. e\.g\. in for by
if from see note not the rounded simplified exact using \\approx ≈ ~ \w+ing"""
_CLAUSES = r"""which since because where as_required as_desired as_needed is_the is_our is_your is_an?
is_correct so hence thus therefore in_total in_all altogether respectively approximately rounded
for_all
for_any for_every for_each for_some i\.e\.
\(?(?:in|as_an?)_(?:simplest|lowest|reduced|exact|decimal|interval|set)"""
_HEDGES = r"""approximately approx\.? about around roughly nearly exactly simply only just either both
\\approx \\sim ~ ≈"""


def _any_of(words: str) -> str:
    """An alternation of the words of a text, `_` standing for a space in a phrase."""
    return "|".join(word.replace("_", " ") for word in words.split())


_TAIL_PARENTHESIS = re.compile(
    rf"\s*(?:\\text\s*\{{\s*)?\(\s*(?:{_any_of(_REMARKS)})\b.*$", re.IGNORECASE | re.DOTALL
)
_TAIL_CLAUSE = re.compile(
    r"(?:\s*[,;.]\s*|\s+|\s*\\(?:quad|qquad|,|;)\s*|\s*\\text\s*\{\s*,?\s*)"
    rf"(?:{_any_of(_CLAUSES)})\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_HEDGE = re.compile(rf"^(?:{_any_of(_HEDGES)})\s*(?=[\d\\$.(\-+])", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:therefore|thus|hence|so|then|finally|and|we (?:get|have|find|see))\b[\s,:]*)+",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^[^0-9\\$=<>{}()\[\]]*?(?:\b(?:is|are|was|be|equals?|equal to|gives?|get|yields?)\b|:)"
    rf"\s*(?:(?:{_any_of(_HEDGES)}|equal to|therefore|thus)\s+)?",
    re.IGNORECASE,
)

_CONCLUDES = re.compile(r"(?:so|hence|thus|therefore)\b.*[\d=<>]", re.IGNORECASE | re.DOTALL)
_DENIAL = re.compile(
    rf"\b(?:{'|'.join(sorted(NEGATIONS))}|\w+n['’]t)\b(?!\s+(?:real\s+)?solutions?\b)", re.IGNORECASE
)


def flatten(text: str) -> str:
    """Drop text commands, keeping their contents, and LaTeX spacing."""
    for _ in range(4):
        after = _AGAINST_LETTERS.sub(r"\g<1> ", text)
        after = TEXT_COMMAND.sub(r"\1", after)
        if after == text:
            break
        text = after
    return re.sub(r"\\[,;:! ]|~", " ", text.replace("\\!", "")).strip()


def without_prose(clean: str, flat: str) -> list[tuple[str, str]]:
    """The answer with its prose taken off, from `clean` and from `flat`, the answer without text commands.

    Each candidate comes with the remark that stood behind it. A remark that concludes something (`so y = 7`)
    may be the answer itself, and a lead that denies (`it is not true that`) changes it: neither is taken off.
    """
    candidates: dict[str, str] = {}

    def offer(text: str, remark: str) -> None:
        text = unwrap(text)
        if text and text != clean and not _CONCLUDES.match(remark):
            candidates.setdefault(text, remark)

    for base in (clean, flat):
        without_parenthesis, without_clause, remark = _without_remark(base)
        offer(without_parenthesis, _remark(base[len(without_parenthesis) :]))
        offer(without_clause, remark)
        hedged = _HEDGE.sub("", without_clause)
        offer(hedged, remark)
        offer(_OPENING.sub("", hedged), remark)
        lead = _LEAD.match(hedged)
        if lead and lead.end() < len(hedged) and not _DENIAL.search(lead.group()):
            _, rest, second = _without_remark(hedged[lead.end() :])
            offer(rest, f"{second} {remark}".strip())
    return list(candidates.items())


def _without_remark(base: str) -> tuple[str, str, str]:
    """The text without a parenthesis at its end, then without a clause at its end, and both remarks."""
    without_parenthesis = _TAIL_PARENTHESIS.sub("", base)
    without_clause = _TAIL_CLAUSE.sub("", without_parenthesis)
    return without_parenthesis, without_clause, _remark(base[len(without_clause) :])


def _remark(text: str) -> str:
    return " ".join(flatten(text).replace("\\text", "").split()).strip(" ,.;:(){}")
