"""Every format read back by what reads it in the world: the hub's classes, lm-eval, Every Eval Ever."""

from __future__ import annotations

import hashlib
import json
import math
import os
import statistics
import subprocess
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mathevalkit import rescore
from mathevalkit.errors import PluginError, RunDirectoryError, UsageError
from mathevalkit.exporters.export import ExportOptions, export, exporter_names
from mathevalkit.stats.intervals import clustered_error, wilson_interval
from mathevalkit.types import ModelInfo, Selection
from tests.cli.helpers import Cli
from tests.places import REPO
from tests.run_folders import problems, write_run, write_task

PEERS = Path(os.environ.get("MATHEVALKIT_PEERS", REPO / ".venv-peers/bin/python"))
"""A Python that has lm_eval 0.4.13 and every-eval-ever 0.3.0; the tests that need them skip without."""

HUB_MODEL = ModelInfo(
    model="meta-math/MetaMath-7B-V1.0",
    backend="vllm",
    backend_version="0.11.0",
    revision="0" * 40,
    dtype="bfloat16",
)
SAMPLES = problems(30)
OUTCOMES = {s.id: "correct" if i % 3 else "wrong" for i, s in enumerate(SAMPLES)}
OUTCOMES["3"] = "no_answer"
RIGHT, ALL = 20, 30
HUB = "hub: {dataset: openai/gsm8k, configs: [main], split: test}\nnum_rows: 30\n"


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task whose rows lie in a file, of a benchmark on the hub."""
    path = write_task(tmp_path, SAMPLES, name="sums")
    path.write_text(path.read_text().replace("file: sums.jsonl\n", HUB))
    return path


@pytest.fixture
def run(tmp_path: Path, task: Path) -> Path:
    return make_run(tmp_path, task)


def make_run(tmp_path: Path, task: Path, **changes) -> Path:
    given = {
        "outcomes": OUTCOMES,
        "samples": SAMPLES,
        "task_path": task,
        "model_info": HUB_MODEL,
        "data_origin": "hub:openai/gsm8k@" + "e" * 40,
        "created": "2026-01-05T10:00:00+00:00",
    } | changes
    return write_run(tmp_path / "runs", given.pop("outcomes"), **given)


def exported(run: Path, out: Path, form: str, **options) -> list[Path]:
    done = export(
        [run],
        format=form,
        out=out,
        options=ExportOptions(now=datetime(2026, 1, 6, tzinfo=UTC), **options),
        data_file=out.parent / "sums.jsonl",
    )
    return [Path(file) for file in done.files]


def test_the_built_in_formats_have_names():
    assert {"every-eval-ever", "hf-eval-results", "lm-eval", "model-index"} <= set(exporter_names())


def test_an_exporter_that_cannot_be_used_is_an_error_of_ours(run: Path, tmp_path: Path):
    with pytest.raises(PluginError, match="`format`: format 'json:__name__' is a str"):
        exported(run, tmp_path / "out", "json:__name__")


# ---- what every format shares ------------------------------------------------------------------------


def test_the_standard_error_is_the_sample_deviation_over_the_root_of_n():
    values = [1.0] * RIGHT + [0.0] * (ALL - RIGHT)
    assert clustered_error([(int(v), 1) for v in values]) == pytest.approx(
        statistics.stdev(values) / math.sqrt(ALL)
    )


def test_several_completions_of_a_sample_count_together_in_the_standard_error():
    doubled = [(2, 2)] * RIGHT + [(0, 2)] * (ALL - RIGHT)
    single = [(1, 1)] * RIGHT + [(0, 1)] * (ALL - RIGHT)
    assert clustered_error(doubled) == pytest.approx(clustered_error(single))
    assert clustered_error([(1, 1)]) is None


def test_an_unfinished_run_is_refused(tmp_path: Path, task: Path):
    run = make_run(tmp_path, task, whole=False)
    with pytest.raises(RunDirectoryError, match="not whole yet"):
        exported(run, tmp_path / "out", "model-index")


def test_results_that_the_verdicts_do_not_bear_out_are_refused(tmp_path: Path, run: Path):
    results = json.loads((run / "results.json").read_text())
    results["overall"]["accuracy"]["value"] = 0.99
    (run / "results.json").write_text(json.dumps(results))
    with pytest.raises(RunDirectoryError, match="disagree"):
        exported(run, tmp_path / "out", "hf-eval-results")
    assert not list((tmp_path / "out").rglob("*.yaml"))


def test_an_unknown_format_names_the_near_one(run: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="did you mean 'lm-eval'"):
        exported(run, tmp_path / "out", "lm_eval")


def test_two_runs_that_would_write_one_file_are_refused(tmp_path: Path, task: Path, run: Path):
    other = make_run(tmp_path, task, run_id="20260105T100000Z-bbbbbb")
    with pytest.raises(UsageError, match="would both write"):
        export([run, other], format="hf-eval-results", out=tmp_path / "out")


def test_a_run_on_part_of_the_benchmark_is_said(tmp_path: Path, task: Path):
    run = make_run(tmp_path, task, selection=Selection(limit=30, seed=7))
    done = export([run], format="hf-eval-results", out=tmp_path / "out")
    assert "part of the benchmark (30 drawn with seed 7)" in done.warnings[0]
    [entry] = yaml.safe_load(Path(done.files[0]).read_text())
    assert "rows: 30 drawn with seed 7" in entry["notes"]


@pytest.mark.parametrize("form", ["hf-eval-results", "model-index", "lm-eval", "every-eval-ever"])
def test_a_hostile_model_name_cannot_leave_the_folder(tmp_path: Path, task: Path, form: str):
    run = make_run(
        tmp_path, task, model="hostile", model_info=replace(HUB_MODEL, model="../../../etc/x\n\x1b")
    )
    options = {"model_id": "org/name"} if form == "every-eval-ever" else {}
    for file in exported(run, tmp_path / "out", form, **options):
        assert file.resolve().is_relative_to((tmp_path / "out").resolve())


# ---- hf-eval-results ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "value"), [("percent", 66.6667), ("fraction", 0.666667), (None, 66.6667)])
def test_the_hubs_own_class_reads_the_result(tmp_path: Path, run: Path, scale: str | None, value: float):
    from huggingface_hub import parse_eval_result_entries

    [file] = exported(
        run, tmp_path / "out", "hf-eval-results", scale=scale, source_url="https://example.org/run"
    )
    assert file.relative_to(tmp_path / "out") == Path(
        "meta-math__MetaMath-7B-V1.0/.eval_results/sums_fewshot.yaml"
    )
    [entry] = parse_eval_result_entries(yaml.safe_load(file.read_text()))
    assert (entry.dataset_id, entry.task_id, entry.dataset_revision) == ("openai/gsm8k", "sums", "e" * 40)
    assert entry.value == value
    assert entry.date == "2026-01-05T10:00:00+00:00"
    assert (entry.source_url, entry.source_name) == ("https://example.org/run", "mathevalkit")
    assert entry.notes.startswith(f"scale: {scale or 'percent'}; interval 95: ")
    for fact in ("standard error", "scorer: auto", "model revision: " + "0" * 40, "data fingerprint: "):
        assert fact in entry.notes


def test_the_hubs_class_writes_the_same_yaml(tmp_path: Path, run: Path):
    from huggingface_hub import eval_result_entries_to_yaml, parse_eval_result_entries

    [file] = exported(run, tmp_path / "out", "hf-eval-results")
    data = yaml.safe_load(file.read_text())
    assert eval_result_entries_to_yaml(parse_eval_result_entries(data)) == data


def test_a_benchmark_must_have_a_dataset_on_the_hub(tmp_path: Path):
    run = make_run(tmp_path, write_task(tmp_path, SAMPLES, name="sums"))
    with pytest.raises(UsageError, match="`dataset`"):
        exported(run, tmp_path / "out", "hf-eval-results")
    [file] = exported(run, tmp_path / "out", "hf-eval-results", dataset="me/sums", task_id="test")
    assert yaml.safe_load(file.read_text())[0]["dataset"]["id"] == "me/sums"


# ---- model-index -------------------------------------------------------------------------------------


def test_the_hubs_model_card_reads_the_model_index(tmp_path: Path, task: Path):
    from huggingface_hub import ModelCard

    run = make_run(tmp_path, task)
    [file] = exported(
        run, tmp_path / "out", "model-index", source_url="https://example.org", organization="Us"
    )
    card = ModelCard(f"---\n{file.read_text()}---\n# A model\n")
    assert card.data.model_name == "MetaMath-7B-V1.0"
    [result] = card.data.eval_results
    assert (result.task_type, result.dataset_type, result.dataset_config, result.dataset_split) == (
        "text-generation", "openai/gsm8k", "main", "test",
    )  # fmt: skip
    assert (result.dataset_revision, result.metric_type, result.metric_value) == (
        "e" * 40,
        "accuracy",
        66.6667,
    )
    assert (result.source_name, result.source_url) == ("Us", "https://example.org")
    assert result.metric_name == "accuracy (percent, scorer auto)"
    low, high = wilson_interval(RIGHT, ALL)
    assert result.metric_args["scale"] == "percent"
    assert result.metric_args["interval_95"] == pytest.approx([100 * low, 100 * high], abs=1e-3)
    assert float(result.metric_args["standard_error"]) == pytest.approx(8.7538, abs=1e-3)
    assert result.metric_args["date"] == "2026-01-05T10:00:00+00:00"
    assert result.dataset_args["fingerprint"]


def test_the_hubs_classes_write_the_same_model_index(tmp_path: Path, run: Path):
    from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

    [file] = exported(run, tmp_path / "out", "model-index", scale="fraction")
    index = yaml.safe_load(file.read_text())["model-index"]
    assert eval_results_to_model_index(*model_index_to_eval_results(index)) == index


# ---- lm-eval -----------------------------------------------------------------------------------------


def lm_eval_files(run: Path, out: Path) -> tuple[dict, list[dict], Path]:
    results, samples = exported(run, out, "lm-eval")
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    return json.loads(results.read_text()), lines, results.parent


def test_lm_evals_files_have_its_names_and_fields(tmp_path: Path, run: Path):
    results, lines, folder = lm_eval_files(run, tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == [
        "results_2026-01-05T10-00-00.000000.json",
        "samples_sums_2026-01-05T10-00-00.000000.jsonl",
    ]
    assert folder.name == "meta-math__MetaMath-7B-V1.0"
    values = results["results"]["sums"]
    assert values["exact_match,auto"] == RIGHT / ALL
    assert values["exact_match_stderr,auto"] == pytest.approx(0.087538, abs=1e-6)
    assert results["n-samples"] == {"sums": {"original": 30, "effective": 30}}
    assert results["config"]["model"] == "vllm"
    assert results["config"]["model_args"]["revision"] == "0" * 40
    assert results["date"] == datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp()
    facts = results["configs"]["sums"]["metadata"]["scorers"]["auto"]
    assert facts["scale"] == "fraction"
    assert facts["data_revision"] == "e" * 40
    assert [line["doc_id"] for line in lines] == list(range(30))
    assert sum(line["exact_match"] for line in lines) == RIGHT


def test_lm_evals_samples_are_scored_again_from_its_file(tmp_path: Path, task: Path):
    right = {s.id: "correct" for s in SAMPLES}
    _, _, folder = lm_eval_files(make_run(tmp_path, task, outcomes=right), tmp_path / "out")
    [row] = rescore(folder, scorers=["auto"]).rows
    assert (row.completions, row.accuracy.value) == (30, 1.0)


def test_each_scorer_is_a_filter(tmp_path: Path, task: Path):
    run = make_run(tmp_path, task, scorers=("auto", "number"))
    results = json.loads((run / "results.json").read_text())
    results["other_scorers"] = {"number": results["overall"]["accuracy"]}
    (run / "results.json").write_text(json.dumps(results))
    exported_results, lines, _ = lm_eval_files(run, tmp_path / "out")
    assert {line["filter"] for line in lines} == {"auto", "number"}
    assert exported_results["results"]["sums"]["exact_match,number"] == RIGHT / ALL


def test_a_sample_that_failed_in_the_engine_is_left_out_and_said(tmp_path: Path, task: Path):
    from mathevalkit.runs.reader import read_completions

    run = make_run(tmp_path, task, outcomes={**OUTCOMES, "0": "backend_error"})
    lines = (run / "generations.jsonl").read_text().splitlines()
    lines[1] = lines[1].replace('"finish_reason":"stop"', '"finish_reason":"error"')
    (run / "generations.jsonl").write_text("\n".join(lines) + "\n")
    assert [*read_completions(run)][-1].finish_reason == "error"
    results, samples, _ = lm_eval_files(run, tmp_path / "out")
    assert results["n-samples"]["sums"]["effective"] == 29
    assert 0 not in [line["doc_id"] for line in samples]


def test_percent_is_refused_where_the_format_holds_fractions(tmp_path: Path, run: Path):
    with pytest.raises(UsageError, match="fractions"):
        exported(run, tmp_path / "out", "lm-eval", scale="percent")


def test_the_samples_load_as_a_dataset(tmp_path: Path, run: Path):
    import pandas as pd

    _, _, folder = lm_eval_files(run, tmp_path / "out")
    [file] = folder.glob("samples_*.jsonl")
    frame = pd.read_json(file, lines=True)
    assert frame["exact_match"].mean() == RIGHT / ALL


LM_EVAL = """
import json, sys
from pathlib import Path
from lm_eval.result_schema import EvalResults, SampleResult
from lm_eval.utils import (get_file_datetime, get_file_task_name, get_results_filenames,
                           get_sample_results_filenames, hash_string, make_table, sanitize_model_name)

