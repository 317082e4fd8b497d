"""The table of operators: what a row says, every station knows, and it is true.

The oracle is mpmath for values and SymPy for its own functions; neither takes anything from the table but the
names under test.
"""

from __future__ import annotations

import ast
import random
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec

import mpmath
import pytest
import sympy
from flint import acb, arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers import check
from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.field import PRIME, FieldPoint, UndefinedError
from answer_normalizers.arithmetic.polynomials import NotPolynomialError, over_rationals
from answer_normalizers.killable import Worker
from answer_normalizers.parsing.lexer import UnreadableError
from answer_normalizers.parsing.parser import parse
from answer_normalizers.tree.nodes import Apply, Num, Sym, Value
from answer_normalizers.tree.operators import OPERATORS, Trait, heads
from tests.places import REPO

ROWS = {row.head: row for row in OPERATORS}
X, Y = Sym("x"), Sym("y")
DIGITS = 60

# ---- the oracle: each head with mpmath's function of its arguments, and points to try it at -------------


def tenths(low: int, high: int) -> list[Fraction]:
    """Fractions between two bounds, at random but the same in every run; none is special."""
    rng = random.Random(f"{low} {high}")
    return [Fraction(rng.randrange(10 * low + 1, 10 * high), 10) + Fraction(1, 97) for _ in range(6)]


EVERYWHERE = [[x] for x in tenths(-4, 4)]
INSIDE = [[x / 10] for x in tenths(-9, 9)]
OUTSIDE = [[x * sign] for x in tenths(1, 9) for sign in (1, -1)]
ABOVE_ONE = [[x] for x in tenths(1, 9)]
POSITIVE = [[x] for x in tenths(0, 9)]
PAIRS = [[x, y] for x, y in zip(tenths(-4, 4), tenths(1, 5), strict=True)]
POSITIVE_PAIRS = [[x, y] for x, y in zip(tenths(0, 9), tenths(1, 5), strict=True)]
TRIPLES = [[x, y, z] for x, y, z in zip(tenths(-4, 4), tenths(1, 5), tenths(-6, 2), strict=True)]

mp = mpmath.mp
ORACLE = {
    "+": (lambda *v: mp.fsum(v), TRIPLES),
    "*": (lambda *v: mp.fprod(v), TRIPLES),
    "neg": (lambda a: 0 - a, EVERYWHERE),
    "/": (mp.fdiv, PAIRS),
    "inv": (lambda a: mp.fdiv(1, a), EVERYWHERE),
    "percent": (lambda a: mp.fdiv(a, 100), EVERYWHERE),
    "deg": (lambda a: a * mp.degree, EVERYWHERE),
    "^": (mp.power, POSITIVE_PAIRS),
    "sqrt": (mp.sqrt, POSITIVE),
    "root": (
        lambda a, n: mp.power(a, 1 / n),
        [[x, Fraction(n)] for [x], n in zip(POSITIVE, range(2, 8), strict=True)],
    ),
    "sin": (mp.sin, EVERYWHERE),
    "cos": (mp.cos, EVERYWHERE),
    "tan": (mp.tan, EVERYWHERE),
    "cot": (mp.cot, EVERYWHERE),
    "sec": (mp.sec, EVERYWHERE),
    "csc": (mp.csc, EVERYWHERE),
    "arcsin": (mp.asin, INSIDE),
    "arccos": (mp.acos, INSIDE),
    "arctan": (mp.atan, EVERYWHERE),
    "arccot": (lambda a: mp.acot(a) + (mp.pi if mp.re(a) < 0 else 0), EVERYWHERE),
    "arcsec": (mp.asec, OUTSIDE),
    "arccsc": (mp.acsc, OUTSIDE),
    "sinh": (mp.sinh, EVERYWHERE),
    "cosh": (mp.cosh, EVERYWHERE),
    "tanh": (mp.tanh, EVERYWHERE),
    "coth": (mp.coth, EVERYWHERE),
    "sech": (mp.sech, EVERYWHERE),
    "csch": (mp.csch, EVERYWHERE),
    "arcsinh": (mp.asinh, EVERYWHERE),
    "arccosh": (mp.acosh, ABOVE_ONE),
    "arctanh": (mp.atanh, INSIDE),
    "arccoth": (mp.acoth, OUTSIDE),
    "arcsech": (mp.asech, [[abs(x)] for [x] in INSIDE]),
    "arccsch": (mp.acsch, EVERYWHERE),
    "ln": (mp.ln, POSITIVE),
    "log": (mp.log, POSITIVE_PAIRS),
    "factorial": (mp.factorial, POSITIVE),
    "binom": (mp.binomial, POSITIVE_PAIRS),
    "floor": (mp.floor, EVERYWHERE),
    "ceil": (mp.ceil, EVERYWHERE),
    "abs": (mp.fabs, EVERYWHERE),
    "sgn": (mp.sign, EVERYWHERE),
    "max": (max, TRIPLES),
    "min": (min, TRIPLES),
    "Re": (mp.re, EVERYWHERE),
    "Im": (mp.im, EVERYWHERE),
    "arg": (mp.arg, EVERYWHERE),
    "erf": (mp.erf, EVERYWHERE),
}
WITHOUT_ORACLE = {
    # These hold what no function of values does; the rules that read them have tests of their own.
    *("sum", "prod", "int", "lim", "call", "log?"),
    # Whole numbers only, tested there.
    *("double_factorial", "gcd", "lcm", "mod"),
    # Without any value.
    *("norm", "pm", "mp", "det", "dim", "ker", "degree"),
}


