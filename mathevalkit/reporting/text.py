r"""The tables of a report as Markdown, for a pull request, and as LaTeX (booktabs), for a paper.

Both come from the same plain tables; what a model, a task or a data file calls itself is escaped in each.

    >>> escape_markdown("a|b <i> *c*")
    'a\\|b &lt;i&gt; \\*c\\*'
    >>> escape_latex(r"50% of \input{x}_1")
    '50\\% of \\textbackslash{}input\\{x\\}\\_1'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from mathevalkit.presentation.terminal import clean
from mathevalkit.presentation.wording import sampling_text
from mathevalkit.reporting.data import ReportGroup, ReportRun
from mathevalkit.reporting.tables import TextTable, sentences, tables

# ---- Markdown --------------------------------------------------------------------------------------

_MARKDOWN = {ord(c): f"\\{c}" for c in "\\`*_{}[]|~!"} | {
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
    ord("@"): "&#64;",  # names nobody
    ord("$"): "&#36;",  # begins no mathematics
}


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link, no mention."""
    escaped = clean(text).translate(_MARKDOWN)
    # A bare address becomes a link on GitHub, a leading sign a heading or a list, #12 an issue.
    escaped = re.sub(r"(?i)\b(https?|ftp|www)(:|\.)", lambda m: f"{m[1]}&#{ord(m[2])};", escaped)
    escaped = re.sub(r"(?<![&\w])#", "&#35;", escaped)
    return re.sub(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)", r"\1\\\2", escaped)


def markdown_report(groups: Sequence[ReportGroup]) -> str:
    """Headings, tables and facts in GitHub's Markdown."""
    blocks = []
    for group in groups:
        blocks.append(f"## {escape_markdown(group.title)}")
        for table in tables(group):
            if table.name != "overview":
                blocks.append(f"**{escape_markdown(table.caption)}**")
            blocks.append(_markdown_table(table))
        if group.comparison is not None:
            blocks += [escape_markdown(sentence) for sentence in sentences(group.comparison)]
        blocks += [f"> {escape_markdown(note)}" for note in group.notes]
        blocks.append("\n".join(f"- {escape_markdown(fact)}" for run in group.runs for fact in _facts(run)))
    return "\n\n".join(blocks) + "\n"


def _markdown_table(table: TextTable) -> str:
    lines = [table.head, ("---", *("---:" for _ in table.head[1:])), *table.rows]
    return "\n".join(
        "| " + " | ".join(cells if i == 1 else map(escape_markdown, cells)) + " |"
        for i, cells in enumerate(lines)
    )


def _facts(run: ReportRun) -> Iterator[str]:
    manifest = run.manifest
    yield (
        f"{run.label}: {manifest.model.model}, recipe {manifest.recipe.name} "
        f"({sampling_text(manifest.recipe)}), scorer {run.results.scorer}, "
        f"{manifest.model.backend} {manifest.model.backend_version}, "
        f"rows {manifest.data_fingerprint[:12]}, run {manifest.run_id}"
    )


# ---- LaTeX -----------------------------------------------------------------------------------------

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}", "–": "--", "—": "---", "−": r"\ensuremath{-}", "×": r"\ensuremath{\times}",
    "·": r"\textperiodcentered{}", "↔": r"\ensuremath{\leftrightarrow}", "…": r"\ldots{}", "\u00a0": "~",
}  # fmt: skip


def escape_latex(text: str) -> str:
    """Text that LaTeX sets as it is: no command, no comment, no ligature of hyphens.

    Letters and digits of any script stay (pdfLaTeX sets the Latin ones, LuaLaTeX and XeLaTeX all); any other
    character that LaTeX may not know is written by its number, ``[U+202E]``.
    """
    shown = "".join(_latex_character(character) for character in _unligatured(clean(text)))
    return shown.replace(_APART, "{}")


_APART = "\x00"
"""Where ``{}`` goes; ``clean`` leaves no such character."""


def _unligatured(text: str) -> str:
    """``--`` and ``,,`` apart, which LaTeX sets as one sign."""
    return re.sub(r"(?<=-)(?=-)|(?<=,)(?=,)", _APART, text)


def _latex_character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    if character.isascii() or unicodedata.category(character)[0] in "LN":
        return character
    return f"[U+{ord(character):04X}]"


def latex_report(groups: Sequence[ReportGroup]) -> str:
    """One table environment for each table, to be read by ``\\input`` where booktabs is loaded."""
    blocks = ["% \\usepackage[T1]{fontenc} \\usepackage{textcomp} \\usepackage{booktabs}"]
    for place, group in enumerate(groups):
        for number, table in enumerate(tables(group)):
            blocks.append(_latex_table(table, label=f"tab:mathevalkit-{place + 1}-{number + 1}-{table.name}"))
    return "\n\n".join(blocks) + "\n"


def _latex_table(table: TextTable, *, label: str) -> str:
    def row(cells: Sequence[str]) -> str:
        # The braces keep LaTeX from reading a leading star or bracket as an option of the line before.
        return "  " + " & ".join(f"{{{escape_latex(cell)}}}" for cell in cells) + r" \\"

    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{escape_latex(table.caption)}}}",
            f"  \\label{{{label}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(table.head) - 1)}}}",
            r"  \toprule",
            row(table.head),
            r"  \midrule",
            *map(row, table.rows),
            r"  \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
        ]
    )
