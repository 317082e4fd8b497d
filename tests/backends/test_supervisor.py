"""The supervisor, with an engine that dies, stalls and lies on command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from mathevalkit import errors
from mathevalkit.backends.supervised.supervisor import SupervisedBackend
from mathevalkit.types import EngineOptions, Request, Sampling
from tests.backends.fake_engine import NAME
from tests.places import REPO

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the fake engine finds its pipe through /proc"
)

SAMPLING = Sampling(max_tokens=8)


def requests(*prompts: str) -> list[Request]:
    return [
        Request(sample_id=str(i), k=0, prompt=p, special_tokens=True, sampling=SAMPLING, seed=i)
        for i, p in enumerate(prompts)
    ]


def echoes(count: int) -> list[str]:
    return [f"echo {i}" for i in range(count)]


@pytest.fixture
def make(tmp_path):
    made = []

    def _make(*, stall_seconds=30.0, max_restarts=3, ready=True, **engine_args):
        backend = SupervisedBackend(
            NAME,
            EngineOptions(
                model="fake",
                backend="fake",
                engine_args={"state": str(tmp_path), **engine_args},
                stall_seconds=stall_seconds,
                max_restarts=max_restarts,
                log_path=str(tmp_path / "engine.log"),
            ),
        )
        made.append(backend)
        if ready:
            backend.start()
            backend.load()
        return backend

    yield _make
    for backend in made:
        backend.close()


def served(tmp_path: Path) -> Counter[str]:
    return Counter((tmp_path / "served").read_text().splitlines())


def engine_pid(tmp_path: Path) -> int:
    return int((tmp_path / "pid").read_text())


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_every_request_comes_back_once_with_its_own_text(make):
    backend = make()
    done = {c.sample_id: c for c in backend.generate(requests(*echoes(300)))}
    assert len(done) == 300
    assert all(done[str(i)].text == f"ECHO {i}" for i in range(300))
    assert all(c.finish_reason == "stop" and c.prompt_tokens and c.seconds is not None for c in done.values())
    assert backend.restarts == 0


def test_generate_can_be_called_again_after_it_is_exhausted(make):
    backend = make()
    assert len(list(backend.generate(requests(*echoes(5))))) == 5
    assert [c.text for c in backend.generate(requests("echo again"))] == ["ECHO AGAIN"]


def test_the_same_sample_may_be_asked_for_several_times(make):
    same = [Request("7", k, "echo 7", special_tokens=True, sampling=SAMPLING, seed=k) for k in range(4)]
    assert sorted(c.key for c in make().generate(same)) == [("7", 0), ("7", 1), ("7", 2), ("7", 3)]


def test_requests_are_pulled_lazily(make):
    backend = make(concurrency=4, step_seconds=0.02)
    pulled = 0

    def source():
        nonlocal pulled
        for request in requests(*echoes(10_000)):
            pulled += 1
            yield request

    stream = backend.generate(source())
    assert len(list(islice(stream, 5))) == 5
    assert pulled <= 4 + 32 + 5
    stream.close()


def test_closing_generate_drops_what_was_submitted_and_leaves_the_engine_usable(make, tmp_path):
    backend = make(step_seconds=0.01)
    stream = backend.generate(requests(*echoes(36)))
    next(stream)
    stream.close()
    assert [c.text for c in backend.generate(requests("echo after"))] == ["ECHO AFTER"]
    assert (tmp_path / "aborted").exists()
    assert sum(served(tmp_path).values()) < 36


def test_a_tokenizer_answers_before_the_weights_are_loaded(make):
    backend = make(ready=False)
    info = backend.start()
    assert info.bos_token_id == 1
    assert backend.tokenizer.encode(["ab"], special_tokens=True) == [[1, 97, 98]]
    assert backend.tokenizer.encode(["ab"], special_tokens=False) == [[97, 98]]
    assert backend.tokenizer.render_chat([[{"role": "user", "content": "hi"}]]) == ["hi"]
    assert backend.tokenizer.chat_template == "t"


def test_a_conversation_the_template_refuses_is_a_recipe_error(make):
    backend = make(ready=False)
    backend.start()
    with pytest.raises(errors.RecipeError, match="no system turn"):
        backend.tokenizer.render_chat([[{"role": "system", "content": "x"}]])


def test_prompts_may_be_rendered_while_generate_pulls_them(make):
    backend = make()

    def source():
        for i in range(50):
            (prompt,) = backend.tokenizer.render_chat([[{"role": "user", "content": f"echo {i}"}]])
            yield Request(str(i), 0, prompt, special_tokens=True, sampling=SAMPLING, seed=i)

    assert {c.text for c in backend.generate(source())} == {f"ECHO {i}" for i in range(50)}


def test_a_refused_request_is_an_error_of_its_own(make):
    done = {c.sample_id: c for c in make().generate(requests("echo a", "refuse", "echo b"))}
    assert done["1"].finish_reason == "error"
    assert done["1"].error == "this one cannot be served"
    assert done["0"].text == "ECHO A"
    assert done["2"].text == "ECHO B"


@pytest.mark.parametrize("prompt", ["unencodable", "", "lone surrogate \ud800"])
def test_a_prompt_that_has_no_tokens_is_an_error_of_its_own(make, prompt):
    request = Request("x", 0, prompt, special_tokens=False, sampling=SAMPLING, seed=0)
    done = {c.sample_id: c for c in make().generate([request, *requests("echo a")])}
    assert done["x"].finish_reason == "error"
    assert "prompt" in done["x"].error
    assert done["0"].text == "ECHO A"


@pytest.mark.parametrize("accident", ["kill", "exit", "raise", "torn", "garbage"])
def test_after_an_accident_only_what_had_not_finished_runs_again(make, tmp_path, accident):
    backend = make(concurrency=4)
    prompts = [*echoes(40), f"{accident} me", *(f"echo {i}" for i in range(40, 80))]
    done = [c.text for c in backend.generate(requests(*prompts))]
    assert sorted(done) == sorted(p.upper() for p in prompts)
    assert backend.restarts == 1
    # what had reached us before the accident was not generated again
    assert sum(served(tmp_path).values()) <= len(prompts) + 1


def test_an_engine_that_does_nothing_for_too_long_is_started_again(make):
    backend = make(stall_seconds=4.0)
    done = [c.text for c in backend.generate(requests("echo a", "stall me", "echo b"))]
    assert sorted(done) == ["ECHO A", "ECHO B", "STALL ME"]
    assert backend.restarts == 1


def test_a_stopped_engine_process_is_started_again(make, tmp_path):
    backend = make(stall_seconds=4.0, step_seconds=0.05)
    stream = backend.generate(requests(*echoes(30)))
    first = next(stream)
    os.kill(engine_pid(tmp_path), signal.SIGSTOP)
    done = [first, *stream]
    assert sorted(c.text for c in done) == sorted(f"ECHO {i}" for i in range(30))
    assert backend.restarts == 1


def test_an_engine_that_gets_on_without_finishing_anything_is_not_stalled(make):
    backend = make(stall_seconds=4.0, step_seconds=0.5, concurrency=1)
    assert [c.text for c in backend.generate(requests("long 13"))] == ["LONG 13"]
    assert backend.restarts == 0


def test_a_slow_consumer_is_not_the_engines_fault(make):
    backend = make(stall_seconds=3.0, concurrency=1, step_seconds=0.05)
    stream = backend.generate(requests(*echoes(6)))
    next(stream)
    time.sleep(4.0)
    assert len(list(stream)) == 5
    assert backend.restarts == 0


def test_a_request_that_kills_the_engine_every_time_fails_alone(make):
    backend = make(concurrency=4, max_restarts=3)
    prompts = [*echoes(10), "kill-always", *(f"echo {i}" for i in range(10, 60))]
    done = {c.sample_id: c for c in backend.generate(requests(*prompts))}
    assert len(done) == 61
    assert done["10"].finish_reason == "error"
    assert "SIGKILL" in done["10"].error
    assert all(c.finish_reason == "stop" for key, c in done.items() if key != "10")


def test_several_such_requests_fail_alone_each(make):
    backend = make(concurrency=4, max_restarts=3)
    prompts = ["kill-always", *echoes(30), "kill-always", *(f"echo {i}" for i in range(30, 50))]
    done = list(backend.generate(requests(*prompts)))
    assert len(done) == len(prompts)
    assert [c.sample_id for c in done if c.finish_reason == "error"] == ["0", "31"]


def test_a_request_that_kills_late_is_found_as_well(make):
    backend = make(concurrency=4, max_restarts=3)
    done = {c.sample_id: c for c in backend.generate(requests("kill-slowly", *echoes(20)))}
    assert len(done) == 21
    assert done["0"].finish_reason == "error"


def test_an_engine_that_every_request_kills_is_given_up(make, tmp_path):
    backend = make(max_restarts=2)
    with pytest.raises(errors.EngineDiedError, match="not started again") as caught:
        list(backend.generate(requests(*["kill-always"] * 50)))
    assert str(tmp_path / "engine.log") in str(caught.value)


def test_unrelated_deaths_use_up_the_restarts(make):
    backend = make(max_restarts=2, concurrency=1)
    prompts = [p for i in range(4) for p in (*(f"echo {i}.{j}" for j in range(40)), f"kill {i}")]
    done = []
    with pytest.raises(errors.EngineDiedError, match="failed 3 times"):
        done.extend(backend.generate(requests(*prompts)))
    assert backend.restarts == 2


def test_no_restart_is_made_where_none_is_allowed(make):
    backend = make(max_restarts=0)
    with pytest.raises(errors.EngineDiedError, match="failed once"):
        list(backend.generate(requests("kill me")))


def test_an_engine_that_dies_between_two_generates_is_started_again(make, tmp_path):
    backend = make()
    list(backend.generate(requests("echo a")))
    os.kill(engine_pid(tmp_path), signal.SIGKILL)
    assert [c.text for c in backend.generate(requests("echo b"))] == ["ECHO B"]
    assert backend.restarts == 1


def test_an_engine_that_dies_without_a_word_is_quoted_from_its_log(make, tmp_path):
    backend = make(max_restarts=0)
    with (tmp_path / "engine.log").open("a") as log:
        log.write("all is well\nkernel.c:12: ASSERT(n < 256) failed\nbye\n")
    with pytest.raises(errors.EngineDiedError, match=r"SIGKILL after it said .*ASSERT\(n < 256\) failed"):
        list(backend.generate(requests("kill me")))


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("open_error", "ModelNotFoundError"),
        ("open_error", "BackendUnavailableError"),
        ("open_error", "UsageError"),
        ("load_error", "OutOfMemoryError"),
        ("load_error", "BackendError"),
    ],
)
def test_an_error_of_the_engine_arrives_as_its_class_with_the_log_named(make, tmp_path, stage, kind):
    backend = make(ready=False, **{stage: f"{kind}: the reason"})
    with pytest.raises(getattr(errors, kind), match="the reason") as caught:  # noqa: PT012 - either may raise
        backend.start()
        backend.load()
    assert str(tmp_path / "engine.log") in str(caught.value)
    assert "fake: fake" in str(caught.value)


def test_too_little_memory_names_the_options_that_help(make):
    backend = make(ready=False, load_error="OutOfMemoryError: 14 GiB wanted")
    backend.start()
    with pytest.raises(errors.OutOfMemoryError) as caught:
        backend.load()
    for option in ("`max_model_len`", "`gpu_memory_utilization`", "`tensor_parallel_size`", "llama_cpp"):
        assert option in str(caught.value)


def test_a_process_killed_while_loading_is_reported_as_out_of_memory(make):
    backend = make(ready=False, die_in_load=True)
    backend.start()
    with pytest.raises(errors.OutOfMemoryError, match="SIGKILL"):
        backend.load()


def test_engine_args_that_cannot_travel_are_refused(tmp_path):
    options = EngineOptions(
        model="m", backend="fake", engine_args={"x": object()}, log_path=str(tmp_path / "l")
    )
    with pytest.raises(errors.UsageError, match="`engine_args`"):
        SupervisedBackend(NAME, options)


def test_a_log_that_cannot_be_written_is_one_clear_error(tmp_path):
    options = EngineOptions(model="m", backend="fake", log_path=str(tmp_path / "missing" / "log"))
    with pytest.raises(errors.RunDirectoryError, match="missing"):
        SupervisedBackend(NAME, options)


def test_what_the_engine_prints_goes_to_the_log(make, tmp_path, capfd):
    backend = make()
    backend.close()
    assert "printed to standard output" in (tmp_path / "engine.log").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_temporary_log_goes_when_all_went_well(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    backend = SupervisedBackend(
        NAME, EngineOptions(model="m", backend="f", engine_args={"state": str(tmp_path)})
    )
    backend.start()
    assert list(tmp_path.glob("mathevalkit-engine-*.log"))
    backend.close()
    assert not list(tmp_path.glob("mathevalkit-engine-*.log"))


def test_close_ends_the_process_cleanly_and_twice(make, tmp_path):
    backend = make()
    pid = engine_pid(tmp_path)
    backend.close()
    backend.close()
    assert not is_alive(pid)
    assert (tmp_path / "closed").exists()


def test_a_closed_backend_says_so(make):
    backend = make()
    backend.close()
    with pytest.raises(errors.BackendError, match="closed"):
        list(backend.generate(requests("echo a")))


def test_the_engine_does_not_share_our_process_group(make, tmp_path):
    make()
    assert os.getpgid(engine_pid(tmp_path)) != os.getpgrp()
    assert os.getsid(engine_pid(tmp_path)) != os.getsid(0)


PARENT = """
import sys, time
from mathevalkit.backends.supervised.supervisor import SupervisedBackend
from mathevalkit.types import EngineOptions, Request, Sampling
backend = SupervisedBackend({name!r}, EngineOptions(
    model="m", backend="fake", log_path={log!r}, engine_args={{"state": {state!r}, "step_seconds": 0.2}}))