def the_oracle(head: str, point: list[Fraction]) -> mpmath.mpc:
    with mp.workdps(DIGITS):
        values = [mp.mpf(x.numerator) / x.denominator for x in point]
        return mp.mpc(ORACLE[head][0](*values))


def node(head: str, point: list[Fraction]) -> Apply:
    numbers = [Num(x.numerator if x.denominator == 1 else fmpq(x.numerator, x.denominator)) for x in point]
    return Apply(head, tuple(numbers))


@pytest.fixture(autouse=True)
def _enough_digits():
    with precision(256):
        yield


def ball(tree: Value, env: dict[str, acb] | None = None) -> acb:
    return BallPoint(env or {}).value(tree)


def close(one: acb, other: acb, error: float = 1e-40) -> bool:
    """Whether two balls are within a relative error of one another."""
    return bool((one - other).abs_upper() < error * (1 + other.abs_upper()))


def agree(value: acb, expected: mpmath.mpc) -> bool:
    """Whether a ball is what mpmath says."""
    with mp.workdps(DIGITS):
        other = acb(arb(mp.nstr(expected.real, DIGITS - 5)), arb(mp.nstr(expected.imag, DIGITS - 5)))
    return close(value, other)


def test_every_row_has_an_oracle_or_a_reason():
    assert set(ORACLE) | WITHOUT_ORACLE == set(ROWS)
    assert not set(ORACLE) & WITHOUT_ORACLE


@pytest.mark.parametrize("head", ORACLE)
def test_the_ball_of_an_operator_is_what_mpmath_says(head):
    for point in ORACLE[head][1]:
        assert agree(ball(node(head, point)), the_oracle(head, point)), (head, point)


@pytest.mark.parametrize("head", sorted(WITHOUT_ORACLE - {"sum", "prod", "int", "call", "log?"}))
def test_what_has_no_ball_is_not_evaluated(head):
    assert ROWS[head].ball is None
    with pytest.raises(UnevaluableError):
        ball(node(head, [Fraction(3), Fraction(2)]))


