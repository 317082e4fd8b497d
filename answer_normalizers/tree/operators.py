r"""What the engine knows of each operator and function: one row for each head of an `Apply`.

Every station takes its part of a row: the lexer the names, the arithmetic the rules, SymPy's process the
counterpart there. So a function is added here and nowhere else. The versed sine, `1 - \cos x`, would be

    Operator(
        "versin", "versin", ball=lambda a: 1 - a.cos(), cost=FUNCTION, traits=_TRIGONOMETRIC,
        sympy=("+", ("num", "1"), ("neg", ("cos", 0))),
    )

The value of a few heads depends on more than the values of their arguments: `x^{1/3}` is real for a negative
x, a sum binds its index. The stations know these by name (`^`, `sqrt`, `root`, `log?`, `sum`, `prod`, `int`,
`lim`, `mod`, `call`); their rows hold what can be said without that. Derivatives stand in no row, since
nothing in the engine differentiates.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from flint import acb, arb, fmpq, fmpz

from answer_normalizers.limits import MAX_EXACT_BITS, MAX_FACTORIAL
from answer_normalizers.tree.nodes import Rational

Counterpart = int | str | tuple["Counterpart", ...]
"""A tree as SymPy's process gets it, with a number where an argument stands: `("/", ("ln", 0), ("ln", 1))`.
"""


class Trait(Flag):
    """What else holds for an operator."""

    NONE = 0
    DIVIDES = auto()
    """Its formula divides, so that integers do not suffice for it."""
    MANY = auto()
    """It takes any number of arguments, in any order."""
    WHOLE = auto()
    """It is meant for whole numbers."""
    STEPS = auto()
    """It is constant between steps, so that points near one another do not show what it does."""
    PIECES = auto()
    """It is one function here and another there."""
    ROOT = auto()
    """It is so where a power stands inside: `\\sqrt{x^2}`."""
    LOGARITHM = auto()
    """Its domain is what two equal expressions differ in most often: `\\ln x^2` and `2\\ln x`."""
    LEAVES_REALS = auto()
    """Of a real number it may be a complex one."""
    MEROMORPHIC = auto()
    """It is analytic but for poles, so that Arb can integrate it."""
    BINDS = auto()
    """Its first argument is a variable of its own, and its last the body."""
    CONVENTION = auto()
    """What it means, the policy says."""
    ANGLE = auto()
    """It is applied to an angle, so that `\\sin\\pi/3` is the sine of a third of pi."""
    TOUCHES = auto()
    """Without a backslash, its argument may touch its name: `sinx`."""
    NAMES = auto()
    """Of a name it is a name: `|v| = 5` says what 5 is the value of."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table."""

    head: str
    plain: str = ""
    """Names it is written with, with a backslash or without, parted by spaces."""
    latex: str = ""
    """Names it is written with behind a backslash only."""
    formula: Callable[..., Any] | None = None
    """Its value by addition, multiplication and division, whatever these work on: balls, residues modulo a
    prime, quotients of polynomials, expressions of SymPy."""
    exact: Callable[..., Rational | None] | None = None
    """Its value over the rationals. Where that is none, it returns None or raises what arithmetic raises
    (`ZeroDivisionError`, `OverflowError`, `ValueError`)."""
    ball: Callable[..., acb] | None = None
    """Its value as a ball, one that is not finite where it has no value. Without it, the formula."""
    cost: int = 0
    """The bits of precision at which it costs a unit of work; the cost grows with their square. 0: none."""
    sympy: str | tuple[Counterpart, ...] = ""
    """The name of SymPy's function, or a tree of functions with such names. Without it, the formula."""
    inverse: str = ""
    """The head that `^{-1}` behind the name makes of it."""
    traits: Trait = Trait.NONE

    @property
    def names(self) -> list[str]:
        """All names it is written with."""
        return f"{self.plain} {self.latex}".split()


# ---- formulas ---------------------------------------------------------------------------------------

