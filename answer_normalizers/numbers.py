"""Exact numeric parsing: the fast path for answers that are plain numbers.

`plain_number` reads integers, decimals, US thousands, and fractions of integers, with the decoration that
answers carry around a number (`$`, spaces, a closing period); anything else is left to the parser.
"""

from __future__ import annotations

import re
from fractions import Fraction

MAX_DIGITS = 4_000
"""Longer digit strings are not converted to numbers: conversion is quadratic in their length."""

_NUMBER = re.compile(
    r"\s*(?:\\?\$)?\s*([-+]?)\s*(?:\\?\$)?\s*(\d{1,3}(?:,\d{3})+|\d*)(?:\.(\d*))?\s*(?:\\?\$)?\s*\.?\s*"
)
_FRACTION = re.compile(
    r"\s*\$?\s*([-+]?)\s*(?:(\d+)\s*/\s*(\d+)|\\[dt]?frac\s*(?:\{\s*([-+]?\d+)\s*\}|(\d))\s*(?:\{\s*([-+]?\d+)\s*\}|(\d)))\s*\$?\s*\.?\s*"
)


def plain_number(text: str) -> Fraction | None:
    """Return the number that `text` is, exactly, or None where it is not a plain number.

    >>> plain_number("$1,234.50")
    Fraction(2469, 2)
    >>> plain_number("-\\\\frac{3}{4}")
    Fraction(-3, 4)
    >>> plain_number("x") is None
    True
    """
    if len(text) > MAX_DIGITS:
        return None
    if match := _NUMBER.fullmatch(text):
        sign, whole, decimals = match.groups()
        if not whole and not decimals:
            return None
        digits = whole.replace(",", "") + (decimals or "")
        value = Fraction(int(digits), 10 ** len(decimals or ""))
        return -value if sign == "-" else value
    if match := _FRACTION.fullmatch(text):
        sign, a, b, c, d, e, f = match.groups()
        denominator = int(b or e or f)
        if denominator == 0:
            return None
        value = Fraction(int(a or c or d), denominator)
        return -value if sign == "-" else value
    return None