@pytest.mark.parametrize(
    ("head", "point"),
    [
        *[("/", (1, 0)), ("inv", (0,)), ("ln", (0,)), ("log", (2, 1)), ("log", (0, 2)), ("log", (2, 0))],
        *[("cot", (0,)), ("csc", (0,)), ("coth", (0,)), ("csch", (0,)), ("arcsec", (0,)), ("arccsc", (0,))],
        *[("arcsech", (0,)), ("arccsch", (0,)), ("arccoth", (1,)), ("arctanh", (1,)), ("arg", (0,))],
        *[("factorial", (-1,)), ("factorial", (2**41,)), ("binom", (-1, 2)), ("log?", (0,))],
    ],
)
def test_where_an_operator_has_no_value_no_ball_is_made_up(head, point):
    with pytest.raises(UnevaluableError):
        ball(node(head, [Fraction(x) for x in point]))


def test_a_ball_that_meets_an_integer_is_not_rounded():
    about_three = {"x": acb(arb(3, 1e-9))}
    for head in ("floor", "ceil"):
        with pytest.raises(UnevaluableError):
            ball(Apply(head, (X,)), about_three)
        assert ball(Apply(head, (X,)), {"x": acb(arb(3.5, 1e-9))}) == (3 if head == "floor" else 4)


@pytest.mark.parametrize("head", ["floor", "ceil", "max", "min"])
def test_a_complex_number_has_no_order(head):
    arguments = (Sym("i"), Num(1)) if head in heads(Trait.MANY) else (Sym("i"),)
    with pytest.raises(UnevaluableError):
        ball(Apply(head, arguments))


# ---- the exact rules -------------------------------------------------------------------------------------

WHOLE_NUMBERS = {
    "factorial": sympy.factorial,
    "double_factorial": sympy.factorial2,
    "binom": sympy.binomial,
    "gcd": sympy.igcd,
    "lcm": sympy.ilcm,
    "mod": sympy.Mod,
}


def test_what_is_meant_for_whole_numbers_is_tried_with_them():
    assert set(WHOLE_NUMBERS) == heads(Trait.WHOLE)


@pytest.mark.parametrize("head", WHOLE_NUMBERS)
def test_a_rule_for_whole_numbers_counts_as_sympy_does(head):
    rng = random.Random(head)
    several = head in ("gcd", "lcm")
    count = 3 if several else 2 if head in ("binom", "mod") else 1
    for _ in range(20):
        numbers = [rng.randrange(1, 40) for _ in range(count)]
        expected = WHOLE_NUMBERS[head](*numbers)
        assert rational(node(head, [Fraction(n) for n in numbers])) == int(expected), (head, numbers)


@pytest.mark.parametrize("head", sorted(WHOLE_NUMBERS))
def test_a_rule_for_whole_numbers_has_no_value_between_them(head):
    count = 1 if head in ("factorial", "double_factorial") else 2
    assert rational(node(head, [Fraction(7, 2)] * count)) is None


SMALL = [Fraction(n, d) for n in range(-6, 7) for d in (1, 2, 3)]


@pytest.mark.parametrize("head", [head for head in ORACLE if ROWS[head].exact])
def test_where_an_exact_rule_gives_a_value_mpmath_gives_the_same(head):
    rng = random.Random(head)
    hits = 0
    for _ in range(200):
        point = [rng.choice(SMALL) for _ in ORACLE[head][1][0]]
        value = rational(node(head, point))
        if value is None or (head in ("^", "root") and point[0] < 0):
            continue  # an odd root of a negative number is real here, and complex there
        hits += 1
        expected = the_oracle(head, point)
        value = fmpq(value)
        assert abs(mp.mpf(int(value.p)) / int(value.q) - expected) < 1e-12 * (1 + abs(expected)), (
            head,
            point,
        )
    assert hits > 5


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ("8^{2/3}", 4),
        ("8^{-1/3}", fmpq(1, 2)),
        ("(-8)^{1/3}", -2),
        (r"\sqrt[3]{-8}", -2),
        (r"\sqrt[3]{\frac{27}{8}}", fmpq(3, 2)),
        (r"\sqrt{-4}", None),
        (r"\sqrt[0]{4}", None),
        ("0^0", None),
        ("0^{-1}", None),
        ("(-1)^{10^{9}+1}", -1),
        ("2^{100000}", None),
        ("1/0", None),
        (r"7 \bmod 0", None),
        ("(-1)!", None),
        (r"\binom{5}{-1}", None),
        ("(-1)!!", 1),
        (r"\lfloor -\frac72 \rfloor", -4),
        (r"\lceil -\frac72 \rceil", -3),
        (r"\max(\frac12, \frac13)", fmpq(1, 2)),
    ],
)
def test_exact_rules_at_their_ends(tree, value):
    assert rational(parse(tree)) == value


