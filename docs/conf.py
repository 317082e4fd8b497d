"""The site's settings. `make docs` builds it into build/site and fails on any warning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]  # the packages of this checkout, and the module beside this file

import made  # noqa: E402  # found by the line above
from sphinx.util import logging  # noqa: E402

import mathevalkit  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "mathevalkit"
version = release = mathevalkit.__version__
extensions = ["myst_parser"]
exclude_patterns = ["example"]
nitpicky = True

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "deflist"]
suppress_warnings = ["myst.header"]  # a page may begin a part with a deeper heading than the one before

html_theme = "furo"
html_title = "mathevalkit"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/favicon.svg"
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # a page opened from disk may not fetch the pages it would quote
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1b4b91", "color-brand-content": "#1f5fbf"},
    "dark_css_variables": {"color-brand-primary": "#8fb8ff", "color-brand-content": "#8fb8ff"},
}
pygments_style = "tango"
pygments_dark_style = "github-dark"


def setup(app: Sphinx) -> None:
    """Put what is made from the code where the pages ask for it."""
    app.connect("source-read", _fill)


def _fill(_app: Sphinx, page: str, source: list[str]) -> None:
    try:
        source[0] = made.fill(source[0])
    except made.UndocumentedError as error:
        logging.getLogger(__name__).warning("%s", error, location=page)
