"""What code that got into SymPy's process would try. Imported in that process only."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from answer_normalizers.symbolic import process as cage

assert cage


def attempt(kind: str, marker: str, victim: str) -> str:
    """Try it; return where it worked."""
    tries = {
        "system": lambda: os.system(f"touch {marker}"),
        "popen": lambda: subprocess.run(["touch", marker], check=False),
        "fork": os.fork,
        "socket": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
        "write": lambda: Path(marker).write_text("x"),
        "append": lambda: os.open(victim, os.O_WRONLY | os.O_APPEND),
        "remove": Path(victim).unlink,
        "rename": lambda: Path(victim).rename(marker),
        "chmod": lambda: Path(victim).chmod(0),
        "evaluate": lambda: eval(f"__import__('pathlib').Path({marker!r})"),
    }
    tries[kind]()
    return kind


def environment() -> list[str]:
    """The names of the environment variables."""
    return sorted(os.environ)
