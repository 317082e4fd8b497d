"""The command line: one function a command, parsing and printing only.

    mathevalkit run --model meta-math/MetaMath-7B-V1.0 --task gsm8k
    mathevalkit run --resume runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c
    mathevalkit tasks list
    mathevalkit check '1/2' '0.5'

Every error that a user can act on becomes one message on stderr and the exit code of its class;
``MATHEVALKIT_DEBUG=1`` shows where it was raised.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mathevalkit import __version__
from mathevalkit.cli.compare import compare, gate
from mathevalkit.cli.export import export, verify
from mathevalkit.cli.inspect import explain, selftest
from mathevalkit.cli.interrupts import interrupts_once
from mathevalkit.cli.nightly import dashboard, nightly
from mathevalkit.cli.options import RunArguments, RunRequest, read_request, takes
from mathevalkit.cli.report import report as report_runs
from mathevalkit.cli.reproduce import reproduce
from mathevalkit.cli.score import rescore
from mathevalkit.cli.tasks import Json, print_json, tasks_app
from mathevalkit.errors import BackendError, MathEvalError, UsageError
from mathevalkit.presentation.terminal import clean, clean_block, tolerate_any_text

if TYPE_CHECKING:
    from answer_normalizers import Verdict
    from mathevalkit.backends.base import Tokenizer
    from mathevalkit.types import Plan

EXIT_CODES = (
    "Exit codes: 0 done; 1 error; 2 usage, task or data; 3 preflight; 4 run directory; 5 engine; "
    "6 runs that cannot be compared; 130 interrupted."
)


class PanelCommand(typer.core.TyperCommand):
    """A command whose help lists its options under their panels, without loading Rich."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments first, then each panel in the order of its first option; ``--help`` last."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                default = "Arguments" if param.param_type_name == "argument" else "Options"
                panels.setdefault(getattr(param, "rich_help_panel", None) or default, []).append(record)
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)


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


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run_command_line(sys.argv[1:] if argv is None else argv))


