"""The work that one check may cost: an allowance that all its evaluations draw on together.

>>> with limited_work():
...     current_work().left = 0
...     current_work() is current_work()
True
"""

from __future__ import annotations

from contextvars import ContextVar

from answer_normalizers.limits import MAX_WORK


class ExhaustedError(ArithmeticError):
    """The check has cost all the work it may. Not to be taken for a value that does not exist."""


class Work:
    """What is left of the work that one check may cost."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_WORK


_WORK: ContextVar[Work | None] = ContextVar("work", default=None)
"""The work of the check that runs in this thread or task; a context variable, since every rule of comparison
evaluates something and none of them has to know."""


class limited_work:  # noqa: N801 - used like the context manager it is, without the cost of a generator
    """Grant the evaluations within one allowance together; beyond it they raise `ExhaustedError`."""

    __slots__ = ("token",)

    def __enter__(self) -> None:
        self.token = _WORK.set(Work())

    def __exit__(self, *_: object) -> None:
        _WORK.reset(self.token)


def current_work() -> Work:
    """The allowance of the check that runs here; one of its own outside any check."""
    return _WORK.get() or Work()
