"""``mathevalkit check`` and ``mathevalkit extract``: the engine asked about one answer or one text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mathevalkit.cli.options import Json
from mathevalkit.cli.output import print_json
from mathevalkit.errors import named_by
from mathevalkit.presentation.terminal import clean

if TYPE_CHECKING:
    from answer_normalizers import Verdict


def check(
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="The reference answer.")],
    pred: Annotated[str, typer.Argument(metavar="PRED", help="The answer to judge.")],
    *,
    as_json: Json = False,
) -> None:
    """Decide whether two answers are the same: prints equivalent, different or undecided, and why."""
    from answer_normalizers import check as decide

    _print_verdict(decide(gold=gold, pred=pred), as_json=as_json)


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

    if text is None:
        text = sys.stdin.buffer.read().decode(errors="replace")
    with named_by("strategy"):
        if gold is not None:
            _print_verdict(grade(gold=gold, text=text, strategy=strategy), as_json=as_json)
            return
        found = find(text, strategy=strategy)
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
