"""Where expressions in variables are compared: the points, and what a tree says about its variables."""

from __future__ import annotations

from zlib import crc32

from flint import acb, arb, fmpq

from answer_normalizers.exact import rational
from answer_normalizers.values import Apply, Sym, Value, free_symbols


def named_constants(value: Value) -> set[str]:
    """The names of all symbols of a tree, constants among them."""
    found: set[str] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Sym:
            found.add(node.name)
        elif type(node) is Apply:
            stack.extend(node.args)
    return found


def has_head(value: Value, *heads: str) -> bool:
    """Whether some operation of a tree is one of these."""
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            if node.head in heads:
                return True
            stack.extend(node.args)
    return False


def substitute(value: Value, name: str, replacement: Value) -> Value:
    """Replace a symbol in a scalar tree."""
    if type(value) is Sym:
        return replacement if value.name == name else value
    if type(value) is Apply:
        return Apply(value.head, tuple(substitute(a, name, replacement) for a in value.args))
    return value


def under_logarithms(value: Value) -> frozenset[str]:
    """The variables that stand in some logarithm."""
    found: frozenset[str] = frozenset()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is Apply:
            if node.head in ("ln", "log", "log?"):
                found |= free_symbols(node)
            stack.extend(node.args)
    return found


def sample(name: str, index: int, *, whole: bool, spread: int) -> acb:
    """The value of a variable at the point of this index: fixed, and unrelated between names and points.

    Even points are positive, odd ones of either sign, so that a difference on one side of 0 shows.
    """
    seed = crc32(f"{name}/{index}".encode("utf-8", "surrogatepass"))
    if whole:
        return acb(2 + seed % (11 * spread))
    value = fmpq(300 + seed % 2401, 1009) * spread
    if index % 2 and (seed >> 16) % 4:
        value = -value
    return acb(arb(value))


def integer_variables(value: Value) -> frozenset[str]:
    """Variables that only make sense as integers: under a factorial, in the limits of a sum, in `(-1)^n`."""
    found: frozenset[str] = frozenset()
    stack = [value]
    while stack:
        node = stack.pop()
        if type(node) is not Apply:
            continue
        if node.head in ("factorial", "double_factorial", "binom", "gcd", "lcm", "mod"):
            found |= free_symbols(node)
        elif node.head in ("sum", "prod"):
            found |= free_symbols(node.args[1]) | free_symbols(node.args[2])
        elif node.head == "^" and free_symbols(node.args[1]):
            base = rational(node.args[0])
            if base is not None and base < 0:
                found |= free_symbols(node.args[1])
        stack.extend(node.args)
    return found
