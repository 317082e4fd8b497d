r"""The last step of reading: what an answer says once signs, names and ellipses are spelled out.

`\pm` becomes two values, `n = 1, 2, 3` three assignments, `1, \dots, 5` five numbers, a named set its value.

>>> settle(Apply("pm", (Num(2),)))
Items(items=(Num(value=2, digits=0, places=0), Num(value=-2, digits=0, places=0)))
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.words import canonical_words, phrase_value
from answer_normalizers.tree.nodes import (
    EMPTY_SET,
    Apply,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Text,
    Value,
    free_symbols,
    negate,
    rewrite,
)
from answer_normalizers.tree.sets import may_be_set

_MAX_ELLIPSIS = 1_000
_ELLIPSIS = Sym("…")
_SIGNS = frozenset({"pm", "mp"})
_BASIS = frozenset({"vec i", "vec j", "vec k"})
_INTEGERS = (Sym("set Z"), Sym("set N"))


def settle(value: Value) -> Value:
    """The value with its notation spelled out. Raises `UnreadableError` where that has no meaning."""
    rule = _RULES.get(type(value))
    return value if rule is None else rule(value)


def condition_and_set(value: Value) -> tuple[Value, Value] | None:
    r"""`x < 1` and `(-\infty, 1)`, both settled, for `x < 1 : (-\infty, 1)`; None for any other answer.

    Several conditions may stand before the colon. Whether the set is what solves them takes arithmetic and
    is no matter of reading. Raises `UnreadableError` where a condition stands before what can be no set.
    """
    if type(value) is Ratio and type(value.parts[0]) in (Relation, Logic):
        condition, solutions = settle(value.parts[0]), settle(value.parts[-1])
        if not may_be_set(solutions):
            raise UnreadableError("a condition and something that is not its solution")
        return condition, solutions
    if type(value) is Items:
        *before, last = value.items
    elif type(value) is Logic:
        *before, last = value.parts
    else:
        return None
    if type(last) is not Ratio or type(last.parts[0]) is not Relation or not may_be_set(last.parts[-1]):
        return None
    if not all(may_be_set(item) for item in before):
        raise UnreadableError("a condition and its set beside something else")
    return settle(Logic("or", (*before, last.parts[0]))), settle(last.parts[-1])


# ---- scalars: signs, and letters whose meaning the rest of the answer fixes


def _symbol(value: Sym) -> Value:
    return EMPTY_SET if value.name == "set ∅" else value


def _expression(value: Apply) -> Value:
    r"""`1 \pm \sqrt 5` is two values, its signs chosen all together; `P(1, 2)` names a point."""
    args = value.args
    if value.head == "*" and len(args) == 2 and type(args[1]) is Sequence and _names_a_point(args[0]):
        return Relation(("=",), (args[0], settle(args[1])))
    names, heads = _names_and_heads(value)
    settled: Value = value
    if "j" in names and not names & _BASIS:
        settled = _basis_letters(value, names)
    return Items((_chosen(settled, 1), _chosen(settled, -1))) if heads & _SIGNS else settled


def _names_a_point(value: Value) -> bool:
    return type(value) is Sym and value.name.isalpha() and value.name.isupper() and value.name != "C"


def _names_and_heads(value: Value) -> tuple[set[str], set[str]]:
    """The names of the symbols of a scalar tree, and its heads."""
    names: set[str] = set()
    heads: set[str] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            heads.add(node.head)
            stack += node.args
        elif type(node) is Sym:
            names.add(node.name)
    return names, heads


def _basis_letters(value: Apply, names: set[str]) -> Value:
    """`3i + 4j` is a vector: with `j` beside it, `i` is no imaginary unit. In `3 + 4j`, as engineers and
    Python write a complex number, `j` is."""
    if "i" in names:
        return _renamed(value, {"i": "vec i", "j": "vec j", "k": "vec k"})
    if names <= {"j", "pi", "e"} and value.head == "+" and len(value.args) == 2:
        return _renamed(value, {"j": "i"})
    return value


def _renamed(value: Value, names: dict[str, str]) -> Value:
    return rewrite(value, lambda n: Sym(names[n.name]) if type(n) is Sym and n.name in names else None)


def _chosen(value: Value, sign: int) -> Value:
    r"""The value with its upper signs, or for -1 with its lower ones; `\mp` goes the other way round."""
    if type(value) is not Apply:
        return value
    args = tuple(_chosen(part, sign) for part in value.args)
    if value.head in _SIGNS:
        return args[0] if (value.head == "pm") == (sign > 0) else negate(args[0])
    return Apply(value.head, args)


# ---- lists: families, assignments, ellipses


def _list(value: Items) -> Value:
    return _spelled_out([settle(item) for item in _without_domains(value.items)])


def _condition(value: Logic) -> Value:
    parts = _without_domains(value.parts)
    if len(parts) == 1:
        return settle(parts[0])
    settled = [settle(part) for part in parts]
    if all(type(part) is Relation and part.ops == ("=",) for part in parts):
        return _spelled_out(settled)
    return Logic(value.op, tuple(settled))


def _without_domains(items: tuple[Value, ...]) -> list[Value]:
    r"""The items without the `k \in \mathbb{Z}` that stands behind a family of values."""
    kept = [
        item
        for item in items
        if not (
            type(item) is Relation
            and item.ops == ("in",)
            and type(item.sides[0]) is Sym
            and item.sides[1] in _INTEGERS
            and any(item.sides[0].name in free_symbols(other) for other in items if other is not item)
        )
    ]
    return kept or list(items)


def _spelled_out(items: list[Value]) -> Value:
    r"""A list, with `n = 1, 2, 3` read as three assignments to n, and `x \ne 1, 2` as two conditions."""
    spread: list[Value] = []
    name: Relation | None = None
    for item in items:
        if type(item) is Relation and item.ops in (("=",), ("!=",)):
            name = item
            left, right = item.sides
            values = right.items if type(right) is Items else (right,)
            spread.extend(Relation(item.ops, (left, part)) for part in values)
        elif type(item) is Items:
            spread.extend(item.items)
        elif name is not None and type(item) in (Num, Apply, Sym, Quantity):
            spread.append(Relation(name.ops, (name.sides[0], item)))
        else:
            spread.append(item)
    if all(type(part) is Relation and part.ops == ("!=",) for part in spread):
        return Logic("and", tuple(spread))
    flat = _without_ellipsis(spread)
    return flat[0] if len(flat) == 1 else Items(tuple(flat))


def _without_ellipsis(items: list[Value]) -> list[Value]:
    """Fill `1, 2, …, 9` by the step of the first two numbers, or by ones."""
    if _ELLIPSIS not in items or items.index(_ELLIPSIS) != len(items) - 2:
        return items
    numbers = [item.value for item in items if isinstance(item, Num) and isinstance(item.value, int)]
    if len(numbers) != len(items) - 1 or len(numbers) < 2:
        return items
    *head, last = numbers
    step = head[1] - head[0] if len(head) > 1 else 1
    if step == 0 or any(b - a != step for a, b in pairwise(head)):
        return items
    count = (last - head[0]) // step
    if not 0 < count <= _MAX_ELLIPSIS or head[0] + count * step != last:
        return items
    return [Num(head[0] + k * step) for k in range(count + 1)]


# ---- everything that holds values


def _set(value: SetOf) -> Value:
    flat: list[Value] = []
    for item in map(settle, value.items):
        flat.extend(item.items if type(item) is Items else (item,))
    return SetOf(tuple(_without_ellipsis(flat)))


def _set_operation(value: SetOp) -> Value:
    """`{1, 2}` in plain braces beside a set operator is a set, and so is a number alone."""
    parts: list[Value] = []
    for part in map(settle, value.args):
        if type(part) is Items:
            parts.append(SetOf(part.items))
        else:
            parts.append(SetOf((part,)) if type(part) is Num else part)
    return SetOp(value.op, tuple(parts))


def _sequence(value: Sequence) -> Value:
    return Sequence(value.opener, value.closer, tuple(settle(item) for item in value.items))


def _relation(value: Relation) -> Value:
    return Relation(value.ops, tuple(settle(side) for side in value.sides))


def _matrix(value: Matrix) -> Value:
    return Matrix(tuple(tuple(settle(cell) for cell in row) for row in value.rows))


def _quantity(value: Quantity) -> Value:
    """A unit behind two values belongs to the last."""
    inner = settle(value.value)
    if type(inner) is Items:
        return Items((*inner.items[:-1], Quantity(inner.items[-1], value.unit)))
    return Quantity(inner, value.unit)


def _ratio(value: Ratio) -> Value:
    if type(value.parts[0]) in (Relation, Logic):
        if may_be_set(value.parts[-1]):
            raise UnreadableError("a condition and its set inside something else")
        raise UnreadableError("a condition and something that is not its solution")
    return value


def _text(value: Text) -> Value:
    words = canonical_words(value.words)
    phrase = phrase_value(words)
    return phrase if phrase is not None else Text(words)


_RULES: dict[type, Callable[[Any], Value]] = {
    Sym: _symbol,
    Apply: _expression,
    Items: _list,
    Logic: _condition,
    SetOf: _set,
    SetOp: _set_operation,
    Sequence: _sequence,
    Relation: _relation,
    Matrix: _matrix,
    Quantity: _quantity,
    Ratio: _ratio,
    Text: _text,
}
"""How each kind of node is settled; the others stay as they are."""
