r"""A typed tree as text, one node a line, for a person who asks how an answer was read.

>>> from answer_normalizers.parsing.reading import read
>>> print(tree(read(r"\left(\frac{x}{2}, 3\right]").value))
interval or point ( ]
  /
    x
    2
  3
"""

from __future__ import annotations

from collections.abc import Iterator

from answer_normalizers.tree.nodes import (
    Apply,
    Based,
    Builder,
    Clock,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Text,
    Value,
    children,
)

MAX_NODES = 200
"""Longer trees are cut, and say so."""


def tree(value: Value) -> str:
    """The tree of a value, two spaces of indent a level."""
    lines: list[str] = []
    for depth, node in _walk(value):
        if len(lines) == MAX_NODES:
            lines.append("…")
            break
        lines.append(f"{'  ' * depth}{_name(node)}")
    return "\n".join(lines)


def _walk(value: Value) -> Iterator[tuple[int, Value]]:
    """Nodes as `walk` gives them, with their depth."""
    waiting = [(0, value)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(children(node))]


def _name(node: Value) -> str:  # one line a type
    match node:
        case Num():
            return str(node.value)
        case Sym():
            return node.name
        case Apply():
            return node.head
        case Sequence():
            kind = "interval or point" if len(node.items) == 2 else "point or vector"
            return f"{kind} {node.opener} {node.closer}"
        case Items():
            return "list, in any order"
        case SetOf():
            return "set" if node.items else "empty set"
        case SetOp():
            return {"|": "union", "&": "intersection", "-": "difference"}.get(node.op, node.op)
        case Builder():
            return "set of all … with"
        case Relation():
            return f"relation {' '.join(node.ops)}"
        case Logic():
            return node.op
        case Matrix():
            return f"matrix, {len(node.rows)} × {len(node.rows[0]) if node.rows else 0}"
        case Quantity():
            return f"quantity in {node.unit}"
        case Based():
            return f"digits {node.digits} in base {node.base}"
        case Ratio():
            return "ratio"
        case Clock():
            return f"time {node.hour}:{node.minute:02} {node.half}".rstrip()
        case Text():
            return f"words: {node.words}"
