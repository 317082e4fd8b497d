"""Matrices and vectors: sums, products, powers and determinants worked out on trees."""

from __future__ import annotations

from collections.abc import Callable

from answer_normalizers.arithmetic.exact import rational
from answer_normalizers.limits import MAX_DETERMINANT, MAX_MATRIX_CELLS
from answer_normalizers.tree.nodes import Apply, Matrix, Num, Sequence, Sym, Value, free_symbols, negate

Rows = tuple[tuple[Value, ...], ...]
_BASIS = ("vec i", "vec j", "vec k")
_MAX_POWER = 16
_MAX_INVERSE = 3


def as_vector(value: Value) -> tuple[Value, ...] | None:
    """The components of a row or column matrix, or None."""
    if type(value) is not Matrix:
        return None
    if len(value.rows) == 1:
        return value.rows[0]
    if all(len(row) == 1 for row in value.rows):
        return tuple(row[0] for row in value.rows)
    return None


def vector_expression(vector: Sequence, other: Value) -> Value | None:
    """`(3, 4)` as `3 i + 4 j`, where the other answer is written in basis vectors; else None."""
    if len(vector.items) not in (2, 3) or not any(name in free_symbols(other) for name in _BASIS):
        return None
    return Apply(
        "+", tuple(Apply("*", (c, Sym(name))) for c, name in zip(vector.items, _BASIS, strict=False))
    )


def as_matrix(value: Value) -> Value | None:
    """A matrix or scalar tree with its matrix operations worked out; None where that is not possible."""
    if isinstance(value, Matrix):
        return Matrix(tuple(tuple(_cell(c) for c in row) for row in value.rows))
    if isinstance(value, Sequence):
        return _from_rows(value)
    if isinstance(value, Apply):
        return _worked_out(value)
    return value if isinstance(value, Num | Sym) else None


def _cell(value: Value) -> Value:
    if holds_matrix(value):
        worked = as_matrix(value)
        return worked if worked is not None else value
    return value


def holds_matrix(value: Value) -> bool:
    """Whether matrices are what is calculated with; one in a set or a point is not."""
    return type(value) is Matrix or (type(value) is Apply and any(holds_matrix(a) for a in value.args))


def _from_rows(value: Sequence) -> Matrix | None:
    """`[[1, 2], [3, 4]]`: a matrix by its rows."""
    rows = [row.items for row in value.items if type(row) is Sequence]
    whole = value.opener in "[(" and len(rows) == len(value.items) and len({len(row) for row in rows}) == 1
    return Matrix(tuple(rows)) if whole else None


def _worked_out(node: Apply) -> Value | None:
    """An operation on matrices; one on scalars stays as it is."""
    head, args = node.head, node.args
    if head == "det":
        inner = as_matrix(args[0])
        return _determinant(inner.rows) if type(inner) is Matrix and _square(inner) else None
    if head == "^" and holds_matrix(args[0]):
        return _matrix_power(args[0], args[1])
    if not holds_matrix(node):
        return node
    parts: list[Value] = []
    for argument in args:
        part = as_matrix(argument)
        if part is None:
            return None
        parts.append(part)
    match head, parts:
        case "+", _:
            return _fold(parts, _sum)
        case "*", _:
            return _fold(parts, _product)
        case "neg", [Matrix(rows=rows)]:
            return Matrix(tuple(tuple(negate(c) for c in row) for row in rows))
        case "neg", [scalar]:
            return negate(scalar)
        case "/", [above, below] if type(below) is not Matrix:
            return _product(above, Apply("inv", (below,)))
        case "inv", [scalar] if type(scalar) is not Matrix:
            return Apply("inv", (scalar,))
        case _:
            return None


def _fold(parts: list[Value], join: Callable[[Value, Value], Value | None]) -> Value | None:
    total: Value | None = parts[0]
    for part in parts[1:]:
        if total is None:
            return None
        total = join(total, part)
    return total


def _square(matrix: Matrix) -> bool:
    return len(matrix.rows) == len(matrix.rows[0])


