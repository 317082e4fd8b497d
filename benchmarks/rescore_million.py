"""Rescoring a million stored generations with the command line: wall time, CPU time, peak memory.

    python benchmarks/rescore_million.py [--count N] [--jobs N] [--scorer NAME ...]

The generations are the real GSM8K solutions of `$MATHEVALKIT_SHARED/data/generations` (default:
`../shared`), repeated, each with an id of its own, in a JSON Lines file in a temporary folder. Memory is
the resident set of the command and its worker processes together, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SOLVERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scorer", action="append")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generations.jsonl"
        write(file, arguments.count)
        print(
            f"{arguments.count:,} generations in {file.stat().st_size / 1e6:,.0f} MB, "
            f"{arguments.jobs} processes"
        )
        for scorers in [[name] for name in arguments.scorer or ["auto"]]:
            report(file, scorers, jobs=arguments.jobs, count=arguments.count)


def write(file: Path, count: int) -> None:
    """Real solutions with their golds, over and over."""
    rows = [json.loads(line) for line in (SHARED / "data/generations/gsm8k_openai_6b_175b.jsonl").open()]
    texts = [(row["ground_truth"], row[solver]["solution"]) for row in rows for solver in SOLVERS]
    with file.open("wb") as out:
        for number, (gold, text) in zip(range(count), itertools.cycle(texts)):  # the texts are endless
            record = {"id": number, "gold": gold.rpartition("A: ")[2], "text": text, "finish_reason": "stop"}
            out.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def report(file: Path, scorers: list[str], *, jobs: int, count: int) -> None:
    command = [sys.executable, "-m", "mathevalkit", "rescore", str(file), "--jobs", str(jobs), "--json"]
    command += [word for name in scorers for word in ("--scorer", name)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.1)
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (row,) = found["rows"]
    print(
        f"{row['scorer']:<24} {wall:6.1f} s wall  {cpu:6.1f} s CPU  {1e6 * cpu / count:6.1f} us each  "
        f"{peak / 1e6:5.0f} MB  accuracy {100 * row['accuracy']['value']:.2f} %"
    )


def resident(pid: int) -> int:
    """Bytes resident of a process and all below it."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            fields = Path(f"/proc/{one}/statm").read_text().split()
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[1]) * resource.getpagesize()
        waiting += map(int, children)
    return total


if __name__ == "__main__":
    main()