RATIONAL_TREES = st.recursive(
    st.sampled_from([X, Y]) | st.fractions(-9, 9, max_denominator=9).map(lambda q: node("neg", [q]).args[0]),
    lambda parts: st.one_of(
        st.builds(
            lambda head, a: Apply(head, tuple(a)),
            st.sampled_from("+*"),
            st.lists(parts, min_size=2, max_size=3),
        ),
        st.builds(lambda head, a: Apply(head, (a,)), st.sampled_from(["neg", "inv", "percent"]), parts),
        st.builds(lambda a, b: Apply("/", (a, b)), parts, parts),
        st.builds(lambda a, n: Apply("^", (a, Num(n))), parts, st.integers(-3, 3)),
    ),
    max_leaves=8,
)


@given(RATIONAL_TREES, st.fractions(-9, 9, max_denominator=9))
def test_a_rational_function_has_one_value_at_all_stations(tree, place):
    y = fmpq(3, 7)
    x = fmpq(place.numerator, place.denominator)
    exact = rational(tree, {"x": x, "y": y})
    try:
        value = ball(tree, {"x": acb(arb(x)), "y": acb(arb(y))})
    except UnevaluableError:
        assert exact is None
        return
    assert exact is not None
    assert close(value, acb(arb(exact)))
    one_variable = Apply("+", (tree, Apply("*", (Num(0), Y))))
    try:
        quotient = over_rationals(_at_y(one_variable, y), "x")
    except NotPolynomialError:  # it divides by zero wherever x is
        return
    if quotient.below(x):
        assert quotient.above(x) / quotient.below(x) == exact


def _at_y(tree: Value, y: fmpq) -> Value:
    if tree == Y:
        return Num(y)
    return Apply(tree.head, tuple(_at_y(part, y) for part in tree.args)) if type(tree) is Apply else tree


@given(RATIONAL_TREES, st.integers(0, 2**64))
def test_a_point_of_the_field_is_a_rational_point_modulo_the_prime(tree, seed):
    point = FieldPoint(seed)
    exact = rational(tree, {"x": point.value(X), "y": point.value(Y)})
    try:
        value = point.value(tree)
    except UndefinedError:
        assert exact is None or not fmpq(exact).q % PRIME
        return
    if exact is not None:  # beyond the limits of exact arithmetic the field still has a value
        assert value == int(fmpq(exact).p) * pow(int(fmpq(exact).q), -1, PRIME) % PRIME
    assert not point.formal


@pytest.mark.parametrize("head", sorted(heads(Trait.MANY)))
def test_the_order_of_arguments_tells_nothing_where_none_is_meant(head):
    there, back = Apply(head, (X, Y)), Apply(head, (Y, X))
    assert FieldPoint(1).value(there) == FieldPoint(1).value(back)
    assert FieldPoint(1).value(Apply("log", (X, Y))) != FieldPoint(1).value(Apply("log", (Y, X)))


# ---- traits ----------------------------------------------------------------------------------------------

REAL_POINTS = [Fraction(n, 10) + Fraction(1, 97) for n in range(-45, 46, 5)]


@pytest.mark.parametrize("head", ORACLE)
def test_an_operator_leaves_the_reals_where_mpmath_does(head):
    rng = random.Random(head)
    leaves = False
    for _ in range(60):
        point = [rng.choice(REAL_POINTS) for _ in ORACLE[head][1][0]]
        value = the_oracle(head, point)
        leaves = leaves or abs(value.imag) > 1e-20
    assert leaves is (Trait.LEAVES_REALS in ROWS[head].traits)


