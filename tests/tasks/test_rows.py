"""Rows become samples: the real files, the hub's columns, malformed files, selection, fingerprints."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.errors import DataError, UsageError
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import fingerprint, load_data, select
from mathevalkit.types import HubSource, RowMapping, Sample, Task

ROWS = {
    "aime24": 30, "amc23": 40, "asdiv": 2215, "college_math": 2818, "gsm8k": 1319, "gsm8k_backward": 1270,
    "math": 5000, "math500": 500, "mawps": 2065, "minerva_math": 272, "olympiadbench": 675, "svamp": 1000,
}  # fmt: skip

MATH_SUBJECTS = {
    "Algebra", "Counting & Probability", "Geometry", "Intermediate Algebra", "Number Theory", "Prealgebra",
    "Precalculus",
}  # fmt: skip


def task_of(**rows: str) -> Task:
    mapping = RowMapping(**({"question": "{{ question }}", "gold": "{{ answer }}"} | rows))
    return Task(name="mine", title="Mine", path="mine.yaml", rows=mapping, recipes={}, defaults={})


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes, name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def rows_of(shared: Path, name: str) -> list[dict]:
    with (shared / "data" / name / "test.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


# ---- the real files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_a_real_file_loads_whole_and_is_recognised(shared, name):
    task = load_task(name)
    path = shared / "data" / name / "test.jsonl"
    data = load_data(task, data_file=path)
    assert len(data.samples) == task.num_rows == ROWS[name]
    assert data.known is True
    assert data.fingerprint in task.fingerprints
    assert data.origin == f"file:{path}"


def test_one_changed_character_is_noticed(shared, tmp_path):
    text = (shared / "data/gsm8k/test.jsonl").read_text(encoding="utf-8")
    changed = tmp_path / "test.jsonl"
    changed.write_text(text.replace("16 eggs", "16  eggs", 1), encoding="utf-8")
    data = load_data(load_task("gsm8k"), data_file=changed)
    assert data.known is False


def test_the_demo_needs_no_file_and_no_network():
    data = load_data(load_task("demo"))
    assert data.known is True
    assert {sample.subject for sample in data.samples} == MATH_SUBJECTS
    assert {sample.level for sample in data.samples} == set("12345")


@pytest.mark.parametrize("name", ["math", "math500"])
def test_math_has_seven_subjects_and_five_levels(shared, name):
    samples = load_data(load_task(name), data_file=shared / "data" / name / "test.jsonl").samples
    assert {sample.subject for sample in samples} == MATH_SUBJECTS
    assert {sample.level for sample in samples} == set("12345")


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("olympiadbench", {"Algebra", "Combinatorics", "Geometry", "Number Theory"}),
        ("svamp", {"Subtraction", "Addition", "Common-Division", "Multiplication"}),
        ("mawps", {"multiarith", "singleop", "singleeq", "addsub"}),
        ("college_math", {"Algebra", "Precalculus", "Calculus", "Differential Equation", "Linear Algebra",
                          "Probability", "Vector Calculus"}),
    ],
)  # fmt: skip
def test_other_benchmarks_have_the_subjects_their_authors_gave(shared, name, subjects):
    samples = load_data(load_task(name), data_file=shared / "data" / name / "test.jsonl").samples
    assert {sample.subject for sample in samples} == subjects


@pytest.mark.parametrize(
    ("name", "row", "gold"),
    [
        ("gsm8k", 0, "18"),
        ("gsm8k", 146, "2125"),
        ("math", 414, "-2, 1"),
        ("math", 4562, r"30^\circ, 45^\circ, 105^\circ"),
        ("math", 2716, "(0,0)"),
        ("math", 12, "10"),
        ("math500", 0, r"\left( 3, \frac{\pi}{2} \right)"),
        ("gsm8k_backward", 0, "80000"),
        ("svamp", 0, "145"),
        ("asdiv", 0, "9"),
        ("mawps", 0, "43"),
        ("aime24", 0, "204"),
        ("amc23", 0, "27"),
        ("minerva_math", 1, "4.5e33"),
        ("minerva_math", 5, "arcsin(10/13)"),
        ("college_math", 1, "(45,2),(-10,-9)"),
        ("olympiadbench", 1, r"\frac{1}{2 n+2}"),
    ],
)
def test_a_gold_is_what_the_data_set_means(shared, name, row, gold):
    samples = load_data(load_task(name), data_file=shared / "data" / name / "test.jsonl").samples
    assert samples[row].gold == gold


@pytest.mark.parametrize("name", ["gsm8k", "gsm8k_backward", "svamp", "aime24", "amc23"])
def test_whole_number_benchmarks_have_whole_golds_only(shared, name):
    samples = load_data(load_task(name), data_file=shared / "data" / name / "test.jsonl").samples
    assert [sample.gold for sample in samples if not sample.gold.lstrip("-").isdecimal()] == []


def test_math_golds_are_those_of_math_500_where_both_have_the_problem(shared):
    golds = {
        sample.question: sample.gold
        for sample in load_data(load_task("math"), data_file=shared / "data/math/test.jsonl").samples
    }
    math500 = load_data(load_task("math500"), data_file=shared / "data/math500/test.jsonl").samples
    both = [sample for sample in math500 if sample.question in golds]
    assert len(both) > 450
    assert [sample.gold for sample in both if golds[sample.question] != sample.gold] == []


def test_mawps_golds_are_exact_where_the_file_cuts_decimals_off(shared):
    golds = {
        sample.gold
        for sample in load_data(load_task("mawps"), data_file=shared / "data/mawps/test.jsonl").samples
    }
    assert {"2/3", "31/3", "11/12", "0.625"} <= golds
    assert [gold for gold in golds if len(gold.partition(".")[2]) > 5] == []


def test_olympiad_golds_carry_no_dollar_signs_and_svamp_questions_no_missing_stop(shared):
    olympiad = load_data(load_task("olympiadbench"), data_file=shared / "data/olympiadbench/test.jsonl")
    assert [sample.gold for sample in olympiad.samples if "$" in sample.gold] == []
    svamp = load_data(load_task("svamp"), data_file=shared / "data/svamp/test.jsonl")
    assert "into 93 groups. How big is each group of bananas?" in svamp.samples[0].question


# ---- the hub ---------------------------------------------------------------------------------------


class FakeHub:
    """``datasets.load_dataset`` with rows of our own."""

    def __init__(self, tables: dict[str | None, list[dict]], revision: str | None = "1" * 40) -> None:
        self.tables = tables
        self.revision = revision
        self.calls: list[tuple] = []

    def __call__(self, path, *, name, split, revision):
        self.calls.append((path, name, split, revision))

        class Table(list):
            info = SimpleNamespace(
                download_checksums={f"hf://datasets/{path}@{self.revision}/test.parquet": None}
                if self.revision
                else None
            )

        return Table(self.tables[name])


@pytest.fixture
def hub(monkeypatch):
    datasets = pytest.importorskip("datasets")

    def install(tables, **kwargs) -> FakeHub:
        fake = FakeHub(tables, **kwargs)
        monkeypatch.setattr(datasets, "load_dataset", fake)
        return fake

    return install


def test_the_hubs_rows_and_the_files_rows_are_the_same_data(shared, hub):
    hub({"main": rows_of(shared, "gsm8k")})
    data = load_data(load_task("gsm8k"))
    assert data.known is True
    assert data.origin == f"hub:openai/gsm8k@{'1' * 40}"


def test_all_seven_configs_of_math_are_read_in_order(shared, hub):
    by_config: dict[str | None, list[dict]] = {config: [] for config in load_task("math").hub.configs}
    for row in rows_of(shared, "math"):
        config = row["type"].lower().replace(" & ", "_and_").replace(" ", "_")
        by_config[config].append({key: row[key] for key in ("problem", "level", "type", "solution")})
    fake = hub(by_config)
    assert load_data(load_task("math")).known is True
    assert [call[1] for call in fake.calls] == list(by_config)
    assert {call[2:] for call in fake.calls} == {("test", None)}


HUB_ROWS = [
    ("gsm8k", {"question": "q", "answer": "a\n#### 1,000"}, ("q", "1000", "", "")),
    (
        "math",
        {"problem": "q", "level": "Level ?", "type": "Algebra", "solution": r"\boxed{2}"},
        ("q", "2", "Algebra", "?"),
    ),
    (
        "math500",
        {
            "problem": "q",
            "answer": "2",
            "subject": "Algebra",
            "level": 2,
            "solution": "s",
            "unique_id": "test/algebra/1.json",
        },
        ("q", "2", "Algebra", "2"),
    ),
    ("gsm8k_backward", {"question": "q", "answer": "25"}, ("q", "25", "", "")),
    (
        "svamp",
        {
            "ID": "chal-1",
            "Body": "b",
            "Question": "q?",
            "Equation": "( 1.0 + 1.0 )",
            "Answer": "2.0",
            "Type": "Addition",
            "question_concat": "b q?",
        },
        ("b. q?", "2", "Addition", ""),
    ),
    (
        "asdiv",
        {
            "body": "b.",
            "question": "q?",
            "solution_type": "Sum",
            "answer": "9 (apples); 3 (pears)",
            "formula": "",
        },
        ("b. q?", "9, 3", "Sum", ""),
    ),
    (
        "mawps",
        {"id": "mawps__1", "question": "q", "chain": "", "result": "0", "result_float": 0.0, "equation": ""},
        ("q", "0", "", ""),
    ),
    (
        "aime24",
        {"id": 60, "problem": "q", "solution": "s", "answer": "073", "url": "", "year": "2024"},
        ("q", "73", "", ""),
    ),
    ("aime24", {"id": 60, "problem": "q", "solution": r"\boxed{204}", "url": ""}, ("q", "204", "", "")),
    ("amc23", {"id": 0, "question": "q", "answer": "27.0", "url": ""}, ("q", "27", "", "")),
    ("minerva_math", {"question": "q", "answer": "1.6"}, ("q", "1.6", "", "")),
    (
        "minerva_math",
        {
            "problem": "q",
            "solution": r"\boxed{1.6} \mathrm{~cm}",
            "type": "Ecology I (1.018J Fall 2009)",
            "idx": 0,
        },
        ("q", "1.6", "Ecology I", ""),
    ),
    (
        "olympiadbench",
        {
            "id": 1606,
            "question": "q",
            "solution": ["s", "t"],
            "final_answer": ["$2$"],
            "context": "Given.",
            "subfield": "Algebra",
            "unit": None,
        },
        ("Given.\nq", "2", "Algebra", ""),
    ),
    (
        "college_math",
        {"question": "q", "answer": "Solution is: $k=4$.", "data_topic": "college_math.linear_algebra"},
        ("q", "k=4", "Linear Algebra", ""),
    ),
]


@pytest.mark.parametrize(("name", "row", "expected"), HUB_ROWS)
def test_the_mapping_reads_the_columns_that_the_hub_has(hub, name, row, expected):
    configs = load_task(name).hub.configs or (None,)
    hub({config: [row] if config == configs[0] else [] for config in configs})
    (sample,) = load_data(load_task(name)).samples
    assert (sample.question, sample.gold, sample.subject, sample.level) == expected


def test_a_revision_is_asked_for_and_an_unknown_commit_is_said(hub):
    fake = hub({None: [{"question": "q", "answer": "a"}]}, revision=None)
    task = replace(task_of(), hub=HubSource(dataset="me/mine", split="test", revision="v1"))
    assert load_data(task).origin == "hub:me/mine@v1"
    assert fake.calls == [("me/mine", None, "test", "v1")]
    task = replace(task_of(), hub=HubSource(dataset="me/mine", split="test"))
    assert load_data(task).origin == "hub:me/mine@unknown"


@pytest.mark.parametrize("fault", ["ConnectionError", "ValueError", "DatasetNotFoundError"])
def test_without_network_the_error_names_the_argument_that_helps(monkeypatch, fault):
    datasets = pytest.importorskip("datasets")
    import builtins

    kind = getattr(builtins, fault, None) or getattr(datasets.exceptions, fault)

    def fail(*args, **kwargs):
        raise kind("Couldn't reach\n  the hub")

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(DataError) as raised:
        load_data(load_task("gsm8k"))
    assert str(raised.value) == (
        "task gsm8k: cannot load openai/gsm8k from the Hugging Face hub: Couldn't reach the hub. "
        "Without network, give the rows as a file: `data_file=gsm8k.jsonl`"
    )


def test_a_row_of_the_hub_that_does_not_fit_is_named(hub):
    hub({"main": [{"question": "q", "answer": "#### 1"}, {"question": "q", "answer": "1"}]})
    with pytest.raises(DataError, match=r"openai/gsm8k \(main\): row 1: `rows.gold` of .*: there is no"):
        load_data(load_task("gsm8k"))


# ---- other formats ---------------------------------------------------------------------------------

THREE = [{"question": f"q{i}, \"x\"\n½", "answer": str(i)} for i in range(3)]  # fmt: skip


def as_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"])
        writer.writeheader()
        writer.writerows(THREE)


def as_parquet(path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(THREE), path)


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("rows.jsonl", lambda path: path.write_text("\n".join(map(json.dumps, THREE)) + "\n\n")),
        ("rows.json", lambda path: path.write_text(json.dumps(THREE))),
        ("rows.csv", as_csv),
        ("rows.parquet", as_parquet),
    ],
)
def test_every_format_gives_the_same_samples(tmp_path, name, save):
    path = tmp_path / name
    save(path)
    data = load_data(task_of(), data_file=path)
    assert [(s.id, s.question, s.gold) for s in data.samples] == [
        (str(i), row["question"], row["answer"]) for i, row in enumerate(THREE)
    ]
    assert data.known is None


def test_line_separators_inside_text_do_not_end_a_line(write):
    path = write('{"question": "a\u2028b\x85c", "answer": "1"}\r\n{"question": "d", "answer": "2"}\r\n')
    assert [s.question for s in load_data(task_of(), data_file=path).samples] == ["a\u2028b\x85c", "d"]


# ---- malformed data --------------------------------------------------------------------------------

GOOD = '{"question": "q", "answer": "1"}\n'

MALFORMED = [
    pytest.param(
        "rows.jsonl",
        GOOD + '{"question": "q", "answer": 1\n',
        ":2: not JSON: unexpected end of data (column 30)",
        id="not JSON",
    ),
    pytest.param("rows.jsonl", GOOD + "[1, 2]\n", ":2: expected an object, got a list", id="not an object"),
    pytest.param(
        "rows.jsonl",
        GOOD + '\n{"question": "q", "answr": "1"}\n',
        ":3: 'answer' is undefined: `rows.gold` of mine.yaml needs that column; the row has question, answr",
        id="column missing",
    ),
    pytest.param(
        "rows.jsonl",
        GOOD + '{"question": " \\n", "answer": "1"}\n',
        ":2: the question is empty (`rows.question` of mine.yaml); repair or remove it",
        id="empty question",
    ),
    pytest.param(
        "rows.jsonl",
        GOOD + '{"question": "q", "answer": null}\n',
        ":2: the gold is empty (`rows.gold` of mine.yaml); repair or remove it",
        id="empty gold",
    ),
    pytest.param(
        "rows.jsonl",
        GOOD + '{"question": "q", "answer": ["1", "2"]}\n',
        ":2: `rows.gold` of mine.yaml: cannot print ['1', '2'] (a list can be joined: `| join(', ')`)",
        id="a list as gold",
    ),
    pytest.param(
        "rows.jsonl",
        GOOD.encode() + b'{"question": "caf\xe9", "answer": "1"}\n',
        ":2: not UTF-8 (byte 0xe9); save the file as UTF-8",
        id="wrong encoding",
    ),
    pytest.param(
        "rows.jsonl",
        b"\xef\xbb\xbf" + GOOD.encode(),
        ":1: starts with a byte-order mark; save it as UTF-8 without one",
        id="byte-order mark",
    ),
    pytest.param("rows.jsonl", GOOD.encode("utf-16"), ": encoded as UTF-16; save it as UTF-8", id="UTF-16"),
    pytest.param("rows.jsonl", "", ": the file is empty", id="empty file"),
    pytest.param("rows.jsonl", " \n\n", ": the file is empty", id="blank file"),
    pytest.param("rows.json", "[]", ": no rows", id="no rows"),
    pytest.param(
        "rows.json",
        GOOD + GOOD,
        ":2: not JSON: unexpected content after document; one object a line is JSON Lines: name it .jsonl",
        id="JSON Lines called JSON",
    ),
    pytest.param(
        "rows.json", '{"question": "q"}', ": expected a list of objects, got an object", id="an object"
    ),
    pytest.param(
        "rows.json",
        '[{"question": "q", "answer": "1"}, 5]',
        ": entry 2: expected an object, got a number",
        id="an entry that is no object",
    ),
    pytest.param(
        "rows.csv",
        "question,answer\nq,1\na, b,2\n",
        ":3: 3 cells where the header has 2; quote cells that hold commas",
        id="ragged CSV",
    ),
    pytest.param(
        "rows.csv", 'question,answer\n"q,1\n', ":1: not CSV: unexpected end of data", id="unclosed quote"
    ),
    pytest.param("rows.parquet", "PAR?", ": not a Parquet file: ", id="not Parquet"),
    pytest.param(
        "rows.txt",
        GOOD,
        ": unknown format '.txt'; use one of .jsonl, .json, .csv, .parquet",
        id="unknown format",
    ),
]


@pytest.mark.parametrize(("name", "content", "message"), MALFORMED)
def test_a_malformed_data_file_is_refused_with_place_and_remedy(write, name, content, message):
    path = write(content, name)
    with pytest.raises(DataError) as raised:
        load_data(task_of(), data_file=path)
    said = str(raised.value)
    assert said.startswith(f"{path}{message}")
    assert message.endswith(": ") or said == f"{path}{message}"


def test_an_id_used_twice_names_both_rows(write):
    path = write('{"id": 7, "question": "q", "answer": "1"}\n' * 2)
    with pytest.raises(DataError) as raised:
        load_data(task_of(id="{{ id }}"), data_file=path)
    assert str(raised.value) == f"{path}:2: the id '7' is already that of {path}:1; ids must differ"


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(DataError, match=r"none\.jsonl: there is no such file"):
        load_data(task_of(), data_file=tmp_path / "none.jsonl")


def test_a_task_without_data_asks_for_a_file():
    with pytest.raises(DataError, match="task mine names no data; give `data_file`"):
        load_data(task_of())


def test_a_template_that_divides_by_zero_is_an_error_of_its_row(write):
    with pytest.raises(DataError, match=r"rows\.jsonl:1: `rows\.gold` of mine\.yaml: "):
        load_data(task_of(gold="{{ 1 / (answer | int - 1) }}"), data_file=write(GOOD))


# ---- fingerprints ----------------------------------------------------------------------------------

SAMPLE = Sample(id="0", question="q", gold="1", subject="s", level="1", solution="x")


def test_a_fingerprint_is_what_its_documentation_says():
    text = '["0","q ½","1"]\n["b","\\"","\\\\"]\n'
    samples = [Sample(id="0", question="q ½", gold="1"), Sample(id="b", question='"', gold="\\")]
    assert fingerprint(samples) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("change", [{"id": "1"}, {"question": "q "}, {"gold": "1.0"}, {"question": "Q"}])
def test_a_fingerprint_sees_id_question_and_gold_to_the_last_space(change):
    assert fingerprint([replace(SAMPLE, **change)]) != fingerprint([SAMPLE])


def test_a_fingerprint_does_not_see_subject_level_or_solution():
    assert fingerprint([replace(SAMPLE, subject="", level="", solution="")]) == fingerprint([SAMPLE])


def test_a_fingerprint_sees_the_order():
    other = replace(SAMPLE, id="1")
    assert fingerprint([SAMPLE, other]) != fingerprint([other, SAMPLE])


def test_fields_cannot_run_into_each_other():
    assert fingerprint([Sample(id="0", question='a","b', gold="c")]) != fingerprint(
        [Sample(id="0", question="a", gold='b","c')]
    )


# ---- selection -------------------------------------------------------------------------------------


def numbered(count: int) -> list[Sample]:
    return [Sample(id=str(i), question=f"q{i}", gold="1") for i in range(count)]


def test_without_a_selection_all_samples_are_taken():
    samples = numbered(5)
    assert select(samples) == tuple(samples)
    assert select(samples, limit=5) == tuple(samples)
    assert select(samples, limit=50) == tuple(samples)


def test_first_takes_the_first():
    assert select(numbered(5), first=2) == tuple(numbered(2))


def test_a_drawn_sample_is_the_same_on_every_machine():
    ids = [sample.id for sample in select(numbered(1319), limit=8, seed=0)]
    assert ids == ["143", "148", "505", "560", "574", "998", "1052", "1277"]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**40))
def test_a_drawn_sample_has_its_size_no_repetition_and_the_rows_order(count, limit, seed):
    samples = numbered(count)
    drawn = select(samples, limit=limit, seed=seed)
    assert len(drawn) == min(limit, count)
    assert [int(sample.id) for sample in drawn] == sorted({int(sample.id) for sample in drawn})
    assert set(drawn) <= set(samples)


@given(st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_a_draw_does_not_depend_on_the_order_of_the_rows(seed, rng: random.Random):
    samples = numbered(40)
    shuffled = rng.sample(samples, len(samples))
    assert set(select(shuffled, limit=7, seed=seed)) == set(select(samples, limit=7, seed=seed))


def test_a_smaller_draw_is_part_of_a_larger_one():
    samples = numbered(1000)
    assert set(select(samples, limit=64, seed=3)) <= set(select(samples, limit=128, seed=3))


def test_another_seed_draws_another_sample():
    samples = numbered(1000)
    assert select(samples, limit=64, seed=1) != select(samples, limit=64, seed=2)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"limit": 1, "first": 1}, "`limit` .* and `first` .* exclude each other; give one"),
        ({"limit": 0}, "`limit=0`: expected 1 or more"),
        ({"first": -1}, "`first=-1`: expected 1 or more"),
    ],
)
def test_an_impossible_selection_is_refused(kwargs, message):
    with pytest.raises(UsageError, match=message):
        select(numbered(3), **kwargs)
