"""What runs in the process of `math_verify`, and is imported nowhere else: the package itself."""

from __future__ import annotations

import math_verify


def judge(gold: str, text: str) -> dict[str, bool | str | None]:
    """Whether math-verify accepts the text, and the last string it extracted, or None."""
    target = math_verify.parse(text)
    strings = [part for part in target if isinstance(part, str)]
    found = strings[-1] if strings else None
    return {"equal": bool(math_verify.verify(math_verify.parse(f"${gold}$"), target)), "found": found}
