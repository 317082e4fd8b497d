"""What may import what, what an import may cost, and a few habits that hold for every module.

``ROAD`` is the road of a sample as a graph. A module that is not in it has no place yet: give it one,
and only the stations before it.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
MAX_LINES = 420
LONG = {"mathevalkit.types": 480}
"""The vocabulary is one file by design, and half of it is documentation."""

ENGINE = ["answer_normalizers"]
PIPELINE = [
    "vocabulary",
    "tasks",
    "data",
    "prompting",
    "protocol",
    "backends",
    "journal",
    "scoring",
    "plan",
    "preflight",
]

# station: (its modules; a name covers what is below it, the stations it may import besides itself)
ROAD: dict[str, tuple[list[str], list[str]]] = {
    # the answer-checking engine: knows nothing of models or runs
    "answer_normalizers": (["answer_normalizers"], []),
    # the harness
    "vocabulary": (
        ["mathevalkit.types", "mathevalkit.errors", "mathevalkit.notebook", "mathevalkit.observer"],
        [],
    ),
    "templates": (["mathevalkit.templates"], ["vocabulary", *ENGINE]),
    "tasks": (
        ["mathevalkit.tasks", "mathevalkit.task_files", "mathevalkit.task_yaml"],
        ["vocabulary", "templates", *ENGINE],
    ),
    "data": (["mathevalkit.data", "mathevalkit.readers"], ["vocabulary", "templates"]),
    "protocol": (["mathevalkit.backends.base"], ["vocabulary"]),
    "prompting": (["mathevalkit.prompting"], ["vocabulary", "templates", "protocol"]),
    "records": (["mathevalkit.records"], ["vocabulary"]),
    "backends": (["mathevalkit.backends"], ["vocabulary", "protocol", "records"]),
    "scoring": (
        ["mathevalkit.outcomes", "mathevalkit.metrics", "mathevalkit.scoring"],
        ["vocabulary", *ENGINE],
    ),
    "statistics": (
        ["mathevalkit.stats", "mathevalkit.power", "mathevalkit.at_k"],
        ["vocabulary", "scoring", *ENGINE],
    ),
    "journal": (["mathevalkit.journal", "mathevalkit.resume"], ["vocabulary", "records"]),
    "plan": (["mathevalkit.plan"], ["vocabulary", "data", "prompting", "protocol", "journal", "scoring"]),
    "preflight": (
        ["mathevalkit.preflight"],
        ["vocabulary", "tasks", "data", "prompting", "protocol", "scoring", *ENGINE],
    ),
    "saved generations": (
        ["mathevalkit.generation_files", "mathevalkit.generation_lines"],
        ["vocabulary", "tasks", "data", "records", "journal", *ENGINE],
    ),
    "rescoring": (
        [
            "mathevalkit.panel",
            "mathevalkit.explain",
            "mathevalkit.selftest",
            "mathevalkit.selftest_texts",
            "mathevalkit.trees",
            "mathevalkit.rescore_counts",
            "mathevalkit.rescore_output",
            "mathevalkit.rescoring",
            "mathevalkit.disagreement_files",
        ],
        ["vocabulary", "tasks", "data", "records", "journal", "scoring", "saved generations", *ENGINE],
    ),
    "comparison": (
        [
            "mathevalkit.runs",
            "mathevalkit.manifest_changes",
            "mathevalkit.alignment",
            "mathevalkit.history",
            "mathevalkit.comparison",
            "mathevalkit.transitions",
            "mathevalkit.comparing",
            "mathevalkit.gating",
        ],
        ["vocabulary", "journal", "scoring", "saved generations", "statistics"],
    ),
    "pipeline": (["mathevalkit.pipeline"], PIPELINE),
    "words": (
        [
            "mathevalkit.terminal",
            "mathevalkit.progress_line",
            "mathevalkit.advice",
            "mathevalkit.results_view",
        ],
        ["vocabulary"],
    ),
    "reports": (
        [
            "mathevalkit.report_data",
            "mathevalkit.report_frame",
            "mathevalkit.report_lengths",
            "mathevalkit.report_mathml",
            "mathevalkit.report_maths",
            "mathevalkit.report_samples",
            "mathevalkit.report_tables",
            "mathevalkit.report_html",
            "mathevalkit.report_text",
            "mathevalkit.reporting",
        ],
        [
            "vocabulary",
            "records",
            "journal",
            "scoring",
            "saved generations",
            "statistics",
            "comparison",
            "words",
            *ENGINE,
        ],
    ),
    "export": (
        [
            "mathevalkit.exporters",
            "mathevalkit.bundle",
            "mathevalkit.bundle_archive",
            "mathevalkit.bundle_checks",
        ],
        [
            "vocabulary",
            "tasks",
            "data",
            "prompting",
            "records",
            "journal",
            "scoring",
            "saved generations",
            "rescoring",
            "comparison",
            *ENGINE,
        ],
    ),
    "nights": (
        ["mathevalkit.suite", "mathevalkit.nights", "mathevalkit.nightly"],
        ["vocabulary", "tasks", "records", "journal", "comparison", "backends", "pipeline"],
    ),
    "dashboard": (
        [
            "mathevalkit.dashboard",
            "mathevalkit.dashboard_charts",
            "mathevalkit.dashboard_data",
            "mathevalkit.dashboard_flips",
        ],
        [
            "vocabulary",
            "records",
            "journal",
            "saved generations",
            "comparison",
            "words",
            "reports",
            "nights",
        ],
    ),
    "reproduction": (
        ["mathevalkit.published_results", "mathevalkit.reproduce_causes", "mathevalkit.reproducing"],
        [
            "vocabulary",
            "tasks",
            "prompting",
            "journal",
            "scoring",
            "rescoring",
            "comparison",
            "words",
            "export",
        ],
    ),
    "command line": (
        [
            "mathevalkit.cli_reproduce",
            "mathevalkit.cli_export",
            "mathevalkit.compare_display",
            "mathevalkit.display",
            "mathevalkit.interrupts",
            "mathevalkit.cli_options",
            "mathevalkit.cli_compare",
            "mathevalkit.cli_inspect",
            "mathevalkit.cli_nightly",
            "mathevalkit.cli_report",
            "mathevalkit.cli_score",
            "mathevalkit.cli_tasks",
            "mathevalkit.dry_run",
            "mathevalkit.show",
            "mathevalkit.cli",
            "mathevalkit.__main__",
        ],
        [
            *PIPELINE,
            "records",
            "pipeline",
            "saved generations",
            "rescoring",
            "statistics",
            "comparison",
            "words",
            "reports",
            "nights",
            "dashboard",
            "export",
            "reproduction",
            *ENGINE,
        ],
    ),
}

HEAVY = {
    "datasets",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "sympy",
    "torch",
    "transformers",
    "vllm",
}


def _modules() -> dict[str, Path]:
    """Every module of both packages by its dotted name."""
    found = {}
    for package in ("mathevalkit", "answer_normalizers"):
        for path in sorted((REPO / package).rglob("*.py")):
            parts = path.relative_to(REPO).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _imports(name: str, *, deferred: bool = True) -> Iterator[str]:
    """Our own modules that a module imports, at its top and, with ``deferred``, inside functions."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree) if deferred else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: write the full name instead of a relative import"
            for alias in node.names:
                for target in (f"{node.module}.{alias.name}", node.module or ""):
                    if target in MODULES:
                        yield target
                        break


