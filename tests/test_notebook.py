"""What a notebook shows of the public results: tables, with every foreign text escaped."""

from __future__ import annotations

from html.parser import HTMLParser

from mathevalkit.nightly.record import Night, NightEntry
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import Breakdown
from mathevalkit.types import Accuracy, Sample

HOSTILE = "<script>alert(1)</script>"


class Cells(HTMLParser):
    """The tags of a page and the rows of its tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows:
            self.rows[-1][-1] += data


TABLE = {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_results_show_subjects_levels_and_the_whole() -> None:
    samples = {str(i): Sample(id=str(i), question="", gold="", subject=HOSTILE, level="1") for i in range(4)}
    counts = Breakdown(samples)
    for i, outcome in enumerate(("correct", "wrong", "truncated", "wrong")):
        counts.add(str(i), outcome)
    page = Results(
        schema_version=1,
        run_id="r",
        model=HOSTILE,
        task="sums",
        recipe="chat",
        scorer="auto",
        overall=counts.overall.group("overall"),
        by_subject=counts.by_subject(),
        by_level=counts.by_level(),
        by_subject_level=counts.by_subject_level(),
        other_scorers={},
        prompt_tokens=0,
        completion_tokens=0,
        seconds={},
    )._repr_html_()
    shown = Cells(page)
    assert shown.tags == TABLE
    assert [row[:4] for row in shown.rows[1:]] == [
        ["subject", HOSTILE, "4", "25.0 %"],
        ["level", "1", "4", "25.0 %"],
        ["", "all", "4", "25.0 %"],
    ]


def test_a_night_shows_how_each_entry_ended() -> None:
    accuracy = Accuracy(value=0.5, low=0.4, high=0.6, floor=0.5, ceiling=0.5)
    night = Night(
        night="2026-01-05",
        suite="suite.yaml",
        entries=(
            NightEntry(model="a", task="sums", recipe="chat", status="no baseline", accuracy=accuracy),
            NightEntry(model="b", task="sums", recipe="", status="failed", error=HOSTILE, exit_code=5),
        ),
    )
    shown = Cells(night._repr_html_())
    assert shown.tags == TABLE
    assert shown.rows[1:] == [
        ["a", "sums", "chat", "50.0 %", "–", "no baseline"],
        ["b", "sums", "", "–", "–", f"failed: {HOSTILE}"],
    ]
    frame = night.to_frame()
    assert frame["accuracy"].tolist()[0] == 0.5
    assert frame["status"].tolist() == ["no baseline", "failed"]
    assert frame["reason"].tolist() == ["", HOSTILE]
