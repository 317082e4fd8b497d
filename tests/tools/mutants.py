"""Do the tests notice when the code is wrong? Small faults, one at a time, and the tests that touch them.

    make mutants                                  # 300 faults of each package: some hours
    make mutants PACKAGE=stats COUNT=50 SEED=1
    make mutants SINCE=main                       # faults in the lines that changed since a git revision

A fault that no test notices survives; it is printed with its difference. Nothing is changed in the checkout:
the faults are written into a copy of it, which is removed at the end.

How it goes: the tests of a package are run once with coverage by test (kept in ``.cache/mutants`` while
neither code nor tests change). Then a process is forked for each fault, with pytest and the big libraries
loaded; it runs the tests that touch the faulty lines, the quickest first, and stops at the first that fails.
Faults that change nothing anyone could notice are named in ``equivalent_mutants.toml`` with the reason, and
counted apart. The faults themselves: ``mutations.py``.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import hashlib
import importlib
import json
import os
import py_compile
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
CACHE = REPO / ".cache" / "mutants"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")

DOCTESTS = "tests/test_doctests.py"
ENGINE_TESTS = (
    DOCTESTS,
    "tests/answer_normalizers",
    "--ignore=tests/answer_normalizers/test_published.py",
    "--ignore=tests/answer_normalizers/test_killable.py",
    "--ignore=tests/answer_normalizers/test_symbolic.py",
)
EXTRACTION_TESTS = (DOCTESTS, "tests/answer_normalizers/test_extraction*.py")
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "arithmetic": ("answer_normalizers/arithmetic", ENGINE_TESTS),
    "equivalence": ("answer_normalizers/equivalence", ENGINE_TESTS),
    "extraction": (
        "answer_normalizers/extraction",
        (DOCTESTS, "tests/answer_normalizers/test_extraction*.py"),
    ),
    "stats": ("mathevalkit/stats", (DOCTESTS, "tests/stats")),
    "runs": ("mathevalkit/runs", (DOCTESTS, "tests/runs", "tests/scoring", "tests/backends/test_replay.py")),
}
"""The folder of each package, and what pytest is given to test it."""

WARM = ("pytest", "hypothesis", "numpy", "scipy.stats", "scipy.optimize", "scipy.special", "flint", "sympy")
WARM += ("orjson", "pydantic", "typer", "rich.table", "rich.progress", "yaml", "jinja2", "mpmath")
"""Loaded once, before the first fault; nothing of the project may be among them."""

TESTS_SECONDS = 30.0
"""The quickest tests that touch a fault are run up to this sum of their times (measured under coverage)."""
LEAST_SECONDS = 10.0
"""CPU time that the tests of a fault may take in any case; beyond it the fault counts as noticed."""
MEMORY = 6 << 30
SURVIVED = ("survived", "untouched")
FLOOR = 0.9


def main() -> int:
    """Sample, run, report; 1 where fewer than ``FLOOR`` of a package's faults were noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", choices=PACKAGES, action="append", help="default: all five")
    parser.add_argument("--count", type=int, default=300, help="faults a package (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default: %(default)s)")
    parser.add_argument("--since", metavar="REVISION", help="only lines changed since then")
    arguments = parser.parse_args()

    os.environ.setdefault("MATHEVALKIT_SHARED", str(REPO.parent / "shared"))
    changed = changed_lines(arguments.since) if arguments.since else None
    with a_copy() as copy, contextlib.chdir(copy):
        warm_up(copy)
        reports = []
        for package in arguments.package or PACKAGES:
            sample = draw(package, count=arguments.count, seed=arguments.seed, changed=changed)
            if sample:
                reports.append(run(package, sample))
        # Last: from here on this process holds modules of the project.
        return max([report.print() for report in reports], default=False)


