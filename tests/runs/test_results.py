"""A run's results as a notebook shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mathevalkit.runs.results import Results
from mathevalkit.types import Accuracy, Group


def group(name: str, samples: int, value: float | None, low: float | None, high: float | None) -> Group:
    return Group(name, samples, samples, Accuracy(value, low, high, 0.0, 1.0), {})


RESULTS = Results(
    schema_version=1,
    run_id="r",
    model="m<1>",
    task="demo",
    recipe="fewshot",
    scorer="auto",
    overall=group("overall", 1200, 0.5, 0.25, 0.756),
    by_subject=(group("Algebra", 800, 0.25, 0.2, 0.3), group("Geometry", 1, None, None, None)),
    by_level=(group("3", 400, 1.0, 0.9, 1.0),),
    by_subject_level=(),
    other_scorers={},
    prompt_tokens=1,
    completion_tokens=1,
    seconds={},
)


def test_a_notebook_shows_subjects_then_levels_and_the_whole_last() -> None:
    rows = [
        ["subject", "Algebra", "800", "25.0 %", "20.0–30.0"],
        ["subject", "Geometry", "1", "–", ""],
        ["level", "3", "400", "100.0 %", "90.0–100.0"],
        ["", "all", "1,200", "50.0 %", "25.0–75.6"],
    ]
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    assert RESULTS._repr_html_() == (
        "<table><caption>demo · m&lt;1&gt; · fewshot · auto</caption><thead><tr><th></th><th></th><th>n</th>"
        f"<th>accuracy</th><th>95 % interval</th></tr></thead><tbody>{cells}</tbody></table>"
    )


@pytest.mark.parametrize(
    ("value", "low", "high"), [(None, 0.1, 0.2), (0.1, None, 0.2), (0.1, 0.2, None), (None, None, 0.2)]
)
def test_an_accuracy_that_is_not_whole_is_not_shown(
    value: float | None, low: float | None, high: float | None
) -> None:
    shown = replace(RESULTS, by_subject=(group("Algebra", 8, value, low, high),))._repr_html_()
    assert "<td>Algebra</td><td>8</td><td>–</td><td></td></tr>" in shown


def test_a_run_of_one_session_without_a_restart_need_not_say_so() -> None:
    assert (RESULTS.sessions, RESULTS.restarts, RESULTS.run_dir) == (1, 0, "")
    assert replace(RESULTS, sessions=1, restarts=0, run_dir="").accuracy is RESULTS.accuracy


def test_the_accuracy_is_that_of_the_whole() -> None:
    assert RESULTS.accuracy is RESULTS.overall.accuracy
