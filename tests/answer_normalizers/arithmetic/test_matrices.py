"""Matrices worked out on trees, against SymPy's."""

from __future__ import annotations

from collections.abc import Sequence as Rows

import pytest
import sympy
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.arithmetic.matrices import as_matrix, as_vector, vector_expression
from answer_normalizers.limits import MAX_DETERMINANT, MAX_MATRIX_CELLS
from answer_normalizers.tree.nodes import Apply, Matrix, Num, Sequence, Sym, Text, Value
from tests.answer_normalizers.answers import value

A = ((1, 2), (3, 4))
B = ((0, 5), (6, 7))
WIDE = ((1, 2, 3), (4, 5, 6))
TALL = ((1, 2), (3, 4), (5, 6))
CUBE = ((2, 0, 1), (1, 3, -1), (4, 5, 6))


def matrix(rows: Rows[Rows[int]]) -> Matrix:
    return Matrix(tuple(tuple(Num(c) for c in row) for row in rows))


def numbers(tree: Value | None) -> object:
    """What was worked out, as SymPy has it; None for nothing."""
    if tree is None:
        return None
    if type(tree) is Matrix:
        return sympy.Matrix([[numbers(c) for c in row] for row in tree.rows])
    found = rational(tree)
    assert found is not None, tree
    return sympy.Rational(str(fmpq(found)))


