"""Records to JSON and back: what a file of ours holds byte for byte, and what is refused where."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathevalkit.errors import RunDirectoryError
from mathevalkit.runs.codec import decode, encode, encode_line, read_document, refuse_newer
from mathevalkit.types import Accuracy, Completion, ModelInfo, RunManifest, Sample, Selection
from tests.factories import completion, manifest, sample

PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
JSON = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=4), PLAIN, max_size=3)

# ---- writing -----------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_a_line_is_one_line_of_json(record: dict[str, Any]) -> None:
    line = encode_line(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == record


def test_a_line_has_no_spaces() -> None:
    assert encode_line({"b": [1, 2.5, None], "a": {"x": True}}) == b'{"b":[1,2.5,null],"a":{"x":true}}\n'


def test_a_document_is_indented_for_people() -> None:
    record = {"b": [1, 2.5, None], "a": {"x": True}, "é": "é"}
    assert encode(record).decode() == json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def test_a_dataclass_is_an_object_of_its_fields() -> None:
    record = manifest(selection=Selection(limit=5))
    plain = json.loads(json.dumps(asdict(record)))
    assert json.loads(encode(record)) == json.loads(encode_line(record)) == plain


def test_a_key_that_is_no_text_becomes_one() -> None:
    for write in (encode, encode_line):
        assert json.loads(write({1: "a", 2.5: "b", None: "c"})) == {"1": "a", "2.5": "b", "null": "c"}
        assert json.loads(write({1: "a\ud800"})) == {"1": "a\ufffd"}


@pytest.mark.parametrize("number", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
@pytest.mark.parametrize("write", [encode, encode_line])
def test_what_no_utf8_file_can_hold_is_written_as_the_replacement_character(write: Any, number: int) -> None:
    surrogate = chr(number)
    text = f"\ud7ff{surrogate}\ue000 é"
    record = completion("0", text=text, stop_reason=surrogate)
    expected = replace(record, text="\ud7ff\ufffd\ue000 é", stop_reason="\ufffd")
    assert write(record) == write(expected)
    assert write({"a": [text], surrogate: 1}) == write({"a": ["\ud7ff\ufffd\ue000 é"], "\ufffd": 1})


@pytest.mark.parametrize("record", [{"a": object()}, Completion, object()])
def test_what_is_no_json_is_refused(record: Any) -> None:
    with pytest.raises(TypeError):
        encode_line(record)


# ---- reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [completion(), sample(level="3"), manifest(), Accuracy(0.5, 0, 1, 0, 1)])
def test_a_record_comes_back_as_it_was(record: Any) -> None:
    for write in (encode, encode_line):
        found = decode(type(record), orjson.loads(write(record)), where="here")
        assert found == record
        assert type(found) is type(record)


@pytest.mark.parametrize(
    ("kind", "record", "said"),
    [
        (Completion, {"sample_id": "0"}, "not a completion: .*'k', 'text'"),
        (Completion, {**asdict(completion()), "more": 1}, "not a completion: .*'more'"),
        (Completion, [1], "not a completion: "),
        (Sample, {"id": "0"}, "not a sample: .*'question'"),
        (Sample, None, "not a sample: "),
        (ModelInfo, {"model": "m", "backend": "b"}, "backend_version: "),
        (ModelInfo, 5, "[^:]*$"),
        (RunManifest, {**json.loads(encode(manifest())), "num_samples": "many"}, "num_samples: .*integer"),
        (
            RunManifest,
            {**json.loads(encode(manifest())), "model": {"model": 1, "backend": "b", "backend_version": "1"}},
            r"model\.model: .*string",
        ),
    ],
)
def test_another_record_is_refused_with_its_place(kind: Any, record: Any, said: str) -> None:
    with pytest.raises(RunDirectoryError, match=f"^here: {said}"):
        decode(kind, record, where="here")


def test_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(encode(manifest()))
    assert read_document(tmp_path / "x.json", RunManifest) == manifest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: .*No such file"),
        (b"", "cannot be read: "),
        (b"{", "cannot be read: "),
        (b"\xff", "cannot be read: "),
        (b"[]", "expected a JSON object"),
        (b"null", "expected a JSON object"),
        (b"{}", "schema_version: "),
        (b'{"schema_version": 2}', "schema version 2 is newer"),
        (encode(manifest(num_samples="many")), "num_samples: "),
    ],
)
def test_a_document_that_cannot_be_read_is_told_with_its_path(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=rf"^{path}: {said}"):
        read_document(path, RunManifest)


@pytest.mark.parametrize("record", [{}, {"schema_version": 0}, {"schema_version": 1}])
def test_what_this_version_or_an_older_one_wrote_is_read(record: Any) -> None:
    refuse_newer(record, where="here")


@pytest.mark.parametrize("version", [2, 99, "1", 1.0, None])
def test_what_another_version_wrote_is_refused(version: Any) -> None:
    with pytest.raises(RunDirectoryError, match=rf"^here: schema version {version} .*\(1\)"):
        refuse_newer({"schema_version": version}, where="here")
