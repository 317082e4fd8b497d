"""The typed tree an answer is read into.

Scalars are `Num`, `Sym` and `Apply`; everything else is a container or a kind of answer of its own:

    \\frac{x}{2}+1          Apply("+", (Apply("/", (Sym("x"), Num(2))), Num(1)))
    (1, 2)                 Sequence("(", ")", (Num(1), Num(2)))
    x < 3                  Relation(("<",), (Sym("x"), Num(3)))
    5 cm                   Quantity(Num(5), "cm")

The nodes are plain slotted classes, treated as immutable: a frozen dataclass costs three times as much to
build, and building trees is most of the cost of a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flint import fmpq

Rational = int | fmpq
"""An exact rational: `int` where it is one, else a reduced `fmpq`."""


@dataclass(slots=True, unsafe_hash=True)
class Num:
    """An exact rational number."""

    value: Rational
    digits: int = field(default=0, compare=False)
    """Significant digits it was written with, where it was written as a decimal; 0 for exact forms."""
    places: int = field(default=0, compare=False)
    """Decimal places it was written with (negative for 12e3)."""


@dataclass(slots=True, unsafe_hash=True)
class Sym:
    """A letter, a named constant (`pi`, `e`, `i`, `inf`), or a decorated letter such as `x_1` or `bar z`."""

    name: str


@dataclass(slots=True, unsafe_hash=True)
class Apply:
    """An operator or function applied to scalars (or, in matrix algebra, to matrices)."""

    head: str
    args: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Sequence:
    """Items in brackets, in order: a point, a vector, or an interval (two items; which one, the other
    answer tells)."""

    opener: str
    """`(`, `[`, or `<` for angle brackets."""
    closer: str
    items: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Items:
    """Answers separated by commas, semicolons, `and` or `or`: a list whose order carries no meaning."""

    items: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class SetOf:
    """A finite set written in braces."""

    items: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class SetOp:
    """A union `|`, intersection `&` or difference `-` of sets."""

    op: str
    args: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Builder:
    """Set-builder notation: `{variable in domain | condition}`."""

    variable: Value
    condition: Value


@dataclass(slots=True, unsafe_hash=True)
class Relation:
    """A chain of relations: `a < x <= b` has two operators and three sides."""

    ops: tuple[str, ...]
    sides: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Logic:
    """Conditions joined by `and` or `or`."""

    op: str
    parts: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Matrix:
    """A matrix, row by row; a column vector has one item a row."""

    rows: tuple[tuple[Value, ...], ...]


@dataclass(slots=True, unsafe_hash=True)
class Quantity:
    """A value with a unit, as the unit was written (`cm^2`, `miles per hour`, `apples`)."""

    value: Value
    unit: str


@dataclass(slots=True, unsafe_hash=True)
class Based:
    """Digits with a base as subscript: `1011_2`."""

    digits: str
    base: int


@dataclass(slots=True, unsafe_hash=True)
class Ratio:
    """Parts separated by colons."""

    parts: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Clock:
    """A time of day, or a duration in hours and minutes; `half` is `am`, `pm` or empty."""

    hour: int
    minute: int
    half: str


@dataclass(slots=True, unsafe_hash=True)
class Text:
    """An answer in words, reduced to lower case without articles and punctuation."""

    words: str


Value = (
    Num | Sym | Apply | Sequence | Items | SetOf | SetOp | Builder | Relation | Logic | Matrix | Quantity
    | Based | Ratio | Clock | Text
)  # fmt: skip

INFINITY = Sym("inf")
EMPTY_SET = SetOf(())
REALS = Sym("set R")
CONSTANTS = frozenset({"pi", "e", "i", "inf"})
"""Names that are not free variables."""


def children(value: Value) -> tuple[Value, ...]:
    """The direct parts of a value, in order."""
    match value:
        case Apply(args=parts) | Sequence(items=parts) | Items(items=parts) | SetOf(items=parts):
            return parts
        case SetOp(args=parts) | Relation(sides=parts) | Logic(parts=parts) | Ratio(parts=parts):
            return parts
        case Builder(variable=variable, condition=condition):
            return (variable, condition)
        case Matrix(rows=rows):
            return tuple(cell for row in rows for cell in row)
        case Quantity(value=inner):
            return (inner,)
        case _:
            return ()


def with_children(value: Value, parts: tuple[Value, ...]) -> Value:
    """The value with other direct parts, as many as it has."""
    match value:
        case Apply(head=head):
            return Apply(head, parts)
        case Sequence(opener=opener, closer=closer):
            return Sequence(opener, closer, parts)
        case Items() | SetOf() | Ratio():
            return type(value)(parts)
        case SetOp(op=op) | Logic(op=op):
            return type(value)(op, parts)
        case Relation(ops=ops):
            return Relation(ops, parts)
        case Builder():
            return Builder(*parts)
        case Matrix(rows=rows):
            cells = iter(parts)
            return Matrix(tuple(tuple(next(cells) for _ in row) for row in rows))
        case Quantity(unit=unit):
            return Quantity(parts[0], unit)
        case _:
            return value


def walk(value: Value) -> Iterator[Value]:
    """Every node of a value, each before its parts.

    >>> [getattr(node, "name", "+") for node in walk(Apply("+", (Sym("x"), Sym("y"))))]
    ['+', 'x', 'y']
    """
    waiting = [value]
    while waiting:
        node = waiting.pop()
        yield node
        kind = type(node)
        if kind is not Sym and kind is not Num:  # most nodes have no parts
            waiting.extend(reversed(children(node)))


def rewrite(value: Value, change: Callable[[Value], Value | None]) -> Value:
    """The value with each node replaced that `change` has another for; None leaves a node, not its parts.

    >>> rewrite(Apply("neg", (Sym("x"),)), lambda node: Num(3) if node == Sym("x") else None)
    Apply(head='neg', args=(Num(value=3, digits=0, places=0),))
    """
    changed = change(value)
    if changed is not None:
        return changed
    parts = children(value)
    if not parts:
        return value
    return with_children(value, tuple(rewrite(part, change) for part in parts))


def substitute(value: Value, part: Value, replacement: Value) -> Value:
    """The value with one part replaced wherever it stands."""
    return rewrite(value, lambda node: replacement if node == part else None)


def symbols(value: Value) -> set[str]:
    """The names of all symbols in a value, constants and named sets among them."""
    return {node.name for node in walk(value) if type(node) is Sym}


def heads_of(*values: Value) -> set[str]:
    """The heads of all operators in some values."""
    # `free_symbols` and this are asked of every answer several times: without `walk` they take half as long.
    found: set[str] = set()
    stack = [*values]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            found.add(node.head)
            stack.extend(node.args)
        elif type(node) is not Num and type(node) is not Sym:
            stack.extend(children(node))
    return found


def free_symbols(value: Value) -> frozenset[str]:
    """The names of the variables in a value, constants and named sets left out.

    >>> sorted(free_symbols(Apply("+", (Sym("x"), Apply("*", (Sym("pi"), Sym("r")))))))
    ['r', 'x']
    """
    found: set[str] = set()
    stack: list[Value] = [value]
    while stack:
        node = stack.pop()
        if type(node) is Sym:
            if node.name not in CONSTANTS and not node.name.startswith("set "):
                found.add(node.name)
        elif type(node) is Apply:
            stack.extend(node.args)
        elif type(node) is not Num:
            stack.extend(children(node))
    return frozenset(found)


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
