"""How long a dashboard takes over a year: 365 nights × 6,319 problems × 2 models.

The history is made up, in the very files that a suite's nights leave: manifests, results, verdicts of every
problem of GSM8K's size (1,319) and MATH's (5,000, seven subjects, five levels), night.json. Each night about
one problem in thirty-five flips; engine, weights and prompt change a few times.

    python benchmarks/dashboard.py

prints, each measured in a process of its own, the first build, a build with nothing new and one after a
further night (wall, CPU, peak memory, pages), the size of the pages, and, where Chromium and its driver are
installed, the times from the start of navigation until the index page can be used.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mathevalkit.nightly.record import Night, NightEntry, write_night  # noqa: E402
from mathevalkit.runs.codec import encode, encode_line  # noqa: E402
from mathevalkit.runs.results import Results  # noqa: E402
from mathevalkit.stats.intervals import wilson_interval  # noqa: E402
from mathevalkit.tasks.rows import fingerprint  # noqa: E402  # the path comes first
from mathevalkit.types import Accuracy, Group, ModelInfo, Sample, ScoredCompletion  # noqa: E402
from tests.browser import chromium, missing  # noqa: E402
from tests.factories import manifest  # noqa: E402
from tests.run_folders import write_task  # noqa: E402

SUBJECTS = (
    "Algebra", "Counting & Probability", "Geometry", "Intermediate Algebra", "Number Theory", "Prealgebra",
    "Precalculus",
)  # fmt: skip
TASKS = {"gsm8k": 1_319, "math": 5_000}
MODELS = {"llama-2-7b": (0.15, 0.03), "metamath-7b": (0.66, 0.2)}
"""Their accuracies on the tasks."""
QUESTION = (
    "The sum of the first $n$ terms of a sequence is $S_n = \\frac{{n(n+{i})}}{{2}}$ for every positive "
    "integer $n$. A second sequence begins with {i} and each of its terms is 3 more than twice the one "
    "before. For how many $n < {i}$ is the $n$-th term of the first sequence larger?"
)
MEASURED = """
import json, resource, sys, time
from mathevalkit.nightly.dashboard.site import build_dashboard
began = time.perf_counter()
site = build_dashboard(sys.argv[1], sys.argv[2])
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
                  site.pages_written, site.pages_kept, len(site.warnings)]))
"""


class Benchmark:
    """One model on one task: its problems, and the lines of each of its possible verdicts."""

    def __init__(self, folder: Path, model: str, task: str, accuracy: float) -> None:
        self.model, self.task = model, task
        subjects = SUBJECTS if task == "math" else ("",)
        self.samples = [
            Sample(
                id=str(i),
                question=QUESTION.format(i=i),
                gold=str(i),
                subject=subjects[i % len(subjects)],
                level=f"Level {1 + i % 5}" if task == "math" else "",
            )
            for i in range(TASKS[task])
        ]
        self.path = write_task(folder / "tasks", self.samples, name=task)
        self.fingerprint = fingerprint(self.samples)
        self.random = random.Random(f"{model}/{task}")
        self.chances = [self._chance(accuracy) for _ in self.samples]
        self.lines = [
            [self._line(s, "correct", s.gold), self._line(s, "wrong", s.gold + "1")] for s in self.samples
        ]
        self.lines = [
            [*pair, self._line(s, "no_answer", None)]
            for pair, s in zip(self.lines, self.samples, strict=True)
        ]

    def _chance(self, accuracy: float) -> float:
        """Most problems end every night alike; one in twelve lies near the edge."""
        if self.random.random() < 1 / 12:
            return self.random.choice((0.15, 0.5, 0.85))
        return float(self.random.random() < accuracy)

    @staticmethod
    def _line(sample: Sample, outcome: str, answer: str | None) -> bytes:
        verdict = ScoredCompletion(
            sample_id=sample.id, k=0, outcome=outcome, answer=answer, span=(412, 415), rule="the_answer_is",
            stage="number", reason=f"the numbers {answer} and {sample.gold} were compared exactly",
        )  # fmt: skip
        return encode_line(verdict)

    def run(self, folder: Path, night: date, day: int) -> NightEntry:
        """Write one night's run."""
        drop = 0.03 if 200 <= day < 214 else 0.0  # a fortnight with a fault
        draw = self.random.random
        kinds = [0 if draw() < c - drop else 1 + (draw() < 0.1) for c in self.chances]
        run_id = f"{night:%Y%m%d}T010000Z-{day:06x}"
        run = folder / f"{night}" / self.model / self.model / self.task / run_id
        run.mkdir(parents=True)
        info = ModelInfo(
            model=f"org/{self.model}", backend="vllm", backend_version=f"0.{11 + day // 90}.0",
            revision=f"r{day // 120}", packages={"torch": f"2.{8 + day // 150}"},
        )  # fmt: skip
        base = manifest()
        made = replace(
            base, run_id=run_id, created=f"{night}T01:00:00+00:00", model=info, task=self.task,
            task_title=self.task, data_fingerprint=self.fingerprint, num_samples=len(self.samples),
            task_path=str(self.path), recipe=replace(base.recipe, name="fewshot"),
            prompt_hash=f"{day // 300:064}",
        )  # fmt: skip
        (run / "manifest.json").write_bytes(encode(made))
        header = encode_line({"file": "verdicts", "schema_version": 1})
        body = b"".join([lines[kind] for lines, kind in zip(self.lines, kinds, strict=True)])
        (run / "verdicts.auto.jsonl").write_bytes(header + body)
        results = self._results(kinds, run_id, run)
        (run / "results.json").write_bytes(encode(results))
        return NightEntry(
            model=self.model, task=self.task, recipe="fewshot", run_dir=str(run.relative_to(folder)),
            status="regression" if drop else "pass", accuracy=results.accuracy,
        )  # fmt: skip

    def _results(self, kinds: Sequence[int], run_id: str, run: Path) -> Results:
        def group(name: str, members: Sequence[int]) -> Group:
            counts = [sum(kinds[i] == kind for i in members) for kind in range(3)]
            value = counts[0] / len(members)
            low, high = wilson_interval(counts[0], len(members))
            empty = dict.fromkeys(("truncated", "undecided", "backend_error"), 0)
            return Group(
                name=name, samples=len(members), completions=len(members),
                accuracy=Accuracy(value=value, low=low, high=high, floor=value, ceiling=value),
                outcomes=dict(zip(("correct", "wrong", "no_answer"), counts, strict=True)) | empty,
            )  # fmt: skip

        def groups(name_of: object) -> tuple[Group, ...]:
            members: dict[str, list[int]] = {}
            for i, sample in enumerate(self.samples):
                members.setdefault(name_of(sample), []).append(i)  # type: ignore[operator]  # a function
            return tuple(group(name, members[name]) for name in sorted(members) if name)

        return Results(
            schema_version=1, run_id=run_id, model=self.model, task=self.task,
            recipe="fewshot", scorer="auto",
            overall=group("overall", range(len(kinds))), by_subject=groups(lambda s: s.subject),
            by_level=groups(lambda s: s.level),
            by_subject_level=groups(lambda s: f"{s.subject} / {s.level}" if s.subject else ""),
            other_scorers={}, prompt_tokens=1, completion_tokens=1, seconds={}, run_dir=str(run),
        )  # fmt: skip


