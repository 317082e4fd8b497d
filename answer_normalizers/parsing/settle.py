r"""The last step of reading: what an answer says once signs, names and ellipses are spelled out.

`\pm` becomes two values, `n = 1, 2, 3` three assignments, `1, \dots, 5` five numbers, a named set its value.
"""

from __future__ import annotations

from itertools import pairwise

from answer_normalizers.arithmetic.reals import compare_sets, may_be_set
from answer_normalizers.limits import ExhaustedError
from answer_normalizers.parsing.numerals import UnreadableError
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
)

_MAX_ELLIPSIS = 1_000
_SIGNS = frozenset({"pm", "mp"})
_BASIS = frozenset({"vec i", "vec j", "vec k"})


def settle(value: Value) -> Value:
    """Return the value with its notation spelled out. Raises `UnreadableError` where that has no meaning."""
    if isinstance(value, Num):
        return value
    if isinstance(value, Sym):
        return EMPTY_SET if value.name == "set ∅" else value
    if isinstance(value, Apply):
        if (
            value.head == "*"
            and len(value.args) == 2
            and type(value.args[1]) is Sequence
            and _is_letter(value.args[0])
        ):
            return Relation(("=",), (value.args[0], settle(value.args[1])))
        names, heads = _vocabulary(value)
        if "j" in names and not names & _BASIS:
            value = _basis_letters(value, names)
        # All signs are chosen together: `1 \\pm \\sqrt 5` is two values.
        return Items((_choose(value, 1), _choose(value, -1))) if heads & _SIGNS else value
    if isinstance(value, Items):
        return _items([settle(item) for item in _without_integers(value.items)])
    if isinstance(value, Ratio) and type(value.parts[0]) in (Relation, Logic):
        return _condition_and_set(settle(value.parts[0]), settle(value.parts[-1]))
    if isinstance(value, SetOf):
        return SetOf(_flat([settle(item) for item in value.items]))
    if isinstance(value, Sequence):
        return Sequence(value.opener, value.closer, tuple(settle(item) for item in value.items))
    if isinstance(value, Relation):
        return Relation(value.ops, tuple(settle(side) for side in value.sides))
    if isinstance(value, Logic):
        parts = _without_integers(value.parts)
        if len(parts) == 1:
            return settle(parts[0])
        if all(type(part) is Relation and part.ops == ("=",) for part in parts):
            return _items([settle(part) for part in parts])
        return Logic(value.op, tuple(settle(part) for part in parts))
    if isinstance(value, SetOp):
        return SetOp(value.op, tuple(_as_set(settle(part)) for part in value.args))
    if isinstance(value, Matrix):
        return Matrix(tuple(tuple(settle(cell) for cell in row) for row in value.rows))
    if isinstance(value, Quantity):
        inner = settle(value.value)
        if type(inner) is Items:
            return Items((*inner.items[:-1], Quantity(inner.items[-1], value.unit)))
        return Quantity(inner, value.unit)
    if isinstance(value, Text):
        words = canonical_words(value.words)
        phrase = phrase_value(words)
        return phrase if phrase is not None else Text(words)
    return value


def _condition_and_set(condition: Value, solutions: Value) -> Value:
    """The set of `x < 1 : (-\\infty, 1)`, where the two do not contradict one another."""
    try:
        contradicted = not may_be_set(solutions) or compare_sets(condition, solutions).equivalent is False
    except ExhaustedError:
        contradicted = True
    if contradicted:
        raise UnreadableError("a condition and something that is not its solution")
    return solutions


def _is_letter(value: Value) -> bool:
    """Whether a value is the name of a point, as in `P(1, 2)`."""
    return type(value) is Sym and value.name.isalpha() and value.name.isupper() and value.name != "C"


def _as_set(value: Value) -> Value:
    """`{1, 2}` in plain braces beside a set operator is a set."""
    if type(value) is Items:
        return SetOf(value.items)
    return SetOf((value,)) if type(value) is Num else value


