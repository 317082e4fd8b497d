"""Options: those that several commands share, and those of ``mathevalkit run`` with what they become.

The options of a command that has many are a dataclass: a field's annotation is its option, and
``takes(RunArguments)`` gives a command one option for each field and hands it the filled dataclass. Every
default of ``run`` means "not given", so that ``--resume`` can tell what the user asks for now from what the
run on disk was made with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from mathevalkit.errors import UsageError
from mathevalkit.types import EngineOptions, RunManifest, RunOptions

A = TypeVar("A")


def option(panel: str | None, metavar: str | None, text: str, *names: str) -> Any:
    """The option that a field of a dataclass is; the text says its default."""
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=panel, show_default=False)


# ---- shared by commands --------------------------------------------------------------------------------

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
TaskDirs = Annotated[
    list[str] | None,
    typer.Option("--task-dir", metavar="DIR", help="Folder of your own task files. Repeatable."),
]
DataFile = Annotated[
    str | None,
    typer.Option("--data-file", metavar="FILE", help="The rows, where they are not where they were."),
]
Scorers = Annotated[
    list[str] | None,
    typer.Option("--scorer", metavar="NAME", help="Scorer, or module:function. Repeatable."),
]
CommonScorer = Annotated[
    str | None,
    typer.Option(
        "--scorer", help="Judge all runs under this scorer. Default: one that all have verdicts of."
    ),
]
Shared = Annotated[
    bool, typer.Option("--shared", help="Use the problems that all runs have where they differ in rows.")
]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", metavar="NAME", help="How scorers that let one choose find the answer."),
]
TextField = Annotated[
    str | None,
    typer.Option("--text-field", metavar="NAME", help="JSON Lines: field of the text. a.b: b of a."),
]
GoldField = Annotated[
    str | None,
    typer.Option("--gold-field", metavar="NAME", help="JSON Lines: field of the reference answer."),
]
IdField = Annotated[
    str | None, typer.Option("--id-field", metavar="NAME", help="JSON Lines: field of the sample's id.")
]
FinishReasonField = Annotated[
    str | None,
    typer.Option("--finish-reason-field", metavar="NAME", help="JSON Lines: field that says how it ended."),
]


class PanelCommand(typer.core.TyperCommand):
    """A command whose help lists its options under their panels, without loading Rich."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments first, then each panel in the order of its first option; ``--help`` last."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                default = "Arguments" if param.param_type_name == "argument" else "Options"
                panels.setdefault(getattr(param, "rich_help_panel", None) or default, []).append(record)
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)


def takes(
    arguments: type[A], *, without: Sequence[str] = ()
) -> Callable[[Callable[[A], None]], Callable[..., None]]:
    """Give a command a parameter for each field of a dataclass, and the command the filled dataclass."""

    def decorate(command: Callable[[A], None]) -> Callable[..., None]:
        @wraps(command)
        def wrapper(**values: Any) -> None:
            command(arguments(**values))

        hints = get_type_hints(arguments, include_extras=True)
        kept = [field for field in fields(arguments) if field.name not in without]  # type: ignore[arg-type]  # a dataclass by contract
        wrapper.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what inspect.signature reads first
            [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if field.default is MISSING else field.default,
                    annotation=hints[field.name],
                )
                for field in kept
            ]
        )
        wrapper.__annotations__ = {field.name: hints[field.name] for field in kept}
        return wrapper

    return decorate


# ---- the options of run --------------------------------------------------------------------------------

