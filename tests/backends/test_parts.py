"""The smaller parts: frames, the registry, GGUF headers, chat templates, fingerprints, vLLM's errors."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading

import pytest

from mathevalkit import errors
from mathevalkit.backends import base, host
from mathevalkit.backends.base import backend_names, open_backend, refuse_unknown_arguments
from mathevalkit.backends.llama_cpp.backend import LlamaCppBackend
from mathevalkit.backends.llama_cpp.chat import render_chat
from mathevalkit.backends.llama_cpp.gguf import find_gguf, read_metadata
from mathevalkit.backends.supervised.engine import EngineRequest, RequestRefusedError, room_for
from mathevalkit.backends.supervised.wire import MAX_FRAME_BYTES, Channel, ChannelClosedError, pack
from mathevalkit.backends.vllm import explain
from mathevalkit.types import EngineOptions, Sampling


@pytest.fixture
def pipe():
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as incoming, os.fdopen(write_end, "wb") as outgoing:
        yield Channel(incoming=incoming, outgoing=outgoing), outgoing


class TestFrames:
    def test_a_frame_arrives_as_it_was_sent(self, pipe):
        channel, _ = pipe
        channel.send(pack({"op": "x", "text": "√2 \n\0", "n": [1, None, 2.5]}))
        assert channel.receive() == {"op": "x", "text": "√2 \n\0", "n": [1, None, 2.5]}

    def test_a_frame_larger_than_the_pipe_arrives(self, pipe):
        channel, _ = pipe
        frame = {"op": "x", "text": "a" * 1_000_000}
        sender = threading.Thread(target=channel.send, args=(pack(frame),))
        sender.start()
        assert channel.receive() == frame
        sender.join()

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "closed"),
            (b"\0\0", "in the middle of a frame"),
            (b"\0\0\0\x09abc", "in the middle of a frame"),
            (b"\0\0\0\x03abc", "damaged frame"),
            (b"\0\0\0\x02{}", "without 'op'"),
            (b"\0\0\0\x02[]", "without 'op'"),
            ((MAX_FRAME_BYTES + 1).to_bytes(4, "big"), "not one of ours"),
        ],
    )
    def test_anything_else_is_the_end_of_the_channel(self, pipe, data, message):
        channel, outgoing = pipe
        outgoing.write(data)
        outgoing.close()
        with pytest.raises(ChannelClosedError, match=message):
            channel.receive()

    def test_what_json_cannot_hold_is_a_type_error(self):
        with pytest.raises(TypeError):
            pack({"op": "\ud800"})


class TestRegistry:
    def test_the_built_in_engines_have_names(self):
        assert {"vllm", "llama_cpp", "replay"} <= set(backend_names())

    def test_a_backend_that_cannot_be_imported_is_an_error_of_ours(self):
        with pytest.raises(errors.PluginError, match=r"`backend`: .* at nowhere:x, which does not import"):
            open_backend(EngineOptions(model="m", backend="nowhere:x"))

    def test_opening_one_by_name(self, tmp_path):
        file = tmp_path / "x.jsonl"
        file.write_text('{"id": 1, "text": "a"}\n')
        assert open_backend(EngineOptions(model=str(file), backend="replay")).start().backend == "replay"

    @pytest.mark.parametrize(
        ("name", "near"), [("vlm", "vllm"), ("llama-cpp", "llama_cpp"), ("Replay", "replay")]
    )
    def test_an_unknown_name_suggests_a_known_one(self, name, near):
        with pytest.raises(errors.BackendUnavailableError, match=f"did you mean {near!r}"):
            open_backend(EngineOptions(model="m", backend=name))

    def test_opening_imports_nothing_heavy(self):
        code = (
            "import sys; from mathevalkit.backends import base, vllm, replay;"
            "from mathevalkit.backends.llama_cpp import backend;"
            "from mathevalkit.backends.supervised import supervisor;"
            "print([m for m in ('torch','vllm','transformers','xllamacpp','numpy','huggingface_hub','jinja2')"
            " if m in sys.modules])"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert out.strip() == "[]"


class TestRoom:
    @pytest.mark.parametrize(("prompt", "asked", "room"), [(10, 5, 5), (90, 512, 10), (99, 512, 1)])
    def test_tokens_are_capped_at_what_the_context_leaves(self, prompt, asked, room):
        assert (
            room_for(EngineRequest(0, [1] * prompt, Sampling(max_tokens=asked), 0), max_model_len=100) == room
        )

    @pytest.mark.parametrize("prompt", [100, 101])
    def test_a_prompt_that_fills_the_context_is_refused(self, prompt):
        with pytest.raises(RequestRefusedError, match="`max_model_len"):
            room_for(EngineRequest(0, [1] * prompt, Sampling(max_tokens=1), 0), max_model_len=100)


def gguf_file(*entries: bytes, version=3, magic=b"GGUF", announced=None) -> bytes:
    count = len(entries) if announced is None else announced
    return magic + struct.pack("<IQQ", version, 0, count) + b"".join(entries)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, kind: int, payload: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + payload


class TestGguf:
    def test_scalars_and_strings_are_read_and_arrays_passed_over(self, tmp_path):
        file = tmp_path / "m.gguf"
        strings = struct.pack("<IQ", 8, 2) + text("a") + text("bc")
        nested = struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 4, 2) + struct.pack("<II", 1, 2)
        file.write_bytes(
            gguf_file(
                entry("general.architecture", 8, text("llama")),
                entry("tokens", 9, strings),
                entry("scores", 9, struct.pack("<IQ", 6, 3) + b"\0" * 12),
                entry("nested", 9, nested),
                entry("llama.context_length", 4, struct.pack("<I", 8192)),
                entry("flag", 7, b"\x01"),
            )
        )
        assert read_metadata(file) == {
            "general.architecture": "llama", "llama.context_length": 8192, "flag": True,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GG",
            gguf_file(magic=b"PK\3\4"),
            gguf_file(version=1),
            gguf_file(announced=5),
            gguf_file(entry("x", 99, b"")),
            gguf_file(entry("x", 8, struct.pack("<Q", 1 << 40))),
            gguf_file(entry("x", 9, struct.pack("<IQ", 8, 1 << 50))),
            gguf_file(entry("x", 9, struct.pack("<IQ", 9, 1) * 100)),
        ],
    )
    def test_a_file_that_is_no_gguf_is_one_clear_error(self, tmp_path, content):
        file = tmp_path / "m.gguf"
        file.write_bytes(content)
        with pytest.raises(errors.ModelNotFoundError, match=r"m\.gguf: not a GGUF file"):
            read_metadata(file)

    def test_all_parts_of_a_split_file_are_found(self, tmp_path):
        for number in (1, 2, 3):
            (tmp_path / f"m-{number:05d}-of-00003.gguf").write_bytes(b"GGUF")
        files, _ = find_gguf(str(tmp_path), None)
        assert [f.name for f in files] == [f"m-{n:05d}-of-00003.gguf" for n in (1, 2, 3)]

    def test_a_directory_with_several_files_asks_which(self, tmp_path):
        (tmp_path / "a.gguf").write_bytes(b"GGUF")
        (tmp_path / "b.gguf").write_bytes(b"GGUF")
        with pytest.raises(errors.ModelNotFoundError, match=r"a\.gguf, b\.gguf"):
            find_gguf(str(tmp_path), None)

    @pytest.mark.parametrize("model", ["nowhere.gguf", "org/name", "org/name:file.bin", "a/b/c:file.gguf"])
    def test_what_is_neither_a_file_nor_on_the_hub_says_what_to_give(self, model):
        with pytest.raises(errors.ModelNotFoundError, match=r"repo/name:file\.gguf"):
            find_gguf(model, None)

    def test_without_the_hub_an_uncached_file_is_one_clear_error(self, tmp_path, monkeypatch):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        with pytest.raises(errors.ModelNotFoundError, match="org/name:file"):
            find_gguf("org/name:file.gguf", None)


class TestLlamaCppOptions:
    @pytest.mark.parametrize(
        ("options", "named"),
        [
            ({"dtype": "bfloat16"}, "`dtype`"),
            ({"quantization": "awq"}, "`quantization`"),
            ({"tokenizer": "x"}, "`tokenizer`"),
            ({"tensor_parallel_size": 2}, "`tensor_parallel_size`"),
            ({"pipeline_parallel_size": 2}, "`pipeline_parallel_size`"),
            ({"gpu_memory_utilization": 0.5}, "`gpu_memory_utilization`"),
            ({"trust_remote_code": True}, "`trust_remote_code`"),
        ],
    )
    def test_an_option_it_cannot_honour_is_refused_at_once(self, options, named):
        with pytest.raises(errors.UsageError, match=named):
            LlamaCppBackend(EngineOptions(model="m.gguf", backend="llama_cpp", **options))


class TestEngineArguments:
    KNOWN = ("enforce_eager", "block_size")

    def test_a_name_the_engine_does_not_know_is_refused_with_the_near_one(self):
        options = EngineOptions(model="m", engine_args={"block_size": 16, "enforce_eagr": True})
        with pytest.raises(errors.UsageError) as refused:
            refuse_unknown_arguments(options, self.KNOWN, engine="vLLM")
        assert str(refused.value) == (
            "`engine_args.enforce_eagr`: vLLM has no such argument; did you mean 'enforce_eager'?"
        )

    def test_names_it_knows_pass(self):
        options = EngineOptions(model="m", engine_args={"block_size": 16})
        refuse_unknown_arguments(options, self.KNOWN, engine="vLLM")


@pytest.mark.parametrize(("backend", "extra"), [("vllm", "vllm"), ("llama_cpp", "llama-cpp")])
def test_an_engine_that_is_not_installed_is_missed_before_anything_starts(monkeypatch, backend, extra):
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    with pytest.raises(errors.BackendUnavailableError, match=rf"mathevalkit\[{extra}\]"):
        open_backend(EngineOptions(model="m", backend=backend))


class TestChatTemplates:
    def render(self, template, *turns):
        (prompt,) = render_chat(template, [list(turns)], bos_token="<s>", eos_token="</s>")
        return prompt

    def test_bos_is_where_the_template_writes_it(self):
        template = "{{ bos_token }}{% for m in messages %}[INST] {{ m['content'] }} [/INST]{% endfor %}"
        assert self.render(template, {"role": "user", "content": "hi"}) == "<s>[INST] hi [/INST]"

    def test_blocks_leave_no_blank_lines(self):
        template = (
            "{% for m in messages %}\n  {% if true %}\n{{ m.content }}\n  {% endif %}\n{% endfor %}\nend"
        )
        assert self.render(template, {"role": "user", "content": "hi"}) == "hi\nend"

    def test_what_the_question_says_is_never_a_template(self):
        template = "{% for m in messages %}{{ m.content }}{% endfor %}"
        assert (
            self.render(template, {"role": "user", "content": "{{ 7 * 7 }} {% raw %}"})
            == "{{ 7 * 7 }} {% raw %}"
        )

    @pytest.mark.parametrize(
        "template",
        [
            "{{ raise_exception('system turns are not supported') }}",
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{{ messages.append(1) }}",
            "{% for",
            "{{ undefined.attribute }}",
        ],
    )
    def test_a_template_that_refuses_or_breaks_out_is_a_recipe_error(self, template):
        with pytest.raises(errors.RecipeError, match="chat template"):
            self.render(template, {"role": "user", "content": "hi"})


class TestFingerprint:
    def write(self, path, *, size=5 << 20, flip=None):
        data = bytearray(b"\0" * size)
        if flip is not None:
            data[flip] = 1
        path.write_bytes(data)
        return host.fingerprint_weights(path)

    def test_it_depends_on_both_ends_and_on_the_size(self, tmp_path):
        file = tmp_path / "model.safetensors"
        prints = {
            self.write(file),
            self.write(file, flip=0),
            self.write(file, flip=-1),
            self.write(file, size=1 << 20),
        }
        assert len(prints) == 4

    def test_it_depends_on_the_blocks_in_between(self, tmp_path):
        file = tmp_path / "model.safetensors"
        assert self.write(file) != self.write(file, flip=(5 << 20) * 32 // host.PROBES)

    def test_a_directory_stands_for_its_weight_files_whatever_their_folder(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "model-00001.safetensors").write_bytes(b"one")
            (tmp_path / name / "README.md").write_text(name)
        assert host.fingerprint_weights(tmp_path / "a") == host.fingerprint_weights(tmp_path / "b")
        (tmp_path / "b" / "model-00002.safetensors").write_bytes(b"two")
        assert host.fingerprint_weights(tmp_path / "a") != host.fingerprint_weights(tmp_path / "b")


PYDANTIC = """1 validation error for ModelConfig
  Value error, max_model_len (9000) is greater than the derived max_model_len (2048) [type=value_error]
    For further information visit https://errors.pydantic.dev"""


