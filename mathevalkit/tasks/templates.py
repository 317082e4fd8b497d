r"""Jinja2 as task files use it: sandboxed, strict, with the filters a row mapping needs.

A row mapping turns a benchmark's own columns into a Sample's fields::

    question: "{{ Body | sentence }} {{ Question }}"      # SVAMP keeps the story and its question apart
    gold: "{{ Answer | number }}"                         # 145.0 -> 145

The rules, so that nothing goes wrong silently:

- A column that the row does not have is an error when it is printed, and false in a test; so
  ``{{ question or problem }}`` takes whichever column there is.
- A null prints as nothing. A list or a mapping is an error: join it.
- Nothing is escaped or stripped, and newlines stay. A line that holds only a block tag (``{% for %}``)
  leaves no line behind.
- Templates run in Jinja2's immutable sandbox: a task file from elsewhere cannot reach Python.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["FILTERS", "ColumnError", "compile_template", "filter_names", "free_variables", "last_boxed"]


class ColumnError(ValueError):
    """A row's value is not of the form that a filter or a template needs. The message says which."""


class _Absent(jinja2.StrictUndefined):
    """A column the row does not have: false in a test, an error in any other use."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # the parent's always raises, hence Never
        return False


# ---- filters ---------------------------------------------------------------------------------------


def after_hashes(value: str) -> str:
    r"""GSM8K's final answer: what follows the last ``####``, without thousands separators.

    >>> after_hashes("He makes 2 * 900 = 1800\n#### 1,800")
    '1800'
    """
    _, marker, answer = _text(value, "after_hashes").rpartition("####")
    if not marker:
        raise ColumnError('after_hashes: there is no "####" in the text')
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", answer.strip())


def last_boxed(value: str) -> str:
    r"""The content of the last outermost ``\boxed{...}`` or ``\fbox{...}``, braces balanced.

    >>> last_boxed(r"so $x = \boxed{\frac{1}{2}}$.")
    '\\frac{1}{2}'
    """
    return _boxes(_text(value, "last_boxed"))[-1]


def boxed_answer(value: str, problem: str) -> str:
    r"""The answer in a MATH solution, also where it is spread over several boxes.

    The answer is the last box. But where the problem asks for several answers separated by commas and
    no single box lists them, the solution boxes them one by one; then it is all the different boxes in
    order. (Of the 5,000 test solutions 90 hold several boxes; in 8 of them the last box alone would
    be one answer of several.)

    >>> boxed_answer(r"$\boxed{-1}$ and $a = \boxed{2}.$", "Enter all possible values, separated by commas.")
    '-1, 2'
    >>> boxed_answer(r"$\boxed{10}$. OR: $\boxed{10}$.", "Find $x$.")
    '10'
    """
    boxes = _boxes(_text(value, "boxed_answer"))
    several = re.search(r"separated by commas?\b", _text(problem, "boxed_answer"))
    if several and not any("," in box for box in boxes):
        return ", ".join(dict.fromkeys(boxes))
    return boxes[-1]


def number(value: object) -> str:
    """A number as a person writes it: ``145.0`` -> ``145``, ``"073"`` -> ``73``, ``1e-05`` -> ``0.00001``.

    Text that is not a plain decimal number stays as it is.

    >>> number(145.0), number("0.50"), number("3:4")
    ('145', '0.5', '3:4')
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ColumnError(f"number: expected a number or text, got {_shown(value)}")
    text = str(value).strip()
    try:
        exact = Decimal(text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text)
    except InvalidOperation:
        return text
    if not exact.is_finite() or "_" in text or abs(exact.adjusted()) > _MAX_EXPONENT:
        return text
    plain = format(exact, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


_MAX_EXPONENT = 40
"""Beyond this a number is left in scientific notation."""


def exact(value: object) -> str:
    """A number whose decimals were cut off, as the fraction it stands for; any other as ``number`` writes it.

    With eight decimals or more at most one fraction with a denominator below 1000 rounds to it.

    >>> exact(0.6666666667), exact(0.125), exact(3.33)
    ('2/3', '0.125', '3.33')
    """
    text = number(value)
    decimals = len(text.partition(".")[2])
    if not re.fullmatch(r"-?\d+\.\d+", text) or decimals < _CUT_OFF_DECIMALS:
        return text
    fraction = Fraction(text).limit_denominator(_LARGEST_DENOMINATOR)
    return str(fraction) if round(fraction, decimals) == Fraction(text) else text


_CUT_OFF_DECIMALS = 8
_LARGEST_DENOMINATOR = 999


def strip_units(value: str) -> str:
    """ASDiv's answer without the unit in brackets behind it: ``9 (apples)`` -> ``9``.

    >>> strip_units("14  (seats)"), strip_units("The 60th caller.")
    ('14', 'The 60th caller.')
    """
    return re.sub(r"(?<=\S)\s+\([^()]*\)\s*$", "", _text(value, "strip_units")).strip()


def strip_math(value: str) -> str:
    r"""Without the ``$`` or ``\(`` around it, where the whole text is mathematics.

    That is one formula or several with only separators between; a full stop behind goes too. Text with
    words around its formulas stays as it is, as does an escaped ``\$``, which is money.

    >>> strip_math(r"$(45,2),(-10,-9)$"), strip_math("$69$, $84$."), strip_math("$x$ is even")
    ('(45,2),(-10,-9)', '69, 84', '$x$ is even')
    """
    text = _text(value, "strip_math").strip()
    outside = re.split(r"(?<!\\)\$+|\\[()]", text)[::2]
    if len(outside) > 1 and all(re.fullmatch(r"[\s,;.]*", part) for part in outside):
        text = re.sub(r"(?<!\\)\$+|\\[()]", "", text).strip()
    return text[:-1].rstrip() if text.endswith(".") and not text.endswith("..") else text


def sentence(value: str) -> str:
    """Trimmed, and with a full stop where it ends without punctuation.

    >>> sentence("Allan has 3 balls "), sentence("How many?")
    ('Allan has 3 balls.', 'How many?')
    """
    text = _text(value, "sentence").strip()
    return text if text.endswith((".", "?", "!", ",", ":", ";")) else text + "."


FILTERS = {
    "after_hashes": after_hashes,
    "boxed_answer": boxed_answer,
    "exact": exact,
    "last_boxed": last_boxed,
    "number": number,
    "sentence": sentence,
    "strip_math": strip_math,
    "strip_units": strip_units,
}
"""The filters that task files may use beside Jinja2's own."""


def _boxes(text: str) -> list[str]:
    r"""The contents of all outermost boxes; raises ColumnError where there is none."""
    boxes: list[str] = []
    end = 0
    for opening in re.finditer(r"\\(?:boxed|fbox)\s*\{", text):
        if opening.start() < end:
            continue  # inside the box before
        depth = 1
        for token in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, opening.end()):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if depth == 0:
                boxes.append(text[opening.end() : token.start()].strip())
                end = token.end()
                break
    if not boxes:
        raise ColumnError(r"there is no \boxed{...} in the text")
    return boxes


def _text(value: object, name: str) -> str:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises, naming the column
    if not isinstance(value, str):
        raise ColumnError(f"{name}: expected text, got {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# ---- templates -------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def compile_template(source: str) -> jinja2.Template:
    """The template, compiled once for each source. Raises ``jinja2.TemplateSyntaxError``."""
    return _environment().from_string(source)


def free_variables(source: str) -> frozenset[str]:
    """The names a template takes from outside."""
    environment = _environment()
    return frozenset(jinja2.meta.find_undeclared_variables(environment.parse(source)))


def filter_names() -> frozenset[str]:
    """Every filter a template may use: ours and Jinja2's own."""
    return frozenset(_environment().filters)


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=_Absent,
        finalize=_printable,
        autoescape=False,  # prompts are text for a model, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _printable(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, (bool, list, tuple, Mapping)):
        raise ColumnError(f"cannot print {_shown(value)} (a list can be joined: `| join(', ')`)")
    return value
