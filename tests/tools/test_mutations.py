"""The faults that `make mutants` makes: real ones, one at a time, and none that only words would notice."""

from __future__ import annotations

import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("libcst", reason="the tools of development are not installed")
pytest.importorskip("mutmut", reason="the tools of development are not installed")

from tests.places import REPO
from tests.tools.mutations import mutants_of


def faults(source: str) -> set[str]:
    return {mutant.after for mutant in mutants_of("x.py", dedent(source)) if not mutant.changes_nothing}


def test_a_fault_is_one_change_and_knows_its_place() -> None:
    source = "class A:\n    def f(self, x):\n        return x < 2\n"
    [larger] = [m for m in mutants_of("x.py", source) if m.after == "return x <= 2"]
    assert (larger.file, larger.function, list(larger.touched)) == ("x.py", "A.f", [3])
    assert larger.before == "return x < 2"
    assert larger.source == source.replace("<", "<=")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("LIMIT = 40", "LIMIT = 41"),
        ("NAMES = ('sin', 'cos')", "NAMES = ('XXsinXX', 'cos')"),
        ("def f(x): return all(x)", "def f(x): return any(x)"),
        ("def f(x): return max(x, 1)", "def f(x): return min(x, 1)"),
        ("def f(x):\n    if x: return 1\n", "if not (x): return 1"),
        ("def f(x):\n    x.prec = 53\n", "pass"),
        ("def f(x):\n    x.close()\n", "pass"),
        ("@lru_cache\ndef f(x):\n    return x + 1\n", "return x - 1"),
    ],
)
def test_it_makes_the_faults_that_people_make(source: str, fault: str) -> None:
    assert fault in faults(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""',
        "import a",
        "def f(x: list['A']) -> 'B': ...",
        "A: TypeAlias = 'B'",
        "if TYPE_CHECKING:\n    X = 1\n",
        "@given('x')\ndef f(x): ...",
    ],
)
def test_what_does_nothing_is_left_alone(source: str) -> None:
    assert faults(source) == set()


def test_the_wording_of_messages_is_left_alone() -> None:
    assert not any("XX" in fault for fault in faults("def f(): raise A('words')"))
    assert not any("XX" in fault for fault in faults("def f(): return different('words')"))
    assert any("XX" in fault for fault in faults("def f(): return g('words')"))


def test_a_pattern_that_ignores_case_is_not_changed_in_case() -> None:
    caseless = "X = re.compile(r'ab', re.DOTALL | re.IGNORECASE)"
    assert not any("AB" in fault for fault in faults(caseless))
    assert any("XXab" in fault for fault in faults(caseless))
    assert any("AB" in fault for fault in faults("X = re.compile(r'ab', re.DOTALL)"))


def test_what_is_named_equivalent_still_stands_in_the_code() -> None:
    path = Path(__file__).with_name("equivalent_mutants.toml")
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", []):
        source = (REPO / entry["file"]).read_text(encoding="utf-8")
        squeezed = " ".join(line.strip() for line in source.splitlines())
        assert entry["before"] in squeezed, entry
        assert entry["reason"], entry
