"""The pictures in README and pages, taken of a report and of a dashboard in headless Chromium.

    mathevalkit report RUN RUN --out report.html
    python -m docs.make_screenshots report.html site/index.html    # from the repository root

Chromium is needed, and its driver (``tests/browser.py``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import chromium

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH = 1100
HEIGHTS = {"report": 1000, "dashboard": 900}


def main(report: str, dashboard: str) -> None:
    """Write ``report.png`` and ``dashboard.png``."""
    with chromium() as browser:
        for name, page in (("report", report), ("dashboard", dashboard)):
            browser.emulate(width=WIDTH, height=HEIGHTS[name])
            browser.open(Path(page).resolve().as_uri())
            browser.run_until("return document.readyState === 'complete'")
            browser.screenshot(IMAGES / f"{name}.png")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m docs.make_screenshots REPORT.html SITE/index.html")
    main(*sys.argv[1:])