folder = Path(sys.argv[1])
files = [str(path) for path in folder.iterdir()]
[results_file], [samples_file] = get_results_filenames(files), get_sample_results_filenames(files)
results = json.loads(Path(results_file).read_text())
samples = [json.loads(line) for line in Path(samples_file).read_text().splitlines()]
print(json.dumps({
    "task": get_file_task_name(Path(samples_file).name),
    "time": get_file_datetime(Path(samples_file).name),
    "folder": sanitize_model_name(results["model_name"]),
    "table": make_table(results),
    "unknown": sorted(results.keys() - EvalResults.__annotations__.keys()),
    "lacking": sorted(SampleResult.__annotations__.keys() - samples[0].keys()),
    "further": sorted(samples[0].keys() - SampleResult.__annotations__.keys()),
    "hashes": [
        s["doc_hash"] == hash_string(json.dumps(s["doc"], indent=2, ensure_ascii=False))
        and s["prompt_hash"] == hash_string(s["arguments"]["gen_args_0"]["arg_0"])
        and s["target_hash"] == hash_string(str(s["target"]))
        for s in samples
    ],
    "task_hash": hash_string("".join(s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in samples)),
}))
"""


def peer(code: str, *arguments: str, module: str) -> str:
    """Run code with the peers' Python, or skip."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([PEERS, "-c", *command], capture_output=True, text=True, check=False)

    if not PEERS.exists() or run(f"import {module}").returncode:
        pytest.skip(f"no {module} at {PEERS} (set MATHEVALKIT_PEERS)")
    done = run(code, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_lm_eval_itself_reads_its_files(tmp_path: Path, run: Path):
    results, _, folder = lm_eval_files(run, tmp_path / "out")
    read = json.loads(peer(LM_EVAL, str(folder), module="lm_eval"))
    assert (read["task"], read["folder"]) == ("sums", folder.name)
    assert read["time"] == "2026-01-05T10-00-00.000000"
    row = next(line for line in read["table"].splitlines() if "exact_match" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "sums",
        results["versions"]["sums"],
        "auto",
        "0",
        "exact_match",
        "↑",
        "0.6667",
        "±",
        "0.0875",
    ]
    assert (read["unknown"], read["lacking"], read["further"]) == ([], [], ["exact_match"])
    assert all(read["hashes"])
    assert read["task_hash"] == results["task_hashes"]["sums"]


# ---- every-eval-ever ---------------------------------------------------------------------------------


def test_every_eval_evers_required_fields_and_values(tmp_path: Path, run: Path):
    """The schema 0.3.0: what it requires, and the values its closed lists allow."""
    aggregate, samples = exported(
        run, tmp_path / "out", "every-eval-ever", organization="Us", relationship="third_party"
    )
    data, collection, developer, model, name = aggregate.relative_to(tmp_path / "out").parts
    assert (data, collection, developer, model) == ("data", "sums", "meta-math", "MetaMath-7B-V1.0")
    assert uuid.UUID(Path(name).stem).version == 4
    record = json.loads(aggregate.read_text())
    assert set(record) == {
        "schema_version", "evaluation_id", "evaluation_timestamp", "retrieved_timestamp", "source_metadata",
        "eval_library", "model_info", "evaluation_results", "detailed_evaluation_results",
    }  # fmt: skip
    assert record["schema_version"] == "0.3.0"
    retrieved = str(int(datetime(2026, 1, 6, tzinfo=UTC).timestamp()))
    assert record["retrieved_timestamp"] == retrieved
    assert record["evaluation_id"] == f"sums/meta-math/MetaMath-7B-V1.0/{retrieved}"
    assert record["source_metadata"]["source_type"] == "evaluation_run"
    assert record["source_metadata"]["evaluator_relationship"] == "third_party"
    assert record["model_info"]["additional_details"]["deployment_type"] == "self_deployed"
    assert record["model_info"]["additional_details"]["revision"] == "0" * 40
    [result] = record["evaluation_results"]
    assert result["metric_config"]["lower_is_better"] is False
    assert result["metric_config"]["metric_unit"] == "proportion"
    assert (result["metric_config"]["min_score"], result["metric_config"]["max_score"]) == (0, 1)
    assert result["score_details"]["score"] == 0.666667
    uncertainty = result["score_details"]["uncertainty"]
    low, high = wilson_interval(RIGHT, ALL)
    assert uncertainty["confidence_interval"] == {
        "lower": round(low, 6), "upper": round(high, 6), "confidence_level": 0.95, "method": "wilson",
    }  # fmt: skip
    assert uncertainty["standard_error"] == {"value": 0.087538, "method": "analytic"}
    assert uncertainty["num_samples"] == 30
    assert result["source_data"]["hf_repo"] == "openai/gsm8k"
    assert all(isinstance(value, str) for value in result["score_details"]["details"].values())
    detail = record["detailed_evaluation_results"]
    assert detail["file_path"] == str(samples.relative_to(tmp_path / "out"))
    assert detail["checksum"] == hashlib.sha256(samples.read_bytes()).hexdigest()
    assert detail["total_rows"] == len(samples.read_text().splitlines()) == 30


def test_every_eval_evers_samples_hold_text_answer_and_outcome(tmp_path: Path, run: Path):
    _, samples = exported(run, tmp_path / "out", "every-eval-ever")
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    assert sum(line["evaluation"]["score"] for line in lines) == RIGHT
    wrong, right, _, none = lines[:4]
    assert right["input"] == {"raw": "What is 1?", "formatted": "What is 1?", "reference": ["1"]}
    assert right["output"]["raw"] == ["... The answer is: 1"]
    assert right["answer_attribution"][0]["extracted_value"] == "1"
    assert right["token_usage"] == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert wrong["evaluation"] == {"score": 0.0, "is_correct": False}
    assert none["answer_attribution"] == []
    assert none["metadata"]["outcome"] == "no_answer"


def test_percent_has_percents_bounds(tmp_path: Path, run: Path):
    aggregate, _ = exported(run, tmp_path / "out", "every-eval-ever", scale="percent")
    [result] = json.loads(aggregate.read_text())["evaluation_results"]
    assert (result["metric_config"]["metric_unit"], result["metric_config"]["max_score"]) == ("percent", 100)
    assert result["score_details"]["score"] == 66.6667


def test_a_local_model_needs_the_name_it_is_filed_under(tmp_path: Path, task: Path):
    run = make_run(tmp_path, task, model_info=replace(HUB_MODEL, model="/models/mine"))
    with pytest.raises(UsageError, match="`model_id="):
        exported(run, tmp_path / "out", "every-eval-ever")
    with pytest.raises(UsageError, match="expected ORGANISATION/NAME"):
        exported(run, tmp_path / "out", "every-eval-ever", model_id="mine")


EVERY_EVAL_EVER = """
import json, sys
from pathlib import Path
from every_eval_ever.validator import validation_core as core

root = Path(sys.argv[1])
files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
read = lambda name: files[name].read_text()
found = []
for name, path in files.items():
    check = core.validate_aggregate if name.endswith(".json") else core.validate_instance_file
    report = check(path, repo_path=name, available_files=set(files), read_repo_file=read,
                   run_semantic_checks=True)
    found.append([report.file_type, report.valid, report.errors, report.warnings])
print(json.dumps(sorted(found), default=str))
"""


@pytest.mark.parametrize("scale", ["percent", "fraction"])
@pytest.mark.parametrize("changes", [{}, {"outcomes": {s.id: ["correct", "wrong"] for s in SAMPLES}}])
def test_every_eval_evers_own_validator_accepts_the_files(
    tmp_path: Path, task: Path, scale: str, changes: dict
):
    exported(make_run(tmp_path, task, **changes), tmp_path / "out", "every-eval-ever", scale=scale)
    found = json.loads(peer(EVERY_EVAL_EVER, str(tmp_path / "out"), module="every_eval_ever"))
    assert found == [["aggregate", True, [], []], ["instance", True, [], []]]


LM_EVAL_TO_EVERY_EVAL_EVER = """
import sys
from every_eval_ever.converters.lm_eval.adapter import LMEvalAdapter

[log] = LMEvalAdapter().transform_from_directory(
    sys.argv[1], {"source_organization_name": "x", "evaluator_relationship": "other"}
)
[result] = log.evaluation_results
print(result.score_details.score, result.score_details.uncertainty.standard_error.value,
      result.metric_config.lower_is_better, result.score_details.uncertainty.num_samples)
"""


def test_a_converter_of_lm_evals_files_reads_ours(tmp_path: Path, run: Path):
    _, _, folder = lm_eval_files(run, tmp_path / "out")
    score, error, lower, count = peer(
        LM_EVAL_TO_EVERY_EVAL_EVER, str(folder), module="every_eval_ever"
    ).split()
    assert float(score) == RIGHT / ALL
    assert float(error) == pytest.approx(0.087538, abs=1e-6)
    assert (lower, count) == ("False", "30")


# ---- the command -------------------------------------------------------------------------------------


def test_export_prints_the_files_it_wrote(cli: Cli, tmp_path: Path, run: Path):
    assert cli("export", str(run), "--format", "hf-eval-results", "--out", str(tmp_path / "out")) == 0
    [file] = cli.out.splitlines()
    assert yaml.safe_load(Path(file).read_text())[0]["value"] == 66.6667
    assert cli("export", str(run), "--format", "model-index", "--out", str(tmp_path), "--json") == 0
    assert json.loads(cli.out)["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--format NAME or --bundle FILE"),
        (["--format", "lm-eval", "--bundle", "x"], "one of them"),
        (["--format", "lm-eval", "--scale", "permille"], "percent or fraction"),
        (["--format", "csv"], "no format is called 'csv'"),
        (["--bundle", "x", "--task-id", "y"], "--task-id is for --format"),
        (["--bundle", "x", "--out", "y"], "--out is for --format"),
    ],
)
def test_export_refuses_what_it_cannot_do(cli: Cli, run: Path, arguments: list[str], message: str):
    assert cli("export", str(run), *arguments) == 2
    assert message in cli.err