# ---- the copy ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def a_copy() -> Iterator[Path]:
    """The files of the checkout as they are now, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for name in git("ls-files", "--cached", "--others", "--exclude-standard").splitlines():
            if (REPO / name).is_file():
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(REPO / name, target)
        yield Path(folder)


def git(*arguments: str) -> str:
    command = ["git", "-C", str(REPO), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def changed_lines(revision: str) -> dict[str, set[int]]:
    """The lines of each file, as it is now, that differ from a revision."""
    changed: dict[str, set[int]] = defaultdict(set)
    file = ""
    for line in git("diff", "--unified=0", revision, "--", "*.py").splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ b/")
        elif line.startswith("@@"):
            start, _, count = line.split("+")[1].split(" ")[0].partition(",")
            changed[file] |= set(range(int(start), int(start) + int(count or 1)))
    return changed


# ---- which faults ------------------------------------------------------------------------------------


def draw(package: str, *, count: int, seed: int, changed: dict[str, set[int]] | None) -> list[Any]:
    """A sample of the faults of a package, in the order of the text."""
    from tests.tools.mutations import mutants_of

    every = [
        mutant
        for path in sorted(Path(PACKAGES[package][0]).rglob("*.py"))
        for mutant in mutants_of(path.as_posix(), path.read_text(encoding="utf-8"))
        if changed is None or changed.get(mutant.file, set()).intersection(mutant.touched)
    ]
    order = random.Random(seed).sample(range(len(every)), len(every))
    chosen: list[int] = []
    for index in order:
        if len(chosen) == count:
            break
        if not every[index].changes_nothing:
            chosen.append(index)
    print(f"{package}: {len(chosen)} of {len(every)} faults, seed {seed}", flush=True)
    return [every[index] for index in sorted(chosen)]


# ---- which tests -------------------------------------------------------------------------------------


@dataclass
class Touching:
    """What a run with coverage found out about a package's tests."""

    seconds: dict[str, float]
    """Of each test that passes."""
    lines: dict[str, dict[int, list[str]]]
    """By file and line: the tests that run it."""

    def tests(self, mutant: Any) -> list[str]:
        """The tests that touch a fault, quickest first."""
        lines = self.lines.get(mutant.file, {})
        found = {test for line in mutant.touched for test in lines.get(line, ())}
        if not found or not mutant.function:  # what runs once, at import, is everybody's
            found = {test for tests in lines.values() for test in tests}
        chosen, total = [], 0.0
        for test in sorted(found, key=lambda test: (self.seconds[test], test)):
            total += self.seconds[test]
            if chosen and total > TESTS_SECONDS:
                break
            chosen.append(test)
        return chosen


def touching(package: str) -> Touching:
    """Which tests touch which lines of a package; measured where that is not known yet."""
    folder, tests = PACKAGES[package]
    digest = hashlib.sha256(repr(tests).encode())
    for path in sorted(Path().rglob("*.py")):
        if path.parts[0] in ("mathevalkit", "answer_normalizers", "tests"):
            digest.update(path.as_posix().encode() + path.read_bytes())
    stored = CACHE / f"{package}-{digest.hexdigest()[:16]}.json"
    if not stored.exists():
        print(f"{package}: running its tests with coverage ...", flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        part = stored.with_suffix(f".{os.getpid()}")
        end = forked(lambda: measure(folder, tests, part), cpu=3600, wall=7200)
        if not part.exists():
            raise SystemExit(f"{end.how}: the tests of {package} could not be run:\n{end.output[-4000:]}")
        part.replace(stored)
    data = json.loads(stored.read_text(encoding="utf-8"))
    if data["failing"]:
        raise SystemExit("fails without any fault: " + ", ".join(data["failing"]))
    names = data["tests"]
    lines = {
        file: {int(line): [names[i] for i in indices] for line, indices in by_line.items()}
        for file, by_line in data["lines"].items()
    }
    return Touching(dict(zip(names, data["seconds"], strict=True)), lines)


def measure(folder: str, tests: Iterable[str], target: Path) -> int:
    """In a forked process: run tests with coverage by test, and write what was found."""
    import coverage
    import pytest

    cover = coverage.Coverage(data_file=None, config_file=False, include=[f"{Path.cwd()}/{folder}/*"])
    seconds: Counter[str] = Counter()
    failing: set[str] = set()

    class ByTest:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item):
            cover.switch_context(item.nodeid)
            result = yield
            cover.switch_context("")
            return result

        def pytest_runtest_logreport(self, report):
            seconds[report.nodeid] += report.duration
            if report.failed:
                failing.add(report.nodeid)

    cover.start()
    pytest_in_process(expanded(tests), ByTest())
    cover.stop()
    names = [name for name in seconds if name not in failing]
    place = {name: index for index, name in enumerate(names)}
    lines: dict[str, dict[int, list[int]]] = {}
    data = cover.get_data()
    for file in data.measured_files():
        by_line = lines[Path(file).relative_to(Path.cwd()).as_posix()] = {}
        for line, contexts in data.contexts_by_lineno(file).items():
            by_line[line] = sorted(place[context] for context in contexts if context in place)
    target.write_text(
        json.dumps(
            {
                "tests": names,
                "seconds": [round(seconds[name], 4) for name in names],
                "lines": lines,
                "failing": sorted(failing),
            }
        ),
        encoding="utf-8",
    )
    return 0


def expanded(tests: Iterable[str]) -> list[str]:
    return [
        path for test in tests for path in (sorted(map(str, Path().glob(test))) if "*" in test else [test])
    ]


# ---- a fault's tests ---------------------------------------------------------------------------------


