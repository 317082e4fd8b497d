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
from answer_normalizers.tree.nodes import Apply, Num, Sym, Value, free_symbols


class NotPolynomialError(ValueError):
    """The tree is no rational function of the variable, or one of too high a degree."""


@dataclass(slots=True)
class Quotient:
    """`above / below`, not reduced; the polynomials are flint's, over one ring."""

    above: Any
    below: Any


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
        head, args = node.head, node.args
        if head == "+":
            return self.fold([self.read(a) for a in args], self.add)
        if head == "*":
            return self.fold([self.read(a) for a in args], self.multiply)
        if head == "neg":
            inner = self.read(args[0])
            return Quotient(-inner.above, inner.below)
        if head == "inv":
            return self.invert(self.read(args[0]))
        if head == "/":
            return self.multiply(self.read(args[0]), self.invert(self.read(args[1])))
        if head == "percent":
            return self.multiply(
                self.read(args[0]), Quotient(self.one * self.constant(Num(fmpq(1, 100))), self.one)
            )
        if head == "^":
            exponent = rational(args[1])
            if type(exponent) is not int or abs(exponent) > MAX_DEGREE:
                raise NotPolynomialError
            inner = self.read(args[0])
            if exponent < 0:
                inner, exponent = self.invert(inner), -exponent
            return self.bounded(Quotient(inner.above**exponent, inner.below**exponent))
        raise NotPolynomialError

    def fold(self, parts: list[Quotient], join: Callable[[Quotient, Quotient], Quotient]) -> Quotient:
        total = parts[0]
        for part in parts[1:]:
            total = join(total, part)
        return total

    def add(self, a: Quotient, b: Quotient) -> Quotient:
        if a.below == b.below:
            return Quotient(a.above + b.above, a.below)
        return self.bounded(Quotient(a.above * b.below + b.above * a.below, a.below * b.below))

    def multiply(self, a: Quotient, b: Quotient) -> Quotient:
        return self.bounded(Quotient(a.above * b.above, a.below * b.below))

    def invert(self, a: Quotient) -> Quotient:
        if a.above == 0:
            raise NotPolynomialError
        return Quotient(a.below, a.above)

    def bounded(self, a: Quotient) -> Quotient:
        if a.above.degree() > MAX_DEGREE or a.below.degree() > MAX_DEGREE:
            raise NotPolynomialError
        return a


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
