r"""LaTeX to MathML, as trees of plain lists that hold only what the allow-list names.

    >>> convert([[r"\frac12", False]])
    [['math', {'display': 'inline'}, ['mrow', {}, ['mfrac', {}, ['mn', {}, '1'], ['mn', {}, '2']]]]]

latex2mathml does the work, and LaTeX from a model is not to be trusted with it: it can ask for links, styles,
classes, sizes that cover the page, and macros that expand without end. So whatever is not an element of
``ELEMENTS`` with attributes of ``ATTRIBUTES`` is dropped (an unknown element's text stays), macros are
refused, and input and output are bounded. A formula that does not come through is None: its source is shown.

Run this in a process that can be killed: see ``mathevalkit.reporting.maths``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

Tree: TypeAlias = list[Any]
"""``[element, attributes, *children]``; a child is a tree or a text."""

MAX_LENGTH = 1_200
"""Characters of LaTeX."""
MAX_NODES = 1_500
MAX_DEPTH = 40
MAX_TOKEN = 200
"""Characters of one symbol or ``\\text``."""

ELEMENTS = frozenset(
    {
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "msub",
        "msup",
        "msubsup",
    }
    | {"munder", "mover", "munderover", "mtable", "mtr", "mtd", "menclose", "mstyle", "mphantom", "mpadded"}
    | {"mmultiscripts", "mprescripts", "none"}
)
_SWITCH = re.compile("true|false")
_WORDS = re.compile("[a-z]{1,20}( [a-z]{1,20}){0,30}")
_LENGTH = re.compile(r"-?[0-3]?(\.\d{1,4})?(em|ex)|0|\d(\.\d+)?pt")
_LENGTHS = re.compile(r"[0-3](\.\d{1,3})?em( [0-3](\.\d{1,3})?em){0,30}")
ATTRIBUTES: dict[str, re.Pattern[str]] = {
    "display": re.compile("inline|block"),
    "displaystyle": _SWITCH,
    "scriptlevel": re.compile("[0-3]"),
    "stretchy": _SWITCH,
    "fence": _SWITCH,
    "separator": _SWITCH,
    "largeop": _SWITCH,
    "symmetric": _SWITCH,
    "movablelimits": _SWITCH,
    "accent": _SWITCH,
    "accentunder": _SWITCH,
    "form": re.compile("prefix|infix|postfix"),
    "mathvariant": re.compile("normal"),
    "linethickness": re.compile("0"),
    "lspace": re.compile("0"),
    "rspace": re.compile("0"),
    "minsize": _LENGTH,
    "maxsize": _LENGTH,
    "columnalign": _WORDS,
    "rowlines": _WORDS,
    "columnlines": _WORDS,
    "columnspacing": _LENGTHS,
    "notation": _WORDS,
}
"""Attributes that only arrange, with the values they may have. ``width`` is ``mspace``'s alone, see below."""
_ROW_HEIGHT = re.compile(r"\\renewcommand\{?\\arraystretch\}?\{[\d.]+\}")
"""The one macro that is redefined all the time, to set the rows of a matrix apart: left out."""
_MACROS = re.compile(
    r"\\(?:re)?newcommand|\\providecommand|\\[gex]?def(?![a-z])|\\let(?![a-z])|\\newenvironment"
)


def convert(formulas: Sequence[Sequence[Any]]) -> list[Tree | None]:
    """The trees of formulas, each ``[latex, display]``; None where one cannot be shown as mathematics."""
    return [_convert(str(latex), display=bool(display)) for latex, display in formulas]


def _convert(latex: str, *, display: bool) -> Tree | None:
    latex = _ROW_HEIGHT.sub(" ", latex[: MAX_LENGTH + 1])
    if len(latex) > MAX_LENGTH or not latex.strip() or _MACROS.search(latex) or _depth(latex) > MAX_DEPTH:
        return None
    from latex2mathml.converter import Converter

    try:
        root = Converter(display="block" if display else "inline").convert_to_element(latex)
        left = [MAX_NODES]
        return _cleaned(root, left, depth=0)
    except Exception:  # noqa: BLE001  # the library raises anything on what is not LaTeX; the source is shown then
        return None


def _depth(latex: str) -> int:
    """How deep braces, environments and ``\\left`` nest, at most."""
    deepest = depth = 0
    for token in re.findall(r"\\left(?![a-z])|\\right(?![a-z])|\\begin|\\end|\\.|[{}]|[\^_]", latex):
        if token in ("{", "\\left", "\\begin"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in ("}", "\\right", "\\end"):
            depth = max(0, depth - 1)
    return deepest


_CHILDREN = {
    "mfrac": 2,
    "mroot": 2,
    "msub": 2,
    "msup": 2,
    "munder": 2,
    "mover": 2,
    "msubsup": 3,
    "munderover": 3,
}


class _UnfinishedError(ValueError):
    """A fraction without a denominator, and the like."""


class _TooLargeError(ValueError):
    """More nodes, or deeper, than a formula of a page may be."""


def _cleaned(element: Any, left: list[int], *, depth: int) -> Tree:
    left[0] -= 1
    if left[0] < 0 or depth > 2 * MAX_DEPTH:
        raise _TooLargeError
    tag = element.tag if element.tag in ELEMENTS else "mrow"
    attributes = {
        name: value
        for name, value in element.attrib.items()
        if name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value)
    }
    if tag == "mspace" and _LENGTH.fullmatch(element.get("width", "")):
        attributes["width"] = element.get("width")
    children: list[Any] = []
    if element.text:
        # The library writes symbols as references (&#x02212;), to be read when its tree becomes a page.
        text = html.unescape(element.text)[:MAX_TOKEN]
        children.append(text if tag == element.tag else ["mtext", {}, text])
    children += [_cleaned(child, left, depth=depth + 1) for child in element]
    _space(children)
    if len(children) != _CHILDREN.get(tag, len(children)):
        raise _UnfinishedError
    return [tag, attributes, *children]


_SIGNS = frozenset("+-−±∓")
_BEFORE_SIGN = frozenset("([{|‖⟨,;:=≠<>≤≥≈≡∼→⇒↦∈+-−±×·÷/∗*")


def _space(children: list[Any]) -> None:
    """Set signs and slashes as TeX does: no space after the sign of a number, none around a slash."""
    before: Any = None
    for child in children:
        text = child[2] if isinstance(child, list) and child[0] == "mo" and len(child) == 3 else None
        if text in _SIGNS and (before is None or before in _BEFORE_SIGN):
            child[1].setdefault("form", "prefix")
        elif text == "/":
            child[1] |= {"lspace": "0", "rspace": "0"}
        before = text or "operand"