def warm_up(copy: Path) -> None:
    """Load what every forked process needs and none may find changed."""
    sys.path[:] = [
        str(copy),
        *(path for path in sys.path if Path(path or ".").resolve() not in (REPO, Path(__file__).parent)),
    ]
    os.environ["PYTHONPATH"] = str(copy)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for folder in ("mathevalkit", "answer_normalizers"):
        compileall.compile_dir(folder, quiet=1)
    for module in WARM:
        importlib.import_module(module)
    from hypothesis import Phase, settings

    # A failing example is enough; the smallest one is for people.
    settings.register_profile("mutants", database=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutants")


def pytest_in_process(arguments: list[str], *plugins: object) -> int:
    import pytest

    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "--hypothesis-seed=1", "-q"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what was loaded before
    return int(pytest.main(["-m", "not engine", *options, *arguments], plugins=list(plugins)))


@dataclass(frozen=True)
class End:
    """How a forked process ended."""

    status: int
    how: str
    output: str


def forked(work: Callable[[], int], *, cpu: float, wall: float) -> End:
    """Do something in a process of its own, ended with everything that it started."""
    assert not {"mathevalkit", "answer_normalizers"} & sys.modules.keys(), (
        "it would not load what was changed"
    )
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            status = 70
            try:
                os.setsid()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + 1, int(cpu) + 5))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                status = work()
            except BaseException:  # noqa: BLE001 - told by its traceback
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        end = time.monotonic() + wall
        how, code = "", None
        while code is None:
            done, code_or_zero = os.waitpid(child, os.WNOHANG)
            if done:
                code = code_or_zero
            elif time.monotonic() > end:
                how = "wall time"
                os.killpg(child, signal.SIGKILL)
                end = float("inf")
            else:
                time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it left running
        output.seek(0)
        text = output.read().decode(errors="replace")
    if os.WIFSIGNALED(code):
        return End(1, how or f"signal {signal.Signals(os.WTERMSIG(code)).name}", text)
    return End(os.WEXITSTATUS(code), "", text)


def judge(mutant: Any, known: Touching) -> str:
    """``killed``, ``timeout``, ``survived`` or ``untouched``."""
    tests = known.tests(mutant)
    if not tests:
        return "untouched"
    place = {test: index for index, test in enumerate(tests)}

    class Selected:
        def pytest_collection_modifyitems(self, items):
            items[:] = sorted((i for i in items if i.nodeid in place), key=lambda item: place[item.nodeid])

    path = Path(mutant.file)
    original = path.read_bytes()
    files = sorted({test.partition("::")[0] for test in tests})
    budget = LEAST_SECONDS + 3 * sum(known.seconds[test] for test in tests)
    compiled = Path(importlib.util.cache_from_source(mutant.file))
    try:
        path.write_text(mutant.source, encoding="utf-8")
        compiled.unlink(missing_ok=True)

        def work() -> int:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            return pytest_in_process(["-x", "--tb=line", "--no-header", *files], Selected())

        end = forked(work, cpu=budget, wall=6 * budget)
    finally:
        path.write_bytes(original)
        py_compile.compile(mutant.file)
    if end.how:
        return "timeout"
    return {0: "survived", 5: "survived"}.get(end.status, "killed")


# ---- the report --------------------------------------------------------------------------------------


@dataclass
class Report:
    """What became of the sample of a package."""

    package: str
    ends: list[str]
    seconds: float

    def print(self) -> bool:
        """Say it; true if too many survived."""
        sys.path.insert(0, str(Path.cwd()))
        from mathevalkit.stats.intervals import wilson_interval

        counts = Counter(self.ends)
        killed = counts["killed"] + counts["timeout"]
        judged = len(self.ends) - counts["equivalent"]
        if judged:
            low, high = wilson_interval(killed, judged)
            print(
                f"\n{self.package}: {killed} of {judged} noticed, {killed / judged:.1%} "
                f"({low:.1%} to {high:.1%}); {counts['timeout']} of them by time, "
                f"{counts['untouched']} untouched by any test; "
                f"{counts['equivalent']} equivalent; {self.seconds / len(self.ends):.1f} s each",
                flush=True,
            )
        return killed < FLOOR * judged


def run(package: str, sample: list[Any]) -> Report:
    """Judge each fault of a sample."""
    known = touching(package)
    files = {test.partition("::")[0] for test in known.seconds}
    # Once without a fault, so that the tests are compiled.
    forked(lambda: pytest_in_process(["--collect-only", "-qq", *files]), cpu=600, wall=3600)
    equivalent = named_equivalents()
    began = time.monotonic()
    ends = []
    for number, mutant in enumerate(sample, 1):
        named = (mutant.file, mutant.function, mutant.before, mutant.after) in equivalent
        how = "equivalent" if named else judge(mutant, known)
        ends.append(how)
        if how in SURVIVED:
            print(f"\n{number}: {how}: {mutant.file}:{mutant.touched[0]} {mutant.function}")
            print("\n".join(mutant.diff), flush=True)
    return Report(package, ends, time.monotonic() - began)


def named_equivalents() -> dict[tuple[str, str, str, str], str]:
    """The faults that change nothing anyone could notice, and why."""
    data = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(m["file"], m["function"], m["before"], m["after"]): m["reason"] for m in data.get("mutant", [])}


if __name__ == "__main__":
    sys.exit(main())
