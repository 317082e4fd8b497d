"""The conventions that mathematics alone does not settle, each with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Policy:
    """How answers that mathematics alone cannot tell equal or different are decided.

    The defaults suit benchmarks whose reference answers are exact. Every field acts alike on gold and
    prediction.

    Settled for every policy: a mixed number `1\\frac12` is 3/2; `(1,2)` is a point where the other answer is
    one and an interval where the other answer is one; `(1,2)` is not `[1,2]`; a fraction need not be reduced;
    `e` is not `E`; `{0}` is `0`; `(1, 2)` may lose its brackets but keeps its order; `1, 2` has none.
    """

    percent: Literal["either", "fraction"] = "either"
    """`either`: `50%` equals `0.5`, `1/2` and also `50`, since reference answers to "what per cent" leave the
    sign out as often as not; `0.5` never equals `50`. `fraction`: `50%` is 0.5 and nothing else."""

    units: Literal["optional", "required"] = "optional"
    """`optional`: a unit, currency or label that only one answer writes is ignored, since questions name the
    unit. Where both write one they must measure the same thing and are converted: `3 m` equals `300 cm`, `5
    cm` is not `5 m`; two unknown labels (`apples`, `oranges`) on one number are undecided. A number word
    is part of the number: `3 dozen` equals `36`, `5 million` never equals `5`; `3 dozen` against `3` is
    undecided, since the question may count in dozens. `required`: an answer without the unit of the other is
    different."""

    degrees: Literal["optional", "required"] = "optional"
    """`optional`: `45^\\circ` equals `45`, and equals `\\frac{\\pi}{4}` where the other answer holds pi.
    `required`: it is pi/4 and nothing else."""

    decimal_digits: int = 12
    """A decimal stands for an exact value (`0.333333333333` for 1/3) only where it carries at least this many
    significant digits and is right in all of them but the last (beyond 15 digits, in the first 15). Fewer
    digits are a rounding, and a rounding is a different answer: `0.33` is not 1/3."""

    relative_tolerance: float = 0.0
    """Where the task states a tolerance: two real numbers closer than this share of the larger are equal."""

    log: Literal["either", "common", "natural"] = "either"
    """The base of a `\\log` that names none: 10, e, or whichever one makes the answers equal, the same on
    both sides; school texts mean 10, calculus texts e, and neither says so in the answer."""

    assignments: Literal["optional", "required"] = "optional"
    """`optional`: `x = 5`, `f(x) = 5` and `AB = 5` equal `5`, as what stands before the sign only names the
    answer; a bare equation (`2x + z = 1`) never collapses to its right-hand side. Two names must agree (`x =
    5` is not `y = 5`) unless one is `y` and the other a function. `required`: the name must be written."""

    repeated_items: Literal["ignored", "counted"] = "ignored"
    """Whether `1, 2, 2` is `1, 2`: a list of solutions is a set, so repetition does not count."""

    base_subscripts: Literal["optional", "required"] = "optional"
    """`optional`: `1011_2` equals `1011`, the digits asked for without their base; it never equals `11`, its
    value in base ten. `required`: the base must be written."""

    constants_of_integration: Literal["any_letter", "same_letter"] = "any_letter"
    """Whether `x^2 + c` equals `x^2 + C`. An antiderivative without its constant is a different answer."""

    vectors: Literal["any_brackets", "same_kind"] = "any_brackets"
    """`any_brackets`: a column matrix, `\\langle 1,2 \\rangle` and `(1,2)` are one vector; a column and a row
    matrix are not. `same_kind`: a matrix equals only matrices."""

    clock: Literal["half_optional", "strict"] = "half_optional"
    """`half_optional`: `3:30` equals `3:30 p.m.`, as the question fixes the half of the day. `15:30` is never
    `3:30`."""

    domains: Literal["common", "same"] = "common"
    """Two expressions in real variables are compared where both are real. `common`: that is enough
    (`\\sqrt x \\sqrt y` equals `\\sqrt{xy}`, `\\ln a - \\ln b` equals `\\ln\\frac ab`), but logarithms in one
    variable that are defined on different sets (`\\ln x^2` and `2 \\ln x`) are undecided. `same`: any
    difference of domain is undecided."""
