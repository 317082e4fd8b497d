"""A report's samples as a table: one row for each completion of each run, for pandas, CSV and Parquet.

    >>> frame = mathevalkit.report("runs/…").to_frame()  # doctest: +SKIP
    >>> frame.groupby(["model", "subject"])["correct"].mean()  # doctest: +SKIP

Parquet holds every text exactly; CSV is for spreadsheets (``mathevalkit.presentation.spreadsheet``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mathevalkit.presentation.spreadsheet import storable
from mathevalkit.reporting.data import ReportRun
from mathevalkit.types import Outcome

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS: dict[str, str] = {
    "run_id": "str",
    "model": "str",
    "task": "str",
    "recipe": "str",
    "scorer": "str",
    "sample_id": "str",
    "k": "int64",
    "subject": "str",
    "level": "str",
    "question": "str",
    "gold": "str",
    "answer": "str",
    "outcome": "str",
    "correct": "boolean",
    "rule": "str",
    "stage": "str",
    "reason": "str",
    "finish_reason": "str",
    "stop_reason": "str",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "seconds": "float64",
    "error": "str",
    "text": "str",
}
"""The columns and their types. ``correct`` is missing where the engine gave no text."""


def samples_frame(runs: Sequence[ReportRun]) -> DataFrame:
    """One row for each completion, in the order of runs, samples and ``k``. Columns: ``COLUMNS``."""
    import pandas as pd

    frame = pd.DataFrame.from_records([r for run in runs for r in _records(run)], columns=list(COLUMNS))
    return frame.astype({name: kind for name, kind in COLUMNS.items() if kind != "str"}).astype(
        {name: "object" for name, kind in COLUMNS.items() if kind == "str"}
    )


def _records(run: ReportRun) -> list[tuple[Any, ...]]:
    results = run.results
    head = (results.run_id, results.model, results.task, results.recipe, results.scorer)
    records = []
    for sample_id, lines in run.lines.items():
        sample = run.samples[sample_id]
        for completion, verdict in ((line.completion, line.verdict) for line in lines):
            records.append(
                (
                    *head,
                    *(sample_id, completion.k),
                    *(sample.subject, sample.level, sample.question, sample.gold),
                    *(verdict.answer, verdict.outcome, _is_correct(verdict.outcome)),
                    *(verdict.rule, verdict.stage, verdict.reason),
                    *(completion.finish_reason, completion.stop_reason),
                    *(completion.prompt_tokens, completion.completion_tokens, completion.seconds),
                    *(completion.error, completion.text),
                )
            )
    return records


def _is_correct(outcome: Outcome) -> bool | None:
    return None if outcome == "backend_error" else outcome == "correct"


def parquet_bytes(frame: DataFrame) -> bytes:
    """The table as Parquet, texts as they are but for lone surrogates, which the format cannot hold."""
    import io

    texts = {
        name: frame[name].map(lambda value: storable(value) if isinstance(value, str) else value)
        for name, kind in COLUMNS.items()
        if kind == "str"
    }
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(
        frame.assign(**texts), preserve_index=False, schema=pa.schema(_parquet_types(pa))
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _parquet_types(pa: Any) -> list[tuple[str, Any]]:
    types = {
        "str": pa.string(),
        "int64": pa.int64(),
        "Int64": pa.int64(),
        "boolean": pa.bool_(),
        "float64": pa.float64(),
    }
    return [(name, types[kind]) for name, kind in COLUMNS.items()]
