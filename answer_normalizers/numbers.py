r"""Exact numeric parsing: the fast path for answers that are plain numbers.

`plain_decimal` reads integers and decimals with the decoration that answers carry around a number (`$`, US
thousands, a closing period) into a canonical string, without converting a digit; `plain_number` reads the
other common plain forms (fractions, `x = 5`, `$5$`, `\text{5}`) into an exact rational.
"""

from __future__ import annotations

import re

from flint import fmpq

from answer_normalizers.limits import MAX_NUMBER_DIGITS
from answer_normalizers.values import Rational

# `*+` gives nothing back: with `*`, a megabyte of spaces would take minutes.
_DECIMAL = re.compile(
    r"\s*+([-+]?)\s*+(?:\\?\$)?\s*+([1-9]\d{0,2}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(?:\.(\d*))?\s*+", re.ASCII
)
_WRAPPED = re.compile(
    r"""\s*+(?:\\displaystyle\s*+|(?P<dollar>\$)\s*+|(?P<paren>\\\()\s*+|[a-zA-Z]\s*+=\s*+|(?P<brace>\\(?:boxed|text)\s*+\{)\s*+)?
        (?P<sign>[-+]?)\s*+
        (?: (?P<whole>\d+)(?P<groups>(?:\{,\}\d{3}|,\\!\d{3}|\\,\d{3}|,\d{3})*) (?:\.(?P<decimals>\d*))?
          | (?P<a>\d+)\s*+/\s*+(?P<b>\d+)
          | \\[dtc]?frac\s*+\{\s*+(?P<inner>[-+]?)\s*+(?P<c>\d+)\s*+\}\s*+\{\s*+(?P<d>\d+)\s*+\}
          | \\[dtc]?frac\s*+(?P<e>\d)\s*+(?P<f>\d)
        )
        \s*+\.?(?(dollar)\s*+\$)(?(paren)\s*+\\\))(?(brace)\s*+\})\s*+\.?\s*+""",
    re.VERBOSE | re.ASCII,
)


def plain_decimal(text: str) -> str | None:
    """The canonical decimal of a plain number: sign, digits without leading zeros, a fraction without
    trailing.

    >>> plain_decimal("$1,234.50"), plain_decimal("-007."), plain_decimal("1/2")
    ('1234.5', '-7', None)
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, decimals = match.groups()
    if "," in whole:
        whole = whole.replace(",", "")
    if whole[:1] == "0":
        whole = whole.lstrip("0")
    if decimals and (decimals := decimals.rstrip("0")):
        whole = f"{whole}.{decimals}"
    if sign == "-" and whole:
        return "-" + whole
    return whole


def plain_number(text: str) -> Rational | None:
    r"""The number that `text` is, exactly, or None where it is not a plain number.

    >>> plain_number("$1,234.50$"), plain_number(r"-\frac{3}{4}"), plain_number("x")
    (2469/2, -3/4, None)
    """
    if len(text) > MAX_NUMBER_DIGITS:
        return None
    match = _WRAPPED.fullmatch(text)
    if match is None:
        return None
    sign, whole, groups, decimals, a, b, inner, c, d, e, f = match.groups()[3:]
    if whole is not None:
        if groups:
            if len(whole) > 3 or whole[0] == "0":
                return None
            whole += "".join(c for c in groups if c.isdigit())
        value: Rational = fmpq(int(whole + (decimals or "")), 10 ** len(decimals)) if decimals else int(whole)
    else:
        below = int(b or d or f)
        if not below:
            return None
        value = fmpq(int(a or c or e), below)
    if (sign == "-") != (inner == "-"):
        value = -value
    return value
