"""Exact rational arithmetic on trees: the stage that settles most answers that are not literal numbers.

>>> from answer_normalizers.parsing.parser import parse
>>> rational(parse("10!/(3!7!)"))
120
>>> rational(parse(r"\\sqrt{2}")) is None
True
"""

from __future__ import annotations

from collections.abc import Mapping

from answer_normalizers.limits import MAX_EXACT_BITS, MAX_NESTED_TERMS, MAX_SUM_TERMS
from answer_normalizers.tree.nodes import Apply, Num, Rational, Sym, Value, heads_of
from answer_normalizers.tree.operators import OPERATORS, bits_of, bounded

_RULES = {row.head: row.exact for row in OPERATORS if row.exact}
_UNROLLED = frozenset({"sum", "prod"})


def rational(node: Value, env: Mapping[str, Rational] | None = None) -> Rational | None:
    """The exact value of a tree over the rationals, its variables taken from `env`.

    None where it has another variable, is irrational or undefined, or would pass a limit.
    """
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Sym):
        return env.get(node.name) if env else None
    if not isinstance(node, Apply):
        return None
    rule = _RULES.get(node.head)
    if rule is None:
        return _unrolled(node, env) if node.head in _UNROLLED else None
    values: list[Rational] = []
    for argument in node.args:
        value = rational(argument, env)
        if value is None:
            return None
        values.append(value)
    try:
        return rule(*values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None


def _unrolled(node: Apply, env: Mapping[str, Rational] | None) -> Rational | None:
    """A finite sum or product, term by term."""
    variable, lower, upper, term = node.args
    first, last = rational(lower, env), rational(upper, env)
    if not isinstance(first, int) or not isinstance(last, int) or type(variable) is not Sym:
        return None
    if last - first >= (MAX_SUM_TERMS if _UNROLLED.isdisjoint(heads_of(term)) else MAX_NESTED_TERMS):
        return None
    total: Rational = 0 if node.head == "sum" else 1
    inner = dict(env or {})
    for k in range(first, last + 1):
        inner[variable.name] = k
        value = rational(term, inner)
        if value is None:
            return None
        total = total + value if node.head == "sum" else total * value
        if bits_of(total) > MAX_EXACT_BITS:
            return None
    return bounded(total)
