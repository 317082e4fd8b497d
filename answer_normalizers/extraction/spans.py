"""What the readers of answers share: spans, numbers in prose, what is prose, what is no answer at all.

A span is a pair (start, end) of indices into the text, so that an answer can always be shown where it stands.
Every function takes the text and the bounds to stay within; none copies a long text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Span = tuple[int, int]

MAX_VALUE = 4_000
"""Characters of the longest answer that is read after a marker: keeps the work on a long text linear."""


class Found(NamedTuple):
    """An answer found in a text: its parts in order (two adjacent boxes are two parts), and by which rule."""

    parts: tuple[Span, ...]
    rule: str
    explicit: bool


NUMBER = re.compile(
    r"""
    (?<![A-Za-z_\d]) (?<!\d\.)                        # not inside a word or a number
    (?: \d+ (?: (?:,|\{,\}|\\,|\\!,?|,\\!) \d+ )* (?:\.\d+)? | \.\d+ )
    (?: [ ]\d+/\d+ | [ ]?/[ ]?\d+(?:\.\d+)? | :\d\d(?!\d) )?   # 1 1/2, 3/4, 4:30
    (?: [eE][-+]?\d+(?!\w) )?
    (?: [ ]?\\?% )?
    """,
    re.VERBOSE,
)
"""A number as it stands in prose, without its sign and its currency."""

_CURRENCY = "$€£¥"
_MINUS = "-−–"
_NUMBER_HEAD = re.compile(rf"[-+−–]?\s?(?:\\?[$€£¥]\s?)?-?(?:{NUMBER.pattern})", re.VERBOSE)

_WORD = re.compile(
    # What LaTeX sets in words is no prose.
    r"\\(?:begin|end|text(?:bf|rm|it|sf)?|mathrm|mbox|operatorname|overline|overrightarrow)\s*\*?\{[^{}]*\}"
    r"|(?<![\\A-Za-z])([^\W\d_]{2,}(?:['’][a-z]+)?)"
)
_VARIABLE = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
_MATHEMATICAL_WORDS = frozenset(
    ["and", "or", "pi", "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "sqrt", "max", "min"]
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(?:[\s$\[\]<>{}()\"'`*_:.…?,;\\!~#=+/|^&%-]|\\(?:boxed|fbox|text|mathrm|mbox|phantom|ldots|dots|cdots|quad|qquad|hspace)\b"
    r"|your|the|my|final|numerical|correct|answers?|answer_here|here|result|number|value|integer|solution|"
    r"expression|insert|ans|xxx?)*",
    re.IGNORECASE,
)
_NOT_AN_ANSWER = re.compile(
    r"(?:(?:in)?correct|right|wrong|not|indeed|therefore|thus|below|above|confirmed|consistent|reasonable|verified"
    r"|valid|unknown|unclear|clear|in|shown|given|based|what|how|here|this|that|it|found|obtained|as|supposed"
    r"|expected|required|rounded)\b|(?:of|on) the\b|a single\b",
    re.IGNORECASE,
)


def is_placeholder(text: str, start: int, end: int) -> bool:
    r"""Whether a span holds the place for an answer and none, as in an echoed prompt: `\boxed{}`, `[answer]`.

    Marks alone (`###`, `=`) are no answer either; the empty set `\{\}` is one.

    >>> is_placeholder("your answer", 0, 11), is_placeholder("ANSWER 5", 0, 8)
    (True, False)
    """
    if end - start > 60 or _PLACEHOLDER.fullmatch(text, start, end) is None:
        return False
    return text[start:end].replace(" ", "") != r"\{\}"


def is_remark(text: str, start: int, end: int) -> bool:
    """Whether what follows "the answer is" speaks about the answer instead of giving it ("correct")."""
    return _NOT_AN_ANSWER.match(text, start, end) is not None


def words(text: str, start: int, end: int) -> list[str]:
    """The words of plain language in a span: no LaTeX commands, names of functions or single letters."""
    found = _WORD.findall(text, start, end)
    return [word for word in found if word and word.lower() not in _MATHEMATICAL_WORDS]


def variables(text: str, start: int, end: int) -> set[str]:
    """The single letters in a span; the "x" of "3 x 6" is none."""
    return set(_VARIABLE.findall(text[start:end].replace(" x ", " ")))


def number_head(text: str, start: int, end: int) -> int | None:
    """Where the number ends that a span starts with, sign and currency included; None where it has none."""
    match = _NUMBER_HEAD.match(text, start, end)
    return match.end() if match else None


def with_sign(text: str, start: int, floor: int) -> int:
    """Where a number found at `start` begins once its currency and its sign are counted in.

    >>> with_sign("it is -$5", 7, 0), with_sign("16 - 3", 5, 0), with_sign("x = -5", 5, 0)
    (6, 5, 4)
    """
    first = start
    if first > floor and text[first - 1] in _CURRENCY:
        first -= 2 if first - 1 > floor and text[first - 2] == "\\" else 1
    if first <= floor or text[first - 1] not in _MINUS:
        return first
    before = first - 2
    spaced = False
    while before >= floor and text[before] == " ":
        before, spaced = before - 1, True
    if before < floor or not (text[before].isalnum() or text[before] in ")}]>%"):
        return first - 1
    # "comes to -5" has a sign, "x -5" and "10 -5" a minus.
    after_word = spaced and before > floor and text[before].isalpha() and text[before - 1].isalpha()
    return first - 1 if after_word else first


_OPENING = "*_`\"“”'‘’"
_CLOSING = "*_`\"“”'‘’.,;:?。，！"
_FORMULAS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))


_MAX_WRAPPERS = 40
"""Pairs of delimiters taken off one answer; each costs a search through it."""


def tidy(text: str, start: int, end: int) -> Span:
    r"""A span of prose without the markdown, quotes, formula delimiters and punctuation around the answer.

    >>> start, end = tidy("**$18$.**", 0, 9); "**$18$.**"[start:end]
    '18'
    """
    for _ in range(_MAX_WRAPPERS):
        before = (start, end)
        while start < end and (text[start] in _OPENING or text[start].isspace()):
            start += 1
        while start < end and (text[end - 1] in _CLOSING or text[end - 1].isspace()):
            end -= 2 if text[end - 2 : end - 1] == "\\" and end - 2 >= start else 1
        start, end = _without_formula_delimiters(text, start, end)
        if before == (start, end):
            break
    return start, end


def trim(text: str, start: int, end: int) -> Span:
    r"""A span without the spaces and the formula delimiters around it; for what stands inside a box."""
    for _ in range(_MAX_WRAPPERS):
        before = (start, end)
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        start, end = _without_formula_delimiters(text, start, end)
        if before == (start, end):
            break
    return start, end


def _without_formula_delimiters(text: str, start: int, end: int) -> Span:
    """The span without one pair of delimiters that enclose it, or one that lost its partner."""
    if text.endswith("}", start, end) and text[end - 2 : end] != "\\}":
        # The brace of something that was opened before the answer, as in "\boxed{the answer is 5}".
        return (start, end - 1) if text.count("}", start, end) > text.count("{", start, end) else (start, end)
    for opening, closing in _FORMULAS:
        opened = text.startswith(opening, start, end)
        closed = text.endswith(closing, start, end) and text[end - 2 : end] != "\\$"
        if not opened and not closed:
            continue
        first, last = start + len(opening) * opened, end - len(closing) * closed
        if first > last:
            return start, end
        if opened and closed and text.find(closing, first, last) < 0:
            return first, last
        if opened != closed and text.find(opening, first, last) < 0 and text.find(closing, first, last) < 0:
            # "$18" is eighteen dollars and stays; "18$" lost the other half of its formula.
            return (start, end) if opened and opening == "$" else (first, last)
    return start, end
