"""A function in a process that is killed: nothing it is given can hang or exhaust its caller."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from answer_normalizers.killable import Worker, WorkerError, WorkerKilledError


@pytest.fixture
def adder() -> Iterator[Worker]:
    worker = Worker("operator:add", deadline=30.0)
    yield worker
    worker.stop()


@pytest.fixture
def sleeper() -> Iterator[Worker]:
    worker = Worker("time:sleep", deadline=0.5)
    yield worker
    worker.stop()


def test_it_calls_the_function_in_another_process(adder: Worker) -> None:
    assert adder.call(2, 3) == 5
    here = Worker("os:getpid")
    assert here.call() != os.getpid()
    assert here.call() == here.call()  # the process is kept
    here.stop()


def test_what_the_function_raises_is_told_and_the_process_goes_on(adder: Worker) -> None:
    with pytest.raises(WorkerError, match="TypeError"):
        adder.call(2, "x")
    assert adder.call(2, 3) == 5


def test_a_call_past_the_deadline_is_killed_and_the_next_one_works(sleeper: Worker) -> None:
    started = time.monotonic()
    with pytest.raises(WorkerKilledError, match=r"killed after 0\.5 s"):
        sleeper.call(60)
    assert time.monotonic() - started < 30
    assert sleeper.call(0) is None


def test_a_call_that_wants_too_much_memory_ends_without_harm() -> None:
    worker = Worker("operator:mul", deadline=30.0, memory=512 << 20)
    with pytest.raises(WorkerError):
        worker.call("x" * 1_000, 10_000_000)
    assert worker.call("x", 3) == "xxx"
    worker.stop()


def test_a_process_that_dies_is_replaced() -> None:
    worker = Worker("os:_exit", deadline=30.0)
    for _ in range(2):
        with pytest.raises(WorkerKilledError, match="died"):
            worker.call(1)
    worker.stop()


def test_what_does_not_import_is_said_once_it_is_called() -> None:
    with pytest.raises(WorkerError, match="no_such_module_here"):
        Worker("no_such_module_here:x").call()


def test_what_the_function_prints_does_not_end_up_among_the_replies() -> None:
    worker = Worker("builtins:print", deadline=30.0)
    assert worker.call('{"value": "a lie"}') is None
    worker.stop()


def test_threads_take_turns(adder: Worker) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda number: adder.call(number, 1), range(200))) == list(range(1, 201))


def test_a_pickled_copy_has_a_process_of_its_own() -> None:
    worker = Worker("os:getpid")
    copy = pickle.loads(pickle.dumps(worker))
    assert worker.call() != copy.call()
    worker.stop()
    copy.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork_the_child_has_a_process_of_its_own() -> None:
    worker = Worker("os:getpid", deadline=30.0)
    mine = worker.call()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(worker.call()).encode())
        worker.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 20).decode() != str(mine)
    assert worker.call() == mine
    worker.stop()
    os.close(reader)
    os.close(writer)


def test_a_worker_that_nobody_stops_ends_with_its_object_and_with_the_interpreter() -> None:
    worker = Worker("operator:add", deadline=20.0)
    assert worker.call(2, 3) == 5
    process = worker._process
    assert process is not None
    del worker
    gc.collect()
    assert process.poll() is not None
    script = "from answer_normalizers.killable import Worker; w = Worker('operator:add'); w.call(1, 2)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
