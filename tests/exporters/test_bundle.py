"""A bundle: the same bytes every time, nothing taken from it on trust, every verdict computed again."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from mathevalkit import verify_bundle, write_bundle
from mathevalkit.errors import BundleError, MathEvalError, RunDirectoryError, UsageError
from mathevalkit.exporters.bundle import archive as bundle_archive
from tests.cli.helpers import Cli, Sums, cut


@pytest.fixture
def run(cli: Cli, sums: Sums) -> Path:
    """A run of 30 sums, 20 right, judged by two scorers."""
    assert cli(*sums.command, "--scorer", "auto", "--scorer", "number") == 0
    [folder] = sums.run_dirs()
    return folder


@pytest.fixture
def made(run: Path, tmp_path: Path) -> Path:
    path = tmp_path / "run.tar.gz"
    write_bundle(run, path)
    return path


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def repacked(path: Path, change: Callable[[dict[str, bytes]], None], *, sums: bool = True) -> Path:
    """The bundle with changed contents and, as a forger would, new checksums."""
    files = contents(path)
    change(files)
    if sums:
        files["SHA256SUMS"] = b"".join(
            f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode()
            for name, data in sorted(files.items())
            if name != "SHA256SUMS"
        )
    out = path.with_name("changed.tar.gz")
    with tarfile.open(out, "w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out


def edit(name: str, change: Callable[[list[dict]], None]) -> Callable[[dict[str, bytes]], None]:
    """A change of the records of a JSON Lines file."""

    def apply(files: dict[str, bytes]) -> None:
        records = [orjson.loads(line) for line in files[name].splitlines()]
        change(records)
        files[name] = b"".join(orjson.dumps(record) + b"\n" for record in records)

    return apply


# ---- what is in it -----------------------------------------------------------------------------------


def test_a_bundle_is_verified_where_there_are_neither_rows_nor_task(made: Path, sums: Sums, run: Path):
    for path in (sums.task, sums.rows, sums.recorded):
        path.unlink()
    found = verify_bundle(made)
    assert found.verified
    assert (found.samples, found.completions, found.scorers) == (30, 30, ("auto", "number"))
    assert found.accuracy.value == 20 / 30
    assert found.run_id == run.name
    assert found.sha256 == hashlib.sha256(made.read_bytes()).hexdigest()
    assert found.rows_known is None


def test_a_scorer_that_reads_the_reference_solution_finds_it_in_the_bundle(
    cli: Cli, sums: Sums, tmp_path: Path
):
    rows = sums.task.read_text().replace(
        "  level:", '  solution: "$\\\\boxed{7}$ or $\\\\boxed{0}$"\n  level:'
    )
    sums.task.write_text(rows)
    sums.record({str(i): "The answer is: 0" for i in range(sums.n)})
    assert cli(*sums.command, "--scorer", "metamath_math") == 0
    [folder] = sums.run_dirs()
    write_bundle(folder, tmp_path / "run.tar.gz")
    found = verify_bundle(tmp_path / "run.tar.gz")
    assert found.differences == ()
    assert found.accuracy.value == 1.0


def test_a_bundle_holds_samples_generations_verdicts_results_and_manifest(made: Path, run: Path):
    files = contents(made)
    assert sorted(files) == [
        "SHA256SUMS", "bundle.json", "generations.jsonl", "manifest.json", "results.json", "samples.jsonl",
        "verdicts.auto.jsonl", "verdicts.number.jsonl",
    ]  # fmt: skip
    for name in ("generations.jsonl", "manifest.json", "results.json", "verdicts.auto.jsonl"):
        assert files[name] == (run / name).read_bytes()
    assert orjson.loads(files["samples.jsonl"].splitlines()[1]) == {
        "id": "1", "question": "What is 1 + 1?", "gold": "2", "subject": "Geometry", "level": "1",
    }  # fmt: skip


def test_the_checksums_are_those_of_sha256sum(made: Path, tmp_path: Path):
    subprocess.run(["tar", "-xzf", made, "-C", tmp_path], check=True)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_the_same_run_gives_the_same_bytes(run: Path, made: Path, tmp_path: Path):
    os.utime(run / "results.json", (1, 1))
    write_bundle(run, tmp_path / "elsewhere" / "again.tgz")
    assert (tmp_path / "elsewhere" / "again.tgz").read_bytes() == made.read_bytes()


def test_a_run_on_part_of_the_rows_carries_only_those(cli: Cli, sums: Sums, tmp_path: Path):
    cli(*sums.command, "--limit", "7", "--seed", "3")
    [folder] = sums.run_dirs()
    write_bundle(folder, tmp_path / "part.tar.gz")
    assert len(contents(tmp_path / "part.tar.gz")["samples.jsonl"].splitlines()) == 7
    assert verify_bundle(tmp_path / "part.tar.gz").verified


def test_an_unfinished_run_is_refused(run: Path, tmp_path: Path):
    cut(run, 9)
    with pytest.raises(MathEvalError, match="not whole yet"):
        write_bundle(run, tmp_path / "x.tar.gz")
    assert not (tmp_path / "x.tar.gz").exists()


def test_a_finished_run_that_lost_generations_is_refused(run: Path, tmp_path: Path):
    generations = run / "generations.jsonl"
    generations.write_bytes(generations.read_bytes()[:-9])
    with pytest.raises(RunDirectoryError, match=r"only \d+ of \d+ samples.*`evaluate\(…, resume="):
        write_bundle(run, tmp_path / "x.tar.gz")


# ---- what is found out -------------------------------------------------------------------------------


def one_verdict(records: list[dict]) -> None:
    line = next(record for record in records if record.get("sample_id") == "0")
    assert line["outcome"] == "wrong"
    line["outcome"] = "correct"


def test_a_forged_verdict_is_found(made: Path):
    found = verify_bundle(repacked(made, edit("verdicts.auto.jsonl", one_verdict)))
    [difference] = found.differences
    assert not found.verified
    assert (difference.what, difference.where) == ("verdict", "auto, sample 0, k 0")
    assert (difference.recorded, difference.found) == ("correct: 1", "wrong: 1")


def test_a_forged_accuracy_is_found(made: Path):
    def better(files: dict[str, bytes]) -> None:
        results = json.loads(files["results.json"])
        results["overall"]["accuracy"]["value"] = 0.9
        files["results.json"] = json.dumps(results).encode()

    [difference] = verify_bundle(repacked(made, better)).differences
    assert (difference.what, difference.where) == ("results", "overall overall")


def test_a_forged_reference_answer_is_found(made: Path):
    def easier(records: list[dict]) -> None:
        records[0]["gold"] = "1"

    found = verify_bundle(repacked(made, edit("samples.jsonl", easier))).differences
    assert {d.what for d in found} == {"samples", "verdict", "results"}
    assert next(d for d in found if d.what == "samples").where == "fingerprint of the rows"


def test_a_missing_completion_is_found(made: Path):
    found = verify_bundle(repacked(made, edit("generations.jsonl", list.pop))).differences
    assert any((d.what, d.found) == ("verdict", "none") for d in found)


def test_the_benchmarks_own_rows_are_known(cli: Cli, shared: Path, tmp_path: Path):
    """GSM8K itself, all 1,319 rows, each answered with its reference answer."""
    rows = shared / "data/gsm8k/test.jsonl"
    golds = [orjson.loads(line)["answer"].rpartition("#### ")[2] for line in rows.read_bytes().splitlines()]
    recorded = tmp_path / "recorded.jsonl"
    recorded.write_bytes(
        b"".join(
            orjson.dumps({"id": str(i), "text": f"The answer is: {gold}"}) + b"\n"
            for i, gold in enumerate(golds)
        )
    )
    flags = ["--data-file", str(rows), "--quiet", "--output-dir", str(tmp_path / "runs")]
    assert cli("run", "--model", str(recorded), "--task", "gsm8k", "--recipe", "metamath", *flags) == 0
    [run] = (tmp_path / "runs").glob("*/gsm8k/*/")
    write_bundle(run, tmp_path / "gsm8k.tar.gz")
    found = verify_bundle(tmp_path / "gsm8k.tar.gz")
    assert (found.verified, found.rows_known, found.samples) == (True, True, 1319)
    assert found.scorers == ("auto", "metamath_gsm8k")
    assert found.accuracy.value == 1.0


def test_other_rows_than_the_benchmarks_are_said(made: Path):
    """A bundle that calls itself GSM8K but holds other rows."""

    def renamed(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["task"] = "gsm8k"
        files["manifest.json"] = json.dumps(manifest).encode()

    assert verify_bundle(repacked(made, renamed)).rows_known is False


def test_damage_is_named(made: Path):
    def other(files: dict[str, bytes]) -> None:
        files["manifest.json"] += b" "

    with pytest.raises(BundleError, match=r"changed since it was made .*: manifest\.json"):
        verify_bundle(repacked(made, other, sums=False))


@pytest.mark.parametrize("name", ["samples.jsonl", "SHA256SUMS", "bundle.json"])
def test_a_missing_file_is_named(made: Path, name: str):
    with pytest.raises(BundleError, match=name):
        verify_bundle(repacked(made, lambda files: files.pop(name), sums=name != "SHA256SUMS"))


def test_a_newer_schema_is_refused(made: Path):
    def newer(files: dict[str, bytes]) -> None:
        files["bundle.json"] = files["bundle.json"].replace(b'"schema_version": 1', b'"schema_version": 99')

    with pytest.raises(BundleError, match="upgrade mathevalkit"):
        verify_bundle(repacked(made, newer))


@pytest.mark.parametrize("keep", [10, 200, 1000])
def test_a_cut_off_bundle_is_an_error_and_no_crash(made: Path, tmp_path: Path, keep: int):
    (tmp_path / "cut.tar.gz").write_bytes(made.read_bytes()[:keep])
    with pytest.raises(BundleError):
        verify_bundle(tmp_path / "cut.tar.gz")


NO_BUNDLES = {
    "empty": b"",
    "text": b"hello",
    "packed text": gzip.compress(b"hello" * 500),
    "packed nothing": gzip.compress(b""),
    "packed zeros": gzip.compress(bytes(2048)),
}


@pytest.mark.parametrize("data", NO_BUNDLES.values(), ids=NO_BUNDLES)
def test_what_is_no_bundle_is_said(tmp_path: Path, data: bytes):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(BundleError):
        verify_bundle(tmp_path / "x")


# ---- what it may not do ------------------------------------------------------------------------------


def test_a_bundle_cannot_name_code_to_run(made: Path, tmp_path: Path):
    """``module:function`` is a scorer elsewhere; here it would let a stranger's file choose what runs."""
    evil = "os:system"

    def named(files: dict[str, bytes]) -> None:
        results = json.loads(files["results.json"])
        results["scorer"] = evil
        files["results.json"] = json.dumps(results).encode()
        description = json.loads(files["bundle.json"])
        description["scorers"] = {evil: "verdicts.os.system.jsonl", "number": "verdicts.number.jsonl"}
        files["bundle.json"] = json.dumps(description).encode()
        files["verdicts.os.system.jsonl"] = files.pop("verdicts.auto.jsonl")

    found = verify_bundle(repacked(made, named))
    assert not found.verified
    assert found.scorers == ("number",)
    assert [(d.what, d.where) for d in found.differences] == [("scorer", evil)]


