"""Scorers, extractors and normalisers are found by name: built-in, installed, or as module:function."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from answer_normalizers import Verdict
from answer_normalizers.extraction.strategies import BUILTIN_EXTRACTORS, get_extractor, list_extractors
from answer_normalizers.grading import (
    BUILTIN_NORMALIZERS,
    BUILTIN_SCORERS,
    Scorer,
    get_normalizer,
    get_scorer,
    list_normalizers,
    list_scorers,
)
from answer_normalizers.plugins import PluginError, UnknownNameError
from tests.places import REPO

NEEDS_A_PACKAGE = {"math_verify"}


@pytest.mark.parametrize("name", sorted(set(BUILTIN_SCORERS) - NEEDS_A_PACKAGE))
def test_every_built_in_scorer_gives_a_verdict_and_says_what_it_is(name: str) -> None:
    scorer = get_scorer(name)
    text = "So $x=7$.\n#### 7\nThe answer is: 7\nFinal Answer: The final answer is $7$. I hope it is correct."
    assert isinstance(scorer(gold="7", text=text + " $7$"), Verdict)
    assert scorer.name == name
    assert scorer.summary


@pytest.mark.parametrize("name", sorted(set(BUILTIN_SCORERS) - NEEDS_A_PACKAGE))
@pytest.mark.parametrize(
    "text", ["", "\\boxed{", "The answer is: ", "$", "#### ", "\ud800", "1" * 5_000, "{" * 3_000]
)
def test_no_built_in_scorer_raises_on_what_a_model_may_write(name: str, text: str) -> None:
    assert isinstance(get_scorer(name)(gold="7", text=text), Verdict)


def test_a_scorer_of_a_strategy_takes_that_marker_only() -> None:
    text = "\\boxed{1}\n#### 2\nThe answer is 3. And 4 more."
    found = {
        name: get_scorer(name)(gold="0", text=text).extraction
        for name in ("boxed", "hash", "the_answer_is", "number")
    }
    assert {name: extraction and extraction.value for name, extraction in found.items()} == {
        "boxed": "1",
        "hash": "2",
        "the_answer_is": "3",
        "number": "4",
    }


def test_the_summary_of_a_scorer_says_how_it_differs_from_auto() -> None:
    assert get_scorer("boxed").summary == get_scorer("auto").summary + " With strategy='boxed'."


def test_a_recipes_strategy_reaches_scorers_that_take_one_and_no_others() -> None:
    text = "The answer is 5. #### 6"
    assert get_scorer("auto", strategy="the_answer_is")(gold="5", text=text).equivalent is True
    assert get_scorer("hash", strategy="the_answer_is")(gold="6", text="\n#### 6").equivalent is True
    assert get_scorer("metamath_gsm8k", strategy="hash")(gold="5", text="The answer is: 5").equivalent is True


def test_a_normalizer_is_applied_to_gold_and_answer_by_scorers_that_take_one() -> None:
    text = "The answer is $5\\text{ m}$."
    assert get_scorer("auto")(gold="5\\text{ cm}", text=text).equivalent is False
    assert get_scorer("auto", normalizer="hendrycks")(gold="5\\text{ cm}", text=text).equivalent is True


def test_an_unknown_name_names_its_neighbours() -> None:
    with pytest.raises(
        UnknownNameError, match=r"no scorer is called 'metamath_gsmk'.*did you mean 'metamath_gsm8k'"
    ):
        get_scorer("metamath_gsmk")
    with pytest.raises(UnknownNameError, match=r"no extraction strategy is called 'bxed'.*'boxed'"):
        get_scorer("auto", strategy="bxed")
    with pytest.raises(
        UnknownNameError, match="no normalizer is called 'x'; there are engine, hendrycks, minerva"
    ):
        get_normalizer("x")


def test_a_scorer_may_be_named_by_module_and_function() -> None:
    place = "answer_normalizers.published.metamath:gsm8k"
    scorer = get_scorer(place)
    assert scorer.name == place
    assert scorer(gold="5", text="The answer is: 5").equivalent is True


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("no_such_module_here:x", "does not import"),
        ("json:no_such_function", "has no 'no_such_function'"),
        ("json:__name__", "cannot be called"),
    ],
)
def test_a_place_that_holds_no_scorer_is_said_to(place: str, reason: str) -> None:
    with pytest.raises(PluginError, match=reason):
        get_scorer(place)


def test_a_scorer_that_returns_no_verdict_is_found_out() -> None:
    with pytest.raises(PluginError, match="returned bool, not a Verdict"):
        Scorer("mine", lambda **_: True)(gold="1", text="1")


def test_a_scorer_whose_package_is_missing_is_not_listed() -> None:
    there = find_spec("math_verify") is not None
    assert ("math_verify" in list_scorers()) is there
    assert set(BUILTIN_SCORERS) - NEEDS_A_PACKAGE <= set(list_scorers())


def test_scorers_can_be_pickled_and_agree_in_threads() -> None:
    scorers = [get_scorer(name) for name in sorted(set(BUILTIN_SCORERS) - NEEDS_A_PACKAGE)]
    texts = [f"The answer is: {number}." for number in range(40)]
    copies = pickle.loads(pickle.dumps(scorers))
    for scorer, copy in zip(scorers, copies, strict=True):
        alone = [scorer(gold="7", text=text) for text in texts]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda text, copy=copy: copy(gold="7", text=text), texts)) == alone


def test_extractors_and_normalizers_are_found_by_name() -> None:
    assert set(list_extractors()) == set(BUILTIN_EXTRACTORS)
    assert set(list_normalizers()) == set(BUILTIN_NORMALIZERS)
    found = get_extractor("boxed")("so \\boxed{5}")
    assert found is not None
    assert found.value == "5"
    assert get_normalizer("minerva")("$x=\\frac12$ square units") == "\\frac{1}{2}"
    assert get_normalizer("hendrycks")("\\dfrac12") == "\\frac{1}{2}"
    for name in list_normalizers():
        assert isinstance(get_normalizer(name)("$\\boxed{2}$"), str)


PLUGIN = '''
from answer_normalizers import Extraction, Verdict

def first_word(*, gold, text):
    """Compare the first word."""
    return Verdict(text.split()[:1] == [gold], "first_word", "compared the first word")

def last_line(text):
    line = text.splitlines()[-1]
    start = text.rindex(line)
    return Extraction(line, start, start + len(line), "last_line", True)

def without_notes(answer):
    return answer.partition(" -- ")[0]
'''
ENTRY_POINTS = """
[mathevalkit.scorers]
first_word = my_plugin:first_word