@pytest.mark.parametrize("head", [*sorted(heads(Trait.LEAVES_REALS) & set(ORACLE)), "log?"])
def test_that_the_reals_were_left_is_noted(head):
    point = [Fraction(3, 10), Fraction(4)] if head in ("log", "root", "^") else [Fraction(3, 10)]
    outside = {"arcsin": 2, "arccos": 2, "arctanh": 2, "arcsech": 2}
    point[0] = Fraction(outside.get(head, Fraction(-1, 3)))
    if head == "^":
        point[1] = Fraction(1, 2)
    evaluation = BallPoint({})
    evaluation.value(node(head, point))
    assert evaluation.left_reals


@pytest.mark.parametrize("head", sorted(heads(Trait.MEROMORPHIC)))
def test_what_arb_may_integrate_has_one_derivative_in_all_directions(head):
    with mp.workdps(40):
        step = mp.mpf(10) ** -15
        rest = [mp.mpf(7) / 3] * (len(ORACLE[head][1][0]) - 1)
        for place in (mp.mpc("0.7", "0.4"), mp.mpc("-1.3", "0.6"), mp.mpc("0.2", "-0.9")):
            slopes = [
                (ORACLE[head][0](place + way, *rest) - ORACLE[head][0](place, *rest)) / way
                for way in (step, step * mp.j)
            ]
            assert abs(slopes[0] - slopes[1]) < 1e-10, (head, place)


@pytest.mark.parametrize("head", sorted(heads(Trait.MEROMORPHIC)))
def test_what_arb_may_integrate_is_continued_as_mpmath_continues_it(head):
    place, rest = (Fraction(7, 10), Fraction(2, 5)), [Fraction(7, 3)] * (len(ORACLE[head][1][0]) - 1)
    value = ball(
        Apply(head, (X, *node(head, rest).args)),
        {"x": acb(*(arb(fmpq(p.numerator, p.denominator)) for p in place))},
    )
    with mp.workdps(DIGITS):
        z = mp.mpc(mp.mpf(7) / 10, mp.mpf(2) / 5)
        assert agree(value, mp.mpc(ORACLE[head][0](z, *[mp.mpf(7) / 3] * len(rest))))


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"\int_0^1 \operatorname{sech}(x) dx", r"2\arctan(e) - \frac{\pi}{2}"),
        (r"\int_1^2 \coth x dx", r"\ln(\sinh 2) - \ln(\sinh 1)"),
        (r"\int_0^{90} \sin(x^\circ) dx", r"\frac{180}{\pi}"),
    ],
)
def test_an_integral_of_any_meromorphic_function_is_worked_out(gold, pred):
    assert check(gold=gold, pred=pred).equivalent is True


# ---- how they are written ---------------------------------------------------------------------------------

WRITTEN = [row for row in OPERATORS if row.names]
OF_SEVERAL = heads(Trait.MANY) | {"binom"}
READ_AS = {"log": "log?"}
"""A head whose name, without a base, is read as another."""


def argument_list(head: str) -> tuple[str, tuple[Value, ...]]:
    return ("(x,y)", (X, Y)) if head in OF_SEVERAL else ("(x)", (X,))


def test_no_name_is_written_for_two_operators():
    names = [name for row in OPERATORS for name in row.names]
    assert sorted(names) == sorted(set(names))


def test_no_head_stands_in_two_rows():
    assert len(ROWS) == len(OPERATORS)


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.head)
def test_every_name_is_read_behind_a_backslash(row):
    written, arguments = argument_list(row.head)
    expected = Apply(READ_AS.get(row.head, row.head), arguments)
    for name in row.names:
        if name in ("binom", "sqrt"):  # commands with arguments in braces
            written = "{x}{y}" if name == "binom" else "{x}"
        assert parse(rf"\{name}{written}") == expected
        if name not in ("binom", "sqrt"):
            assert parse(rf"\operatorname{{{name}}}{written}") == expected


