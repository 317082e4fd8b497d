"""Exact rational arithmetic on trees: the stage that settles most answers that are not literal numbers.

>>> from answer_normalizers.parsing.parser import parse
>>> rational(parse("10!/(3!7!)"))
120
>>> rational(parse(r"\\sqrt{2}")) is None
True
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flint import fmpq, fmpz

from answer_normalizers.limits import MAX_EXACT_BITS, MAX_FACTORIAL, MAX_NESTED_TERMS, MAX_SUM_TERMS
from answer_normalizers.tree.nodes import Apply, Num, Rational, Sym, Value


def rational(node: Value, env: dict[str, Rational] | None = None) -> Rational | None:
    """The exact value of a tree over the rationals, its variables taken from `env`.

    None where it has another variable, is irrational or undefined, or would pass a limit.
    """
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Sym):
        return env.get(node.name) if env else None
    if not isinstance(node, Apply):
        return None
    head, args = node.head, node.args
    if head in _BOUND:
        return _unrolled(head, args, env)
    rule = _RULES.get(head)
    if rule is None:
        return None
    values: list[Rational] = []
    for argument in args:
        value = rational(argument, env)
        if value is None:
            return None
        values.append(value)
    try:
        return rule(values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None


def _bits(value: Rational) -> int:
    if isinstance(value, int):
        return value.bit_length()
    return int(value.p).bit_length() + int(value.q).bit_length()


def _bounded(value: Rational) -> Rational | None:
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_EXACT_BITS else None
    if value.q == 1:
        return int(value.p)
    return value if _bits(value) <= MAX_EXACT_BITS else None


def _add(values: list[Rational]) -> Rational | None:
    return _bounded(sum(values[1:], start=values[0]))


def _multiply(values: list[Rational]) -> Rational | None:
    product: Rational = values[0]
    for value in values[1:]:
        product = product * value
        if _bits(product) > MAX_EXACT_BITS:
            return None
    return _bounded(product)


def _power(values: list[Rational]) -> Rational | None:
    base, exponent = values
    if not isinstance(exponent, int):
        return _root([base, 1 / fmpq(exponent)]) if exponent.p == 1 else _rational_power(base, exponent)
    if base == 0:
        return 0 if exponent > 0 else None
    if base in (1, -1):
        return base if exponent % 2 else 1
    if abs(exponent) * max(_bits(base), 1) > MAX_EXACT_BITS:
        return None
    return _bounded(fmpq(base) ** exponent)


def _rational_power(base: Rational, exponent: fmpq) -> Rational | None:
    root = _root([base, int(exponent.q)])
    return None if root is None else _power([root, int(exponent.p)])


def _root(values: list[Rational]) -> Rational | None:
    base, index = values
    if not isinstance(index, int):
        if index.q != 1:
            return None
        index = int(index.p)
    if not 1 <= index <= 1000 or (base < 0 and index % 2 == 0) or _bits(base) > 20_000:
        return None
    above, below = (int(base), 1) if isinstance(base, int) else (int(base.p), int(base.q))
    roots = [_integer_root(abs(above), index), _integer_root(below, index)]
    if roots[0] is None or roots[1] is None:
        return None
    value = fmpq(roots[0] if above >= 0 else -roots[0], roots[1])
    return _bounded(value)


def _integer_root(value: int, index: int) -> int | None:
    root = int(fmpz(value).root(index)) if index != 2 else math.isqrt(value)
    return root if root**index == value else None


def _factorial(values: list[Rational]) -> Rational | None:
    n = values[0]
    if not isinstance(n, int) or not 0 <= n <= MAX_FACTORIAL:
        return None
    return math.factorial(n)


def _double_factorial(values: list[Rational]) -> Rational | None:
    n = values[0]
    return math.prod(range(n, 0, -2)) if isinstance(n, int) and -1 <= n <= MAX_FACTORIAL else None


def _binomial(values: list[Rational]) -> Rational | None:
    n, k = values
    if not isinstance(n, int) or not isinstance(k, int) or not 0 <= n <= MAX_FACTORIAL or k < 0:
        return None
    return math.comb(n, k)


def _integers(values: list[Rational]) -> list[int]:
    if not all(isinstance(value, int) for value in values):
        raise ValueError
    return values  # type: ignore[return-value]


def _modulo(values: list[Rational]) -> Rational | None:
    left, right = _integers(values)
    return left % right if right else None


def _floor(values: list[Rational]) -> Rational:
    value = values[0]
    return value if isinstance(value, int) else int(value.p // value.q)


_RULES: dict[str, Callable[[list[Rational]], Rational | None]] = {
    "+": _add,
    "*": _multiply,
    "neg": lambda v: -v[0],
    "inv": lambda v: _bounded(1 / fmpq(v[0])),
    "/": lambda v: _bounded(fmpq(v[0]) / fmpq(v[1])),
    "^": _power,
    "sqrt": lambda v: _root([v[0], 2]),
    "root": _root,
    "percent": lambda v: _bounded(fmpq(v[0]) / 100),
    "abs": lambda v: v[0] if v[0] >= 0 else -v[0],
    "floor": _floor,
    "ceil": lambda v: -_floor([-v[0]]),
    "factorial": _factorial,
    "double_factorial": _double_factorial,
    "binom": _binomial,
    "gcd": lambda v: math.gcd(*_integers(v)),
    "lcm": lambda v: math.lcm(*_integers(v)),
    "max": lambda v: max(v, key=fmpq),
    "min": lambda v: min(v, key=fmpq),
    "mod": _modulo,
    "sgn": lambda v: (v[0] > 0) - (v[0] < 0),
}
_BOUND = frozenset({"sum", "prod"})


def _unrolled(head: str, args: tuple[Value, ...], env: dict[str, Rational] | None) -> Rational | None:
    variable, lower, upper, term = args
    first, last = rational(lower, env), rational(upper, env)
    most = MAX_NESTED_TERMS if _holds_bound_operator(term) else MAX_SUM_TERMS
    if (
        not isinstance(first, int)
        or not isinstance(last, int)
        or last - first >= most
        or type(variable) is not Sym
    ):
        return None
    total: Rational = 0 if head == "sum" else 1
    inner = dict(env or {})
    for k in range(first, last + 1):
        inner[variable.name] = k
        value = rational(term, inner)
        if value is None:
            return None
        total = total + value if head == "sum" else total * value
        if _bits(total) > MAX_EXACT_BITS:
            return None
    return _bounded(total)


def _holds_bound_operator(node: Value) -> bool:
    return type(node) is Apply and (node.head in _BOUND or any(_holds_bound_operator(a) for a in node.args))
