"""What runs in the process of `latex_worker`, and is imported nowhere else: SymPy and its LaTeX parser."""

from __future__ import annotations

import sympy
from sympy.parsing.latex import parse_latex


def compare(left: str, right: str) -> bool:
    """Read both, subtract, simplify. Whatever is raised means that the two are not the same."""
    return bool(sympy.simplify(parse_latex(left) - parse_latex(right)) == 0)
