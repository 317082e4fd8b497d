"""The command line: its commands, and what becomes of errors and interrupts.

    mathevalkit run --model meta-math/MetaMath-7B-V1.0 --task gsm8k
    mathevalkit run --resume runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c
    mathevalkit tasks list
    mathevalkit check '1/2' '0.5'

Every error that a user can act on becomes one message on stderr and the exit code of its class;
``MATHEVALKIT_DEBUG=1`` shows where it was raised.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from mathevalkit import __version__
from mathevalkit.cli.answers import check, extract
from mathevalkit.cli.compare import compare
from mathevalkit.cli.dashboard import dashboard
from mathevalkit.cli.explain import explain
from mathevalkit.cli.export import export
from mathevalkit.cli.gate import gate
from mathevalkit.cli.nightly import nightly
from mathevalkit.cli.options import PanelCommand
from mathevalkit.cli.output import print_error
from mathevalkit.cli.preflight import preflight
from mathevalkit.cli.report import report
from mathevalkit.cli.reproduce import reproduce
from mathevalkit.cli.rescore import rescore
from mathevalkit.cli.run import run
from mathevalkit.cli.selftest import selftest
from mathevalkit.cli.show import show
from mathevalkit.cli.tasks import tasks_app
from mathevalkit.cli.verify import verify
from mathevalkit.errors import MathEvalError
from mathevalkit.presentation.terminal import tolerate_any_text

EXIT_CODES = (
    "Exit codes: 0 done; 1 error; 2 usage, task or data; 3 preflight; 4 run directory; 5 engine; "
    "6 runs that cannot be compared; 130 interrupted."
)


# An answer may begin with a minus: `check 5 -5` must not look for an option -5.
ANSWERS = {"ignore_unknown_options": True}

app = typer.Typer(
    name="mathevalkit",
    help="Evaluate mathematical language models: generate, decide each answer by mathematics, compare.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Rich would double the time that --help takes
    pretty_exceptions_enable=False,
)
app.add_typer(tasks_app, name="tasks")
app.command(cls=PanelCommand, epilog=EXIT_CODES, short_help="Run models on tasks, or go on with a run.")(run)
app.command(cls=PanelCommand, epilog=EXIT_CODES, short_help="Check a run before its weights load.")(preflight)
app.command(short_help="Print the table of a run again.")(show)
app.command(short_help="Score saved generations again; no model is needed.")(rescore)
app.command(short_help="Compare checkpoints subject by subject.")(compare)
app.command(short_help="Decide whether a run is worse than its baseline.")(gate)
app.command(short_help="Report runs: a page, Markdown, LaTeX, or samples as a table.")(report)
app.command(cls=PanelCommand, short_help="Say whether a published result is reproduced.")(reproduce)
app.command(short_help="Write runs in a leaderboard's format, or as a bundle.")(export)
app.command(short_help="Check a bundle by scoring it again.")(verify)
app.command(short_help="Run a suite's night, gate it, rebuild the dashboard.")(nightly)
app.command(short_help="Build a static site of all nights.")(dashboard)
app.command(short_help="Show how one completion was judged, and why.")(explain)
app.command(short_help="Measure scorers on a task's own golds.")(selftest)
app.command(context_settings=ANSWERS, short_help="Decide whether two answers are the same.")(check)
app.command(context_settings=ANSWERS, short_help="Find the answer in a text, and judge it.")(extract)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run_command_line(sys.argv[1:] if argv is None else argv))


def run_command_line(argv: Sequence[str]) -> int:
    """Run one command line in this process. Returns its exit code."""
    tolerate_any_text()
    try:
        typer.main.get_command(app).main(list(argv), prog_name="mathevalkit")
    except MathEvalError as error:
        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    return 0


def _version(value: bool) -> None:  # noqa: FBT001  # Typer calls it with the flag's value
    if value:
        typer.echo(f"mathevalkit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Evaluate mathematical language models: generate, decide each answer by mathematics, compare."""
