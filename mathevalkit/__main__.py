"""``python -m mathevalkit`` is the same as ``mathevalkit``."""

from mathevalkit.cli.app import main

if __name__ == "__main__":
    main()
