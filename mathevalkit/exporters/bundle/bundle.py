"""A run as one file that another machine can check: nothing but the file and mathevalkit is needed there.

    SHA256SUMS                every other file's SHA-256, as `sha256sum --check` reads it
    bundle.json               what this is, which scorer's verdicts stand in which file
    manifest.json             as in the run directory, like the next three
    results.json
    generations.jsonl
    verdicts.<scorer>.jsonl   one for each scorer
    samples.jsonl             id, question, gold, subject, level and solution of every sample of the run

The archive is deterministic: one run gives one file, byte for byte, and its SHA-256 can be published.

    >>> from mathevalkit import verify_bundle, write_bundle
    >>> write_bundle("runs/MetaMath-7B-V1.0/gsm8k/20260105T100000Z-3f2a1c", "run.tar.gz")  # doctest: +SKIP
    >>> verify_bundle("run.tar.gz").verified  # doctest: +SKIP
    True

A bundle may come from anybody. It is read header by header: whole plain files of known names and no other
kind of entry, within a bound on what they may unpack to. No scorer is loaded because a bundle names it: only
those registered on this machine are asked. Checksums inside an archive tell of damage, not of forgery; what
speaks against forgery is that the verdicts and the accuracy are computed again here from the texts and the
reference answers, and that those, for a whole benchmark, are compared with the task's known fingerprint.
Reference solutions are not in that fingerprint: a scorer that reads them (`metamath_math`) takes those of
the bundle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mathevalkit import __version__
from mathevalkit.atomic import atomic_file
from mathevalkit.errors import BundleError, RunDirectoryError, UsageError, call
from mathevalkit.exporters.bundle.archive import SUMS, pack, sha256, unpacked
from mathevalkit.exporters.bundle.checks import (
    Difference,
    judge_again,
    result_differences,
    rows_known,
    sample_differences,
    usable,
    verdict_differences,
)
from mathevalkit.runs.codec import SCHEMA_VERSION, decode, encode, encode_line, refuse_newer
from mathevalkit.runs.journal import GENERATIONS, MANIFEST, RESULTS, SAMPLES, verdicts_name
from mathevalkit.runs.reader import damage, load_run, read_completions, read_verdicts, run_samples
from mathevalkit.runs.results import Results
from mathevalkit.scoring.tally import RunTally
from mathevalkit.types import Accuracy, Sample

__all__ = ["BundleError", "Difference", "Verification", "Written", "verify_bundle", "write_bundle"]

DESCRIPTION = "bundle.json"
NEEDED = (DESCRIPTION, MANIFEST, RESULTS, GENERATIONS, SAMPLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A bundle that was written."""

    path: str
    sha256: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What checking a bundle found."""

    path: str
    sha256: str
    """Of the whole file."""
    run_id: str
    model: str
    task: str
    samples: int
    completions: int
    accuracy: Accuracy
    """Under the deciding scorer, computed here."""
    scorers: tuple[str, ...]
    """Whose verdicts were computed again here."""
    rows_known: bool | None
    """Whether the samples are the task's published rows; None where that cannot be said."""
    made_with: str
    """Version of mathevalkit that made the bundle."""
    differences: tuple[Difference, ...]
    """None where the bundle holds what it says."""

    @property
    def verified(self) -> bool:
        """Whether everything is as the bundle says."""
        return not self.differences


# ---- writing -----------------------------------------------------------------------------------------


def write_bundle(
    run: str | Path,
    out: str | Path,
    *,
    data_file: str | Path | None = None,
    task_dirs: tuple[str | Path, ...] = (),
) -> Written:
    """Put a whole run in one file.

    Args:
        run: the run directory.
        out: the file, ``.tar.gz``; replaced where it exists.
        data_file: the rows of the run's task, where they are not where the manifest says.
        task_dirs: folders of the user's task files.

    Raises:
        RunDirectoryError: not a whole run, or the file cannot be written.
        DataError, TaskError: the run's rows cannot be read, or are others now.
    """
    folder, target = Path(run), Path(out)
    manifest, results = load_run(folder)
    if results is None:
        raise RunDirectoryError(
            f"{folder}: the run is not whole yet; go on with it: {call('evaluate', ..., resume=folder)}"
        )
    scorers = {name: verdicts_name(name) for name in (results.scorer, *results.other_scorers)}
    missing = [file for file in scorers.values() if not (folder / file).is_file()]
    if missing:
        raise RunDirectoryError(
            f"{folder}: {missing[0]} is missing; score the run: {call('rescore', folder)}"
        )
    rows = run_samples(manifest, path=folder, data_file=data_file, task_dirs=task_dirs)
    asked = {completion.sample_id for completion in read_completions(folder)}
    if harm := damage(folder, manifest, whole=True, samples=len(asked)):
        raise RunDirectoryError(harm)
    made: dict[str, bytes] = {
        DESCRIPTION: encode(
            {
                "file": "bundle",
                "schema_version": SCHEMA_VERSION,
                "run_id": manifest.run_id,
                "mathevalkit": __version__,
                "scorers": scorers,
            }
        ),
        SAMPLES: b"".join(
            encode_line(_sample_record(sample)) for sample in rows.values() if sample.id in asked
        ),
    }
    copied = [MANIFEST, RESULTS, GENERATIONS, *scorers.values()]
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    sums |= {name: sha256(folder / name) for name in copied}
    made[SUMS] = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    names = (SUMS, *sorted(sums))
    with atomic_file(target, parents=True) as file:
        pack(file, names, made, folder)
    return Written(path=str(target), sha256=sha256(target), files=names)


