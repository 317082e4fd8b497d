"""Accuracy of `answer_normalizers.check` on files of adjudicated answer pairs.

    python benchmarks/answer_pairs.py [--verbose] [FILE.jsonl …]

Each line of a file holds `gold`, `pred` and `equivalent`. Prints one row a file: pairs, right, accuracy,
false positives (accepted, though different), false negatives (rejected, though equal), undecided; with
`--verbose` every pair that is not right, with its stage and reason. Without files it takes all of
`$MATHEVALKIT_SHARED/answer_pairs` (default: `../shared`). An undecided pair counts as not accepted: right
where the pair is different.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from answer_normalizers import check

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--verbose", action="store_true", help="list every pair that is not right")
    arguments = parser.parse_args()
    files = arguments.files or sorted((SHARED / "answer_pairs").glob("*.jsonl"))
    print(
        f"{'file':24} {'pairs':>6} {'right':>6} {'%':>7} {'FP':>4} {'FN':>4} {'undecided':>9} {'ms max':>7}"
    )
    for path in files:
        measure(path, verbose=arguments.verbose)


def measure(path: Path, *, verbose: bool) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    right = undecided = slowest = 0.0
    misses: dict[str, list[str]] = {"FP": [], "FN": []}
    for row in rows:
        start = time.perf_counter()
        verdict = check(gold=row["gold"], pred=row["pred"])
        slowest = max(slowest, time.perf_counter() - start)
        undecided += verdict.equivalent is None
        if (verdict.equivalent is True) == row["equivalent"]:
            right += 1
            continue
        kind = "FN" if row["equivalent"] else "FP"
        misses[kind].append(
            f"  {kind} {row['gold'][:70]!r} | {row['pred'][:70]!r} | {verdict.equivalent} {verdict.stage}: "
            f"{verdict.reason[:120]} {verdict.witness or ''}"
        )
    print(
        f"{path.stem:24} {len(rows):6} {int(right):6} {100 * right / len(rows):7.2f} {len(misses['FP']):4} "
        f"{len(misses['FN']):4} {int(undecided):9} {1000 * slowest:7.1f}"
    )
    if verbose:
        print("\n".join(misses["FP"] + misses["FN"]))


if __name__ == "__main__":
    main()