def write_nights(benchmarks: Sequence[Benchmark], folder: Path, days: Sequence[int]) -> None:
    """Write the runs and night.json of some nights."""
    for day in days:
        night = date(2025, 1, 1) + timedelta(days=day)
        entries = tuple(benchmark.run(folder, night, day) for benchmark in benchmarks)
        write_night(folder, Night(night=str(night), suite="suite.yaml", entries=entries))


def build(name: str, runs: Path, site: Path) -> None:
    """One build in a process of its own, as a line of the table."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, runs, site], cwd=ROOT, check=True, capture_output=True, text=True
    )
    wall, cpu, memory, written, kept, warnings = json.loads(done.stdout)
    assert not warnings, "a warning means that something was not built"
    print(f"{name:<20}{wall:>9.1f}{cpu:>9.1f}{memory:>9.0f}{written:>9,}{kept:>9,}", flush=True)


def show_sizes(site: Path) -> None:
    """The largest page of each kind, and the whole site."""
    pages = {page: page.stat().st_size / 1e6 for page in site.rglob("*.html")}
    series = max(size for page, size in pages.items() if page.name == "index.html" and page.parent != site)
    flips = max(size for page, size in pages.items() if page.name != "index.html")
    print(
        f"\nindex page {pages[site / 'index.html']:.3f} MB; largest page of a series {series:.2f} MB, ",
        end="",
    )
    print(f"of flips {flips:.2f} MB; {len(pages):,} pages, {sum(pages.values()):,.0f} MB in all")


def show_opening(site: Path, *, times: int) -> None:
    """Milliseconds from the start of navigation, medians, in headless Chromium."""
    if reason := missing():
        print(f"opening not measured: {reason}")
        return
    script = """
        const [page] = performance.getEntriesByType("navigation");
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        return [page.domInteractive, page.loadEventEnd, paint ? paint.startTime : 0];
    """
    series = min(path for path in site.iterdir() if path.is_dir()) / "index.html"
    with chromium() as browser:
        browser.emulate(width=1200, height=900)
        for name, page in (("index", site / "index.html"), ("series", series)):
            found = []
            for _ in range(times):
                browser.open("about:blank")
                browser.open(page.as_uri())
                browser.run_until("return performance.getEntriesByName('first-contentful-paint').length")
                found.append(browser.run(script))
            middle = [sorted(column)[times // 2] for column in zip(*found, strict=True)]
            words = ("interactive", "loaded", "first paint")
            told = ", ".join(f"{word} {ms:.0f} ms" for word, ms in zip(words, middle, strict=True))
            print(f"opening the {name} page (median of {times}): {told}")


def main() -> None:
    """Make the history, measure, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--opens", type=int, default=5, help="how often the index page is opened")
    parser.add_argument("--keep", type=Path, help="make the history here and leave it")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="dashboard-"))
    try:
        runs, site = folder / "runs", folder / "site"
        benchmarks = [
            Benchmark(folder, model, task, accuracy)
            for model, accuracies in MODELS.items()
            for task, accuracy in zip(TASKS, accuracies, strict=True)
        ]
        write_nights(benchmarks, runs, range(arguments.nights))
        size = sum(path.stat().st_size for path in runs.rglob("*") if path.is_file())
        print(
            f"{arguments.nights} nights, {sum(TASKS.values()):,} problems, {len(MODELS)} models: "
            f"{size / 1e9:.2f} GB"
        )
        print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        print(f"{'build':<20}{'wall s':>9}{'CPU s':>9}{'MB':>9}{'written':>9}{'kept':>9}")
        build("first", runs, site)
        build("nothing new", runs, site)
        write_nights(benchmarks, runs, [arguments.nights])
        build("one night more", runs, site)
        show_sizes(site)
        show_opening(site, times=arguments.opens)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
