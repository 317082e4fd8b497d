"""Replays generations written here through an installed mathevalkit and checks every outcome's count."""

import subprocess
import sys
from pathlib import Path

import orjson

from mathevalkit import load_run, load_task
from mathevalkit.tasks.rows import load_data

samples = load_data(load_task("demo")).samples
groups = {
    "correct": samples[:50],
    "wrong": samples[50:70],
    "no_answer": samples[70:80],
    "truncated": samples[80:],
}
texts = {
    "correct": "so the answer is $\\boxed{{{gold}}}$.",
    "wrong": "so the answer is $\\boxed{{-987654321}}$.",
    "no_answer": "I do not know.",
    "truncated": "First we look at",
}
with Path("generations.jsonl").open("wb") as file:
    for outcome, members in groups.items():
        for sample in members:
            line = {
                "sample_id": sample.id,
                "text": texts[outcome].format(gold=sample.gold),
                "finish_reason": "length" if outcome == "truncated" else "stop",
            }
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

command = ["mathevalkit", "run", "--backend", "replay", "--model", "generations.jsonl", "--task", "demo"]
subprocess.run(command, check=True)  # noqa: S603  # our own command line, spelled out above

(results_file,) = Path("runs").glob("*/*/*/results.json")
_, results = load_run(results_file.parent)
if results is None:
    sys.exit(f"{results_file.parent}: no results")
found = {outcome: count for outcome, count in results.overall.outcomes.items() if count}
wanted = {outcome: len(members) for outcome, members in groups.items()}
if found != wanted:
    sys.exit(f"the replay of known generations gave {found}, expected {wanted}")
