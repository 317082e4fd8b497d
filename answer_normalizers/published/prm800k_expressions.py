"""Whether two expressions are the same, in the little language that prm800k's grader hands to SymPy.

The language is what is left of an answer after the grader's replacements: digits, lower-case letters, `+ - *
/ ^ !` and parentheses, with at most two different letters besides `sqrt`. Numbers, letters and parentheses
that stand side by side are multiplied; a word of two letters is their product; `pi` is π.

    >>> difference_is_zero("2sqrt(3)", "sqrt(12)"), difference_is_zero("x^2+x", "x(x+2)")
    (True, False)
    >>> difference_is_zero("ln5", "ln2+ln3")  # the letters l and n, times 5
    True

Nothing is executed. An expression is parsed, and the difference evaluated in ball arithmetic at points of the
complex plane: a ball that excludes 0 proves the expressions different; balls of radius below 2^-150 that all
hold 0, at three random points, are taken for 0.
"""

from __future__ import annotations

import operator
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import acb, arb, fmpq

from answer_normalizers.arithmetic.balls import precision

_TOKEN = re.compile(
    r"\s*(?:([0-9][0-9_]*\.?[0-9]*(?:e[-+]?[0-9]+)?|\.[0-9]+(?:e[-+]?[0-9]+)?)|([^\W\d]\w*)|(\*\*|[-+*/^()!]))"
)
_MAX_TOKENS = 400
_MAX_DEPTH = 60
_MAX_EXPONENT = 10_000
_MAX_FACTORIAL = 2_000
_BITS = 256
_OTHER_NAMES = frozenset({"oo", "zoo", "nan", "eye", "re", "im", "li", "ff", "rf", "frac"})
"""Names of at most two different letters which mean something to SymPy and nothing here."""

Node = tuple[Any, ...]


class _UnreadableError(ValueError):
    """SymPy would raise, or read something that is no number: the grader says no."""


class _UnknownError(ValueError):
    """What SymPy would say cannot be told: the verdict is undecided."""


def difference_is_zero(left: str, right: str) -> bool | None:
    """Whether SymPy simplifies `(left)-(right)` to 0; None where that cannot be told in reasonable time."""
    try:
        trees = _parse(left), _parse(right)
    except _UnreadableError:
        return False
    except _UnknownError:
        return None
    names = sorted({name for tree in trees for name in _names(tree)})
    source = random.Random(20_260)  # noqa: S311 - a fixed seed, so that a verdict can be repeated
    with precision(_BITS):
        for _ in range(3):
            point = {name: _point(source) for name in names}
            try:
                zero = _is_zero(_value(trees[0], point), _value(trees[1], point))
            except (_UnknownError, OverflowError, ValueError):
                return None
            if zero is not True:
                return zero
    return True


def _is_zero(left: acb, right: acb) -> bool | None:
    difference = left - right
    if not difference.is_finite():
        return False  # a division by zero: SymPy's zoo and nan are not 0
    if not difference.contains(0):
        return False
    size = difference.abs_upper()
    return True if float(size) < 2.0**-150 else None


def _point(source: random.Random) -> acb:
    real, imaginary = (arb(fmpq(source.randint(-(10**6), 10**6), 10**6 + 3)) for _ in range(2))
    return acb(real, imaginary)


def _names(tree: Node) -> set[str]:
    kind = tree[0]
    if kind == "name":
        return {tree[1]}
    return {name for part in tree[1:] if isinstance(part, tuple) for name in _names(part)}


def _value(tree: Node, point: dict[str, acb]) -> acb:
    kind = tree[0]
    if kind == "number":
        return acb(arb(fmpq(*tree[1:])))
    if kind == "name":
        return point[tree[1]]
    if kind == "pi":
        return acb.pi()
    operands = [_value(part, point) for part in tree[1:]]
    if kind == "^":
        return _power(tree, *operands)
    return _OPERATIONS[kind](*operands)


def _power(tree: Node, base: acb, exponent: acb) -> acb:
    if abs(float(exponent.real.mid())) > _MAX_EXPONENT:
        raise _UnknownError("a power too large to compute")
    if tree[2][0] == "number" and tree[2][2] == 1:
        exponent = tree[2][1]
    raised: acb = base**exponent
    return raised


def _factorial(operand: acb) -> acb:
    if abs(float(operand.real.mid())) > _MAX_FACTORIAL:
        raise _UnknownError("a factorial too large to compute")
    return (operand + 1).gamma()


_OPERATIONS: dict[str, Callable[..., acb]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "negative": operator.neg,
    "sqrt": lambda operand: operand.sqrt(),
    "ln": lambda operand: operand.log(),
    "!": _factorial,
}


