"""How many of our modules one sample passes through on its road, and one verdict.

    python benchmarks/road.py [--list]

A module is passed when a function of it runs; everything runs once before, so that what an import executes
does not count. The sample is a GSM8K-like problem, run with `mathevalkit.evaluate` on a recorded completion,
from task file to results; the verdicts are those of `check` on three pairs of answers and of `grade` on one
text. With `--list` the modules are named, in the order in which they are first entered.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

TASK = """\
title: One problem
file: rows.jsonl
rows:
  id: "{{ id }}"
  question: "{{ question }}"
  gold: "{{ gold }}"
recipes:
  plain:
    kind: completion
    template: "{{ question }}"
    max_tokens: 64
"""
QUESTION, GOLD, TEXT = "What is 9 times 2?", "18", "9 * 2 = 18\n#### 18"
PAIRS = (("1/2", "0.5"), ("2\\sqrt3", "\\sqrt{12}"), ("[1,\\infty)", "x \\ge 1"))
PACKAGES = ("mathevalkit", "answer_normalizers")


def passed(action: Callable[[], object]) -> list[str]:
    """The modules of ours that run while `action` does, in the order in which they are entered."""
    action()  # imports, caches
    seen: dict[str, None] = {}

    def entered(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            name = frame.f_globals.get("__name__", "")
            if name.partition(".")[0] in PACKAGES:
                seen.setdefault(name)

    sys.setprofile(entered)
    try:
        action()
    finally:
        sys.setprofile(None)
    return list(seen)


def replayed(folder: Path) -> Callable[[], object]:
    """A run of one recorded completion, ready to go."""
    import mathevalkit

    (folder / "rows.jsonl").write_text(json.dumps({"id": "a", "question": QUESTION, "gold": GOLD}) + "\n")
    (folder / "one.yaml").write_text(TASK)
    (folder / "texts.jsonl").write_text(json.dumps({"id": "a", "text": TEXT}) + "\n")
    return lambda: mathevalkit.evaluate(
        model=str(folder / "texts.jsonl"),
        backend="replay",
        task=str(folder / "one.yaml"),
        output_dir=str(folder / "runs"),
        new=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name the modules")
    options = parser.parse_args()

    from answer_normalizers import check, grade

    with tempfile.TemporaryDirectory() as folder:
        rows = {"one replayed sample, from task to results": passed(replayed(Path(folder)))}
    for gold, pred in PAIRS:
        rows[f"check: {gold} against {pred}"] = passed(
            lambda gold=gold, pred=pred: check(gold=gold, pred=pred)
        )
    rows["grade: 18 in a text with ####"] = passed(lambda: grade(gold=GOLD, text=TEXT))
    for what, modules in rows.items():
        print(f"{len(modules):4d}  {what}")
        if options.list:
            print("".join(f"        {module}\n" for module in modules), end="")


if __name__ == "__main__":
    main()
