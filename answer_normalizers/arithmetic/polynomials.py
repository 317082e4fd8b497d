"""Trees as quotients of polynomials in one variable, over the rationals or over the field of 2^61 - 1
elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq, fmpq_poly, nmod_poly

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.field import PRIME, FieldPoint, UndefinedError
from answer_normalizers.limits import MAX_DEGREE
from answer_normalizers.tree.nodes import Apply, Sym, Value, free_symbols
from answer_normalizers.tree.operators import OPERATORS

_FORMULAS = {row.head: row.formula for row in OPERATORS if row.formula}


class NotPolynomialError(ValueError):
    """The tree is no rational function of the variable, or one of too high a degree."""


def over_rationals(node: Value, name: str) -> Quotient:
    """The tree as a quotient of `fmpq_poly`. Raises `NotPolynomialError`."""

    def constant(part: Value) -> fmpq:
        value = rational(part)
        if value is None:
            raise NotPolynomialError
        return fmpq(value)

    return _Reader(name, fmpq_poly([0, 1]), constant).read(node)


def over_field(node: Value, name: str, point: FieldPoint) -> Quotient:
    """The tree as a quotient of `nmod_poly`, its other variables taken at `point`."""

    def constant(part: Value) -> int:
        try:
            return point.value(part)
        except UndefinedError as error:
            raise NotPolynomialError from error

    return _Reader(name, nmod_poly([0, 1], PRIME), constant).read(node)


class _Reader:
    """Builds the quotient of a tree; `constant` gives the value of a subtree without the variable."""

    def __init__(self, name: str, generator: Any, constant: Callable[[Value], Any]) -> None:
        self.name = name
        self.generator = generator
        self.one = generator**0
        self.constant = constant

    def read(self, node: Value) -> Quotient:
        if type(node) is Sym and node.name == self.name:
            return Quotient(self.generator, self.one)
        if self.name not in free_symbols(node):
            return Quotient(self.one * self.constant(node), self.one)
        if type(node) is not Apply:
            raise NotPolynomialError
        if node.head == "^":
            exponent = rational(node.args[1])
            if type(exponent) is not int:
                raise NotPolynomialError
            return self.read(node.args[0]) ** exponent
        formula = _FORMULAS.get(node.head)
        if formula is None:
            raise NotPolynomialError
        quotient: Quotient = formula(*[self.read(a) for a in node.args])
        return quotient


@dataclass(slots=True)
class Quotient:
    """`above / below`, not reduced; the polynomials are flint's, over one ring.

    What is calculated with quotients raises `NotPolynomialError` where the degree grows too high, and where
    it divides by zero.
    """

    above: Any
    below: Any

    def __neg__(self) -> Quotient:
        return Quotient(-self.above, self.below)

    def __add__(self, other: Quotient) -> Quotient:
        if self.below == other.below:
            return Quotient(self.above + other.above, self.below)
        return _bounded(self.above * other.below + other.above * self.below, self.below * other.below)

    def __mul__(self, other: Quotient) -> Quotient:
        return _bounded(self.above * other.above, self.below * other.below)

    def __truediv__(self, other: Quotient | int) -> Quotient:
        if isinstance(other, int):
            return Quotient(self.above, self.below * other)
        return self * (1 / other)

    def __rtruediv__(self, one: int) -> Quotient:
        if self.above == 0:
            raise NotPolynomialError
        return Quotient(self.below * one, self.above)

    def __pow__(self, exponent: int) -> Quotient:
        if abs(exponent) > MAX_DEGREE:
            raise NotPolynomialError
        base = self if exponent >= 0 else 1 / self
        return _bounded(base.above ** abs(exponent), base.below ** abs(exponent))


def _bounded(above: Any, below: Any) -> Quotient:
    if above.degree() > MAX_DEGREE or below.degree() > MAX_DEGREE:
        raise NotPolynomialError
    return Quotient(above, below)


def zero_polynomial(quotient: Quotient) -> Any:
    """The monic squarefree polynomial whose roots are the zeros of the quotient.

    Raises `NotPolynomialError` for the quotient that is zero everywhere.
    """
    above = quotient.above
    if above == 0:
        raise NotPolynomialError
    common = above.gcd(quotient.below)
    while common.degree() > 0:
        above = above // common
        common = above.gcd(quotient.below)
    repeated = above.gcd(above.derivative())
    if repeated.degree() > 0:
        above = above // repeated
    return (
        above / above.leading_coefficient()
        if isinstance(above, fmpq_poly)
        else above * pow(int(above[above.degree()]), -1, PRIME)
    )


def real_roots(polynomial: fmpq_poly) -> list[arb]:
    """Real roots of a polynomial over the rationals, as balls at the working precision; exact where
    rational."""
    if polynomial.degree() < 1:
        return []
    roots: list[arb] = []
    _, factors = polynomial.factor()
    for factor, _ in factors:
        if factor.degree() == 1:
            roots.append(arb(-factor[0] / factor[1]))
        else:
            # flint's stub says it returns balls; it returns pairs of a ball and a multiplicity
            pairs: Any = factor.numer().complex_roots()
            roots.extend(root.real for root, _ in pairs if root.imag.is_zero())
    return roots
