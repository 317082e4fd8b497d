"""Checks before weights load: what would make a run fail late, or a score mean something else.

Every check is a function from a ``Context`` to a ``Finding``, named in ``CHECKS``. None takes more than a
fraction of a second on 5,000 rows: what is dear is done on a sample of the rows, and the message says on
how many.

``rows``, ``prompts`` and ``answers`` hold the checks of what their names say, ``context`` what they look at.

    >>> list(CHECKS)[:3]
    ['output-dir', 'data', 'duplicates']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from mathevalkit.backends.base import Tokenizer
from mathevalkit.preflight.answers import gold_readable, prompt_extractor
from mathevalkit.preflight.context import Context, Finding
from mathevalkit.preflight.prompts import bos, chat_template, few_shot_leakage, stop_strings, token_budget
from mathevalkit.preflight.rows import data, duplicates, output_dir
from mathevalkit.types import Check, Plan

__all__ = ["CHECKS", "run_checks"]

CHECKS: Final[Mapping[str, Callable[[Context], Finding]]] = MappingProxyType(
    {
        "output-dir": output_dir,
        "data": data,
        "duplicates": duplicates,
        "chat-template": chat_template,
        "bos": bos,
        "token-budget": token_budget,
        "stop-strings": stop_strings,
        "few-shot-leakage": few_shot_leakage,
        "prompt-extractor": prompt_extractor,
        "gold-readable": gold_readable,
    }
)
"""Every check, in the order they are run and shown."""


def run_checks(plan: Plan, *, tokenizer: Tokenizer | None) -> tuple[Check, ...]:
    """What each check finds. ``tokenizer`` is None where there is no model (a replay)."""
    context = Context(plan, tokenizer)
    found = {name: check(context) for name, check in CHECKS.items()}
    return tuple(Check(name, f.status, f.message, f.remedy) for name, f in found.items())
