"""Reports of runs: what is read back, tables, files that others read. The page: test_report_browser."""

from __future__ import annotations

import base64
import csv
import hashlib
import html.parser
import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import orjson
import pandas as pd
import pytest

import mathevalkit
from mathevalkit.errors import ComparisonError, RunDirectoryError, UsageError
from mathevalkit.packaged import packaged
from mathevalkit.reporting.frame import COLUMNS
from mathevalkit.reporting.mathml import ATTRIBUTES, ELEMENTS, convert
from mathevalkit.reporting.maths import MAX_FORMULAS, Formulas
from mathevalkit.reporting.report import FORMATS
from mathevalkit.reporting.samples import MAX_QUESTION, json_for_html
from mathevalkit.reporting.text import escape_latex, escape_markdown
from mathevalkit.types import Sample
from tests.cli.helpers import Cli, Sums, cut
from tests.hostile import write_hostile_run
from tests.run_folders import problems, write_run, write_task


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """Two runs of thirty problems: a third right; the second also on the next ten."""
    rows = problems(30)
    task = write_task(tmp_path / "task", rows)
    outcomes = ("wrong", "truncated", "no_answer", "undecided", "backend_error")
    return [
        write_run(
            tmp_path,
            {s.id: "correct" if int(s.id) < right else outcomes[int(s.id) % 5] for s in rows},
            samples=rows,
            model=name,
            task_path=task,
        )
        for name, right in (("base", 10), ("tuned", 20))
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> mathevalkit.reporting.report.Report:
    root = tmp_path_factory.mktemp("hostile")
    return mathevalkit.report(*(write_hostile_run(root, "http://127.0.0.1:9", name=n) for n in ("a", "b")))


# ---- reading ---------------------------------------------------------------------------------------


def test_runs_on_the_same_rows_are_compared_and_others_stand_apart(pair: list[Path], tmp_path: Path) -> None:
    rows = problems(4, prefix="other-")
    task = write_task(tmp_path / "task", rows, name="another")
    third = write_run(
        tmp_path, dict.fromkeys((s.id for s in rows), "correct"), samples=rows, model="base", task_path=task
    )
    report = mathevalkit.report(*pair, third)
    assert [[run.label for run in group.runs] for group in report.groups] == [["base", "tuned"], ["base"]]
    comparison = report.groups[0].comparison
    assert comparison is not None
    assert comparison.rows[0].differences[0].gained == 8  # two of the ten failed in the base's engine
    assert report.groups[1].comparison is None


def test_runs_that_cannot_be_compared_are_shown_and_the_reason_said(pair: list[Path], tmp_path: Path) -> None:
    rows = problems(30)
    fewer = write_run(
        tmp_path,
        {s.id: "correct" for s in rows[:7]},
        samples=rows,
        model="fewer",
        task_path=tmp_path / "task" / "handmade.yaml",
    )
    [group] = mathevalkit.report(*pair, fewer).groups
    assert group.comparison is None
    assert any("different rows" in note for note in group.notes)
    assert len(group.runs) == 3


def test_a_run_shows_each_completion_beside_its_verdict(pair: list[Path]) -> None:
    run = mathevalkit.report(pair[0]).runs[0]
    line = run.lines["12"][0]
    assert (line.completion.text, line.verdict.outcome) == ("... The answer is: 12", "no_answer")
    assert run.samples["12"].question == "What is 12?"


def test_a_run_whose_rows_are_gone_is_reported_without_them(pair: list[Path], tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "task")
    for run in pair:
        (run / "samples.jsonl").unlink(missing_ok=True)
    report = mathevalkit.report(*pair)
    assert any("rows cannot be read" in note for note in report.groups[0].notes)
    assert report.runs[0].results.accuracy.value == pytest.approx(10 / 26)
    assert len(report.to_frame()) == 60


def test_runs_of_different_problems_of_a_task_all_show_their_questions(cli: Cli, sums: Sums) -> None:
    assert cli(*sums.command, "--no-preflight", "--first", "5") == 0
    assert cli(*sums.command, "--no-preflight", "--limit", "12", "--seed", "3") == 0
    report = mathevalkit.report(*sums.run_dirs())
    assert sorted(run.results.overall.samples for run in report.runs) == [5, 12]
    frame = report.to_frame()
    assert (frame["question"] == "What is " + frame["sample_id"] + " + " + frame["sample_id"] + "?").all()
    assert report.groups[0].comparison is None


def test_a_finished_run_that_lost_lines_says_so(cli: Cli, sums: Sums) -> None:
    assert cli(*sums.command, "--no-preflight") == 0
    [run] = sums.run_dirs()
    generations = run / "generations.jsonl"
    generations.write_bytes(generations.read_bytes()[:-9])
    assert any("edited or damaged" in note for note in mathevalkit.report(run).groups[0].notes)


def test_an_unfinished_run_counts_what_is_there_and_says_so(cli: Cli, sums: Sums) -> None:
    assert cli(*sums.command, "--no-preflight") == 0
    [run] = sums.run_dirs()
    cut(run, 12)
    report = mathevalkit.report(run)
    assert report.runs[0].results.overall.completions == 12
    [note] = [n for n in report.groups[0].notes if "unfinished" in n]
    assert "12 of 30" in note
    assert f'resume="{run}"' in note


def test_another_scorer_is_counted_anew(pair: list[Path], tmp_path: Path) -> None:
    rows = problems(6)
    run = write_run(
        tmp_path, {s.id: "correct" for s in rows}, samples=rows, model="two", scorers=["auto", "boxed"]
    )
    file = run / "verdicts.boxed.jsonl"
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    for line in lines[1:3]:
        line["outcome"] = "wrong"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    report = mathevalkit.report(run, scorer="boxed")
    assert report.runs[0].results.scorer == "boxed"
    assert report.runs[0].results.accuracy.value == pytest.approx(4 / 6)
    with pytest.raises(ComparisonError, match=r"`rescore\("):
        mathevalkit.report(run, scorer="hash")


def test_what_is_no_run_is_one_clear_error(pair: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one"):
        mathevalkit.report()
    with pytest.raises(UsageError, match="twice"):
        mathevalkit.report(pair[0], f"{pair[0]}/../{pair[0].name}")
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        mathevalkit.report(tmp_path)
    (pair[0] / "verdicts.auto.jsonl").write_text('{"file":"verdicts","schema_version":1}\n{"k": 0}\n')
    with pytest.raises(RunDirectoryError, match=r"verdicts\.auto\.jsonl:2: not a verdict"):
        mathevalkit.report(pair[0])


# ---- tables ----------------------------------------------------------------------------------------


def test_the_frame_has_one_row_for_each_completion(pair: list[Path]) -> None:
    frame = mathevalkit.report(*pair).to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 60
    means = frame.groupby("model")["correct"].mean()
    assert means["base"] == pytest.approx(10 / 26)  # four failed in the engine and are not scored
    row = frame[(frame.model == "tuned") & (frame.sample_id == "15")].iloc[0]
    assert (row.subject, row.gold, row.outcome, row.finish_reason) == ("Algebra", "15", "correct", "stop")


def test_parquet_gives_the_frame_back(pair: list[Path], tmp_path: Path) -> None:
    report = mathevalkit.report(*pair)
    read = pd.read_parquet(report.save(tmp_path / "samples.parquet"))
    made = report.to_frame()
    assert list(read.columns) == list(made.columns)
    for name in made.columns:
        assert (read[name].isna() == made[name].isna()).all()
        assert read[name].dropna().tolist() == made[name].dropna().tolist()
    assert read["correct"].isna().sum() == 6


def test_no_cell_of_the_csv_is_a_formula(hostile: mathevalkit.reporting.report.Report) -> None:
    csv.field_size_limit(1 << 24)
    rows = list(csv.reader(io.StringIO(hostile.to_bytes("csv").decode(), newline="")))
    assert len(rows) == 1 + len(hostile.to_frame())
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=HYPERLINK(") for cell in cells)
    assert any(cell.startswith("'+1+cmd") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_markdown_shows_tables_of_every_kind(pair: list[Path]) -> None:
    text = mathevalkit.report(*pair).to_markdown()
    assert "| base | fewshot | 30 | 38.5 % | 22.4–57.5 | 33.3 % to 73.3 % |" in text
    assert re.search(r"\| all \| 30 \| 38\.5 % \| 71\.4 % \| \+30\.8 \\\*", text)
    assert "| Algebra | 10 |" in text
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 4
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_hostile_names_are_no_markup_in_markdown(hostile: mathevalkit.reporting.report.Report) -> None:
    text = hostile.to_markdown()
    assert not re.search(r"<[a-z/!]", text)
    assert not re.search(r"(?<!\\)\]\(", text)
    assert not re.search(r"https?://", text)
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_markdown_escapes() -> None:
    assert escape_markdown("# a\n- b") == "&#35; a␊- b"
    assert escape_markdown("- b") == "\\- b"
    assert escape_markdown("see www.x.org and @me, #12") == "see www&#46;x.org and &#64;me, &#35;12"


# ---- LaTeX -----------------------------------------------------------------------------------------

COMMANDS = {
    *("usepackage", "begin", "end", "centering", "caption", "label", "toprule", "midrule", "bottomrule"),
    *("textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textbar"),
    *("textquotedbl", "textasciigrave", "textquotesingle", "ensuremath", "times", "leftrightarrow", "ldots"),
    "textperiodcentered",
}


def test_latex_holds_only_commands_of_its_own(
    hostile: mathevalkit.reporting.report.Report, pair: list[Path]
) -> None:
    for text in (hostile.to_latex(), mathevalkit.report(*pair).to_latex()):
        assert set(re.findall(r"\\([a-zA-Z]+)", text)) <= COMMANDS
        body = re.sub(r"\\[\\{}$&#%_]", "", "\n".join(text.splitlines()[1:]))
        assert body.count("{") == body.count("}")
        assert not re.search(r"[$#_^%]", body)
        for table in re.findall(r"\\begin\{tabular\}\{(l[r]*)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
            rows = [line for line in table[1].splitlines() if line.endswith(r"\\")]
            assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in rows} == {len(table[0])}


def test_latex_escapes() -> None:
    assert escape_latex(r"\write18{rm}") == r"\textbackslash{}write18\{rm\}"
    assert escape_latex("a--b ,, c") == "a-{}-b ,{}, c"
    assert escape_latex("50 % − 3–4 é 中") == r"50 \% \ensuremath{-} 3--4 é 中"
    assert escape_latex("\u202e\x07") == "[U+FFFD][U+2407]"


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex here")
def test_latex_compiles(hostile: mathevalkit.reporting.report.Report, tmp_path: Path) -> None:
    (tmp_path / "tables.tex").write_text(hostile.to_latex())
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{textcomp,booktabs}"
        "\\begin{document}\\input{tables}\\end{document}"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


# ---- mathematics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("costs $5, then $3 more", []),
        ("He paid $12/$10 and $7.", []),
        ("if $x$ is $2$, then", ["x", "2"]),
        (r"so \(a+b\) and \[c\] and $$d$$", ["a+b", "c", "d"]),
        (r"\begin{align*} a &= b \end{align*}", [r"\begin{align*} a &= b \end{align*}"]),
        (r"[asy] label(\"$A$\"); [/asy] and $B$", ["B"]),
        (r"a price of \$5 and $y$", ["y"]),
        ("$ not one$ but $this is plain prose$", []),
        (r"$x \text{ if this is so}$", [r"x \text{ if this is so}"]),
    ],
)
def test_formulas_are_told_from_money_and_prose(text: str, formulas: list[str]) -> None:
    page = Formulas()
    page.split(text)
    assert [source for source, _ in page.render()] == formulas


def test_splitting_loses_no_character() -> None:
    page = Formulas()
    text = "If $x=1$ then\n$$y$$ and the rest."
    segments = page.split(text, span=(3, 9))
    sources = [source for source, _ in page.render()]
    assert segments == ["If ", [0], [" "], "then\n", 1, " and the rest."]
    assert sources == ["x=1", "y"]


def _walk(tree: list) -> list[list]:
    return [tree, *(inner for child in tree[2:] if isinstance(child, list) for inner in _walk(child))]


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(http://x)}{y}",
        r"\class{skip}{y}",
        r"\textcolor{red}{y}",
        r"\hspace{9999em}\rule{999em}{999em}",
        r"\text{<script>alert(1)</script>}",
        r"\raise 99em{x}\phantom{y}",
        r"\begin{array}{c|c}1&2\\\hline 3&4\end{array}",
    ],
)
def test_mathml_holds_only_what_the_list_allows(latex: str) -> None:
    [tree] = convert([[latex, False]])
    assert tree is not None
    for tag, attributes, *_ in _walk(tree):
        assert tag in ELEMENTS
        for name, value in attributes.items():
            assert name == "width" or ATTRIBUTES[name].fullmatch(value)
            assert not re.search(r"\d{3}", value)


@pytest.mark.parametrize(
    "latex",
    [
        r"\newcommand{\a}{\b\b\b\b\b\b}\newcommand{\b}{\a\a\a\a\a\a}\a",
        r"\def\a{\a\a}\a",
        "{" * 500 + "}" * 500,
        r"\left(" * 120,
        "x" * 5000,
        r"\frac{1}",
        r"\left(",
        "",
    ],
)
def test_what_is_no_formula_or_too_much_of_one_is_left_as_its_source(latex: str) -> None:
    assert convert([[latex, False]]) == [None]


@pytest.mark.timeout(60)  # quadratic growth takes many minutes
def test_texts_full_of_delimiters_are_split_in_time() -> None:
    page = Formulas()
    few = 590  # just few enough to be looked at
    for text in (
        *("$" * 12_000, r"\[" * 6_000, r"\begin{align}" * 900, "[asy]" * 2_400),
        *(
            (r"\[" + "a" * 18) * few,
            ("[asy]" + "b" * 15) * few,
            "$a " * few,
            (r"\begin{align}" + "c" * 7) * few,
        ),
    ):
        assert page.split(text) == [text]
    assert page.render() == []


def test_a_killed_batch_leaves_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mathevalkit.reporting.maths.BATCH_SECONDS", 0.0)
    page = Formulas()
    page.split("$x$ and $y$")
    assert page.render() == [["x", 0], ["y", 0]]


def test_signs_and_slashes_are_spaced_as_tex_does() -> None:
    [tree] = convert([["(-1/2)-3", False]])
    assert tree is not None
    operators = {
        (node[2], node[1].get("form"), node[1].get("lspace")) for node in _walk(tree) if node[0] == "mo"
    }
    assert {("−", "prefix", None), ("−", None, None), ("/", None, "0")} <= operators


# ---- the page, without a browser -------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """Elements, attributes and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.raw:
            self.raw[self._inside].append(data)


def test_the_policy_names_exactly_the_pages_own_script_and_style(
    hostile: mathevalkit.reporting.report.Report,
) -> None:
    page = Page(hostile.to_html())
    [policy] = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    data, script = page.raw["script"]
    [style] = page.raw["style"]

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules == {
        "default-src": "'none'",
        "script-src": digest(script),
        "style-src": digest(style),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert script == (packaged("reports") / "report.js").read_text()
    assert len(orjson.loads(data)["samples"]) == len(hostile.runs[0].lines)


def test_the_page_has_no_handler_no_style_attribute_and_no_address(
    hostile: mathevalkit.reporting.report.Report,
) -> None:
    page = Page(hostile.to_html())
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "srcset", "srcdoc", "action", "xlink:href"}
            assert name != "href" or (value or "").startswith("#"), (tag, value)
    assert {tag for tag, _ in page.elements}.isdisjoint(
        {"img", "iframe", "object", "base", "link", "maction"}
    )
    assert "@import" not in page.raw["style"][0]
    assert "url(" not in page.raw["style"][0]
    assert "innerHTML" not in page.raw["script"][1]


def test_json_in_the_page_cannot_end_its_element() -> None:
    value = {"a": ["</script><!--", "&lt;", "\u2028\u2029"]}
    text = json_for_html(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert orjson.loads(text) == value


def test_a_text_of_a_megabyte_is_cut_in_the_page_and_whole_in_the_table(
    hostile: mathevalkit.reporting.report.Report,
) -> None:
    assert hostile.to_frame()["text"].str.len().max() > 1_000_000
    page = hostile.to_html()
    assert "characters left out" in page
    assert not re.search(f"A{{{MAX_QUESTION + 1}}}", page)
    assert len(page) < 3_000_000


def test_a_page_is_the_same_whenever_it_is_made(pair: list[Path]) -> None:
    assert mathevalkit.report(*pair).to_html() == mathevalkit.report(*pair).to_html()


def test_a_notebook_shows_escaped_tables(
    hostile: mathevalkit.reporting.report.Report, pair: list[Path]
) -> None:
    shown = mathevalkit.report(*pair)._repr_html_()
    assert "<td>38.5 %</td>" in shown
    assert {tag for tag, _ in Page(hostile._repr_html_()).elements} == {
        *("table", "caption", "thead", "tbody", "tr", "th", "td")
    }


def test_formulas_of_a_page_are_bounded() -> None:
    page = Formulas()
    page.split("$a$")
    page._numbers.update({(str(i), False): i for i in range(MAX_FORMULAS)})
    assert page.split("$new$") == ["$new$"]


# ---- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_writes_every_format_by_the_files_ending(
    cli: Cli, pair: list[Path], tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"out.{form}"
    assert cli("report", *map(str, pair), "--out", str(out)) == 0
    assert out.stat().st_size > 500
    assert str(out) in cli.out
    assert [p.name for p in tmp_path.iterdir() if "tmp" in p.name] == []


def test_the_command_prints_to_the_terminal_and_to_pipes(cli: Cli, pair: list[Path]) -> None:
    assert cli("report", *map(str, pair)) == 0
    assert "handmade · base" in cli.out
    assert "better on 8 samples" in cli.out
    assert cli("report", str(pair[0]), "--format", "md") == 0
    assert cli.out.startswith("## Demo")
    assert cli("report", str(pair[0]), "--format", "csv") == 0
    assert cli.out.startswith('"run_id"')


def test_a_page_without_a_name_is_report_html(
    cli: Cli, pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("report", str(pair[0]), "--format", "html") == 0
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_what_cannot_be_written_is_one_error(cli: Cli, pair: list[Path], tmp_path: Path) -> None:
    assert cli("report", str(pair[0]), "--out", str(tmp_path / "no" / "r.html")) == 2
    assert cli.err.startswith("error: ")
    assert cli("report", str(pair[0]), "--out", "report.docx") == 2
    assert "--format" in cli.err
    assert cli("report", str(pair[0]), "--format", "terminal", "--out", "x.txt") == 2
    assert cli("report", str(tmp_path)) == 4


def test_several_completions_a_sample_are_all_there(tmp_path: Path) -> None:
    rows = [replace(s, subject="", level="") for s in problems(3)]
    assert isinstance(rows[0], Sample)
    task = write_task(tmp_path / "task", rows)
    run = write_run(tmp_path, {s.id: ["correct", "wrong"] for s in rows}, samples=rows, task_path=task)
    report = mathevalkit.report(run)
    assert list(report.to_frame()["k"]) == [0, 1] * 3
    data = orjson.loads(Page(report.to_html()).raw["script"][0])
    assert [len(sample[6]) for sample in data["samples"]] == [2, 2, 2]
