"""Hostile answers: no exception, no check over 50 ms, no code run, the same verdict whoever asks.

    python benchmarks/safety.py [--count N] [--seed N]

Real pairs and golds come from `$MATHEVALKIT_SHARED` (default: `../shared`), fuzzed ones from
`tests/tools/fuzz.py`. Times are CPU time of the thread, the garbage collector's included. Prints one line a
property with the number of failures, then the first failures of each; the exit code is 1 where there are any.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from answer_normalizers import check, extract, grade
from answer_normalizers.symbolic.last_resort import LastResort, available

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data
from tests.tools import fuzz

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
LIMIT_MS = 50.0
SHOWN = 12
SETS = ("hard", "hard_contested", "reformatted", "near_miss", "math_real_answers")


class Report:
    """Counts and first failures of each property."""

    def __init__(self) -> None:
        self.failures: dict[str, list[str]] = {}
        self.tried: dict[str, int] = {}

    def count(self, name: str) -> None:
        self.tried[name] = self.tried.get(name, 0) + 1
        self.failures.setdefault(name, [])

    def fail(self, name: str, what: str) -> None:
        self.failures[name].append(what)

    def show(self) -> int:
        print(f"\n{'property':<58} {'tried':>9} {'failed':>7}")
        for name, tried in self.tried.items():
            print(f"{name:<58} {tried:>9,} {len(self.failures[name]):>7,}")
        for name, failures in self.failures.items():
            for what in failures[:SHOWN]:
                print(f"  {name}: {what}")
        return 1 if any(self.failures.values()) else 0


class Clock:
    """CPU milliseconds of calls, and the slowest."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.times: list[float] = []

    def call(self, name: str, function: Callable[..., object], **arguments: str) -> object:
        """Call it; an exception or too long a time is a failure."""
        total = f"{name}: no exception"
        self.report.count(total)
        began = time.thread_time()
        try:
            return function(**arguments)
        except Exception as error:  # noqa: BLE001  # that there is none is what is tested
            self.report.fail(total, f"{type(error).__name__}: {error}: {_cut(arguments)}")
            return None
        finally:
            spent = 1000 * (time.thread_time() - began)
            self.times.append(spent)
            self.report.count(f"{name}: within {LIMIT_MS:.0f} ms")
            if spent > LIMIT_MS:
                self.report.fail(f"{name}: within {LIMIT_MS:.0f} ms", f"{spent:.0f} ms: {_cut(arguments)}")


def _cut(arguments: object) -> str:
    text = ascii(arguments)
    return text if len(text) <= 220 else f"{text[:150]} … {text[-60:]} ({len(text):,} characters)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    report = Report()
    clock = Clock(report)
    golds = [sample.gold for sample in load_data(load_task("math"), data_file=data("math")).samples]
    pairs = list(real_pairs())
    check(gold="1", pred=r"\frac{1}{2}")  # whatever is made at the first call
    memory = peak_memory()
    seed = arguments.seed
    sections: dict[str, Callable[[], None]] = {
        "adversarial pairs": lambda: adversarial(clock),
        "code": lambda: injections(report),
        "fuzzed pairs": lambda: fuzzed(clock, random.Random(seed), golds, arguments.count),
        "fuzzed texts": lambda: texts(clock, random.Random(seed + 1), golds, arguments.count // 10),
        "swapped sides": lambda: symmetry(report, pairs),
        "wrappers": lambda: wrappers(report, pairs),
        "threads": lambda: threads(report, pairs, random.Random(seed + 2), golds),
        "last resort": lambda: last_resort(report, random.Random(seed + 3)),
    }
    for name, section in sections.items():
        began = time.process_time()
        section()
        print(f"{name}: {time.process_time() - began:.0f} s of CPU", file=sys.stderr, flush=True)
    times = sorted(clock.times)
    print(
        f"{len(times):,} calls: median {1000 * times[len(times) // 2]:.0f} us, "
        f"99 % {1000 * times[int(0.99 * len(times))]:.0f} us, "
        f"99.99 % {times[int(0.9999 * len(times))]:.1f} ms, slowest {times[-1]:.1f} ms"
    )
    print(f"peak memory {peak_memory():.0f} MB, {memory:.0f} MB before")
    return report.show()


def data(task: str) -> Path:
    return SHARED / "data" / task / "test.jsonl"


def peak_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def lines(name: str) -> Iterator[dict[str, object]]:
    yield from map(json.loads, (SHARED / "answer_pairs" / f"{name}.jsonl").read_text().splitlines())


def real_pairs() -> Iterator[tuple[str, str]]:
    for name in SETS:
        for line in lines(name):
            yield str(line["gold"]), str(line["pred"])


def adversarial(clock: Clock) -> None:
    name = "adversarial: never the opposite verdict"
    for line in lines("adversarial"):
        gold, pred = str(line["gold"]), str(line["pred"])
        for left, right in ((gold, pred), (pred, gold)):
            verdict = clock.call("check", check, gold=left, pred=right)
            clock.report.count(name)
            if getattr(verdict, "equivalent", None) is (not line["equivalent"]):
                clock.report.fail(name, f"{line['id']}: {verdict}")
        clock.call("grade", grade, gold=gold, text=f"So we get {pred}.")


def injections(report: Report) -> None:
    name = "code in an answer is not run and not accepted"
    resort = LastResort()
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder) / "marker"
        for line in lines("code_injection"):
            pred = str(line["pred"]).replace("{marker}", str(marker))
            for text in (pred, f"\\boxed{{{pred}}}", f"\\sum_{{k=1}}^\\infty {pred}"):
                report.count(name)
                verdicts = (
                    check(gold="1", pred=text),
                    check(gold=text, pred="1"),
                    resort(gold="1", pred=text),
                )
                grade(gold="1", text=f"The answer is {text}")
                if marker.exists() or any(verdict.equivalent is True for verdict in verdicts):
                    report.fail(name, _cut(text))