def _without_integers(items: tuple[Value, ...]) -> list[Value]:
    """Drop `k \\in \\mathbb{Z}` behind a family of values, and keep only the set of `x < 1 : (-\\infty,
    1)`."""
    last = items[-1]
    if type(last) is Ratio and type(last.parts[0]) is Relation and may_be_set(last.parts[-1]):
        if not all(may_be_set(item) for item in items[:-1]):
            raise UnreadableError("a condition and its set beside something else")
        condition = Logic("or", (*items[:-1], last.parts[0]))
        return [_condition_and_set(condition, last.parts[-1])]
    kept = [
        item
        for item in items
        if not (
            type(item) is Relation
            and item.ops == ("in",)
            and type(item.sides[0]) is Sym
            and item.sides[1] in (Sym("set Z"), Sym("set N"))
            and any(item.sides[0].name in free_symbols(other) for other in items if other is not item)
        )
    ]
    return kept or list(items)


def _flat(items: list[Value]) -> tuple[Value, ...]:
    flat: list[Value] = []
    for item in items:
        flat.extend(item.items if type(item) is Items else (item,))
    return tuple(_without_ellipsis(flat))


def _items(items: list[Value]) -> Value:
    """A list, with `n = 1, 2, 3` read as three assignments to n, and `x \\ne 1, 2` as two conditions."""
    spread: list[Value] = []
    name: Relation | None = None
    for item in items:
        if type(item) is Relation and len(item.ops) == 1 and item.ops[0] in ("=", "!="):
            name = item
            right = item.sides[1]
            if type(right) is Items:
                spread.extend(Relation(item.ops, (item.sides[0], part)) for part in right.items)
                continue
        elif type(item) is Items:
            spread.extend(item.items)
            continue
        elif name is not None and type(item) in (Num, Apply, Sym, Quantity):
            spread.append(Relation(name.ops, (name.sides[0], item)))
            continue
        spread.append(item)
    if all(type(part) is Relation and part.ops == ("!=",) for part in spread):
        return Logic("and", tuple(spread))
    flat = tuple(_without_ellipsis(spread))
    return flat[0] if len(flat) == 1 else Items(flat)


def _without_ellipsis(items: list[Value]) -> list[Value]:
    """Fill `1, 2, …, 9` by the step of the first two numbers, or by ones."""
    ellipsis = Sym("…")
    if ellipsis not in items or items.index(ellipsis) != len(items) - 2:
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


def _vocabulary(value: Value) -> tuple[set[str], set[str]]:
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


# -- plus or minus -----------------------------------------------------------------------------------


def _choose(value: Value, sign: int) -> Value:
    """The value with its upper signs, or for -1 with its lower ones; `\\mp` goes the other way round."""
    if type(value) is not Apply:
        return value
    args = tuple(_choose(part, sign) for part in value.args)
    if value.head == "pm":
        return args[0] if sign > 0 else negate(args[0])
    if value.head == "mp":
        return negate(args[0]) if sign > 0 else args[0]
    return Apply(value.head, args)


# -- letters whose meaning the rest of the answer fixes ----------------------------------------------


def _basis_letters(value: Value, names: set[str]) -> Value:
    """`3i + 4j` is a vector: with `j` beside it, `i` is no imaginary unit; `j` alone stands for it."""
    if "i" in names:
        return _renamed(value, {"i": "vec i", "j": "vec j", "k": "vec k"})
    if names <= {"j", "pi", "e"} and _is_complex(value):
        return _renamed(value, {"j": "i"})
    return value


def _is_complex(value: Value) -> bool:
    """`a + b j` with numbers a and b: the way engineers and Python write a complex number."""
    return type(value) is Apply and value.head == "+" and len(value.args) == 2


def _renamed(value: Value, names: dict[str, str]) -> Value:
    if type(value) is Sym:
        return Sym(names.get(value.name, value.name))
    if type(value) is Apply:
        return Apply(value.head, tuple(_renamed(part, names) for part in value.args))
    return value
