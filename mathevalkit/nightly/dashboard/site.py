"""A static site of all nights: ``mathevalkit dashboard RUNS_DIR --out SITE``.

    SITE/index.html                     tonight: verdicts, trends, what changed, the heat map by subject
    SITE/<series>/index.html            one model on one task: every night, with what changed and the gate
    SITE/<series>/<night>.html          the samples that flipped on that night
    SITE/.pages.json                    which pages of flips are up to date

Nothing in it needs a server, a script or a network: the pages hold no script at all, and their
Content-Security-Policy allows their own style sheet by its hash and nothing else. All text is escaped.

Building again is incremental: a page of flips is made once, and again only where the files of its two runs
(by name, size and time), the templates or this version changed. So a further night costs two verdict files
a series, however long the history is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from mathevalkit import __version__
from mathevalkit.atomic import write_atomically
from mathevalkit.comparison.flips import flipped, flips_between
from mathevalkit.errors import ComparisonError, RunDirectoryError
from mathevalkit.nightly.dashboard.charts import HEAT_STEPS, heat_maps, points, trend
from mathevalkit.nightly.dashboard.data import History, NightRun, Series, change_text, read_history
from mathevalkit.packaged import packaged
from mathevalkit.presentation.figures import interval, percent
from mathevalkit.presentation.terminal import clean, clean_block, counted
from mathevalkit.presentation.wording import OUTCOME_WORDS
from mathevalkit.runs.codec import encode_line
from mathevalkit.runs.journal import MANIFEST, RESULTS, verdicts_name
from mathevalkit.runs.reader import Lines, read_outcomes, samples_if_readable
from mathevalkit.types import Sample

__all__ = ["Site", "build_dashboard"]

PAGES = ".pages.json"
MAX_SHOWN = 1_000
"""Flips of one kind on a page; more make it slow and say no more."""
MAX_TEXT = 2_000
"""Characters of a question or an answer that are shown."""


@dataclass(slots=True, kw_only=True)
class Site:
    """What was built."""

    index: str
    nights: int
    series: int
    pages_written: int = 0
    pages_kept: int = 0
    """Pages of flips that were up to date."""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipCount:
    """What the other pages say of a page of flips."""

    page: str
    """Relative to the site; empty where the nights cannot be compared sample by sample."""
    gained: int = 0
    lost: int = 0
    note: str = ""


def build_dashboard(runs_dir: str | Path, out: str | Path) -> Site:
    """Build the site, or bring it up to date.

    Args:
        runs_dir: a suite's output folder, or a folder of runs.
        out: the folder of the site; files in it that are not the site's own are left alone.

    Raises:
        RunDirectoryError: there is no whole run, or the site cannot be written.
    """
    folder = Path(out)
    history = read_history(Path(runs_dir))
    site = Site(
        index=str(folder / "index.html"),
        nights=len(history.nights),
        series=len(history.series),
        warnings=list(history.warnings),
    )
    _Builder(folder, history, site).build()
    return site


class _Builder:
    """One build: the templates, and what is on disk already."""

    def __init__(self, folder: Path, history: History, site: Site) -> None:
        self._folder, self._history, self._site = folder, history, site
        templates = packaged("reports") / "dashboard"
        self._style = (templates / "dashboard.css").read_text(encoding="utf-8")
        self._environment = _environment(templates, self._style)
        sources = [path.read_text(encoding="utf-8") for path in sorted(templates.iterdir())]
        self._edition = _digest([__version__, *sources])
        self._known = self._read_pages()
        self._pages: dict[str, dict[str, Any]] = {}
        self._samples: dict[str, Mapping[str, Sample]] = {}

    def build(self) -> None:
        """Every page, the index last."""
        history = self._history
        trends = {series.key: trend(series, history) for series in history.series}
        flips: dict[tuple[str, str, str], dict[str, FlipCount]] = {}
        for series in history.series:
            flips[series.key] = self._flips(series)
            self._write(
                f"{_slug(*series.key)}/index.html",
                "series.html",
                series=series,
                trend=trends[series.key],
                flips=flips[series.key],
                numbers={mark.run.night: mark.number for mark in trends[series.key].marks},
            )
        self._write(
            "index.html",
            "index.html",
            history=history,
            trends=trends,
            flips=flips,
            heat_maps=heat_maps(history),
        )
        for page in self._known.keys() - self._pages.keys():
            (self._folder / page).unlink(missing_ok=True)
        write_atomically(self._folder / PAGES, encode_line({"schema_version": 1, "pages": self._pages}))

    def _read_pages(self) -> dict[str, dict[str, Any]]:
        """The pages of flips on disk; none where that cannot be told."""
        try:
            record = orjson.loads((self._folder / PAGES).read_bytes())
            pages: dict[str, dict[str, Any]] = record["pages"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        # The names become paths: one that leads out of the site is nobody's we wrote.
        return {
            page: known for page, known in pages.items() if re.fullmatch(r"[\w.+-]+/[\w.+-]+\.html", page)
        }

    # ---- flips ---------------------------------------------------------------------------------------

    def _flips(self, series: Series) -> dict[str, FlipCount]:
        """For each night what flipped since the one before; pages that are not there are written."""
        outcomes = lru_cache(maxsize=1)(
            read_outcomes
        )  # a run is the later of one pair and the earlier of the next
        counts = {}
        for before, after in pairwise(series.runs):
            try:
                counts[after.night] = self._flip_page(series, before, after, outcomes)
            except (RunDirectoryError, ComparisonError) as error:
                self._site.warnings.append(str(error))
                counts[after.night] = FlipCount(page="", note="the verdicts cannot be read")
        return counts

    def _flip_page(
        self,
        series: Series,
        before: NightRun,
        after: NightRun,
        outcomes: Callable[[Path, str], Mapping[str, Lines]],
    ) -> FlipCount:
        if before.manifest.data_fingerprint != after.manifest.data_fingerprint:
            return FlipCount(page="", note="other rows than the night before")
        page = f"{_slug(*series.key)}/{_slug(after.night)}.html"
        key = _digest([self._edition, before.night, _fingerprint(before), _fingerprint(after)])
        known = self._known.get(page, {})
        if known.get("key") == key and (self._folder / page).is_file():
            self._pages[page] = known
            self._site.pages_kept += 1
            return FlipCount(page=page, gained=known["gained"], lost=known["lost"])
        was, now = (outcomes(run.path, run.results.scorer) for run in (before, after))
        samples = {} if next(flipped(was, now), None) is None else self._samples_of(after)
        flips = flips_between(was, now, checkpoint=after.night, samples=samples)
        lost, gained = ([f for f in flips if (f.tuned > f.base) == better] for better in (False, True))
        count = FlipCount(page=page, gained=len(gained), lost=len(lost))
        self._write(
            page,
            "flips.html",
            series=series,
            before=before,
            after=after,
            count=count,
            kinds=[
                (kind, len(found), found[:MAX_SHOWN]) for kind, found in (("lost", lost), ("gained", gained))
            ],
        )
        self._pages[page] = {"key": key, "gained": count.gained, "lost": count.lost}
        return count

    def _samples_of(self, run: NightRun) -> Mapping[str, Sample]:
        """The rows a run was made on, read once for all nights that share them."""
        rows = run.manifest.data_fingerprint
        if rows not in self._samples:
            self._samples[rows], fault = samples_if_readable(run.manifest, path=run.path)
            if fault is not None:
                self._site.warnings.append(f"{run.path}: questions and golds cannot be shown: {fault}")
        return self._samples[rows]

    # ---- pages ---------------------------------------------------------------------------------------

    def _write(self, page: str, template: str, **values: Any) -> None:
        path = self._folder / page
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{path.parent}: cannot be created: {error.strerror}") from error
        text = self._environment.get_template(template).render(values)
        try:
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be written: {error.strerror}") from error
        self._site.pages_written += 1


# ---- which pages are up to date ----------------------------------------------------------------------


def _fingerprint(run: NightRun) -> list[Any]:
    """What tells whether a run's files have changed, without reading them: their sizes and times."""
    names = (MANIFEST, RESULTS, verdicts_name(run.results.scorer))
    found = []
    for name in names:
        path = run.path / name
        try:
            stat = path.stat()
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be read: {error.strerror}") from error
        found.append([str(path), stat.st_size, stat.st_mtime_ns])
    return found


