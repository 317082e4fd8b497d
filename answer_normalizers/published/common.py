"""What several published scorers share: Hendrycks' way to the last box, and verdicts with a span."""

from __future__ import annotations

from answer_normalizers.verdict import Extraction, Verdict


def verdict(
    *, equivalent: bool | None, stage: str, reason: str, text: str, span: tuple[int, int] | None, rule: str
) -> Verdict:
    """A verdict of a published scorer, with the part of the text that it looked at."""
    found = (
        None
        if span is None
        else Extraction(text[span[0] : span[1]], *span, rule, explicit=rule != "last_number")
    )
    return Verdict(equivalent, stage, reason, None, found)


def no_answer(marker: str) -> Verdict:
    """The verdict where the scorer's marker is missing: wrong."""
    return Verdict(equivalent=False, stage="extraction", reason=f"no {marker} in the text: counted as wrong")


def last_box(solution: str, *, spaced: bool) -> str | None:
    r"""The content of the last box of a reference solution as Hendrycks' scripts find it, or None.

    Braces are counted without regard to `\{`. `spaced`: `\boxed 5`, which later copies of the script read
    too.
    """
    if spaced and "\\boxed " in solution:
        return solution.rpartition("\\boxed ")[2].partition("$")[0]
    start = solution.rfind("\\boxed")
    if start < 0:
        return None  # an \fbox is found by the original too, which then fails to open it
    depth = 0
    for index in range(start, len(solution)):
        if solution[index] == "{":
            depth += 1
        elif solution[index] == "}":
            depth -= 1
            if depth == 0:
                box = solution[start : index + 1]
                return box.removeprefix("\\boxed{")[:-1] if box.startswith("\\boxed{") else None
    return None


def gold_answer(gold: str, solution: str, *, spaced: bool) -> str | None:
    """The reference answer as the original finds it: in the last box of the reference solution.

    `gold` itself where neither the solution nor `gold` holds a box.
    """
    return next(
        (last_box(text, spaced=spaced) for text in (solution, gold) if "\\boxed" in text or "\\fbox" in text),
        gold,
    )
