"""``mathevalkit verify``: a bundle scored again on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mathevalkit.cli.options import Json
from mathevalkit.cli.output import print_json
from mathevalkit.errors import UsageError


def verify(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="What `export --bundle` wrote.")],
    *,
    max_gb: Annotated[
        float | None,
        typer.Option("--max-gb", metavar="N", help="Let it unpack to N GB. Default: 200 times its size."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle: undamaged, and scoring it again here gives the same verdicts and results.

    Exit codes: 0 verified; 1 not (or it cannot be read).
    """
    from mathevalkit.exporters.bundle.bundle import verify_bundle

    if max_gb is not None and not max_gb > 0:
        raise UsageError(f"--max-gb {max_gb:g}: expected a number above 0")
    found = verify_bundle(bundle, max_bytes=None if max_gb is None else int(max_gb * 1e9))
    if as_json:
        print_json({"verified": found.verified, "verification": found})
    else:
        from mathevalkit.cli.views.verification import print_verification
        from mathevalkit.presentation.terminal import make_console

        print_verification(make_console(sys.stdout), found)
    raise typer.Exit(0 if found.verified else 1)
