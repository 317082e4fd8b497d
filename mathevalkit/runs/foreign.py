r"""Saved generations of any origin: our run directories, lm-evaluation-harness's samples, any JSON Lines.

| what                                  | text                  | gold                       | id          |
| ------------------------------------- | --------------------- | -------------------------- | ----------- |
| a run directory                       | `text`                | the task's rows            | `sample_id` |
| lm-evaluation-harness `samples_*.jsonl` | each of `resps`     | `target`                   | `doc_id`    |
| any other `.jsonl`                    | the field named, or the one of a usual name        | | |

A gold field may hold a whole reference solution, see `gold_of`.

    >>> layout = Layout(kind="fields", path="made_up.jsonl", text="response", gold="answer", id="id")
    >>> line = rb'{"id": 7, "response": "So it is 18.", "answer": "9 * 2 = 18 #### 18"}'
    >>> next(layout.generations(Block(data=line, first_line=1))).gold
    '18'

Files are read in blocks of about a megabyte, so memory does not grow with their length, and a block can be
handed to another process as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import orjson

from answer_normalizers import extract
from mathevalkit.errors import DataError, RunDirectoryError, UsageError
from mathevalkit.runs.codec import decode
from mathevalkit.runs.journal import GENERATIONS, MANIFEST, load_manifest, load_samples, read_lines
from mathevalkit.types import Completion, FinishReason, RunManifest, RunOptions, Sample, ScoredCompletion

BLOCK_BYTES = 1 << 20
SNIFFED_BYTES = 1 << 24
"""The first line of a file must end within this."""

USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "completion", "response", "output", "generation", "model_output", "prediction"),
    "gold": ("gold", "answer", "ground_truth", "target", "reference", "expected", "gt"),
    "id": ("id", "sample_id", "doc_id", "idx", "index", "question_id"),
    "finish_reason": ("finish_reason", "stop_reason"),
}
"""Field names that need not be given, where a record has exactly one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file or run whose generations can be read."""

    path: Path
    layout: Layout
    manifest: RunManifest | None = None
    """Of a run."""
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """Of a run, by id."""

    @property
    def label(self) -> str:
        """What a table calls it: model and task of a run, else the path."""
        if self.manifest is None:
            return str(self.path)
        return f"{self.manifest.model.model} · {self.manifest.task}"

    @property
    def knows_truncation(self) -> bool:
        """Whether the file says which texts were cut off."""
        return self.manifest is not None or self.layout.finish_reason is not None

    @property
    def size(self) -> int:
        """Bytes to read."""
        return (self.path / GENERATIONS if self.manifest else self.path).stat().st_size

    def blocks(self) -> Iterator[Block]:
        """The file in blocks of whole lines, in order; for a run, only the lines that count."""
        return _run_blocks(self) if self.manifest is not None else _file_blocks(self.path)


# ---- finding out what a path is --------------------------------------------------------------------


def open_sources(
    paths: Sequence[str | Path],
    *,
    names: Fields | None = None,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> list[Source]:
    """What each path holds. A folder that is no run stands for the runs and sample files below it.

    Args:
        paths: run directories, JSON Lines files, or folders of them.
        names: names of the fields, for JSON Lines files whose names are not the usual ones.
        data_file: the rows of a run's task, where they are not where the run's manifest says.
        task_dirs: folders of the user's task files.

    Raises:
        UsageError: a path holds no generations, or its fields must be named.
        RunDirectoryError, DataError, TaskError: a run's manifest, rows or task cannot be read.
    """
    names = names or Fields()
    found = [inner for path in map(Path, paths) for inner in _expand(path)]
    return [
        _open_run(path, data_file=data_file, task_dirs=task_dirs)
        if path.is_dir()
        else _open_file(path, names)
        for path in dict.fromkeys(found)
    ]


def _expand(path: Path) -> Iterator[Path]:
    if path.name == GENERATIONS and (path.parent / MANIFEST).exists():
        yield path.parent
    elif not path.exists():
        raise UsageError(f"{path}: there is no such file or run directory")
    elif not path.is_dir() or (path / MANIFEST).exists():
        yield path
    else:
        inner = sorted({m.parent for m in path.rglob(MANIFEST)} | set(path.rglob("samples_*.jsonl")))
        if not inner:
            raise UsageError(f"{path}: holds neither a run directory nor a samples_*.jsonl file")
        yield from inner


def run_samples(
    manifest: RunManifest,
    *,
    path: Path,
    data_file: str | Path | None = None,
    task_dirs: Sequence[str | Path] = (),
) -> dict[str, Sample]:
    """The rows a run was made on, by id: the run directory's own, unless ``data_file`` names others.

    Raises:
        TaskError: the task is not there any more.
        DataError: the rows cannot be read, or are not those of the run.
    """
    from mathevalkit.tasks.finding import load_task
    from mathevalkit.tasks.rows import load_data

    if data_file is None and (samples := load_samples(path)) is not None:
        return samples
    options = manifest.options or RunOptions()
    name = manifest.task_path if Path(manifest.task_path).is_file() else manifest.task
    task = load_task(name, task_dirs=[*task_dirs, *options.task_dirs])
    data = load_data(task, data_file=data_file or options.data_file)
    if data.fingerprint != manifest.data_fingerprint:
        raise DataError(
            f"{path}: the run was made on other rows ({manifest.data_origin}, fingerprint "
            f"{manifest.data_fingerprint[:12]}) than {data.origin} holds now ({data.fingerprint[:12]}); "
            "give the run's own rows with --data-file"
        )
    return {sample.id: sample for sample in data.samples}


def _open_run(path: Path, *, data_file: str | Path | None, task_dirs: Sequence[str | Path]) -> Source:
    manifest = load_manifest(path)
    return Source(
        path=path,
        layout=Layout(kind="run", path=str(path / GENERATIONS)),
        manifest=manifest,
        samples=run_samples(manifest, path=path, data_file=data_file, task_dirs=task_dirs),
    )


def _open_file(path: Path, names: Fields) -> Source:
    record = _first_record(path)
    if record.get("file") == "generations" and "schema_version" in record:
        raise UsageError(f"{path}: belongs to a run; it needs the {MANIFEST} it was written with beside it")
    is_lm_eval = {"doc_id", "doc", "target", "resps"} <= record.keys()
    if is_lm_eval:
        _refuse_multiple_choice(record, path)
    usual = {"text": "resps", "gold": "target", "id": "doc_id"} if is_lm_eval else {}
    chosen = {
        f.name: getattr(names, f.name) or usual.get(f.name) or _usual_name(f.name, record, path)
        for f in fields(Fields)
    }
    is_lm_eval = is_lm_eval and chosen["text"] == "resps"
    for name in filter(None, chosen.values()):
        lookup(record, name, f"{path}:1")
    return Source(
        path=path,
        layout=Layout(
            kind="lm_eval" if is_lm_eval else "fields",
            path=str(path),
            filter=record.get("filter") if is_lm_eval else None,
            text=chosen["text"] or "",
            gold=chosen["gold"] or "",
            id=chosen["id"],
            finish_reason=chosen["finish_reason"],
        ),
    )


def _first_record(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            line = file.readline(SNIFFED_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not line.strip():
        raise DataError(f"{path}:1: empty; expected one JSON object a line")
    return read_record(line, str(path), 1)


def _usual_name(field_name: str, record: Mapping[str, Any], path: Path) -> str | None:
    """The one field of a usual name, or None where a field may be missing."""
    there = [name for name in USUAL_NAMES[field_name] if name in record]
    if len(there) == 1:
        return there[0]
    if there and field_name in ("id", "finish_reason"):
        return there[0]
    if field_name in ("id", "finish_reason"):
        return None
    flag = f"--{field_name}-field"
    what = f"several fields could be the {field_name}: {', '.join(there)}" if there else (
        f"no field is called like the {field_name} usually is"
    )  # fmt: skip
    raise UsageError(
        f"{path}: {what}; name it with {flag} (fields: {', '.join(map(str, record))}; "
        "dots lead into objects, `doc.answer`)"
    )


def _refuse_multiple_choice(record: Mapping[str, Any], path: Path) -> None:
    """Log-likelihoods of given choices are no generations."""
    arguments = record.get("arguments")
    first = arguments.get("gen_args_0") if isinstance(arguments, dict) else None
    if isinstance(first, dict) and not isinstance(first.get("arg_1", {}), dict):
        raise UsageError(f"{path}: its task scores given choices by likelihood; there is no generated text")


def read_verdicts(file: Path) -> dict[tuple[str, int], ScoredCompletion]:
    """Every verdict of a run's file by sample and ``k``; of a completion tried again, the one on its text."""
    found: dict[tuple[str, int], ScoredCompletion] = {}
    for number, record in read_lines(file, kind="verdicts"):
        line = decode(ScoredCompletion, record, where=f"{file}:{number}")
        key = (line.sample_id, line.k)
        if key not in found or found[key].outcome == "backend_error":
            found[key] = line
    return found


