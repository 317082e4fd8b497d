"""The SymPy stage of `minerva_math`: SymPy's LaTeX parser and `simplify`, in a process that can be killed."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from answer_normalizers.killable import Worker, WorkerError, WorkerKilledError

SECONDS = 5.0
"""What the original allows a pair."""
MAX_LENGTH = 10_000

_NUMBER = re.compile(
    r"(-?)(?:(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,12}))?|\\frac\{([1-9][0-9]{0,14})\}\{([1-9][0-9]{0,14})\})"
)


def same_by_sympy(left: str, right: str) -> tuple[bool | None, str]:
    """Whether SymPy reads two normalised answers and simplifies their difference to 0, and why.

    None where that is not known, since its parser is not installed. Plain numbers and fractions are compared
    without it.
    """
    numbers = _number(left), _number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1], "both are numbers"
    if max(len(left), len(right)) > MAX_LENGTH:
        return None, f"longer than {MAX_LENGTH} characters: not handed to SymPy"
    missing = _missing()
    if missing:
        return None, f"the strings differ, and what SymPy would say is not known: {missing}"
    try:
        same = bool(_worker().call(left, right))
    except WorkerKilledError as error:
        return False, f"counted as wrong: {error}"
    except WorkerError as error:
        return False, f"SymPy cannot compare them: {error}"
    return same, f"SymPy {'makes' if same else 'does not make'} their difference 0"


def _number(answer: str) -> Fraction | None:
    match = _NUMBER.fullmatch(answer)
    if match is None:
        return None
    sign, whole, decimals, above, below = match.groups()
    value = Fraction(int(above), int(below)) if below else Fraction(f"{whole}.{decimals or 0}")
    return -value if sign else value


@cache
def _missing() -> str:
    """What keeps SymPy's LaTeX parser from working here, or an empty string."""
    if find_spec("sympy") is None:
        return "SymPy is not installed"
    try:
        runtime = version("antlr4-python3-runtime")
    except PackageNotFoundError:
        runtime = "none"
    return (
        "" if runtime.startswith("4.11") else f"it needs antlr4-python3-runtime 4.11, and there is {runtime}"
    )


@cache
def _worker() -> Worker:
    return Worker("answer_normalizers.published.latex_process:compare", deadline=SECONDS)
