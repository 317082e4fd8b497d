r"""Boxed answers: `\boxed{…}` and `\fbox{…}`, however they were closed.

    >>> text = r"so $x = \boxed{2}$ or $x = \boxed{\frac{1}{3}}$."
    >>> found = read_boxes(text, text.rfind("oxed"), 0, len(text))
    >>> [text[start:end] for start, end in found.parts]
    ['2', '\\frac{1}{3}']

Boxes that stand next to each other, with nothing but `and`, `or`, a comma or `x =` between them, are one
answer in several parts. A box that was never closed reaches to the end of its formula or line.
"""

from __future__ import annotations

import re

from answer_normalizers.extraction.spans import Found, Span, is_placeholder, trim

NEEDLES = ("oxed", "\\fbox")
"""What the scan from the end looks for. Not `\\boxed`: written in a Python string that is not raw, its
backslash and `b` become one backspace, and some models forget the backslash."""

MAX_PARTS = 32
MAX_BOX = 50_000
"""Characters within which a box must close; several times what an answer may have to be read."""
MAX_GAP = 80
"""Characters between two boxes that still belong together."""

_HEAD = re.compile(
    r"(?:(?<=\\b)oxed|(?<=\x08)oxed|(?<![A-Za-z]b)(?<=b)oxed(?=\s*\{)|(?<=b)oxed(?=\{)|\\fbox)(\s*\{)?"
)
_UP_TO_BRACE = re.compile(r"(?:[^{}\\]++|\\.)*+([{}])", re.DOTALL)
_END_OF_UNCLOSED = re.compile(r"\$|\\\]|\\\)|\n|\\end\{")
_END_OF_BARE = re.compile(r"\$|\\\]|\\\)|\s|\\\\|&|[.,;](?:\s|$)")
_GAP = re.compile(
    r"(?:[\s$,;&]|\\[()\[\],;:! \\]|\\q?quad\b|\\(?:text|mbox|textbf|mathrm)\s*\{\s*(?:,|and|or|\s)*\}"
    r"|(?:and|or)\b|\*\*|[A-Za-z](?:_\{?\w+\}?)?\s*=)*"
)


def read_boxes(text: str, position: int, floor: int, end: int) -> Found | None:
    """The answer in the box whose needle is at `position`, with the boxes before it that belong to it.

    None where there is no box or it holds a placeholder. Looks at text[floor:end] only.
    """
    box = _read_box(text, position, end)
    if box is None:
        return None
    head, content, _ = box
    parts = [content]
    values = {text[content[0] : content[1]]}
    while len(parts) < MAX_PARTS:
        earlier = max(text.rfind(needle, max(floor, head - MAX_GAP - 500), head) for needle in NEEDLES)
        box = _read_box(text, earlier, head) if earlier >= 0 else None
        if box is None or head - box[2] > MAX_GAP or not _GAP.fullmatch(text, box[2], head):
            break
        head, content, _ = box
        value = text[content[0] : content[1]]
        if value not in values:
            values.add(value)
            parts.insert(0, content)
    return Found(tuple(parts), "boxed", explicit=True)


def _read_box(text: str, position: int, end: int) -> tuple[int, Span, int] | None:
    """Where a box begins, its content, and where it ends; None for no box or an empty one."""
    match = _HEAD.match(text, position, end)
    if match is None:
        return None
    head = position
    while head > 0 and text[head - 1] in "b\\\x08":
        head -= 1
    inside = match.end()
    if match.group(1) is None:
        while inside < end and text[inside] == " ":
            inside += 1
        stop = _END_OF_BARE.search(text, inside, end)
        close = after = stop.start() if stop else end
    else:
        close = _matching_brace(text, inside, min(end, inside + MAX_BOX))
        after = close + 1
        if close < 0:
            stop = _END_OF_UNCLOSED.search(text, inside, end)
            close = after = stop.start() if stop else end
    content = trim(text, inside, close)
    if content[0] >= content[1] or is_placeholder(text, *content):
        return None
    return head, content, after


def _matching_brace(text: str, inside: int, end: int) -> int:
    """The index of the brace that closes the one before `inside`, or -1."""
    depth = 1
    while match := _UP_TO_BRACE.match(text, inside, end):
        inside = match.end()
        depth += 1 if match[1] == "{" else -1
        if depth == 0:
            return inside - 1
    return -1