@dataclass(slots=True)
class _Tokens:
    items: list[tuple[str, str]]
    at: int = 0
    depth: int = 0

    def peek(self) -> str:
        return self.items[self.at][1] if self.at < len(self.items) else ""

    def kind(self) -> str:
        return self.items[self.at][0] if self.at < len(self.items) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.items):
            raise _UnreadableError("it ends too early")
        self.at += 1
        return self.items[self.at - 1]


def _parse(text: str) -> Node:
    items: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _UnreadableError(f"{text[at]!r}")
        number, name, sign = match.groups()
        if number:
            items.append(("number", number))
        elif name:
            items.extend(_words(name, called=text[match.end() : match.end() + 1] == "("))
        else:
            items.append(("operator", "^" if sign == "**" else sign))
        at = match.end()
        if len(items) > _MAX_TOKENS:
            raise _UnknownError("too long")
    tokens = _Tokens(items)
    tree = _sum(tokens)
    if tokens.at < len(items):
        raise _UnreadableError("something is left over")
    return tree


def _words(name: str, *, called: bool) -> list[tuple[str, str]]:
    """A word as SymPy splits it: into letters and numbers, unless it is a name of its own."""
    if name in _OTHER_NAMES:
        raise _UnknownError(f"{name} has a meaning of its own")
    if not name.isidentifier():
        raise _UnreadableError(f"{name} is no word")
    if name in ("sqrt", "ln"):
        if not called:
            raise _UnreadableError(f"{name} of nothing")
        return [("function", name)]
    if name == "pi" or len(name) == 1 or "_" in name or _is_greek(name):
        return [("name", name)]
    return [
        ("number" if part[0] in "0123456789" else "name", part) for part in re.findall(r"[0-9]+|[^0-9]", name)
    ]


def _is_greek(name: str) -> bool:
    try:
        unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    except KeyError:
        return False
    return True


def _sum(tokens: _Tokens) -> Node:
    tokens.depth += 1
    if tokens.depth > _MAX_DEPTH:
        raise _UnknownError("too deep")
    tree = _product(tokens)
    while tokens.peek() in ("+", "-"):
        sign = tokens.take()[1]
        tree = (sign, tree, _product(tokens))
    tokens.depth -= 1
    return tree


def _product(tokens: _Tokens) -> Node:
    tree = _signed(tokens)
    while True:
        if tokens.peek() in ("*", "/"):
            sign = tokens.take()[1]
            tree = (sign, tree, _signed(tokens))
        elif tokens.kind() in ("number", "name", "function") or tokens.peek() == "(":
            tree = ("*", tree, _raised(tokens))
        else:
            return tree


def _signed(tokens: _Tokens) -> Node:
    negative = False
    while tokens.peek() in ("+", "-"):
        negative ^= tokens.take()[1] == "-"
    tree = _raised(tokens)
    return ("negative", tree) if negative else tree


def _raised(tokens: _Tokens) -> Node:
    after_letter = tokens.at > 0 and tokens.items[tokens.at - 1][0] == "name" and tokens.peek() == "("
    base = _atom(tokens)
    if after_letter and tokens.peek() == "!":
        raise _UnreadableError("SymPy trips over the factorial of what a letter stands before")
    while tokens.peek() == "!":
        tokens.take()
        base = ("!", base)
    if tokens.peek() != "^":
        return base
    tokens.take()
    tokens.depth += 1
    if tokens.depth > _MAX_DEPTH:
        raise _UnknownError("too deep")
    exponent = _signed(tokens)
    tokens.depth -= 1
    return ("^", base, exponent)


def _atom(tokens: _Tokens) -> Node:
    kind, word = tokens.take()
    if kind == "number":
        return _number(word)
    if kind == "name":
        return ("pi",) if word == "pi" else ("name", word)
    if kind == "function":
        return (word, _parenthesis(tokens))
    if word == "(":
        tokens.at -= 1
        return _parenthesis(tokens)
    raise _UnreadableError(f"{word!r} where a number or a letter is wanted")


def _parenthesis(tokens: _Tokens) -> Node:
    if tokens.take()[1] != "(":
        raise _UnreadableError("no parenthesis")
    tree = _sum(tokens)
    if tokens.take()[1] != ")":
        raise _UnreadableError("a parenthesis that is not closed")
    return tree


def _number(word: str) -> Node:
    mantissa, _, exponent = word.replace("_", "").partition("e")
    if len(mantissa) > 4_000 or len(exponent) > 4:
        raise _UnknownError("a number too long")
    value = Fraction(mantissa) * (Fraction(10) ** int(exponent) if exponent else 1)
    return ("number", value.numerator, value.denominator)
