"""Every exception mathevalkit raises on purpose, in one tree.

    MathEvalError                 anything the user can act on; the CLI prints it as one line
    ├── UsageError                arguments that cannot go together, or a value out of range
    │   └── PluginError           a scorer, a backend, an exporter that was named cannot be used
    ├── TaskError                 a task cannot be used
    │   ├── TaskNotFoundError     no task of that name or path
    │   └── TaskFileError         a task file is malformed (file, field, remedy)
    ├── DataError                 rows cannot be read or are not the rows expected (file, line)
    ├── RecipeError               a recipe does not exist or does not fit the model
    ├── PreflightError            a check that must hold before weights load does not
    ├── RunDirectoryError         a run directory cannot be written, read or resumed
    │   ├── ManifestMismatchError the run on disk was made with other settings
    │   └── RunLockedError        another process is writing this run
    ├── ComparisonError           runs that cannot be compared
    ├── BundleError               a bundle is damaged, incomplete or unsafe
    └── BackendError              the engine cannot be used
        ├── BackendUnavailableError  its package is not installed
        ├── ModelNotFoundError       no such model
        ├── OutOfMemoryError         the model or its cache does not fit
        └── EngineDiedError          the engine's process died or stalled too often

Each message says what is wrong, where, and what to do. It names an argument in backticks, with its value
where that matters, and a call as Python. The command line prints flags and commands instead::

    `max_tokens=0`: expected 1 or more
    runs/x: the run is not whole yet; go on with it: `evaluate(…, resume="runs/x")`
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "BackendError",
    "BackendUnavailableError",
    "BundleError",
    "ComparisonError",
    "DataError",
    "EngineDiedError",
    "ManifestMismatchError",
    "MathEvalError",
    "ModelNotFoundError",
    "OutOfMemoryError",
    "PluginError",
    "PreflightError",
    "RecipeError",
    "RunDirectoryError",
    "RunLockedError",
    "TaskError",
    "TaskFileError",
    "TaskNotFoundError",
    "UsageError",
]


class MathEvalError(Exception):
    """Something the user can act on. ``exit_code`` is what the command line returns for it."""

    exit_code = 1


class UsageError(MathEvalError):
    """Arguments that cannot go together, or a value out of range."""

    exit_code = 2


class PluginError(UsageError):
    """A plug-in that was asked for does not import, cannot be called, or shares its name with another."""


class TaskError(MathEvalError):
    """A task cannot be used."""

    exit_code = 2


class TaskNotFoundError(TaskError):
    """No task of that name or path."""


class TaskFileError(TaskError):
    """A task file is malformed: ``tasks/x.yaml: recipes.metamath.stop: expected …, got …``."""


class DataError(MathEvalError):
    """Rows cannot be read, lack a field, or are not the rows the task was written for."""

    exit_code = 2


class RecipeError(MathEvalError):
    """A recipe does not exist for the task or cannot be used with the model."""

    exit_code = 2


class PreflightError(MathEvalError):
    """At least one preflight check failed. The message lists each with its remedy."""

    exit_code = 3


class RunDirectoryError(MathEvalError):
    """A run directory cannot be created, written, read or resumed."""

    exit_code = 4


class ManifestMismatchError(RunDirectoryError):
    """The run on disk was made with another model, data, prompt or sampling."""


class RunLockedError(RunDirectoryError):
    """Another process is writing this run."""


class ComparisonError(MathEvalError):
    """Runs that cannot be compared: other data, other rows, not whole. Never exit code 1 or 2, which are
    decisions of ``mathevalkit gate``."""

    exit_code = 6


class BundleError(MathEvalError):
    """A bundle that cannot be read: damaged, incomplete, unsafe, or of a newer version."""


class BackendError(MathEvalError):
    """The engine cannot be used or gave up."""

    exit_code = 5


class BackendUnavailableError(BackendError):
    """The backend's package is not installed. The message gives the ``pip install`` line."""


class ModelNotFoundError(BackendError):
    """No such model, revision, file or adapter."""


class OutOfMemoryError(BackendError):
    """The weights or the cache do not fit. The message names the options that help."""


class EngineDiedError(BackendError):
    """The engine's process died or stalled more often than it may be restarted."""


@contextmanager
def named_by(argument: str, *, unknown: type[MathEvalError] = UsageError) -> Iterator[None]:
    """What a registry raises inside the block, as an error of this tree that names the argument.

    Raises:
        UsageError: no such name; with ``unknown`` an error of that class.
        PluginError: what has the name cannot be used.
    """
    from answer_normalizers import plugins

    try:
        yield
    except plugins.UnknownNameError as error:
        raise unknown(f"`{argument}`: {error}") from error
    except plugins.PluginError as error:
        raise PluginError(f"`{argument}`: {error}") from error


def call(function: str, *arguments: object, **options: object) -> str:
    """A call as a message shows it; ``...`` stands for arguments that the reader knows.

    >>> call("rescore", "runs/x", write_results=True)
    '`rescore("runs/x", write_results=True)`'
    """
    from json import dumps

    def shown(value: object) -> str:
        if value is ...:
            return "…"
        return str(value) if isinstance(value, bool) else dumps(value, ensure_ascii=False, default=str)

    given = [*map(shown, arguments), *(f"{name}={shown(value)}" for name, value in options.items())]
    return f"`{function}({', '.join(given)})`"
