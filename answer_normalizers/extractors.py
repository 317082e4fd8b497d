"""Extractors and normalisers by name, and scorers put together from them.

An extractor is a callable `(text: str) -> Extraction | None`, a normaliser a callable `(answer: str) -> str`.
Packages register theirs in the entry-point groups `mathevalkit.extractors` and `mathevalkit.normalizers`; the
name of a registered extractor is then an extraction strategy like the built-in ones.

    >>> get_extractor("hash")("#### 18").value
    '18'
    >>> get_normalizer("hendrycks")("\\\\dfrac12")
    '\\\\frac{1}{2}'
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Final, cast

from answer_normalizers.extraction import STRATEGIES, extract
from answer_normalizers.registry import PluginError, Registry
from answer_normalizers.verdict import Extraction

Extractor = Callable[[str], Extraction | None]
Normalizer = Callable[[str], str]

BUILTIN_EXTRACTORS: Final = MappingProxyType(
    {name: f"answer_normalizers.extractors:{name}" for name in STRATEGIES}
)
BUILTIN_NORMALIZERS: Final = MappingProxyType(
    {
        "engine": "answer_normalizers.normalize:normalize",
        "hendrycks": "answer_normalizers.published.hendrycks:normalize",
        "minerva": "answer_normalizers.published.minerva:normalize",
    }
)
"""`engine`: what `check` does first. `hendrycks`, `minerva`: the string normalisers of published scorers."""

_EXTRACTORS: Final = Registry("extraction strategy", "mathevalkit.extractors", BUILTIN_EXTRACTORS)
_NORMALIZERS: Final = Registry("normalizer", "mathevalkit.normalizers", BUILTIN_NORMALIZERS)

auto, boxed, hash, the_answer_is, answer_colon, answer_tag, number, whole = (  # noqa: A001 - its name here
    partial(extract, strategy=name) for name in STRATEGIES
)


def get_extractor(name: str) -> Extractor:
    """Find an extractor by its name, or by `module:function`.

    Raises:
        UnknownNameError: no extraction strategy is called that; the message names near matches.
        PluginError: it cannot be imported or called.
    """
    return cast("Extractor", _callable(_EXTRACTORS, name))


def get_normalizer(name: str) -> Normalizer:
    """Find a normaliser by its name, or by `module:function`.

    Raises:
        UnknownNameError: no normaliser is called that; the message names near matches.
        PluginError: it cannot be imported or called.
    """
    return cast("Normalizer", _callable(_NORMALIZERS, name))


def list_extractors() -> tuple[str, ...]:
    """The names of all extraction strategies, sorted."""
    return _EXTRACTORS.names()


def list_normalizers() -> tuple[str, ...]:
    """The names of all normalisers, sorted."""
    return _NORMALIZERS.names()


def _callable(registry: Registry, name: str) -> object:
    found = registry.load(name)
    if not callable(found):
        raise PluginError(f"{registry.kind} {name!r} is a {type(found).__name__}, which cannot be called")
    return found