WHAT = "What to run"
RECIPE = "Prompt and sampling"
ROWS = "Data"
FILES = "Run directory"
ENGINE = "Engine"
OUTPUT = "Output"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The command line of ``run``; None, False or an empty list where an option was not given."""

    model: Annotated[
        list[str] | None,
        option(WHAT, "MODEL", "Hub id, local folder or GGUF file. Repeat for several.", "--model", "-m"),
    ] = None
    task: Annotated[
        list[str] | None,
        option(
            WHAT, "TASK", "Name (`mathevalkit tasks list`) or YAML file. Repeat for several.", "--task", "-t"
        ),
    ] = None
    backend: Annotated[
        str | None,
        option(
            WHAT,
            "NAME",
            "vllm, llama_cpp, replay or a plug-in's. Default: llama_cpp for a .gguf file, replay for a "
            ".jsonl file or a run directory, vllm otherwise.",
        ),
    ] = None
    task_dirs: Annotated[
        list[str] | None, option(WHAT, "DIR", "Folder of your own task files. Repeatable.", "--task-dir")
    ] = None

    recipe: Annotated[
        str | None, option(RECIPE, "NAME", "Recipe of the task instead of the one chosen by the model.")
    ] = None
    num_fewshot: Annotated[
        int | None, option(RECIPE, "N", "Use the first N of the recipe's worked examples.")
    ] = None
    apply_chat_template: Annotated[
        bool | None,
        option(
            RECIPE,
            None,
            "Send the prompt as a user turn through the tokenizer's chat template, or as it is.",
            "--apply-chat-template/--no-apply-chat-template",
        ),
    ] = None
    system_prompt: Annotated[str | None, option(RECIPE, "TEXT", "System turn; needs a chat template.")] = None
    max_tokens: Annotated[int | None, option(RECIPE, "N", "Tokens a completion may have.")] = None
    temperature: Annotated[float | None, option(RECIPE, "X", "0 is greedy.")] = None
    top_p: Annotated[float | None, option(RECIPE, "X", "Nucleus sampling.")] = None
    n: Annotated[int | None, option(RECIPE, "N", "Completions per problem.", "--n", "-n")] = None
    seed: Annotated[int | None, option(RECIPE, "N", "Seed of the sampling and of --limit. Default: 0.")] = (
        None
    )
    stop: Annotated[
        list[str] | None, option(RECIPE, "TEXT", "Stop string instead of the recipe's. Repeatable.")
    ] = None
    scorers: Annotated[
        list[str] | None,
        option(
            RECIPE,
            "NAME",
            "Scorer instead of the recipe's; the first decides, others are shown. Repeatable.",
            "--scorer",
        ),
    ] = None

    limit: Annotated[int | None, option(ROWS, "N", "A random sample of N problems, drawn with --seed.")] = (
        None
    )
    first: Annotated[int | None, option(ROWS, "N", "The first N problems, in the order of the data.")] = None
    data_file: Annotated[
        str | None, option(ROWS, "FILE", "Read the rows from a .jsonl, .json, .csv or .parquet file.")
    ] = None

    output_dir: Annotated[str | None, option(FILES, "DIR", "Where run directories lie. Default: runs.")] = (
        None
    )
    resume: Annotated[
        str | None,
        option(
            FILES, "RUN", "Go on with this run directory; it supplies every option that is not given here."
        ),
    ] = None
    new: Annotated[bool, option(FILES, None, "Start afresh even where the same run is on disk.", "--new")] = (
        False
    )

    revision: Annotated[str | None, option(ENGINE, "REV", "Branch, tag or commit on the hub.")] = None
    tokenizer: Annotated[str | None, option(ENGINE, "NAME", "Another tokenizer than the model's own.")] = None
    dtype: Annotated[str | None, option(ENGINE, "NAME", "bfloat16, float16, float32 …")] = None
    quantization: Annotated[str | None, option(ENGINE, "NAME", "awq, gptq …")] = None
    lora: Annotated[str | None, option(ENGINE, "NAME", "LoRA adapter: folder or hub id.")] = None
    max_model_len: Annotated[int | None, option(ENGINE, "N", "Tokens of prompt and completion.")] = None
    max_num_seqs: Annotated[int | None, option(ENGINE, "N", "Completions generated at once.")] = None
    gpu_memory_utilization: Annotated[
        float | None, option(ENGINE, "X", "Share of GPU memory to use, between 0 and 1.")
    ] = None
    tensor_parallel_size: Annotated[int | None, option(ENGINE, "N", "GPUs that share each layer.")] = None
    pipeline_parallel_size: Annotated[
        int | None, option(ENGINE, "N", "Groups of GPUs that share the layers.")
    ] = None
    no_prefix_caching: Annotated[
        bool, option(ENGINE, None, "Compute shared prompt beginnings anew.", "--no-prefix-caching")
    ] = False
    trust_remote_code: Annotated[
        bool | None,
        option(ENGINE, None, "Let the model's own code run on this machine.", "--trust-remote-code"),
    ] = None
    engine_args: Annotated[
        list[str] | None,
        option(
            ENGINE,
            "KEY=VALUE",
            "Anything else the engine takes: a number, true or false, JSON, text. Repeatable.",
        ),
    ] = None
    stall_seconds: Annotated[
        float | None, option(ENGINE, "S", "Restart an engine silent for S seconds. Default: 600.")
    ] = None
    max_restarts: Annotated[int | None, option(ENGINE, "N", "Give up after N restarts. Default: 3.")] = None

    dry_run: Annotated[
        bool,
        option(
            OUTPUT,
            None,
            "Show the plan, the first prompts and the cost; load no weights, write nothing.",
            "--dry-run",
        ),
    ] = False
    no_preflight: Annotated[
        bool, option(OUTPUT, None, "Skip the checks before weights load.", "--no-preflight")
    ] = False
    as_json: Annotated[bool, option(OUTPUT, None, "Results as JSON on stdout.", "--json")] = False
    quiet: Annotated[
        bool, option(OUTPUT, None, "One line for each result; warnings and errors.", "--quiet", "-q")
    ] = False


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a command line asks for, checked."""

    engines: tuple[EngineOptions, ...]
    """One for each model."""
    tasks: tuple[str, ...]
    options: RunOptions


