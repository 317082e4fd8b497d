r"""Which answers are sets of real numbers, as far as their structure shows it.

>>> from answer_normalizers.parsing.reading import read
>>> is_set_like(read(r"(1, \infty)").value)
True
>>> is_set_like(read("(1, 2)").value), may_be_set(read("(1, 2)").value)
(False, True)
"""

from __future__ import annotations

from answer_normalizers.tree.nodes import (
    INFINITY,
    REALS,
    Apply,
    Builder,
    Logic,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Value,
)

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""Each inequality sign as it stands where the sides change places."""
_CONDITIONS = frozenset({"<", ">", "<=", ">=", "!=", "in", "notin"})


def is_set_like(value: Value) -> bool:
    """Whether a value can only be a set of reals: an interval with unlike or infinite ends, a union, a
    condition."""
    kind = type(value)
    if kind in (SetOp, Builder, Logic):
        return True
    if type(value) is Relation:
        return not _CONDITIONS.isdisjoint(value.ops)
    if type(value) is Sequence and len(value.items) == 2:
        pair = value.opener + value.closer
        return pair in ("[)", "(]") or (pair == "()" and any(sign_of_infinity(item) for item in value.items))
    return value == REALS


def may_be_set(value: Value) -> bool:
    """Whether a value can be read as a set where the other answer is one."""
    return (
        is_set_like(value)
        or type(value) is SetOf
        or (type(value) is Sequence and len(value.items) == 2 and value.opener != "<")
    )


def sign_of_infinity(value: Value) -> int:
    """1 for infinity, -1 for minus infinity, else 0."""
    if type(value) is Sym:
        return 1 if value.name == "inf" else 0
    return -1 if type(value) is Apply and value.head == "neg" and value.args[0] == INFINITY else 0
