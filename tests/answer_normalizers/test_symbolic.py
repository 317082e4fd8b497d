"""The last resort: SymPy's closed forms, judged by the engine; its process, its limits, its cage."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from answer_normalizers import Policy, Verdict, check
from answer_normalizers.grading import get_scorer
from answer_normalizers.killable import Worker, WorkerError
from answer_normalizers.symbolic import last_resort as symbolic
from answer_normalizers.symbolic.last_resort import LastResort
from tests.places import REPO

pytestmark = pytest.mark.skipif(find_spec("sympy") is None, reason="SymPy is not installed")


@pytest.fixture(scope="module")
def last_resort():
    # A deadline that a busy machine does not turn into a failure; tests of the deadline set their own.
    resort = LastResort(deadline=30.0)
    yield resort
    resort.stop()


# ---- what it settles -----------------------------------------------------------------------------------

EQUAL = [
    (r"\sum_{k=1}^\infty \frac{1}{k^2}", r"\frac{\pi^2}{6}"),
    (r"\sum_{n=0}^\infty \frac{x^n}{n!}", "e^x"),
    (r"\sum_{n=0}^\infty x^n", r"\frac{1}{1-x}"),
    (r"\sum_{k=1}^{10^{12}} k", r"\frac{10^{12}(10^{12}+1)}{2}"),
    (r"\lim_{x \to 0} \frac{\sin x}{x}", "1"),
    (r"\lim_{n \to \infty} \left(1+\frac{1}{n}\right)^n", "e"),
    (r"\int_0^\infty e^{-x^2} dx", r"\frac{\sqrt{\pi}}{2}"),
    (r"\int_{-\infty}^\infty \frac{dx}{1+x^2}", r"\pi"),
    (r"10^{10^{10}} \bmod 7", "4"),
    (r"\left(\sum_{k=1}^\infty \frac{1}{k^2}, 3\right)", r"\left(\frac{\pi^2}{6}, 3\right)"),
    (r"x = \sum_{k=0}^\infty 2^{-k}", "2"),
]


@pytest.mark.parametrize(("gold", "pred"), EQUAL)
def test_a_closed_form_settles_what_the_engine_cannot_evaluate(last_resort, gold, pred):
    assert check(gold=gold, pred=pred).equivalent is None
    for pair in ({"gold": gold, "pred": pred}, {"gold": pred, "pred": gold}):
        verdict = last_resort(**pair)
        assert (verdict.equivalent, verdict.stage) == (True, "symbolic"), verdict


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"\sum_{k=1}^\infty \frac{1}{k^2}", r"\frac{\pi^2}{8}"),
        (r"\lim_{x \to 0} \frac{\sin x}{x}", "2"),
        (r"\int_0^\infty e^{-x^2} dx", r"\sqrt{\pi}"),
        (r"10^{10^{10}} \bmod 7", "5"),
        (r"\left(\sum_{k=1}^\infty \frac{1}{k^2}, 3\right)", r"\left(\frac{\pi^2}{6}, 4\right)"),
    ],
)
def test_another_value_is_rejected(last_resort, gold, pred):
    assert last_resort(gold=gold, pred=pred).equivalent is False
    assert last_resort(gold=pred, pred=gold).equivalent is False


def test_a_dropped_condition_can_accept_and_never_reject(last_resort):
    series = r"\sum_{n=0}^\infty x^n"  # converges for |x| < 1 only
    assert last_resort(gold=series, pred=r"\frac{1}{1-x}").equivalent is True
    assert last_resort(gold=series, pred=r"\frac{1}{1+x}").equivalent is None


@pytest.mark.parametrize(
    ("gold", "pred"),
    [(r"\frac{1}{2}", "0.5"), ("x+1", "x+2"), (r"\text{blue}", r"\text{red}"), ("5", "five")],
)
def test_what_the_engine_decides_starts_no_process(monkeypatch, gold, pred):
    monkeypatch.setattr(symbolic, "_worker", None)  # asking for it would fail
    assert LastResort()(gold=gold, pred=pred) == check(gold=gold, pred=pred)


@pytest.mark.parametrize(("gold", "pred"), [("9^{9^{9^9}}", "9^{9^{9^9}}+1"), (r"\ln(x^2)", r"2\ln x")])
def test_what_sympy_has_no_arithmetic_for_either_is_not_asked(monkeypatch, gold, pred):
    monkeypatch.setattr(symbolic, "_worker", None)
    assert LastResort()(gold=gold, pred=pred) == check(gold=gold, pred=pred)


def test_the_policy_holds_for_closed_forms_too(last_resort):
    gold, pred = r"\sum_{k=1}^\infty 2^{-k}", r"100\%"
    assert last_resort(gold=gold, pred=pred).equivalent is True
    assert last_resort(gold=gold, pred=pred, policy=Policy(percent="fraction")).equivalent is True
    assert last_resort(gold=gold, pred="50", policy=Policy(percent="fraction")).equivalent is False


def test_without_sympy_the_engines_verdict_stands(monkeypatch):
    monkeypatch.setattr(symbolic, "available", lambda: False)
    gold, pred = EQUAL[0]
    assert LastResort()(gold=gold, pred=pred) == check(gold=gold, pred=pred)


def test_the_scorer_symbolic_is_auto_with_the_last_resort():
    score = get_scorer("symbolic")
    gold, pred = EQUAL[0]
    verdict = score(gold=gold, text=f"So it is $\\boxed{{{pred}}}$.")
    assert (verdict.equivalent, verdict.stage) == (True, "symbolic")
    assert verdict.extraction is not None
    assert verdict.extraction.value == pred
    for gold, text in (("18", "The answer is 18."), ("18", "The answer is 19."), ("18", "No idea.")):
        assert score(gold=gold, text=text) == get_scorer("auto")(gold=gold, text=text)


# ---- latex2sympy2 --------------------------------------------------------------------------------------

needs_reader = pytest.mark.skipif(symbolic.reads_latex() is None, reason="latex2sympy2 is not installed")


@needs_reader
@pytest.mark.parametrize(
    ("gold", "pred", "expected"),
    [(r"\frac{d}{dx} x^3", "3x^2", True), (r"\frac{d}{dx} x^3", "4x^2", None)],
)
def test_latex2sympy2_reads_what_the_parser_does_not_and_only_accepts(last_resort, gold, pred, expected):
    assert check(gold=gold, pred=pred).equivalent is None
    assert last_resort(gold=gold, pred=pred).equivalent is expected


@pytest.mark.parametrize(
    "text",
    [
        "open(1)",
        "__import__('os')",
        r"\frac{d}{dx} sin(x)",
        "x.__class__",
        "x" * 401,
        "lambda: 1",
        '"x"',
        "a;b",
        r"\text{open}",
    ],
)
def test_no_words_reach_latex2sympy2(text):
    assert not symbolic._is_plain_latex(text)


@pytest.mark.parametrize("text", [r"\frac{d}{dx} x^3", r"\int x \, dx", r"\lim_{x\to 0} x!", "ab + c_{12}"])
def test_plain_latex_does(text):
    assert symbolic._is_plain_latex(text)


# ---- limits --------------------------------------------------------------------------------------------

ENDLESS = r"\prod_{k=1}^{100000000} (k^2+k+1)"


def test_a_check_ends_at_its_deadline_and_the_next_one_works():
    resort = LastResort(deadline=3.0)
    gold, pred = EQUAL[4]
    try:
        assert resort(gold=gold, pred=pred).equivalent is True  # the process is there
        began = time.monotonic()
        verdict = resort(gold="1", pred=ENDLESS)
        assert time.monotonic() - began < 20  # not a measurement: it must end at all
        assert verdict.equivalent is None
        assert verdict.stage == check(gold="1", pred=ENDLESS).stage
        assert resort(gold=gold, pred=pred).equivalent is True
    finally:
        resort.stop()


def test_a_process_without_enough_memory_gives_no_verdict():
    resort = LastResort(deadline=30.0, memory=100 << 20)
    try:
        gold, pred = EQUAL[0]
        assert resort(gold=gold, pred=pred).equivalent in (None, True)
        assert resort(gold="1", pred=r"\sum_{k=1}^{10^{9}} k^{1000}").equivalent is not True
    finally:
        resort.stop()


@pytest.mark.parametrize(
    "pred",
    [
        r"\sum_{k=1}^{10^{12}} \frac{1}{k^2}",
        r"\int_0^1 e^{x^x} \sin(x^3) dx",
        r"\int_0^1 \int_0^1 \int_0^1 x^{y^{z}} dx dy dz",
        r"\prod_{k=1}^{1000000} k!",
        r"\lim_{x \to \infty} x^{x^{x^{x}}}",
        r"\sum_{n=0}^\infty \sum_{m=0}^\infty \frac{1}{n^2+m^2+1}",
        r"9^{9^{9^9}} \bmod 10",
        r"\sum_{k=1}^{9^{9^{9}}} k",
    ],
)
def test_hostile_mathematics_ends_without_a_false_verdict(pred):
    resort = LastResort(deadline=2.0)
    assert resort(gold="1", pred=pred).equivalent is not True


def test_stopping_ends_the_process():
    resort = LastResort(deadline=31.0)
    gold, pred = EQUAL[8]
    assert resort(gold=gold, pred=pred).equivalent is True
    process = symbolic._worker(31.0, resort.memory)._process
    assert process is not None
    resort.stop()
    assert process.poll() is not None
    assert resort(gold=gold, pred=pred).equivalent is True  # and another is started where it is needed
    resort.stop()


# ---- from anywhere -------------------------------------------------------------------------------------


def _verdicts(resort: LastResort) -> list[Verdict]:
    return [resort(gold=gold, pred=pred) for gold, pred in EQUAL[4:9]]


def test_threads_get_the_verdicts_of_one(last_resort):
    expected = _verdicts(last_resort)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(lambda _: _verdicts(last_resort), range(8)))


def test_an_event_loop_goes_on_meanwhile(last_resort):
    async def both() -> Verdict:
        verdict = asyncio.to_thread(last_resort, gold=EQUAL[4][0], pred=EQUAL[4][1])
        await asyncio.sleep(0)
        return await verdict

    assert asyncio.run(both()).equivalent is True


def test_it_travels_to_other_processes():
    resort = pickle.loads(pickle.dumps(LastResort(deadline=17.0)))
    assert resort == LastResort(deadline=17.0)


def _in_child(resort: LastResort, queue: multiprocessing.Queue[bool | None]) -> None:
    queue.put(resort(gold=EQUAL[4][0], pred=EQUAL[4][1]).equivalent)
    resort.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_starts_its_own(last_resort):
    assert last_resort(gold=EQUAL[4][0], pred=EQUAL[4][1]).equivalent is True
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(last_resort, queue))
    child.start()
    assert queue.get(timeout=60) is True
    child.join(30)
    assert last_resort(gold=EQUAL[4][0], pred=EQUAL[4][1]).equivalent is True


def test_the_process_ends_with_its_caller():
    code = (
        "from answer_normalizers.symbolic import last_resort as symbolic\n"
        "resort = symbolic.LastResort(deadline=30.0)\n"
        f"resort(gold={EQUAL[4][0]!r}, pred='1')\n"
        "print(symbolic._worker(30.0, resort.memory)._process.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO, timeout=120, check=True
    )
    pid = int(done.stdout)
    for _ in range(200):
        if not _alive(pid):
            return
        time.sleep(0.1)
    pytest.fail(f"process {pid} outlived its caller")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())


def test_importing_it_imports_no_sympy():
    code = "import answer_normalizers.symbolic.last_resort, sys; print('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO, check=True)
    assert done.stdout.strip() == "False"


# ---- the cage ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cage():
    """A process with SymPy's cage that runs what it is told, as code found in an answer would."""
    worker = Worker("tests.answer_normalizers.escapes:attempt", deadline=30.0)
    yield worker
    worker.stop()


