r"""Number literals: repeating decimals (`0.\overline{3}`, `0.(3)`, `0.333…`) and exponents (`1.5e3`)."""

from __future__ import annotations

import re

from flint import fmpq

from answer_normalizers.limits import MAX_NUMBER_DIGITS
from answer_normalizers.values import Apply, Num


class UnreadableError(ValueError):
    """The answer is not mathematics this engine reads. Never leaves the package."""


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
        return Num(_reduced(value + fmpq(int(repeat), scale * (10 ** len(repeat) - 1)))), position
    digits = len((whole + decimals).lstrip("0"))
    return Num(_reduced(value), digits, len(decimals)), position


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
    return Num(_reduced(fmpq(node.value) * fmpq(10) ** exponent), digits, node.places - exponent), position


def _reduced(value: fmpq) -> int | fmpq:
    return int(value.p) if value.q == 1 else value


def _repeating_block(decimals: str) -> str:
    """The shortest block that fills the end of `decimals` three times (a digit) or twice (a longer block)."""
    for size in range(1, len(decimals) // 2 + 1):
        block = decimals[-size:]
        times = 3 if size == 1 else 2
        if decimals.endswith(block * times):
            return block
    return ""