# ---- reading -----------------------------------------------------------------------------------------


def _file_blocks(path: Path) -> Iterator[Block]:
    """Blocks that end in whole lines. A last line without an end counts: others write files so."""
    try:
        with path.open("rb") as file:
            number, rest = 1, b""
            while data := file.read(BLOCK_BYTES):
                cut = data.rfind(b"\n") + 1
                if not cut:
                    rest += data
                    continue
                block = rest + data[:cut]
                rest = data[cut:]
                yield Block(data=block, first_line=number)
                number += block.count(b"\n")
            if rest.strip():
                yield Block(data=rest, first_line=number)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _run_blocks(source: Source) -> Iterator[Block]:
    """A run's completions as the pipeline counts them: the first text of each, or its failure."""
    path = source.path / GENERATIONS
    done: set[tuple[str, int]] = set()
    failed: dict[tuple[str, int], Completion] = {}
    lines: list[bytes] = []
    references: list[tuple[str, str]] = []
    size = 0

    def take(completion: Completion) -> None:
        nonlocal size
        line = orjson.dumps(completion)
        lines.append(line)
        sample = source.samples[completion.sample_id]
        references.append((sample.gold, sample.solution))
        size += len(line)

    for number, record in read_lines(path, kind="generations"):
        completion = decode(Completion, record, where=f"{path}:{number}")
        key = completion.key
        if completion.sample_id not in source.samples:
            raise RunDirectoryError(
                f"{path}:{number}: sample {completion.sample_id!r} is not among the rows of the run's task"
            )
        if completion.finish_reason == "error":
            failed.setdefault(key, completion)
        elif key not in done:
            done.add(key)
            take(completion)
        if size >= BLOCK_BYTES:
            yield Block(data=b"\n".join(lines), first_line=1, references=tuple(references))
            lines, references, size = [], [], 0
    for key, completion in failed.items():
        if key not in done:
            take(completion)
    if lines:
        yield Block(data=b"\n".join(lines), first_line=1, references=tuple(references))


