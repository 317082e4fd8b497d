r"""Texts whose verdict is known: every gold in a dozen styles of stating it, and a dozen near misses.

    >>> [style.name for style in STYLES if style.render("18") is None]
    ['thousands', 'dfrac']
    >>> {miss.name: miss.change("3/4") for miss in MISSES if miss.change("3/4")}["reciprocal"]
    '4/3'

A style that does not fit a gold (a thousands separator in 18) and a near miss that would not be a different
answer give None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from answer_normalizers.parsing.reading import read
from answer_normalizers.tree.nodes import Num

__all__ = ["MISSES", "STYLES", "Miss", "Style"]

LEAD = "We work it out step by step."


@dataclass(frozen=True, slots=True)
class Style:
    """A way of stating an answer."""

    name: str
    render: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Miss:
    """A way of being wrong by little."""

    name: str
    change: Callable[[str], str | None]
    """From a gold to an answer that is not the same."""


def _template(name: str, text: str) -> Style:
    return Style(name, lambda gold: text.replace("GOLD", gold))


_PLAIN = re.compile(r"(?:[-+\d.,/{} ]|\\[dt]?frac)+")


def _number(gold: str) -> Fraction | None:
    """A gold that is a plain number without a unit or a sign of percent."""
    value = read(gold).value if _PLAIN.fullmatch(gold) else None
    return Fraction(str(value.value)) if isinstance(value, Num) else None


def _integer(gold: str) -> int | None:
    value = _number(gold)
    return int(value) if value is not None and value.denominator == 1 else None


# ---- styles --------------------------------------------------------------------------------------------


def _money(gold: str) -> str | None:
    value = _number(gold)
    if value is None or 100 % value.denominator or abs(value) >= 10**12:
        return None
    return f"{LEAD} The answer is: {'-' if value < 0 else ''}${float(abs(value)):.2f}"


def _decimal(gold: str) -> str | None:
    value = _integer(gold)
    return None if value is None or abs(value) >= 10**15 else f"{LEAD}\nThe answer is: {value}.0"


def _thousands(gold: str) -> str | None:
    value = _integer(gold)
    return None if value is None or abs(value) < 1000 else f"{LEAD}\nThe answer is: {value:,}"


def _dfrac(gold: str) -> str | None:
    if "\\frac" not in gold:
        return None
    return f"{LEAD} So we get $\\boxed{{{gold.replace(chr(92) + 'frac', chr(92) + 'dfrac')}}}$."


STYLES: tuple[Style, ...] = (
    _template("metamath", f"{LEAD}\nThe answer is: GOLD"),
    _template("the_answer_is", f"{LEAD} The answer is GOLD."),
    _template("hashes", f"{LEAD}\n#### GOLD"),
    _template("boxed", f"{LEAD} So we get $\\boxed{{GOLD}}$."),
    _template("boxed_display", f"{LEAD}\n\\[\n\\boxed{{GOLD}}\n\\]\n"),
    _template("boxed_then_check", f"{LEAD} So we get $\\boxed{{GOLD}}$.\n\nCheck: $3 + 4 = 7$."),
    _template("minerva", f"{LEAD}\nFinal Answer: The final answer is $GOLD$. I hope it is correct."),
    _template("bold", f"{LEAD}\n\n**Answer:** GOLD"),
    _template("answer_colon", f"{LEAD}\nAnswer: $GOLD$"),
    _template("thinking", f"<think>Is it 12? No, 13.</think>{LEAD} The answer is $\\boxed{{GOLD}}$."),
    _template("sentence", f"{LEAD} Altogether that comes to $GOLD$."),
    _template("bare", "GOLD"),
    Style("money", _money),
    Style("decimal", _decimal),
    Style("thousands", _thousands),
    Style("dfrac", _dfrac),
)
"""`money` to `dfrac` write the same value another way; the others write the gold as it is."""


# ---- near misses ---------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d+")
_SCALAR = re.compile(r"[0-9a-z\\{}()^_+\-*/ ]+")
_LIST = re.compile(r"[^,]+(?:,[^,]+)+")
_WORD = re.compile(r"(?:\\text\{)?([A-Za-z]{4,})\}?")


def _shown(value: Fraction, like: str) -> str:
    """A number written as another one was: a fraction in LaTeX, with a slash, or a decimal."""
    if value.denominator == 1:
        return str(value.numerator)
    if "frac" in like:
        sign = "-" if value < 0 else ""
        return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    below = value.denominator
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    if below != 1 or "/" in like:
        return f"{value.numerator}/{value.denominator}"
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    scaled = int(value * 10**places)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return f"{'-' if scaled < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _arithmetic(name: str, change: Callable[[Fraction], Fraction]) -> Miss:
    """A near miss of a plain number; exact arithmetic says that it is one."""

    def changed(gold: str) -> str | None:
        value = _number(gold)
        if value is None or abs(value.numerator) > 10**15:
            return None
        other = change(value)
        return None if other == value else _shown(other, gold)

    return Miss(name, changed)


def _swapped(gold: str) -> str | None:
    """The first two neighbouring digits that differ, exchanged."""
    value = _integer(gold)
    if value is None:
        return None
    digits = str(abs(value))
    for i in range(len(digits) - 1):
        if digits[i] != digits[i + 1]:
            other = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
            return ("-" if value < 0 else "") + other
    return None


def _digit_lost(gold: str) -> str | None:
    value = _integer(gold)
    return None if value is None or abs(value) < 10 else str(value)[:-1]


def _raised(gold: str, match: re.Match[str] | None) -> str | None:
    """One number in an expression, larger by one."""
    if match is None or _number(gold) is not None or len(match.group()) > 15:
        return None
    return gold[: match.start()] + str(int(match.group()) + 1) + gold[match.end() :]


def _first_raised(gold: str) -> str | None:
    return _raised(gold, _DIGITS.search(gold))


def _last_raised(gold: str) -> str | None:
    found = list(_DIGITS.finditer(gold))
    return _raised(gold, found[-1]) if len(found) > 1 else None


def _one_more(gold: str) -> str | None:
    """A scalar expression and 1."""
    if _number(gold) is not None or not _SCALAR.fullmatch(gold) or "\\pm" in gold or "text" in gold:
        return None
    if "_" in gold or "\\in" in gold or "\\begin" in gold or "\\%" in gold or "circ" in gold:
        return None
    if not re.search(r"[\d]|\\pi|\\sqrt|^[a-z]$", gold):
        return None
    return f"{gold}+1"


def _item_lost(gold: str) -> str | None:
    """A list, tuple or set without its last item."""
    if not _LIST.fullmatch(gold) or re.search(r"\\[,!]|\\begin|\{,", gold) or _number(gold) is not None:
        return None
    opening = re.match(r"\\left\s*\\?[(\[{]|\\?[(\[{]", gold)
    closing = re.search(r"(?:\\right\s*)?\\?[)\]}]$", gold)
    body = gold[opening.end() if opening else 0 : closing.start() if closing and opening else len(gold)]
    items = body.split(",")
    if any(item.count("(") != item.count(")") or item.count("{") != item.count("}") for item in items):
        return None
    if len({item.strip() for item in items}) != len(items) or re.search(r"\d{1,3}(?:,\d{3})+", gold):
        return None
    kept = ",".join(items[:-1])
    return f"{opening.group()}{kept}{closing.group()}" if opening and closing else kept


def _anagram(gold: str) -> str | None:
    """The letters of a word in another order."""
    match = _WORD.fullmatch(gold)
    if match is None:
        return None
    word = match.group(1)
    other = word[1:] + word[0]
    return gold.replace(word, other) if other != word else None


MISSES: tuple[Miss, ...] = (
    _arithmetic("one_more", lambda value: value + 1),
    _arithmetic("one_less", lambda value: value - 1),
    _arithmetic("not_rounded", lambda value: value + Fraction(2, 5)),
    _arithmetic("per_mille_off", lambda value: value * Fraction(1001, 1000)),
    _arithmetic("sign", lambda value: -value),
    _arithmetic("ten_times", lambda value: value * 10),
    _arithmetic("half", lambda value: value / 2),
    _arithmetic("reciprocal", lambda value: 1 / value if value else value),
    Miss("digits_swapped", _swapped),
    Miss("digit_lost", _digit_lost),
    Miss("first_number_raised", _first_raised),
    Miss("last_number_raised", _last_raised),
    Miss("expression_and_one", _one_more),
    Miss("item_lost", _item_lost),
    Miss("anagram", _anagram),
)
"""`one_more` to `digit_lost` change plain numbers, the others everything else."""
