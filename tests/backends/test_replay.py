"""Replaying recorded completions."""

from __future__ import annotations

import json

import pytest

from mathevalkit.backends.replay import ReplayBackend
from mathevalkit.errors import DataError, ModelNotFoundError, UsageError
from mathevalkit.types import Completion, EngineOptions, Request, Sampling

SAMPLING = Sampling(max_tokens=8)


def want(*keys):
    """Requests for sample ids, or (id, k) pairs."""
    pairs = [key if isinstance(key, tuple) else (key, 0) for key in keys]
    return [Request(i, k, "", special_tokens=True, sampling=SAMPLING, seed=0) for i, k in pairs]


@pytest.fixture
def record(tmp_path):
    backends = []

    def _record(*rows, text=None, as_directory=False, **engine_args):
        path = tmp_path / "generations.jsonl"
        path.write_text(text if text is not None else "".join(json.dumps(row) + "\n" for row in rows))
        model = str(tmp_path if as_directory else path)
        backend = ReplayBackend(EngineOptions(model=model, backend="replay", engine_args=engine_args))
        backends.append(backend)
        backend.start()
        backend.load()
        return backend

    yield _record
    for backend in backends:
        backend.close()


def texts(backend, *keys):
    return [completion.text for completion in backend.generate(want(*keys))]


def test_a_run_directory_gives_back_what_was_recorded(record):
    row = {
        "sample_id": "7", "k": 0, "text": "The answer is 3", "finish_reason": "length", "stop_reason": None,
        "prompt_tokens": 90, "completion_tokens": 512, "seconds": 3.5, "error": None,
    }  # fmt: skip
    backend = record(row, as_directory=True)
    assert list(backend.generate(want("7"))) == [Completion(**row)]


def test_the_header_of_a_run_is_no_completion(record):
    header = {"file": "generations", "schema_version": 1}
    backend = record(header, {"sample_id": "7", "k": 0, "text": "The answer is 3"}, as_directory=True)
    assert texts(backend, "7") == ["The answer is 3"]


def test_of_a_run_that_was_resumed_the_first_text_of_each_completion_is_replayed(record):
    header = {"file": "generations", "schema_version": 1}
    failed = {"sample_id": "7", "k": 0, "text": "", "finish_reason": "error", "error": "out of memory"}
    text = {"sample_id": "7", "k": 0, "text": "The answer is 3", "finish_reason": "stop"}
    lost = {**failed, "sample_id": "8"}
    backend = record(header, failed, lost, text, {**text, "text": "The answer is 4"}, as_directory=True)
    assert texts(backend, "7") == ["The answer is 3"]
    (error,) = backend.generate(want("8"))
    assert (error.finish_reason, error.error) == ("error", "out of memory")


def test_completions_come_in_the_order_of_the_requests(record):
    backend = record(*({"id": i, "response": f"r{i}"} for i in range(5)))
    assert texts(backend, "3", "0", "4", "4", "1") == ["r3", "r0", "r4", "r4", "r1"]


@pytest.mark.parametrize("id_field", ["sample_id", "id", "doc_id", "idx"])
@pytest.mark.parametrize("text_field", ["text", "response", "completion", "generation", "output"])
def test_usual_field_names_are_found(record, id_field, text_field):
    assert texts(record({"question": "q", id_field: 5, text_field: "hello"}), "5") == ["hello"]


def test_other_field_names_are_given_as_engine_args(record):
    backend = record(
        {"id": "x", "text": "wrong", "name": "a", "answer_text": "right", "try": 2, "ended": "max_tokens"},
        id_field="name", text_field="answer_text", k_field="try", finish_field="ended",
    )  # fmt: skip
    (completion,) = backend.generate(want(("a", 2)))
    assert (completion.text, completion.finish_reason) == ("right", "length")


def test_a_completion_that_was_not_recorded_is_an_error_of_its_own(record):
    backend = record({"id": "a", "text": "x"})
    missing, found = backend.generate(want("b", "a"))
    assert missing.finish_reason == "error"
    assert "not recorded" in missing.error
    assert found.text == "x"


def test_a_recorded_error_stays_an_error(record):
    backend = record({"id": "a", "text": "", "finish_reason": "error", "error": "no room"})
    (completion,) = backend.generate(want("a"))
    assert (completion.finish_reason, completion.error) == ("error", "no room")


def test_several_completions_of_a_sample_by_k_by_repetition_and_as_a_list(record):
    assert texts(
        record({"id": 1, "k": 1, "text": "b"}, {"id": 1, "k": 0, "text": "a"}), ("1", 0), ("1", 1)
    ) == ["a", "b"]
    assert texts(record({"id": 1, "text": "a"}, {"id": 1, "text": "b"}), ("1", 0), ("1", 1)) == ["a", "b"]
    assert texts(record({"id": 1, "output": ["a", "b"]}), ("1", 1), ("1", 0)) == ["b", "a"]


