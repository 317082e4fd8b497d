"""Checks a CPU second of `answer_normalizers.check`, beside math-verify's `verify` on the same pairs.

    python benchmarks/checker_speed.py [--peer .venv-peers/bin/python] [--peer-pairs 300]

Four workloads: reformatted MATH answers (equal), near misses (unequal), unequal pairs of MATH reference
answers, and GSM8K-like numbers. One row each: checks a CPU second (median of five passes), median, 99th
percentile and slowest check in microseconds. The peer runs in its own interpreter (math-verify 0.9.0 given
each answer inside `$…$`, its best setting) on a random sample of each workload, since it is slow.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PASSES = 5

PEER = r"""
import json, logging, sys, time
logging.disable(logging.CRITICAL)
from math_verify import parse, verify
workloads = json.load(sys.stdin)
parse("$1$"), verify(parse("$1$"), parse("$1$"))
for name, pairs in workloads.items():
    start = time.process_time()
    for gold, pred in pairs:
        verify(parse("$" + gold + "$"), parse("$" + pred + "$"))
    print(json.dumps([name, len(pairs) / (time.process_time() - start)]), flush=True)
"""


def workloads() -> dict[str, list[tuple[str, str]]]:
    """Name to pairs of (gold, prediction)."""
    pairs = {
        f"{name} pairs": [
            (row["gold"], row["pred"])
            for row in map(
                json.loads, (SHARED / "answer_pairs" / f"{name}.jsonl").read_text("utf-8").splitlines()
            )
        ]
        for name in ("reformatted", "near_miss")
    }
    draw = random.Random(7)
    golds = math_golds()
    drawn = [tuple(draw.sample(golds, 2)) for _ in range(4000)]
    pairs["unequal MATH golds"] = [(a, b) for a, b in drawn if a != b]
    numbers = [draw.randrange(1, 200_000) for _ in range(3000)]
    styles = ["{}", "{}.00", "${}", "{:,}", "${:,}.00", "{}."]
    pairs["GSM8K numbers"] = [(str(n), styles[k % len(styles)].format(n)) for k, n in enumerate(numbers)]
    return pairs


def math_golds() -> list[str]:
    """The reference answers of MATH's test split: what stands in the last box of each solution."""
    from answer_normalizers.parsing.normalize import matching_brace

    golds = []
    for line in (SHARED / "data" / "math" / "test.jsonl").read_text("utf-8").splitlines():
        solution = json.loads(line)["solution"]
        start = solution.rfind("\\boxed{") + len("\\boxed")
        golds.append(solution[start + 1 : matching_brace(solution, start)])
    return golds


def measure(name: str, pairs: list[tuple[str, str]]) -> None:
    from answer_normalizers import check

    rates = []
    for _ in range(PASSES):
        start = time.process_time()
        for gold, pred in pairs:
            check(gold=gold, pred=pred)
        rates.append(len(pairs) / (time.process_time() - start))
    times = []
    for gold, pred in pairs:
        best = float("inf")
        for _ in range(3):
            start = time.process_time_ns()
            check(gold=gold, pred=pred)
            best = min(best, time.process_time_ns() - start)
        times.append(best / 1000)
    times.sort()
    print(
        f"{name:22} {len(pairs):6} {statistics.median(rates):12,.0f} {statistics.median(times):8.1f} "
        f"{times[int(0.99 * len(times))]:8.1f} {times[-1]:9.1f}"
    )


def import_cost() -> float:
    """CPU seconds of `import answer_normalizers` above those of an empty interpreter, median of five."""
    script = "import time; a = time.process_time(); import answer_normalizers; print(time.process_time() - a)"
    root = Path(__file__).resolve().parents[1]
    runs = [
        float(
            subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
            ).stdout
        )
        for _ in range(PASSES)
    ]
    return statistics.median(runs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, help="interpreter of an environment that holds math-verify")
    parser.add_argument(
        "--peer-pairs", type=int, default=300, help="pairs of each workload given to the peer"
    )
    arguments = parser.parse_args()
    loads = workloads()
    print(f"import answer_normalizers: {import_cost():.3f} CPU s")
    print(f"{'answer_normalizers':22} {'pairs':>6} {'checks/CPU s':>12}", end=" ")
    print(f"{'p50 µs':>8} {'p99 µs':>8} {'max µs':>9}")
    for name, pairs in loads.items():
        measure(name, pairs)
    if arguments.peer:
        draw = random.Random(11)
        some = {
            name: draw.sample(pairs, min(arguments.peer_pairs, len(pairs))) for name, pairs in loads.items()
        }
        peer = subprocess.run(
            [arguments.peer, "-c", PEER], input=json.dumps(some), capture_output=True, text=True, check=True
        )
        print(f"{'math-verify':22} {'pairs':>6} {'checks/CPU s':>12}")
        for line in peer.stdout.splitlines():
            name, rate = json.loads(line)
            print(f"{name:22} {len(some[name]):6} {rate:12,.0f}")


if __name__ == "__main__":
    main()
