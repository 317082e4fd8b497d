"""The grammar of answers from items down to postfix operators: the upper levels of the parser.

Loosest first: items (`,` `;` `and` `or`), relations, sums and set operations, products (also implicit),
signs, powers and postfix operators. What stands in brackets is in `brackets.py`, what a function or a big
operator takes in `calls.py`; `parser.py` puts them together.
"""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.lexer import Token, UnreadableError
from answer_normalizers.limits import MAX_DEPTH
from answer_normalizers.symbols import names
from answer_normalizers.values import (
    Apply,
    Items,
    Logic,
    Num,
    Quantity,
    Ratio,
    Rational,
    Relation,
    SetOp,
    Sym,
    Text,
    Value,
)

SEPARATORS = frozenset({",", ";", "and", "or", "\\\\"})
_SET_OPERATORS = {"∪": "|", "∩": "&", "\\": "-"}
_ENDS = frozenset({"end", "}", ")", "]", ",", "\\}", "&", "\\\\", ";"})
"""Kinds of token that end an item, so that nothing more needs to be tried."""
STARTS = frozenset(
    {"num", "sym", "fn", "cmd", "(", "[", "{", "\\{", "<(", "⌊", "⌈", "begin", "‖", "∠", "△", "currency"}
)
"""Kinds of token that can begin a factor, so that juxtaposition multiplies (`|` only where it opens)."""
_UNITS_OF_COUNT = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PERCENT_WORDS = frozenset({"percent", "pct", "percentage", "per cent", "percents"})
_DEGREE_WORDS = frozenset({"degree", "degrees", "deg"})
_REMARKS = names(
    """for where with if when since because which so such whenever provided that is thus hence therefore at
    given"""
)
_INEQUALITIES = frozenset({"<", ">", "<=", ">=", "!=", "in", "notin"})


def fold(value: fmpq) -> Rational:
    """An `int` where the rational is one."""
    return int(value.p) if value.q == 1 else value


def negate(value: Value) -> Value:
    """`-value`, folded into numbers, quantities and products."""
    if type(value) is Num:
        return Num(-value.value, value.digits, value.places)
    if type(value) is Quantity:
        return Quantity(negate(value.value), value.unit)
    if type(value) is Apply:
        if value.head == "neg":
            return value.args[0]
        if value.head in ("percent", "deg"):
            return Apply(value.head, (negate(value.args[0]),))
    return Apply("neg", (value,))


