r"""What an answer names: `x = 5`, `AB = 5` and `\text{the area} = 5` say what 5 is the value of.

Such a name may be left out, but two names must agree. `x^2 + y^2 = 1` names nothing: it is an equation.
"""

from __future__ import annotations

from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.parsing.vocabulary import NEGATIONS, names
from answer_normalizers.tree.nodes import (
    Apply,
    Items,
    Num,
    Quantity,
    Relation,
    Sequence,
    Sym,
    Text,
    Value,
    free_symbols,
    heads_of,
)
from answer_normalizers.tree.operators import Trait, heads

_GENERIC = names("answer final value result solution total number it is of ans")
_ROUNDED, _ROUGHLY = 0.05, 0.15
"""The share by which the sides of a chain of numbers may differ, at an equals sign and at an approximation:
what rounding does, and no more."""
_BITS = 64
_CONVENTIONS = heads(Trait.CONVENTION)
_NAMES = heads(Trait.NAMES)
_OF_SEVERAL = heads(Trait.MANY)
_DECORATED = ("bar ", "hat ", "tilde ", "vec ")


def assignment(value: Relation) -> tuple[Value, Value] | None:
    """The name and the value of `name = … = value`; None for an equation proper and for an inequality.

    A chain of constants (`2^3 = 8`) gives its last side without a name; an approximation
    (`1/3 \\approx 0.33`) gives what stands before it. A nameless chain that contradicts itself (`7 = 5`) and
    an equation between words give nothing.
    """
    ops, sides = value.ops, value.sides
    if any(op not in ("=", "~", "===", "~=") for op in ops):
        return None
    if "~" in ops or not is_name(sides[0]):
        for op, left, right in zip(ops, sides, sides[1:], strict=False):
            if _contradict(left, right, _ROUGHLY if op == "~" else _ROUNDED):
                return None
    if "~" in ops:
        exact = ops.index("~") + 1
        only_named = exact == 1 and (is_name(sides[0]) or free_symbols(sides[0]))
        sides = sides[:2] if only_named else sides[:exact]
    if len(sides) == 1:
        return Text(""), sides[0]
    first, last = sides[0], sides[-1]
    if type(first) is Text and type(last) is Text and first.words:
        return None
    if is_name(first):
        return first, last
    if is_name(last) and len(sides) == 2:
        return last, first
    if not any(free_symbols(side) for side in sides) and not any(type(side) is Text for side in sides):
        return Text(""), last
    if len(sides) > 2 and not free_symbols(last) and free_symbols(first):
        return None
    if len(sides) > 2 and free_symbols(first) == free_symbols(last):
        return Text(""), last
    return None


def _contradict(left: Value, right: Value, share: float) -> bool:
    """Whether two numbers differ by more than a share of the larger, as no rounding makes them."""
    one, two = _number(left), _number(right)
    return one is not None and two is not None and abs(one - two) > share * max(abs(one), abs(two))


def _number(value: Value) -> complex | None:
    """A number that no convention changes; None for anything else."""
    if type(value) not in (Num, Apply) or free_symbols(value) or heads_of(value) & _CONVENTIONS:
        return None
    try:
        with precision(_BITS):
            return complex(BallPoint({}).value(value))
    except (UnevaluableError, OverflowError, ValueError, ZeroDivisionError):
        return None


def is_name(value: Value) -> bool:
    """Whether a side of an equation only names something: a letter, `f(x)`, `AB`, an angle, words."""
    if isinstance(value, Sym):
        return value.name not in ("inf", "pi", "e")
    if isinstance(value, Text):
        return True
    if isinstance(value, Quantity):
        return is_name(value.value)
    if isinstance(value, Sequence):
        return all(type(item) is Sym for item in value.items)
    if not isinstance(value, Apply):
        return False
    head, args = value.head, value.args
    if head == "call":
        return True
    if head == "*":
        return any(type(a) is Text for a in args) or all(
            type(a) is Sym and a.name[:1].isupper() for a in args
        )
    if head in _NAMES:
        return type(args[0]) in (Sym, Text) or (type(args[0]) is Apply and is_name(args[0]))
    if head in _OF_SEVERAL:
        return all(type(a) is Sym for a in args)
    if head == "/":
        return all(type(a) is Apply and a.head == "*" and is_name(a) for a in args)
    return False


def unknowns(value: Relation) -> tuple[str, ...]:
    """The letters that a chain gives one value: `x` and `y` in `x = y = 5`."""
    found = []
    for op, side in zip(value.ops, value.sides, strict=False):
        if op != "=" or type(side) is not Sym or not is_name(side):
            break
        found.append(side.name)
    return tuple(found)


def spread(value: Relation) -> Value:
    """`(x, y) = (3, 4)` as `x = 3, y = 4`, `x = y = 5` as `x = 5, y = 5`; any other relation unchanged."""
    several = unknowns(value)
    if len(several) > 1:
        return Items(tuple(Relation(("=",), (Sym(name), value.sides[-1])) for name in several))
    if value.ops == ("=",):
        left, right = value.sides
        if type(left) is Sequence and type(right) is Sequence and len(left.items) == len(right.items):
            return Items(tuple(Relation(("=",), pair) for pair in zip(left.items, right.items, strict=True)))
    return value


def names_agree(gold: Value, pred: Value) -> bool | None:
    """Whether two names of an answer can name the same thing; None where that cannot be told."""
    if gold == pred:
        return True
    if type(gold) is Text and type(pred) is Text:
        return _words_agree(gold.words, pred.words)
    if type(gold) is Text or type(pred) is Text:
        return True
    if _is_function_name(gold) and _is_function_name(pred):
        if any(isinstance(n, Apply) and not all(isinstance(a, Sym) for a in n.args) for n in (gold, pred)):
            return None
        ours, theirs = _head_name(gold), _head_name(pred)
        return True if ours == theirs or "y" in (ours, theirs) else None
    if type(gold) is Sym and type(pred) is Sym:
        if gold.name.lower() == pred.name.lower():
            return None
        stems = _undecorated(gold.name), _undecorated(pred.name)
        # `x` may be the `x_1` of the other answer; `x_2` and `y` are not.
        return None if stems[0] == stems[1] and (gold.name in stems or pred.name in stems) else False
    return None


def _words_agree(gold: str, pred: str) -> bool | None:
    """Whether two names in words can name the same thing: none, one that says more, or `the answer`."""
    one, two = set(gold.split()), set(pred.split())
    if NEGATIONS & (one ^ two):
        return False
    if one <= two or two <= one or one <= _GENERIC or two <= _GENERIC:
        return True
    return None


def _is_function_name(value: Value) -> bool:
    return (type(value) is Apply and value.head == "call") or value == Sym("y")


def _head_name(value: Value) -> str:
    if type(value) is Apply and type(value.args[0]) is Sym:
        return value.args[0].name
    return value.name if type(value) is Sym else ""


def _undecorated(name: str) -> str:
    for prefix in _DECORATED:
        name = name.removeprefix(prefix)
    return name.split("_")[0].rstrip("'")


def argument_renaming(gold: Value, pred: Value) -> tuple[str, str] | None:
    """For `f(x) = …` and `f(t) = …`: the pair of names that makes the arguments one, or None."""
    if (
        type(gold) is Apply
        and type(pred) is Apply
        and gold.head == pred.head == "call"
        and len(gold.args) == len(pred.args) == 2
    ):
        left, right = gold.args[1], pred.args[1]
        if type(left) is Sym and type(right) is Sym and left != right:
            return left.name, right.name
    return None
