"""What a step of reading raises where it cannot go on."""

from __future__ import annotations


class UnreadableError(ValueError):
    """The answer is not mathematics that this engine reads. Never leaves the package: `read` turns it into
    a `Reading` with its problem."""
