"""llama.cpp: GGUF files on a laptop's processor or a graphics card, through the package ``xllamacpp``.

``model`` is a file, or ``repo/name:file.gguf`` on the hub::

    evaluate(task="gsm8k", model="TheBloke/MetaMath-Mistral-7B-GGUF:metamath-mistral-7b.Q4_K_M.gguf",
             backend="llama_cpp")

xllamacpp embeds llama.cpp's server. We speak to it over the loopback interface with a key made for this
process, because only its native ``/completion`` endpoint says which stop string ended a text. Prompts
go in as token ids, so llama.cpp adds no BOS of its own.

Sampling is exactly temperature and top-p (in this order, as in vLLM): llama.cpp's other samplers, some of
which are on by default (top-k 40, min-p 0.05), are left out of the chain.
"""

from __future__ import annotations

import os
import queue
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any

from mathevalkit.backends import host
from mathevalkit.backends.base import refuse_options, refuse_unknown_arguments, require_package
from mathevalkit.backends.llama_cpp.chat import render_chat
from mathevalkit.backends.llama_cpp.gguf import find_gguf, read_metadata
from mathevalkit.backends.llama_cpp.loopback import LoopbackHttp
from mathevalkit.backends.supervised.engine import EngineRequest, Finished, RequestRefusedError, room_for
from mathevalkit.backends.supervised.supervisor import SupervisedBackend
from mathevalkit.errors import (
    BackendError,
    BackendUnavailableError,
    MathEvalError,
    OutOfMemoryError,
    RecipeError,
    UsageError,
)
from mathevalkit.types import EngineOptions, Message, ModelInfo

