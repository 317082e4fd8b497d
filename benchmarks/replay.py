"""Rate and memory of the whole pipeline without a model: recorded completions in, results out.

    python benchmarks/replay.py [--completions 200000] [--distinct]

Writes a JSON Lines file of GSM8K-like samples and one of completions (about 100 tokens each) to a temporary
folder, runs `mathevalkit run --backend replay` on them in a fresh process, and prints completions a
second (wall and CPU) and the process's peak memory, at a tenth of the size and at the full size: memory
that does not grow with the number of completions shows as equal figures. With ``--distinct`` every
completion belongs to a sample of its own (the rows themselves then take memory); without, 1,000 samples
have many completions each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASK = """\
title: Replayed problems
file: rows.jsonl
rows:
  id: "{{ id }}"
  question: "{{ question }}"
  gold: "{{ gold }}"
  subject: "{{ subject }}"
recipes:
  plain:
    kind: completion
    template: "{{ question }}"
    max_tokens: 256
    temperature: 0.7
    n: N_COMPLETIONS
    scorer: auto
defaults: {base: plain, chat: plain, metamath: plain}
"""

STEPS = " ".join(f"She buys {i} boxes of {i + 3} pens, which makes {i * (i + 3)} pens." for i in range(3, 9))


def write_inputs(folder: Path, *, samples: int, per_sample: int) -> None:
    (folder / "task.yaml").write_text(TASK.replace("N_COMPLETIONS", str(per_sample)))
    with (folder / "rows.jsonl").open("w") as rows:
        for i in range(samples):
            row = {
                "id": str(i),
                "question": f"How many? ({i})",
                "gold": str(i),
                "subject": f"Subject {i % 7}",
            }
            rows.write(json.dumps(row) + "\n")
    with (folder / "generations.jsonl").open("w") as out:
        for i in range(samples):
            for k in range(per_sample):
                text = f" {STEPS}\nSo the total is {i} + {k % 2} = {i + k % 2}.\nThe answer is: {i + k % 2}"
                record = {
                    "sample_id": str(i),
                    "k": k,
                    "text": text,
                    "finish_reason": "stop",
                    "completion_tokens": 100,
                }
                out.write(json.dumps(record) + "\n")


def measure(samples: int, per_sample: int) -> tuple[float, float, float, dict]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, samples=samples, per_sample=per_sample)
        command = [
            sys.executable,
            "-m",
            "mathevalkit",
            "run",
            "--backend",
            "replay",
            "--json",
            "--no-preflight",
        ]
        command += ["--model", str(folder / "generations.jsonl"), "--task", str(folder / "task.yaml")]
        command += ["--data-file", str(folder / "rows.jsonl"), "--output-dir", str(folder / "runs")]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(err.decode())
        wall = time.perf_counter() - began
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--completions", type=int, default=200_000)
    parser.add_argument("--distinct", action="store_true")
    args = parser.parse_args()
    heads = ("completions", "wall s", "CPU s", "per wall s", "per CPU s", "generation/s", "peak MB")
    print(*(f"{head:>12}" for head in heads))
    for completions in (args.completions // 10, args.completions):
        samples = completions if args.distinct else 1000
        wall, cpu, memory, results = measure(samples, completions // samples)
        assert results["overall"]["completions"] == completions, results["overall"]
        generation = completions / results["seconds"]["generation"]
        rates = (completions / wall, completions / cpu, generation)
        print(
            f"{completions:>12,} {wall:>12.1f} {cpu:>12.1f}",
            *(f"{r:>12,.0f}" for r in rates),
            f"{memory:>12.0f}",
        )


if __name__ == "__main__":
    main()
