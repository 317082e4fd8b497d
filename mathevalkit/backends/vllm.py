"""vLLM: the engine for GPUs, unchanged on its CPU build.

The engine is driven step by step (``LLMEngine.add_request`` and ``step``), so that each completion leaves
as soon as it is finished; ``LLM.generate`` would hold all of them back until the last. The prompt goes in
as the token ids that ``encode`` made, so that what preflight saw is what the model gets, and
``SamplingParams`` are always given in full: vLLM's own defaults are 16 tokens at temperature 1.

What differs on a CPU, where nothing else is said: the cache gets a quarter of the free memory, at most
4 GiB (vLLM would ask for 92 % of all memory, and clear it), and ``torch.compile`` is off (it takes a
minute before the first token).

Environment variables that are already set win over everything set here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import active_children
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from mathevalkit.backends import host
from mathevalkit.backends.base import refuse_unknown_arguments, require_package
from mathevalkit.backends.supervised.engine import (
    EngineRequest,
    Finished,
    RequestRefusedError,
    first_line,
    room_for,
)
from mathevalkit.backends.supervised.supervisor import SupervisedBackend
from mathevalkit.errors import (
    BackendError,
    BackendUnavailableError,
    EngineDiedError,
    MathEvalError,
    ModelNotFoundError,
    OutOfMemoryError,
    RecipeError,
    UsageError,
)
from mathevalkit.types import EngineOptions, Message, ModelInfo

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # we are a process of our own already
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # a forked worker would keep our pipes open
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CONFIGURE_LOGGING": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "GOMP_SPINCOUNT": "20000",  # CPU build: threads that spin for long are ruinous on busy cores, see below
}
"""Without the limit on spinning the CPU build gave 6 tokens/s on two busy cores and 283 on idle ones; with
it 57 and 283 (with 3,000 instead of 20,000: 111 and 263)."""
CPU_CACHE_SHARE, CPU_CACHE_MOST = 0.25, 4 << 30
LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM accepts as ``max_lora_rank``."""
MAX_SEED = (1 << 63) - 1


class VllmBackend(SupervisedBackend):
    """The backend ``vllm``."""

    def __init__(self, options: EngineOptions) -> None:
        """Start the engine's process, which imports vLLM while the caller goes on.

        Raises BackendUnavailableError where vLLM is not installed.
        """
        require_package("vllm", extra="vllm")
        super().__init__("mathevalkit.backends.vllm:VllmEngine", options)


