r"""Numbers as they are written, read exactly.

`plain_decimal` reads integers and decimals with the decoration that answers carry around a number (`$`, US
thousands, a closing period) into a canonical string, without converting a digit; `plain_number` reads the
other common plain forms (fractions, `x = 5`, `$5$`, `\text{5}`) into an exact rational. `read_decimal` and
`read_exponent` read the literals inside an expression: repeating decimals (`0.\overline{3}`, `0.(3)`,
`0.333…`) and exponents (`1.5e3`).
"""

from __future__ import annotations

import re

from flint import fmpq

from answer_normalizers.limits import MAX_NUMBER_DIGITS
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.tree.nodes import Apply, Num, Rational, fold

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


# ---- literals inside an expression


_EXPONENT = re.compile(r"[eE]([+-]?\d+)(?![\d.a-zA-Z])")
_REPEAT = re.compile(
    r"\\(?:overline|bar|dot)\s*(?:\{\s*(\d+)\s*\}|(\d))((?:\d*\\dot\s*(?:\{\s*\d\s*\}|\d))?)"
)
_ROUND_REPEAT = re.compile(r"\((\d+)\)")
_ELLIPSIS = re.compile(r"\s*(?:\\l?dots\b|\\cdots\b|\.\.\.+)")


def read_decimal(text: str, position: int, literal: str) -> tuple[Num, int]:
    """The decimal `literal`, and the position after what repeats or trails off behind it."""
    whole, _, decimals = literal.partition(".")
    repeat = ""
    if match := _REPEAT.match(text, position):
        repeat = re.sub(r"\D", "", match.group())
        position = match.end()
    elif match := _ROUND_REPEAT.match(text, position):
        repeat = match.group(1)
        position = match.end()
    elif match := _ELLIPSIS.match(text, position):
        if block := _repeating_block(decimals):
            repeat, decimals = block, decimals[: -len(block)]
        position = match.end()
        if not decimals and not repeat:
            raise UnreadableError("a number with an ellipsis")
    scale = 10 ** len(decimals)
    value = fmpq(int((whole + decimals) or "0"), scale)
    if repeat:
        return Num(fold(value + fmpq(int(repeat), scale * (10 ** len(repeat) - 1)))), position
    digits = len((whole + decimals).lstrip("0"))
    return Num(fold(value), digits, len(decimals)), position


def read_exponent(text: str, position: int, node: Num, literal: str) -> tuple[Num | Apply, int]:
    """The number with the exponent of `1.5e3` applied, and the position after it."""
    match = _EXPONENT.match(text, position)
    if not match:
        return node, position
    exponent_text = match.group(1)
    position = match.end()
    if len(exponent_text) > 30:
        raise UnreadableError("an exponent of too many digits")
    exponent = int(exponent_text)
    if abs(exponent) > MAX_NUMBER_DIGITS:
        return Apply("*", (node, Apply("^", (Num(10), Num(exponent))))), position
    digits = node.digits or len(literal.lstrip("0"))
    return Num(fold(fmpq(node.value) * fmpq(10) ** exponent), digits, node.places - exponent), position


def _repeating_block(decimals: str) -> str:
    """The shortest block that fills the end of `decimals` three times (a digit) or twice (a longer block)."""
    for size in range(1, len(decimals) // 2 + 1):
        block = decimals[-size:]
        times = 3 if size == 1 else 2
        if decimals.endswith(block * times):
            return block
    return ""
