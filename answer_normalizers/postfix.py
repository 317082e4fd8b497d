"""What stands behind a primary: powers, factorials, degrees, per cent signs, units and labels."""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.cursor import Cursor, fold, negate
from answer_normalizers.limits import MAX_DEPTH
from answer_normalizers.literals import UnreadableError
from answer_normalizers.symbols import names
from answer_normalizers.units import is_unit
from answer_normalizers.values import Apply, Num, Quantity, Relation, Sym, Value

_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALES |= {f"{word}s": scale for word, scale in _SCALES.items()}
_PERCENT_WORDS = frozenset({"percent", "pct", "percentage", "per cent", "percents"})
_DEGREE_WORDS = frozenset({"degree", "degrees", "deg"})
_REMARKS = names(
    """for where with if when since because which so such whenever provided that is thus hence therefore at
    given"""
)


class Postfix(Cursor):
    """Primaries with what follows them."""

    def factor(self) -> Value:
        """A primary with its powers, factorials, degrees and per cent signs."""
        kind = self.kind
        if kind == "num":
            value: Value = self.number()
        elif kind == "sym":
            value = self.symbol()
        else:
            value = self.primary()
        while True:
            kind = self.kind
            if kind == "^":
                value = self.power(value)
            elif kind == "!":
                double = self.peek()[0] == "!"
                self.advance()
                if double:
                    self.advance()
                value = Apply("double_factorial" if double else "factorial", (value,))
            elif kind == "°":
                self.advance()
                value = self.degrees(value)
            elif kind == "%":
                self.advance()
                value = Apply("percent", (value,))
            elif kind == "_" and isinstance(value, Num):
                value = self.based(value)
            else:
                return value

    def power(self, base: Value) -> Value:
        """What stands raised behind a base: a degree sign, primes, an ordinal's `th`, or an exponent."""
        self.advance()
        if self.kind == "°":
            self.advance()
            return self.degrees(base)
        if self.kind == "{" and self.peek()[0] in ("°", "'"):
            mark = self.peek()[0]
            position = self.position + 1
            count = 0
            while self.tokens[position][0] == mark:
                position += 1
                count += 1
            if self.tokens[position][0] == "}":
                self.seek(position + 1)
                if mark == "°":
                    return self.degrees(base)
                if type(base) is Sym:
                    return self.after_symbol(base.name + "'" * count)
        if self.kind == "'" and type(base) is Sym:
            self.advance()
            return self.after_symbol(base.name + "'")
        if self.kind == "{" and self.peek()[0] == "text" and self.peek(2)[0] == "}":
            unit = str(self.peek()[1])
            self.seek(self.position + 3)
            return Quantity(base, unit)
        exponent = self.script()
        if self.kind == "^":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise UnreadableError("nested too deeply")
            exponent = self.power(exponent)
            self.depth -= 1
        return Apply("^", (base, exponent))

    def degrees(self, value: Value) -> Value:
        """An angle, or a temperature where C or F follows."""
        token = self.peek(0)
        name = getattr(token[1], "name", token[1]) if token[0] in ("sym", "text", "word") else ""
        if name in ("C", "F", "Celsius", "Fahrenheit"):
            self.advance()
            return Quantity(value, "celsius" if str(name)[0] == "C" else "fahrenheit")
        return Apply("deg", (self.minutes_of_arc(value),))

    def minutes_of_arc(self, degrees: Value) -> Value:
        """`63^\\circ 45' 36''` in degrees."""
        for parts in (60, 3600):
            start = self.position
            if self.kind != "num" or type(degrees) is not Num:
                break
            part = self.advance()
            marks = 0
            while self.kind in ("'", "^", "{", "}"):
                marks += self.kind == "'"
                self.advance()
            if marks != (1 if parts == 60 else 2) or type(part) is not Num:
                self.seek(start)
                break
            degrees = Num(fold(degrees.value + fmpq(part.value) / parts))
        return degrees

    def signed_factor(self) -> Value:
        """A factor that may carry signs, as in `3 \\cdot -2`."""
        minus = False
        while self.kind in ("-", "+"):
            minus ^= self.advance() == "-"
        if self.kind in ("±", "∓"):
            return Apply("pm" if self.advance() == "±" else "mp", (self.factor(),))
        value = self.factor()
        return negate(value) if minus else value

    def quotient(self, above: Value, below: Value) -> Value:
        """`above / below`, folded where both are exact numbers."""
        if (
            type(above) is Num
            and type(below) is Num
            and below.value != 0
            and not above.digits
            and not below.digits
        ):
            return Num(fold(fmpq(above.value) / fmpq(below.value)))
        if type(above) is Quantity:
            return Quantity(self.quotient(above.value, below), above.unit)
        return Apply("/", (above, below))

    def quantity(self, value: Value) -> Value:
        """Attach the unit or label that stands behind a value."""
        parts: list[str] = []
        while True:
            if self.kind in ("text", "word"):
                parts.append(str(self.advance()))
            elif self.kind == "currency":
                name = str(self.advance())
                parts.append(
                    {"$": "dollar", "pound": "pound_sterling", "pounds": "pound_sterling"}.get(name, name)
                )
            elif self.kind in ("/", "*") and parts:
                parts.append("/" if self.advance() == "/" else "*")
            elif self.kind == "^" and parts:
                self.advance()
                power = self.script()
                if type(power) is not Num or not isinstance(power.value, int) or abs(power.value) > 9:
                    raise UnreadableError("a power of a unit that is not a small integer")
                parts.append(f"^{power.value}")
            elif self.kind == "sym" and parts and is_unit(name := str(getattr(self.peek(0)[1], "name", ""))):
                self.advance()
                parts.append(name)
            else:
                break
        unit = " ".join(parts).strip(" ~,.;\\")
        if "(" in unit or unit.partition(" ")[0].lower().strip(",") in _REMARKS:
            raise UnreadableError("a remark behind a value")
        lower = unit.lower()
        first, _, rest = lower.partition(" ")
        if first in _SCALES:
            value = _scaled(value, _SCALES[first])
            if not rest:
                return value
            unit = lower = rest
        if lower in _PERCENT_WORDS:
            return Apply("percent", (value,))
        if lower in _DEGREE_WORDS:
            return Apply("deg", (value,))
        if type(value) is Relation:
            return Relation(value.ops, (*value.sides[:-1], Quantity(value.sides[-1], unit)))
        return Quantity(value, unit)


def _scaled(value: Value, factor: int) -> Value:
    """`value million`; of a list, `million` belongs to the last item."""
    if type(value) is Quantity:
        return Quantity(_scaled(value.value, factor), value.unit)
    if type(value) is Relation:
        return Relation(value.ops, (*value.sides[:-1], _scaled(value.sides[-1], factor)))
    if type(value) is Num:
        return Num(fold(fmpq(value.value) * factor))
    if type(value) not in (Sym, Apply):
        raise UnreadableError("a number word behind something that is no number")
    return Apply("*", (value, Num(factor)))