DEFAULT_CONTEXT = 4096
"""Tokens per request where ``max_model_len`` says nothing: GSM8K and MATH with eight shots fit."""
SLOTS_ON_CPU, SLOTS_ON_GPU = 8, 32
"""Requests at a time; on two cores 8 gave 184 tokens/s, 4 gave 161, 16 gave 186 (135M model)."""
MOST_SLOTS = 256
"""llama.cpp's own limit (LLAMA_MAX_SEQ); beyond it, it aborts."""
KV_SHARE = 0.5
"""How much of the free memory the cache may take before we run fewer requests at a time."""
STEP_SECONDS = 0.2
SPIN_COUNT = "3000"
"""How long a thread that waits for the others spins before it sleeps (GNU OpenMP; its default is
300,000). Where another program wants the same cores, spinning is ruinous: 3 to 8 tokens/s by default on
two busy cores, 40 with this; on two idle cores 153 and 152."""
OUT_OF_MEMORY = re.compile(
    r"out of memory|failed to (?:re)?allocate|unable to allocate|alloc(?:ation)? failed", re.IGNORECASE
)
RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp takes this seed to mean "choose one"."""
SAMPLERS = ["temperature", "top_p"]
WANTED_FIELDS = ["content", "stop_type", "stopping_word", "tokens_predicted", "tokens_evaluated"]


class LlamaCppBackend(SupervisedBackend):
    """The backend ``llama_cpp``."""

    def __init__(self, options: EngineOptions) -> None:
        """Raises UsageError for options that llama.cpp has no equivalent of.

        Raises BackendUnavailableError where it is not installed.
        """
        refuse_options(
            replace(options, dtype=None) if options.dtype == "auto" else options,
            *("dtype", "quantization", "tokenizer", "tensor_parallel_size", "pipeline_parallel_size"),
            *("gpu_memory_utilization", "trust_remote_code"),
            why="a GGUF file fixes type, quantization and tokenizer; llama.cpp's own settings go "
            "through `engine_args` (n_gpu_layers=20)",
        )
        require_package("xllamacpp", extra="llama-cpp")
        super().__init__("mathevalkit.backends.llama_cpp.backend:LlamaCppEngine", options)


class LlamaCppEngine:
    """The engine inside its process (``engine.py``)."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._key = secrets.token_hex(16)
        self._server: Any = None
        self._http: LoopbackHttp
        self._completions: LoopbackHttp
        self._tokens_seen = 0
        self._polled_at = 0.0
        self._finished: queue.SimpleQueue[Finished | Exception] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[tuple[int, EngineRequest]] = queue.SimpleQueue()
        self._epoch = 0
        """Grows with every abort; results of an older one are dropped."""

    def open(self) -> ModelInfo:
        """Read the header, and the vocabulary through llama.cpp itself; the weights are only mapped."""
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
        try:
            import xllamacpp
        except ImportError as error:
            raise BackendUnavailableError(
                f'xllamacpp cannot be imported ({error}); pip install "mathevalkit[llama-cpp]"'
            ) from error
        self._library = xllamacpp
        self._files, revision = find_gguf(self._options.model, self._options.revision)
        self._metadata = read_metadata(self._files[0])
        self._adapter = Path(self._options.lora) if self._options.lora else None
        if self._adapter is not None:
            read_metadata(self._adapter)  # says so if it is not there or not GGUF
            revision = f"{revision}+lora:{host.fingerprint_weights(self._adapter)}"
        self._context = self._choose_context()
        parameters = self._parameters(slots=1, context=512)
        parameters.n_gpu_layers = 0
        parameters.no_extra_bufts = True  # no repacked copy of the weights
        parameters.lora_adapters = []
        self._parameters(slots=1, context=self._context)  # wrong engine_args are refused before the load
        self._start(parameters)
        properties = self._http.get("/props")
        self._bos_token, self._eos_token = properties.get("bos_token", ""), properties.get("eos_token", "")
        bos_id = self._metadata.get("tokenizer.ggml.bos_token_id")
        return ModelInfo(
            model=self._options.model,
            backend="llama_cpp",
            backend_version=xllamacpp.__version__,
            revision=revision,
            dtype=None,
            quantization=properties.get("model_ftype"),
            max_model_len=self._context,
            bos_token_id=bos_id if self._bos_token else None,
            chat_template=self._metadata.get("tokenizer.chat_template"),
            packages=host.package_versions("xllamacpp"),
            hardware=host.describe_host() | {"llama_cpp": xllamacpp.get_system_info().strip()},
        )

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        """Special tokens in the text are recognised; BOS is added where the model's file says so."""
        body = {"add_special": special_tokens, "parse_special": True}
        return [self._http.post("/tokenize", body | {"content": text})["tokens"] for text in texts]

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """By the template in the model's file."""
        template = self._metadata.get("tokenizer.chat_template")
        if template is None:
            raise RecipeError(f"{self._options.model} has no chat template; use a completion `recipe`")
        return render_chat(template, conversations, bos_token=self._bos_token, eos_token=self._eos_token)

    def load(self) -> int:
        """Start the server that generates, with a thread for each of its slots."""
        slots = self._choose_slots()
        tokenizer_server, self._server = self._server, None
        self._start(self._parameters(slots=slots, context=self._context))
        del tokenizer_server  # only now: encode() was answered all along
        for _ in range(slots):
            threading.Thread(target=self._work_off, name="completions", daemon=True).start()
        return slots

    def submit(self, request: EngineRequest) -> None:
        """Queue a request."""
        room_for(request, max_model_len=self._context)
        self._waiting.put((self._epoch, request))

    def step(self) -> list[Finished]:
        """Wait a moment for completions."""
        if monotonic() - self._polled_at > 1.0:
            self._polled_at = monotonic()
            self._count_tokens()
        finished: list[Finished] = []
        try:
            while True:
                result = self._finished.get(timeout=0 if finished else STEP_SECONDS)
                if isinstance(result, Exception):
                    raise result
                finished.append(result)
        except queue.Empty:
            return finished

    @property
    def work(self) -> int:
        """Grows with the tokens generated."""
        return self._tokens_seen

    def abort(self) -> None:
        """Hang up on every request."""
        self._epoch += 1
        self._completions.hang_up()

    def close(self) -> None:
        """Stop the server."""
        self._server = None

    def explain(self, error: Exception) -> MathEvalError:
        """What is raised on purpose already says what it must."""
        return BackendError(f"llama.cpp: {type(error).__name__}: {error}")

    # The server

    def _start(self, parameters: Any) -> None:
        try:
            server = self._library.Server(parameters)
        except RuntimeError as error:
            raise _load_error(self._options, str(error)) from error
        self._server = server
        self._http = LoopbackHttp(server.listening_address, self._key, attempts=2)
        self._completions = LoopbackHttp(server.listening_address, self._key, attempts=1)

    def _parameters(self, *, slots: int, context: int) -> Any:
        p = self._library.CommonParams()
        p.model.path = str(self._files[0])
        p.n_parallel = slots
        p.n_ctx = slots * context
        p.kv_unified = False  # with a shared cache, 16 requests at a time did not finish
        p.cache_prompt = self._options.prefix_caching
        p.cache_ram_mib = 0  # the second cache, of whole prompts in RAM, would grow to 8 GiB
        p.fit_params = False  # the context stays what the manifest says
        p.warmup = False
        p.cpuparams.n_threads = p.cpuparams_batch.n_threads = host.usable_cores()
        p.n_threads_http = slots + 4
        p.api_keys = [self._key]
        p.ui = False
        p.verbosity = 2
        if self._adapter is not None:
            p.lora_adapters = [self._library.CommonAdapterLoraInfo(str(self._adapter), 1.0)]
        known = [name for name in dir(p) if not name.startswith("_")]
        refuse_unknown_arguments(self._options, known, engine="llama.cpp")
        for name, value in self._options.engine_args.items():
            _set_parameter(p, name, value)
        return p

    def _choose_context(self) -> int:
        trained = self._metadata.get(f"{self._metadata.get('general.architecture')}.context_length")
        wanted = self._options.max_model_len
        if trained is not None and wanted is not None and wanted > trained:
            raise UsageError(
                f"`max_model_len={wanted}`: {self._options.model} was trained for {trained} tokens"
            )
        context = wanted or min(trained or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
        return (context + 255) // 256 * 256 if wanted is None else context

    def _choose_slots(self) -> int:
        """What was asked; else eight at a time (32 on a GPU), fewer where their cache would not fit.

        Raises OutOfMemoryError rather than let the system kill the process when the cache fills up.
        """
        wanted = self._options.max_num_seqs
        if wanted is not None and wanted > MOST_SLOTS:
            raise UsageError(f"`max_num_seqs={wanted}`: llama.cpp runs at most {MOST_SLOTS} at a time")
        gpus = [d for d in self._library.get_device_info() if "GPU" in d["type"].name]
        weights = sum(file.stat().st_size for file in self._files)
        free = (sum(d["memory_free"] for d in gpus) if gpus else host.free_memory()) - weights
        per_slot = self._cache_bytes_per_token() * self._context
        if wanted is None:
            most = SLOTS_ON_GPU if gpus else SLOTS_ON_CPU
            return max(1, min(most, int(free * KV_SHARE // per_slot))) if free > 0 and per_slot else most
        if not gpus and wanted * per_slot > free > 0:
            raise OutOfMemoryError(
                f"{wanted} requests at a time with {self._context} tokens each need a cache of "
                f"{wanted * per_slot / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free"
            )
        return wanted

    def _cache_bytes_per_token(self) -> int:
        """16-bit keys and values of every layer; 0 where the header does not say."""
        prefix = self._metadata.get("general.architecture")
        layers = self._metadata.get(f"{prefix}.block_count", 0)
        heads = self._metadata.get(f"{prefix}.attention.head_count", 0)
        width = self._metadata.get(f"{prefix}.embedding_length", 0)
        kv_heads = self._metadata.get(f"{prefix}.attention.head_count_kv", heads)
        head_width = self._metadata.get(f"{prefix}.attention.key_length", width // heads if heads else 0)
        return int(layers * kv_heads * head_width * 2 * 2)

    # Requests

    def _work_off(self) -> None:
        """One of as many threads as there are slots: take a request, wait for its completion."""
        while True:
            epoch, request = self._waiting.get()
            if epoch != self._epoch:
                continue
            try:
                result: Finished | Exception = self._complete(request, epoch)
            except (OSError, HTTPException, ValueError, KeyError) as error:
                result = BackendError(f"llama.cpp's server: {type(error).__name__}: {error}")
            if epoch == self._epoch:
                self._finished.put(result)

    def _complete(self, request: EngineRequest, epoch: int, *, again: bool = True) -> Finished:
        s = request.sampling
        try:
            answer = self._completions.post(
                "/completion",
                {
                    "prompt": request.token_ids,
                    "n_predict": room_for(request, max_model_len=self._context),
                    "temperature": s.temperature,
                    "top_p": s.top_p,
                    "samplers": SAMPLERS,
                    "seed": request.seed % RANDOM_SEED,
                    "stop": list(s.stop),
                    "cache_prompt": self._options.prefix_caching,
                    "response_fields": WANTED_FIELDS,
                },
            )
        except RequestRefusedError as error:
            return Finished(id=request.id, text="", finish_reason="error", error=str(error))
        except (OSError, HTTPException):
            if again and epoch == self._epoch:  # a hang-up for an older request can hit this connection
                return self._complete(request, epoch, again=False)
            raise
        self._tokens_seen += 1
        return Finished(
            id=request.id,
            text=answer["content"],
            finish_reason="length" if answer["stop_type"] == "limit" else "stop",
            stop_reason=answer["stopping_word"] or None,
            prompt_tokens=answer["tokens_evaluated"],
            completion_tokens=answer["tokens_predicted"],
        )

    def _count_tokens(self) -> None:
        """Ask how far each slot is. Any change is a sign of work, so the sum need not be exact."""
        slots = self._http.get("/slots")
        counts = (part.get("n_decoded", 0) for slot in slots for part in slot.get("next_token", []))
        total = sum(counts)
        self._tokens_seen += abs(total - getattr(self, "_slot_tokens", 0))
        self._slot_tokens = total


def _set_parameter(parameters: Any, name: str, value: Any) -> None:
    current = getattr(parameters, name)
    if isinstance(current, Enum) and isinstance(value, str):
        names = {member.name.lower(): member for member in type(current)}
        matches = [m for n, m in names.items() if n == value.lower() or n.endswith("_" + value.lower())]
        if len(matches) != 1:
            raise UsageError(f"`engine_args.{name}={value}`: expected one of {', '.join(names)}")
        value = matches[0]
    try:
        setattr(parameters, name, value)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UsageError(f"`engine_args.{name}={value!r}`: {error}") from error


def _load_error(options: EngineOptions, message: str) -> Exception:
    """llama.cpp prints why it failed and raises something general: read what it printed."""
    text = Path(options.log_path).read_text(errors="replace")[-8000:] if options.log_path else ""
    reasons = [line.split(" E ", 1)[1].strip() for line in text.splitlines() if " E " in line]
    reason = reasons[0] if reasons else message
    if OUT_OF_MEMORY.search(text):
        return OutOfMemoryError(reason)
    return BackendError(f"llama.cpp cannot use this model: {reason}")
