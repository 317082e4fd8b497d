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

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.limits import (
    MAX_INTEGRAND_EVALUATIONS,
    MAX_MAGNITUDE_BITS,
    MAX_SUM_TERMS,
    ExhaustedError,
    current_work,
)
from answer_normalizers.tree.nodes import Apply, Num, Rational, Sym, Value, free_symbols, walk
from answer_normalizers.tree.operators import FUNCTION, OPERATORS, Trait, heads

AGREEMENT_BITS = 330
"""Relative accuracy, in bits, that an acceptance needs of both values: a hundred digits."""
LADDER = (128, 640, 2048)
"""Working precisions, in bits."""
_INTEGRAL_BITS = 640
"""The precision up to which integrals are worked out; beyond it, the quadrature's nodes alone cost 20 ms."""
_HALF = fmpq(1, 2)
_E = Sym("e")
_LOCK = RLock()


class UnevaluableError(ArithmeticError):
    """The tree has no value here, or one beyond the limits."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Hold Arb's precision at `bits` for this thread's evaluation, and put it back after it."""
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
            return self.symbol(node.name)
        if not isinstance(node, Apply):
            raise UnevaluableError
        plan = _RULES.get(node.head)
        if plan is None:
            form = _FORMS.get(node.head)
            if form is None:
                raise UnevaluableError
            return form(self, node)
        rule, cost, leaves_reals = plan
        if cost:
            self.spend(1 + (ctx.prec // cost) ** 2)
        result: acb = rule(*[self.value(a) for a in node.args])
        if not result.is_finite():
            raise UnevaluableError
        return self.noted(result) if leaves_reals else result

    def symbol(self, name: str) -> acb:
        """The value of a variable or constant."""
        if name in self.env:
            return self.env[name]
        constant = _CONSTANTS.get(name)
        if constant is None:
            raise UnevaluableError
        return constant()

    def noted(self, result: acb) -> acb:
        """Note a value that is not real."""
        if not result.imag.contains(0):
            self.left_reals = True
        return result

    def power(self, node: Apply) -> acb:
        """Principal powers, but for odd roots of negative reals, which are real."""
        base, exponent = node.args
        n = _exact_exponent(exponent)
        value = self.value(base)
        if isinstance(n, int):
            if n <= 0 and value.contains(0):
                raise UnevaluableError
            _check_magnitude(value, abs(n))
            return value**n
        if n is not None:
            return self.noted(_fractional_power(value, n))
        power = self.value(exponent)
        self.spend((ctx.prec // FUNCTION) ** 2)
        _check_magnitude(value, power)
        if base != _E and value.contains(0):
            raise UnevaluableError
        result = power.exp() if base == _E else (power * value.log()).exp()
        if not result.is_finite():
            raise UnevaluableError
        return result if base == _E else self.noted(result)

    def square_root(self, node: Apply) -> acb:
        """The principal square root."""
        return self.noted(_fractional_power(self.value(node.args[0]), _HALF))

    def root(self, node: Apply) -> acb:
        """Principal roots; real ones of odd order."""
        value = self.value(node.args[0])
        index = _exact_exponent(node.args[1])
        if index is None or index == 0:
            degree = self.value(node.args[1])
            if degree.contains(0) or value.contains(0):
                raise UnevaluableError
            return (value.log() / degree).exp()
        return self.noted(_fractional_power(value, 1 / fmpq(index)))

    def bare_logarithm(self, node: Apply) -> acb:
        """A logarithm that names no base: to the base this point was told, 0 for e."""
        base = Num(self.log_base) if self.log_base else _E
        return self.value(Apply("log", (*node.args, base)))

    def unrolled(self, node: Apply) -> acb:
        """A finite sum or product, term by term."""
        variable, lower, upper, term = node.args
        first, last = _integer(self.value(lower)), _integer(self.value(upper))
        if first is None or last is None or last - first >= MAX_SUM_TERMS or type(variable) is not Sym:
            raise UnevaluableError
        if any("_" in name and variable.name in name for name in free_symbols(term)):
            raise UnevaluableError
        total = acb(0 if node.head == "sum" else 1)
        env = self.env
        for k in range(first, last + 1):
            self.env = {**env, variable.name: acb(k)}
            value = self.value(term)
            total = total + value if node.head == "sum" else total * value
        self.env = env
        return total

    def integral(self, node: Apply) -> acb:
        """A definite integral over a finite interval, with Arb's rigorous quadrature."""
        variable, lower, upper, body = node.args
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
        self.spend(0)  # what the integrand could not raise
        if not result.is_finite():
            raise UnevaluableError
        return result

    def unknown_function(self, node: Apply) -> acb:
        """`f(u)` for an unknown f: a fixed entire function chosen by the name.

        Two expressions in f that agree for all f agree for this one, and one that has coefficients nobody
        writes tells those apart that do not.
        """
        function, *arguments = node.args
        seed = crc32((function.name if type(function) is Sym else "?").encode("utf-8", "surrogatepass"))
        total = acb(seed % 997) / 1009 + 1
        for k, argument in enumerate(arguments):
            value = self.value(argument)
            a, b = acb((seed >> k) % 787 + 100) / 797, acb((seed >> (k + 3)) % 577 + 60) / 587
            total += a * value * value * value + b * (value * a).sin() + value / (k + 3)
        return total


_RULES = {
    row.head: (rule, row.cost, Trait.LEAVES_REALS in row.traits)
    for row in OPERATORS
    if (rule := row.ball or row.formula)
}
_FORMS: dict[str, Callable[[BallPoint, Apply], acb]] = {
    "^": BallPoint.power,
    "sqrt": BallPoint.square_root,
    "root": BallPoint.root,
    "log?": BallPoint.bare_logarithm,
    "sum": BallPoint.unrolled,
    "prod": BallPoint.unrolled,
    "int": BallPoint.integral,
    "call": BallPoint.unknown_function,
}
"""What is no function of the values of its arguments."""
_MEROMORPHIC = heads(Trait.MEROMORPHIC)
_CONSTANTS: dict[str, Callable[[], acb]] = {
    "pi": lambda: acb(arb.pi()),
    "e": lambda: acb(arb.const_e()),
    "i": lambda: acb(0, 1),
}


def _is_meromorphic(body: Value) -> bool:
    """Whether the integrand is analytic away from zeros of its divisors, as Arb's quadrature asks."""
    return all(
        node.head in _MEROMORPHIC or (node.head == "^" and _is_entire_power(node))
        for node in walk(body)
        if type(node) is Apply
    )


def _is_entire_power(node: Apply) -> bool:
    return node.args[0] == _E or isinstance(_exact_exponent(node.args[1]), int)


def _exact_exponent(node: Value) -> Rational | None:
    """The value of an exponent that is written as a rational number."""
    if type(node) is Num:
        return node.value
    if type(node) is Apply:
        if node.head == "neg" and type(node.args[0]) is Num:
            return -node.args[0].value
        if node.head in ("/", "+", "*"):
            return rational(node)
    return None


def _fractional_power(value: acb, n: fmpq) -> acb:
    """`value ** n` for a rational n: real for a negative real value and an odd denominator."""
    if value.is_zero():
        if n > 0:
            return value
        raise UnevaluableError
    if n == _HALF:
        return value.sqrt()
    _check_magnitude(value, abs(int(n.p)))
    if value.imag.is_zero() and n.q % 2 == 1 and value.real < 0:
        result = ((-value.real).log() * arb(n)).exp()
        return acb(-result if n.p % 2 else result)
    if value.contains(0):
        raise UnevaluableError
    return (value.log() * acb(arb(n))).exp()


def _check_magnitude(base: acb, exponent: acb | int) -> None:
    """Refuse a power whose binary exponent would be astronomical."""
    if isinstance(exponent, int):
        size = exponent
    else:
        upper = exponent.abs_upper()
        whole = upper.ceil().unique_fmpz() if upper < _LARGEST_EXPONENT else None
        if whole is None:
            raise UnevaluableError
        size = int(whole)
    if size < 64:
        return
    magnitude = base.abs_upper()
    if not magnitude.is_finite() or (abs(_log2(magnitude)) + 200) * size > MAX_MAGNITUDE_BITS:
        raise UnevaluableError


_LARGEST_EXPONENT = 1 << 41


def _log2(value: arb) -> int:
    """The binary exponent of a finite positive number; 0 for 0."""
    mantissa, exponent = value.man_exp()
    return int(exponent) + int(mantissa).bit_length()


def _integer(value: acb) -> int | None:
    """The integer that a ball is, or meets alone."""
    if not value.imag.is_zero():
        return None
    unique = value.real.unique_fmpz()
    return None if unique is None else int(unique)
