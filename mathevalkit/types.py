"""The vocabulary of mathevalkit: one frozen dataclass for each arrow on the road of a sample.

    tasks/*.yaml ─► Sample ─► Request ─► Completion ─► Extraction ─► Verdict ─► Results

A worked example, one GSM8K problem all the way::

    Sample(id="17", question="Weng earns $12 an hour ...", gold="10", subject="", level="")
    Request(sample_id="17", k=0, prompt="Below is an instruction ...", special_tokens=True,
            sampling=Sampling(max_tokens=512, stop=("Question:", ...)), seed=...)
    Completion(sample_id="17", k=0, text=" Weng earns ... The answer is: 10", finish_reason="stop", ...)
    ScoredCompletion(sample_id="17", k=0, outcome="correct", answer="10", stage="number", ...)

``Extraction`` and ``Verdict`` belong to the engine and live in ``answer_normalizers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Outcome: TypeAlias = Literal["correct", "wrong", "no_answer", "truncated", "undecided", "backend_error"]
"""How a sample ended; exactly one of these. The rule that decides: ``mathevalkit.scoring.outcomes``."""

OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "no_answer", "truncated", "undecided", "backend_error")

Score: TypeAlias = tuple[int, int]
"""``(correct, scored)`` of one sample in one run; ``scored`` is at least 1."""

FinishReason: TypeAlias = Literal["stop", "length", "error"]
"""``stop``: end of sequence or a stop string; ``length``: the token budget ran out; ``error``: no text."""

Message: TypeAlias = Mapping[str, str]
"""One chat turn: ``{"role": "user", "content": "..."}``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One problem of a task."""

    id: str
    """Stable within the task's data: the row's own id where it has one, else its row number."""
    question: str
    gold: str
    """The reference answer alone, not the solution: ``72``, ``\\frac{1}{2}``."""
    subject: str = ""
    level: str = ""
    solution: str = ""
    """The reference solution where the data has one; preflight reads it, and scorers that ask for it."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. ``temperature=0`` is greedy."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    n: int = 1
    """Completions per sample."""
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One completion wanted from an engine: the ``k``-th of a sample."""

    sample_id: str
    k: int
    prompt: str
    special_tokens: bool
    """Whether the tokenizer adds its special tokens (BOS); False where a chat template wrote them."""
    sampling: Sampling
    seed: int
    """Seed of this very request, derived from ``sampling.seed``, the sample and ``k``."""

    @property
    def key(self) -> tuple[str, int]:
        """What tells one completion of a run from every other."""
        return (self.sample_id, self.k)


@dataclass(frozen=True, slots=True)
class Completion:
    """One generated text. Written to ``generations.jsonl`` as it is."""

    sample_id: str
    k: int
    text: str
    finish_reason: FinishReason
    stop_reason: str | None = None
    """The stop string that ended it, if one did."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float | None = None
    """From the request's hand-over to the engine until its last token, waiting included."""
    error: str | None = None
    """Why there is no text; set exactly when ``finish_reason`` is ``error``."""

    @property
    def key(self) -> tuple[str, int]:
        """What tells one completion of a run from every other."""
        return (self.sample_id, self.k)


class Generation(NamedTuple):
    """A completion and the answer it should give: what a judge needs. A tuple, since one is made of each."""

    completion: Completion
    gold: str
    solution: str = ""
    """The reference solution that the gold was taken from, where there is one."""