S = sympy.Matrix
M = matrix


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (Apply("+", (M(A), M(B))), S(A) + S(B)),
        (Apply("+", (M(A), M(B), M(A))), 2 * S(A) + S(B)),
        (Apply("+", (M(A), Apply("neg", (M(B),)))), S(A) - S(B)),
        (Apply("+", (M(((1, 2),)), M(((3, 4),)))), S([[4, 6]])),
        (Apply("+", (M(((1,), (2,))), M(((3,), (4,))))), S([[4], [6]])),
        (Apply("+", (M(((1, 2),)), M(((3, 4, 5),)))), None),
        (Apply("+", (M(A), M(WIDE))), None),
        (Apply("+", (M(A), M(TALL))), None),
        (Apply("+", (M(A), Num(1))), None),
        (Apply("+", (Num(1), M(A))), None),
        (Apply("+", (M(A), Num(1), M(B))), None),
        (Apply("*", (M(A), M(B))), S(A) * S(B)),
        (Apply("*", (M(B), M(A))), S(B) * S(A)),
        (Apply("*", (M(WIDE), M(TALL))), S(WIDE) * S(TALL)),
        (Apply("*", (M(TALL), M(WIDE))), S(TALL) * S(WIDE)),
        (Apply("*", (M(WIDE), M(WIDE))), None),
        (Apply("*", (M(A), M(TALL))), None),
        (Apply("*", (Num(3), M(A))), 3 * S(A)),
        (Apply("*", (M(A), Num(3))), 3 * S(A)),
        (Apply("*", (Num(2), Num(3), M(A))), 6 * S(A)),
        (Apply("*", (M(A), M(B), M(A))), S(A) * S(B) * S(A)),
        (Apply("*", (M(((2,),)), M(((5,),)))), S([[10]])),
        (Apply("*", (M(((2, 3),)), M(((5,), (7,))))), S([[31]])),
        (Apply("neg", (M(A),)), -S(A)),
        (Apply("/", (M(A), Num(2))), S(A) / 2),
        (Apply("/", (M(A), M(B))), None),
        (Apply("/", (Num(1), M(B))), None),
        (Apply("inv", (M(A),)), None),
        (Apply("^", (M(A), Num(1))), S(A)),
        (Apply("^", (M(A), Num(2))), S(A) ** 2),
        (Apply("^", (M(A), Num(3))), S(A) ** 3),
        (Apply("^", (M(A), Num(16))), S(A) ** 16),
        (Apply("^", (M(A), Num(17))), None),
        (Apply("^", (M(A), Num(0))), None),
        (Apply("^", (M(A), Num(-2))), None),
        (Apply("^", (M(A), Num(fmpq(1, 2)))), None),
        (Apply("^", (M(A), Sym("n"))), None),
        (Apply("^", (M(WIDE), Num(2))), None),
        (Apply("^", (M(A), Num(-1))), S(A).inv()),
        (Apply("^", (M(CUBE), Num(-1))), S(CUBE).inv()),
        (Apply("^", (M(((4,),)), Num(-1))), S([[sympy.Rational(1, 4)]])),
        (Apply("^", (M(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))), Num(-1))), None),
        (Apply("^", (M(WIDE), Num(-1))), None),
        (Apply("^", (M(A), Sym("T"))), S(A).T),
        (Apply("^", (M(WIDE), Sym("t"))), S(WIDE).T),
        (Apply("^", (Apply("+", (M(A), M(B))), Num(2))), (S(A) + S(B)) ** 2),
        (Apply("^", (Apply("+", (M(A), Num(1))), Num(2))), None),
        (Apply("det", (M(A),)), -2),
        (Apply("det", (M(CUBE),)), S(CUBE).det()),
        (Apply("det", (M(((7,),)),)), 7),
        (Apply("det", (M(WIDE),)), None),
        (Apply("det", (Num(3),)), None),
        (Apply("det", (Apply("*", (M(A), M(B))),)), S(A).det() * S(B).det()),
        (Apply("*", (Apply("det", (M(A),)), M(B))), -2 * S(B)),
        (Apply("+", (Apply("det", (M(A),)), Num(5))), 3),
        (Apply("neg", (Apply("det", (M(A),)),)), 2),
        (Apply("neg", (Apply("det", (M(WIDE),)),)), None),
        (Apply("inv", (Apply("det", (M(A),)),)), sympy.Rational(-1, 2)),
        (Apply("*", (Apply("inv", (Apply("det", (M(A),)),)), M(B))), S(B) / -2),
        (Apply("/", (M(A), Apply("det", (M(A),)))), S(A) / -2),
        (Apply("sin", (M(A),)), None),
        (Sequence("[", "]", tuple(Sequence("[", "]", tuple(map(Num, row))) for row in A)), S(A)),
        (Sequence("(", ")", tuple(Sequence("(", ")", tuple(map(Num, row))) for row in A)), S(A)),
        (Sequence("<", ">", (Sequence("[", "]", (Num(1),)), Sequence("[", "]", (Num(3),)))), None),
        (Sequence("[", "]", (Sequence("[", "]", (Num(1),)), Sequence("[", "]", (Num(3), Num(4))))), None),
        (Sequence("[", "]", (Sequence("[", "]", (Num(1), Num(2))), Num(3))), None),
        (Sequence("[", "]", (Num(1), Num(2))), None),
        (Num(5), 5),
        (Apply("+", (Num(5), Num(2))), 7),
        (Text("one"), None),
        (Matrix(((Apply("det", (M(A),)), Num(1)),)), S([[-2, 1]])),
    ],
    ids=str,
)  # fmt: skip
def test_what_an_expression_in_matrices_is(tree, expected):
    found = numbers(as_matrix(tree))
    assert found == (S(expected) if isinstance(expected, sympy.MatrixBase) else expected)


def test_scalars_and_letters_stay_as_they_are():
    for tree in (Num(5), Sym("x"), value("x+1"), value("x^2")):
        assert as_matrix(tree) is tree
    assert as_matrix(Matrix(((Sym("x"), value("x+1")),))) == Matrix(((Sym("x"), value("x+1")),))
    unclear = Apply("sin", (M(A),))
    assert as_matrix(Matrix(((unclear,),))) == Matrix(((unclear,),))
    assert as_matrix(Apply("neg", (Matrix(((Sym("x"), value("-x")),)),))) == Matrix(
        ((Apply("neg", (Sym("x"),)), Sym("x")),)
    )


