"""Checks of what lies on disk: the output directory and the rows."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from mathevalkit.preflight.context import Context, Finding, named

BYTES_PER_TOKEN = 12
"""Bytes on disk for a token, text and verdicts together, rounded up generously."""
SMALLEST_SPACE = 1 << 20


def output_dir(context: Context) -> Finding:
    """The place for run directories can be written and has room for the longest possible completions."""
    wanted = Path(context.plan.options.resume or context.plan.options.output_dir)
    folder = wanted.absolute()
    while not folder.exists():
        folder = folder.parent
    remedy = "choose another `output_dir`"
    if not folder.is_dir():
        return Finding("error", f"{folder} is a file, so {wanted} cannot be a folder", remedy)
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\n")
            probe.flush()
    except OSError as error:
        return Finding("error", f"{folder} cannot be written: {error.strerror or error}", remedy)
    free = shutil.disk_usage(folder).free
    needed = context.plan.total * context.recipe.sampling.max_tokens * BYTES_PER_TOKEN
    if free < SMALLEST_SPACE:
        return Finding("error", f"{folder} has {_size(free)} free", remedy)
    if free < needed:
        return Finding(
            "warning",
            f"{folder} has {_size(free)} free; {context.plan.total:,} completions of "
            f"{context.recipe.sampling.max_tokens:,} tokens may take {_size(needed)}",
            "free some space, or " + remedy,
        )
    return Finding("ok", f"{wanted} can be written, {_size(free)} free")


def data(context: Context) -> Finding:
    """The rows are those the task was written for."""
    task, loaded = context.plan.task, context.plan.data
    count = len(loaded.samples)
    expected = f"{task.num_rows:,} rows" if task.num_rows else "other rows"
    if loaded.known:
        return Finding("ok", f"{count:,} rows, fingerprint {loaded.fingerprint[:12]} as known")
    if loaded.known is None and task.num_rows in (None, count):
        return Finding("ok", f"{count:,} rows; the task lists no fingerprint to compare with")
    found = f"{count:,} rows, fingerprint {loaded.fingerprint[:12]}"
    what = f"{loaded.origin}: {found}, not the {expected} the task knows"
    # Rows that somebody gave or that the hub has are what they are; only a task's own file must be its own.
    if context.plan.options.data_file is not None or loaded.origin.startswith("hub:"):
        return Finding(
            "warning", what, "the score is not comparable with published ones unless only the form differs"
        )
    return Finding(
        "error",
        what + ": the data has changed since the task file was written",
        "compare the rows, then add the fingerprint to the task file, or give known rows as `data_file`",
    )


def duplicates(context: Context) -> Finding:
    """No question is asked twice, or worse, twice with different answers."""
    first: dict[str, tuple[str, str]] = {}
    repeated, contradicting = [], []
    for sample in context.plan.samples:
        question = normalized(sample.question)
        if question not in first:
            first[question] = (sample.id, sample.gold)
            continue
        repeated.append(sample.id)
        if first[question][1].strip() != sample.gold.strip():
            contradicting.append(f"{first[question][0]} and {sample.id}")
    if not repeated:
        return Finding("ok", f"{len(first):,} different questions")
    count = f"{len(repeated):,} questions repeat" if len(repeated) > 1 else "1 question repeats"
    message = f"{count} an earlier one ({named(repeated)})"
    if contradicting:
        message += f", {len(contradicting):,} with another answer ({'; '.join(contradicting[:3])})"
    return Finding(
        "warning", message, "each counts; remove the repetitions from the data where they are not meant"
    )


def normalized(text: str) -> str:
    """The words and signs of a text, however it is spaced and capitalised."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.casefold()))


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
