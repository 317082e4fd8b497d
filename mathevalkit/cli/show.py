"""``mathevalkit show``: the table of a run again."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli.options import Json
from mathevalkit.cli.output import print_json
from mathevalkit.presentation.terminal import make_console


def show(
    run_dir: Annotated[str, typer.Argument(metavar="RUN", help="A run directory.")], *, as_json: Json = False
) -> None:
    """Print the table of a run again, whole or unfinished. Nothing is written."""
    from mathevalkit.cli.advice import going_on
    from mathevalkit.cli.views.results import facts_of_manifest, print_results
    from mathevalkit.runs.reader import task_of
    from mathevalkit.scoring.rescore import results_so_far

    manifest, results = results_so_far(run_dir)
    wanted = manifest.num_samples * manifest.recipe.sampling.n
    if results.overall.completions < wanted:
        typer.echo(
            f"unfinished: {results.overall.completions:,} of {wanted:,} completions; go on with:\n"
            f"  {going_on(run_dir)}",
            err=True,
        )
    if as_json:
        print_json(results)
    else:
        print_results(make_console(sys.stdout), results, facts_of_manifest(manifest, task_of(manifest)))