[mathevalkit.extractors]
last_line = my_plugin:last_line

[mathevalkit.normalizers]
without_notes = my_plugin:without_notes
"""
USE = """
import json
from answer_normalizers import extract, grade
from answer_normalizers.grading import get_scorer, list_scorers
scorer = get_scorer("first_word")
print(json.dumps({
    "listed": "first_word" in list_scorers(),
    "right": scorer(gold="5", text="5 is it").equivalent,
    "summary": scorer.summary,
    "extracted": extract("we add\\n1/2", strategy="last_line").rule,
    "graded": grade(gold="0.5", text="we add\\n1/2", strategy="last_line").equivalent,
    "normalized": get_scorer("auto", strategy="last_line", normalizer="without_notes")(
        gold="0.5", text="we add\\n1/2 -- a half of x").equivalent,
    "by_recipe": get_scorer("auto", strategy="last_line")(gold="0.5", text="we add\\n1/2").equivalent,
}))
"""


def _install(folder: Path, *, name: str, entry_points: str) -> None:
    """What installing a package leaves behind: its module and its metadata on the path."""
    (folder / "my_plugin.py").write_text(PLUGIN, encoding="utf-8")
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(entry_points, encoding="utf-8")


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(REPO)])
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_adds_a_scorer_and_an_extractor_in_ten_lines(tmp_path: Path) -> None:
    _install(tmp_path, name="my_plugin", entry_points=ENTRY_POINTS)
    done = _run(USE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "listed": True,
        "right": True,
        "summary": "Compare the first word.",
        "extracted": "last_line",
        "graded": True,
        "normalized": True,
        "by_recipe": True,
    }


def test_a_package_that_takes_a_built_in_name_for_itself_is_found_out(tmp_path: Path) -> None:
    _install(tmp_path, name="greedy", entry_points="[mathevalkit.scorers]\nauto = my_plugin:first_word\n")
    done = _run("from answer_normalizers.grading import get_scorer; get_scorer('auto')", tmp_path)
    assert "PluginError: two packages register a scorer called 'auto'" in done.stderr


def test_the_registry_costs_neither_sympy_nor_the_harness() -> None:
    code = (
        "import sys; from answer_normalizers.grading import get_scorer, list_scorers; list_scorers();"
        "get_scorer('prm800k')(gold='x+1', text='The answer is 1+x.');"
        "bad = {'sympy', 'mathevalkit', 'numpy', 'pandas', 'torch'} & set(sys.modules); assert not bad, bad"
    )
    done = _run(code, REPO)
    assert done.returncode == 0, done.stderr


def test_within_1_percent_takes_rounded_numbers_and_nothing_further_off() -> None:
    scorer = get_scorer("within_1_percent")
    assert scorer(gold="1.6", text="The answer is 1.59.").equivalent is True
    assert scorer(gold="1.6", text="The answer is 1.5.").equivalent is False
    assert scorer(gold="x+1", text=r"\boxed{1+x}").equivalent is True
    assert get_scorer("auto")(gold="1.6", text="The answer is 1.59.").equivalent is False


def test_within_1_percent_still_lets_a_recipe_choose_the_extraction() -> None:
    scorer = get_scorer("within_1_percent", strategy="boxed")
    assert scorer(gold="1.6", text="The answer is 1.6.").stage == "extraction"
