"""What the harness costs on top of the engine: the same prompts through three programs, on vLLM.

    raw           ``LLM.generate`` in a script of a few lines, which is the least there can be
    mathevalkit   ``mathevalkit run`` with its journal, preflight, scoring and tables
    lm-eval       lm-evaluation-harness with its vllm backend and a local task file

Same model, same GSM8K questions, MetaMath's prompt, greedy, the same engine settings. Each run is a
fresh process; the three take turns, so that a busy moment of the machine hits all of them; medians::

    .venv-vllm/bin/pip install lm_eval==0.4.13
    .venv-vllm/bin/python benchmarks/overhead.py --data ../shared/data/gsm8k/test.jsonl

Columns: generation (first request in, last text out), total (start of the process to its end, so to
the table), CPU of the process and everything it started, tokens, tokens a second of generation.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROMPT = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n{question}\n\n### Response: Let's think step by step."
)
STOP = [
    "Question:", "Question", "USER:", "USER", "ASSISTANT:", "ASSISTANT",
    "Instruction:", "Instruction", "Response:", "Response",
]  # fmt: skip
ENGINE = {"dtype": "bfloat16", "max_model_len": 2048, "max_num_seqs": 64, "enforce_eager": True}
CACHE_GIB = "2"

RAW = """
import json, sys, time
from vllm import LLM, SamplingParams
job = json.load(open(sys.argv[1]))
llm = LLM(model=job["model"], **job["engine"])
sampling = SamplingParams(temperature=0, max_tokens=job["max_tokens"], stop=job["stop"])
began = time.perf_counter()
outputs = llm.generate(job["prompts"], sampling, use_tqdm=False)
seconds = time.perf_counter() - began
tokens = sum(len(o.outputs[0].token_ids) for o in outputs)
json.dump({"generation": seconds, "tokens": tokens}, open(job["report"], "w"))
"""

LM_EVAL = """
import json, sys, time, vllm
job = json.load(open(sys.argv.pop(1)))
generate = vllm.LLM.generate
spent = {"generation": 0.0, "tokens": 0}
def timed(self, *args, **kwargs):
    began = time.perf_counter()
    outputs = generate(self, *args, **kwargs)
    spent["generation"] += time.perf_counter() - began
    spent["tokens"] += sum(len(o.outputs[0].token_ids) for o in outputs)
    json.dump(spent, open(job["report"], "w"))
    return outputs
vllm.LLM.generate = timed
from lm_eval.__main__ import cli_evaluate
cli_evaluate()
"""

TASK = """
task: overhead_gsm8k
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
test_split: test
output_type: generate_until
doc_to_text: {prompt}
doc_to_target: "{{{{answer.split('#### ')[-1]}}}}"
target_delimiter: ""
num_fewshot: 0
generation_kwargs: {{until: {stop}, do_sample: false, temperature: 0.0, max_gen_toks: {max_tokens}}}
filter_list:
  - name: metamath
    filter:
      - {{function: regex, regex_pattern: "The answer is: (-?[0-9.,]+)"}}
      - {{function: take_first}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1}}