@pytest.mark.parametrize("row", [row for row in OPERATORS if row.plain], ids=lambda row: row.head)
def test_a_plain_name_is_read_without_a_backslash(row):
    written, arguments = argument_list(row.head)
    for name in row.plain.split():
        assert parse(f"{name}{written}") == Apply(READ_AS.get(row.head, row.head), arguments)


@pytest.mark.parametrize("row", [row for row in OPERATORS if row.latex], ids=lambda row: row.head)
def test_a_name_for_latex_only_is_no_function_in_plain_text(row):
    written, arguments = argument_list(row.head)
    for name in row.latex.split():
        try:
            assert parse(f"{name}{written}") != Apply(row.head, arguments)
        except UnreadableError:
            continue


@pytest.mark.parametrize("head", sorted(heads(Trait.TOUCHES)))
def test_an_argument_may_touch_the_name(head):
    expected = READ_AS.get(head, head)
    assert parse(f"2{head}theta") == Apply("*", (Num(2), Apply(expected, (Sym("theta"),))))
    if set(head) & set("aeio"):  # letters without a vowel are a product, as in `lnx`
        assert parse(f"{head}x") == Apply(expected, (X,))


@pytest.mark.parametrize("head", sorted(heads(Trait.ANGLE)))
def test_a_fraction_of_pi_is_an_angle(head):
    assert parse(rf"\{head}\pi/3") == Apply(head, (Apply("/", (Sym("pi"), Num(3))),))


@pytest.mark.parametrize("head", sorted(heads(Trait.NAMES)))
def test_what_names_itself_may_stand_before_the_answer(head):
    if head in ("norm", "floor", "ceil", "abs"):
        written = {"norm": r"\|v\|", "floor": r"\lfloor v\rfloor", "ceil": r"\lceil v\rceil", "abs": "|v|"}[
            head
        ]
    else:
        written = rf"\{head} A"
    assert check(gold=f"{written} = \\frac{{1}}{{2}}", pred="0.5").equivalent is True
    assert check(gold=f"{written} = \\frac{{1}}{{2}}", pred="0.4").equivalent is False


INVERTED = [row for row in OPERATORS if row.inverse]


@pytest.mark.parametrize("row", INVERTED, ids=lambda row: row.head)
def test_the_power_minus_one_of_a_function_is_its_inverse(row):
    name = row.plain.split()[0]
    assert parse(rf"\{name}^{{-1}} x") == Apply(row.inverse, (X,))
    for point in ORACLE[row.inverse][1]:
        there = node(row.inverse, point)
        assert close(ball(Apply(row.head, (there,))), ball(there.args[0])), point


def test_every_function_of_an_angle_and_every_hyperbolic_one_has_an_inverse():
    invertible = {row.head for row in OPERATORS if row.sympy in sympy_names(sympy.sin, sympy.sinh)}
    assert len(invertible) == 12
    assert {row.head for row in INVERTED} == invertible
    assert {ROWS[head].inverse for head in invertible} == {head for head in ROWS if head.startswith("arc")}


def sympy_names(*kinds: type) -> set[str]:
    """SymPy's own names of the functions of the kinds of two of them."""
    bases = tuple(kind.__mro__[1] for kind in kinds)
    return {
        name
        for name in dir(sympy)
        if isinstance(found := getattr(sympy, name), type) and issubclass(found, bases)
    }


# ---- SymPy -------------------------------------------------------------------------------------------------


def in_sympy(counterpart: object, arguments: list[sympy.Expr]) -> sympy.Expr:
    """What a counterpart stands for, read by itself."""
    if isinstance(counterpart, int):
        return arguments[counterpart]
    assert isinstance(counterpart, tuple)
    head, *parts = counterpart
    if head == "num":
        return sympy.Rational(parts[0])
    if head == "sym":
        return {"pi": sympy.pi}[parts[0]]
    inner = [in_sympy(part, arguments) for part in parts]
    if head in ("/", "neg"):
        return inner[0] / inner[1] if head == "/" else -inner[0]
    return getattr(sympy, ROWS[head].sympy)(*inner)


