"""Other people's files of generations: which fields are read, what a line becomes, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.errors import DataError, UsageError
from mathevalkit.runs import foreign
from mathevalkit.runs.foreign import Fields, FileBlock, Layout, file_blocks, find_layout, gold_of, lookup
from mathevalkit.types import Completion, Generation

MIB = 1 << 20
TEXT = ("text", "completion", "response", "output", "generation", "model_output", "prediction")
GOLD = ("gold", "answer", "ground_truth", "target", "reference", "expected", "gt")
ID = ("id", "sample_id", "doc_id", "idx", "index", "question_id")
FINISH = ("finish_reason", "stop_reason")

LM_EVAL: dict[str, Any] = {
    "doc_id": 3,
    "doc": {"question": "?"},
    "target": "#### 7",
    "arguments": {"gen_args_0": {"arg_0": "Q: ?", "arg_1": {"until": ["Q:"]}}},
    "resps": [["7"]],
    "filtered_resps": ["7"],
    "filter": "strict-match",
}


def file_of(folder: Path, *records: Any) -> Path:
    path = folder / "mine.jsonl"
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


@pytest.fixture
def layout_of(tmp_path: Path) -> Any:
    def find(record: Any, **names: str) -> Layout:
        return find_layout(file_of(tmp_path, record), Fields(**names))

    return find


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in LM_EVAL.items() if key != name}


# ---- which fields are read ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXT)
def test_a_text_is_found_by_its_usual_names(layout_of: Any, tmp_path: Path, name: str) -> None:
    found = layout_of({"other": 1, name: "x", "gold": "5"})
    assert found == Layout(path=str(tmp_path / "mine.jsonl"), text=name, gold="gold")


@pytest.mark.parametrize("name", GOLD)
def test_a_gold_is_found_by_its_usual_names(layout_of: Any, tmp_path: Path, name: str) -> None:
    found = layout_of({"text": "x", name: "5"})
    assert found == Layout(path=str(tmp_path / "mine.jsonl"), text="text", gold=name)


@pytest.mark.parametrize("names", [*((name,) for name in ID), ("idx", "doc_id", "sample_id")])
def test_an_id_may_be_missing_and_of_several_the_most_usual_counts(layout_of: Any, names: Any) -> None:
    found = layout_of({"text": "x", "gold": "5", **dict.fromkeys(names, 1)})
    assert found.id == min(names, key=ID.index)
    assert (found.text, found.gold, found.finish_reason) == ("text", "gold", None)


@pytest.mark.parametrize("names", [*((name,) for name in FINISH), ("stop_reason", "finish_reason")])
def test_a_finish_reason_may_be_missing_and_of_several_the_most_usual_counts(
    layout_of: Any, names: Any
) -> None:
    found = layout_of({"text": "x", "gold": "5", **dict.fromkeys(names, "stop")})
    assert found.finish_reason == min(names, key=FINISH.index)
    assert (found.text, found.gold, found.id) == ("text", "gold", None)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            {"output": "x", "text": "x", "gold": "5"},
            r"several fields could be the text: text, output; .*fields: output, text, gold;",
        ),
        (
            {"text": "x", "answer": "5", "gold": "5"},
            r"several fields could be the gold: gold, answer; .*fields: text, answer, gold;",
        ),
        ({"words": "x", "gold": "5"}, r"no field is called like the text usually is; .*fields: words, gold;"),
        ({"text": "x", "right": "5"}, r"no field is called like the gold usually is; .*fields: text, right;"),
    ],
)
def test_a_field_that_could_be_none_or_several_is_to_be_named(
    layout_of: Any, tmp_path: Path, record: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=rf"^{tmp_path}/mine\.jsonl: {said}"):
        layout_of(record)


def test_named_fields_are_taken_whatever_else_there_is(layout_of: Any, tmp_path: Path) -> None:
    record = {"text": "a", "output": "b", "gold": "1", "d": {"a": "2"}, "id": 1, "n": 2, "why": "stop"}
    assert layout_of(record, text="output", gold="d.a", id="n", finish_reason="why") == Layout(
        path=str(tmp_path / "mine.jsonl"), text="output", gold="d.a", id="n", finish_reason="why"
    )


@pytest.mark.parametrize("field", ["text", "gold", "id", "finish_reason"])
def test_a_named_field_that_is_not_there_is_told_with_those_that_are(layout_of: Any, field: str) -> None:
    with pytest.raises(DataError, match=r"mine\.jsonl:1: no field 'no\.such'; the record has text, gold"):
        layout_of({"text": "x", "gold": "5"}, **{field: "no.such"})


# ---- lm-evaluation-harness ---------------------------------------------------------------------------


def test_a_line_of_the_lm_evaluation_harness_is_known_by_its_fields(layout_of: Any, tmp_path: Path) -> None:
    assert layout_of(LM_EVAL) == Layout(
        path=str(tmp_path / "mine.jsonl"),
        text="resps",
        gold="target",
        id="doc_id",
        resps=True,
        filter="strict-match",
    )
    assert layout_of(without("filter")).filter is None
    assert layout_of({name: LM_EVAL[name] for name in ("doc_id", "doc", "target", "resps")}).resps
    assert layout_of({**LM_EVAL, "finish_reason": "stop"}).finish_reason == "finish_reason"


@pytest.mark.parametrize("missing", ["doc_id", "doc", "target", "resps"])
def test_a_line_that_lacks_one_of_them_is_read_as_any_other(layout_of: Any, missing: str) -> None:
    record = {**without(missing), "gold": "7", "text": "x"}
    record.pop("target", None)
    found = layout_of(record)
    assert (found.text, found.gold, found.resps, found.filter) == ("text", "gold", False, None)
    assert found.id == (None if missing == "doc_id" else "doc_id")


def test_its_fields_may_be_named_too(layout_of: Any) -> None:
    found = layout_of({**LM_EVAL, "mine": "x"}, gold="mine", id="filter")
    assert (found.text, found.gold, found.id, found.resps) == ("resps", "mine", "filter", True)
    found = layout_of({**LM_EVAL, "mine": "x"}, text="mine")
    assert (found.text, found.gold, found.id, found.resps, found.filter) == (
        "mine", "target", "doc_id", False, None,
    )  # fmt: skip


def test_a_list_that_is_only_called_so_is_no_list_of_lists(layout_of: Any) -> None:
    found = layout_of({"resps": ["7"], "gold": "7"}, text="resps")
    assert (found.text, found.resps) == ("resps", False)


def test_no_field_is_named_unless_one_is(layout_of: Any) -> None:
    assert Fields() == Fields(text=None, gold=None, id=None, finish_reason=None)
    assert layout_of(LM_EVAL) == layout_of(LM_EVAL, text="resps", gold="target", id="doc_id")


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ({"gen_args_0": {"arg_0": "Q", "arg_1": " A"}}, True),
        ({"gen_args_0": {"arg_1": None}}, True),
        ({"gen_args_0": {"arg_0": "Q", "arg_1": {"until": []}}}, False),
        ({"gen_args_0": {"arg_0": "Q"}}, False),
        ({"gen_args_0": ["Q", " A"]}, False),
        ({"gen_args_1": {"arg_1": " A"}}, False),
        ([["Q", {"until": []}]], False),
        (None, False),
    ],
)
def test_choices_scored_by_likelihood_are_no_generations(
    layout_of: Any, arguments: Any, refused: bool
) -> None:
    record = {**LM_EVAL, "arguments": arguments}
    if refused:
        with pytest.raises(UsageError, match=r"mine\.jsonl: its task scores given choices"):
            layout_of(record)
    else:
        assert layout_of(record).resps
    del record["doc"]
    assert layout_of({**record, "text": "x"}).text == "text"  # nobody else's arguments are looked at


# ---- the first line ----------------------------------------------------------------------------------


def test_the_generations_of_a_run_are_read_with_its_manifest_only(layout_of: Any) -> None:
    with pytest.raises(UsageError, match=r"mine\.jsonl: belongs to a run; it needs the manifest\.json"):
        layout_of({"file": "generations", "schema_version": 1})
    for record in ({"file": "generations"}, {"file": "other", "schema_version": 1}, {"schema_version": 1}):
        assert layout_of({**record, "text": "x", "gold": "5"}).text == "text"


def test_a_first_line_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl: cannot be read: No such file"):
        find_layout(tmp_path / "absent.jsonl", Fields())
    for content, said in (
        (b"", "empty; expected one JSON object a line"),
        (b" \r\n{}\n", "empty; expected one JSON object a line"),
        (b"{\n", "not JSON"),
        (b"[1]\n", "expected a JSON object"),
    ):
        path = tmp_path / "mine.jsonl"
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"mine\.jsonl:1: {said}"):
            find_layout(path, Fields())


def test_the_first_line_must_end_within_sixteen_mebibytes(tmp_path: Path) -> None:
    start, end, path = b'{"text":"x",', b'"gold":"5"}\n', tmp_path / "mine.jsonl"
    space = 16 * MIB - len(start) - len(end)
    path.write_bytes(start + b" " * space + end)
    assert find_layout(path, Fields()).text == "text"
    path.write_bytes(start + b" " * (space + 2) + end)
    with pytest.raises(DataError, match=r":1: not JSON"):
        find_layout(path, Fields())


# ---- a line ------------------------------------------------------------------------------------------

PLAIN = Layout(path="mine.jsonl", text="text", gold="gold")
WITH_REASON = Layout(path="mine.jsonl", text="text", gold="gold", finish_reason="why")


def read(layout: Layout, *records: Any, first_line: int = 1) -> list[Generation]:
    data = b"\n".join(record if isinstance(record, bytes) else orjson.dumps(record) for record in records)
    return list(FileBlock(data=data, first_line=first_line, layout=layout).generations())


def test_a_line_is_a_generation() -> None:
    layout = Layout(path="f", text="out", gold="d.answer", id="id", finish_reason="why")
    [found] = read(
        layout, {"id": 7, "out": "So 18.", "d": {"answer": "9 * 2 = 18 #### 18"}, "why": "length", "k": 4}
    )
    assert found == Generation(
        Completion(sample_id="7", k=4, text="So 18.", finish_reason="length"), "18", "9 * 2 = 18 #### 18"
    )


def test_a_gold_that_is_the_answer_alone_is_no_solution() -> None:
    assert [(g.gold, g.solution) for g in read(PLAIN, {"text": "", "gold": "18"})] == [("18", "")]
    assert [(g.gold, g.solution) for g in read(PLAIN, {"text": "", "gold": " 18"})] == [("18", " 18")]


def test_without_an_id_a_sample_is_called_by_its_line() -> None:
    line = {"text": "x", "gold": "5"}
    found = read(PLAIN, line, b"", b" \t\r", line, b"", first_line=10)
    assert [g.completion.sample_id for g in found] == ["10", "13"]


def test_a_list_of_texts_is_several_completions() -> None:
    found = read(PLAIN, {"text": ["a", 2, "c"], "gold": "5", "k": 7}, {"text": [], "gold": "5"})
    assert [(g.completion.sample_id, g.completion.k, g.completion.text) for g in found] == [
        ("1", 0, "a"), ("1", 1, "2"), ("1", 2, "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(("k", "expected"), [(0, 0), (5, 5), ("5", 0), (None, 0), (1.5, 0)])
def test_the_number_of_a_completion_is_kept(k: Any, expected: int) -> None:
    assert [g.completion.k for g in read(PLAIN, {"text": "x", "gold": "5", "k": k})] == [expected]


@pytest.mark.parametrize(("value", "text"), [("x", "x"), ("", ""), (5, "5"), (0.5, "0.5"), (-1, "-1")])
def test_a_number_is_a_text(value: Any, text: str) -> None:
    [found] = read(PLAIN, {"text": value, "gold": value})
    assert (found.completion.text, found.gold) == (text, text)


@pytest.mark.parametrize("value", [None, True, False, {"a": 1}, [["x"]]])
def test_what_is_no_text_is_refused_with_its_place(value: Any) -> None:
    for field in ("text", "gold"):
        record = {"text": "x", "gold": "5", field: value}
        with pytest.raises(DataError, match=rf"^mine\.jsonl:4: {field}: expected text, got "):
            read(PLAIN, record, first_line=4)


@pytest.mark.parametrize("layout", [PLAIN, Layout(path="mine.jsonl", text="resps", gold="gold", resps=True)])
def test_what_is_shown_of_a_wrong_value_is_short(layout: Layout) -> None:
    record = {"text": {"a": "x" * 100}, "resps": {"a": "x" * 100}, "gold": "5"}
    with pytest.raises(DataError) as caught:
        read(layout, record)
    assert str(caught.value).partition(", got ")[2] == str({"a": "x" * 100})[:60]
    with pytest.raises(DataError) as caught:
        read(layout, ["x" * 100])
    assert str(caught.value).partition(", got ")[2] == str(["x" * 100])[:60]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON: .*; expected one JSON object a line"),
        (b"[1]", r"expected a JSON object, got \[1\]"),
        (b'{"text": "x"}', "no field 'gold'; the record has text$"),
        (b'{"gold": "5", "k": 1}', "no field 'text'; the record has gold, k$"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_place(line: bytes, said: str) -> None:
    with pytest.raises(DataError, match=rf"^mine\.jsonl:6: {said}"):
        read(PLAIN, {"text": "x", "gold": "5"}, line, first_line=5)


@pytest.mark.parametrize("field", ["id", "finish_reason"])
def test_a_field_that_the_first_line_had_must_be_on_every_line(field: str) -> None:
    layout = Layout(path="mine.jsonl", text="text", gold="gold", **{field: "a.b"})
    assert len(read(layout, {"text": "x", "gold": "5", "a": {"b": "1"}})) == 1
    with pytest.raises(DataError, match=r"^mine\.jsonl:1: no field 'a\.b'"):
        read(layout, {"text": "x", "gold": "5", "a": {}})


# ---- how a text ended --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *((name, "length") for name in ("length", "max_tokens", "max_length")),
        *((name, "length") for name in ("max_new_tokens", "model_length", "LENGTH", "Max_Tokens")),
        *((name, "error") for name in ("error", "abort", "failed", "content_filter", "Error")),
        *((name, "stop") for name in ("stop", "eos", "", None, 3, "lengthy")),
    ],
)
def test_how_a_text_ended_is_said_in_many_words(reason: Any, finish: str) -> None:
    assert [
        g.completion.finish_reason for g in read(WITH_REASON, {"text": "x", "gold": "5", "why": reason})
    ] == [finish]


def test_without_a_reason_a_text_ended_by_itself() -> None:
    [found] = read(PLAIN, {"text": "x", "gold": "5", "finish_reason": "length"})
    assert found.completion.finish_reason == "stop"


def test_only_a_failure_may_have_no_text() -> None:
    line = {"text": None, "gold": "5", "why": "error"}
    assert [g.completion.text for g in read(WITH_REASON, line, {**line, "text": "half"})] == ["", "half"]
    assert [g.completion.text for g in read(WITH_REASON, {**line, "text": [None, "x"]})] == ["", "x"]
    for reason in ("stop", "length"):
        with pytest.raises(DataError, match=r"^mine\.jsonl:1: text: expected text, got None"):
            read(WITH_REASON, {**line, "why": reason})
    with pytest.raises(DataError, match=r"^mine\.jsonl:1: text: expected text, got {}"):
        read(WITH_REASON, {**line, "text": {}})


# ---- lm-evaluation-harness's lists and filters -------------------------------------------------------

RESPS = Layout(path="f", text="resps", gold="target", id="doc_id", resps=True, filter="strict-match")


def test_every_text_of_every_request_is_a_completion() -> None:
    found = read(RESPS, {**LM_EVAL, "resps": [["a", "b"], [], ["c"]], "k": 9})
    assert [(g.completion.sample_id, g.completion.k, g.completion.text, g.gold) for g in found] == [
        ("3", 0, "a", "7"), ("3", 1, "b", "7"), ("3", 2, "c", "7"),
    ]  # fmt: skip
    assert read(RESPS, {**LM_EVAL, "resps": []}) == []


@pytest.mark.parametrize("resps", ["7", ["7"], [["7"], "8"], {"a": ["7"]}, None])
def test_other_lists_are_refused_with_their_place(resps: Any) -> None:
    with pytest.raises(DataError, match=r"^f:1: resps: expected a list of lists of texts, got "):
        read(RESPS, {**LM_EVAL, "resps": resps})


def test_lines_of_another_filter_are_passed_over_unread() -> None:
    other = {"filter": "flexible-extract"}
    assert [g.completion.text for g in read(RESPS, other, LM_EVAL, without("filter"), {})] == ["7"]
    every = Layout(path="f", text="resps", gold="target", id="doc_id", resps=True)
    assert len(read(every, LM_EVAL, {**LM_EVAL, **other}, without("filter"))) == 3


# ---- fields and golds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "name", "found"),
    [
        ({"a": 1}, "a", 1),
        ({"a": None}, "a", None),
        ({"a": {"b": {"c": 2}}}, "a.b.c", 2),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a": {"b": [3]}}, "a.b", [3]),
    ],
)
def test_dots_lead_into_objects_unless_a_field_is_called_so(record: Any, name: str, found: Any) -> None:
    assert lookup(record, name, "here") == found


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"a": 1}, "b"),
        ({"a": 1}, "a.b"),
        ({"a": {"b": 1}}, "a.c"),
        ({"a": "b"}, "a.b"),
        ({"a": ["b"]}, "a.b"),
    ],
)
def test_a_field_that_is_not_there_is_told_with_its_place(record: Any, name: str) -> None:
    with pytest.raises(DataError, match=rf"^here: no field '{name}'; the record has a$"):
        lookup(record, name, "here")


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("1 #### 2 #### 3 ", "3"),
        ("####", ""),
        (r"\boxed{1} #### 2", "2"),
        (r"first \boxed{1}, then \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        ("\\boxed{3}\nA: 4", "3"),
        ("it is boxed", "it is boxed"),
        (" \\boxed{ ", r"\boxed{"),
        ("he boxed\nA: 18", "18"),
        ("we have\nThe answer is: 7", "7"),
        ("A: 18", "A: 18"),
        ("\nA: 18\n", "A: 18"),
        (" 3 + 4\n= 7 ", "3 + 4\n= 7"),
        (" x^2 ", "x^2"),
    ],
)
def test_a_gold_may_be_a_whole_solution(text: str, gold: str) -> None:
    assert gold_of(text) == gold


# ---- blocks ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return Layout(path=str(tmp_path_factory.mktemp("blocks") / "mine.jsonl"), text="t", gold="g")


@given(st.integers(1, 40), st.lists(st.text("ab", max_size=12).map(str.encode), max_size=12), st.booleans())
def test_blocks_are_whole_lines_and_know_their_numbers(
    mine: Layout, size: int, lines: list[bytes], ended: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    Path(mine.path).write_bytes(data)
    with mock.patch.object(foreign, "BLOCK_BYTES", size):
        blocks = list(file_blocks(mine))
    assert b"".join(block.data for block in blocks) == data
    before = b""
    for block in blocks:
        assert block.layout is mine
        assert block.first_line == before.count(b"\n") + 1
        assert before[-1:] in (b"", b"\n")
        assert len(block.data) <= size + max(map(len, [b"", *lines])) + 1
        before += block.data


def test_a_block_is_about_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes((b"x" * 1023 + b"\n") * 3 * 1024)
    blocks = list(file_blocks(Layout(path=str(path), text="t", gold="g")))
    assert [len(block.data) for block in blocks] == [MIB, MIB, MIB]
    assert [block.first_line for block in blocks] == [1, 1025, 2049]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl: cannot be read: No such file"):
        list(file_blocks(Layout(path=str(tmp_path / "absent.jsonl"), text="t", gold="g")))
