"""Where the files lie that come with the package: task files, prompts, templates.

>>> (packaged("tasks") / "gsm8k.yaml").is_file()
True
"""

from __future__ import annotations

from pathlib import Path


def packaged(folder: str) -> Path:
    """A folder of packaged files, ``tasks`` or ``reports``: inside an installed wheel, or in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / folder
    return installed if installed.is_dir() else package.parent / folder