PYDANTIC_FIELD = """1 validation error for CacheConfig
block_size
  Input should be a valid integer, unable to parse string as an integer [type=int_parsing]
    For further information visit https://errors.pydantic.dev"""


class ValidationError(ValueError):
    """Named like pydantic's."""


class TestVllmErrors:
    @pytest.mark.parametrize(
        ("error", "kind", "said"),
        [
            ("CUDA out of memory. Tried to allocate 20.00 GiB", "OutOfMemoryError", "20.00 GiB"),
            ("No available memory for the cache blocks", "OutOfMemoryError", "cache blocks"),
            ("Free memory on device (3/79 GiB) is less than desired", "OutOfMemoryError", "3/79 GiB"),
            ("a/b is not a valid model identifier listed on", "ModelNotFoundError", "a/b"),
            ("a/b does not appear to have a file named config.json", "ModelNotFoundError", "config.json"),
            ("Failed to infer device type, please set", "BackendUnavailableError", "llama_cpp"),
            (PYDANTIC, "UsageError", "derived max_model_len (2048) (see `max_model_len`"),
            (PYDANTIC_FIELD, "UsageError", "block_size: Input should be a valid integer"),
            ("something unheard of\nsecond line", "BackendError", "something unheard of"),
        ],
    )
    def test_each_kind_is_recognised_and_says_what_matters(self, error, kind, said):
        explained = explain(ValidationError(error) if "validation" in error else RuntimeError(error))
        assert type(explained).__name__ == kind
        assert said in str(explained)
        assert "\n" not in str(explained)

    def test_a_message_that_quotes_a_flags_value_is_about_the_flag(self):
        error = ValueError("Cannot find the config file for awq")
        explained = explain(error, given={"quantization": "awq", "revision": "a"})
        assert isinstance(explained, errors.UsageError)
        assert str(explained) == "Cannot find the config file for awq (see `quantization`)"

    def test_a_reason_printed_by_a_worker_is_found_in_the_log(self, tmp_path):
        log = tmp_path / "log"
        log.write_text(
            "(EngineCore pid=9) ERROR 11-21 torch.OutOfMemoryError: CUDA out of memory. Tried 3 GiB\n"
        )
        error = explain(
            RuntimeError("Engine core initialization failed. See root cause above."), log_path=str(log)
        )
        assert isinstance(error, errors.OutOfMemoryError)
        assert "Tried 3 GiB" in str(error)
