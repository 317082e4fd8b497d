"""A static site of all nights: what it says, that nothing in it acts, and that building again is cheap."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mathevalkit.errors import RunDirectoryError
from mathevalkit.nightly.dashboard.site import Site, build_dashboard
from mathevalkit.nightly.record import Night, NightEntry, write_night
from mathevalkit.types import ModelInfo, Outcome, Sample
from tests.browser import chromium, missing
from tests.cli.helpers import Cli
from tests.run_folders import problems, write_run, write_task

HOSTILE = '<script>document.title="ran"</script><img src=x onerror="document.title=1">\x1b[31m{{ 7*7 }}'


class Nights:
    """A folder of nights of models on 30 problems; ``wrong`` are the ids of those they fail."""

    def __init__(self, folder: Path, samples: Sequence[Sample] | None = None) -> None:
        self.folder, self.runs, self.out = folder, folder / "runs", folder / "site"
        self.samples = list(samples or problems(30))
        self.task = write_task(folder / "tasks", self.samples)

    def add(self, night: str, wrong: Sequence[int] = (), *, model: str = "small", **changes: Any) -> Path:
        ids = [sample.id for sample in self.samples]
        outcomes: dict[str, Outcome] = {i: "wrong" if int(i) in wrong else "correct" for i in ids}
        info = ModelInfo(model="m", backend="vllm", backend_version=changes.pop("engine", "1"))
        return write_run(
            self.runs / night / model,
            outcomes,
            samples=self.samples,
            model="m",
            task_path=self.task,
            run_id=f"{night}T000000Z-aaaaaa",
            model_info=info,
            **changes,
        )

    def build(self) -> Site:
        return build_dashboard(self.runs, self.out)

    def page(self, name: str) -> str:
        return (self.out / name).read_text()


SERIES = "small--handmade--fewshot"


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def text_of(page: str) -> str:
    """What a reader sees, roughly: no tags, no runs of spaces."""
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_the_index_tells_of_tonight_against_the_night_before(nights: Nights):
    nights.add("2026-01-01", wrong=[1, 2, 3])
    nights.add("2026-01-02", wrong=[3, 4, 5, 6, 7, 8])
    assert (nights.build().nights, nights.build().series) == (2, 1)
    assert "small handmade fewshot not gated 80.0 % −10.0 62.7–90.5 +2 −5" in text_of(
        nights.page("index.html")
    )


def test_every_flipped_sample_is_a_click_away(nights: Nights):
    nights.add("2026-01-01", wrong=[1, 2])
    nights.add("2026-01-02", wrong=[2, 7], answers={"7": "eight"})
    nights.build()
    assert f'href="{SERIES}/2026-01-02.html"' in nights.page("index.html")
    assert f'href="../{SERIES}/2026-01-02.html"' in nights.page(f"{SERIES}/index.html")
    told = text_of(nights.page(f"{SERIES}/2026-01-02.html"))
    lost, gained = told.index("Lost (1)"), told.index("Gained (1)")
    assert "What is 7? gold 7 2026-01-01 correct: 7 2026-01-02 wrong: eight" in told[lost:gained]
    assert "What is 1? gold 1" in told[gained:]
    assert "What is 2?" not in told, "wrong on both nights"


def test_what_changed_between_nights_is_told_where_it_changed(nights: Nights):
    nights.add("2026-01-01")
    nights.add("2026-01-02", engine="2")
    nights.add("2026-01-03", engine="2")
    nights.build()
    index, series = nights.page("index.html"), nights.page(f"{SERIES}/index.html")
    assert "2026-01-02: engine: vllm version 1 → 2" in text_of(index)
    assert index.count('class="change"') == series.count('class="change"') == 1
    rows = text_of(series).partition("changed since the night before")[2]
    assert rows.index("2026-01-02") < rows.index("vllm version 1 → 2") < rows.index("2026-01-01")


def test_the_line_has_a_point_for_every_night_and_its_interval_around_it(nights: Nights):
    for day, wrong in enumerate(([], [1], [1, 2, 3, 4]), 1):
        nights.add(f"2026-01-0{day}", wrong=wrong)
    nights.build()
    page = nights.page(f"{SERIES}/index.html")
    line, band = (re.search(rf'class="{name}" d="([^"]*)"', page)[1] for name in ("line", "band"))
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", line)[1:]]
    assert [x for x, _ in points] == [0, 500, 1000]
    assert points[0][1] < points[1][1] < points[2][1], "down is worse"
    edges = [tuple(map(float, p.rstrip("Z").split())) for p in re.split("[ML]", band)[1:]]
    for (x, y), (high_x, high), (low_x, low) in zip(points, edges[:3], reversed(edges[3:]), strict=True):
        assert x == high_x == low_x
        assert high <= y < low
    assert "2026-01-03: 86.7 % (70.3–94.7)" in page


def test_the_heat_map_shows_tonight_by_subject(nights: Nights):
    nights.add("2026-01-01")
    nights.add("2026-01-02", wrong=[0, 3, 6, 9])  # four of the ten of algebra
    nights.build()
    told = text_of(nights.page("index.html")).partition("Tonight by subject")[2]
    assert "Algebra Geometry Number Theory small fewshot 60.0 −40.0 100.0 +0.0 100.0 +0.0" in told


def entry(run: Path, nights: Nights, **changes: Any) -> NightEntry:
    values: Mapping[str, Any] = {
        "model": "small",
        "task": "handmade",
        "recipe": "fewshot",
        "status": "regression",
        "run_dir": str(run.relative_to(nights.runs)),
    }
    return NightEntry(**{**values, **changes})


def test_the_gates_of_a_night_are_shown(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02", wrong=range(9))
    write_night(nights.runs, Night(night="2026-01-02", suite="s.yaml", entries=(entry(run, nights),)))
    nights.build()
    assert "regression 70.0 % −30.0 52.1–83.3 +0 −9" in text_of(nights.page("index.html"))
    assert 'class="dot v-regression"' in nights.page("index.html")
    assert "regression" in text_of(nights.page(f"{SERIES}/index.html"))


def test_an_entry_that_failed_tonight_is_told_with_its_reason(nights: Nights):
    run = nights.add("2026-01-01")
    failed = entry(run, nights, status="failed", run_dir="", error="out of <memory>")
    write_night(nights.runs, Night(night="2026-01-02", suite="s.yaml", entries=(failed,)))
    nights.build()
    page = nights.page("index.html")
    assert "failed small · handmade · fewshot: out of &lt;memory&gt;" in text_of(page)
    assert "no run tonight; the last was on 2026-01-01" in text_of(page)


def test_runs_without_a_suite_are_shown_by_their_dates(nights: Nights):
    for day in (1, 2):
        write_run(
            nights.runs,
            {s.id: "correct" for s in nights.samples},
            samples=nights.samples,
            task_path=nights.task,
            run_id=f"2026010{day}T000000Z-aaaaaa",
            created=f"2026-01-0{day}T01:00:00+00:00",
        )
    assert nights.build().nights == 2
    assert "Night 2026-01-02" in nights.page("index.html")


def test_of_several_runs_in_a_night_the_last_whole_one_counts(nights: Nights):
    nights.add("2026-01-01", wrong=[1, 2, 3])
    again = nights.add("2026-01-01", model="x", wrong=[1])
    home = nights.runs / "2026-01-01/small/m/handmade/2026-01-01T120000Z-bbbbbb"
    again.rename(home)
    broken = nights.add("2026-01-01", model="y", whole=False)
    broken.rename(home.with_name("2026-01-01T180000Z-cccccc"))
    nights.build()
    assert "96.7 %" in text_of(nights.page("index.html"))


def test_building_again_writes_no_page_of_flips_twice(nights: Nights):
    nights.add("2026-01-01")
    nights.add("2026-01-02", wrong=[1])
    assert nights.build().pages_kept == 0
    page = nights.out / SERIES / "2026-01-02.html"
    made = page.stat().st_mtime_ns
    nights.add("2026-01-03", wrong=[2])
    assert nights.build().pages_kept == 1
    assert page.stat().st_mtime_ns == made
    assert "+1 −1" in text_of(nights.page("index.html"))
    assert text_of(nights.page(f"{SERIES}/index.html")).count("+0 −1") == 1, "kept pages are counted too"


def test_a_run_scored_anew_is_shown_anew(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02", wrong=[1])
    nights.build()
    verdicts = run / "verdicts.auto.jsonl"
    verdicts.write_text(verdicts.read_text().replace('"wrong"', '"correct"', 1))
    assert nights.build().pages_kept == 0
    assert "No sample flipped" in nights.page(f"{SERIES}/2026-01-02.html")


def test_pages_of_nights_that_are_gone_are_removed_and_nothing_else(nights: Nights):
    import shutil

    for day in (1, 2, 3):
        nights.add(f"2026-01-0{day}")
    nights.build()
    (nights.out / SERIES / "mine.html").write_text("kept")
    shutil.rmtree(nights.runs / "2026-01-03")
    nights.build()
    assert sorted(p.name for p in (nights.out / SERIES).iterdir()) == [
        "2026-01-02.html",
        "index.html",
        "mine.html",
    ]


def test_several_completions_flip_where_their_share_changes(nights: Nights):
    def both(night: str, outcomes: Sequence[Outcome]) -> None:
        ids = [s.id for s in nights.samples]
        given = {i: ["correct", "correct"] for i in ids} | {"4": outcomes}
        root = nights.runs / night / "small"
        write_run(root, given, samples=nights.samples, model="m", task_path=nights.task, run_id=night)

    both("2026-01-01", ["correct", "wrong"])
    both("2026-01-02", ["wrong", "correct"])
    both("2026-01-03", ["wrong", "wrong"])
    nights.build()
    assert "No sample flipped" in nights.page(f"{SERIES}/2026-01-02.html")
    assert "50 % of its completions right" in nights.page(f"{SERIES}/2026-01-03.html")


def test_a_completion_that_the_engine_failed_to_give_is_no_flip(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02", wrong=[3])
    verdicts = run / "verdicts.auto.jsonl"
    verdicts.write_text(verdicts.read_text().replace('"wrong"', '"backend_error"'))
    nights.build()
    assert "No sample flipped" in nights.page(f"{SERIES}/2026-01-02.html")


def test_rows_that_are_gone_leave_the_flips_without_their_questions(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02", wrong=[3])
    nights.task.unlink()
    for path in nights.runs.rglob("samples.jsonl"):
        path.unlink()
    site = nights.build()
    assert any("questions and golds cannot be shown" in warning for warning in site.warnings)
    assert str(run) in site.warnings[0]
    assert "Lost (1)" in nights.page(f"{SERIES}/2026-01-02.html")


def test_a_damaged_run_is_left_out_and_said(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02")
    (run / "manifest.json").write_text("{")
    site = nights.build()
    assert site.nights == 1
    assert "manifest.json" in site.warnings[0]


def test_damaged_verdicts_cost_their_flips_only(nights: Nights):
    nights.add("2026-01-01")
    run = nights.add("2026-01-02", wrong=[1])
    verdicts = run / "verdicts.auto.jsonl"
    verdicts.write_text(verdicts.read_text().replace('{"sample_id":"5"', "{{", 1))
    site = nights.build()
    assert "verdicts.auto.jsonl:7: not JSON" in site.warnings[0]
    assert "the verdicts cannot be read" in nights.page("index.html")


def test_a_folder_without_runs_is_refused(tmp_path: Path):
    with pytest.raises(RunDirectoryError, match="no whole run found; expected <night>"):
        build_dashboard(tmp_path, tmp_path / "site")


def test_the_command_says_what_it_built(cli: Cli, nights: Nights):
    nights.add("2026-01-01")
    assert cli("dashboard", str(nights.runs), "--out", str(nights.out)) == 0
    assert "1 night, 1 trend; 2 pages written" in cli.out
    assert str(nights.out / "index.html") in cli.out


# ---- nothing in it acts ----------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Nights:
    """Text that would act, everywhere that a model, a data file or a folder can put it."""
    samples = [
        Sample(id=str(i), question=f"{HOSTILE} {i}?", gold=HOSTILE, subject=HOSTILE, level="</style><b>")
        for i in range(6)
    ]
    made = Nights(tmp_path, samples)
    name = "m<b onclick=x>"
    made.add("2026-01-01", model=name)
    made.add(
        "2026-01-02", wrong=[1, 2], model=name, answers={"1": HOSTILE}, engine="</svg><script>1</script>"
    )
    made.build()
    return made


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes += attrs


def test_every_text_is_escaped_and_no_page_holds_a_script(hostile: Nights):
    pages = list(hostile.out.rglob("*.html"))
    assert len(pages) == 3
    for path in pages:
        page = path.read_text()
        tags = Tags(page)
        assert not tags.found & {"script", "img", "iframe", "link", "object", "form"}
        assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("style", "src")]
        links = [value or "" for name, value in tags.attributes if name == "href"]
        assert not [link for link in links if re.match(r"[a-z]+:|//", link)]
        assert "default-src 'none'; style-src 'sha256-" in page
        assert "\x1b" not in page
    flips = hostile.page(
        next(p for p in hostile.out.rglob("2026-01-02.html")).relative_to(hostile.out).as_posix()
    )
    assert "&lt;script&gt;" in flips
    assert "{{ 7*7 }}" in flips
    assert "49" not in text_of(flips)


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
def test_a_browser_shows_hostile_text_runs_nothing_and_fetches_nothing(hostile: Nights):
    with chromium() as browser:
        for path in hostile.out.rglob("*.html"):
            browser.open(path.as_uri())
            assert browser.console() == []
            assert browser.run("return performance.getEntriesByType('resource').length") == 0
            assert browser.run("return document.scripts.length + document.images.length") == 0
            assert browser.run("return document.title") not in ("ran", "1")
            # the style sheet is the one the policy allows
            assert browser.run("return getComputedStyle(document.body).maxWidth") == "1152px"


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
def test_pages_fit_a_phone_and_follow_the_dark(nights: Nights):
    nights.add("2026-01-01")
    nights.add("2026-01-02", wrong=[1, 2])
    nights.build()
    with chromium() as browser:
        browser.emulate(width=360, height=740, dark=True)
        for path in nights.out.rglob("*.html"):
            browser.open(path.as_uri())
            assert browser.run("return document.documentElement.scrollWidth") <= 360, path
            paper = browser.run("return getComputedStyle(document.body).backgroundColor")
            assert paper == "rgb(22, 23, 26)"