def run_command_line(argv: Sequence[str]) -> int:
    """Run one command line in this process. Returns its exit code."""
    tolerate_any_text()
    try:
        typer.main.get_command(app).main(list(argv), prog_name="mathevalkit")
    except MathEvalError as error:
        report(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    return 0


def report(error: MathEvalError) -> None:
    """The error as one message on stderr."""
    if os.environ.get("MATHEVALKIT_DEBUG"):
        import traceback

        traceback.print_exception(error)
    typer.echo(f"error: {clean_block(error)}", err=True)


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


@app.command(cls=PanelCommand, epilog=EXIT_CODES, short_help="Run models on tasks, or go on with a run.")
@takes(RunArguments)
def run(arguments: RunArguments) -> None:
    """Run models on tasks, or go on with a run that was stopped.

    Repeating a command goes on where it stopped; what is on disk is never generated again.
    """
    request = read_request(arguments)
    if arguments.dry_run:
        _dry_run(request, as_json=arguments.as_json)
        return
    from mathevalkit.cli.views.live import RunDisplay
    from mathevalkit.pipeline.evaluation import evaluate_all

    runs = len(request.engines) * len(request.tasks)
    with interrupts_once() as interrupts:
        display = RunDisplay(
            argv=sys.argv,
            quiet=arguments.quiet,
            as_json=arguments.as_json,
            interrupts=interrupts,
            runs=runs,
        )
        try:
            with display:
                evaluate_all(
                    models=request.engines, tasks=request.tasks, options=request.options, observer=display
                )
        except KeyboardInterrupt:
            typer.echo(f"stopped. {_safe(display)}".rstrip(), err=True)
            raise typer.Exit(interrupts.exit_code) from None
        except MathEvalError as error:
            report(error)
            if safe := _safe(display):
                typer.echo(safe, err=True)
            raise typer.Exit(error.exit_code) from error
        finally:
            if arguments.as_json and display.finished:
                print_json(display.finished if runs > 1 else display.finished[0])
    empty = [results for results in display.finished if results.accuracy.value is None]
    if empty:
        raise BackendError(
            f"{empty[0].task}: the engine gave no text for any completion; the reasons stand in "
            f"{empty[0].run_dir}/generations.jsonl"
        )


def _safe(display: Any) -> str:
    """What is on disk of a run that did not end, and the command that goes on with it."""
    from mathevalkit.cli.advice import changed, going_on

    words = display.safe_words()
    if words is None:
        return ""
    command = going_on(display.run_dir) if "--new" in sys.argv else changed(sys.argv)
    return f"{words}; go on with:\n  {command}"


def _dry_run(request: RunRequest, *, as_json: bool) -> None:
    """Show what every run would do."""
    from mathevalkit.cli.dry_run import preview, print_preview
    from mathevalkit.presentation.terminal import make_console

    previews = [preview(plan, tokenizer=tokenizer) for plan, tokenizer in _plans(request)]
    if as_json:
        print_json(previews if len(previews) > 1 else previews[0])
        return
    console = make_console(sys.stdout)
    for number, shown in enumerate(previews):
        if number:
            console.rule(style="dim")
        print_preview(console, shown)


def _plans(request: RunRequest) -> Iterator[tuple[Plan, Tokenizer | None]]:
    """Every run as it was decided, with the engine open as far as its tokenizer."""
    from mathevalkit.backends.base import open_backend
    from mathevalkit.pipeline.evaluation import load_tasks, plan_model
    from mathevalkit.pipeline.observer import Observer

    tasks = load_tasks(request.tasks, request.options)
    with interrupts_once():
        for options in request.engines:
            with closing(open_backend(options)) as engine:
                for plan in plan_model(engine, options, tasks, options=request.options, observer=Observer()):
                    yield plan, engine.tokenizer


@app.command(cls=PanelCommand, epilog=EXIT_CODES, short_help="Check a run before its weights load.")
@takes(RunArguments, without=("dry_run", "no_preflight", "new", "quiet"))
def preflight(arguments: RunArguments) -> None:
    """Check what `run` checks before weights load, and stop there. Exit code 3 where a check fails."""
    from mathevalkit.cli.views.live import print_checks
    from mathevalkit.preflight import run_checks
    from mathevalkit.presentation.terminal import make_console

    failed = False
    found = []
    console = make_console(sys.stdout)
    for plan, tokenizer in _plans(read_request(arguments)):
        checks = run_checks(plan, tokenizer=tokenizer)
        failed = failed or any(check.status == "error" for check in checks)
        found.append({"task": plan.task.name, "model": plan.model.model, "checks": checks})
        if not arguments.as_json:
            print_checks(console, plan, checks)
    if arguments.as_json:
        print_json(found if len(found) > 1 else found[0])
    if failed:
        raise typer.Exit(3)


@app.command(short_help="Print the table of a run again.")
def show(
    run_dir: Annotated[str, typer.Argument(metavar="RUN", help="A run directory.")], *, as_json: Json = False
) -> None:
    """Print the table of a run again, whole or unfinished. Nothing is written."""
    from mathevalkit.cli.advice import going_on
    from mathevalkit.cli.views.results import facts_of_manifest, print_results
    from mathevalkit.presentation.terminal import make_console
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


app.command(short_help="Score saved generations again; no model is needed.")(rescore)
app.command(short_help="Compare checkpoints subject by subject.")(compare)
app.command(short_help="Decide whether a run is worse than its baseline.")(gate)
app.command("report", short_help="Report runs: a page, Markdown, LaTeX, or samples as a table.")(report_runs)
app.command(cls=PanelCommand, short_help="Say whether a published result is reproduced.")(reproduce)
app.command(short_help="Write runs in a leaderboard's format, or as a bundle.")(export)
app.command(short_help="Check a bundle by scoring it again.")(verify)
app.command(short_help="Run a suite's night, gate it, rebuild the dashboard.")(nightly)
app.command(short_help="Build a static site of all nights.")(dashboard)
app.command(short_help="Show how one completion was judged, and why.")(explain)
app.command(short_help="Measure scorers on a task's own golds.")(selftest)


# An answer may begin with a minus: `check 5 -5` must not look for an option -5.
ANSWERS = {"ignore_unknown_options": True}


@app.command(context_settings=ANSWERS, short_help="Decide whether two answers are the same.")
def check(
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="The reference answer.")],
    pred: Annotated[str, typer.Argument(metavar="PRED", help="The answer to judge.")],
    *,
    as_json: Json = False,
) -> None:
    """Decide whether two answers are the same: prints equivalent, different or undecided, and why."""
    from answer_normalizers import check as decide

    _print_verdict(decide(gold=gold, pred=pred), as_json=as_json)


@app.command(context_settings=ANSWERS, short_help="Find the answer in a text, and judge it.")
def extract(
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What a model wrote; read from stdin without.")
    ] = None,
    *,
    strategy: Annotated[
        str, typer.Option("--strategy", metavar="NAME", help="How the answer is found. Default: auto.")
    ] = "auto",
    gold: Annotated[
        str | None,
        typer.Option("--gold", metavar="ANSWER", help="Judge what is found against this reference answer."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the answer in a text, and with --gold decide whether it is right."""
    from answer_normalizers import extract as find
    from answer_normalizers import grade
    from answer_normalizers.plugins import PluginError, UnknownNameError

    if text is None:
        text = sys.stdin.buffer.read().decode(errors="replace")
    try:
        if gold is not None:
            _print_verdict(grade(gold=gold, text=text, strategy=strategy), as_json=as_json)
            return
        found = find(text, strategy=strategy)
    except (UnknownNameError, PluginError) as error:
        raise UsageError(f"--strategy: {error}") from error
    if as_json:
        print_json(found)
    elif found is None:
        typer.echo(f"no answer found (strategy {strategy})", err=True)
    else:
        sure = "" if found.explicit else ", a guess: the text marks no answer"
        typer.echo(clean(found.value))
        typer.echo(f"rule {found.rule}, characters {found.start} to {found.end}{sure}", err=True)


def _print_verdict(verdict: Verdict, *, as_json: bool) -> None:
    """The verdict for a person or a program."""
    if as_json:
        print_json(verdict)
        return
    word = {True: "equivalent", False: "different", None: "undecided"}[verdict.equivalent]
    if verdict.extraction is not None:
        typer.echo(f"found {clean(verdict.extraction.value)!r} (rule {verdict.extraction.rule})")
    typer.echo(f"{word}: {clean(verdict.reason)} (stage {verdict.stage})")
    if verdict.witness is not None:
        typer.echo(f"witness: {clean(verdict.witness)}")