@pytest.mark.parametrize("head", [head for head in ORACLE if ROWS[head].sympy])
def test_sympys_counterpart_has_the_same_value(head):
    row = ROWS[head]
    for point in ORACLE[head][1]:
        arguments = [sympy.Rational(x.numerator, x.denominator) for x in point]
        if isinstance(row.sympy, str):
            expression = getattr(sympy, row.sympy)(*arguments)
        else:
            expression = in_sympy(row.sympy, arguments)
        value = sympy.N(expression, 45)
        parts = [arb(str(part)) for part in value.as_real_imag()]
        assert close(ball(node(head, point)), acb(*parts)), (head, point)


@pytest.mark.parametrize("head", [head for head in ORACLE if ROWS[head].formula])
def test_a_formula_holds_in_sympy_too(head):
    point = ORACLE[head][1][0]
    value = ROWS[head].formula(*[sympy.Rational(x.numerator, x.denominator) for x in point])
    expected = the_oracle(head, point)
    assert abs(float(value) - complex(expected)) < 1e-12


def test_every_operator_with_a_value_has_a_counterpart_in_sympy():
    without = {head for head in ORACLE if not ROWS[head].sympy and not ROWS[head].formula}
    assert without == {"root"}  # which is built from a power


@pytest.mark.skipif(find_spec("sympy") is None, reason="SymPy is not installed")
def test_a_tree_goes_through_sympys_process_and_means_the_same():
    asked = [(head, point) for head in ORACLE for point in ORACLE[head][1][:2]]
    jobs = [
        {"tree": [head, *(["num", f"{x.numerator}/{x.denominator}"] for x in point)]} for head, point in asked
    ]
    worker = Worker("answer_normalizers.symbolic.process:settle", deadline=60.0, memory=1 << 30)
    try:
        replies = worker.call(jobs, 50.0)
    finally:
        worker.stop()
    for (head, point), reply in zip(asked, replies, strict=True):
        assert reply is not None, (head, point)
        assert close(ball(from_wire(reply["tree"])), ball(node(head, point))), (head, point, reply)


def from_wire(wire: list) -> Value:
    head, *parts = wire
    if head == "num":
        return Num(fmpq(*map(int, (*parts[0].split("/"), "1")[:2])))
    return Sym(parts[0]) if head == "sym" else Apply(head, tuple(map(from_wire, parts)))


# ---- what drifted while each station had a table of its own ------------------------------------------------

KNOWN_EVERYWHERE = [
    (r"\coth^{-1}(2)", r"\frac{1}{2}\ln 3"),
    (r"\sech^{-1}\frac12", r"\ln(2+\sqrt3)"),
    (r"\csch^{-1}(1)", r"\ln(1+\sqrt2)"),
    (r"\operatorname{arsech}(\frac12)", r"\ln(2+\sqrt3)"),
    (r"\operatorname{arcoth}(2)", r"\frac12\ln 3"),
    (r"\operatorname{arcsch} x", r"\sinh^{-1}\frac1x"),
    ("acot(1)", r"\frac{\pi}{4}"),
    ("asec(2)", r"\frac{\pi}{3}"),
    ("acsc(2)", r"\frac{\pi}{6}"),
    (r"\operatorname{cosech} x", r"\frac{1}{\sinh x}"),
    (r"\cth x", r"\coth x"),
    ("sinhx", r"\frac{e^x-e^{-x}}{2}"),
    ("sechx", r"\frac{1}{\cosh x}"),
    (r"\arg(1+i)", r"\frac{\pi}{4}"),
    (r"\operatornamewithlimits{lcm}(4,6)", "12"),
]