@pytest.mark.parametrize("field", ["strategy", "normalizer"])
def test_a_bundle_cannot_name_a_reader_to_load(made: Path, field: str):
    def named(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["recipe"][field] = "os:system"
        files["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BundleError, match="not registered here"):
        verify_bundle(repacked(made, named))


def archive_of(path: Path, *infos: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=form) as archive:
        for info, data in infos:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    "name",
    ["../evil.jsonl", "/tmp/evil.jsonl", "a/../../x", "verdicts.../x.jsonl", "bundle.json/", "x" * 300],
)
def test_no_file_is_written_outside(tmp_path: Path, name: str):
    path = archive_of(tmp_path / "x.tar.gz", (tarfile.TarInfo(name), b"evil"), form=tarfile.GNU_FORMAT)
    before = set(tmp_path.parent.rglob("*"))
    with pytest.raises(BundleError, match="unsafe"):
        verify_bundle(path)
    assert set(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_folders_and_devices_are_refused(tmp_path: Path, kind: bytes):
    info = tarfile.TarInfo("samples.jsonl")
    info.type = kind
    info.linkname = "/etc/passwd"
    with pytest.raises(BundleError, match="unsafe"):
        verify_bundle(archive_of(tmp_path / "x.tar.gz", (info, b"")))


def test_a_file_given_twice_is_refused(tmp_path: Path):
    twice = [(tarfile.TarInfo("samples.jsonl"), b"{}\n")] * 2
    with pytest.raises(BundleError, match="twice"):
        verify_bundle(archive_of(tmp_path / "x.tar.gz", *twice))


def test_extended_headers_are_not_read_at_all(tmp_path: Path):
    """A pax header is read into memory whole by ``tarfile``; here it is an entry of a kind no bundle has."""
    info = tarfile.TarInfo("samples.jsonl")
    info.pax_headers = {"comment": "x" * 100_000}
    with pytest.raises(BundleError, match="unsafe"):
        verify_bundle(archive_of(tmp_path / "x.tar.gz", (info, b"{}"), form=tarfile.PAX_FORMAT))


def bomb(path: Path, size: int) -> Path:
    """A small archive whose one file claims, and has, ``size`` zero bytes."""
    info = tarfile.TarInfo("generations.jsonl")
    info.size = size
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as file:
        file.write(packer.compress(info.tobuf(tarfile.USTAR_FORMAT)))
        for _ in range(size >> 20):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    return path


def test_what_would_unpack_to_far_more_than_its_size_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = bomb(tmp_path / "x.tar.gz", 65 << 20)
    assert path.stat().st_size < 100_000
    taken: list[int] = []
    monkeypatch.setattr(bundle_archive, "_take", lambda *given: taken.append(given[2]) or "")
    with pytest.raises(BundleError, match="far more than its own size"):
        verify_bundle(path)
    assert taken == []


def test_a_user_can_allow_less(made: Path):
    with pytest.raises(BundleError, match="far more"):
        verify_bundle(made, max_bytes=1000)


# ---- the commands ------------------------------------------------------------------------------------


def test_verify_exits_0_where_verified_and_1_where_not(cli: Cli, run: Path, tmp_path: Path):
    path = tmp_path / "b.tar.gz"
    assert cli("export", str(run), "--bundle", str(path)) == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() in cli.out
    assert cli("verify", str(path)) == 0
    assert cli.out.splitlines()[-1] == "verified"
    assert "66.7 % (48.8–80.8)" in cli.out

    forged = repacked(path, edit("verdicts.auto.jsonl", one_verdict))
    assert cli("verify", str(forged)) == 1
    assert cli.out.splitlines()[-2:] == [
        "verdict: auto, sample 0, k 0: recorded correct: 1, here wrong: 1",
        "not verified: 1 difference",
    ]
    assert cli("verify", str(forged), "--json") == 1
    assert json.loads(cli.out)["verified"] is False

    (tmp_path / "junk").write_bytes(b"junk")
    assert cli("verify", str(tmp_path / "junk")) == 1
    assert "not a bundle" in cli.err
    assert cli("verify", str(tmp_path / "nothing")) == 2


def test_hostile_text_cannot_act_on_the_terminal(cli: Cli, made: Path):
    def hostile(records: list[dict]) -> None:
        one_verdict(records)
        next(r for r in records if r.get("sample_id") == "0")["answer"] = "\x1b[2J\u202e"

    assert cli("verify", str(repacked(made, edit("verdicts.auto.jsonl", hostile)))) == 1
    assert "\x1b" not in cli.out
    assert "\u202e" not in cli.out


def test_a_bundle_holds_one_run(cli: Cli, run: Path, tmp_path: Path):
    assert cli("export", str(run), str(run), "--bundle", str(tmp_path / "x.tar.gz")) == 2
    with pytest.raises(UsageError):
        verify_bundle(tmp_path / "x.tar.gz")
