r"""Mathematics in a text: where the formulas stand, and what they look like without a network.

    >>> formulas = Formulas()
    >>> formulas.split("He has $5, so $x^2 = 25$ dollars.")
    ['He has $5, so ', 0, ' dollars.']
    >>> formulas.split(r"\frac{1}{2}", bare=True), formulas.split(r"\$18", bare=True)
    ([1], [2])

A text becomes a list of plain texts and formula numbers. Which ``$`` opens a formula and which is money is
told as in Pandoc's Markdown: a formula neither begins nor ends with a space and no digit follows it; and it
holds no run of plain words. ``Formulas.render`` turns all formulas into MathML at once, in a process that is
killed when it takes too long; what does not come through is shown as its source.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from answer_normalizers.killable import Worker, WorkerError
from mathevalkit.presentation.terminal import clean_block

Segments: TypeAlias = list[Any]
"""Plain text (str), a formula's number (int), or either in a list of its own: the part marked."""

MAX_FORMULAS = 40_000
"""Different formulas of one page; further ones are shown as their source."""
MAX_SOURCE = 1_200
MAX_OPENERS = 600
"""A text with more delimiters than this is no solution, and looking for their ends would take its time."""
BATCH = 500
BATCH_SECONDS = 30.0
"""Far more than a batch needs (a tenth of a second); a machine may be busy."""
MAX_KILLED = 2
"""After so many batches that had to be killed, somebody means harm: the rest is shown as source."""

_ENVIRONMENTS = "align|aligned|alignat|array|bmatrix|cases|equation|gather|matrix|pmatrix|split|vmatrix"
_PATTERN = re.compile(
    r"(?P<code>\[asy\].{0,6000}?\[/asy\]|\\\$)"
    rf"|\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}.{{0,{MAX_SOURCE}}}?\\end\{{(?P=name)\}}"
    rf"|\$\$(?P<dollars>[^$]{{1,{MAX_SOURCE}}})\$\$"
    rf"|\\\[(?P<bracket>.{{1,{MAX_SOURCE}}}?)\\\]"
    rf"|\\\((?P<paren>.{{1,{MAX_SOURCE}}}?)\\\)"
    rf"|\$(?P<dollar>(?=[^\s$])(?:[^$\\]|\\.){{1,{MAX_SOURCE}}}(?<=\S))\$(?!\d)",
    re.DOTALL,
)
_OPENER = re.compile(r"\$|\\[\[(b]|\[asy\]")
_PROSE = re.compile(r"(?<![\\a-zA-Z{])[a-zA-Z]{2,}[,.;]?\s+[a-zA-Z]{2,}[,.;]?\s+[a-zA-Z]{2,}")
_BRACED_WORDS = re.compile(r"\\(?:text|mbox|textbf|textit|mathrm|operatorname)\w*\s*\{[^{}]*\}")


class Formulas:
    """The different formulas of a page, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, bool], int] = {}

    def split(self, text: str, *, bare: bool = False, span: tuple[int, int] | None = None) -> Segments:
        """A text in segments.

        Args:
            text: plain text with formulas between the delimiters of LaTeX.
            bare: a text without delimiters that looks like LaTeX is one formula: a gold, an answer.
            span: the part to mark (characters); a formula that it touches is marked whole.
        """
        if bare and "$" not in text.replace(r"\$", "") and re.search(r"[\\^_]", text) and not _is_prose(text):
            number = self._number(text.strip(), display=False)
            return [clean_block(text)] if number is None else [number]
        segments: Segments = []
        end = 0
        for start, stop, number in self._found(text):
            self._plain(segments, text, end, start, span)
            marked = span is not None and span[0] < stop and start < span[1]
            segments.append([number] if marked else number)
            end = stop
        self._plain(segments, text, end, len(text), span)
        return segments

    def _found(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end and number of each formula."""
        if not 0 < len(_OPENER.findall(text)) <= MAX_OPENERS:
            return []
        found = []
        position = 0
        while match := _PATTERN.search(text, position):
            position = match.end()
            if match["code"]:
                continue
            display = match["dollar"] is None and match["paren"] is None
            body = next((b for b in match.group("dollars", "bracket", "paren", "dollar") if b), match[0])
            if "\n\n" in body or _is_prose(body):
                position = match.start() + (2 if match[0].startswith("$$") else 1)
            elif (number := self._number(body.strip(), display=display)) is not None:
                found.append((match.start(), match.end(), number))
        return found

    @staticmethod
    def _plain(segments: Segments, text: str, start: int, end: int, span: tuple[int, int] | None) -> None:
        """Append a stretch of plain text, cut where the marked part begins and ends."""
        first, last = (start, start) if span is None else (max(start, span[0]), min(end, span[1]))
        cuts = [(start, end, False)]
        if first < last:
            cuts = [(start, first, False), (first, last, True), (last, end, False)]
        for begin, stop, marked in cuts:
            if begin < stop:
                shown = clean_block(text[begin:stop].replace("\r\n", "\n"))
                segments.append([shown] if marked else shown)

    def _number(self, latex: str, *, display: bool) -> int | None:
        """The formula's number; None where there are too many, or it is too long."""
        key = (latex, display)
        if key not in self._numbers:
            if len(self._numbers) >= MAX_FORMULAS or not 0 < len(latex) <= MAX_SOURCE:
                return None
            self._numbers[key] = len(self._numbers)
        return self._numbers[key]

    def render(self) -> list[list[Any]]:
        """``[source, tree]`` of each formula by its number; the tree is 0 where there is none."""
        wanted: list[Any] = [[latex, display] for latex, display in self._numbers]
        trees: list[Any] = []
        worker = Worker("mathevalkit.reporting.mathml:convert", deadline=BATCH_SECONDS, memory=1 << 30)
        killed = 0
        try:
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                try:
                    done: Any = worker.call(batch) if killed < MAX_KILLED else None
                except WorkerError:
                    killed += 1
                    done = None
                trees += done if done is not None else [None] * len(batch)
        finally:
            worker.stop()
        return [
            [clean_block(latex), _compact(tree) if tree is not None else 0]
            for (latex, _), tree in zip(wanted, trees, strict=True)
        ]


def _is_prose(text: str) -> bool:
    """Whether it holds three plain words in a row, as no formula does outside of ``\\text``."""
    return _PROSE.search(_BRACED_WORDS.sub("", text)) is not None


def _compact(tree: list[Any]) -> list[Any]:
    """A tree for the page: no empty attributes, no row of one, characters that could reorder made visible."""
    tag, attributes, *children = tree
    if tag == "mrow" and len(children) == 1 and isinstance(children[0], list):
        return _compact(children[0])
    inner = [_text(child) if isinstance(child, str) else _compact(child) for child in children]
    return [tag, attributes, *inner] if attributes else [tag, *inner]


_INVISIBLE = {"\u2061", "\u2062", "\u2063", "\u2064", "\u200b", "\u2009", "\u2006"}
"""Operators and spaces that MathML writes itself."""


def _text(text: str) -> str:
    return text if text in _INVISIBLE else clean_block(text)