@pytest.mark.parametrize(("gold", "pred"), KNOWN_EVERYWHERE)
def test_a_function_is_known_to_the_lexer_and_to_the_arithmetic(gold, pred):
    assert check(gold=gold, pred=pred).equivalent is True
    assert check(gold=gold, pred=f"{pred} + 1").equivalent is False


def test_the_degree_of_a_polynomial_is_no_angle():
    assert check(gold=r"\deg f", pred=r"\frac{\pi f}{180}").equivalent is None
    assert check(gold=r"\deg f", pred=r"\deg f").equivalent is True
    assert check(gold=r"45^\circ", pred=r"\frac{\pi}{4}").equivalent is True


def test_a_logarithm_without_a_base_has_the_domain_of_one_with_a_base():
    assert check(gold=r"\log 0", pred="-5").equivalent is None
    assert check(gold=r"\log_{10} 0", pred="-5").equivalent is None


# ---- one place ---------------------------------------------------------------------------------------------


def _constants(path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


KNOWN_BY_NAME = {
    *("sqrt", "log", "mod"),  # forms: their value depends on how they are written
    "abs",  # sets of reals are cut where it has kinks
    "det",  # worked out on matrices
}


@pytest.mark.parametrize("package", ["arithmetic", "symbolic", "equivalence"])
def test_no_function_is_named_outside_the_table(package):
    functions = {row.head for row in OPERATORS if row.names and row.traits} - KNOWN_BY_NAME
    for path in sorted((REPO / "answer_normalizers" / package).glob("*.py")):
        named = functions & _constants(path)
        if path.name == "process.py":
            named -= {"factorial"}  # what SymPy's gamma function comes back as
        assert not named, f"{path.name} knows {sorted(named)}: give {package} a trait of the row instead"


def test_every_head_that_the_code_makes_has_a_row():
    made = set()
    for path in sorted((REPO / "answer_normalizers").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Apply" and call.args:
                heads_made = [n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)]
                made |= {head for head in heads_made if isinstance(head, str)}
    assert len(made) > 20
    assert made - {"±"} <= set(ROWS)


VERSIN = """
    Operator(
        "versin", "versin vers", ball=lambda a: 1 - a.cos(), cost=FUNCTION, traits=_TRIGONOMETRIC,
        sympy=("+", ("num", "1"), ("neg", ("cos", 0))),
    ),
)
# fmt: on
"""
USES_OF_VERSIN = r"""
from answer_normalizers import check
from answer_normalizers.symbolic.last_resort import LastResort

def equal(gold, pred):
    return check(gold=gold, pred=pred).equivalent

if __name__ == "__main__":
    assert equal(r"\operatorname{versin}(\frac{\pi}{3})", r"\frac{1}{2}") is True
    assert equal(r"\versin\pi/3", "0.5") is True
    assert equal(r"\vers x + \cos x", "1") is True
    assert equal("versinx", r"2\sin^2\frac{x}{2}") is True
    assert equal("versinx", r"2\sin^2 x") is False
    assert equal(r"\versin A = \frac{1}{2}", "0.5") is True
    assert equal(r"\int_0^\pi \versin x dx", r"\pi") is True
    last_resort = LastResort(deadline=60.0)
    verdict = last_resort(gold=r"\lim_{x \to 0} \frac{\versin x}{x^2}", pred=r"\frac{1}{2}")
    last_resort.stop()
    assert (verdict.equivalent, verdict.stage) == (True, "symbolic"), verdict
    print("known everywhere")
"""


def test_a_new_function_is_one_row_in_one_file(tmp_path):
    shutil.copytree(REPO / "answer_normalizers", tmp_path / "answer_normalizers")
    table = tmp_path / "answer_normalizers" / "tree" / "operators.py"
    text = table.read_text(encoding="utf-8")
    changed = re.sub(r"\n\)\n# fmt: on\n", lambda _: VERSIN, text, count=1)
    assert changed != text
    table.write_text(changed, encoding="utf-8")
    (tmp_path / "uses.py").write_text(USES_OF_VERSIN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "uses.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout == "known everywhere\n", done.stderr
