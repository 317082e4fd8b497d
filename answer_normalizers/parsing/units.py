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
_TABLE: dict[str, tuple[fmpq, Dimensions]] = {}


def _define(names: str, scale: fmpq | int, dimensions: Dimensions) -> None:
    for name in names.split():
        _TABLE[name] = (fmpq(scale), dimensions)


_define("m meter metre", 1, _LENGTH)
_define("cm", fmpq(1, 100), _LENGTH)
_define("mm", fmpq(1, 1000), _LENGTH)
_define("dm", fmpq(1, 10), _LENGTH)
_define("km", 1000, _LENGTH)
_define("um micron", fmpq(1, 10**6), _LENGTH)
_define("nm", fmpq(1, 10**9), _LENGTH)
_define("inch inche in", fmpq(254, 10000), _LENGTH)
_define("foot feet ft", fmpq(3048, 10000), _LENGTH)
_define("yard yd", fmpq(9144, 10000), _LENGTH)
_define("mile mi", fmpq(1609344, 1000), _LENGTH)
_define("second sec s", 1, _TIME)
_define("ms msec", fmpq(1, 1000), _TIME)
_define("minute min", 60, _TIME)
_define("hour hr h", 3600, _TIME)
_define("day", 86400, _TIME)
_define("week wk", 604800, _TIME)
_define("month", 1, {"month": 1})
_define("year yr", 12, {"month": 1})
_define("kg", 1, _MASS)
_define("g gm gram gramme", fmpq(1, 1000), _MASS)
_define("mg", fmpq(1, 10**6), _MASS)
_define("lb pound", fmpq(45359237, 10**8), _MASS)
_define("ounce oz", fmpq(45359237, 16 * 10**8), _MASS)
_define("tonne", 1000, _MASS)
_define("liter litre l L", fmpq(1, 1000), {"L": 3})
_define("ml mL cc", fmpq(1, 10**6), {"L": 3})
_define("dollar usd USD buck", 100, {"usd": 1})
_define("cent", 1, {"usd": 1})
_define("euro eur EUR", 1, {"eur": 1})
_define("pound_sterling gbp GBP", 1, {"gbp": 1})
_define("yen jpy JPY", 1, {"jpy": 1})
_define("rupee inr INR Rs", 1, {"inr": 1})
_define("N newton", 1, _FORCE)
_define("J joule", 1, _ENERGY)
_define("kJ", 1000, _ENERGY)
_define("W watt", 1, _POWER)
_define("kW", 1000, _POWER)
_define("kWh", 3600000, _ENERGY)
_define("Pa pascal", 1, {"M": 1, "L": -1, "T": -2})
_define("kPa", 1000, {"M": 1, "L": -1, "T": -2})
_define("Hz hertz", 1, {"T": -1})
_define("kHz", 1000, {"T": -1})
_define("MHz", 10**6, {"T": -1})
_define("mph", fmpq(1609344, 3600000), {"L": 1, "T": -1})
_define("kph kmh", fmpq(1000, 3600), {"L": 1, "T": -1})
_define("mol mole", 1, {"mol": 1})
_define("K kelvin", 1, {"K": 1})
_define("C celsius", 1, {"celsius": 1})
_define("F fahrenheit", 1, {"fahrenheit": 1})
_define("rad radian", 1, {})
_define("unit", 1, {UNSPECIFIED: 1})
_define("acre", fmpq(40468564224, 10**7), {"L": 2})
_define("gallon gal", fmpq(3785411784, 10**12), {"L": 3})
_define("Angstrom angstrom", fmpq(1, 10**10), _LENGTH)
_define("eV", 1, {"eV": 1})
_define("dozen", 12, _COUNT)
_define("score", 20, _COUNT)
_define("erg", fmpq(1, 10**7), _ENERGY)

_AMBIGUOUS = names("in min mi gal h s m g l L N J W K C F sec mole day") - {
    "min",
    "mi",
    "gal",
    "day",
    "mole",
}
UNIT_WORDS = names("""cm mm km kg mg ml mL ft yd lb lbs oz hr hrs min mins mph kph kmh Hz kHz MHz kPa Pa kWh
kW kJ mol usd USD EUR GBP cc gm yr yrs rad deg secs nm eV pct""")
"""Runs of two or more letters that are units wherever they stand."""
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


def _singular(word: str) -> str:
    lower = word.strip(".'").lower()
    if word in _TABLE:
        return word
    if lower in _TABLE:
        return lower
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 2:
        stem = lower[:-1]
        return stem if stem in _TABLE or not lower.endswith("es") else _es_stem(lower)
    return lower


def _es_stem(lower: str) -> str:
    return lower[:-2] if lower.endswith(("ches", "shes", "xes", "sses", "oes")) else lower[:-1]


def _lookup(word: str) -> tuple[fmpq, Dimensions]:
    name = _singular(word)
    if name in _TABLE:
        return _TABLE[name]
    for prefix, power in _PREFIXES.items():
        if name.startswith(prefix) and name[len(prefix) :] in _TABLE:
            scale, dimensions = _TABLE[name[len(prefix) :]]
            return scale * fmpq(10) ** power, dimensions
    return fmpq(1), {f"label {name}": 1}


def read_unit(text: str) -> Unit:
    """Read a unit or label; unknown words become labels."""
    scale = fmpq(1)
    dimensions: dict[str, int] = {}
    sign = 1
    pending = 1
    last: tuple[fmpq, Dimensions, int] | None = None

    def apply(factor: fmpq, powers: Dimensions, exponent: int) -> None:
        nonlocal scale
        scale *= factor**exponent
        for name, power in powers.items():
            dimensions[name] = dimensions.get(name, 0) + power * exponent

    for part in _PART.findall(text):
        if part in ("/", "per") or (part in ("a", "an") and last):
            sign = -1
        elif part[0] == "^" and last:
            power = int(re.sub(r"[^\d-]", "", part))
            if abs(power) <= 9:
                apply(last[0], last[1], last[2] * (power - 1))
        elif part.lower() in _POWERS:
            if part.lower() in ("squared", "cubed"):
                if last:
                    apply(last[0], last[1], last[2] * (_POWERS[part.lower()] - 1))
            else:
                pending = _POWERS[part.lower()]
        elif part[0].isalpha() and part.lower() not in (_FILLER if last else _ARTICLES):
            factor, powers = _lookup(part)
            last = (factor, powers, sign * pending)
            apply(factor, powers, sign * pending)
            pending = 1
    return Unit(scale, tuple(sorted((name, power) for name, power in dimensions.items() if power)))


def conversion(source: Unit, target: Unit) -> fmpq | None:
    """The number of `target` units in one `source` unit; None where they measure different things."""
    if source.dimensions != target.dimensions:
        return None
    return source.scale / target.scale