@dataclass(frozen=True, slots=True)
class ScoredCompletion:
    """One line of ``verdicts.<scorer>.jsonl``: what became of one completion."""

    sample_id: str
    k: int
    outcome: Outcome
    answer: str | None
    """What was extracted, or None."""
    span: tuple[int, int] | None
    """Where in the text it stood (characters)."""
    rule: str | None
    """Which extraction rule found it."""
    stage: str
    """Which stage of the engine decided."""
    reason: str

    @property
    def key(self) -> tuple[str, int]:
        """What tells one completion of a run from every other."""
        return (self.sample_id, self.k)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an engine knows of a model before its weights are loaded."""

    model: str
    backend: str
    backend_version: str
    revision: str | None = None
    """Commit hash on the hub, or a fingerprint of the local weight files."""
    dtype: str | None = None
    quantization: str | None = None
    max_model_len: int | None = None
    bos_token_id: int | None = None
    chat_template: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    """Versions of what computes: torch, transformers, llama.cpp …"""
    hardware: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Everything a backend needs to open a model. Backends refuse what they cannot honour."""

    model: str
    backend: str = "vllm"
    revision: str | None = None
    tokenizer: str | None = None
    dtype: str | None = None
    quantization: str | None = None
    max_model_len: int | None = None
    gpu_memory_utilization: float | None = None
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    lora: str | None = None
    max_num_seqs: int | None = None
    prefix_caching: bool = True
    trust_remote_code: bool = False
    engine_args: Mapping[str, Any] = field(default_factory=dict)
    """Passed to the engine as they are, last."""
    stall_seconds: float = 600.0
    """With no token for this long the engine counts as stalled and is restarted."""
    max_restarts: int = 3
    log_path: str | None = None
    """File for the engine's own output; the terminal stays ours."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One worked example in a few-shot prompt."""

    question: str
    answer: str
    """The whole worked answer, its final statement included."""
    gold: str
    """The final answer alone: what extraction must find in ``answer``."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything besides the weights that decides a score."""

    name: str
    kind: Literal["completion", "chat"]
    """``completion``: ``template`` makes the whole prompt; ``chat``: it makes the user turn and the
    tokenizer's chat template makes the prompt."""
    template: str
    """Jinja2 over ``question``, ``shots`` (list of Shot), ``subject`` and ``level``."""
    sampling: Sampling
    scorer: str = "auto"
    """Name in the registry of ``answer_normalizers.grading``, or ``module:function``."""
    strategy: str = "auto"
    """Extraction strategy of ``answer_normalizers.extract``; scorers that extract their own way ignore it."""
    normalizer: str | None = None
    """What both answers pass through first, for scorers that take one: a name or ``module:function``."""
    system: str | None = None
    shots: tuple[Shot, ...] = ()
    origin: str = ""
    """Whose recipe this is, with its source."""
    also_scorers: tuple[str, ...] = ()
    """Further scorers, reported beside the first: the one that published numbers were made with, say."""


