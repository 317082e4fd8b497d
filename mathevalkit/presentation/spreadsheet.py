r"""Tables for spreadsheets, which take a cell for a formula and run it: none of ours is one.

    >>> disarmed('=HYPERLINK("http://x")'), disarmed(" +1"), disarmed("-x"), disarmed("x=1")
    ('\'=HYPERLINK("http://x")', "' +1", "'-x", 'x=1')
    >>> disarmed("-.5"), disarmed("-3"), disarmed(-0.5)  # numbers stay what they are
    ('-.5', '-3', -0.5)

A text that a spreadsheet would take for a formula gets an apostrophe in front: answers, subjects and names
come from models and from data. Every text stands in quotes.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")

_SIGNS = frozenset("=+-@")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Unicode's classes of what may stand in front of the sign and is overlooked: spaces, breaks, controls."""
_NUMBER = re.compile(r"[+-]?(\d[\d,]*(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s?%?", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def disarmed(cell: T) -> T | str:
    """A cell that no spreadsheet takes for a formula; what is no text, or a plain number, as it is."""
    if isinstance(cell, str) and _may_be_formula(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _may_be_formula(text: str) -> bool:
    for character in text:
        if character in "\t\r":
            return True
        if unicodedata.category(character) not in _UNSEEN:
            # Signs of any width: a full-width ＝ begins a formula too.
            return unicodedata.normalize("NFKC", character)[0] in _SIGNS
    return False


def frame_csv(frame: DataFrame) -> bytes:
    """A table as CSV in UTF-8: every text in quotes and disarmed, lone surrogates replaced."""
    texts = {
        name: frame[name].map(lambda cell: disarmed(storable(cell)) if isinstance(cell, str) else cell)
        for name in frame.select_dtypes(exclude=["number", "bool", "boolean"])
    }
    written: str = frame.assign(**texts).to_csv(
        index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    return written.encode()


def storable(text: str) -> str:
    """A text that UTF-8 can hold: lone surrogates, which a tokenizer can leave, become U+FFFD."""
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
