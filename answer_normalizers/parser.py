r"""From a normalised answer to the typed tree: LaTeX, plain mathematics and malformed variants of both.

    >>> parse(r"\frac{1}{2}+x").args
    (Num(value=1/2, digits=0, places=0), Sym(name='x'))

A Pratt parser, written by hand: a generated one costs milliseconds an answer. Malformed LaTeX is repaired
where one reading exists: a closing bracket missing at the end, a stray one at the end, `\frac12`, `\sqrt3`.
"""

from __future__ import annotations

from answer_normalizers.calls import Calls
from answer_normalizers.lexer import tokenize
from answer_normalizers.values import Value


def parse(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Value:
    """Read a normalised answer. Raises `UnreadableError` where it is not mathematics."""
    return Calls(tokenize(text, split_thousands=split_thousands, plain_exponent=plain_exponent)).answer()
