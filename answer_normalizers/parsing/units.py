"""Units and labels behind a value: reading them, and the factor between two of them.

    >>> read_unit("square feet") == read_unit("ft^2")
    True
    >>> factor = conversion(read_unit("m"), read_unit("cm"))
    >>> factor
    100

Words that are no unit (`apples`, `ways`) are labels: each its own dimension, so that `5 apples` and
`5 oranges` are not taken for each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flint import fmpq

from answer_normalizers.parsing.vocabulary import names

_PREFIXES = {
    "kilo": 3, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "mega": 6, "giga": 9, "deci": -1,
    "hecto": 2, "pico": -12,
}  # fmt: skip
_COUNT = {"count": 1}
_LENGTH = {"L": 1}
_TIME = {"T": 1}
_MASS = {"M": 1}
_FORCE = {"M": 1, "L": 1, "T": -2}
_ENERGY = {"M": 1, "L": 2, "T": -2}
_POWER = {"M": 1, "L": 2, "T": -3}

UNSPECIFIED = "unit"
"""The dimension of `units`, `square units`: whatever the question measures in."""

Dimensions = dict[str, int]
_ROWS: tuple[tuple[str, fmpq | int, Dimensions], ...] = (
    ("m meter metre", 1, _LENGTH),
    ("cm", fmpq(1, 100), _LENGTH),
    ("mm", fmpq(1, 1000), _LENGTH),
    ("dm", fmpq(1, 10), _LENGTH),
    ("km", 1000, _LENGTH),
    ("um micron", fmpq(1, 10**6), _LENGTH),
    ("nm", fmpq(1, 10**9), _LENGTH),
    ("inch inche in", fmpq(254, 10000), _LENGTH),
    ("foot feet ft", fmpq(3048, 10000), _LENGTH),
    ("yard yd", fmpq(9144, 10000), _LENGTH),
    ("mile mi", fmpq(1609344, 1000), _LENGTH),
    ("second sec s", 1, _TIME),
    ("ms msec", fmpq(1, 1000), _TIME),
    ("minute min", 60, _TIME),
    ("hour hr h", 3600, _TIME),
    ("day", 86400, _TIME),
    ("week wk", 604800, _TIME),
    ("month", 1, {"month": 1}),
    ("year yr", 12, {"month": 1}),
    ("kg", 1, _MASS),
    ("g gm gram gramme", fmpq(1, 1000), _MASS),
    ("mg", fmpq(1, 10**6), _MASS),
    ("lb pound", fmpq(45359237, 10**8), _MASS),
    ("ounce oz", fmpq(45359237, 16 * 10**8), _MASS),
    ("tonne", 1000, _MASS),
    ("liter litre l L", fmpq(1, 1000), {"L": 3}),
    ("ml mL cc", fmpq(1, 10**6), {"L": 3}),
    ("dollar usd USD buck", 100, {"usd": 1}),
    ("cent", 1, {"usd": 1}),
    ("euro eur EUR", 1, {"eur": 1}),
    ("pound_sterling gbp GBP", 1, {"gbp": 1}),
    ("yen jpy JPY", 1, {"jpy": 1}),
    ("rupee inr INR Rs", 1, {"inr": 1}),
    ("N newton", 1, _FORCE),
    ("J joule", 1, _ENERGY),
    ("kJ", 1000, _ENERGY),
    ("W watt", 1, _POWER),
    ("kW", 1000, _POWER),
    ("kWh", 3600000, _ENERGY),
    ("Pa pascal", 1, {"M": 1, "L": -1, "T": -2}),
    ("kPa", 1000, {"M": 1, "L": -1, "T": -2}),
    ("Hz hertz", 1, {"T": -1}),
    ("kHz", 1000, {"T": -1}),
    ("MHz", 10**6, {"T": -1}),
    ("mph", fmpq(1609344, 3600000), {"L": 1, "T": -1}),
    ("kph kmh", fmpq(1000, 3600), {"L": 1, "T": -1}),
    ("mol mole", 1, {"mol": 1}),
    ("K kelvin", 1, {"K": 1}),
    ("C celsius", 1, {"celsius": 1}),
    ("F fahrenheit", 1, {"fahrenheit": 1}),
    ("rad radian", 1, {}),
    ("unit", 1, {UNSPECIFIED: 1}),
    ("acre", fmpq(40468564224, 10**7), {"L": 2}),
    ("gallon gal", fmpq(3785411784, 10**12), {"L": 3}),
    ("Angstrom angstrom", fmpq(1, 10**10), _LENGTH),
    ("eV", 1, {"eV": 1}),
    ("dozen", 12, _COUNT),
    ("score", 20, _COUNT),
    ("erg", fmpq(1, 10**7), _ENERGY),
)
"""The names of a unit, how many base units it is, and what it measures."""
_TABLE = {name: (fmpq(scale), dimensions) for row, scale, dimensions in _ROWS for name in row.split()}

UNIT_WORDS = names(
    """cm mm km kg mg ml mL ft yd lb lbs oz hr hrs min mins mph kph kmh Hz kHz MHz kPa Pa kWh kW kJ mol usd
    USD EUR GBP cc gm yr yrs rad deg secs nm eV pct"""
)
"""Runs of two or more letters that are units wherever they stand."""
_NOT_IN_POWER = re.compile(r"[^\d-]")
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}
_PART = re.compile(r"\s*(/|\bper\b|\ban?\b(?=\s)|\*|·|-|\^\s*\{?\s*-?\d+\s*\}?|\(|\)|[A-Za-z_$°'.]+)")
_ARTICLES = names("of the a an")
_FILLER = names("of the in total long each more left away old per")


@dataclass(frozen=True, slots=True)
class Unit:
    """A factor to base units, and the power of each dimension; labels are dimensions called `label x`."""

    scale: fmpq
    dimensions: tuple[tuple[str, int], ...]

    @property
    def is_unspecified(self) -> bool:
        """True for `units`, `square units` and the like, and where there is no unit at all."""
        return all(name == UNSPECIFIED for name, _ in self.dimensions)

    @property
    def extent(self) -> int | None:
        """1 for a length, 2 for an area, 3 for a volume, in known or unspecified units; None for the rest."""
        if not self.dimensions or not all(name in ("L", UNSPECIFIED) for name, _ in self.dimensions):
            return None
        return sum(power for _, power in self.dimensions)

    @property
    def count(self) -> fmpq | None:
        """How many things one of it is: 12 for `dozen` and `dozen eggs`; None for what is no group."""
        counted = dict(self.dimensions).get("count") == 1
        rest = [name for name, power in self.dimensions if name != "count" or power != 1]
        return self.scale if counted and all(name.startswith("label ") for name in rest) else None

    @property
    def has_labels(self) -> bool:
        """True where some word of it is no known unit."""
        return any(name.startswith("label ") for name, _ in self.dimensions)


def is_unit(name: str) -> bool:
    """Whether a name is a known unit as it stands, such as `m` or `N`."""
    return name in _TABLE


def read_unit(text: str) -> Unit:
    """Read a unit or label; unknown words become labels."""
    factors: list[tuple[fmpq, Dimensions, int]] = []
    sign = power = 1
    for part in _PART.findall(text):
        word = part.lower()
        if part in ("/", "per") or (part in ("a", "an") and factors):
            sign = -1
        elif word in ("squared", "cubed") or part[0] == "^":
            raised = _POWERS.get(word) or int(_NOT_IN_POWER.sub("", part))
            if factors and abs(raised) <= 9:
                scale, dimensions, exponent = factors.pop()
                factors.append((scale, dimensions, exponent * raised))
        elif word in _POWERS:
            power = _POWERS[word]
        elif part[0].isalpha() and word not in (_FILLER if factors else _ARTICLES):
            factors.append((*_lookup(part), sign * power))
            power = 1
    return _product(factors)


def _product(factors: list[tuple[fmpq, Dimensions, int]]) -> Unit:
    total = fmpq(1)
    powers: dict[str, int] = {}
    for scale, dimensions, exponent in factors:
        total *= scale**exponent
        for name, power in dimensions.items():
            powers[name] = powers.get(name, 0) + power * exponent
    return Unit(total, tuple(sorted((name, power) for name, power in powers.items() if power)))


def _lookup(word: str) -> tuple[fmpq, Dimensions]:
    """A unit, one with a prefix (`kilo`), or else a label."""
    name = _singular(word)
    if name in _TABLE:
        return _TABLE[name]
    for prefix, power in _PREFIXES.items():
        if name.startswith(prefix) and name[len(prefix) :] in _TABLE:
            scale, dimensions = _TABLE[name[len(prefix) :]]
            return scale * fmpq(10) ** power, dimensions
    return fmpq(1), {f"label {name}": 1}


def _singular(word: str) -> str:
    if word in _TABLE:
        return word
    lower = word.strip(".'").lower()
    if lower in _TABLE:
        return lower
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    if not lower.endswith("s") or lower.endswith("ss") or len(lower) < 3:
        return lower
    if lower[:-1] not in _TABLE and lower.endswith(("ches", "shes", "xes", "sses", "oes")):
        return lower[:-2]
    return lower[:-1]


def conversion(source: Unit, target: Unit) -> fmpq | None:
    """The number of `target` units in one `source` unit; None where they measure different things."""
    if source.dimensions != target.dimensions:
        return None
    return source.scale / target.scale