def test_samples_of_lm_evaluation_harness_can_be_replayed(record):
    # one row for each filter, the responses in a list of lists
    rows = [{"doc_id": 3, "resps": [["#### 5"]], "filter": f} for f in ("strict-match", "flexible-extract")]
    assert texts(record(*rows), "3") == ["#### 5"]


def test_a_k_that_is_missing_is_not_recorded(record):
    backend = record({"id": 1, "k": 2, "text": "c"})
    reasons = [c.finish_reason for c in backend.generate(want(("1", 0), ("1", 2), ("1", 3)))]
    assert reasons == ["error", "stop", "error"]


def test_a_torn_last_line_is_dropped(record):
    backend = record(text='{"id": 1, "text": "a"}\n{"id": 2, "te')
    first, second = backend.generate(want("1", "2"))
    assert first.text == "a"
    assert second.finish_reason == "error"


def test_empty_lines_are_passed_over(record):
    assert texts(record(text='\n{"id": 1, "text": "a"}\n\n{"id": 2, "text": "b"}\n'), "2", "1") == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": 1, "text": "a"}\n{"id": 2, "te\n{"id": 3, "text": "c"}\n', ":2: not JSON"),
        ("[1, 2]\n", ":1: expected an object, got list"),
        ('{"id": 1, "said": "a"}\n', "`engine_args.text_field=NAME` (there: id, said)"),
        ('{"nr": 1, "text": "a"}\n', "`engine_args.id_field=NAME` (there: nr, text)"),
        ('{"id": 1, "text": "a"}\n{"id": 2}\n', ":2: no field 'text'"),
        ('{"id": 1, "text": 5}\n', ":1: text: unexpected int"),
        ('{"id": 1, "text": [["a"], [5]]}\n', ":1: text: expected text"),
        ('{"id": true, "text": "a"}\n', ":1: id: unexpected bool"),
        ('{"id": 1, "k": -1, "text": "a"}\n', ":1: k: expected 0, 1, 2"),
        ('{"id": 1, "text": "a", "finish_reason": "tired"}\n', "'tired' is none of stop"),
        (
            '{"id": 1, "k": 0, "text": "a"}\n{"id": 1, "k": 0, "text": "b"}\n',
            ":2: sample 1, k = 0, a second time",
        ),
        ("not json at all", ":1: not JSON"),
    ],
)
def test_a_bad_row_is_one_error_with_file_and_line(record, text, message):
    with pytest.raises(DataError) as caught:
        record(text=text)
    assert "generations.jsonl:" in str(caught.value)
    assert message in str(caught.value)


def test_a_missing_file_and_an_unknown_argument_are_clear_errors(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.jsonl"):
        ReplayBackend(EngineOptions(model=str(tmp_path / "nowhere.jsonl"), backend="replay")).start()
    with pytest.raises(UsageError, match=r"text_feild.*text_field"):
        ReplayBackend(EngineOptions(model="x", backend="replay", engine_args={"text_feild": "y"}))


def test_options_that_only_a_model_can_honour_are_refused(tmp_path):
    options = EngineOptions(model="x.jsonl", backend="replay", dtype="float16", tensor_parallel_size=2)
    with pytest.raises(UsageError, match=r"replay backend cannot honour `dtype`, `tensor_parallel_size`"):
        ReplayBackend(options)
    with pytest.raises(UsageError, match="`lora"):
        ReplayBackend(EngineOptions(model="x.jsonl", backend="replay", lora="adapter"))


def test_the_fingerprint_changes_with_the_file(record):
    one = record({"id": 1, "text": "a"}).start().revision
    assert record({"id": 1, "text": "b"}).start().revision != one
    assert record({"id": 1, "text": "a"}).start().revision == one


def test_a_replay_has_no_tokenizer_and_never_restarts(record):
    backend = record({"id": 1, "text": "a"})
    assert backend.tokenizer is None
    assert backend.restarts == 0


def test_real_model_outputs_can_be_replayed(shared):
    path = shared / "data" / "generations" / "math_100x8_qwen.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    arguments = {"id_field": "idx", "text_field": "code"}
    backend = ReplayBackend(EngineOptions(model=str(path), backend="replay", engine_args=arguments))
    backend.load()
    requests = want(*((str(row["idx"]), k) for row in rows for k in range(8)))
    expected = [text for row in rows for text in row["code"]]
    assert [c.text for c in backend.generate(requests)] == expected
    backend.close()