def _sum(a: Value, b: Value) -> Value | None:
    if type(a) is Matrix and type(b) is Matrix:
        if len(a.rows) != len(b.rows) or len(a.rows[0]) != len(b.rows[0]):
            return None
        return Matrix(
            tuple(
                tuple(Apply("+", pair) for pair in zip(one, two, strict=True))
                for one, two in zip(a.rows, b.rows, strict=True)
            )
        )
    return None if type(a) is Matrix or type(b) is Matrix else Apply("+", (a, b))


def _product(a: Value, b: Value) -> Value | None:
    if type(a) is Matrix and type(b) is Matrix:
        if len(a.rows[0]) != len(b.rows) or len(a.rows) * len(b.rows[0]) * len(b.rows) > MAX_MATRIX_CELLS:
            return None
        columns = list(zip(*b.rows, strict=True))
        return Matrix(tuple(tuple(_inner_product(row, column) for column in columns) for row in a.rows))
    if type(a) is Matrix:
        return Matrix(tuple(tuple(Apply("*", (b, c)) for c in row) for row in a.rows))
    if type(b) is Matrix:
        return Matrix(tuple(tuple(Apply("*", (a, c)) for c in row) for row in b.rows))
    return Apply("*", (a, b))


def _inner_product(row: tuple[Value, ...], column: tuple[Value, ...]) -> Value:
    terms = tuple(Apply("*", pair) for pair in zip(row, column, strict=True))
    return Apply("+", terms) if len(terms) > 1 else terms[0]


def _matrix_power(base: Value, exponent: Value) -> Value | None:
    matrix = as_matrix(base)
    if type(matrix) is not Matrix:
        return None
    if exponent == Sym("T") or exponent == Sym("t"):
        return Matrix(tuple(zip(*matrix.rows, strict=True)))
    power = rational(exponent)
    if type(power) is not int or not _square(matrix):
        return None
    if power == -1:
        return _inverse(matrix)
    if not 1 <= power <= _MAX_POWER:
        return None
    total: Value | None = matrix
    for _ in range(power - 1):
        if type(total) is not Matrix:
            return None
        total = _exactly(_product(total, matrix))
    return total


def _exactly(value: Value | None) -> Value | None:
    """Cells replaced by their exact values, so that products do not grow."""
    if type(value) is not Matrix:
        return value
    rows = []
    for row in value.rows:
        cells = [rational(c) for c in row]
        if any(c is None for c in cells):
            return None
        rows.append(tuple(Num(c) for c in cells if c is not None))
    return Matrix(tuple(rows))


def _determinant(rows: Rows) -> Value | None:
    """The determinant by its first row."""
    if len(rows) > MAX_DETERMINANT:
        return None
    if len(rows) == 1:
        return rows[0][0]
    terms: list[Value] = []
    for column, cell in enumerate(rows[0]):
        minor = _determinant(_without(rows, 0, column))
        if minor is None:
            return None
        term = Apply("*", (cell, minor))
        terms.append(term if column % 2 == 0 else Apply("neg", (term,)))
    return Apply("+", tuple(terms))


def _without(rows: Rows, row: int, column: int) -> Rows:
    """A matrix without one row and one column."""
    return tuple(
        tuple(cell for k, cell in enumerate(cells) if k != column) for n, cells in enumerate(rows) if n != row
    )


def _inverse(matrix: Matrix) -> Value | None:
    """The inverse by cofactors, for matrices up to order 3."""
    size = len(matrix.rows)
    if size > _MAX_INVERSE:
        return None
    determinant = _determinant(matrix.rows)
    if determinant is None:
        return None
    if size == 1:
        return Matrix(((Apply("inv", (matrix.rows[0][0],)),),))
    rows = []
    for i in range(size):
        row = []
        for j in range(size):
            minor = _determinant(_without(matrix.rows, j, i))
            if minor is None:
                return None
            cofactor = minor if (i + j) % 2 == 0 else Apply("neg", (minor,))
            row.append(Apply("/", (cofactor, determinant)))
        rows.append(tuple(row))
    return Matrix(tuple(rows))
