"""The exact value of a tree over the rationals, against Python's fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.limits import MAX_EXACT_BITS, MAX_NESTED_TERMS, MAX_SUM_TERMS
from answer_normalizers.tree.nodes import Apply, Num, Sequence, Sym, Text, Value
from tests.answer_normalizers.answers import value

K, N, X = Sym("k"), Sym("n"), Sym("x")


def fraction(number: int | fmpq | None) -> Fraction | None:
    if number is None:
        return None
    return Fraction(number) if isinstance(number, int) else Fraction(int(number.p), int(number.q))


OPERATIONS = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}
NUMBERS = st.fractions(min_value=-9, max_value=9, max_denominator=7)
TREES: st.SearchStrategy[tuple[Value, Fraction | None]] = st.recursive(
    NUMBERS.map(lambda f: (Num(fmpq(f.numerator, f.denominator)), f)),
    lambda parts: st.tuples(st.sampled_from(sorted(OPERATIONS)), parts, parts).map(
        lambda t: (Apply(t[0], (t[1][0], t[2][0])), applied(t[0], t[1][1], t[2][1]))
    ),
    max_leaves=6,
)


def applied(head: str, a: Fraction | None, b: Fraction | None) -> Fraction | None:
    if a is None or b is None or (head == "/" and b == 0):
        return None
    return OPERATIONS[head](a, b)


@settings(max_examples=40)
@given(TREES)
def test_a_tree_of_numbers_has_the_value_that_fractions_have(pair):
    tree, expected = pair
    assert fraction(rational(tree)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10!/(3!7!)", Fraction(120)),
        (r"\frac{1}{0}", None),
        (r"0^{-1}", None),
        (r"\frac{1}{\frac{1}{2}-\frac{1}{2}}", None),
        ("x", None),
        ("x+1", None),
        (r"\sqrt{\frac{4}{9}}", Fraction(2, 3)),
        (r"\sqrt 2", None),
        (r"\pi", None),
        (r"\sin 0", None),
        (r"\sum_{k=1}^{4} k^2", Fraction(30)),
        (r"\sum_{k=3}^{3} k", Fraction(3)),
        (r"\sum_{k=4}^{3} k", Fraction(0)),
        (r"\prod_{k=1}^{5} k", Fraction(120)),
        (r"\prod_{k=4}^{3} k", Fraction(1)),
        (r"\prod_{k=2}^{4} \frac{k-1}{k}", Fraction(1, 4)),
        (r"\sum_{k=0}^{3} \frac{1}{2^k}", Fraction(15, 8)),
        (r"\sum_{k=-1}^{1} \frac{1}{k}", None),
        (r"\sum_{k=1}^{n} k", None),
        (r"\sum_{k=m}^{4} k", None),
        (r"\sum_{k=1}^{\frac{5}{2}} k", None),
        (r"\sum_{k=\frac12}^{3} k", None),
        (r"\sum_{k=1}^{3} x", None),
        (r"\sum_{k=1}^{\infty} \frac{1}{k^2}", None),
        (r"\sum_{i=1}^{3}\sum_{j=1}^{i} j", Fraction(10)),
        (r"\int_0^1 x dx", None),
    ],
)
def test_the_exact_value_of_an_expression(text, expected):
    assert fraction(rational(value(text))) == expected


def test_a_whole_number_is_an_int_and_no_quotient():
    assert type(rational(value(r"\frac12+\frac12"))) is int
    assert type(rational(value(r"\sum_{k=1}^{2}\frac{k}{3}"))) is int
    assert type(rational(value(r"\prod_{k=1}^{2}\frac{1}{k}"))) is fmpq


def test_variables_take_their_values_from_the_environment():
    tree = value(r"\frac{x+1}{y}")
    assert rational(tree, {"x": 2, "y": fmpq(1, 2)}) == 6
    assert rational(tree, {"x": 2}) is None
    assert rational(tree, {"x": 2, "y": 0}) is None
    assert rational(tree, {}) is None
    assert rational(X, {"x": 7}) == 7
    assert rational(value(r"\sum_{k=1}^{n} (k+a)"), {"n": 3, "a": 10}) == 36


def test_the_index_of_a_sum_hides_a_variable_of_its_name_and_nothing_else_does():
    given = {"k": 100, "n": 2}
    tree = Apply("+", (Apply("sum", (K, Num(1), N, K)), K))
    assert rational(tree, given) == 103
    assert given == {"k": 100, "n": 2}


def test_what_is_no_scalar_has_no_exact_value():
    assert rational(Text("one")) is None
    assert rational(Sequence("(", ")", (Num(1), Num(2)))) is None
    assert rational(Apply("sum", (Num(1), Num(1), Num(2), K))) is None
    assert rational(Apply("unheard-of", (Num(1),))) is None


def total_of(first: int, last: int, term: Value, head: str = "sum") -> Apply:
    return Apply(head, (K, Num(first), Num(last), term))


def test_a_sum_has_so_many_terms_and_no_more():
    assert rational(total_of(1, MAX_SUM_TERMS, Num(1))) == MAX_SUM_TERMS
    assert rational(total_of(1, MAX_SUM_TERMS + 1, Num(1))) is None
    assert rational(total_of(0, MAX_SUM_TERMS - 1, K)) == MAX_SUM_TERMS * (MAX_SUM_TERMS - 1) // 2


@pytest.mark.parametrize("inner", ["sum", "prod"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_sum_of_sums_has_fewer(inner, wrapped):
    term: Value = Apply(inner, (Sym("j"), Num(1), Num(1), Num(1)))
    term = Apply("*", (term, Num(1))) if wrapped else term
    assert rational(total_of(1, MAX_NESTED_TERMS, term)) == MAX_NESTED_TERMS
    assert rational(total_of(1, MAX_NESTED_TERMS + 1, term)) is None


def test_an_intermediate_value_beyond_the_limit_on_bits_ends_it():
    below, beyond = 2 ** (MAX_EXACT_BITS - 1), 2**MAX_EXACT_BITS
    assert rational(total_of(1, 1, Num(below))) == below
    assert rational(total_of(1, 1, Num(beyond))) is None
    assert rational(total_of(1, 2, Num(below))) is None
    assert rational(total_of(1, 2, Apply("*", (Num(below), Apply("^", (Num(-1), K)))))) == 0
    # passed on the way, though the whole is small again
    there_and_back = Apply("*", (Num(beyond - 1), Apply("^", (Num(-1), K))))
    assert rational(total_of(1, 2, there_and_back)) == 0
    assert rational(total_of(1, 2, Num(beyond - 1), "prod")) is None


@given(st.integers(-5, 8), st.integers(-5, 8), st.integers(-3, 3))
def test_sums_and_products_are_those_of_python(first, last, offset):
    term = Apply("+", (K, Num(offset)))
    numbers = [k + offset for k in range(first, last + 1)]
    assert rational(total_of(first, last, term)) == sum(numbers)
    assert rational(total_of(first, last, term, "prod")) == math.prod(numbers)