# Loops, since they take half as long as `sum` and `math.prod` with a start; nearly all nodes are these two.


def _sum(first: Any, *others: Any) -> Any:
    for other in others:
        first = first + other
    return first


def _product(first: Any, *others: Any) -> Any:
    for other in others:
        first = first * other
    return first


# ---- exact rules ------------------------------------------------------------------------------------


def bits_of(value: Rational) -> int:
    """The size of a rational number, in bits."""
    if isinstance(value, int):
        return value.bit_length()
    return int(value.p).bit_length() + int(value.q).bit_length()


def bounded(value: Rational) -> Rational | None:
    """The number, as an `int` where it is one; None where it passes the limit on its size."""
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_EXACT_BITS else None
    if value.q == 1:
        return int(value.p)
    return value if bits_of(value) <= MAX_EXACT_BITS else None


def _exact_product(*values: Rational) -> Rational | None:
    product: Rational = values[0]
    for value in values[1:]:
        product = product * value
        if bits_of(product) > MAX_EXACT_BITS:
            return None
    return bounded(product)


def _exact_power(base: Rational, exponent: Rational) -> Rational | None:
    if not isinstance(exponent, int):
        root = _exact_root(base, int(exponent.q))
        return None if root is None else _exact_power(root, int(exponent.p))
    if base == 0:
        return 0 if exponent > 0 else None
    if base in (1, -1):
        return base if exponent % 2 else 1
    if abs(exponent) * max(bits_of(base), 1) > MAX_EXACT_BITS:
        return None
    return bounded(fmpq(base) ** exponent)


def _exact_root(base: Rational, index: Rational) -> Rational | None:
    if not isinstance(index, int) or not 1 <= index <= 1000:
        return None
    if (base < 0 and index % 2 == 0) or bits_of(base) > 20_000:
        return None
    above, below = (base, 1) if isinstance(base, int) else (int(base.p), int(base.q))
    roots = _integer_root(abs(above), index), _integer_root(below, index)
    if roots[0] is None or roots[1] is None:
        return None
    return bounded(fmpq(roots[0] if above >= 0 else -roots[0], roots[1]))


def _integer_root(value: int, index: int) -> int | None:
    root = int(fmpz(value).root(index)) if index != 2 else math.isqrt(value)
    return root if root**index == value else None


def _exact_factorial(n: Rational) -> int | None:
    return math.factorial(n) if isinstance(n, int) and 0 <= n <= MAX_FACTORIAL else None


def _exact_double_factorial(n: Rational) -> int | None:
    return math.prod(range(n, 0, -2)) if isinstance(n, int) and -1 <= n <= MAX_FACTORIAL else None


def _exact_binomial(n: Rational, k: Rational) -> int | None:
    if not isinstance(n, int) or not isinstance(k, int) or not 0 <= n <= MAX_FACTORIAL or k < 0:
        return None
    return math.comb(n, k)