backend.start()
backend.load()
requests = (Request(str(i), 0, f"echo {{i}}", True, Sampling(max_tokens=1), 0) for i in range(10_000))
for completion in backend.generate(requests):
    print(completion.text, flush=True)
"""


def start_parent(tmp_path: Path) -> subprocess.Popen[bytes]:
    code = PARENT.format(name=NAME, log=str(tmp_path / "log"), state=str(tmp_path))
    repo = str(REPO)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": repo},
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_dies_with_its_parent(tmp_path, how):
    with start_parent(tmp_path) as parent:
        assert parent.stdout.readline().startswith(b"ECHO")
        pid = engine_pid(tmp_path)
        parent.send_signal(how)
        parent.wait()
        assert wait_until(lambda: not is_alive(pid))
        parent.stdout.read()
        parent.stderr.read()


def test_ctrl_c_reaches_the_parent_alone(tmp_path):
    with start_parent(tmp_path) as parent:
        assert parent.stdout.readline().startswith(b"ECHO")
        pid = engine_pid(tmp_path)
        parent.send_signal(signal.SIGINT)
        _, err = parent.communicate()
        assert b"KeyboardInterrupt" in err
        assert wait_until(lambda: not is_alive(pid))
        assert "Traceback" not in (tmp_path / "log").read_text()