def _digest(value: Any) -> str:
    """A short name of a value's content."""
    return hashlib.sha256(encode_line(value)).hexdigest()[:24]


# ---- what a template shows -------------------------------------------------------------------------


def _environment(templates: Path, style: str) -> Any:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.globals.update(
        policy=Markup(_policy(style)),  # noqa: S704  # a hash and keywords alone
        style=Markup(style),  # noqa: S704  # our own file, and the policy holds its hash
        version=__version__,
        heat_steps=HEAT_STEPS,
        words=OUTCOME_WORDS,
    )
    environment.filters.update(
        block=_block,
        change=change_text,
        counted=counted,
        interval=interval,
        percent=percent,
        slug=_slug,
        points=points,
        slugs=lambda key: _slug(*key),
    )
    return environment


def _policy(style: str) -> str:
    """This style sheet, and nothing else: no script, image, frame, request or form."""
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"


def _visible(value: Any) -> Any:
    """What a template prints: text without control characters, anything else as it is."""
    return clean(value) if type(value) is str else value


def _block(text: str) -> Any:
    """Text of several lines: control characters but line breaks made visible, cut, escaped."""
    from markupsafe import escape

    shown = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + " …"
    return escape(clean_block(shown))


def _slug(*parts: str) -> str:
    """A file name for a series or a night: different ones get different names.

    >>> _slug("llama-2", "gsm8k", "fewshot")
    'llama-2--gsm8k--fewshot'
    >>> _slug("2026-01-05")
    '2026-01-05'
    """
    name = "--".join(parts)
    kept = re.sub(r"[^A-Za-z0-9._+-]", "_", name).lstrip(".")[:100]
    plain = kept == name and not any("--" in part for part in parts) and name != "index"
    return kept if plain else f"{kept}-{_digest(list(parts))[:8]}"
