r"""The best guess at the answer of a text that marks none: what it ends with.

In this order: a text that is nothing but an answer; what the last paragraph sets in bold; the right-hand side
of the formula the text ends with; the last number, or the result of the calculation that it belongs to ("= 18
dollars in 7 days"). A check, a note or an explanation that comes after the answer is not looked at.

    >>> text = "3 + 4 = 7, so she has 7 eggs.\nCheck: 7 - 4 = 3."
    >>> (start, end), = guess(text, 0, len(text)).parts
    >>> text[start:end], text.rfind("7", 0, start) < start
    ('7', True)
"""

from __future__ import annotations

import re

from answer_normalizers.extraction.marked import reduce_prose
from answer_normalizers.extraction.spans import (
    NUMBER,
    Found,
    Span,
    is_placeholder,
    number_head,
    tidy,
    variables,
    with_sign,
    words,
)

_WINDOW = 2_000
"""Characters at the end of a text within which bold text and formulas are looked for."""
_FARTHEST = 200_000
"""Characters at the end of a text within which its last number is looked for."""
_AFTER_DIGIT = 40
"""Characters behind the last digit that may belong to its number or tell that it is none."""

_AFTERTHOUGHT = re.compile(
    r"(?:\n[ \t>#*_(-]*|(?<=[.!?])\s+\(?)"
    r"(?:(?:checks?|checking|verif(?:y|ying|ication)|double[- ]check(?:ing)?|sanity check|explanation|proof"
    r"|note|remark)\b[^\n:.]{0,40}[*_]*[:\n]"
    r"|(?:let['’]?s|let us|we can|to|now)\s+(?:now\s+|also\s+|quickly\s+)?(?:double[- ])?(?:check|verify)\b"
    r"(?=[^\n]*\s*\Z))",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\n[ \t*#_]*(?:so|thus|therefore|hence|finally|in conclusion|conclusion|final)\b", re.IGNORECASE
)
_BOLD = re.compile(r"\*\*([^*\n]{1,120}?)\*\*(?!\s*:)")
_BOLD_HEADING = re.compile(
    r"(?:step|part|case|method|note|example|section|problem|question|day|figure)\b", re.IGNORECASE
)
_FORMULA = re.compile(
    r"\$\$([^$]{1,2000}?)\$\$|\$((?:[^$\n\\]|\\.){1,2000}?)\$|\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]"
    r"|\\begin\{(?:align|aligned|equation|gather)\*?\}(.{1,2000}?)\\end\{",
    re.DOTALL,
)
_BRACE_OR_RELATION = re.compile(r"\\[{}]|[{}]|=|\\approx|≈|\\implies|\\Rightarrow|⇒|\\to\b|→")
_RESULT_THEN_DETAIL = re.compile(
    r"[\d)}>%]\s*=\s*(?P<result>[$€£¥]?\s?-?\d[\d,]*(?:\.\d+)?%?)(?:\s+[A-Za-z]+){0,4}?"
    r"\s+(?:in|for|per|over|on|at|of|every|each|with|from|after|within|during|by)\s+(?:the\s+|a\s+)?"
    r"\$?\d[\d,.]*[^\d=]*\Z"
)
_CHOICE = re.compile(r"\b(?:option|choice)\s+(?:is:?\s+(?=[(*]*(?-i:[A-J])))?[(*]*([A-J])\b", re.IGNORECASE)
_CONNECTIVE = re.compile(r"(?:so|thus|therefore|hence|then|and)\b[,:]?\s+", re.IGNORECASE)
_COEFFICIENT = re.compile(r"\d[a-z]")
_SAYS = re.compile(r"(?:\b(?:is|are|be|equals|get|obtain|gives)|[=:])\s*\Z")
_EMPTY_ITEM = re.compile(r"\n\d+[.)](?:\n|\Z)")
_IN_NUMBERS = "0123456789.,:/\\ -{}$"


def guess(text: str, start: int, end: int) -> Found | None:
    """What text[start:end] most likely answers, as a guess; None where nothing in it is like an answer."""
    end = _without_afterthoughts(text, start, end)
    whole = _whole(text, start, end)
    if whole:
        return Found((whole,), "whole", explicit=False)
    number = last_number(text, start, end)
    tail = max(start, end - _WINDOW)
    bold = _last_bold(text, tail, end)
    if bold:
        return Found((bold,), "last_bold", explicit=False)
    formula = _last_formula(text, tail, end, number)
    if formula:
        return Found((formula,), "last_formula", explicit=False)
    choice = _last_choice(text, tail, end)
    if choice:
        return Found((choice,), "last_choice", explicit=False)
    if number is None:
        return None
    line = max(start, text.rfind("\n", start, number[0]) + 1)
    detail = _RESULT_THEN_DETAIL.search(text, max(line, end - _WINDOW), end)
    if detail:
        return Found((tidy(text, *detail.span("result")),), "last_result", explicit=False)
    return Found((number,), "last_number", explicit=False)


def last_number(text: str, start: int, end: int) -> Span | None:
    """The last number of text[start:end] with its sign; an empty item of a list ("3." at the end) is none."""
    size = 200
    start = max(start, end - _FARTHEST)
    if text.isascii():
        last = max(text.rfind(digit, start, end) for digit in "0123456789")
        if last < 0:
            return None
        end = min(end, last + _AFTER_DIGIT)
    while end > start:
        left = max(start, end - size)
        while left > start and text[left - 1] in _IN_NUMBERS and end - left < 2 * size:
            left -= 1
        for number in reversed(list(NUMBER.finditer(text, left, end))):
            if not _EMPTY_ITEM.match(text, max(start, number.start() - 1), min(end, number.end() + 2)):
                return with_sign(text, number.start(), start), number.end()
        end, size = left, min(4 * size, 50_000)
    return None


def _without_afterthoughts(text: str, start: int, end: int) -> int:
    """Where the text ends before its closing check, note or explanation, if a number stands before that."""
    for match in _AFTERTHOUGHT.finditer(text, max(start, end - _WINDOW), end):
        answered = NUMBER.search(text, max(start, match.start() - _WINDOW), match.start())
        if answered and not _CONCLUSION.search(text, match.end(), end):
            return match.start()
    return end


def _whole(text: str, start: int, end: int) -> Span | None:
    """The text itself where it is one short line and no prose: a direct answer."""
    if end - start > 200:
        return None
    start, end = tidy(text, start, end)
    connective = _CONNECTIVE.match(text, start, end)
    start, end = tidy(text, connective.end(), end) if connective else (start, end)
    if start >= end or "\n" in text[start:end] or is_placeholder(text, start, end):
        return None
    return None if _is_prose(text, start, end) else (start, end)


def _is_prose(text: str, start: int, end: int) -> bool:
    """Whether a line says more than an answer: more words than a unit has, or a calculation."""
    starts_with_number = number_head(text, start, end) is not None
    equals = text.find("=", start, end) if starts_with_number else -1
    if equals >= 0 and not variables(text, start, equals):
        return True
    return len(words(text, start, end)) > (3 if starts_with_number else 1)


def _last_bold(text: str, start: int, end: int) -> Span | None:
    """What the last paragraph sets in bold, where it is an answer and not a heading."""
    while end > start and text[end - 1].isspace():
        end -= 1
    paragraph = max(start, text.rfind("\n\n", start, end))
    bold = None
    for match in _BOLD.finditer(text, paragraph, end):
        first, last = tidy(text, *match.span(1))
        heading = text.find(":", last, match.end(1)) >= 0 or _BOLD_HEADING.match(text, first, last)
        if first < last and not heading:
            bold = first, last
    if bold is None or not any(character.isdigit() for character in text[bold[0] : bold[1]]):
        return None
    return reduce_prose(text, *bold) if _is_prose(text, *bold) else bold


def _last_choice(text: str, start: int, end: int) -> Span | None:
    """The letter of the option that the last line settles on."""
    while end > start and text[end - 1].isspace():
        end -= 1
    choice: re.Match[str] | None = None
    for choice in _CHOICE.finditer(text, max(start, text.rfind("\n", start, end)), end):  # noqa: B007 - the last
        pass
    return choice.span(1) if choice else None


def _last_formula(text: str, start: int, end: int, number: Span | None) -> Span | None:
    """The right-hand side of the last formula, where no number comes after it."""
    formulas = list(_FORMULA.finditer(text, start, end))
    while formulas and is_placeholder(text, *formulas[-1].span(formulas[-1].lastindex or 0)):
        formulas.pop()
    formula = formulas[-1] if formulas else None
    if formula is None or formula.lastindex is None or (number and number[0] > formula.end()):
        return None
    first, last = tidy(text, *formula.span(formula.lastindex))
    if first >= last or len(words(text, first, last)) > 1:
        return None
    right = _after_last_relation(text, first, last)
    if right == first:
        lone_letter = last - first == 1 and text[first].isalpha()
        # "the result is $a$" gives an answer, "the value of $a$" none.
        said = _SAYS.search(text, max(start, formula.start() - 20), formula.start()) or text.startswith(
            (" is the answer", " is the final answer"), formula.end(), end
        )
        return None if lone_letter and not said else (first, last)
    if _is_equation(text, first, right, last):
        return first, last
    value = tidy(text, right, last)
    return value if value[0] < value[1] else None


def _is_equation(text: str, start: int, right: int, end: int) -> bool:
    """Whether the answer is the equation, as of a line or a plane, and not its right-hand side."""
    zero = text[right:end].strip(" .") == "0"
    return zero or (
        _COEFFICIENT.search(text, start, right) is not None and len(variables(text, start, right)) > 1
    )


def _after_last_relation(text: str, start: int, end: int) -> int:
    r"""Where the last relation sign outside braces ends, as in `x = \sum_{i=1}^n i = 6`."""
    after, depth = start, 0
    for match in _BRACE_OR_RELATION.finditer(text, start, end):
        sign = match.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif not sign.startswith(("\\{", "\\}")) and depth <= 0 and text[match.start() - 1] not in "<>!≤≥":
            after = match.end()
    return after
