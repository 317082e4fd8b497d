"""Things found by name: the built-in ones, those that installed packages register, and `module:attribute`.

One mechanism for all that can be added from outside: scorers, extractors and normalisers here, backends and
exporters in `mathevalkit`. Each kind has a registry: a table of the built-in ones, so that a checkout which
was never installed has them too, and an entry-point group in which packages register theirs. Whoever has
only a module on the path names what is in it as `module:attribute`.

    >>> registry = Registry("codec", "no.such.group", {"json": "json:dumps"})
    >>> registry.names()
    ('json',)
    >>> registry.load("json")([1])
    '[1]'
    >>> registry.load("jsn")
    Traceback (most recent call last):
    answer_normalizers.plugins.UnknownNameError: no codec is called 'jsn'; did you mean 'json'?
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar, cast

T = TypeVar("T")

OWN = "mathevalkit"
"""The distribution whose things stand in the tables."""
CLOSE = 0.6
"""How alike two names must be (`difflib`'s ratio) for one to be taken for a slip of the other."""
MOST_LISTED = 40
"""Longer lists of names are left out of a message."""


class UnknownNameError(LookupError):
    """A name that nothing is registered under; the message names near ones, or those there are."""


class PluginError(RuntimeError):
    """Something registered that cannot be used: it does not import, or two packages claim its name."""


@dataclass(frozen=True)  # no slots: a generic class with them cannot be called as Registry[X](…)
class Registry(Generic[T]):
    """The callables of one kind that can be named."""

    kind: str
    """What it holds, for messages: `scorer`."""
    group: str
    """The entry-point group that packages register theirs in."""
    builtin: Mapping[str, str]
    """Name to `module:attribute`."""

    def names(self) -> tuple[str, ...]:
        """All names, sorted. Nothing is imported."""
        return tuple(sorted({*self.builtin, *_installed(self.group)}))

    def load(self, name: str) -> T:
        """What is registered as `name`, or, for a name with a colon, what an importable module holds there.

        Raises:
            UnknownNameError: nothing is called that.
            PluginError: it cannot be imported or called, or two packages claim the name for different things.
        """
        found = _import(self._place(name), f"{self.kind} {name!r}")
        if not callable(found):
            raise PluginError(f"{self.kind} {name!r} is a {type(found).__name__}, which cannot be called")
        return cast("T", found)

    def _place(self, name: str) -> str:
        if ":" in name:
            return name
        places: set[str] = {*_installed(self.group).get(name, ())}
        if name in self.builtin:
            places.add(self.builtin[name])
        if not places:
            raise UnknownNameError(f"no {self.kind} is called {name!r}{did_you_mean(name, self.names())}")
        if len(places) > 1:
            raise PluginError(
                f"two packages register a {self.kind} called {name!r}: {' and '.join(sorted(places))};"
                f" uninstall one, or name the one you mean as module:attribute"
            )
        return places.pop()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to add to "no such name": the name that it may be a slip of, else those there are.

    Case and the difference between `-` and `_` do not count.

    >>> did_you_mean("Gsm8K", ["gsm8k", "math"]), did_you_mean("lm_evl", ["lm-eval"])
    ("; did you mean 'gsm8k'?", "; did you mean 'lm-eval'?")
    >>> did_you_mean("x", ["math", "gsm8k"]), did_you_mean("x", [])
    ('; there are gsm8k, math', '; there are none')
    """
    import difflib  # dearer than all the rest of this module, and wanted only where something is wrong

    names = sorted(known)
    folded = {_folded(candidate): candidate for candidate in names}
    if near := difflib.get_close_matches(_folded(name), folded, n=1, cutoff=CLOSE):
        return f"; did you mean {folded[near[0]]!r}?"
    if len(names) > MOST_LISTED:
        return ""
    return f"; there are {', '.join(names)}" if names else "; there are none"


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


@cache
def _installed(group: str) -> Mapping[str, frozenset[str]]:
    """Name to the places that installed packages register it at; read once a process.

    What our own metadata says is not asked: the tables are newer where a checkout shadows an installed wheel.
    """
    from importlib.metadata import entry_points  # half as long to import as the rest of the engine

    found: dict[str, frozenset[str]] = {}
    for point in entry_points(group=group):
        if point.dist is None or point.dist.name != OWN:
            found[point.name] = found.get(point.name, frozenset()) | {point.value}
    return found


def _import(place: str, what: str) -> object:
    module, _, attribute = place.partition(":")
    try:
        found: object = importlib.import_module(module)
    except ImportError as error:
        raise PluginError(f"{what} stands at {place}, which does not import: {error}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise PluginError(f"{what} stands at {place}, but {module} has no {attribute!r}")
        found = getattr(found, part)
    return found