"""


def main() -> None:
    arguments = parse_arguments()
    rows = [json.loads(line) for line in Path(arguments.data).read_text(encoding="utf-8").splitlines()]
    rows = random.Random(0).sample(rows, arguments.limit)
    with tempfile.TemporaryDirectory(prefix="overhead-") as scratch:
        job = write_job(Path(scratch), rows, arguments)
        ways = [way for way in ("raw", "mathevalkit", "lm-eval") if way in arguments.ways.split(",")]
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for repeat in range(arguments.repeats):
            for way in ways:
                runs[way].append(measure(way, job, Path(scratch), arguments))
                last = runs[way][-1]
                print(
                    f"{repeat + 1}/{arguments.repeats} {way:<12} generation {last['generation']:6.1f} s  "
                    f"total {last['total']:6.1f} s  CPU {last['cpu']:6.1f} s",
                    file=sys.stderr,
                )
    print_table(runs, arguments)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(runs, indent=1), encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", default=str(ROOT.parent / "shared/data/gsm8k/test.jsonl"), help="GSM8K's test.jsonl"
    )
    parser.add_argument(
        "--model", help="a checkpoint; by default the small model (tests/tools/small_model.py)"
    )
    parser.add_argument("--limit", type=int, default=64, help="questions, drawn with a fixed seed")
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ways", default="raw,mathevalkit,lm-eval")
    parser.add_argument("--json", help="write every measurement to this file")
    arguments = parser.parse_args()
    if arguments.model is None:
        sys.path.insert(0, str(ROOT))
        from tests.tools.small_model import checkpoint

        arguments.model = str(checkpoint())
    return arguments


def write_job(scratch: Path, rows: list[dict[str, str]], arguments: argparse.Namespace) -> Path:
    """Everything the three programs read: data, prompts, task file, a stub of vLLM's metadata."""
    data = scratch / "questions.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (scratch / "raw.py").write_text(RAW)
    (scratch / "lm_eval_timed.py").write_text(LM_EVAL)
    (scratch / "tasks").mkdir()
    (scratch / "tasks" / "overhead.yaml").write_text(
        TASK.format(
            data=json.dumps(str(data)),
            prompt=json.dumps(PROMPT.replace("{question}", "{{question}}")),
            stop=json.dumps(STOP),
            max_tokens=arguments.max_tokens,
        )
    )
    # lm-eval asks importlib.metadata for "vllm", which the CPU build is not called
    stub = scratch / "stub" / "vllm-0.32.0.dist-info"
    stub.mkdir(parents=True)
    (stub / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n")
    job = scratch / "job.json"
    job.write_text(
        json.dumps(
            {
                "model": arguments.model,
                "engine": ENGINE,
                "max_tokens": arguments.max_tokens,
                "stop": STOP,
                "prompts": [PROMPT.format(question=row["question"]) for row in rows],
                "report": str(scratch / "report.json"),
            }
        )
    )
    return job


def measure(way: str, job: Path, scratch: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """One fresh process, timed from outside."""
    report = scratch / "report.json"
    report.unlink(missing_ok=True)
    output = scratch / "out"
    command = {
        "raw": [sys.executable, str(scratch / "raw.py"), str(job)],
        "mathevalkit": mathevalkit_command(scratch, output, arguments),
        "lm-eval": lm_eval_command(job, scratch, output, arguments),
    }[way]
    environment = os.environ | {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_KVCACHE_SPACE": CACHE_GIB,
        "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "GOMP_SPINCOUNT": "20000",  # mathevalkit sets it; without it a busy machine decides the figures
    }
    if way == "lm-eval":
        environment["PYTHONPATH"] = str(scratch / "stub")
    log = scratch / f"{way}.log"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with log.open("w") as stream:
        done = subprocess.run(
            command, env=environment, stdout=stream, stderr=stream, cwd=scratch, check=False
        )
    total = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{way} failed with status {done.returncode}:\n{log.read_text()[-3000:]}")
    found = mathevalkit_report(output) if way == "mathevalkit" else json.loads(report.read_text())
    return {
        "generation": found["generation"],
        "tokens": found["tokens"],
        "total": total,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def mathevalkit_command(scratch: Path, output: Path, arguments: argparse.Namespace) -> list[str]:
    engine = [
        f"--{name.replace('_', '-')}={value}" for name, value in ENGINE.items() if name != "enforce_eager"
    ]
    return [
        sys.executable, "-m", "mathevalkit", "run", "--model", arguments.model, "--backend", "vllm",
        "--task", "gsm8k", "--recipe", "metamath", "--data-file", str(scratch / "questions.jsonl"),
        "--max-tokens", str(arguments.max_tokens), "--output-dir", str(output), "--new", *engine,
        "--engine-args", f"enforce_eager={json.dumps(ENGINE['enforce_eager'])}",
    ]  # fmt: skip


def mathevalkit_report(output: Path) -> dict[str, float]:
    newest = max(output.rglob("results.json"), key=lambda path: path.stat().st_mtime)
    results = json.loads(newest.read_text())
    return {"generation": results["seconds"]["generation"], "tokens": results["completion_tokens"]}


def lm_eval_command(job: Path, scratch: Path, output: Path, arguments: argparse.Namespace) -> list[str]:
    engine = ",".join(f"{name}={value}" for name, value in ENGINE.items())
    return [
        sys.executable, str(scratch / "lm_eval_timed.py"), str(job), "--model", "vllm",
        "--model_args", f"pretrained={arguments.model},{engine}", "--tasks", "overhead_gsm8k",
        "--include_path", str(scratch / "tasks"), "--batch_size", "auto", "--output_path", str(output),
        "--log_samples",
    ]  # fmt: skip


def print_table(runs: dict[str, list[dict[str, float]]], arguments: argparse.Namespace) -> None:
    median = {
        way: {key: statistics.median(run[key] for run in measured) for key in measured[0]}
        for way, measured in runs.items()
    }
    base = median.get("raw")
    model = Path(arguments.model).name
    print(f"\n{arguments.limit} GSM8K questions, at most {arguments.max_tokens} tokens, {model}")
    print(f"medians of {arguments.repeats} interleaved runs, {len(os.sched_getaffinity(0))} cores\n")
    print(f"{'':<13}{'generation s':>13}{'total s':>9}{'CPU s':>8}{'tokens':>8}{'tokens/s':>10}", end="")
    print(f"{'gen/raw':>9}{'total/raw':>11}")
    for way, m in median.items():
        line = f"{way:<13}{m['generation']:>13.1f}{m['total']:>9.1f}{m['cpu']:>8.1f}{m['tokens']:>8.0f}"
        line += f"{m['tokens'] / m['generation']:>10.0f}"
        if base is not None:
            line += f"{m['generation'] / base['generation']:>9.2f}{m['total'] / base['total']:>11.2f}"
        print(line)


if __name__ == "__main__":
    main()