@pytest.mark.parametrize(
    "attempt",
    ["system", "popen", "fork", "socket", "write", "append", "remove", "rename", "chmod", "evaluate"],
)
def test_code_in_the_process_gets_nowhere(cage, tmp_path, attempt):
    marker = tmp_path / "marker"
    victim = tmp_path / "victim"
    victim.write_text("here")
    with pytest.raises(WorkerError, match="PermissionError"):
        cage.call(attempt, str(marker), str(victim))
    assert not marker.exists()
    assert victim.read_text() == "here"


def test_the_process_knows_no_secrets(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    worker = Worker("tests.answer_normalizers.escapes:environment")
    try:
        names = worker.call()
    finally:
        worker.stop()
    assert isinstance(names, list)
    assert "HF_TOKEN" not in names


def test_code_in_an_answer_is_never_run(shared, tmp_path, last_resort):
    marker = tmp_path / "marker"
    lines = (shared / "answer_pairs" / "code_injection.jsonl").read_text().splitlines()
    assert lines
    for line in lines:
        pred = json.loads(line)["pred"].replace("{marker}", str(marker))
        for text in (pred, f"\\sum_{{k=1}}^\\infty {pred}", f"\\frac{{d}}{{dx}} {pred}", f"\\text{{{pred}}}"):
            assert last_resort(gold="1", pred=text).equivalent is not True
            assert last_resort(gold=text, pred="1").equivalent is not True
    assert not marker.exists()
