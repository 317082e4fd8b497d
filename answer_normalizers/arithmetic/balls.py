r"""Ball arithmetic on trees: values with proven error bounds, at rising precision (python-flint's `acb`,
Arb).

Balls that do not meet prove two values different. Balls that still meet at 512 bits, with radii so small that
they agree to 100 digits, are taken for equal: that is the stated precision of an acceptance by this stage.

Arb's precision is one setting for the whole process, so evaluations take turns under a lock and put it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from zlib import crc32

from flint import acb, arb, ctx, fmpq

from answer_normalizers.limits import (
    MAX_INTEGRAND_EVALUATIONS,
    MAX_MAGNITUDE_BITS,
    MAX_SUM_TERMS,
    ExhaustedError,
    current_work,
)
from answer_normalizers.tree.nodes import Apply, Num, Rational, Sym, Value, free_symbols

_LOCK = RLock()
_HALF = fmpq(1, 2)
AGREEMENT_BITS = 330
"""Relative accuracy, in bits, that an acceptance needs of both values: a hundred digits."""
LADDER = (128, 640, 2048)
"""Working precisions, in bits."""


_INTEGRAL_BITS = 640
"""The precision up to which integrals are worked out; beyond it, the quadrature's nodes alone cost 20 ms."""
_FUNCTION_UNIT, _GAMMA_UNIT = 350, 75
"""A function costs the square of the precision over this many bits in units of work (measured)."""


class UnevaluableError(ArithmeticError):
    """The tree has no value here, or one beyond the limits."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Hold Arb's precision at `bits` for this thread's evaluation."""
    with _LOCK:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


