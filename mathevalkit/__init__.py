"""mathevalkit: evaluate mathematical language models.

    >>> import mathevalkit
    >>> results = mathevalkit.evaluate(model="meta-math/MetaMath-7B-V1.0", task="gsm8k")  # doctest: +SKIP
    >>> round(100 * results.accuracy.value, 1)  # doctest: +SKIP
    66.5

Names are loaded on first use, so that ``import mathevalkit`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mathevalkit.comparison.compare import compare as compare
    from mathevalkit.comparison.gate import gate as gate
    from mathevalkit.exporters.bundle.bundle import verify_bundle as verify_bundle
    from mathevalkit.exporters.bundle.bundle import write_bundle as write_bundle
    from mathevalkit.exporters.export import export as export
    from mathevalkit.nightly.dashboard.site import build_dashboard as build_dashboard
    from mathevalkit.nightly.night import run_night as run_night
    from mathevalkit.nightly.suite import read_suite as read_suite
    from mathevalkit.pipeline.evaluation import evaluate as evaluate
    from mathevalkit.reporting.report import report as report
    from mathevalkit.reproduction.reproduce import reproduce as reproduce
    from mathevalkit.runs.reader import load_run as load_run
    from mathevalkit.scoring.rescore import rescore as rescore
    from mathevalkit.tasks.finding import load_task as load_task

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "build_dashboard",
    "compare",
    "evaluate",
    "export",
    "gate",
    "load_run",
    "load_task",
    "read_suite",
    "report",
    "reproduce",
    "rescore",
    "run_night",
    "verify_bundle",
    "write_bundle",
]

_HOME = {
    "build_dashboard": "mathevalkit.nightly.dashboard.site",
    "compare": "mathevalkit.comparison.compare",
    "evaluate": "mathevalkit.pipeline.evaluation",
    "export": "mathevalkit.exporters.export",
    "gate": "mathevalkit.comparison.gate",
    "load_run": "mathevalkit.runs.reader",
    "load_task": "mathevalkit.tasks.finding",
    "read_suite": "mathevalkit.nightly.suite",
    "report": "mathevalkit.reporting.report",
    "reproduce": "mathevalkit.reproduction.reproduce",
    "rescore": "mathevalkit.scoring.rescore",
    "run_night": "mathevalkit.nightly.night",
    "verify_bundle": "mathevalkit.exporters.bundle.bundle",
    "write_bundle": "mathevalkit.exporters.bundle.bundle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
