"""Finding tasks: by name among the packaged ones and the user's directories, or by the path of a YAML file.

    >>> from mathevalkit.tasks.finding import load_task
    >>> task = load_task("gsm8k")
    >>> task.num_rows, task.defaults["base"]
    (1319, 'fewshot')

``mathevalkit.tasks.files`` reads what a task file holds, ``mathevalkit.tasks.rows`` the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from answer_normalizers.plugins import did_you_mean
from mathevalkit.errors import TaskNotFoundError
from mathevalkit.packaged import packaged
from mathevalkit.types import Task

__all__ = ["list_tasks", "load_task", "task_names"]


def load_task(name_or_path: str | Path, *, task_dirs: Sequence[str | Path] = ()) -> Task:
    """The task of that name, or the task in that YAML file.

    Args:
        name_or_path: A name (``gsm8k``), or a path that ends in ``.yaml`` or ``.yml``.
        task_dirs: Directories of the user's own task files. They come before the packaged tasks, the
            first directory first, so a file of the same name overrides.

    Raises:
        TaskNotFoundError: No task of that name or path.
        TaskFileError: The file is malformed; the message names file, line, field and remedy.
    """
    from mathevalkit.tasks.files import read_task_file

    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise TaskNotFoundError(f"{path}: there is no such task file")
    else:
        found = _task_paths(task_dirs)
        name = str(name_or_path)
        if name not in found:
            raise TaskNotFoundError(
                f"no task {name!r}{did_you_mean(name, found)} (your own: give the path of its YAML file, or "
                "its folder as `task_dirs`)"
            )
        path = found[name]
    return read_task_file(path, recipe_dirs=_recipe_dirs(task_dirs))


def list_tasks(task_dirs: Sequence[str | Path] = ()) -> list[Task]:
    """Every task that ``load_task`` finds by name, sorted by name. Raises as ``load_task`` does."""
    from mathevalkit.tasks.files import read_task_file

    recipe_dirs = _recipe_dirs(task_dirs)
    return [
        read_task_file(path, recipe_dirs=recipe_dirs) for _, path in sorted(_task_paths(task_dirs).items())
    ]


def task_names(task_dirs: Sequence[str | Path] = ()) -> tuple[str, ...]:
    """The names that ``load_task`` finds, sorted; the files are not read."""
    return tuple(sorted(_task_paths(task_dirs)))


def _task_paths(task_dirs: Sequence[str | Path]) -> dict[str, Path]:
    """The task files by name; an earlier directory wins."""
    paths: dict[str, Path] = {}
    for directory in _directories(task_dirs):
        for path in sorted((*directory.glob("*.yaml"), *directory.glob("*.yml"))):
            paths.setdefault(path.stem, path)
    return paths


def _recipe_dirs(task_dirs: Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(directory / "recipes" for directory in _directories(task_dirs))


def _directories(task_dirs: Sequence[str | Path]) -> Iterable[Path]:
    for directory in map(Path, task_dirs):
        if not directory.is_dir():
            raise TaskNotFoundError(f"{directory}: there is no such directory of task files (`task_dirs`)")
        yield directory
    yield packaged("tasks")
