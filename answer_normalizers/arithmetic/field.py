r"""Random points in the prime field of 2^61 - 1 elements.

Two rational functions of total degree d that differ agree at a random point with probability at most d / p
(Schwartz 1980, Zippel 1979); at two independent points with probability at most (d / p)^2, which is below
1e-30 for d below 1000. Variables, and subtrees that are no rational functions (`\sin x`, `\sqrt 2`, `2^n`),
are replaced by values that depend on nothing but the name and the values inside: two trees that agree then
agree as formal expressions, so agreement proves equality whatever those functions are; disagreement proves a
difference only where no such subtree took part.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from flint import nmod

from answer_normalizers.tree.nodes import INFINITY, Apply, Num, Rational, Sym, Value
from answer_normalizers.tree.operators import OPERATORS, Trait, heads

PRIME = (1 << 61) - 1
_WORD = (1 << 64) - 1
_SEEDS = (0x243F6A8885A308D3, 0x13198A2E03707344)
_ANOTHER_SEED = 0xA4093822299F31D0
_FORMULAS = {row.head: row.formula for row in OPERATORS if row.formula and Trait.DIVIDES not in row.traits}
_DIVISIONS = {row.head: row.formula for row in OPERATORS if row.formula and Trait.DIVIDES in row.traits}
_IN_ANY_ORDER = heads(Trait.MANY)
_OPAQUE_CONSTANTS = frozenset({"pi", "e", "i", "?", "…"})
_INFINITE: dict[Value, int] = {INFINITY: 3**37, Apply("neg", (INFINITY,)): 5**25}
"""Limits of sums and integrals that are no numbers, to values that no tree has by chance."""


class UndefinedError(ArithmeticError):
    """A division by zero at this point, or a node without a value."""


def compare_in_field(left: Value, right: Value) -> bool | None:
    """True: equal at two random points. False: different, and provably so. None: neither is shown."""
    for seed in _SEEDS:
        point = FieldPoint(seed)
        try:
            if point.value(left) != point.value(right):
                return None if point.formal else False
        except UndefinedError:
            return None
    return True


def proportional_in_field(left: Value, right: Value) -> bool | None:
    """Whether `left = c * right` for a constant c other than 0.

    True or False as in `compare_in_field`, None where the field cannot tell; `c` itself is not needed.
    """
    ratio: int | None = None
    for seed in (*_SEEDS, _ANOTHER_SEED):
        point = FieldPoint(seed)
        try:
            a, b = point.value(left), point.value(right)
        except UndefinedError:
            return None
        if not a or not b:
            return None if point.formal or a == b else False
        if ratio is not None and _quotient(a, b) != ratio:
            return None if point.formal else False
        ratio = _quotient(a, b)
    return True


class FieldPoint:
    """One random point; `formal` becomes True once an opaque subtree has been given a made-up value."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.formal = False
        self.bound: dict[str, int] = {}

    def value(self, node: Value) -> int:
        """The value of a scalar tree at this point. Raises `UndefinedError`."""
        if isinstance(node, Num):
            number = node.value
            return number % PRIME if isinstance(number, int) else _residue(number)
        if isinstance(node, Sym):
            return self.symbol(node.name)
        if not isinstance(node, Apply):
            raise UndefinedError
        formula = _FORMULAS.get(node.head)
        if formula is not None:
            residue: int = formula(*[self.value(a) for a in node.args]) % PRIME
            return residue
        form = _FORMS.get(node.head)
        if form is not None:
            return form(self, node)
        values = [self.value(a) for a in node.args]
        if node.head in _IN_ANY_ORDER:
            values.sort()
        return self.opaque(node.head, *values)

    def division(self, node: Apply) -> int:
        """A formula that divides, which integers do not suffice for."""
        values = [nmod(self.value(a), PRIME) for a in node.args]
        try:
            return int(_DIVISIONS[node.head](*values))
        except ZeroDivisionError:
            raise UndefinedError from None

    def symbol(self, name: str) -> int:
        """A value for a name; that of a constant is made up too."""
        if name in self.bound:
            return self.bound[name]
        if name == "inf":
            raise UndefinedError
        if name in _OPAQUE_CONSTANTS or " " in name:
            self.formal = True
        return self.made_up(name)

    def power(self, node: Apply) -> int:
        """An integer power exactly; any other as an opaque function of base and exponent."""
        base, exponent = node.args
        if type(exponent) is Num:
            n = exponent.value
        elif type(exponent) is Apply and exponent.head == "neg" and type(exponent.args[0]) is Num:
            n = -exponent.args[0].value
        else:
            return self.opaque("^", self.value(base), self.value(exponent))
        if isinstance(n, int):
            value = self.value(base)
            if n <= 0 and not value:
                raise UndefinedError
            return pow(value, n, PRIME)
        return self.opaque("^", self.value(base), _residue(n))

    def square_root(self, node: Apply) -> int:
        """A square root: the same function as the power 1/2."""
        return self.opaque("^", self.value(node.args[0]), _HALF)

    def root(self, node: Apply) -> int:
        """A root: the same function as the power with the inverse of its index."""
        value, index = self.value(node.args[0]), self.value(node.args[1])
        return self.opaque("^", value, _quotient(1, index or 1))

    def call(self, node: Apply) -> int:
        """An unknown function, of which no two values tell anything about a third."""
        name = node.args[0].name if type(node.args[0]) is Sym else "?"
        return self.made_up("call " + name, *[self.value(a) for a in node.args[1:]])

    def bound_operator(self, node: Apply) -> int:
        """A sum, product, integral or limit: its variable is given three values, whatever its name."""
        variable, *limits, body = node.args
        if type(variable) is not Sym:
            raise UndefinedError
        values = [_INFINITE.get(limit) or self.value(limit) for limit in limits]
        saved = self.bound.get(variable.name)
        for number in range(3):
            self.bound[variable.name] = self.made_up("bound", number, len(self.bound))
            values.append(self.value(body))
        if saved is None:
            del self.bound[variable.name]
        else:
            self.bound[variable.name] = saved
        return self.opaque(node.head, *values)

    def opaque(self, head: str, *values: int) -> int:
        """A made-up value of a function that is not rational."""
        self.formal = True
        return self.made_up(head, *values)

    def made_up(self, name: str, *values: int) -> int:
        """A value that depends on the seed, the name and the arguments alone.

        Mixed by SplitMix64, so that no algebraic relation between names, seeds or arguments survives: the
        built-in `hash` of a tuple is too regular for that.
        """
        mixed = _mix(self.seed ^ crc32(name.encode("utf-8", "surrogatepass")))
        for value in values:
            mixed = _mix(mixed ^ value)
        return mixed % PRIME


def _residue(number: Rational) -> int:
    if isinstance(number, int):
        return number % PRIME
    return _quotient(int(number.p), int(number.q))


def _quotient(above: int, below: int) -> int:
    """The residue of a fraction. Raises `UndefinedError`."""
    try:
        return int(nmod(above, PRIME) / nmod(below, PRIME))  # ten times as fast as Python's `pow`
    except ZeroDivisionError:
        raise UndefinedError from None


_HALF = _quotient(1, 2)
_FORMS: dict[str, Callable[[FieldPoint, Apply], int]] = {
    **dict.fromkeys(_DIVISIONS, FieldPoint.division),
    **dict.fromkeys(heads(Trait.BINDS), FieldPoint.bound_operator),
    "^": FieldPoint.power,
    "sqrt": FieldPoint.square_root,
    "root": FieldPoint.root,
    "call": FieldPoint.call,
}
"""What is no function of the values of its arguments."""


def _mix(state: int) -> int:
    """One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    state = (state + 0x9E3779B97F4A7C15) & _WORD
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
    return state ^ (state >> 31)
