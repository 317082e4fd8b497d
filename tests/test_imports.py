"""What may import what, what an import may cost, and a few habits that hold for every module.

``PACKAGES`` is the road of a sample: each package with those that it may import. A module that is in none of
them has no place yet: give it one.
"""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import REPO

GROUND = ["verdict", "policy", "limits", "plugins", "killable"]
ENGINE = {
    # the engine: knows nothing of models or runs
    "verdict": [],
    "policy": [],
    "limits": [],
    "plugins": [],
    "killable": [],
    "tree": ["limits"],
    "extraction": ["verdict", "plugins"],
    "parsing": ["limits", "tree"],
    "arithmetic": ["verdict", "policy", "limits", "tree"],
    "equivalence": ["verdict", "policy", "limits", "tree", "parsing", "arithmetic"],
    "grading": ["verdict", "policy", "plugins", "extraction", "equivalence"],
    "reward": ["verdict", "extraction", "grading"],
    "symbolic": [*GROUND, "tree", "parsing", "equivalence", "grading"],
    "published": ["verdict", "killable", "arithmetic", "extraction"],
}
HARNESS = {
    "types": [],
    "errors": [],
    "packaged": [],
    "atomic": ["errors"],
    "presentation": ["types"],
    "stats": ["types"],
    "tasks": ["types", "errors", "packaged"],
    "runs": ["types", "errors", "atomic", "presentation", "tasks"],
    "backends": ["types", "errors", "runs"],  # a run can be replayed
    "prompts": ["types", "errors", "tasks", "backends"],
    "scoring": ["types", "errors", "atomic", "presentation", "stats", "tasks", "runs"],
    "preflight": ["types", "errors", "tasks", "backends", "prompts", "scoring"],
    "pipeline": [
        *("types", "errors", "presentation", "tasks", "backends", "prompts", "runs", "scoring", "preflight"),
    ],
    "comparison": ["types", "errors", "presentation", "stats", "runs", "scoring"],
    "reporting": [
        *("types", "errors", "packaged", "atomic", "presentation", "stats", "runs", "scoring", "comparison"),
    ],
    "exporters": ["types", "errors", "atomic", "stats", "tasks", "prompts", "runs", "scoring", "comparison"],
    "nightly": [
        *("types", "errors", "packaged", "atomic", "presentation", "tasks", "backends", "runs", "pipeline"),
        *("comparison", "reporting"),
    ],
    "reproduction": [
        *("types", "errors", "presentation", "tasks", "prompts", "runs", "scoring", "comparison"),
        "exporters",
    ],
}
HARNESS["cli"] = list(HARNESS)
USES_THE_ENGINE = {"stats", "tasks", "runs", "scoring", "preflight", "reporting", "exporters", "cli"}
"""Packages of the harness that may import the engine."""
LOOKS_NAMES_UP = {"errors", "backends", "prompts", "nightly", "reproduction"}
"""Packages of the harness that may import nothing of it but the registry."""

ENGINE_PACKAGES = {
    f"answer_normalizers.{name}": [f"answer_normalizers.{b}" for b in may] for name, may in ENGINE.items()
}
PACKAGES = {
    **ENGINE_PACKAGES,
    **{
        f"mathevalkit.{name}": [f"mathevalkit.{before}" for before in may]
        + ["answer_normalizers.plugins" for _ in {name} & LOOKS_NAMES_UP]
        + [part for part in ("answer_normalizers", *ENGINE_PACKAGES) if name in USES_THE_ENGINE]
        for name, may in HARNESS.items()
    },
}
PUBLIC = {"mathevalkit", "answer_normalizers", "mathevalkit.__main__"}
"""The public faces: they import what they offer, and of them only the version may be imported from within."""

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


def _imports(name: str) -> Iterator[str]:
    """Our own modules that a module imports, at its top or inside functions."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: write the full name instead of a relative import"
            for alias in node.names:
                for target in (f"{node.module}.{alias.name}", node.module or ""):
                    if target in MODULES:
                        yield target
                        break


def _package(module: str) -> str | None:
    """The package of a module: its first two names."""
    name = ".".join(module.split(".")[:2])
    return name if name in PACKAGES else None


@pytest.mark.parametrize("module", sorted(set(MODULES) - PUBLIC))
def test_a_module_imports_only_from_packages_before_its_own(module):
    package = _package(module)
    assert package is not None, f"{module} has no place in PACKAGES"
    allowed = {package, *PACKAGES[package]}
    for target in _imports(module):
        # The version is all that may be taken from the package itself.
        assert target == "mathevalkit" or (_package(target) or target) in allowed, (
            f"{module} imports {target}; {package} may import {PACKAGES[package]}"
        )


def test_the_road_goes_one_way():
    graphlib.TopologicalSorter(PACKAGES).prepare()


def test_no_modules_import_each_other_in_a_circle():
    """Deferred imports count: a circle that is only closed later is a circle."""
    graph = {
        # A package's own name stands for its public surface, which its own modules do not import.
        module: set(_imports(module)) - {"mathevalkit", module}
        for module in MODULES
        if module not in PUBLIC
    }
    graphlib.TopologicalSorter(graph).prepare()


FACES = sorted({name.rpartition(".")[0] for name in MODULES} - {"", "mathevalkit", "answer_normalizers"})


@pytest.mark.parametrize("package", FACES)
def test_the_face_of_a_package_names_its_modules(package):
    said = ast.get_docstring(ast.parse(MODULES[package].read_text(encoding="utf-8"))) or ""
    for module in MODULES:
        inside, _, name = module.rpartition(".")
        if inside == package:
            assert re.search(rf"\b{name}\b", said), f"{package}/__init__.py does not say what {name} is for"


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
from mathevalkit.cli.app import main
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
def test_a_module_opens_with_its_purpose(module):
    assert ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8"))), module


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
