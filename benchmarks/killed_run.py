"""A real run on vLLM, killed at random moments and begun again each time: what was lost, what differs?

    .venv-vllm/bin/python benchmarks/killed_run.py --data ../shared/data/gsm8k/test.jsonl [--kills 20]

The same `mathevalkit run` twice: once undisturbed, once with SIGKILL to the process (as the kernel's
memory killer does it; its engine must notice by itself) at moments drawn with a fixed seed, from its
start on: some fall into loading, most into generation. After each kill the file of generations must
open with every line it had before, byte for byte, and no engine may be left behind. In the end no
completion may be there twice, and verdicts and texts are compared with the undisturbed run's. float32,
so that what else is in the batch does not change a text.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parents[1]
TAG = "MATHEVALKIT_KILLED_RUN"
"""In the environment of everything a run starts, so that what it left behind can be found."""


def command(args: argparse.Namespace, output: Path) -> list[str]:
    words = [sys.executable, "-m", "mathevalkit", "run", "--backend", "vllm", "--model", str(args.model)]
    words += ["--task", "gsm8k", "--data-file", str(args.data), "--limit", str(args.limit)]
    words += ["--max-tokens", str(args.max_tokens), "--max-model-len", "2048", "--max-num-seqs", "8"]
    words += ["--dtype", "float32", "--engine-args", f"kv_cache_memory_bytes={1 << 30}"]
    return [*words, "--engine-args", "enforce_eager=true", "--output-dir", str(output)]


def read_lines(output: Path, name: str) -> list[bytes]:
    """Whole lines of the one run's file, its header left out."""
    files = list(output.glob(f"*/*/*/{name}"))
    if len(files) > 1:
        raise SystemExit(f"the run was begun anew: {files}")
    lines = files[0].read_bytes().splitlines(keepends=True) if files else []
    return [line for line in lines[1:] if line.endswith(b"\n")]


def left_behind(tag: str) -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"{TAG}={tag}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def seconds_until_gone(tag: str, patience: float = 30.0) -> float:
    began = time.monotonic()
    while left := left_behind(tag):
        if time.monotonic() - began > patience:
            raise SystemExit(f"processes left behind: {left}")
        time.sleep(0.05)
    return time.monotonic() - began


def start(words: list[str], tag: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as stream:
        return subprocess.Popen(words, stdout=stream, stderr=stream, env=os.environ | {TAG: tag})


def finish(words: list[str], tag: str, log: Path) -> float:
    began = time.monotonic()
    if code := start(words, tag, log).wait():
        raise SystemExit(f"exit {code}\n{log.read_text()[-3000:]}")
    return time.monotonic() - began


def kill_at_random(args: argparse.Namespace, output: Path, tag: str, log: Path) -> int:
    """The number of kills that met a running process."""
    words = command(args, output)
    rng = random.Random(args.seed)
    kills = 0
    print(f"{'kill':>4} {'after s':>8} {'whole lines':>12} {'new':>4} {'torn bytes':>11} {'gone in s':>10}")
    while kills < args.kills:
        before = read_lines(output, "generations.jsonl")
        process = start(words, tag, log)
        moment = rng.uniform(0, args.within)
        try:
            process.wait(timeout=moment)
            break  # it came to its end before the moment
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        kills += 1
        gone = seconds_until_gone(tag)
        after = read_lines(output, "generations.jsonl")
        if after[: len(before)] != before:
            raise SystemExit("lines that were written have changed")
        files = list(output.glob("*/*/*/generations.jsonl"))
        torn = len(files[0].read_bytes().rpartition(b"\n")[2]) if files else 0
        new = len(after) - len(before)
        print(f"{kills:>4} {moment:>8.1f} {len(after):>12} {new:>4} {torn:>11} {gone:>10.2f}", flush=True)
    return kills


def by_sample(output: Path, name: str) -> dict[str, dict]:
    rows = [orjson.loads(line) for line in read_lines(output, name)]
    keyed = {f"{row['sample_id']} k={row['k']}": row for row in rows}
    if len(keyed) != len(rows):
        raise SystemExit(f"{name}: {len(rows) - len(keyed)} completions are there twice")
    return keyed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="GSM8K's test.jsonl")
    parser.add_argument("--model", type=Path, default=ROOT / ".cache/models/SmolLM2-135M-Instruct")
    parser.add_argument("--limit", type=int, default=160)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=float, default=30, help="seconds from its start to a kill, at most")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        calm, killed, log = Path(name, "calm"), Path(name, "killed"), Path(name, "log")
        tag = str(os.getpid())
        whole = finish(command(args, calm), tag, log)
        print(f"undisturbed: {whole:.0f} s")
        kills = kill_at_random(args, killed, tag, log)
        finish(command(args, killed), tag, log)
        texts = [by_sample(output, "generations.jsonl") for output in (calm, killed)]
        verdicts_file = next(calm.glob("*/*/*/verdicts.*.jsonl")).name
        verdicts = [by_sample(output, verdicts_file) for output in (calm, killed)]
        same_texts = sum(texts[0][key]["text"] == texts[1].get(key, {}).get("text") for key in texts[0])
        same = sum(row == verdicts[1].get(key) for key, row in verdicts[0].items())
        print(f"\n{kills} kills, then to the end: {len(texts[1])} completions, none twice, none left behind")
        print(f"verdicts equal to the undisturbed run's: {same} of {len(verdicts[0])}")
        print(f"texts equal: {same_texts} of {len(texts[0])}")
        if same != len(verdicts[0]):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