def test_a_product_of_single_cells_is_a_product_and_no_sum():
    assert as_matrix(Apply("*", (M(((2,),)), M(((5,),))))) == Matrix(((Apply("*", (Num(2), Num(5))),),))


def test_powers_of_matrices_with_letters_are_left():
    letters = Matrix(((Sym("x"), Num(1)), (Num(0), Num(1))))
    assert as_matrix(Apply("^", (letters, Num(1)))) == letters
    assert as_matrix(Apply("^", (letters, Num(2)))) is None
    inverse = as_matrix(Apply("^", (letters, Num(-1))))
    assert isinstance(inverse, Matrix)
    assert [[rational(c, {"x": 4}) for c in row] for row in inverse.rows] == [
        [fmpq(1, 4), fmpq(-1, 4)],
        [0, 1],
    ]


def test_determinants_are_expanded_up_to_a_stated_order():
    def unit(order: int) -> Matrix:
        return matrix([[int(i == j) * (i + 2) for j in range(order)] for i in range(order)])

    below = rational(as_matrix(Apply("det", (unit(MAX_DETERMINANT),))))  # type: ignore[arg-type]
    assert below == 2 * 3 * 4 * 5 * 6 * 7
    assert as_matrix(Apply("det", (unit(MAX_DETERMINANT + 1),))) is None


def test_products_have_so_many_terms_and_no_more():
    def long(count: int) -> Apply:
        return Apply("*", (matrix([[1] * count]), matrix([[1]] * count)))

    assert numbers(as_matrix(long(MAX_MATRIX_CELLS))) == S([[MAX_MATRIX_CELLS]])
    assert as_matrix(long(MAX_MATRIX_CELLS + 1)) is None
    assert as_matrix(Apply("*", (matrix([[1] * 20] * 10), matrix([[1] * 10] * 20)))) is not None
    assert as_matrix(Apply("*", (matrix([[1] * 20] * 10), matrix([[1] * 11] * 20)))) is None


def test_a_row_or_a_column_is_a_vector():
    assert as_vector(matrix([[1, 2, 3]])) == (Num(1), Num(2), Num(3))
    assert as_vector(matrix([[1], [2]])) == (Num(1), Num(2))
    assert as_vector(matrix([[5]])) == (Num(5),)
    assert as_vector(matrix([[1, 2], [3, 4]])) is None
    assert as_vector(Num(5)) is None
    assert as_vector(Matrix(((Num(1),), (Num(1), Num(2))))) is None


def test_components_are_multiples_of_basis_vectors_where_the_other_answer_has_them():
    i, j, k = (Sym(f"vec {name}") for name in "ijk")
    three = Sequence("(", ")", (Num(3), Num(4), Num(5)))
    assert vector_expression(three, i) == Apply(
        "+", tuple(Apply("*", (Num(n), unit)) for n, unit in ((3, i), (4, j), (5, k)))
    )
    two = Sequence("(", ")", (Num(3), Num(4)))
    assert vector_expression(two, Apply("neg", (j,))) == Apply(
        "+", (Apply("*", (Num(3), i)), Apply("*", (Num(4), j)))
    )
    assert vector_expression(two, k) is not None
    assert vector_expression(two, Sym("x")) is None
    assert vector_expression(two, Sym("i")) is None
    assert vector_expression(Sequence("(", ")", (Num(3),)), i) is None
    assert vector_expression(Sequence("(", ")", (Num(3),) * 4), i) is None


CELLS = st.integers(-4, 4)
SQUARES = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=n, max_size=n)
)


@settings(max_examples=40)
@given(SQUARES)
def test_determinant_and_inverse_are_sympys(rows):
    assert numbers(as_matrix(Apply("det", (matrix(rows),)))) == S(rows).det()
    if S(rows).det() != 0:
        assert numbers(as_matrix(Apply("^", (matrix(rows), Num(-1))))) == S(rows).inv()
