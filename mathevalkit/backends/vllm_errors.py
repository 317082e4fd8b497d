"""What vLLM and its libraries raise, turned into errors that say what to do.

vLLM has no exception classes for "no such model" or "too little memory", so the texts are what there is
to go by; a text that is not recognised still becomes a BackendError with its first informative line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mathevalkit.errors import (
    BackendError,
    BackendUnavailableError,
    MathEvalError,
    ModelNotFoundError,
    OutOfMemoryError,
    UsageError,
)

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
FLAGS = {
    "max_model_len": "--max-model-len",
    "tensor_parallel_size": "--tensor-parallel-size",
    "pipeline_parallel_size": "--pipeline-parallel-size",
    "gpu_memory_utilization": "--gpu-memory-utilization",
    "max_num_seqs": "--max-num-seqs",
    "quantization": "--quantization",
    "dtype": "--dtype",
    "trust_remote_code": "--trust-remote-code",
}
"""Names in vLLM's messages, and the flag of ours that each belongs to."""


def explain(
    error: Exception, *, log_path: str | None = None, given: Mapping[str, str] | None = None
) -> MathEvalError:
    """The error for the user.

    Args:
        error: what was raised.
        log_path: where vLLM's processes print.
        given: flags that the user gave, with their values; a message that quotes a value is about its flag.

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
            f"{message}: no GPU is visible to vLLM; --backend llama_cpp runs GGUF files on a CPU"
        )
    if NO_SUCH_MODEL.search(told):
        return ModelNotFoundError(_line_with(NO_SUCH_MODEL, told) or message)
    flags = {flag: None for name, flag in FLAGS.items() if name in told}
    flags |= {
        flag: None for flag, value in (given or {}).items() if re.search(rf"\b{re.escape(value)}\b", told)
    }
    if flags or type(error).__name__ in ("ValidationError", "VLLMValidationError"):
        return UsageError(f"{message} (see {', '.join(flags)})" if flags else message)
    return BackendError(message)


def first_line(error: BaseException) -> str:
    """The first line of a message, or the name of its class where there is none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


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