@dataclass(frozen=True, slots=True)
class HubSource:
    """Where the rows live on the Hugging Face hub."""

    dataset: str
    split: str
    configs: tuple[str, ...] = ()
    """All of these, concatenated in this order; empty for the default config."""
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Jinja2 templates that turn one row (its columns are the variables) into a Sample's fields."""

    question: str
    gold: str
    id: str = ""
    subject: str = ""
    level: str = ""
    solution: str = ""


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One number somebody published for this task."""

    model: str
    percent: float
    recipe: str
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark, as its YAML file describes it."""

    name: str
    title: str
    path: str
    """The YAML file."""
    rows: RowMapping
    recipes: Mapping[str, Recipe]
    defaults: Mapping[str, str]
    """Which recipe a kind of model gets: keys ``metamath``, ``chat``, ``base``."""
    hub: HubSource | None = None
    file: str | None = None
    """Local data file, relative to the YAML file."""
    num_rows: int | None = None
    fingerprints: tuple[str, ...] = ()
    """Known fingerprints of the mapped rows (``mathevalkit.tasks.rows.fingerprint``)."""
    licence: str = ""
    published: tuple[PublishedResult, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedData:
    """The samples of a task, read and fingerprinted. ``samples`` are all rows, in order."""

    samples: tuple[Sample, ...]
    fingerprint: str
    """SHA-256 over id, question and gold of every row, in order."""
    known: bool | None
    """Whether the task file lists this fingerprint; None where it lists none."""
    origin: str
    """``hub:openai/gsm8k@<revision>`` or ``file:<path>``."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a task's rows were run: all of them, a seeded sample, or the first."""

    limit: int | None = None
    """Size of a sample drawn without replacement with ``seed``."""
    first: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class RunManifest:
    """``manifest.json``: everything needed to say what a run was, and to run it again."""

    schema_version: int
    run_id: str
    created: str
    """UTC, ISO 8601."""
    identity: Mapping[str, Any]
    """What decides the completions: model, data, prompt, sampling. Two runs with equal identity may be
    resumed into each other; anything else in the manifest is for the record."""
    model: ModelInfo
    task: str
    task_title: str
    data_origin: str
    data_fingerprint: str
    data_known: bool | None
    selection: Selection
    num_samples: int
    recipe: Recipe
    recipe_reason: str
    """Why this recipe was taken, in words."""
    prompt_hash: str
    scorers: tuple[str, ...]
    """The first decides the outcome; the others are recorded beside it."""
    versions: Mapping[str, str]
    git_commit: str | None = None
    command: tuple[str, ...] = ()
    task_path: str = ""
    """The task's YAML file."""
    engine: EngineOptions | None = None
    """What the engine was opened with; with ``options`` enough to go on with the run by its folder alone."""
    options: RunOptions | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A proportion with what is known about it. All values are fractions between 0 and 1."""

    value: float | None
    """Correct over scored; None where nothing was scored."""
    low: float | None
    high: float | None
    """95 % interval: Wilson for one completion a sample, clustered by sample for several."""
    floor: float | None
    """The least it could be: undecided, failed and truncated completions all counted wrong."""
    ceiling: float | None
    """The most it could be: all of those counted right."""


@dataclass(frozen=True, slots=True)
class Group:
    """Results of one subject, level, or the whole."""

    name: str
    samples: int
    completions: int
    accuracy: Accuracy
    outcomes: Mapping[str, int]
    """Completions by outcome; every outcome is a key."""

    @property
    def scored(self) -> int:
        """Completions that the engine gave: what the accuracy is over."""
        return self.completions - self.outcomes["backend_error"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of a run under way, handed to observers a few times a second."""

    done: int
    total: int
    resumed: int
    """Of ``done``, how many were on disk already when this session began."""
    accuracy: Accuracy
    outcomes: Mapping[str, int]
    completion_tokens: int
    """Generated in this session."""
    seconds: float
    """Since this session's first request."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a user asks of a run besides the model and the task. None leaves a recipe's own value."""

    recipe: str | None = None
    num_fewshot: int | None = None
    apply_chat_template: bool | None = None
    system_prompt: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    seed: int = 0
    stop: tuple[str, ...] | None = None
    scorers: tuple[str, ...] = ()
    """Instead of the recipe's; the first decides the outcome."""
    limit: int | None = None
    first: int | None = None
    data_file: str | None = None
    task_dirs: tuple[str, ...] = ()
    output_dir: str = "runs"
    preflight: bool = True
    new: bool = False
    """Start a new run even where the same one is on disk."""
    resume: str | None = None
    """A run directory to go on with; its settings must be the same."""


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check and what it found."""

    name: str
    status: Literal["ok", "warning", "error", "skipped"]
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, decided: everything that happens before weights load has happened."""

    model: ModelInfo
    engine: EngineOptions
    task: Task
    data: LoadedData
    selection: Selection
    samples: tuple[Sample, ...]
    """The selected rows, in the order of the data."""
    recipe: Recipe
    recipe_reason: str
    prompt_hash: str
    scorers: tuple[str, ...]
    identity: Mapping[str, Any]
    options: RunOptions

    @property
    def total(self) -> int:
        """Completions wanted."""
        return len(self.samples) * self.recipe.sampling.n
