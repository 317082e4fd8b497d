"""``python -m mathevalkit`` is the same as ``mathevalkit``."""

from mathevalkit.cli import main

if __name__ == "__main__":
    main()
