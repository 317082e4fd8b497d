"""What the process that SymPy runs in may not do: start a process, open a connection, write a file.

An audit hook (PEP 578) cannot be taken out again and sees every such call, whatever asked for it. It is no
sandbox against native code; it stands behind a process that no string of an answer reaches as code anyway.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_FORBIDDEN = (
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.remove"),
    *("os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.putenv"),
    *("shutil.", "subprocess.", "socket.", "ctypes.", "urllib.", "http.", "ftplib.", "smtplib."),
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_REACHING = frozenset(
    {"open", "eval", "exec", "compile", "getattr", "setattr", "delattr", "globals", "locals", "vars"}
    | {"input", "breakpoint", "os", "sys", "subprocess", "importlib", "builtins"}
)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: SymPy needs none of this, so whoever asks for it came out of an answer.

    SymPy makes small functions out of strings of its own while it works, so code from a string is refused
    only where it names something that arithmetic does not.
    """
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise PermissionError(f"writing {arguments[0]}")
    if event == "exec" and getattr(arguments[0], "co_filename", "") == "<string>":
        names = arguments[0].co_names
        if any(name in _REACHING or name.startswith("__") for name in names):
            raise PermissionError("a string as code")


def close_cage() -> None:
    """From here on, for good."""
    sys.addaudithook(_forbid)
