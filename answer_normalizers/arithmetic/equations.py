r"""Equations and inequalities: equality up to scale, equality of solution sets.

`x^2 + y^2 = 1` is the same equation as `2x^2 + 2y^2 = 2`, and equal to no number.
"""

from __future__ import annotations

from itertools import islice
from zlib import crc32

from flint import acb, acb_poly, arb, fmpq

from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.field import FieldPoint, proportional_in_field
from answer_normalizers.arithmetic.polynomials import NotPolynomialError, over_field, zero_polynomial
from answer_normalizers.arithmetic.sampling import Pair, has_pieces
from answer_normalizers.tree.nodes import (
    Apply,
    Num,
    Relation,
    Sym,
    Value,
    free_symbols,
    walk,
)
from answer_normalizers.tree.operators import Trait, heads
from answer_normalizers.tree.sets import FLIPPED
from answer_normalizers.verdict import Verdict, different, equal, undecided

_SEEDS = (0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1)
_BITS = 192
_ROOT_ERROR = 1e-12
"""Relative error that a root found numerically is taken to have."""
_TINY = 1e-30
_POINTS = 3
_IN_PIECES = heads(Trait.PIECES) | heads(Trait.ROOT)
_ELSEWHERE = (fmpq(-1511, 7), fmpq(10_007, 3))
"""Where a polynomial found from values at whole numbers is tried as well, so that `|x|` and the floor are
none."""


def difference(value: Relation) -> Value | None:
    """`left - right` of a single relation between scalars, else None."""
    if len(value.sides) != 2:
        return None
    left, right = value.sides
    if type(left) not in (Num, Sym, Apply) or type(right) not in (Num, Sym, Apply):
        return None
    if type(right) is Num and right.value == 0:
        return left
    return Apply("+", (left, Apply("neg", (right,))))


def compare_equations(gold: Relation, pred: Relation) -> Verdict:
    """Two equations between scalars: equal up to a constant factor, or with the same solutions."""
    left, right = difference(gold), difference(pred)
    if left is None or right is None:
        return undecided("relation", "not two equations between scalars")
    scaled = proportional_in_field(left, right)
    if scaled:
        return equal("relation", "the two equations are the same up to a constant factor")
    names = free_symbols(left) | free_symbols(right)
    if not names:
        return undecided("relation", "equations without a variable")
    if free_symbols(left) != free_symbols(right):
        return different("relation", "the two equations are in different unknowns")
    same = _same_zeros_in_field(left, right, sorted(names))
    if same:
        return equal("relation", "the two equations have the same solutions (at random points modulo 2^61-1)")
    if same is None:
        same = _same_zeros_by_balls(left, right, sorted(names))
        if same:
            return equal(
                "relation", "the two equations have the same solutions to 19 digits at random points"
            )
    if same is False:
        return different("relation", "the two equations have different solutions")
    return undecided("relation", "the solutions of the two equations could not be compared")


def _same_zeros_in_field(left: Value, right: Value, names: list[str]) -> bool | None:
    """Compare the zeros in each variable in turn, the others at random points of the field."""
    formal = False
    for name in names:
        for seed in _SEEDS:
            point = FieldPoint(seed)
            try:
                zeros = [zero_polynomial(over_field(side, name, point)) for side in (left, right)]
            except (NotPolynomialError, ZeroDivisionError, ValueError):
                return None
            formal = formal or point.formal
            if zeros[0] != zeros[1]:
                return None if formal else False
    return True


def _same_zeros_by_balls(left: Value, right: Value, names: list[str]) -> bool | None:
    """For equations polynomial in some variable: the real zeros of each must be zeros of the other.

    Accepts only where zeros of both were found at as many points as were tried.
    """
    covered = [False, False]
    with precision(_BITS):
        for name in names:
            found = [0, 0]
            for index in range(_POINTS):
                env = {other: _positive(other, index) for other in names if other != name}
                for side, (one, two) in enumerate(((left, right), (right, left))):
                    try:
                        for root in _numeric_roots(one, name, env):
                            value = BallPoint({**env, name: acb(root)}).value(two)
                            if not value.contains(0):
                                return False
                            # What is next to 0 on its own scale shows nothing about another equation.
                            found[side] += abs(float(root.mid())) > _TINY
                    except UnevaluableError:
                        continue
            covered = [seen or count >= _POINTS for seen, count in zip(covered, found, strict=True)]
        if not all(covered):
            return None
        return not (_has_pieces(left, right) and _differ_on_other_pieces(left, right, names))


