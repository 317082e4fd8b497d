"""Things found by name: the built-in ones, those that installed packages register, and `module:attribute`.

One mechanism for scorers, extractors and normalisers, each in an entry-point group of its own. The built-in
ones are registered in `pyproject.toml` like anybody's; the table that each registry is given holds the same
lines, so that a checkout that was never installed knows them too.

    >>> registry = Registry("codec", "no.such.group", {"json": "json:dumps"})
    >>> registry.names()
    ('json',)
    >>> registry.load("jsn")
    Traceback (most recent call last):
    answer_normalizers.plugins.UnknownNameError: no codec is called 'jsn' (did you mean 'json'?); known: json
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache


class UnknownNameError(LookupError):
    """A name that nothing is registered under; the message lists the names there are."""


class PluginError(RuntimeError):
    """Something registered that cannot be used: it does not import, or two packages claim its name."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The things of one kind that can be named."""

    kind: str
    """What it holds, for messages: `scorer`."""
    group: str
    """The entry-point group that packages register theirs in."""
    builtin: Mapping[str, str]
    """Name to `module:attribute`, the same lines as in `pyproject.toml`."""

    def names(self) -> tuple[str, ...]:
        """All names, sorted. Nothing is imported."""
        return tuple(sorted({*self.builtin, *_installed(self.group)}))

    def load(self, name: str) -> object:
        """What is registered as `name`, or, for a name with a colon, what an importable module holds there.

        Raises:
            UnknownNameError: nothing is called that.
            PluginError: it cannot be imported, or two packages claim the name for different things.
        """
        return _import(self._place(name), f"{self.kind} {name!r}")

    def load_callable(self, name: str) -> Callable[..., object]:
        """As `load`, of something that is to be called.

        Raises:
            UnknownNameError, PluginError: as `load`; PluginError also where it cannot be called.
        """
        found = self.load(name)
        if not callable(found):
            raise PluginError(f"{self.kind} {name!r} is a {type(found).__name__}, which cannot be called")
        return found

    def _place(self, name: str) -> str:
        if ":" in name:
            return name
        places: set[str] = {*_installed(self.group).get(name, ())}
        if name in self.builtin:
            places.add(self.builtin[name])
        if not places:
            import difflib

            known = self.names()
            near = difflib.get_close_matches(name, known, n=2)
            hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
            raise UnknownNameError(f"no {self.kind} is called {name!r}{hint}; known: {', '.join(known)}")
        if len(places) > 1:
            raise PluginError(
                f"two packages register a {self.kind} called {name!r}: {' and '.join(sorted(places))};"
                f" uninstall one, or name the one you mean as module:attribute"
            )
        return places.pop()


@cache
def _installed(group: str) -> Mapping[str, frozenset[str]]:
    """Name to the places that installed packages register it at; read once a process."""
    from importlib.metadata import entry_points  # half as long to import as the rest of the engine

    found: dict[str, frozenset[str]] = {}
    for point in entry_points(group=group):
        found[point.name] = found.get(point.name, frozenset()) | {point.value}
    return found


def _import(place: str, what: str) -> object:
    module, _, attribute = place.partition(":")
    try:
        found: object = importlib.import_module(module)
    except ImportError as error:
        raise PluginError(f"{what} stands at {place}, which does not import: {error}") from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise PluginError(f"{what} stands at {place}, but {module} has no {attribute!r}") from error
    return found