def _exact_floor(value: Rational) -> int:
    return value if isinstance(value, int) else int(value.p // value.q)


def _of_integers(rule: Callable[..., int]) -> Callable[..., int | None]:
    """The rule where all its arguments are integers, None elsewhere."""

    def guarded(*values: Rational) -> int | None:
        return rule(*values) if all(isinstance(value, int) for value in values) else None

    return guarded


# ---- ball rules -------------------------------------------------------------------------------------

_NOWHERE = acb("nan")
_GAMMA_MOST = 1 << 40
"""Beyond it the gamma function is not evaluated: the binary exponent of its value would be astronomical."""


def _ball_gamma(z: acb) -> acb:
    return z.gamma() if z.abs_upper() < _GAMMA_MOST else _NOWHERE


def _ball_binomial(n: acb, k: acb) -> acb:
    return _ball_gamma(n + 1) / (_ball_gamma(k + 1) * _ball_gamma(n - k + 1))


def _ball_step(step: Callable[[arb], arb]) -> Callable[[acb], acb]:
    """Floor or ceiling; a ball that meets an integer without being one has none."""

    def rule(value: acb) -> acb:
        unique = step(value.real).unique_fmpz() if value.imag.contains(0) else None
        return _NOWHERE if unique is None else acb(unique)

    return rule


def _ball_extreme(better: Callable[[arb, arb], arb]) -> Callable[..., acb]:
    """The largest or the least of several real numbers."""

    def rule(*values: acb) -> acb:
        if not all(value.imag.contains(0) for value in values):
            return _NOWHERE
        best = values[0].real
        for value in values[1:]:
            best = better(best, value.real)
        return acb(best)

    return rule


# ---- the table --------------------------------------------------------------------------------------

FUNCTION, GAMMA, BINOMIAL, ERF = 350, 75, 37, 150
"""Costs, as measured."""

_PI = ("sym", "pi")
_TRIGONOMETRIC = Trait.ANGLE | Trait.NAMES | Trait.TOUCHES | Trait.MEROMORPHIC
_HYPERBOLIC = Trait.TOUCHES | Trait.MEROMORPHIC
_PARTIAL = Trait.TOUCHES | Trait.LEAVES_REALS
_LOGARITHM = Trait.LOGARITHM | Trait.LEAVES_REALS

# A table is read in rows:
# fmt: off
OPERATORS = (
    # Arithmetic. `percent` and `deg` are the signs behind a number.
    Operator("+", formula=_sum, exact=lambda *v: bounded(sum(v)), sympy="Add", traits=Trait.MEROMORPHIC),
    Operator("*", formula=_product, exact=_exact_product, sympy="Mul", traits=Trait.MEROMORPHIC),
    Operator("neg", formula=operator.neg, exact=operator.neg, traits=Trait.MEROMORPHIC),
    Operator("/", formula=operator.truediv, exact=lambda a, b: bounded(fmpq(a) / fmpq(b)),
             traits=Trait.DIVIDES | Trait.MEROMORPHIC),
    Operator("inv", formula=lambda a: 1 / a, exact=lambda a: bounded(1 / fmpq(a)),
             traits=Trait.DIVIDES | Trait.MEROMORPHIC),
    Operator("percent", formula=lambda a: a / 100, exact=lambda a: bounded(fmpq(a) / 100),
             traits=Trait.CONVENTION | Trait.DIVIDES | Trait.MEROMORPHIC),
    Operator("deg", ball=lambda a: a * arb.pi() / 180, sympy=("*", 0, ("/", _PI, ("num", "180"))),
             traits=Trait.CONVENTION | Trait.MEROMORPHIC),

    # Powers and roots.
    Operator("^", exact=_exact_power, sympy="Pow", traits=Trait.LEAVES_REALS),
    Operator("sqrt", "sqrt", exact=lambda a: _exact_root(a, 2), sympy="sqrt",
             traits=Trait.ROOT | Trait.TOUCHES | Trait.LEAVES_REALS),
    Operator("root", exact=_exact_root, traits=Trait.ROOT | Trait.LEAVES_REALS),

    # Functions of angles, and back. The arc cotangent lies between 0 and pi, so that it is continuous;
    # SymPy's is not.
    Operator("sin", "sin", ball=acb.sin, cost=FUNCTION, sympy="sin", inverse="arcsin", traits=_TRIGONOMETRIC),
    Operator("cos", "cos", ball=acb.cos, cost=FUNCTION, sympy="cos", inverse="arccos", traits=_TRIGONOMETRIC),
    Operator("tan", "tan", "tg", ball=acb.tan, cost=FUNCTION, sympy="tan", inverse="arctan",
             traits=_TRIGONOMETRIC),
    Operator("cot", "cot ctg", ball=acb.cot, cost=FUNCTION, sympy="cot", inverse="arccot",
             traits=_TRIGONOMETRIC),
    Operator("sec", "sec", ball=acb.sec, cost=FUNCTION, sympy="sec", inverse="arcsec", traits=_TRIGONOMETRIC),
    Operator("csc", "csc cosec", ball=acb.csc, cost=FUNCTION, sympy="csc", inverse="arccsc",
             traits=_TRIGONOMETRIC),
    Operator("arcsin", "arcsin asin", ball=acb.asin, cost=FUNCTION, sympy="asin", traits=_PARTIAL),
    Operator("arccos", "arccos acos", ball=acb.acos, cost=FUNCTION, sympy="acos", traits=_PARTIAL),
    Operator("arctan", "arctan atan arctg", ball=acb.atan, cost=FUNCTION, sympy="atan", traits=Trait.TOUCHES),
    Operator("arccot", "arccot acot arcctg", ball=lambda a: arb.pi() / 2 - a.atan(), cost=FUNCTION,
             sympy=("+", ("/", _PI, ("num", "2")), ("neg", ("arctan", 0))), traits=Trait.TOUCHES),
    Operator("arcsec", "arcsec asec", ball=lambda a: (1 / a).acos(), cost=FUNCTION, sympy="asec",
             traits=_PARTIAL),
    Operator("arccsc", "arccsc acsc arccosec", ball=lambda a: (1 / a).asin(), cost=FUNCTION, sympy="acsc",
             traits=_PARTIAL),

    # Hyperbolic functions, and back.
    Operator("sinh", "sinh", "sh", ball=acb.sinh, cost=FUNCTION, sympy="sinh", inverse="arcsinh",
             traits=_HYPERBOLIC),
    Operator("cosh", "cosh", "ch", ball=acb.cosh, cost=FUNCTION, sympy="cosh", inverse="arccosh",
             traits=_HYPERBOLIC),
    Operator("tanh", "tanh", "th", ball=acb.tanh, cost=FUNCTION, sympy="tanh", inverse="arctanh",
             traits=_HYPERBOLIC),
    Operator("coth", "coth", "cth", ball=acb.coth, cost=FUNCTION, sympy="coth", inverse="arccoth",
             traits=_HYPERBOLIC),
    Operator("sech", "sech", ball=acb.sech, cost=FUNCTION, sympy="sech", inverse="arcsech",
             traits=_HYPERBOLIC),
    Operator("csch", "csch cosech", ball=acb.csch, cost=FUNCTION, sympy="csch", inverse="arccsch",
             traits=_HYPERBOLIC),
    Operator("arcsinh", "arcsinh arsinh asinh", ball=acb.asinh, cost=FUNCTION, sympy="asinh",
             traits=Trait.TOUCHES),
    Operator("arccosh", "arccosh arcosh acosh", ball=acb.acosh, cost=FUNCTION, sympy="acosh",
             traits=_PARTIAL),
    Operator("arctanh", "arctanh artanh atanh", ball=acb.atanh, cost=FUNCTION, sympy="atanh",
             traits=_PARTIAL),
    Operator("arccoth", "arccoth arcoth acoth", ball=lambda a: (1 / a).atanh(), cost=FUNCTION, sympy="acoth",
             traits=_PARTIAL),
    Operator("arcsech", "arcsech arsech asech", ball=lambda a: (1 / a).acosh(), cost=FUNCTION, sympy="asech",
             traits=_PARTIAL),
    Operator("arccsch", "arccsch arcsch acsch", ball=lambda a: (1 / a).asinh(), cost=FUNCTION, sympy="acsch",
             traits=Trait.TOUCHES),

    # Logarithms: `log` has a base behind its argument, `log?` names none.
    Operator("ln", "ln", ball=acb.log, cost=FUNCTION, sympy="log", traits=_LOGARITHM | Trait.TOUCHES),
    Operator("log", "log", ball=lambda a, base: a.log() / base.log(), cost=FUNCTION,
             sympy=("/", ("ln", 0), ("ln", 1)), traits=_LOGARITHM | Trait.TOUCHES),
    Operator("log?", traits=_LOGARITHM | Trait.CONVENTION),

    # Whole numbers.
    Operator("factorial", "factorial", exact=_exact_factorial, ball=lambda a: _ball_gamma(a + 1), cost=GAMMA,
             sympy="factorial", traits=Trait.WHOLE | Trait.MEROMORPHIC),
    Operator("double_factorial", exact=_exact_double_factorial, sympy="factorial2", traits=Trait.WHOLE),
    Operator("binom", latex="binom", exact=_exact_binomial, ball=_ball_binomial, cost=BINOMIAL,
             sympy="binomial", traits=Trait.WHOLE | Trait.MEROMORPHIC),
    Operator("gcd", "gcd", exact=_of_integers(math.gcd), traits=Trait.MANY | Trait.WHOLE | Trait.STEPS),
    Operator("lcm", "lcm", exact=_of_integers(math.lcm), traits=Trait.MANY | Trait.WHOLE | Trait.STEPS),
    Operator("mod", exact=_of_integers(operator.mod), traits=Trait.WHOLE | Trait.STEPS),
    Operator("floor", "floor", exact=_exact_floor, ball=_ball_step(arb.floor), cost=FUNCTION, sympy="floor",
             traits=Trait.PIECES | Trait.STEPS | Trait.NAMES),
    Operator("ceil", "ceil ceiling", exact=lambda a: -_exact_floor(-a), ball=_ball_step(arb.ceil),
             cost=FUNCTION, sympy="ceiling", traits=Trait.PIECES | Trait.STEPS | Trait.NAMES),

    # Sizes and signs.
    Operator("abs", "abs", exact=abs, ball=lambda a: acb(abs(a)), sympy="Abs",
             traits=Trait.PIECES | Trait.NAMES),
    Operator("norm", traits=Trait.NAMES),
    Operator("sgn", "sgn sign", exact=lambda a: (a > 0) - (a < 0), ball=lambda a: acb(a.real.sgn()),
             sympy="sign", traits=Trait.PIECES),
    Operator("max", "max", exact=lambda *v: max(v, key=fmpq), ball=_ball_extreme(arb.max), sympy="Max",
             traits=Trait.MANY | Trait.PIECES),
    Operator("min", "min", exact=lambda *v: min(v, key=fmpq), ball=_ball_extreme(arb.min), sympy="Min",
             traits=Trait.MANY | Trait.PIECES),

    # Complex numbers, and the error function.
    Operator("Re", latex="Re", ball=lambda a: acb(a.real), sympy="re", traits=Trait.NAMES),
    Operator("Im", latex="Im", ball=lambda a: acb(a.imag), sympy="im", traits=Trait.NAMES),
    Operator("arg", latex="arg", ball=lambda a: _NOWHERE if a.contains(0) else acb(a.arg()), cost=FUNCTION,
             sympy="arg", traits=Trait.PIECES | Trait.NAMES),
    Operator("erf", "erf", ball=acb.erf, cost=ERF, sympy="erf", traits=Trait.MEROMORPHIC),

    # Sums, products, integrals and limits: (variable, from, to, body), a limit (variable, point, body).
    Operator("sum", traits=Trait.BINDS),
    Operator("prod", traits=Trait.BINDS),
    Operator("int", traits=Trait.BINDS),
    Operator("lim", traits=Trait.BINDS),

    # Without a value of their own: two values at once, an unknown function, what matrices and polynomials
    # have.
    Operator("pm"),
    Operator("mp"),
    Operator("call"),
    Operator("det", latex="det"),
    Operator("dim", latex="dim"),
    Operator("ker", latex="ker"),
    Operator("degree", latex="deg"),
)
# fmt: on


def heads(trait: Trait) -> frozenset[str]:
    """The heads of the operators that have a trait."""
    return frozenset(row.head for row in OPERATORS if trait in row.traits)
