"""The conventions that mathematics alone does not settle, each with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Policy:
    """How answers that mathematics alone cannot tell equal or different are decided.

    The defaults suit benchmarks whose reference answers are exact. Every field is symmetric in the two answers.
    """

    percent: Literal["either", "fraction"] = "either"
    """`either`: `50%` equals `0.5`, `1/2` and also `50`, since reference answers to "what per cent" leave the
    sign out as often as not; but `0.5` never equals `50`. `fraction`: `50%` is 0.5 and nothing else."""