def _sample_record(sample: Sample) -> dict[str, str]:
    """What scoring needs of a sample; no solution where the data has none."""
    names = ("id", "question", "gold", "subject", "level", *(["solution"] if sample.solution else []))
    return {name: getattr(sample, name) for name in names}


# ---- verifying ---------------------------------------------------------------------------------------


def verify_bundle(path: str | Path, *, max_bytes: int | None = None) -> Verification:
    """Check a bundle: safe, undamaged, complete, and scoring it again gives the same verdicts and results.

    Args:
        path: the file.
        max_bytes: what it may unpack to; None for 64 MiB or 200 times its own size, whichever is more.

    Raises:
        UsageError: there is no such file.
        BundleError: it cannot be read at all: no bundle, damaged, unsafe.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{file}: there is no such file")
    with unpacked(file, needed=NEEDED, max_bytes=max_bytes) as folder:
        try:
            return _verify(file, folder)
        except RunDirectoryError as error:
            raise BundleError(f"{file}: {str(error).replace(f'{folder}/', '')}") from error


def _verify(file: Path, folder: Path) -> Verification:
    description = _description(folder)
    manifest, results = load_run(folder)
    assert results is not None  # the file is there
    samples = _read_samples(folder)
    scorers = _scorers(description, folder, results)
    asked, differences = usable(scorers, manifest)
    differences += sample_differences(manifest, samples)
    tally = RunTally(asked, samples)
    judged = judge_again(folder, manifest, samples, asked, tally)
    for index, scorer in enumerate(asked):
        differences += verdict_differences(
            scorer,
            recorded={verdict.key: verdict for verdict in read_verdicts(folder, scorer)},
            found={key: lines[index] for key, lines in judged.items()},
        )
    if asked[:1] == (results.scorer,):
        differences += result_differences(results, tally)
    return Verification(
        path=str(file),
        sha256=sha256(file),
        run_id=manifest.run_id,
        model=manifest.model.model,
        task=manifest.task,
        samples=len(samples),
        completions=len(judged),
        accuracy=tally.breakdown.overall.accuracy(),
        scorers=asked,
        rows_known=rows_known(manifest, samples),
        made_with=str(description.get("mathevalkit", "")),
        differences=tuple(differences),
    )


def _description(folder: Path) -> dict[str, Any]:
    try:
        record = orjson.loads((folder / DESCRIPTION).read_bytes())
    except orjson.JSONDecodeError as error:
        raise RunDirectoryError(f"{DESCRIPTION}: not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("file") != "bundle":
        raise RunDirectoryError(f"{DESCRIPTION}: not the description of a bundle")
    refuse_newer(record, where=DESCRIPTION)
    return record


def _read_samples(folder: Path) -> dict[str, Sample]:
    found: dict[str, Sample] = {}
    with (folder / SAMPLES).open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise RunDirectoryError(f"{SAMPLES}:{number}: not JSON: {error}") from error
            sample = decode(Sample, record, where=f"{SAMPLES}:{number}")
            if sample.id in found:
                raise RunDirectoryError(f"{SAMPLES}:{number}: the id {sample.id!r} is used twice")
            found[sample.id] = sample
    return found


def _scorers(description: Mapping[str, Any], folder: Path, results: Results) -> dict[str, str]:
    """Verdict file by scorer, the deciding one first: those that the results name, each with its file."""
    expected = {name: verdicts_name(name) for name in (results.scorer, *results.other_scorers)}
    if description.get("scorers") != expected:
        raise RunDirectoryError(f"{DESCRIPTION}: its scorers are not those of {RESULTS}")
    for file in expected.values():
        if not (folder / file).is_file():
            raise RunDirectoryError(f"{file} is missing")
    return expected
