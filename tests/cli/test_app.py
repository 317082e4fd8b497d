"""The command line in this process: what each command prints, returns and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from mathevalkit import __version__
from mathevalkit.backends.base import backend_for
from mathevalkit.cli.options import parse_pairs
from mathevalkit.errors import UsageError
from tests.cli.helpers import Cli, Sums, cut

# ---- help ------------------------------------------------------------------------------------------


def test_version(cli: Cli):
    assert cli("--version") == 0
    assert cli.out == f"mathevalkit {__version__}\n"


def test_help_lists_every_command_and_the_exit_codes(cli: Cli):
    assert cli("--help") == 0
    for command in ("run", "preflight", "show", "tasks", "check", "extract"):
        assert f"\n  {command} " in cli.out
    assert "..." not in cli.out.partition("Commands:")[2], "a summary is too long for its line"
    assert "3 preflight" in cli.out
    assert "130" in cli.out


def test_without_a_command_the_help_is_shown(cli: Cli):
    assert cli() in (0, 2)  # which, depends on the version of Typer
    assert "Usage: mathevalkit" in cli.out + cli.err


def test_help_of_run_groups_its_options(cli: Cli):
    assert cli("run", "--help") == 0
    panels = ["What to run:", "Prompt and sampling:", "Data:", "Run directory:", "Engine:", "Output:"]
    places = [cli.out.index(panel) for panel in panels]
    assert places == sorted(places)
    assert cli.out.index("--temperature") < cli.out.index("Data:") < cli.out.index("  --limit")


def test_no_line_of_the_help_is_wider_than_80_columns(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in (["run"], ["preflight"], ["tasks"], ["check"], []):
        cli(*command, "--help")
        assert max(map(len, cli.out.splitlines())) <= 80


# ---- run -------------------------------------------------------------------------------------------


def test_run_prints_the_table_and_where_the_files_lie(cli: Cli, sums: Sums):
    assert cli(*sums.command) == 0
    [run_dir] = sums.run_dirs()
    assert "Algebra" in cli.out
    assert "Geometry" in cli.out
    assert "66.7 %" in cli.out
    assert "20 correct, 10 wrong" in cli.out
    assert str(run_dir) in cli.out
    assert "plain (no chat template" in cli.out
    assert "error" not in cli.err


def test_repeating_a_command_generates_nothing_and_says_so(cli: Cli, sums: Sums):
    cli(*sums.command)
    first = cli.out
    assert cli(*sums.command) == 0
    assert "nothing was generated" in cli.out
    assert len(sums.run_dirs()) == 1
    assert next(line for line in first.splitlines() if line.startswith("all ")) in cli.out


def test_new_starts_afresh(cli: Cli, sums: Sums):
    cli(*sums.command)
    assert cli(*sums.command, "--new") == 0
    assert len(sums.run_dirs()) == 2


def test_another_scorer_scores_the_run_on_disk_again(cli: Cli, sums: Sums):
    cli(*sums.command)
    assert cli(*sums.command, "--scorer", "metamath_gsm8k", "--scorer", "auto", "--json") == 0
    results = json.loads(cli.out)
    assert results["scorer"] == "metamath_gsm8k"
    assert set(results["other_scorers"]) == {"auto"}
    assert len(sums.run_dirs()) == 1


def test_json_is_one_document_on_stdout_and_nothing_else(cli: Cli, sums: Sums):
    assert cli(*sums.command, "--json") == 0
    results = json.loads(cli.out)
    assert results["overall"]["outcomes"]["correct"] == 20
    assert results["run_dir"] == str(sums.run_dirs()[0])
    assert orjson.loads((sums.run_dirs()[0] / "results.json").read_bytes()) == results


def test_json_of_several_runs_is_a_list(cli: Cli, sums: Sums, tmp_path: Path):
    other = tmp_path / "other.yaml"
    other.write_text(sums.task.read_text())
    assert cli(*sums.command, "--task", str(other), "--json") == 0
    assert [results["task"] for results in json.loads(cli.out)] == ["sums", "other"]


def test_several_models_end_with_a_summary_and_a_comparison(cli: Cli, sums: Sums):
    other = sums.folder / "other.jsonl"
    other.write_bytes(sums.recorded.read_bytes())
    assert cli(*sums.command, "--model", str(other)) == 0
    summary = cli.out[cli.out.index("2 runs") :]
    assert summary.count("66.7 %") == 2
    assert "recorded.jsonl" in summary
    assert "other.jsonl" in summary
    assert cli.out.count("Next, ") == 1
    runs = {str(run_dir) for run_dir in sums.run_dirs()}
    assert set(cli.out.rstrip().splitlines()[-1].split()[2:]) == runs
    assert "mathevalkit compare " in cli.out


def test_quiet_is_one_line_for_each_result(cli: Cli, sums: Sums):
    assert cli(*sums.command, "--quiet") == 0
    [line] = cli.out.splitlines()
    assert line.startswith("sums  recorded.jsonl  66.7 % (")
    assert "20/30" in line
    assert line.endswith(str(sums.run_dirs()[0]))
    assert cli.err == ""


def test_limit_draws_with_the_seed_and_first_takes_the_first(cli: Cli, sums: Sums):
    def ids(*options: str) -> list[str]:
        cli(*sums.command, "--new", "--json", *options)
        lines = Path(json.loads(cli.out)["run_dir"], "generations.jsonl").read_bytes().splitlines()[1:]
        return [orjson.loads(line)["sample_id"] for line in lines]

    assert ids("--first", "5") == ["0", "1", "2", "3", "4"]
    drawn = ids("--limit", "5")
    assert drawn == ids("--limit", "5")
    assert drawn != ids("--limit", "5", "--seed", "1")


def test_a_sample_is_announced_as_one(cli: Cli, sums: Sums):
    cli(*sums.command, "--limit", "12", "--seed", "3")
    assert "12 of 30 problems, a random sample (seed 3)" in cli.out
    assert "--limit" not in cli.out[cli.out.index("Next") :]


def test_engine_arguments_reach_the_backend_with_their_types(cli: Cli, sums: Sums):
    sums.recorded.write_bytes(sums.recorded.read_bytes().replace(b'"text"', b'"words"'))
    assert cli(*sums.command, "--engine-args", "text_field=words", "--quiet") == 0
    manifest = orjson.loads((sums.run_dirs()[0] / "manifest.json").read_bytes())
    assert manifest["engine"]["engine_args"] == {"text_field": "words"}


def test_published_results_of_the_same_model_stand_beside(cli: Cli, sums: Sums):
    model = sums.recorded.rename(sums.folder / "Sums-7B.jsonl")
    sums.recorded = model
    cli(*sums.command, "--backend", "replay")
    assert "12.5 %" not in cli.out  # the suffix is no part of the name, but this file is no Sums-7B model
    named = model.rename(sums.folder / "Sums-7B")
    sums.recorded = named
    cli(*sums.command, "--backend", "replay")
    assert "Sums-7B 12.5 % (recipe: plain; https://example.org/paper)" in cli.out


def test_a_run_in_which_the_engine_gave_nothing_ends_with_its_exit_code(cli: Cli, sums: Sums):
    sums.record({"elsewhere": "The answer is: 1"})
    assert cli(*sums.command) == 5
    assert "the engine gave no text" in cli.err


def test_failed_completions_are_said_and_can_be_generated_again(cli: Cli, sums: Sums):
    texts = {str(i): f"The answer is: {2 * i}" for i in range(sums.n)}
    sums.record({i: text for i, text in texts.items() if i != "7"})
    assert cli(*sums.command) == 0
    assert "29 correct, 1 failed" in cli.out
    [run_dir] = sums.run_dirs()
    assert f"mathevalkit run --resume {run_dir}" in cli.out


# ---- resume ----------------------------------------------------------------------------------------


def test_resume_needs_the_run_directory_alone(cli: Cli, sums: Sums):
    cli(*sums.command, "--limit", "20", "--max-tokens", "99", "--scorer", "number", "--json")
    whole = json.loads(cli.out)
    [run_dir] = sums.run_dirs()
    cut(run_dir, 5)
    assert cli("run", "--resume", str(run_dir), "--json") == 0
    resumed = json.loads(cli.out)
    assert resumed["overall"] == whole["overall"]
    assert resumed["scorer"] == "number"
    assert sums.run_dirs() == [run_dir]
    assert "5 of 20 on disk" in cli.err


def test_resume_of_a_run_begun_with_new_goes_on_with_it(cli: Cli, sums: Sums):
    cli(*sums.command, "--new")
    [run_dir] = sums.run_dirs()
    cut(run_dir, 5)
    assert cli("run", "--resume", str(run_dir), "--quiet") == 0
    assert sums.run_dirs() == [run_dir]


def test_resume_with_other_settings_is_refused_with_the_difference(cli: Cli, sums: Sums):
    cli(*sums.command, "--limit", "20")
    [run_dir] = sums.run_dirs()
    cut(run_dir, 5)
    assert cli("run", "--resume", str(run_dir), "--max-tokens", "99") == 4
    assert "sampling.max_tokens: on disk 64, now 99" in cli.err


def test_resume_of_something_else_is_refused(cli: Cli, tmp_path: Path):
    assert cli("run", "--resume", str(tmp_path)) == 4
    assert cli.err == f"error: {tmp_path}: not a run directory (no manifest.json)\n"


# ---- what cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--model is missing"),
        (["--model", "m"], 2, "--task is missing"),
        (["--model", "", "--task", "demo"], 2, "--model is missing"),
        (["--model", "m", "--task", "gsm8q"], 2, "did you mean 'gsm8k'?"),
        (["--model", "m", "--task", "nowhere.yaml"], 2, "nowhere.yaml: there is no such task file"),
        (["--model", "m", "--task", "demo", "--backend", "lama_cpp"], 5, "did you mean 'llama_cpp'?"),
        (["--model", "m", "--task", "demo", "--limit", "5", "--first", "5"], 2, "exclude each other"),
        (["--model", "m", "--task", "demo", "--limit", "0"], 2, "--limit 0: expected 1 or more"),
        (["--model", "m", "--task", "demo", "--first", "-1"], 2, "--first -1: expected 1 or more"),
        (["--model", "m", "--task", "demo", "--limit", "many"], 2, "valid integer"),
        (["--model", "m", "--task", "demo", "--seed", "-1"], 2, "--seed -1: expected 0 or more"),
        (["--model", "m", "--task", "demo", "--tensor-parallel-size", "0"], 2, "expected 1 or more"),
        (["--model", "m", "--task", "demo", "--max-restarts", "-1"], 2, "expected 0 or more"),
        (["--model", "m", "--task", "demo", "--gpu-memory-utilization", "90"], 2, "above 0, at most 1"),
        (["--model", "m", "--task", "demo", "--engine-args", "eager"], 2, "expected KEY=VALUE"),
        (["--model", "m", "--task", "demo", "--engine-args", "a={1"], 2, "not JSON"),
        (["--model", "m", "--task", "demo", "--task", "math", "--data-file", "x"], 2, "one task only"),
        (["--model", "m", "--task", "demo", "--resume", "r", "--new"], 2, "give one of them"),
        (["--model", "m", "--model", "l", "--resume", "r"], 2, "give --model at most once"),
        (["--model", "m", "--task", "demo", "--temprature", "1"], 2, "--temperature"),
        (["--model", "m", "--task", "demo", "--scorer", "metamath_gsm9k"], 2, "metamath_gsm8k"),
        (["--model", "m", "--task", "demo", "--task-dir", "nowhere"], 2, "no such directory of task files"),
        (["--model", "nowhere.jsonl", "--task", "demo"], 5, "nowhere.jsonl: no such file"),
    ],
)
def test_what_cannot_be_run_is_one_message(
    *,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    message: str,
):
    monkeypatch.chdir(tmp_path)
    assert cli("run", *arguments) == code
    assert message in cli.err
    assert "Traceback" not in cli.err
    assert cli.err.count("rror: ") == 1
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recipe", "plian"], "did you mean 'plain'?"),
        (["--n", "4"], "add --temperature"),
        (["--n", "0"], "--n 0: expected 1 or more"),
        (["--max-tokens", "0"], "--max-tokens 0: expected 1 or more"),
        (["--temperature", "-1"], "--temperature -1.0: expected 0"),
        (["--top-p", "2"], "--top-p 2.0: expected above 0"),
        (["--num-fewshot", "3"], "has 0 examples"),
        (["--system-prompt", "Be brief."], "--apply-chat-template"),
        (["--stop", ""], "empty stop string"),
    ],
)
def test_what_no_recipe_can_be_changed_to(cli: Cli, sums: Sums, options: list[str], message: str):
    assert cli(*sums.command, *options) == 2
    assert message in cli.err
    assert not sums.runs.exists()


def test_a_malformed_row_is_named_with_its_line(cli: Cli, sums: Sums):
    sums.rows.write_bytes(sums.rows.read_bytes().splitlines()[0] + b"\n{oops\n")
    assert cli(*sums.command) == 2
    assert "rows.jsonl:2: not JSON" in cli.err


def test_an_output_directory_that_is_a_file_is_refused(cli: Cli, sums: Sums):
    sums.runs.write_text("")
    assert cli(*sums.command) == 3
    assert "output-dir" in cli.err
    assert "--output-dir" in cli.err


def test_the_traceback_is_shown_for_debugging_only(cli: Cli, sums: Sums, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MATHEVALKIT_DEBUG", "1")
    assert cli(*sums.command, "--recipe", "none") == 2
    assert "Traceback" in cli.err


def test_text_of_others_cannot_move_the_cursor(cli: Cli, sums: Sums):
    hostile = "\x1b[2J\x1b]0;owned\x07\r\u202e[red]"
    sums.task.write_text(sums.task.read_text().replace("title: Sums", f"title: {json.dumps(hostile)}"))
    rows = [{"id": "0", "question": "What is 1 + 1?", "gold": "2", "subject": hostile, "level": hostile}]
    sums.write_rows(rows)
    sums.record({"0": hostile})
    assert cli(*sums.command) == 0
    for stream in (cli.out, cli.err):
        assert not set(stream) & set("\x1b\x07\r\u202e")
    assert "[red]" in cli.out  # nor is it taken for markup


# ---- dry run ---------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_plan_and_writes_nothing(cli: Cli, sums: Sums):
    before = sorted(sums.folder.rglob("*"))
    assert cli(*sums.command, "--dry-run", "--limit", "10") == 0
    assert sorted(sums.folder.rglob("*")) == before
    assert "10 of 30" in cli.out
    assert "a new one in" in cli.out
    assert "What is" in cli.out
    assert "10 completions, at most 640 tokens" in cli.out


def test_a_dry_run_knows_what_is_on_disk(cli: Cli, sums: Sums):
    cli(*sums.command)
    [run_dir] = sums.run_dirs()
    cli(*sums.command, "--dry-run")
    assert f"{run_dir} is whole" in cli.out
    cut(run_dir, 12)
    cli(*sums.command, "--dry-run", "--json")
    shown = json.loads(cli.out)
    assert (shown["run_dir"], shown["on_disk"], shown["whole"]) == (str(run_dir), 12, False)
    assert shown["cost"]["completions"] == 18
    assert [prompt["sample_id"] for prompt in shown["prompts"]] == ["12", "13"]


def test_a_dry_run_estimates_time_from_an_earlier_run_only(cli: Cli, sums: Sums):
    cli(*sums.command, "--dry-run", "--json")
    assert json.loads(cli.out)["cost"]["seconds"] is None
    cli(*sums.command)
    cli(*sums.command, "--dry-run", "--json", "--new")
    cost = json.loads(cli.out)["cost"]
    assert cost["seconds"] is not None
    assert "7 tokens each" in cost["pace"]


# ---- preflight -------------------------------------------------------------------------------------


def test_preflight_lists_every_check(cli: Cli, sums: Sums):
    assert cli("preflight", *sums.command[1:]) == 0
    assert "✓ data " in cli.out
    assert "– bos " in cli.out
    assert not sums.runs.exists()


def test_preflight_ends_with_3_where_a_check_fails(cli: Cli, sums: Sums):
    sums.task.write_text(
        sums.task.read_text().replace("title: Sums", f"title: Sums\nfingerprints: [{'a' * 64}]")
    )
    assert cli("preflight", *sums.command[1:]) == 3
    assert "✗ data " in cli.out
    assert cli(*sums.command) == 3
    assert "--no-preflight" in cli.err
    assert not sums.run_dirs()
    assert cli(*sums.command, "--no-preflight") == 0


def test_preflight_as_json(cli: Cli, sums: Sums):
    assert cli("preflight", *sums.command[1:], "--json") == 0
    found = json.loads(cli.out)
    assert found["task"] == "sums"
    assert {check["status"] for check in found["checks"]} <= {"ok", "warning", "skipped"}


def test_a_warning_of_preflight_is_shown_and_the_run_goes_on(cli: Cli, sums: Sums):
    rows = [orjson.loads(line) for line in sums.rows.read_bytes().splitlines()]
    rows[3]["question"] = rows[2]["question"]
    sums.write_rows(rows)
    assert cli(*sums.command) == 0
    assert "warning: sums: duplicates: 1 question repeats" in cli.err


# ---- small parts -----------------------------------------------------------------------------------


def test_engine_arguments_are_typed():
    given = [
        "block-size=16",
        "eager=True",
        "share=0.5",
        'rope={"factor": 2}',
        "device=cpu",
        "x=none",
        "e=a=b",
    ]
    assert parse_pairs(given) == {
        "block_size": 16,
        "eager": True,
        "share": 0.5,
        "rope": {"factor": 2},
        "device": "cpu",
        "x": None,
        "e": "a=b",
    }


@pytest.mark.parametrize("pair", ["eager", "=1", "a b=1", "1a=2", 'a="open', "a=" + "[" * 100_000])
def test_engine_arguments_that_are_none(pair: str):
    with pytest.raises(UsageError):
        parse_pairs([pair])


def test_an_engine_argument_given_twice_is_refused():
    with pytest.raises(UsageError, match="given twice"):
        parse_pairs(["block-size=16", "block_size=32"])


def test_the_backend_follows_from_the_model(tmp_path: Path):
    (tmp_path / "manifest.json").write_text("{}")
    assert backend_for("meta-math/MetaMath-7B-V1.0") == "vllm"
    assert backend_for("models/x.Q4_K_M.GGUF") == "llama_cpp"
    assert backend_for("outputs.jsonl") == "replay"
    assert backend_for(str(tmp_path)) == "replay"
