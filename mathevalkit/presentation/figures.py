"""How numbers are written, wherever they are shown.

>>> percent(0.6649), duration(3725), p_text(4e-5)
('66.5 %', '1 h 2 min', '4e-05')
"""

from __future__ import annotations

from mathevalkit.types import Accuracy


def percent(value: float | None) -> str:
    """``66.5 %``, or a dash where there is no value."""
    return "–" if value is None else f"{100 * value:.1f} %"


def interval(accuracy: Accuracy) -> str:
    """``61.8–70.9``, or nothing."""
    if accuracy.low is None or accuracy.high is None:
        return ""
    return f"{100 * accuracy.low:.1f}–{100 * accuracy.high:.1f}"


def accuracy_text(accuracy: Accuracy) -> str:
    """``66.5 % (61.8–70.9)``: the accuracy with its 95 % interval."""
    return f"{percent(accuracy.value)} ({interval(accuracy)})" if accuracy.value is not None else "–"


def tokens_per_second(rate: float) -> str:
    """``2,310``; slow ones with a decimal, ``3.4``."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def clock(seconds: float) -> str:
    """``0:42``, ``12:05``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """``0.4 s``, ``42 s``, ``12 min 5 s``, ``1 h 2 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def p_text(p: float) -> str:
    """A p-value as people read it: ``0.42``, ``0.031``, ``4e-05``, ``< 1e-12``."""
    if p < 1e-12:
        return "< 1e-12"
    return f"{p:.2f}" if p >= 0.1 else f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
