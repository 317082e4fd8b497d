"""Tables as HTML, for what a notebook shows of a result: ``_repr_html_`` of the public types.

    >>> html_table("GSM8K", ["", "accuracy"], [["all", "66.5 %"]])
    '<table><caption>GSM8K</caption><thead><tr><th></th><th>accuracy</th></tr></thead><tbody>\
<tr><td>all</td><td>66.5 %</td></tr></tbody></table>'

Every text is escaped: subjects, names and answers come from data and from models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One table; cells are plain text."""
    body = "".join(_row(cells, "td") for cells in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead>{_row(head, 'th')}</thead><tbody>{body}</tbody></table>"
    )


def html_notes(notes: Iterable[str]) -> str:
    """One paragraph a note."""
    return "".join(f"<p>{escape(note)}</p>" for note in notes)


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
