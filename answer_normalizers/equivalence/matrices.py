"""Comparing matrices and vectors."""

from __future__ import annotations

from answer_normalizers.arithmetic.matrices import as_matrix, as_vector
from answer_normalizers.equivalence.asking import Ask, in_order
from answer_normalizers.tree.nodes import Items, Matrix, Num, Sequence, Sym, Value
from answer_normalizers.verdict import Verdict, different, undecided


def compare_matrices(gold: Value, pred: Value, ask: Ask) -> Verdict:
    """Two answers of which one is a matrix, or an expression in matrices."""
    left, right = as_matrix(gold), as_matrix(pred)
    if type(left) is Matrix and type(right) is Matrix:
        if len(left.rows) != len(right.rows) or len(left.rows[0]) != len(right.rows[0]):
            return different("structure", "the matrices have different shapes")
        return in_order(
            tuple(cell for row in left.rows for cell in row),
            tuple(cell for row in right.rows for cell in row),
            ask,
        )
    for one, other, flipped in ((left, pred, False), (right, gold, True)):
        if type(one) is Matrix and type(other) in (Sequence, Items):
            vector = as_vector(one)
            if (
                vector is None
                or ask.policy.vectors == "same_kind"
                or (type(other) is Sequence and other.opener + other.closer in ("[)", "(]"))
            ):
                return different("type", "a matrix is never a point")
            items = other.items  # type: ignore[union-attr]
            return in_order(items, vector, ask) if flipped else in_order(vector, items, ask)
        if type(one) is Matrix and other == Sym("I"):
            return _identity(one, ask)
    if left is not None and right is not None:
        return (
            ask(left, right)
            if (left, right) != (gold, pred)
            else different("type", "a matrix is never a number")
        )
    if left is None and right is None:
        return undecided("structure", "matrix expressions that could not be worked out")
    return undecided("structure", "a matrix expression that could not be worked out")


def _identity(matrix: Matrix, ask: Ask) -> Verdict:
    size = len(matrix.rows)
    if any(len(row) != size for row in matrix.rows):
        return different("structure", "not a square matrix")
    cells = tuple(cell for row in matrix.rows for cell in row)
    unit = tuple(Num(int(i == j)) for i in range(size) for j in range(size))
    return in_order(cells, unit, ask)
