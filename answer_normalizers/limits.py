"""Every resource limit of the engine, by name, and the allowance of work that one check may spend.

Beyond one of them a check is undecided, never slow. They are set so that the dearest check within them costs
a few milliseconds.

>>> with limited_work():
...     current_work().left = 0
...     current_work() is current_work()
True
"""

from __future__ import annotations

from contextvars import ContextVar

MAX_CHARACTERS = 10_000
"""Longer answers are compared as strings and plain numbers only."""

MAX_TOKENS = 6_000
"""Tokens of one answer, after lexing."""

MAX_DEPTH = 40
"""Nested groups, fractions, scripts and function arguments. About eight Python frames each."""

MAX_OPEN_BRACKETS = 400
"""Brackets that may be open at once, which a lexer sees long before a parser would."""

MAX_PROSE_CHARACTERS = 400
"""Longer answers are not searched for mathematics between words."""

MAX_TEXT_DEPTH = 6
"""Text commands and accents inside one another."""

MAX_NUMBER_DIGITS = 4_000
"""Digits of a literal that is turned into a number, and decimal exponent of a literal kept exact."""

MAX_EXACT_BITS = 100_000
"""Bits of any intermediate value of exact rational arithmetic."""

MAX_FACTORIAL = 10_000
"""Largest n whose factorial is computed exactly; larger ones go through the gamma function."""

MAX_MAGNITUDE_BITS = 1 << 40
"""A power or exponential whose result would have a binary exponent beyond this is not evaluated."""

MAX_SUM_TERMS = 400
"""Terms of a finite sum or product that is evaluated term by term."""

MAX_NESTED_TERMS = 40
"""The same for a sum or product of sums or products, where it is evaluated exactly."""

MAX_WORK = 8_000
"""Ball arithmetic that one check may cost: nodes visited, sums unrolled, functions counted by what they take
at the precision in force. A unit is about a microsecond."""

MAX_PAIRINGS = 2_500
"""Comparisons spent on matching two unordered lists whose items are not plain rationals."""

MAX_RELATION_PAIRINGS = 36
"""The same for lists of equations, whose comparison costs a hundred times as much."""

MAX_MATRIX_CELLS = 2_000
"""Cells of a matrix, and of a product of matrices."""

MAX_DETERMINANT = 6
"""Largest order of a determinant that is expanded symbolically."""

MAX_DEGREE = 60
"""Degree of a polynomial whose roots are isolated."""

MAX_INTEGRAND_EVALUATIONS = 60
"""Evaluations of an integrand spent on one numeric integral."""


# ---- The work of one check, which all its evaluations draw on together


class ExhaustedError(ArithmeticError):
    """The check has cost all the work it may. Not to be taken for a value that does not exist."""


class Work:
    """What is left of the work that one check may cost."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_WORK


_WORK: ContextVar[Work | None] = ContextVar("work", default=None)
"""The work of the check that runs in this thread or task; a context variable, since every rule of comparison
evaluates something and none of them has to know."""


class limited_work:  # noqa: N801 - used like the context manager it is, without the cost of a generator
    """Grant the evaluations within one allowance together; beyond it they raise `ExhaustedError`."""

    __slots__ = ("token",)

    def __enter__(self) -> None:
        self.token = _WORK.set(Work())

    def __exit__(self, *_: object) -> None:
        _WORK.reset(self.token)


def current_work() -> Work:
    """The allowance of the check that runs here; one of its own outside any check."""
    return _WORK.get() or Work()
