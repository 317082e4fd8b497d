r"""Text for a terminal: whatever a model, a data file or a task file holds becomes harmless here.

A model's output may hold escape sequences that move the cursor, retitle the window or repaint what was
printed before, and bidirectional controls that reorder it. Every such character is made visible.

    >>> clean("\x1b[2Jdone\r\u202e")
    '␛[2Jdone␍�'

Rich's markup is never parsed: everything printed is a ``Text``, or goes through ``markup=False``.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SHOWN = {code: 0x2400 + code for code in range(0x20)}  # the Unicode pictures of control characters
_SHOWN[0x7F] = 0x2421
_HIDDEN = (
    *range(0x80, 0xA0),  # C1 controls: 0x9B alone opens an escape sequence
    0x061C,
    *range(0x200B, 0x2010),  # zero-width characters and directional marks
    *range(0x2028, 0x202F),  # line and paragraph separators, directional embeddings and overrides
    *range(0x2060, 0x2070),  # word joiner, directional isolates
    0xFEFF,
    *range(0xD800, 0xE000),  # lone surrogates, which no encoding holds
    *range(0xE0000, 0xE0080),  # tag characters
)
_LINE = {**_SHOWN, **dict.fromkeys(_HIDDEN, 0xFFFD)}
_BLOCK = {code: shown for code, shown in _LINE.items() if code not in (0x09, 0x0A)}


def clean(text: object) -> str:
    """One line of text without anything that could act on a terminal; line breaks become pictures too."""
    return str(text).translate(_LINE)


def clean_block(text: object) -> str:
    """Text of several lines, likewise; line breaks and tabs stay."""
    return str(text).translate(_BLOCK)


def short(text: object, width: int) -> str:
    """``clean``, cut to ``width`` characters with an ellipsis."""
    line = clean(str(text)[: width + 1])
    return line if len(line) <= width else line[: width - 1] + "…"


def counted(number: int, noun: str) -> str:
    """``1 night``, ``2,000 nights``."""
    return f"{number:,} {noun}{'s'[: number != 1]}"


@contextmanager
def surviving_closed(stream: IO[str]) -> Iterator[None]:
    """Write to a stream whose reader may be gone: a run must not die with the pager that shows it.

    Where writing fails, the stream goes to nowhere from then on.
    """
    try:
        yield
        stream.flush()
    except OSError:
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):  # no real file behind it
            return


def model_name(model: str) -> str:
    """A model as a reader knows it: a hub id whole, of a path the last part."""
    local = model.startswith(("/", "./", "../", "~")) or Path(model).exists()
    return clean(Path(model).name if local else model)


def make_console(file: IO[str] | None = None) -> Console:
    """A console for a stream: colours only on a terminal and without NO_COLOR, markup and emoji off."""
    from rich.console import Console

    class QuietConsole(Console):
        """Rich ends the process where its reader is gone; whether that is right is ours to say."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "nobody reads the output any more")

    return QuietConsole(file=file or sys.stdout, markup=False, emoji=False, highlight=False)


def print_line(console: Console, line: Text | str, *, style: str | None = None) -> None:
    """A line of prose: wrapped between words on a terminal, whole where a program may read it."""
    console.print(line, style=style, soft_wrap=not console.is_terminal)


def is_live(console: Console) -> bool:
    """Whether a line can be redrawn: a terminal that can move its cursor, and not a CI log."""
    return console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")


def tolerate_any_text() -> None:
    """Let the standard streams replace what their encoding cannot hold instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent where a test put its own stream
        if reconfigure is not None:
            reconfigure(errors="replace")
