r"""Answers that a text marks in words: `#### 18`, "The answer is 18", "**Answer:** 18", "A: 18".

    >>> text = "She has 3 + 4 = 7 eggs. The answer is **7 eggs**, since nothing broke."
    >>> (start, end), = read_phrase(text, text.rfind("nswer"), 0, len(text)).parts
    >>> text[start:end]
    '7 eggs'

Each reader is given the place of its needle and says whether an answer is marked there. A phrase that speaks
about the answer ("so the answer is correct"), a placeholder from the prompt ("Answer: $ANSWER") and the head
of a whole solution ("Answer: Janet sells …", with more to follow) mark none.
"""

from __future__ import annotations

import re

from answer_normalizers.extraction.spans import (
    MAX_VALUE,
    NUMBER,
    Found,
    Span,
    is_placeholder,
    is_remark,
    number_head,
    tidy,
    variables,
    with_sign,
    words,
)

PHRASE_NEEDLES = ("nswer", "NSWER")
COLON_NEEDLES = ("\nA:", "\nAns")
HASH_NEEDLES = ("####",)
CHINESE_NEEDLES = ("答",)

_PLAIN = re.compile(r"[ \t]*(?::[ \t]*)?(\$?-?\d[\d,]*(?:\.\d+)?)\.?[ \t]*(?:\n|\Z)")
"""The common case, read at once: a number and the end of the line. "The answer is: 8" keeps its colon."""