# ---- a line: its text, its gold, the sample it belongs to -----------------------------------------------


_LENGTH = frozenset({"length", "max_tokens", "max_length", "max_new_tokens", "model_length"})
_ERROR = frozenset({"error", "abort", "failed", "content_filter"})


@dataclass(frozen=True, slots=True)
class Generation:
    """One stored text and the answer it should give."""

    completion: Completion
    gold: str
    solution: str = ""
    """The reference solution that the gold was taken from, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Names of the fields of a JSON Lines file; dots lead into objects (`doc.answer`)."""

    text: str | None = None
    """A text, or a list of texts: several completions of one sample."""
    gold: str | None = None
    id: str | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the lines of a file become generations. Small and picklable: it travels to worker processes."""

    kind: Literal["run", "lm_eval", "fields"]
    path: str
    text: str = ""
    gold: str = ""
    id: str | None = None
    finish_reason: str | None = None
    filter: str | None = None
    """lm-evaluation-harness writes every completion once a filter; only this filter's lines count."""

    def generations(self, block: Block) -> Iterator[Generation]:
        """The generations of a block. Raises DataError naming file and line."""
        for offset, line in enumerate(block.data.split(b"\n")):
            if not line.strip():
                continue
            number = block.first_line + offset
            if self.kind == "run":
                # Checked when the block was made, and only what counts is in it.
                assert block.references is not None
                yield Generation(Completion(**orjson.loads(line)), *block.references[offset])
            else:
                yield from self._from_record(read_record(line, self.path, number), number)

    def _from_record(self, record: Mapping[str, Any], number: int) -> Iterator[Generation]:
        if self.filter is not None and record.get("filter") != self.filter:
            return
        place = f"{self.path}:{number}"
        text = lookup(record, self.text, place)
        solution = _as_text(lookup(record, self.gold, place), self.gold, place)
        gold = gold_of(solution)
        sample_id = str(lookup(record, self.id, place)) if self.id else str(number)
        finish = _finish(lookup(record, self.finish_reason, place) if self.finish_reason else None)
        if self.kind == "lm_eval":
            text = _responses(text, place)
        several = isinstance(text, list)
        first_k = record.get("k", 0) if not several else 0
        for k, one in enumerate(text if several else [text]):
            yield Generation(
                Completion(
                    sample_id=sample_id,
                    k=k + (first_k if isinstance(first_k, int) else 0),
                    text="" if finish == "error" and one is None else _as_text(one, self.text, place),
                    finish_reason=finish,
                ),
                gold,
                solution if solution != gold else "",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some lines of a file."""

    data: bytes
    first_line: int
    references: tuple[tuple[str, str], ...] | None = None
    """For a run, gold and reference solution of each line."""


def gold_of(text: str) -> str:
    r"""The answer alone, from a gold field that may hold a whole reference solution.

    What follows the last `####` counts, else what stands in the last box, else in a text of several lines
    the answer it marks ("A: 18"), else all of it.

    >>> gold_of("12/60 * 50 = 10. #### 10"), gold_of(r"so $\boxed{\frac12}$."), gold_of("x^2")
    ('10', '\\frac12', 'x^2')
    """
    if "####" in text:
        return text.rpartition("####")[2].strip()
    if "boxed" in text and (found := extract(text, strategy="boxed")):
        return found.value
    if "\n" in text.strip() and (found := extract(text)) and found.explicit:
        return found.value
    return text.strip()


def read_record(line: bytes, path: str, number: int) -> Mapping[str, Any]:
    """The object on a line. Raises DataError naming file and line."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}:{number}: not JSON: {error}; expected one JSON object a line") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}:{number}: expected a JSON object, got {str(record)[:60]}")
    return record


def lookup(record: Mapping[str, Any], name: str, place: str) -> Any:
    """The field of that name; dots lead into objects, unless a field is called just so."""
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise DataError(f"{place}: no field {name!r}; the record has {', '.join(map(str, record))}")
        value = value[part]
    return value


def _as_text(value: Any, name: str, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise DataError(f"{place}: {name}: expected text, got {str(value)[:60]}")


def _responses(value: Any, place: str) -> list[Any]:
    """lm-evaluation-harness's ``resps``: a list with one list of texts for each request of the sample."""
    if isinstance(value, list) and all(isinstance(inner, list) for inner in value):
        return [text for inner in value for text in inner]
    raise DataError(f"{place}: resps: expected a list of lists of texts, got {str(value)[:60]}")


def _finish(reason: Any) -> FinishReason:
    name = str(reason).lower()
    return "length" if name in _LENGTH else "error" if name in _ERROR else "stop"
