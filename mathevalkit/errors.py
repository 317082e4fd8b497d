"""Every exception mathevalkit raises on purpose, in one tree.

    MathEvalError                 anything the user can act on; the CLI prints it as one line
    ├── UsageError                flags or arguments that cannot go together
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

Each message says what is wrong, where, and what to do.
"""

from __future__ import annotations

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
    """Flags or arguments that cannot go together, or a value out of range."""

    exit_code = 2


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
    """The weights or the cache do not fit. The message names the flags that help."""


class EngineDiedError(BackendError):
    """The engine's process died or stalled more often than it may be restarted."""