_IS = re.compile(
    r"nswers?(?:\s+choice)?[*_\"']*"
    r"(?:,?\s+(?:to|of|for|in|from|as|then|therefore)\b[^.?!\n:=]{0,150}?)?"
    r"[*_]*\s*"
    r"(?:(?P<copula>(?:(?:(?:should|would|will|must|has to|turns out to|comes out to|works out to)\s+be\b"
    r"|is|are|was|were|be|equals|becomes|comes (?:out )?to)\b(?!['’])|=|≈|\\approx|\\text\{\s*is\s*\})"
    r"(?:\s+(?:that|simply|just|therefore|thus|then|approximately|about|around|roughly|exactly|equal to"
    r"|given by|indeed|also|still|now|either|option|choice)\b)*)|\s*[:：]|\s+[-–—](?=\s))",
    re.IGNORECASE,
)
_CHINESE_IS = re.compile(r"答(?:案|え)?(?:应该|應該|就)?(?:是|为|為|は|等于|：|:)+")
_HEADING = re.compile(r"nswers?[*_]*:?[*_ \t]*\n", re.IGNORECASE)
_HEADING_START = re.compile(r"[ \t]*(?:(?:#{1,6}|\*\*|__)[^\n]*|(?:the\s+)?(?:final\s+)?a)\Z", re.IGNORECASE)
_TAG = re.compile(r"nswer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)
_ANS = re.compile(r"\s*A(?:ns)?[.:]:?(?=\s)")
_LEAD = re.compile(r"(?:[\s:：*_`\"“”‘}]|=(?!=)|>|\\(?:text|mathrm|textbf)\{\s*\}|\\[,;: ]|\\quad\b|~)*")
_MATH = re.compile(
    r"\$\$([^$]{1,4000}?)\$\$|\$((?:[^$\n\\]|\\.){1,4000}?)\$|\\\((.{1,4000}?)\\\)|\\\[(.{1,4000}?)\\\]"
    r"|(\\begin\{(?:[a-zA-Z]?matrix|array|cases)\}.{1,4000}?\\end\{(?:[a-zA-Z]?matrix|array|cases)\})",
    re.DOTALL,
)
_MATH_GAP = re.compile(r"\s*(?:,\s*(?:and\b|or\b)?|;|and\b|or\b)\s*")
_SENTENCE_END = re.compile(
    r"\n|(?<!\\)[.!?][\"'”’)*_]*(?=\s|\Z|\\\))|。|\*\*|`|</|<\|"
    r"|[,;]?\s+(?:because|since|so that|so we|so the|as we|which|where|hence|thus|therefore|after|when we"
    r"|when rounded|if we|I hope)\b|[,;]\s+(?:so|but|as|with|not|rather)\b"
    r"|\s+\((?!mod\b)[a-z]{2,}"
)
_NUMBERED_ITEM = re.compile(r"\d+[.):]\s+\S")
_EMPTY_BOX = re.compile(r"\\boxed\{\s*\}")
_SECOND_CHOICE = re.compile(r"[^\n]*\n\s*\(?B[).:]")


def read_phrase(text: str, position: int, floor: int, end: int) -> Found | None:
    """The answer after "answer is", "Answer:", an "Answer" heading or `<answer>`."""
    before = text[position - 2 : position].lower() if position >= 2 else ""
    if before == "<a":
        return _read_tag(text, position, end)
    match = _IS.match(text, position, end)
    if match:
        colon = match["copula"] is None
        return _read_value(text, match.end(), end, "answer_colon" if colon else "the_answer_is", line=colon)
    heading = _HEADING.match(text, position, end)
    line = text.rfind("\n", floor, position) + 1 or floor
    if heading and position - line < 60 and _HEADING_START.match(text, line, position):
        return _read_value(text, heading.end(), end, "answer_colon", line=True)
    return None


def read_colon(text: str, position: int, floor: int, end: int) -> Found | None:  # noqa: ARG001 - a Reader
    """The answer after "A:" or "Ans." at the head of a line; the line break before it is at `position`."""
    match = _ANS.match(text, position, end)
    if match is None or _SECOND_CHOICE.match(text, match.end(), end):
        return None
    return _read_value(text, match.end(), end, "answer_colon", line=True)


def read_opening(text: str, start: int, end: int) -> Found | None:
    """The answer of a text that opens with "A:", where no line break stands before it."""
    return read_colon(text, start, start, end) if text[start : start + 1] == "A" else None


def read_chinese(text: str, position: int, floor: int, end: int) -> Found | None:  # noqa: ARG001 - a Reader
    """The answer after "答案是" and its kin."""
    match = _CHINESE_IS.match(text, position, end)
    return _read_value(text, match.end(), end, "the_answer_is") if match else None


def read_hash(text: str, position: int, floor: int, end: int) -> Found | None:
    """The answer after GSM8K's `####`; a heading of the fourth level is none."""
    if position > floor and text[position - 1] == "#":
        return None
    plain = _PLAIN.match(text, position + 4, end)
    if plain:
        return Found((plain.span(1),), "hash", explicit=True)
    stop = text.find("\n", position, min(end, position + MAX_VALUE))
    start, stop = tidy(text, position + 4, stop if stop >= 0 else min(end, position + MAX_VALUE))
    if start >= stop or _NUMBERED_ITEM.match(text, start, stop):
        return None
    # A heading is prose; an answer starts with a number or is a formula.
    if len(words(text, start, stop)) > (0 if number_head(text, start, stop) is None else 3):
        return None
    if is_placeholder(text, start, stop):
        return None
    return Found(((start, stop),), "hash", explicit=True)


def _read_tag(text: str, position: int, end: int) -> Found | None:
    match = _TAG.match(text, position, min(end, position + MAX_VALUE))
    if match is None:
        return None
    start, stop = tidy(text, *match.span(1))
    if start >= stop or is_placeholder(text, start, stop):
        return None
    parts = _read_formulas(text, start, stop)
    if not parts:
        parts = (_read_plain(text, start, stop, goes_on=False) or (start, stop),)
    return Found(parts, "answer_tag", explicit=True)


def _read_value(text: str, start: int, end: int, rule: str, *, line: bool = False) -> Found | None:
    """The answer that begins at `start`; with `line`, prose that goes on after its first sentence is none."""
    plain = _PLAIN.match(text, start, end)
    if plain:
        return Found((plain.span(1),), rule, explicit=True)
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead else start
    limit = min(end, start + MAX_VALUE)
    parts = _read_formulas(text, start, limit)
    if parts:
        return Found(parts, rule, explicit=True)
    stop = _SENTENCE_END.search(text, start, limit)
    sentence_end = stop.start() if stop else limit
    first, last = tidy(text, start, sentence_end)
    if first >= last or is_placeholder(text, first, last) or is_remark(text, first, last):
        return None
    if _EMPTY_BOX.search(text, first, last):
        return None  # "The answer is within \\boxed{}": the prompt's words, and nothing filled in
    after = text[sentence_end + 1 : min(end, sentence_end + 200)]
    value = _read_plain(text, first, last, goes_on=line and after != "" and not after.isspace())
    return Found((value,), rule, explicit=True) if value else None


def _read_formulas(text: str, start: int, limit: int) -> tuple[Span, ...]:
    """The formulas from `start` on, as long as only commas, "and" and "or" stand between them."""
    parts: list[Span] = []
    while True:
        match = _MATH.match(text, start, limit)
        if match is None or match.lastindex is None:
            break
        first, last = tidy(text, *match.span(match.lastindex))
        currency = (
            match.lastindex == 2 and number_head(text, first, last) and len(words(text, first, last)) > 1
        )
        if first >= last or currency or is_placeholder(text, first, last):
            break
        if text[match.end() : match.end() + 1] in ("%", "°"):
            return ((match.start(), match.end() + 1),)
        parts.append((first, last))
        gap = _MATH_GAP.match(text, match.end(), limit)
        if gap is None:
            break
        start = gap.end()
    return tuple(parts)


def _read_plain(text: str, start: int, end: int, *, goes_on: bool) -> Span | None:
    """The answer in a sentence that is not a formula: all of it, or the part of its prose that matters."""
    number_end = number_head(text, start, end)
    if number_end is None:
        count = len(words(text, start, end))
        if count <= 1:
            return start, end
        if goes_on:
            return None
        return reduce_prose(text, start, end) or ((start, end) if count <= 6 else None)
    if number_end == end:
        return start, end
    equals = text.find("=", number_end, end)
    if equals >= 0 and not variables(text, start, equals):
        return None if goes_on else reduce_prose(text, start, end)
    if len(words(text, number_end, end)) > 3:
        return None if goes_on else (start, number_end)
    return start, end


def reduce_prose(text: str, start: int, end: int) -> Span | None:
    """The answer within a sentence: its last formula, the end of its equation, its last number, or None."""
    formula = None
    for match in _MATH.finditer(text, start, end):
        span = tidy(text, *match.span(match.lastindex or 0))
        if len(words(text, *span)) <= 1 and span[1] - span[0] > 1:
            formula = span
    if formula:
        return formula
    right = text.rfind("=", start, end) + 1
    if right:
        first, last = tidy(text, right, end)
        if first < last and len(words(text, first, last)) <= 1:
            return first, last
        number_end = number_head(text, first, last)
        if number_end is not None:
            return first, number_end
    number: re.Match[str] | None = None
    for number in NUMBER.finditer(text, start, end):  # noqa: B007 - the last one is wanted
        pass
    return (with_sign(text, number.start(), start), number.end()) if number else None