class Grammar:
    """The token cursor and the levels from items to postfix operators."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.kind = tokens[0][0]
        self.depth = 0
        self.bars = 0
        self.norms = 0
        self.outward = 0
        self.builder = 0
        self.repairs = 0

    # -- the cursor ----------------------------------------------------------------------------------

    def advance(self) -> object:
        """Step over the current token and return its value."""
        value = self.tokens[self.position][1]
        self.position += 1
        self.kind = self.tokens[self.position][0]
        return value

    def seek(self, position: int) -> None:
        """Move the cursor."""
        self.position = position
        self.kind = self.tokens[position][0]

    def peek(self, ahead: int = 1) -> Token:
        """The token `ahead` places on, or the end token."""
        index = self.position + ahead
        return self.tokens[index] if index < len(self.tokens) else self.tokens[-1]

    def expect(self, kind: str) -> None:
        """Step over a token of `kind`; at the end of the answer a missing one is taken as there."""
        if self.kind == kind:
            self.advance()
        elif self.kind == "end" and self.repairs < 2:
            self.repairs += 1
        else:
            raise UnreadableError(f"expected {kind}, found {self.kind}")

    # -- items ---------------------------------------------------------------------------------------

    def answer(self) -> Value:
        """The whole answer."""
        value = self.items()
        while self.kind in ("}", ")", "]", "\\}", ",", ";", "|"):
            self.advance()
            self.repairs += 1
        if self.kind != "end" or self.repairs > 3:
            raise UnreadableError(f"unexpected {self.kind}")
        return value

    def items(self) -> Value:
        """One element, or several separated by commas, semicolons, `and` or `or`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")
        first = self.element()
        if self.kind not in SEPARATORS and self.kind != "∪":
            self.depth -= 1
            return first
        parts = [first]
        joints: set[str] = set()
        while self.kind in SEPARATORS or self.kind == "∪":
            joint = ","
            while self.kind in SEPARATORS or self.kind == "∪":
                joint = self.kind if self.kind in ("and", "or") else "or" if self.kind == "∪" else joint
                self.advance()
            joints.add(joint)
            if self.kind in ("end", ")", "]", "}", "\\}"):
                break
            parts.append(self.element())
        self.depth -= 1
        if len(parts) == 1:
            return first
        if all(type(p) is Relation and p.ops[0] in _INEQUALITIES for p in parts) or (
            any(type(p) is Relation and p.ops[0] in _INEQUALITIES for p in parts)
            and all(type(p) is Relation for p in parts)
        ):
            joints.discard(",") if len(joints) > 1 else None
            return Logic(joints.pop() if len(joints) == 1 else ",", tuple(parts))
        return Items(tuple(parts))

    def element(self) -> Value:
        """A relation, value, ratio or quantity: one item of a list."""
        if self.kind == "rel" or (self.kind == "sym" and self.tokens[self.position + 1][0] in ("(", "'")):
            value = self.relation()
        else:
            value = self.terms()
            if self.kind in _ENDS:
                return value
            value = self.relation(value)
        if self.kind == ":" and not self.builder:
            parts = [value]
            while self.kind == ":":
                self.advance()
                parts.append(self.sum())
            value = Ratio(tuple(parts))
        if self.kind in ("choose", "over"):
            kind = self.advance()
            below = self.sum()
            value = Apply("binom", (value, below)) if kind == "choose" else self.quotient(value, below)
        if self.kind in ("text", "word", "currency"):
            value = self.quantity(value)
        if self.kind in ("pmod", "mod"):
            self.advance()
            modulus = self.sum()
            value = Relation(("mod",), (value, modulus))
        return value

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
            elif self.kind == "sym" and parts and len(name := str(getattr(self.peek(0)[1], "name", ""))) == 1:
                self.advance()
                parts.append(name)
            else:
                break
        unit = " ".join(parts).strip(" ~,.;\\")
        if "(" in unit or unit.partition(" ")[0].lower().strip(",") in _REMARKS:
            raise UnreadableError("a remark behind a value")
        lower = unit.lower()
        first, _, rest = lower.partition(" ")
        if first in _UNITS_OF_COUNT and type(value) in (Num, Quantity):
            value = _scaled(value, _UNITS_OF_COUNT[first])
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

    # -- relations and sums --------------------------------------------------------------------------

    def relation(self, first: Value | None = None) -> Value:
        """A chain of relations, or a plain value; `first` where its first terms have been read."""
        if first is not None:
            first = self.set_operations(first)
        elif self.kind == "rel":
            operator = str(self.peek(0)[1])
            if operator in ("=", "~", "~=", "sim", "=>", "->"):
                self.advance()
                return self.relation()
            first = Sym("?")
        else:
            first = self.labelled_call() or self.sum()
        if self.kind != "rel":
            return first
        operators: list[str] = []
        sides: list[Value] = [first]
        while self.kind == "rel":
            operators.append(str(self.advance()))
            if operators[-1] == "in" and self.kind in ("end", ",", ";"):
                return Quantity(first, "inch")
            side = self.terms() if operators[-1] in _INEQUALITIES - {"in", "notin"} else self.sum()
            if self.kind in ("text", "word", "currency"):
                side = self.quantity(side)
            sides.append(side)
        if not operators:
            return first
        return Relation(tuple(operators), tuple(sides))

    def labelled_call(self) -> Value | None:
        """`p(x)` before an equals sign is a function being named, not a product; None where there is none."""
        if self.kind != "sym":
            return None
        start = self.position
        ahead = start + 1
        tokens = self.tokens
        while tokens[ahead][0] == "'":
            ahead += 1
        if tokens[ahead][0] not in ("(", "["):
            return None
        level = 0
        for index in range(ahead, min(len(tokens), ahead + 40)):
            kind = tokens[index][0]
            level += (kind in ("(", "[")) - (kind in (")", "]"))
            if kind in ("+", "-", "*") and self.tokens[start][1] in tokens_between(tokens, ahead, index + 4):
                return None
            if level == 0:
                if tokens[index + 1][0] != "rel":
                    return None
                name = getattr(self.advance(), "name", "?")
                while self.kind == "'":
                    self.advance()
                    name += "'"
                return self.call(str(name))
        return None

    def sum(self) -> Value:
        """Terms joined by signs, and set operations between such sums."""
        return self.set_operations(self.terms())

    def set_operations(self, value: Value) -> Value:
        """Unions, intersections and differences of the sum just read with the sums behind it."""
        while self.kind in _SET_OPERATORS:
            operator = _SET_OPERATORS[str(self.advance())]
            while self.kind in (",", *_SET_OPERATORS):
                self.advance()
            right = self.terms()
            if type(value) is SetOp and value.op == operator == "|":
                value = SetOp("|", (*value.args, right))
            else:
                value = SetOp(operator, (value, right))
        return value

    def terms(self) -> Value:
        """Products joined by signs."""
        value = self.product()
        if self.kind not in ("+", "-", "±", "∓"):
            return value
        terms = [value]
        while True:
            if self.kind == "+":
                self.advance()
                if self.kind == "…":
                    raise UnreadableError("a sum with an ellipsis")
                terms.append(self.product())
            elif self.kind == "-":
                self.advance()
                terms.append(negate(self.product()))
            elif self.kind in ("±", "∓"):
                head = "pm" if self.advance() == "±" else "mp"
                terms.append(Apply(head, (self.product(),)))
            else:
                return Apply("+", tuple(terms))

    def product(self) -> Value:
        """Signs, then factors joined by multiplication, division or nothing."""
        kind = self.kind
        if kind in ("-", "+", "±", "∓"):
            minus = False
            while self.kind in ("-", "+"):
                minus ^= self.advance() == "-"
            if self.kind in ("±", "∓"):
                head = "pm" if self.advance() == "±" else "mp"
                return Apply(head, (self.product(),))
            value = self.product()
            return negate(value) if minus else value
        value = self.factor()
        kind = self.kind
        if kind not in STARTS and kind not in ("*", "/", "mod", "|"):
            return value
        factors = [value]
        while True:
            kind = self.kind
            if kind == "*":
                self.advance()
                factors.append(self.signed_factor())
            elif kind == "/":
                self.advance()
                below = self.signed_factor()
                if len(factors) == 1:
                    factors[0] = self.quotient(factors[0], below)
                else:
                    factors.append(Apply("inv", (below,)))
            elif kind == "mod":
                self.advance()
                left = factors[0] if len(factors) == 1 else Apply("*", tuple(factors))
                factors = [Apply("mod", (left, self.signed_factor()))]
            elif kind in STARTS:
                if kind == "num" and type(factors[-1]) is Num:
                    raise UnreadableError("two numbers side by side")
                if kind == "currency" and self.peek()[0] != "num":
                    break
                if (kind == "[" and self.outward) or (kind == "‖" and self.norms):
                    break
                if kind == "begin" and type(factors[-1]) is not Num and self.bars:
                    break
                factors.append(self.factor())
            elif kind == "|" and not self.bars and not self.builder and self.peek()[0] in STARTS | {"-"}:
                factors.append(self.factor())
            else:
                break
        if len(factors) == 1:
            return factors[0]
        last = factors[-1]
        if (
            type(last) is Apply
            and last.head == "/"
            and type(last.args[0]) is Text
            and type(last.args[1]) is Text
        ):
            rest = factors[0] if len(factors) == 2 else Apply("*", tuple(factors[:-1]))
            return Quantity(rest, f"{last.args[0].words}/{last.args[1].words}")
        if any(type(factor) is Text and not factor.words.startswith("angle") for factor in factors):
            raise UnreadableError("words in a product")
        return Apply("*", tuple(factors))

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

    # -- postfix operators ---------------------------------------------------------------------------

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

    # -- supplied by `brackets.py` and `calls.py` ----------------------------------------------------

    def number(self) -> Value:
        """A number, or a mixed number."""
        raise NotImplementedError

    def symbol(self) -> Value:
        """A letter with subscript, primes or arguments."""
        raise NotImplementedError

    def primary(self) -> Value:
        """Brackets, commands and functions."""
        raise NotImplementedError

    def script(self) -> Value:
        """What stands raised or lowered: a group or one item."""
        raise NotImplementedError

    def based(self, digits: Num) -> Value:
        """Digits with a base as subscript."""
        raise NotImplementedError

    def call(self, name: str) -> Value:
        """A named function applied to what stands in parentheses."""
        raise NotImplementedError

    def after_symbol(self, name: str) -> Value:
        """A symbol whose name is complete but for arguments."""
        raise NotImplementedError


def tokens_between(tokens: list[Token], first: int, last: int) -> list[object]:
    """The values of a range of tokens."""
    return [value for _, value, _ in tokens[first:last]]


def _scaled(value: Value, factor: int) -> Value:
    if type(value) is Quantity:
        return Quantity(_scaled(value.value, factor), value.unit)
    assert type(value) is Num
    return Num(fold(fmpq(value.value) * factor))
