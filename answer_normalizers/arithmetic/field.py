r"""Random points in the prime field of 2^61 - 1 elements.

Two rational functions of total degree d that differ agree at a random point with probability at most d / p
(Schwartz 1980, Zippel 1979); at two independent points with probability at most (d / p)^2, which is below
1e-30 for d below 1000. Variables, and subtrees that are no rational functions (`\sin x`, `\sqrt 2`, `2^n`),
are replaced by values that depend on nothing but the name and the values inside: two trees that agree then
agree as formal expressions, so agreement proves equality whatever those functions are; disagreement proves a
difference only where no such subtree took part.
"""

from __future__ import annotations

from zlib import crc32

from answer_normalizers.tree.nodes import Apply, Num, Sym, Value

PRIME = (1 << 61) - 1
_WORD = (1 << 64) - 1
_SEEDS = (0x243F6A8885A308D3, 0x13198A2E03707344)
_BOUND = frozenset({"sum", "prod", "int", "lim"})


_INFINITE: dict[Value, int] = {Sym("inf"): 3**37, Apply("neg", (Sym("inf"),)): 5**25}
"""Limits of sums and integrals that are no numbers, to values that no tree has by chance."""


class UndefinedError(ArithmeticError):
    """A division by zero at this point, or a node without a value."""


def _mix(state: int) -> int:
    """One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    state = (state + 0x9E3779B97F4A7C15) & _WORD
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
    return state ^ (state >> 31)


class FieldPoint:
    """One random point; `formal` becomes True once an opaque subtree has been given a made-up value."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.formal = False
        self.bound: dict[str, int] = {}

    def value(self, node: Value) -> int:
        """The value of a scalar tree at this point."""
        if isinstance(node, Num):
            number = node.value
            if isinstance(number, int):
                return number % PRIME
            below = int(number.q) % PRIME
            if not below:
                raise UndefinedError
            return int(number.p) % PRIME * pow(below, -1, PRIME) % PRIME
        if isinstance(node, Sym):
            name = node.name
            if name in self.bound:
                return self.bound[name]
            if name == "inf":
                raise UndefinedError
            if name in ("pi", "e", "i") or " " in name or name in ("?", "…"):
                self.formal = True
            return self.made_up(name, ())
        if not isinstance(node, Apply):
            raise UndefinedError
        head = node.head
        args = node.args
        if head == "+":
            return sum([self.value(a) for a in args]) % PRIME
        if head == "*":
            product = 1
            for a in args:
                product = product * self.value(a) % PRIME
            return product
        if head == "neg":
            return -self.value(args[0]) % PRIME
        if head in ("/", "inv"):
            below = self.value(args[-1])
            if not below:
                raise UndefinedError
            inverse = pow(below, -1, PRIME)
            return inverse if head == "inv" else self.value(args[0]) * inverse % PRIME
        if head == "^":
            return self.power(args[0], args[1])
        if head in _BOUND:
            return self.bound_operator(head, args)
        if head == "percent":
            return self.value(args[0]) * pow(100, -1, PRIME) % PRIME
        if head == "sqrt":
            return self.opaque("^", (self.value(args[0]), pow(2, -1, PRIME)))
        if head == "root":
            return self.opaque("^", (self.value(args[0]), pow(self.value(args[1]) or 1, -1, PRIME)))
        if head == "call":
            name = args[0].name if type(args[0]) is Sym else "?"
            return self.made_up("call " + name, tuple(self.value(a) for a in args[1:]))
        values = [self.value(a) for a in args]
        if head in ("gcd", "lcm", "max", "min"):
            values.sort()
        return self.opaque(head, tuple(values))

    def power(self, base: Value, exponent: Value) -> int:
        """An integer power exactly; any other as an opaque function of base and exponent."""
        if type(exponent) is Num:
            n = exponent.value
        elif type(exponent) is Apply and exponent.head == "neg" and type(exponent.args[0]) is Num:
            n = -exponent.args[0].value
        else:
            return self.opaque("^", (self.value(base), self.value(exponent)))
        if isinstance(n, int):
            value = self.value(base)
            if n <= 0 and not value:
                raise UndefinedError
            return pow(value, n, PRIME)
        if not int(n.q) % PRIME:
            raise UndefinedError
        return self.opaque("^", (self.value(base), int(n.p) * pow(int(n.q), -1, PRIME) % PRIME))

    def opaque(self, head: str, values: tuple[int, ...]) -> int:
        """A made-up value of a function that is not rational."""
        self.formal = True
        return self.made_up(head, values)

    def made_up(self, name: str, values: tuple[int, ...]) -> int:
        """A value that depends on the seed, the name and the arguments alone.

        Mixed by SplitMix64, so that no algebraic relation between names, seeds or arguments survives: the
        built-in `hash` of a tuple is too regular for that.
        """
        mixed = _mix(self.seed ^ crc32(name.encode("utf-8", "surrogatepass")))
        for value in values:
            mixed = _mix(mixed ^ value)
        return mixed % PRIME

    def bound_operator(self, head: str, args: tuple[Value, ...]) -> int:
        """A sum, product, integral or limit: its variable is given three values, whatever its name."""
        variable, *rest = args
        if type(variable) is not Sym:
            raise UndefinedError
        limits, body = rest[:-1], rest[-1]
        values = [_INFINITE.get(limit) or self.value(limit) for limit in limits]
        saved = self.bound.get(variable.name)
        for sample in range(3):
            self.bound[variable.name] = self.made_up("bound", (sample, len(self.bound)))
            values.append(self.value(body))
        if saved is None:
            del self.bound[variable.name]
        else:
            self.bound[variable.name] = saved
        return self.opaque(head, tuple(values))


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
    for seed in (*_SEEDS, 0xA4093822299F31D0):
        point = FieldPoint(seed)
        try:
            a, b = point.value(left), point.value(right)
        except UndefinedError:
            return None
        if not a or not b:
            return None if point.formal or a == b else False
        value = a * pow(b, -1, PRIME) % PRIME
        if ratio is not None and value != ratio:
            return None if point.formal else False
        ratio = value
    return True
