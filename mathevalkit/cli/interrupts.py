"""Ctrl-C, SIGTERM and a lost terminal: the first one stops the run cleanly, further ones do no harm.

The first signal raises KeyboardInterrupt in the main thread, once; everything that has to be closed is
closed on its way up. A second one during that must not interrupt the closing itself: it is answered with
one line and otherwise ignored. An engine that will not stop has its own deadline in its backend.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE = b"\nstopping already, a moment: what was generated is safe\n"


class Interrupts:
    """Which signal stopped us, if one did."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._answered = False

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells do it: 130 for Ctrl-C."""
        return 128 + (self.received or signal.SIGINT)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            if not self._answered:
                self._answered = True
                os.write(2, _PATIENCE)  # print() is not safe inside a handler
            return
        self.received = number
        raise KeyboardInterrupt


@contextmanager
def interrupts_once() -> Iterator[Interrupts]:
    """Handle the signals inside the block; a signal that the caller ignores (nohup) stays ignored."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # only the main thread may set handlers
        return
    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupts._handle)  # noqa: SLF001  # the other half of this module
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            # Once stopped, the process is ending, and one signal more must not disturb that either.
            signal.signal(number, handler if interrupts.received is None else signal.SIG_IGN)