def fuzzed(clock: Clock, rng: random.Random, golds: list[str], count: int) -> None:
    name = "fuzzed: the same verdict with sides swapped"
    itself = "fuzzed: never different from itself with a space in front"
    for _ in range(count):
        pred = fuzz.answer(rng, golds)
        gold = rng.choice(golds) if rng.random() < 0.7 else fuzz.mutated(rng, pred[:2_000])
        verdict = clock.call("check", check, gold=gold, pred=pred)
        swapped = clock.call("check", check, gold=pred, pred=gold)
        clock.report.count(name)
        if getattr(verdict, "equivalent", None) is not getattr(swapped, "equivalent", None):
            clock.report.fail(name, _cut((gold, pred, str(verdict), str(swapped))))
        if pred.strip():
            same = clock.call("check", check, gold=pred, pred=f" {pred}")
            clock.report.count(itself)
            if getattr(same, "equivalent", None) is False:
                clock.report.fail(itself, _cut((pred, str(same))))


def texts(clock: Clock, rng: random.Random, golds: list[str], count: int) -> None:
    for _ in range(count):
        parts = [
            rng.choice(("The answer is ", r"\boxed{", "#### ", "<think>", "Answer: ", "</think>", "$", "so "))
            + fuzz.answer(rng, golds)
            for _ in range(rng.randrange(1, 6))
        ]
        text = rng.choice(("\n", " ", "}", ". ")).join(parts)
        clock.call("extract", extract, text=text)
        clock.call("grade", grade, gold=rng.choice(golds), text=text[:20_000])


def symmetry(report: Report, pairs: list[tuple[str, str]]) -> None:
    name = "real pairs: the same verdict with sides swapped"
    for gold, pred in pairs:
        report.count(name)
        there, back = check(gold=gold, pred=pred), check(gold=pred, pred=gold)
        if there.equivalent is not back.equivalent:
            report.fail(name, _cut((gold, pred, there.equivalent, back.equivalent, back.reason)))


def _resized(text: str) -> str | None:
    r"""Parentheses with `\left` and `\right`, where they are balanced and have none."""
    if "\\left" in text or "(" not in text or text.count("(") != text.count(")") or "\\" + "(" in text:
        return None
    return text.replace("(", "\\left(").replace(")", "\\right)")


WRAPPERS: dict[str, Callable[[str], str | None]] = {
    "$…$": lambda text: None if "$" in text else f"${text}$",
    "\\(…\\)": lambda text: None if "$" in text else f"\\({text}\\)",
    "\\boxed{…}": lambda text: f"\\boxed{{{text}}}",
    "\\left …\\right": _resized,
    "spaces": lambda text: f"  {text} ",
    "a full stop": lambda text: None if text.endswith((".", "!", "\\")) else f"{text}.",
    "\\displaystyle": lambda text: f"\\displaystyle {text}",
}


def wrappers(report: Report, pairs: list[tuple[str, str]]) -> None:
    for wrapper, wrap in WRAPPERS.items():
        name = f"real pairs: the same verdict inside {wrapper}"
        for gold, pred in pairs:
            if pred.count("{") != pred.count("}"):
                continue  # what is wrapped around an unclosed brace ends up inside it
            wrapped = wrap(pred)
            if wrapped is None:
                continue
            report.count(name)
            plain, inside = check(gold=gold, pred=pred), check(gold=gold, pred=wrapped)
            if plain.equivalent is not inside.equivalent:
                report.fail(name, _cut((gold, wrapped, plain.equivalent, inside.equivalent, inside.reason)))


def threads(report: Report, pairs: list[tuple[str, str]], rng: random.Random, golds: list[str]) -> None:
    name = "8 threads: the verdicts of one"
    mixed = pairs + [(rng.choice(golds), fuzz.expression(rng)) for _ in range(4_000)]
    alone = [check(gold=gold, pred=pred) for gold, pred in mixed]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda _: [check(gold=gold, pred=pred) for gold, pred in mixed], range(8))
        for found in together:
            for pair, one, other in zip(mixed, alone, found, strict=True):
                report.count(name)
                if one != other:
                    report.fail(name, _cut((pair, str(one), str(other))))


def last_resort(report: Report, rng: random.Random) -> None:
    if not available():
        print("SymPy is not installed: the last resort was not tried")
        return
    resort = LastResort()
    resort(gold="1", pred=r"\lim_{x\to 0} x")  # starts the process
    name = f"last resort: within {resort.deadline:g} s once its process is there"
    slowest = 0.0
    hard = [str(line["pred"]) for line in lines("adversarial")]
    for pred in hard + [fuzz.tower(rng) for _ in range(60)]:
        report.count(name)
        began = time.monotonic()
        resort(gold="1", pred=pred)
        spent = time.monotonic() - began
        slowest = max(slowest, spent)
        if spent > resort.deadline + 0.25:
            report.fail(name, f"{spent:.2f} s: {_cut(pred)}")
    resort.stop()
    print(f"last resort: slowest {slowest:.2f} s wall")


if __name__ == "__main__":
    sys.exit(main())