class BallPoint:
    """Evaluates trees at one point; variables are exact rationals or balls."""

    def __init__(self, env: dict[str, acb], log_base: int = 10) -> None:
        self.env = env
        self.log_base = log_base
        self.work = current_work()
        self.left_reals = False
        """True once a root, power or logarithm of a real number was not real."""

    def spend(self, units: int) -> None:
        """Count work; raises `ExhaustedError` where the check has none left."""
        self.work.left -= units
        if self.work.left < 0:
            raise ExhaustedError

    def value(self, node: Value) -> acb:
        """The value of a scalar tree. Raises `UnevaluableError`."""
        self.spend(1)
        if isinstance(node, Num):
            return acb(arb(node.value))
        if isinstance(node, Sym):
            name = node.name
            if name in self.env:
                return self.env[name]
            constant = _CONSTANTS.get(name)
            if constant is None:
                raise UnevaluableError
            return constant()
        if not isinstance(node, Apply):
            raise UnevaluableError
        head, args = node.head, node.args
        if head == "^":
            return self.power(args[0], args[1])
        if head in ("sqrt", "root"):
            return self.root(args)
        if head in ("sum", "prod"):
            return self.unrolled(head, args)
        if head == "int":
            return self.integral(args)
        if head == "call":
            return self.unknown_function(args)
        rule = _RULES.get(head)
        if rule is None:
            if head == "log?":
                return (
                    self.value(args[0]).log() / arb(self.log_base).log()
                    if self.log_base
                    else self.value(args[0]).log()
                )
            raise UnevaluableError
        if head in _COSTS:
            self.spend(1 + (ctx.prec // _COSTS[head]) ** 2)
        result = rule(*[self.value(a) for a in args])
        if not result.is_finite():
            raise UnevaluableError
        if head in _LEAVES_REALS and not result.imag.contains(0):
            self.left_reals = True
        return result

    def power(self, base: Value, exponent: Value) -> acb:
        """Principal powers, but for odd roots of negative reals, which are real."""
        n = _exact_exponent(exponent)
        value = self.value(base)
        if n is not None:
            if isinstance(n, int):
                if n <= 0 and value.contains(0):
                    raise UnevaluableError
                _check_magnitude(value, abs(n))
                return value**n
            return self.noted(_fractional_power(value, n))
        power = self.value(exponent)
        self.spend((ctx.prec // _FUNCTION_UNIT) ** 2)
        if _is_exactly_zero(value):
            raise UnevaluableError
        _check_magnitude(value, power)
        if base == Sym("e"):
            result = power.exp()
        else:
            if value.contains(0):
                raise UnevaluableError
            result = (power * value.log()).exp()
        if not result.is_finite():
            raise UnevaluableError
        return self.noted(result) if base != Sym("e") else result

    def noted(self, result: acb) -> acb:
        """Note a power or root that is not real."""
        if not result.imag.contains(0):
            self.left_reals = True
        return result

    def root(self, args: tuple[Value, ...]) -> acb:
        """Principal square roots; real roots of odd order."""
        value = self.value(args[0])
        if len(args) == 1:
            return self.noted(_fractional_power(value, _HALF))
        index = _exact_exponent(args[1])
        if index is None or index == 0:
            degree = self.value(args[1])
            if degree.contains(0) or value.contains(0):
                raise UnevaluableError
            return (value.log() / degree).exp()
        return self.noted(_fractional_power(value, 1 / fmpq(index)))

    def unrolled(self, head: str, args: tuple[Value, ...]) -> acb:
        """A finite sum or product, term by term."""
        variable, lower, upper, term = args
        first, last = _integer(self.value(lower)), _integer(self.value(upper))
        if first is None or last is None or last - first >= MAX_SUM_TERMS or type(variable) is not Sym:
            raise UnevaluableError
        if any("_" in name and variable.name in name for name in free_symbols(term)):
            raise UnevaluableError
        total = acb(0 if head == "sum" else 1)
        env = self.env
        for k in range(first, last + 1):
            self.env = {**env, variable.name: acb(k)}
            value = self.value(term)
            total = total + value if head == "sum" else total * value
        self.env = env
        return total

    def integral(self, args: tuple[Value, ...]) -> acb:
        """A definite integral over a finite interval, with Arb's rigorous quadrature."""
        variable, lower, upper, body = args
        if type(variable) is not Sym or ctx.prec > _INTEGRAL_BITS:
            raise UnevaluableError
        a, b = self.value(lower), self.value(upper)
        env, name = self.env, variable.name
        analytic_body = _is_meromorphic(body)

        def integrand(x: acb, analytic: bool) -> acb:  # noqa: FBT001  (the signature Arb calls)
            if analytic and not analytic_body:
                return acb("nan")
            self.env = {**env, name: x}
            try:
                return self.value(body)
            except (ArithmeticError, ValueError):  # nothing may be raised through Arb
                return acb("nan")

        result = acb.integral(integrand, a, b, eval_limit=MAX_INTEGRAND_EVALUATIONS)
        self.env = env
        self.spend(0)
        if not result.is_finite():
            raise UnevaluableError
        return result

    def unknown_function(self, args: tuple[Value, ...]) -> acb:
        """`f(u)` for an unknown f: a fixed entire function chosen by the name.

        Two expressions in f that agree for all f agree for this one, and one that has coefficients nobody
        writes tells those apart that do not.
        """
        name = args[0].name if type(args[0]) is Sym else "?"
        seed = crc32(name.encode("utf-8", "surrogatepass"))
        total = acb(seed % 997) / 1009 + 1
        for k, argument in enumerate(args[1:]):
            value = self.value(argument)
            a, b = acb((seed >> k) % 787 + 100) / 797, acb((seed >> (k + 3)) % 577 + 60) / 587
            total += a * value * value * value + b * (value * a).sin() + value / (k + 3)
        return total


def _exact_exponent(node: Value) -> Rational | None:
    if type(node) is Num:
        return node.value
    if type(node) is Apply:
        if node.head == "neg" and type(node.args[0]) is Num:
            return -node.args[0].value
        if node.head in ("/", "+", "*"):
            from answer_normalizers.arithmetic.exact import rational

            return rational(node)
    return None


def _is_exactly_zero(value: acb) -> bool:
    return bool(value.is_zero())


def _is_meromorphic(body: Value) -> bool:
    """Whether the integrand is analytic away from zeros of its divisors, as Arb's quadrature asks."""
    if type(body) is not Apply:
        return True
    if body.head == "^":
        if body.args[0] != Sym("e") and not isinstance(_exact_exponent(body.args[1]), int):
            return False
    elif body.head not in _MEROMORPHIC:
        return False
    return all(_is_meromorphic(a) for a in body.args)


def _log2(value: arb) -> int:
    """The binary exponent of a finite positive number; 0 for 0."""
    mantissa, exponent = value.man_exp()
    return int(exponent) + int(mantissa).bit_length()


def _check_magnitude(base: acb, exponent: acb | int) -> None:
    """Refuse a power whose binary exponent would be astronomical."""
    if isinstance(exponent, int):
        size = exponent
    else:
        upper = exponent.abs_upper()
        if not upper.is_finite() or _log2(upper) > 41:
            raise UnevaluableError
        whole = upper.ceil().unique_fmpz()
        if whole is None:
            raise UnevaluableError
        size = int(whole)
    if size < 64:
        return
    magnitude = base.abs_upper()
    if not magnitude.is_finite() or (abs(_log2(magnitude)) + 200) * size > MAX_MAGNITUDE_BITS:
        raise UnevaluableError


def _fractional_power(value: acb, n: fmpq) -> acb:
    """`value ** n` for a rational n: real for a negative real value and an odd denominator."""
    if _is_exactly_zero(value):
        if n > 0:
            return value
        raise UnevaluableError
    if n == _HALF:
        return value.sqrt()
    _check_magnitude(value, abs(int(n.p)))
    if value.imag.is_zero() and n.q % 2 == 1:
        real = value.real
        if real < 0:
            result = ((-real).log() * arb(n)).exp()
            return acb(-result if n.p % 2 else result)
    if value.contains(0):
        raise UnevaluableError
    return (value.log() * acb(arb(n))).exp()


def _integer(value: acb) -> int | None:
    if not value.imag.is_zero():
        return None
    unique = value.real.unique_fmpz()
    return None if unique is None else int(unique)


def _exact_integer_step(value: acb, step: Callable[[arb], arb]) -> acb:
    """Floor or ceiling; a ball that meets an integer without being one has none."""
    if not value.imag.contains(0):
        raise UnevaluableError
    result = step(value.real)
    unique = result.unique_fmpz()
    if unique is None:
        raise UnevaluableError
    return acb(unique)


def _divide(a: acb, b: acb) -> acb:
    if b.contains(0):
        raise UnevaluableError
    return a / b


def _log(a: acb) -> acb:
    if a.contains(0):
        raise UnevaluableError
    return a.log()


def _multiply(*values: acb) -> acb:
    product = values[0]
    for value in values[1:]:
        product = product * value
    return product


def _gamma(z: acb) -> acb:
    upper = z.abs_upper()
    if not upper.is_finite() or _log2(upper) > 40:
        raise UnevaluableError
    return z.gamma()


def _binomial(n: acb, k: acb) -> acb:
    return _divide(_gamma(n + 1), _gamma(k + 1) * _gamma(n - k + 1))


def _extreme(values: tuple[acb, ...], choose: Callable[[list[arb]], arb]) -> acb:
    if not all(v.imag.contains(0) for v in values):
        raise UnevaluableError
    return acb(choose([v.real for v in values]))


def _maximum(values: list[arb]) -> arb:
    best = values[0]
    for value in values[1:]:
        best = best.max(value)
    return best


def _minimum(values: list[arb]) -> arb:
    best = values[0]
    for value in values[1:]:
        best = best.min(value)
    return best


_RULES: dict[str, Callable[..., acb]] = {
    "+": lambda *v: sum(v[1:], start=v[0]),
    "*": _multiply,
    "neg": lambda a: -a,
    "/": _divide,
    "inv": lambda a: _divide(acb(1), a),
    "percent": lambda a: a / 100,
    "deg": lambda a: a * arb.pi() / 180,
    "abs": lambda a: acb(abs(a)),
    "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(),
    "tan": lambda a: _divide(a.sin(), a.cos()),
    "cot": lambda a: _divide(a.cos(), a.sin()),
    "sec": lambda a: _divide(acb(1), a.cos()),
    "csc": lambda a: _divide(acb(1), a.sin()),
    "sinh": lambda a: a.sinh(),
    "cosh": lambda a: a.cosh(),
    "tanh": lambda a: a.tanh(),
    "coth": lambda a: _divide(a.cosh(), a.sinh()),
    "sech": lambda a: _divide(acb(1), a.cosh()),
    "csch": lambda a: _divide(acb(1), a.sinh()),
    "arcsin": lambda a: a.asin(),
    "arccos": lambda a: a.acos(),
    "arctan": lambda a: a.atan(),
    "arccot": lambda a: arb.pi() / 2 - a.atan(),
    "arcsec": lambda a: _divide(acb(1), a).acos(),
    "arccsc": lambda a: _divide(acb(1), a).asin(),
    "arcsinh": lambda a: a.asinh(),
    "arccosh": lambda a: a.acosh(),
    "arctanh": lambda a: a.atanh(),
    "ln": _log,
    "log": lambda a, b: _divide(_log(a), _log(b)),
    "factorial": lambda a: _gamma(a + 1),
    "binom": _binomial,
    "floor": lambda a: _exact_integer_step(a, arb.floor),
    "ceil": lambda a: _exact_integer_step(a, arb.ceil),
    "max": lambda *v: _extreme(v, _maximum),
    "min": lambda *v: _extreme(v, _minimum),
    "Re": lambda a: acb(a.real),
    "Im": lambda a: acb(a.imag),
    "erf": lambda a: a.erf(),
    "sgn": lambda a: acb(a.real.sgn()),
}
_MEROMORPHIC = frozenset(
    {"+", "*", "neg", "/", "inv", "sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh"}
)
_COSTS = {
    **dict.fromkeys(_RULES, _FUNCTION_UNIT), "factorial": _GAMMA_UNIT, "binom": _GAMMA_UNIT // 2, "erf": 150,
}  # fmt: skip
for _cheap in ("+", "*", "neg", "/", "inv", "percent", "deg", "abs", "max", "min", "Re", "Im", "sgn"):
    del _COSTS[_cheap]
_LEAVES_REALS = frozenset({"ln", "log", "arcsin", "arccos", "arcsec", "arccsc", "arccosh", "arctanh"})
_CONSTANTS: dict[str, Callable[[], acb]] = {
    "pi": lambda: acb(arb.pi()),
    "e": lambda: acb(arb.const_e()),
    "i": lambda: acb(0, 1),
}
