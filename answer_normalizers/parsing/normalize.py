r"""From an answer as it stands in a text to a string the lexer can read: boxes, wrappers, unicode.

    >>> normalize(r"$\boxed{2√3}$.")
    '2\\sqrt 3'
    >>> normalize(r"**12**")
    '12'

Nothing mathematical is decided here. What is removed is what carries no meaning around an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from answer_normalizers.parsing.vocabulary import SUBSCRIPTS, SUPERSCRIPTS, UNICODE

_SUPERSCRIPT_RUN = re.compile(f"[{re.escape(''.join(SUPERSCRIPTS))}]+")
_SUPERSCRIPTS = str.maketrans(SUPERSCRIPTS)
_SUBSCRIPT_RUN = re.compile(f"[{re.escape(''.join(SUBSCRIPTS))}]+")
_SUBSCRIPTS = str.maketrans(SUBSCRIPTS)
_UNICODE = str.maketrans(UNICODE)
_BOX = re.compile(r"\\?f?boxed\s*(?=\{)|\\fbox\s*(?=\{)|\\boxed\s*(?=\S)")
_BETWEEN_BOXES = re.compile(
    r"[\s,;.$]*(?:\\(?:text|mbox|quad|qquad|,|;)|\{|\}|and|or|\\\)|\\\(|[\s,;$&])*[\s,;$]*"
)
_DOUBLED = re.compile(r"\\\\(?=[a-zA-Z]{2})")
_ROW_BREAK_IN_TERM = re.compile(r"([-+*/^=(])\\\\(?=\\[a-zA-Z])")
_BARE_COMMAND = re.compile(r"(?<![a-zA-Z\\])(d?frac|tfrac|sqrt|text|mathrm|boxed)(?=\s*[{\[])")
_ROOT_ARGUMENT = re.compile(r"\\sqrt (?=\\?[({])")
_MONEY = re.compile(r"(?<!\\)\$(?=\s*[\d.])|(?<=\d)\s*(?<!\\)\$$")
_BARE_DOLLAR = re.compile(r"(?<!\\)\$")
_BETWEEN_FORMULAS = re.compile(r"(?<!\\)\$\s+\$")
_CLOSING = ".,;:!?"
_PAIRS = [
    ("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"), ("__", "__"), ("`", "`"),
    ('"', '"'), ("``", "''"), ("'", "'"),
]  # fmt: skip
_OPENERS = frozenset(opener[0] for opener, _ in _PAIRS) - {"\\"}
_ENDINGS = frozenset(_CLOSING) | {"\\", ")", "]"}


def normalize(text: str) -> str:
    """Return `text` without its box, wrappers, closing punctuation and unicode mathematics."""
    if not text.isascii():
        text = from_unicode(text)
    if "box" in text:
        text = _open_boxes(text)
    if "\\\\" in text and "\\begin" not in text:
        text = _DOUBLED.sub(r"\\", text)
    elif "\\\\\\" in text:
        text = _ROW_BREAK_IN_TERM.sub(r"\1", text)
    if "frac" in text or "sqrt" in text or "text" in text:
        text = _BARE_COMMAND.sub(_with_backslash, text)
    text = unwrap(text)
    if "$" in text:
        text = _inner_dollars(text)
    return text


def _with_backslash(match: re.Match[str]) -> str:
    return "\\" + match.group(1)


def from_unicode(text: str) -> str:
    """Turn unicode mathematics into LaTeX, full-width forms into ASCII."""
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^{{{run.group().translate(_SUPERSCRIPTS)}}}", text)
    text = _SUBSCRIPT_RUN.sub(lambda run: f"_{{{run.group().translate(_SUBSCRIPTS)}}}", text)
    text = text.translate(_UNICODE)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_UNICODE)
    return _ROOT_ARGUMENT.sub(r"\\sqrt", text)


def matching_brace(text: str, start: int) -> int:
    """Return the index of the `}` that closes the `{` at `start`, or -1; escaped braces do not count."""
    depth = 0
    position = start
    size = len(text)
    while position < size:
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return -1


def _open_boxes(text: str) -> str:
    r"""Return what is in the last box, or in the last run of adjacent boxes joined by commas.

    `\boxed{1}, \boxed{2}` gives `1,2`; `\boxed{1}, \text{ so } \boxed{2}` gives `2`. A box inside a larger
    formula (`x = \boxed{3}`) counts as the answer. Nested boxes are opened, eight levels deep.
    """
    for _ in range(8):
        found = list(_boxes(text))
        if not found:
            return text
        group = [found.pop()]
        while found and _BETWEEN_BOXES.fullmatch(text, found[-1][1], group[0][0]):
            group.insert(0, found.pop())
        trailing = text[group[-1][1] :]
        text = ",".join(content for _, _, content in group)
        if len(group) == 1:
            text += _unit_after_box(trailing)
    return text


def _boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each outermost box starts and ends, and what is in it; one that is not closed is the last."""
    position = 0
    while match := _BOX.search(text, position):
        start = match.end()
        if text[start : start + 1] != "{":  # `\boxed 5`
            position = start + 1
            yield match.start(), position, text[start:position]
            continue
        end = matching_brace(text, start)
        if end < 0:
            yield match.start(), len(text), text[start + 1 :]
            return
        position = end + 1
        yield match.start(), position, text[start + 1 : end]


_UNIT_AFTER = re.compile(r"\s*\$?\s*(\\?%|\^\{?\\circ\}?|(?:per ?cent|pct)\b)\s*\$?\s*[.,]?\s*$")


def _unit_after_box(trailing: str) -> str:
    match = _UNIT_AFTER.match(trailing)
    return match.group(1) if match else ""


def unwrap(text: str) -> str:
    """Strip white space, delimiters, markdown and closing punctuation, until nothing more comes off."""
    text = text.strip()
    if text and text[0] not in _OPENERS and text[-1] not in _ENDINGS and "style" not in text:
        return text
    while True:
        before = text
        text = text.strip()
        while text and text[-1] in _CLOSING and not text.endswith(("...", "\\,", "\\;", "\\:", "\\!", "\\.")):
            if text[-1] == "!" and len(text) > 1 and text[-2] not in " .":
                break
            text = text[:-1].rstrip()
        if text.endswith("\\") and not text.endswith("\\\\"):
            text = text[:-1]
        elif text.endswith("\\\\"):
            text = text[:-2]
        for style in ("\\displaystyle", "\\textstyle"):
            text = text.removeprefix(style).lstrip()
        for opener, closer in _PAIRS:
            if (
                text.startswith(opener)
                and text.endswith(closer)
                and len(text) > len(opener) + len(closer) - 1
                and closer not in text[len(opener) : -len(closer)]
            ):
                text = text[len(opener) : -len(closer)]
                break
        if text == before:
            return text


def _inner_dollars(text: str) -> str:
    r"""Drop the `$` that delimit mathematics inside an answer; keep the ones that are money.

    Without a partner, one before a digit or behind the last is a currency sign, any other a delimiter
    whose partner was lost.
    """
    bare = [i for i, c in enumerate(text) if c == "$" and (i == 0 or text[i - 1] != "\\")]
    if len(bare) % 2:
        text = _MONEY.sub(r"\\$", text)
    return _BARE_DOLLAR.sub(" ", _BETWEEN_FORMULAS.sub(r" \\quad ", text))
