"""The token cursor that every level of the grammar shares, and the folding of numbers and signs.

The levels are one class each, every one building on the one below: `Cursor`, `Postfix` (powers, factorials,
units), `Grammar` (items, relations, sums, products), `Brackets`, `Commands`, `Calls`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from answer_normalizers.lexer import Token
from answer_normalizers.literals import UnreadableError
from answer_normalizers.values import Apply, Num, Quantity, Rational, Value

if TYPE_CHECKING:
    from flint import fmpq


def fold(value: fmpq) -> Rational:
    """An `int` where the rational is one."""
    return int(value.p) if value.q == 1 else value


def negate(value: Value) -> Value:
    """`-value`, folded into numbers, quantities and products."""
    if type(value) is Num:
        return Num(-value.value, value.digits, value.places)
    if type(value) is Quantity:
        return Quantity(negate(value.value), value.unit)
    if type(value) is Apply:
        if value.head == "neg":
            return value.args[0]
        if value.head in ("percent", "deg"):
            return Apply(value.head, (negate(value.args[0]),))
    return Apply("neg", (value,))


class Cursor(ABC):
    """The tokens, where we stand in them, and what the levels above supply."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.kind = tokens[0][0]
        self.depth = 0
        self.bars = 0
        self.norms = 0
        self.outward = 0
        self.builder = 0
        self.repairs = 0

    def advance(self) -> object:
        """Step over the current token and return its value."""
        value = self.tokens[self.position][1]
        self.position += 1
        self.kind = self.tokens[self.position][0]
        return value

    def seek(self, position: int) -> None:
        """Move the cursor."""
        self.position = position
        self.kind = self.tokens[position][0]

    def peek(self, ahead: int = 1) -> Token:
        """The token `ahead` places on, or the end token."""
        index = self.position + ahead
        return self.tokens[index] if index < len(self.tokens) else self.tokens[-1]

    def expect(self, kind: str) -> None:
        """Step over a token of `kind`; at the end of the answer a missing one is taken as there."""
        if self.kind == kind:
            self.advance()
        elif self.kind == "end" and self.repairs < 2:
            self.repairs += 1
        else:
            raise UnreadableError(f"expected {kind}, found {self.kind}")

    # -- supplied by the levels above ----------------------------------------------------------------

    @abstractmethod
    def items(self) -> Value:
        """One element, or several separated by commas, semicolons, `and` or `or`."""

    @abstractmethod
    def sum(self) -> Value:
        """Terms joined by signs, and set operations between such sums."""

    @abstractmethod
    def number(self) -> Value:
        """A number, or a mixed number."""

    @abstractmethod
    def symbol(self) -> Value:
        """A letter with subscript, primes or arguments."""

    @abstractmethod
    def primary(self) -> Value:
        """Brackets, commands and functions."""

    @abstractmethod
    def script(self) -> Value:
        """What stands raised or lowered: a group or one item."""

    @abstractmethod
    def based(self, digits: Num) -> Value:
        """Digits with a base as subscript."""

    @abstractmethod
    def call(self, name: str) -> Value:
        """A named function applied to what stands in parentheses."""

    @abstractmethod
    def after_symbol(self, name: str) -> Value:
        """A symbol whose name is complete but for arguments."""
