"""The command line in a process of its own: imports, signals, closed pipes, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.cli.helpers import Sums, start

HEAVY = {"torch", "vllm", "datasets", "pandas", "sympy", "numpy", "pydantic", "transformers", "flint", "rich"}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["run", "--help"], {"pydantic"}),  # Typer itself takes it to convert options
        (["run"], {"pydantic"}),
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str], allowed: set[str]):
    program = (
        "import json, sys\n"
        "from mathevalkit.cli.app import run_command_line\n"
        f"run_command_line({arguments!r})\n"
        f"print(json.dumps(sorted({HEAVY - allowed!r} & set(sys.modules))), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr.splitlines()[-1]) == []


def test_a_closed_pipe_ends_the_command_without_a_traceback(sums: Sums):
    with start(["tasks", "list"], cwd=sums.folder) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()
    assert "Traceback" not in err
    assert "Exception" not in err


def test_plain_lines_and_no_escape_sequences_where_nothing_is_a_terminal(sums: Sums):
    running = start(sums.command, cwd=sums.folder, TERM="xterm-256color")
    out, err = running.communicate()
    assert running.returncode == 0
    assert "\x1b" not in out + err
    assert "\r" not in out + err
    assert max(map(len, err.splitlines())) < 1000


# ---- signals ---------------------------------------------------------------------------------------

PLUGIN = '''
import os, sys, time
from pathlib import Path
from mathevalkit.types import Completion, ModelInfo

class SlowBackend:
    """Answers every 50 ms, and takes a second to close."""
    tokenizer = None
    restarts = 0
    def __init__(self, options):
        self.folder = Path(options.model)
    def start(self):
        return ModelInfo(model="slow", backend="slow", backend_version="1")
    def load(self):
        pass
    def generate(self, requests):
        for request in requests:
            time.sleep(0.05)
            yield Completion(request.sample_id, request.k, "The answer is 2.", "stop")
    def close(self):
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            time.sleep(0.01)
        (self.folder / "closed").touch()
'''


@pytest.fixture
def slow(sums: Sums) -> Sums:
    """The sums with a plug-in backend that is slow, installed the way plug-ins are."""
    (sums.folder / "slow_backend.py").write_text(PLUGIN)
    info = sums.folder / "slow_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mathevalkit.backends]\nslow = slow_backend:SlowBackend\n")
    return sums


def slow_command(slow: Sums, *options: str) -> list[str]:
    command = [*slow.command, "--backend", "slow", *options]
    command[command.index("--model") + 1] = str(slow.folder)
    return command


def wait_for_lines(slow: Sums, count: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in slow.runs.rglob("generations.jsonl"):
            if path.read_bytes().count(b"\n") > count:
                return
        time.sleep(0.02)
    pytest.fail("the run did not get going")


def keys(run_dir: Path) -> list[str]:
    lines = (run_dir / "generations.jsonl").read_bytes().splitlines()[1:]
    return [orjson.loads(line)["sample_id"] for line in lines]


@pytest.mark.parametrize("more_signals", [0, 1, 5])
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(slow: Sums, more_signals: int):
    running = start(slow_command(slow), cwd=slow.folder, PYTHONPATH=str(slow.folder))
    wait_for_lines(slow, 5)
    running.send_signal(signal.SIGINT)
    for _ in range(more_signals):
        time.sleep(0.1)
        running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert "Exception" not in err
    assert (slow.folder / "closed").exists(), "the backend was not closed to the end"
    [run_dir] = slow.run_dirs()
    assert f"stopped. {len(keys(run_dir))} of 30 completions are safe in {run_dir}; go on with:" in err
    command = err.rstrip().splitlines()[-1].split()
    assert command == ["python", "-m", "mathevalkit", *slow_command(slow)]
    assert err.count("stopping already") == min(1, more_signals)
    again = start(command[3:], cwd=slow.folder, PYTHONPATH=str(slow.folder))
    again.communicate(timeout=30)
    assert again.returncode == 0
    assert slow.run_dirs() == [run_dir]
    assert sorted(keys(run_dir), key=int) == [str(i) for i in range(30)]


def test_ctrl_c_held_down_until_the_end_shows_no_traceback(slow: Sums):
    running = start(slow_command(slow), cwd=slow.folder, PYTHONPATH=str(slow.folder))
    wait_for_lines(slow, 2)
    while running.poll() is None:
        running.send_signal(signal.SIGINT)
        time.sleep(0.003)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert "KeyboardInterrupt" not in err
    assert (slow.folder / "closed").exists()


def test_after_new_the_command_to_go_on_names_the_run(slow: Sums):
    running = start(slow_command(slow, "--new"), cwd=slow.folder, PYTHONPATH=str(slow.folder))
    wait_for_lines(slow, 2)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    [run_dir] = slow.run_dirs()
    assert err.rstrip().endswith(f"mathevalkit run --resume {run_dir}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_scheduler_or_a_lost_terminal_stops_a_run_as_cleanly(slow: Sums, number: int, code: int):
    running = start(slow_command(slow), cwd=slow.folder, PYTHONPATH=str(slow.folder))
    wait_for_lines(slow, 2)
    running.send_signal(number)
    _, err = running.communicate(timeout=30)
    assert running.returncode == code
    assert "are safe in" in err
    assert (slow.folder / "closed").exists()


def test_a_run_under_nohup_survives_the_terminal(slow: Sums):
    program = (
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from mathevalkit.cli.app import main; main()"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program, *slow_command(slow)],
        cwd=slow.folder,
        env={**os.environ, "PYTHONPATH": f"{slow.folder}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for_lines(slow, 2)
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=30)
    assert running.returncode == 0


def test_a_run_goes_on_when_whoever_reads_its_output_is_gone(slow: Sums):
    with start(slow_command(slow), cwd=slow.folder, PYTHONPATH=str(slow.folder)) as running:
        wait_for_lines(slow, 2)
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        running.stderr.close()
    assert running.returncode == 0
    [run_dir] = slow.run_dirs()
    assert len(keys(run_dir)) == 30
    assert (run_dir / "results.json").exists()


# ---- a terminal ------------------------------------------------------------------------------------


def in_terminal(arguments: list[str], *, cwd: Path, columns: int, **environment: str) -> str:
    """Everything the command writes to a pseudo-terminal of that width."""
    leader, follower = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40", **environment}
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    running = subprocess.Popen(
        [sys.executable, "-m", "mathevalkit", *arguments],
        cwd=cwd,
        env={**clean, **settings},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written = b""
    while select.select([leader], [], [], 30)[0]:
        try:
            block = os.read(leader, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not block:
            break
        written += block
    os.close(leader)
    assert running.wait(timeout=30) == 0
    return written.decode()


def without_codes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("columns", [80, 140])
def test_the_live_line_and_the_tables_fit_the_terminal(slow: Sums, columns: int):
    shown = in_terminal(slow_command(slow), cwd=slow.folder, columns=columns, PYTHONPATH=str(slow.folder))
    lines = re.split(r"[\r\n]+", without_codes(shown))
    live = [line for line in lines if re.match(r"sums .*\d+/30", line)]
    assert live
    assert [line for line in lines if len(line) > columns and str(slow.folder) not in line] == []
    assert any("━" in line and "truncated" in line for line in live) or columns == 80
    assert "\x1b[?25h" in shown.rpartition("\x1b[?25l")[2], "the cursor is hidden for good"
    assert [line for line in lines if line.startswith("Algebra")]


def test_no_color_is_honoured(sums: Sums):
    shown = in_terminal(sums.command, cwd=sums.folder, columns=100, NO_COLOR="1")
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38)", shown)


def test_a_dumb_terminal_gets_plain_lines(sums: Sums):
    shown = in_terminal(sums.command, cwd=sums.folder, columns=100, TERM="dumb")
    assert "\x1b" not in shown
