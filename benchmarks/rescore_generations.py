"""Grading real generations: agreement with their labels and throughput, beside math-verify in the same run.

    python benchmarks/rescore_generations.py [--scorer NAME …] [--million]

Two sets from `$MATHEVALKIT_SHARED/data/generations` (default: `../shared`): 5,276 solutions of GSM8K with
the verdicts their authors published, and 800 responses to MATH with the score of Qwen2.5-Math's checker.
Prints for each scorer how many verdicts agree with the label, lists those that do not, and the CPU time a
text takes (median of three passes). `math_verify` is among the scorers where it is installed: it is called
directly, in this process, so that it pays for no pipe.

`--million` grades a million texts of GSM8K length in two processes and prints wall time, CPU time and peak
memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from answer_normalizers import extract
from answer_normalizers.grading import get_scorer

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
GENERATIONS = SHARED / "data" / "generations"
SOLVERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
PASSES = 3


class Labelled(NamedTuple):
    gold: str
    text: str
    label: bool


Judge = Callable[[str, str], bool | None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scorer", nargs="+", default=["auto"], help="names in the registry")
    parser.add_argument("--million", action="store_true", help="grade a million texts in two processes")
    arguments = parser.parse_args()
    if arguments.million:
        million()
        return
    judges: dict[str, Judge] = {name: by_scorer(name) for name in arguments.scorer if name != "math_verify"}
    if find_spec("math_verify"):
        judges["math_verify"] = by_math_verify()
    for name, samples in {"GSM8K": gsm8k(), "MATH": math()}.items():
        print(f"\n{name}: {len(samples):,} texts, {mean_length(samples):,.0f} characters each")
        print(
            f"{'scorer':24} {'agree':>6} {'%':>7} {'undecided':>9} {'µs each':>8} {'texts/s':>9} {'times':>6}"
        )
        rows = {scorer: measure(judge, samples) for scorer, judge in judges.items()}
        slowest = max(cost for _, cost in rows.values())
        for scorer, (verdicts, cost) in rows.items():
            agree = sum(verdict is sample.label for verdict, sample in zip(verdicts, samples, strict=True))
            undecided = sum(verdict is None for verdict in verdicts)
            print(
                f"{scorer:24} {agree:6} {100 * agree / len(samples):7.2f} {undecided:9} {1e6 * cost:8.1f}"
                f" {1 / cost:9,.0f} {slowest / cost:6.0f}"
            )
        list_disagreements(next(iter(rows.values()))[0], samples)


def mean_length(samples: list[Labelled]) -> float:
    return statistics.mean(len(sample.text) for sample in samples)


def measure(judge: Judge, samples: list[Labelled]) -> tuple[list[bool | None], float]:
    """The verdicts, and the CPU seconds a text takes: the median of three passes, or one that is long."""
    costs = []
    verdicts: list[bool | None] = []
    for _ in range(PASSES):
        start = time.process_time()
        verdicts = [judge(sample.gold, sample.text) for sample in samples]
        costs.append((time.process_time() - start) / len(samples))
        if costs[-1] * len(samples) > 30:
            break
    return verdicts, statistics.median(costs)


def list_disagreements(verdicts: list[bool | None], samples: list[Labelled]) -> None:
    for verdict, sample in zip(verdicts, samples, strict=True):
        if verdict is not sample.label:
            found = extract(sample.text)
            print(
                f"  label {sample.label}, verdict {verdict}:"
                f" gold {sample.gold!r}, found {found and found.value!r}"
            )


def by_scorer(name: str) -> Judge:
    scorer = get_scorer(name)
    return lambda gold, text: scorer(gold=gold, text=text).equivalent


def by_math_verify() -> Judge:
    from math_verify import parse, verify

    return lambda gold, text: bool(verify(parse(f"${gold}$"), parse(text)))


def gsm8k() -> list[Labelled]:
    samples = []
    with (GENERATIONS / "gsm8k_openai_6b_175b.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            gold = row["ground_truth"].rpartition("A: ")[2]
            samples += [Labelled(gold, row[s]["solution"], row[s]["is_correct"]) for s in SOLVERS]
    return samples


def math() -> list[Labelled]:
    samples = []
    with (GENERATIONS / "math_100x8_qwen.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            samples += [Labelled(row["gt"], *pair) for pair in zip(row["code"], row["score"], strict=True)]
    return samples


def million(total: int = 1_000_000, processes: int = 2) -> None:
    start = time.perf_counter()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(grade_many, [total // processes] * processes))
    wall = time.perf_counter() - start
    graded, right, cpu, memory = (sum(column) for column in zip(*parts, strict=True))
    print(
        f"{graded:,} texts in {wall:.1f} s on {processes} processes: {cpu:.1f} s CPU,"
        f" {graded / wall:,.0f} texts/s,"
        f" {memory / 1024:,.0f} MB peak over both, {right:,} right"
    )


def grade_many(count: int) -> tuple[int, int, float, float]:
    """Texts graded, texts right, CPU seconds and peak memory in KB of this process."""
    samples = gsm8k()
    scorer = get_scorer("auto")
    right = 0
    for index in range(count):
        sample = samples[index % len(samples)]
        right += scorer(gold=sample.gold, text=sample.text).equivalent is True
    return count, right, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