def _station(module: str) -> str | None:
    """The station of a module: that of the longest name in the road which covers it."""
    covering = [
        (len(name), station)
        for station, (names, _) in ROAD.items()
        for name in names
        if module == name or module.startswith(name + ".")
    ]
    return max(covering)[1] if covering else None


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"mathevalkit"}))
def test_a_module_imports_only_from_stations_before_it(module):
    station = _station(module)
    assert station is not None, f"{module} has no place in ROAD"
    allowed = {station, *ROAD[station][1]}
    for target in _imports(module):
        # The version is all that may be taken from the package itself.
        assert target == "mathevalkit" or _station(target) in allowed, (
            f"{module} ({station}) imports {target} ({_station(target)}); it may import {sorted(allowed)}"
        )


def test_the_road_goes_one_way():
    graphlib.TopologicalSorter({station: before for station, (_, before) in ROAD.items()}).prepare()


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        # A package's own name stands for its public surface, which its own modules do not import.
        # Deferred, a plug-in is looked up by name in a registry that knows the built-in ones.
        module: set(_imports(module, deferred=False)) - {"mathevalkit", module}
        for module in MODULES
        if module != "mathevalkit"
    }
    graphlib.TopologicalSorter(graph).prepare()


# ---- what an import costs --------------------------------------------------------------------------


REPORT = "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"


def _loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running ``code``."""
    return _run(code + REPORT) - _run(REPORT)  # what the machine preloads (a .pth file) is not our cost


def _run(code: str) -> set[str]:
    """The words of the last line printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_importing_answer_normalizers_costs_the_standard_library_and_python_flint():
    loaded = _loaded_by("import answer_normalizers")
    foreign = loaded - set(sys.stdlib_module_names) - {"answer_normalizers", "flint", "cython_runtime"}
    assert not {module for module in foreign if not module.startswith("_")}, foreign


def test_importing_mathevalkit_loads_nothing_heavy():
    loaded = _loaded_by("import mathevalkit")
    assert "mathevalkit" in loaded
    assert not loaded & HEAVY


HELP = """
import sys
from mathevalkit.cli import main
sys.argv = ["mathevalkit", *{arguments!r}]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_asking_for_help_loads_nothing_heavy(arguments):
    loaded = _loaded_by(HELP.format(arguments=arguments))
    assert "mathevalkit" in loaded
    # Typer itself builds the options of the command it runs with pydantic.
    assert not loaded & (HEAVY - {"pydantic"} if arguments[0] == "run" else HEAVY)


# ---- habits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_opens_with_its_purpose_and_stays_short(module):
    source = MODULES[module].read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), f"{module} has no docstring"
    lines = len(source.splitlines())
    assert lines <= LONG.get(module, MAX_LINES), f"{module} is {lines} lines long; split it"


CODE_FROM_TEXT = {"eval", "exec", "compile", "__import__"}
"""Builtins that run text as code."""
CODE_FROM_MATHS = {"sympify", "parse_expr", "parse_maxima", "literal_eval", "lambdify"}
"""Functions that do the same under another name; whose they are does not matter."""


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_text_is_ever_run_as_code(module):
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in CODE_FROM_TEXT | CODE_FROM_MATHS, f"{module}:{node.lineno}: {node.id}"
        elif isinstance(node, ast.Attribute):
            assert node.attr not in CODE_FROM_MATHS, f"{module}:{node.lineno}: {node.attr}"
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            assert not names & CODE_FROM_MATHS, f"{module}:{node.lineno}: {names & CODE_FROM_MATHS}"