class VllmEngine:
    """The engine inside its process (``engine.py``)."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._engine: Any = None
        self._steps = 0
        self._running: dict[str, int] = {}
        """vLLM's name of a request -> ours."""

    def open(self) -> ModelInfo:
        """Import vLLM, check every option against the model's configuration, load the tokenizer."""
        for name, value in (ENVIRONMENT | {"OMP_NUM_THREADS": str(host.usable_cores())}).items():
            os.environ.setdefault(name, value)
        try:
            import vllm
            from vllm.engine.arg_utils import EngineArgs
            from vllm.platforms import current_platform
            from vllm.tokenizers import get_tokenizer
            from vllm.usage.usage_lib import UsageContext
        except ImportError as error:
            raise BackendUnavailableError(
                f'vLLM cannot be imported ({error}); pip install "mathevalkit[vllm]"'
            ) from error
        if current_platform.is_unspecified():
            raise BackendUnavailableError(
                f"vLLM {vllm.__version__} finds no device it was built for: no GPU is visible (nvidia-smi, "
                f"CUDA_VISIBLE_DEVICES); `backend=llama_cpp` runs GGUF files on a CPU"
            )
        arguments = self._engine_arguments(EngineArgs, on_cpu=current_platform.is_cpu())
        self._config = EngineArgs(**arguments).create_engine_config(UsageContext.LLM_CLASS)
        model = self._config.model_config
        # An object of our own: a tokenizer must not be used from two threads at once.
        self._tokenizer = get_tokenizer(
            model.tokenizer,
            tokenizer_mode=model.tokenizer_mode,
            trust_remote_code=model.trust_remote_code,
            revision=model.tokenizer_revision,
        )
        self._context: int = model.max_model_len
        template = getattr(self._tokenizer, "chat_template", None)
        return ModelInfo(
            model=self._options.model,
            backend="vllm",
            backend_version=vllm.__version__,
            revision=self._revision(),
            dtype=str(model.dtype).removeprefix("torch."),
            quantization=model.quantization,
            max_model_len=self._context,
            bos_token_id=self._tokenizer.bos_token_id,
            chat_template=template.get("default") if isinstance(template, Mapping) else template,
            packages=host.package_versions("torch", "transformers", "tokenizers")
            | {"vllm": vllm.__version__},
            hardware=host.describe_host() | {"device": current_platform.device_type},
        )

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        """By the tokenizer that vLLM would use itself."""
        ids = self._tokenizer(list(texts), add_special_tokens=special_tokens, truncation=False)
        return [list(row) for row in ids.input_ids]

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """By the tokenizer's own template."""
        from jinja2 import TemplateError

        try:
            return [
                self._tokenizer.apply_chat_template(
                    [dict(message) for message in conversation], tokenize=False, add_generation_prompt=True
                )
                for conversation in conversations
            ]
        except (TemplateError, ValueError, TypeError, KeyError) as error:
            raise RecipeError(f"the model's chat template refuses the conversation: {error}") from error

    def load(self) -> int:
        """Load the weights; the scheduler's limit is how many requests run at a time."""
        from vllm import LLMEngine, SamplingParams
        from vllm.sampling_params import RequestOutputKind
        from vllm.usage.usage_lib import UsageContext

        self._make_parameters = SamplingParams
        self._final_only = RequestOutputKind.FINAL_ONLY
        self._engine = LLMEngine.from_vllm_config(
            self._config, usage_context=UsageContext.LLM_CLASS, disable_log_stats=True
        )
        threading.Thread(target=_watch_workers, name="watch-workers", daemon=True).start()
        return int(self._config.scheduler_config.max_num_seqs)

    def submit(self, request: EngineRequest) -> None:
        """Queue a request with every sampling parameter spelled out."""
        s = request.sampling
        parameters = self._make_parameters(
            n=1,
            max_tokens=room_for(request, max_model_len=self._context),
            temperature=s.temperature,
            top_p=s.top_p if s.temperature > 0 else 1.0,
            seed=request.seed % MAX_SEED if s.temperature > 0 else None,
            stop=list(s.stop),
            include_stop_str_in_output=False,
            detokenize=True,
            skip_special_tokens=True,
            output_kind=self._final_only,
        )
        name = str(request.id)
        try:
            self._engine.add_request(
                name, {"prompt_token_ids": request.token_ids}, parameters, lora_request=self._lora_request
            )
        except ValueError as error:
            raise RequestRefusedError(str(error)) from error
        self._running[name] = request.id

    def step(self) -> list[Finished]:
        """One pass of the model over everything that runs."""
        outputs = self._engine.step()
        self._steps += 1
        return [
            _finished(self._running.pop(output.request_id), output)
            for output in outputs
            if output.finished and output.request_id in self._running
        ]

    @property
    def work(self) -> int:
        """Steps taken."""
        return self._steps

    def abort(self) -> None:
        """Drop every request."""
        self._engine.abort_request(list(self._running))
        self._running.clear()

    def close(self) -> None:
        """Stop vLLM's workers."""
        if self._engine is not None:
            self._engine.engine_core.shutdown()

    def explain(self, error: Exception) -> MathEvalError:
        """By its text: see ``explain`` below."""
        o = self._options
        given = {"quantization": o.quantization, "dtype": o.dtype, "revision": o.revision}
        return explain(error, log_path=o.log_path, given={k: v for k, v in given.items() if v})

    # Options

    def _engine_arguments(self, engine_args: type, *, on_cpu: bool) -> dict[str, Any]:
        """Keyword arguments for vLLM's EngineArgs; what the user passed on comes last and wins."""
        o = self._options
        arguments: dict[str, Any] = {
            "model": o.model,
            "revision": o.revision,
            "tokenizer": o.tokenizer,
            "tokenizer_revision": o.revision if o.tokenizer is None else None,
            "dtype": o.dtype,
            "quantization": o.quantization,
            "max_model_len": o.max_model_len,
            "gpu_memory_utilization": o.gpu_memory_utilization,
            "tensor_parallel_size": o.tensor_parallel_size,
            "pipeline_parallel_size": o.pipeline_parallel_size,
            "max_num_seqs": o.max_num_seqs,
            "enable_prefix_caching": o.prefix_caching,
            "trust_remote_code": o.trust_remote_code,
            "disable_log_stats": True,
        }
        arguments |= self._lora_arguments()
        if on_cpu:
            arguments["enforce_eager"] = True
            if o.gpu_memory_utilization is None and not os.environ.get("VLLM_CPU_KVCACHE_SPACE"):
                share = int(host.free_memory() * CPU_CACHE_SHARE)
                arguments["kv_cache_memory_bytes"] = min(CPU_CACHE_MOST, share)
        known = {field.name for field in dataclasses.fields(engine_args)}
        refuse_unknown_arguments(o, known, engine="vLLM")
        if int(o.engine_args.get("data_parallel_size", 1)) > 1:
            raise UsageError(
                "`engine_args.data_parallel_size`: vLLM does not offer it offline; start a run a GPU"
            )
        return {name: value for name, value in arguments.items() if value is not None} | dict(o.engine_args)

    def _lora_arguments(self) -> dict[str, Any]:
        """Find the adapter and say how large it is. Raises ModelNotFoundError."""
        self._lora_request: Any = None
        self._lora_path: Path | None = None
        if self._options.lora is None:
            return {}
        from vllm.lora.request import LoRARequest

        path = _adapter_directory(self._options.lora)
        try:
            rank = int(json.loads((path / "adapter_config.json").read_bytes())["r"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelNotFoundError(
                f"`lora={self._options.lora}`: no usable adapter_config.json: {error}"
            ) from error
        if rank > LORA_RANKS[-1]:
            raise UsageError(f"`lora={self._options.lora}`: rank {rank} is more than vLLM's {LORA_RANKS[-1]}")
        self._lora_path = path
        self._lora_request = LoRARequest("adapter", 1, str(path))
        return {
            "enable_lora": True,
            "max_loras": 1,
            "max_lora_rank": next(r for r in LORA_RANKS if r >= rank),
        }

    def _revision(self) -> str | None:
        """The commit on the hub or a fingerprint of the local weights, and the adapter's."""
        path = Path(self._options.model).expanduser()
        if path.exists():
            revision: str | None = host.fingerprint_weights(path)
        else:
            revision = host.cached_hub_commit(self._options.model, self._options.revision, "config.json")
        if self._lora_path is not None:
            revision = f"{revision}+lora:{host.fingerprint_weights(self._lora_path)}"
        return revision


def _finished(number: int, output: Any) -> Finished:
    """vLLM's RequestOutput in our words."""
    completion = output.outputs[0]
    known = completion.finish_reason in ("stop", "length")
    return Finished(
        id=number,
        text=completion.text if known else "",
        finish_reason=completion.finish_reason if known else "error",
        stop_reason=completion.stop_reason if isinstance(completion.stop_reason, str) else None,
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(completion.token_ids),
        error=None if known else f"vLLM ended the request with {completion.finish_reason!r}",
    )


def _adapter_directory(lora: str) -> Path:
    path = Path(lora).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(lora))
    except (HfHubHTTPError, LocalEntryNotFoundError, ValueError, OSError) as error:
        raise ModelNotFoundError(
            f"`lora={lora}`: neither a directory nor on the hub: {first_line(error)}"
        ) from error


def _watch_workers() -> None:
    """End the process when one that vLLM started dies: ``step`` would wait for it for ever."""
    workers = active_children()
    if workers:
        wait([worker.sentinel for worker in workers])
        dead = ", ".join(worker.name for worker in workers if not worker.is_alive())
        raise EngineDiedError(f"vLLM's process {dead} died")


# ---- what vLLM and its libraries raise, as errors that say what to do
# vLLM has no exception classes for "no such model" or "too little memory", so the texts are what there is to
# go by; a text that is not recognised still becomes a BackendError with its first informative line.

OUT_OF_MEMORY = re.compile(
    r"out of memory|OutOfMemory|No available memory|KV cache is needed|less than desired|"
    r"is larger than the (?:available|maximum)|not enough memory|can't allocate memory|"
    r"Cannot allocate memory|less than requested memory",
    re.IGNORECASE,
)
NO_SUCH_MODEL = re.compile(
    r"not a valid model identifier|is not a local folder|Repository Not Found|Invalid repository|"
    r"Revision Not Found|not a valid git identifier|couldn't connect to|outgoing traffic has been disabled|"
    r"Can't load (?:the configuration|tokenizer)|does not appear to have a file|"
    r"Cannot find any model weights|LocalEntryNotFound|cannot find the requested files|"
    r"GatedRepo|Access to model",
    re.IGNORECASE,
)
NO_DEVICE = re.compile(
    r"Failed to infer device type|Device string must not be empty|No CUDA GPUs|no NVIDIA driver",
    re.IGNORECASE,
)
OPTIONS = (
    *("max_model_len", "tensor_parallel_size", "pipeline_parallel_size", "gpu_memory_utilization"),
    *("max_num_seqs", "quantization", "dtype", "trust_remote_code"),
)
"""Options that bear the same name in vLLM's messages as here."""


def explain(
    error: Exception, *, log_path: str | None = None, given: Mapping[str, str] | None = None
) -> MathEvalError:
    """The error for the user.

    Args:
        error: what was raised.
        log_path: where vLLM's processes print.
        given: options that the user gave, with their values; a message that quotes a value is about it.

    >>> explain(OSError("x/y is not a local folder and is not a valid model identifier"))
    ModelNotFoundError('x/y is not a local folder and is not a valid model identifier')
    """
    message = _informative_line(error)
    # vLLM's workers print the reason, and the process that started them raises "see root cause above"
    told = f"{error}\n{_printed(log_path)}" if "above" in str(error) else f"{type(error).__name__}: {error}"
    if OUT_OF_MEMORY.search(told):
        return OutOfMemoryError(_line_with(OUT_OF_MEMORY, told) or message)
    if NO_DEVICE.search(told):
        return BackendUnavailableError(
            f"{message}: no GPU is visible to vLLM; `backend=llama_cpp` runs GGUF files on a CPU"
        )
    if NO_SUCH_MODEL.search(told):
        return ModelNotFoundError(_line_with(NO_SUCH_MODEL, told) or message)
    options = [name for name in OPTIONS if name in told]
    quoted = [name for name, value in (given or {}).items() if re.search(rf"\b{re.escape(value)}\b", told)]
    if about := [f"`{name}`" for name in dict.fromkeys(options + quoted)]:
        return UsageError(f"{message} (see {', '.join(about)})")
    if type(error).__name__ in ("ValidationError", "VLLMValidationError"):
        return UsageError(message)
    return BackendError(message)


def _printed(log_path: str | None) -> str:
    return Path(log_path).read_text(errors="replace")[-20_000:] if log_path else ""


def _informative_line(error: Exception) -> str:
    """The first line; of pydantic's errors what follows the heading, with the name of the field."""
    lines = [line.rstrip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and "validation error" in lines[0]:
        said = next((line for line in lines[1:] if line.startswith("  ")), lines[1])
        field = "" if lines[1].startswith("  ") else f"{lines[1]}: "
        return field + re.sub(r"\s*\[type=.*", "", said).strip().removeprefix("Value error, ")
    return lines[0].strip() if lines else type(error).__name__


def _line_with(pattern: re.Pattern[str], text: str) -> str | None:
    """The last line that the pattern stands in, without the logger's prefix."""
    lines = [line.strip() for line in text.splitlines() if pattern.search(line)]
    return re.sub(r"^.*?\b(?:ERROR|\w*Error)\b[^:]*:\s*", "", lines[-1]) if lines else None
