"""``mathevalkit run`` with a real model on real engines, killed on the way: ``pytest -m engine``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from mathevalkit import load_run
from tests.tools import small_model

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

SAMPLES = 24
PACKAGES = {"llama_cpp": "xllamacpp", "vllm": "vllm"}


@pytest.fixture(params=list(PACKAGES))
def command(request, tmp_path) -> list[str]:
    """A short run of the demo task on one engine; repeating it goes on with it."""
    backend = request.param
    if find_spec(PACKAGES[backend]) is None:
        pytest.skip(f"{PACKAGES[backend]} is not installed")
    words = [sys.executable, "-m", "mathevalkit", "run", "--backend", backend, "--task", "demo"]
    words += ["--limit", str(SAMPLES), "--max-tokens", "64", "--output-dir", str(tmp_path / "runs")]
    if backend == "llama_cpp":
        return [*words, "--model", str(small_model.gguf()), "--max-num-seqs", "2"]
    words += ["--model", str(small_model.checkpoint()), "--max-model-len", "2048", "--max-num-seqs", "2"]
    return [
        *words,
        "--engine-args",
        f"kv_cache_memory_bytes={1 << 30}",
        "--engine-args",
        "enforce_eager=true",
    ]


def _lines(runs: Path) -> list[str]:
    """Whole lines of the run's generations, the header left out."""
    files = list(runs.glob("*/*/*/generations.jsonl"))
    assert len(files) <= 1, f"the run was not gone on with: {files}"
    return [
        line
        for line in (files[0].read_text().splitlines(keepends=True)[1:] if files else [])
        if line[-1] == "\n"
    ]


def test_a_killed_run_goes_on_and_generates_nothing_twice(command, tmp_path):
    runs = tmp_path / "runs"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while len(_lines(runs)) < SAMPLES // 4:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    before = _lines(runs)
    assert len(before) < SAMPLES

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
    )
    assert done.returncode == 0, done.stderr
    after = _lines(runs)
    assert after[: len(before)] == before
    records = [json.loads(line) for line in after]
    assert len(records) == len({record["sample_id"] for record in records}) == SAMPLES
    assert all(record["finish_reason"] in ("stop", "length") for record in records)

    [results_file] = runs.glob("*/*/*/results.json")
    _, results = load_run(results_file.parent)
    assert results is not None
    assert results.sessions == 2
    assert results.overall.completions == SAMPLES
    assert results.completion_tokens == sum(record["completion_tokens"] for record in records)
    assert results.overall.outcomes["backend_error"] == 0
    assert str(results_file.parent) in done.stdout
