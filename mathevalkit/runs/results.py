"""The aggregates of a whole run, as ``results.json`` holds them and a notebook shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mathevalkit.presentation.notebook import html_table
from mathevalkit.types import Accuracy, Group


@dataclass(frozen=True, slots=True)
class Results:
    """``results.json``: the aggregates of a whole run."""

    schema_version: int
    run_id: str
    model: str
    task: str
    recipe: str
    scorer: str
    overall: Group
    by_subject: tuple[Group, ...]
    by_level: tuple[Group, ...]
    by_subject_level: tuple[Group, ...]
    """Names are ``subject / level``."""
    other_scorers: Mapping[str, Accuracy]
    """The same completions under the other scorers of the recipe."""
    prompt_tokens: int
    completion_tokens: int
    seconds: Mapping[str, float]
    """Wall time by phase, of the session that finished the run."""
    sessions: int = 1
    """How often the run was started or resumed until it was whole."""
    restarts: int = 0
    """How often the engine had to be restarted in the last session."""
    run_dir: str = ""

    @property
    def accuracy(self) -> Accuracy:
        """Of the whole run."""
        return self.overall.accuracy

    def _repr_html_(self) -> str:
        """For a notebook: one row a subject and a level, the whole last."""
        rows = []
        for kind, group in (
            *(("subject", group) for group in self.by_subject),
            *(("level", group) for group in self.by_level),
            ("", self.overall),
        ):
            a, name = group.accuracy, "all" if group is self.overall else group.name
            told = ["–", ""]
            if a.value is not None and a.low is not None and a.high is not None:
                told = [f"{100 * a.value:.1f} %", f"{100 * a.low:.1f}–{100 * a.high:.1f}"]
            rows.append([kind, name, f"{group.samples:,}", *told])
        caption = f"{self.task} · {self.model} · {self.recipe} · {self.scorer}"
        return html_table(caption, ["", "", "n", "accuracy", "95 % interval"], rows)
