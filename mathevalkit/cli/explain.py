"""``mathevalkit explain``: how one completion was judged, and why."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli.options import (
    DataFile,
    FinishReasonField,
    GoldField,
    IdField,
    Json,
    Scorers,
    Strategy,
    TaskDirs,
    TextField,
)
from mathevalkit.cli.output import print_json


def explain(
    path: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run directory or a .jsonl file.")],
    sample: Annotated[str, typer.Argument(metavar="SAMPLE", help="Id of the sample.")],
    *,
    k: Annotated[int, typer.Option("--k", metavar="K", help="Which of its completions. Default: 0.")] = 0,
    scorer: Scorers = None,
    strategy: Strategy = None,
    text_field: TextField = None,
    gold_field: GoldField = None,
    id_field: IdField = None,
    finish_reason_field: FinishReasonField = None,
    data_file: DataFile = None,
    task_dir: TaskDirs = None,
    whole: Annotated[bool, typer.Option("--whole", help="Show the whole text.")] = False,
    as_json: Json = False,
) -> None:
    """Show how one completion was judged: what was extracted and from where, how it was read, and why."""
    from mathevalkit.runs.foreign import Fields
    from mathevalkit.scoring.explain import explain as find

    found = find(
        path,
        sample,
        k=k,
        scorers=scorer or (),
        strategy=strategy,
        fields=Fields(text=text_field, gold=gold_field, id=id_field, finish_reason=finish_reason_field),
        data_file=data_file,
        task_dirs=task_dir or (),
    )
    if as_json:
        print_json(found)
    else:
        from mathevalkit.cli.views.explanation import print_explanation
        from mathevalkit.presentation.terminal import make_console

        print_explanation(make_console(sys.stdout), found, whole=whole)
