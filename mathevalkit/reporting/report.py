"""Reports of runs: ``report`` reads them, a ``Report`` writes itself in every format.

    >>> import mathevalkit
    >>> page = mathevalkit.report("runs/llama/math/…", "runs/metamath/math/…")  # doctest: +SKIP
    >>> page.save("report.html")  # doctest: +SKIP
    >>> page.to_frame().groupby(["model", "level"])["correct"].mean()  # doctest: +SKIP

In a notebook a report as the last line of a cell shows its tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from mathevalkit.atomic import write_atomically
from mathevalkit.errors import UsageError
from mathevalkit.presentation.notebook import html_table
from mathevalkit.presentation.terminal import clean
from mathevalkit.reporting.data import ReportGroup, ReportRun, read_groups

if TYPE_CHECKING:
    from pandas import DataFrame

Format: TypeAlias = Literal["html", "md", "tex", "csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SUFFIXES: dict[str, Format] = {f".{name}": name for name in FORMATS} | {".htm": "html", ".markdown": "md"}


def report(*runs: str | Path, scorer: str | None = None, data_file: str | Path | None = None) -> Report:
    """Read runs for a report. Runs on the same rows are compared; the first is the base.

    Args:
        *runs: run directories, whole or not.
        scorer: show all runs under this scorer instead of the one each was made with.
        data_file: the rows, where they are not where the runs' manifests say.

    Raises:
        UsageError: no run, or a run given twice.
        RunDirectoryError: a folder is not a run, or one of its files is damaged.
        ComparisonError: a run was not scored with ``scorer``.
    """
    return Report(groups=read_groups(runs, scorer=scorer, data_file=data_file))


@dataclass(frozen=True, slots=True)
class Report:
    """Runs read back, ready to be written."""

    groups: tuple[ReportGroup, ...]
    """Runs on the same rows together."""

    @property
    def runs(self) -> tuple[ReportRun, ...]:
        """Every run."""
        return tuple(run for group in self.groups for run in group.runs)

    def to_frame(self) -> DataFrame:
        """One row for each completion; the columns are those of ``mathevalkit.reporting.frame.COLUMNS``."""
        from mathevalkit.reporting.frame import samples_frame

        return samples_frame(self.runs)

    def to_html(self) -> str:
        """One page that needs no network and lets nothing a model wrote act."""
        from mathevalkit.reporting.html import html_report

        return html_report(self.groups)

    def to_markdown(self) -> str:
        """Tables and facts in GitHub's Markdown."""
        from mathevalkit.reporting.text import markdown_report

        return markdown_report(self.groups)

    def to_latex(self) -> str:
        """Tables for a paper; they need booktabs."""
        from mathevalkit.reporting.text import latex_report

        return latex_report(self.groups)

    def to_bytes(self, form: Format) -> bytes:
        """The report in a format, as a file holds it."""
        from mathevalkit.presentation.spreadsheet import frame_csv
        from mathevalkit.reporting.frame import parquet_bytes

        writers: dict[Format, Callable[[], bytes]] = {
            "html": lambda: self.to_html().encode(),
            "md": lambda: self.to_markdown().encode(),
            "tex": lambda: self.to_latex().encode(),
            "csv": lambda: frame_csv(self.to_frame()),
            "parquet": lambda: parquet_bytes(self.to_frame()),
        }
        return writers[form]()

    def save(self, path: str | Path, *, form: Format | None = None) -> Path:
        """Write the report, whole or not at all.

        Args:
            path: the file; one that is there is replaced.
            form: the format; by the file's ending where it is not given.

        Raises:
            UsageError: the ending says no format, or the file cannot be written.
        """
        place = Path(path)
        chosen = form or format_of(place)
        write_atomically(place, self.to_bytes(chosen), error=UsageError)
        return place

    def _repr_html_(self) -> str:
        from mathevalkit.reporting.tables import tables

        return "".join(
            html_table(
                clean(table.caption), [*map(clean, table.head)], ([*map(clean, r)] for r in table.rows)
            )
            for group in self.groups
            for table in tables(group)
        )


def format_of(path: Path) -> Format:
    """The format that a file's ending says. Raises UsageError where it says none."""
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"{path}: the ending says no format; name it with `form`, or end the name in "
            + ", ".join(f".{name}" for name in FORMATS)
        )
    return _SUFFIXES[path.suffix.lower()]