def read_request(arguments: RunArguments) -> RunRequest:
    """The models, tasks and options of a command line.

    Raises:
        UsageError: options are missing, exclude each other or are out of range.
        RunDirectoryError: ``--resume`` names no run directory.
    """
    from mathevalkit.backends.base import backend_for

    _check_together(arguments)
    if arguments.scorers:
        from mathevalkit.scoring.judge import find_scorers

        find_scorers(arguments.scorers)  # before anything starts
    models, tasks = tuple(arguments.model or ()), tuple(arguments.task or ())
    engine, options = EngineOptions(model=""), RunOptions()
    if arguments.resume is not None:
        manifest = _manifest(arguments.resume)
        engine = replace(manifest.engine or engine, log_path=None)  # each session writes a log of its own
        options = manifest.options or options
        models = models or (manifest.model.model,)
        tasks = tasks or (manifest.task_path if Path(manifest.task_path).is_file() else manifest.task,)
    engine = replace(
        engine,
        **_given(arguments, EngineOptions),
        prefix_caching=engine.prefix_caching and not arguments.no_prefix_caching,
        engine_args={**engine.engine_args, **parse_pairs(arguments.engine_args or ())},
    )
    backend = arguments.backend or (engine.backend if engine.model else None)
    return RunRequest(
        engines=tuple(
            replace(engine, model=model, backend=backend or backend_for(model))
            for model in dict.fromkeys(models)
        ),
        tasks=tuple(dict.fromkeys(tasks)),
        options=replace(options, **_given(arguments, RunOptions), preflight=not arguments.no_preflight),
    )


def _given(arguments: RunArguments, options: type[EngineOptions] | type[RunOptions]) -> dict[str, Any]:
    """The fields of ``options`` that the command line gives."""
    mine = {field.name for field in fields(arguments)} - {"model", "backend", "engine_args"}
    values = {field.name: getattr(arguments, field.name) for field in fields(options) if field.name in mine}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None and value != []
    }


def _check_together(arguments: RunArguments) -> None:
    """Refuse what cannot go together, and say what is missing."""
    if arguments.resume is None:
        for flag, value, hint in (
            ("--model", arguments.model, "a hub id, a local folder or a GGUF file"),
            ("--task", arguments.task, "a name from `mathevalkit tasks list`, or a task file"),
        ):
            if not value or "" in value:
                raise UsageError(f"{flag} is missing: give {hint} (or --resume RUN)")
    else:
        if arguments.new:
            raise UsageError("--resume goes on with a run and --new starts another; give one of them")
        for flag, values in (("--model", arguments.model), ("--task", arguments.task)):
            if values and len(values) > 1:
                raise UsageError(f"--resume goes on with one run; give {flag} at most once with it")
    if arguments.limit is not None and arguments.first is not None:
        raise UsageError(
            "--limit (a seeded sample) and --first (the first rows) exclude each other; give one of them"
        )
    if arguments.data_file is not None and len(set(arguments.task or ())) > 1:
        raise UsageError(
            f"--data-file {arguments.data_file} can hold the rows of one task only; run each task by itself"
        )
    for name, least in _LEAST.items():
        value = getattr(arguments, name)
        if value is not None and not value >= least:
            raise UsageError(f"--{name.replace('_', '-')} {value}: expected {least} or more")
    share = arguments.gpu_memory_utilization
    if share is not None and not 0 < share <= 1:
        raise UsageError(f"--gpu-memory-utilization {share}: expected a share above 0, at most 1")


_LEAST = {
    "seed": 0,
    "limit": 1,
    "first": 1,
    "max_model_len": 1,
    "max_num_seqs": 1,
    "tensor_parallel_size": 1,
    "pipeline_parallel_size": 1,
    "stall_seconds": 1,
    "max_restarts": 0,
}
"""The smallest value of an option, checked before any engine starts; ``prompts`` checks a recipe's."""


def _manifest(path: str) -> RunManifest:
    from mathevalkit.runs.reader import load_manifest

    return load_manifest(Path(path))


def parse_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` options with typed values.

    >>> parse_pairs(["block-size=16", "enforce_eager=true", 'rope_scaling={"factor": 2.0}', "device=cpu"])
    {'block_size': 16, 'enforce_eager': True, 'rope_scaling': {'factor': 2.0}, 'device': 'cpu'}

    Raises:
        UsageError: no ``=``, a key that is no name, a key given twice, or broken JSON.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name = key.strip().lstrip("-").replace("-", "_")
        if not equals or not name.isidentifier():
            raise UsageError(f"--engine-args {pair}: expected KEY=VALUE, for example enforce_eager=true")
        if name in values:
            raise UsageError(f"--engine-args {name} is given twice; give it once")
        values[name] = _typed(pair, value)
    return values


_WORDS: Mapping[str, Any] = {"true": True, "false": False, "none": None, "null": None}


def _typed(pair: str, value: str) -> Any:
    """A value as JSON where it is JSON, as a truth value or None in any case, else as text."""
    import json

    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        if value.startswith(("{", "[", '"')):
            raise UsageError(f"--engine-args {pair}: not JSON: {error}") from error
        return value
