"""Where things lie: the checkout, and the folder of real benchmark data beside it."""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", REPO.parent / "shared"))