def _has_pieces(*values: Value) -> bool:
    """Whether a variable stands where one of the trees may be put together of several functions."""
    return any(
        type(part) is Apply and part.head in _IN_PIECES and free_symbols(part) and has_pieces(part)
        for value in values
        for part in walk(value)
    )


def _differ_on_other_pieces(left: Value, right: Value, names: list[str]) -> bool:
    """Whether a real zero of one, far out on either side of 0, is none of the other: `y = |x|` and
    `y = x`."""
    pair = Pair(left, right, names=names, log_base=10)
    for env in islice(pair.ends_of_pieces(), 6, 8):  # the two furthest from 0, one on either side
        for name in names:
            others = {other: value for other, value in env.items() if other != name}
            for one in (left, right):
                try:
                    sights = [
                        pair.at({**others, name: acb(root)}) for root in _numeric_roots(one, name, others)
                    ]
                except UnevaluableError:
                    continue
                for sight in sights:
                    if sight.real == (True, True) and sight.left.contains(0) != sight.right.contains(0):
                        return True
    return False


def _positive(name: str, index: int) -> acb:
    return acb(arb(fmpq(300 + crc32(f"{name}:{index}".encode()) % 2401, 1009)))


def _numeric_roots(node: Value, name: str, env: dict[str, acb]) -> list[arb]:
    """Real roots of a polynomial of degree at most 4 in one variable, found from its values at six points."""
    size = 6
    values = [BallPoint({**env, name: acb(k)}).value(node) for k in range(size)]
    coefficients = _interpolate(values)
    whole = acb_poly(coefficients)
    if not all(whole(acb(p)).overlaps(BallPoint({**env, name: acb(p)}).value(node)) for p in _ELSEWHERE):
        raise UnevaluableError
    while coefficients and coefficients[-1].contains(0) and coefficients[-1].abs_upper() < arb(2) ** -80:
        coefficients.pop()
    if not 1 < len(coefficients) < size:
        raise UnevaluableError
    polynomial = acb_poly([c.mid() for c in coefficients])
    slope = polynomial.derivative()
    found: list[arb] = []
    try:
        roots = polynomial.roots()
    except ValueError as error:  # roots so close together that the working precision does not part them
        raise UnevaluableError from error
    for root in roots:
        if not root.imag.contains(0):
            continue
        point = acb(root.real.mid())
        for _ in range(4):  # Newton's method: the isolating balls are wider than a comparison needs
            tangent = slope(point)
            if tangent.contains(0):
                break
            point = (point - polynomial(point) / tangent).mid()
        found.append(arb(point.real, _ROOT_ERROR * max(abs(float(point.real)), _TINY)))
    return found


def _interpolate(values: list[acb]) -> list[acb]:
    """Coefficients of the polynomial through (0, v0), (1, v1), …, by Newton's divided differences."""
    table = list(values)
    for level in range(1, len(table)):
        for k in range(len(table) - 1, level - 1, -1):
            table[k] = (table[k] - table[k - 1]) / level
    polynomial = acb_poly([table[-1]])
    for k in range(len(table) - 2, -1, -1):
        polynomial = polynomial * acb_poly([-k, 1]) + table[k]
    return [polynomial[k] for k in range(len(table))]


def compare_scaled_inequalities(gold: Relation, pred: Relation) -> Verdict | None:
    """Two inequalities in several variables: the same up to a positive factor, or None."""
    sides = []
    for relation in (gold, pred):
        gap = difference(relation)
        if gap is None or len(relation.ops) != 1 or relation.ops[0] not in FLIPPED:
            return None
        sides.append(gap)
    left, right = sides
    if not proportional_in_field(left, right):
        return None
    names = sorted(free_symbols(left) | free_symbols(right))
    for start in (2, 3, 5, 7):
        env: dict[str, int | fmpq] = {name: start + 3 * k for k, name in enumerate(names)}
        a, b = rational(left, env), rational(right, env)
        if a and b:
            op = pred.ops[0] if (a > 0) == (b > 0) else FLIPPED[pred.ops[0]]
            if op == gold.ops[0]:
                return equal("relation", "the two inequalities are the same up to a positive factor")
            return different(
                "relation", "the two inequalities point in opposite directions or differ in strictness"
            )
    return None
