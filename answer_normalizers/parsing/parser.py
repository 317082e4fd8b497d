"""The token cursor that every level of the grammar shares, and the folding of numbers and signs.

The levels are one class each, every one building on the one below: `Cursor`, `Postfix` (powers, factorials,
units), `Grammar` (items, relations, sums, products), `Brackets`, `Commands`, `Calls`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.lexer import Token
from answer_normalizers.tree.nodes import Apply, Num, Quantity, Value

if TYPE_CHECKING:
    from flint import fmpq
from flint import fmpq

from answer_normalizers.limits import MAX_DEPTH, MAX_MATRIX_CELLS
from answer_normalizers.parsing.lexer import GAP, tokenize
from answer_normalizers.parsing.units import is_unit
from answer_normalizers.parsing.vocabulary import INVERSES, TRIGONOMETRIC, names
from answer_normalizers.parsing.words import number_in_words
from answer_normalizers.tree.nodes import (
    Builder,
    Items,
    Logic,
    Matrix,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Text,
    fold,
    negate,
)


class Cursor(ABC):
    """The tokens, where we stand in them, and what the levels above supply."""

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

    # -- supplied by the levels above ----------------------------------------------------------------

    @abstractmethod
    def items(self) -> Value:
        """One element, or several separated by commas, semicolons, `and` or `or`."""

    @abstractmethod
    def sum(self) -> Value:
        """Terms joined by signs, and set operations between such sums."""

    @abstractmethod
    def number(self) -> Value:
        """A number, or a mixed number."""

    @abstractmethod
    def symbol(self) -> Value:
        """A letter with subscript, primes or arguments."""

    @abstractmethod
    def primary(self) -> Value:
        """Brackets, commands and functions."""

    @abstractmethod
    def script(self) -> Value:
        """What stands raised or lowered: a group or one item."""

    @abstractmethod
    def based(self, digits: Num) -> Value:
        """Digits with a base as subscript."""

    @abstractmethod
    def call(self, name: str) -> Value:
        """A named function applied to what stands in parentheses."""

    @abstractmethod
    def after_symbol(self, name: str) -> Value:
        """A symbol whose name is complete but for arguments."""


# ---- What stands behind a primary: powers, factorials, degrees, per cent signs, units and labels.

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


# ---- The levels of the grammar from items down to products.

SEPARATORS = frozenset({",", ";", "and", "or", "\\\\"})
_SET_OPERATORS = {"∪": "|", "∩": "&", "\\": "-"}
_ENDS = frozenset({"end", "}", ")", "]", ",", "\\}", "&", "\\\\", ";"})
"""Kinds of token that end an item, so that nothing more needs to be tried."""
STARTS = frozenset(
    {"num", "sym", "fn", "cmd", "(", "[", "{", "\\{", "<(", "⌊", "⌈", "begin", "‖", "∠", "△", "currency"}
)
"""Kinds of token that can begin a factor, so that juxtaposition multiplies (`|` only where it opens)."""
_INEQUALITIES = frozenset({"<", ">", "<=", ">=", "!=", "in", "notin"})


class Grammar(Postfix):
    """Items, relations, sums and products."""

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
        if self.kind not in SEPARATORS and self.kind != "∪" and not self.after_gap():
            self.depth -= 1
            return first
        parts = [first]
        joints: set[str] = set()
        while self.kind in SEPARATORS or self.kind == "∪" or self.after_gap():
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
        texts = sum(type(part) is Text for part in parts)
        if 0 < texts < len(parts):
            raise UnreadableError("words in a list of mathematics")
        if all(type(p) is Relation and p.ops[0] in _INEQUALITIES for p in parts) or (
            any(type(p) is Relation and p.ops[0] in _INEQUALITIES for p in parts)
            and all(type(p) is Relation for p in parts)
        ):
            joints.discard(",") if len(joints) > 1 else None
            return Logic(joints.pop() if len(joints) == 1 else ",", tuple(parts))
        return Items(tuple(parts))

    def after_gap(self) -> bool:
        """Whether a new item begins here, since a gap parts what stands here from what was read."""
        return self.kind in STARTS and self.tokens[self.position][2] == GAP

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
        if self.kind in ("-", "+", "±", "∓"):
            return self.signed_product()
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
                if self.tokens[self.position][2] == GAP or (kind == "[" and self.outward):
                    break
                if kind == "num" and type(factors[-1]) is Num:
                    raise UnreadableError("two numbers side by side")
                if kind == "currency" and self.peek()[0] != "num":
                    break
                if kind == "‖" and self.norms:
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
        if any(type(factor) is Text for factor in factors):
            raise UnreadableError("words in a product")
        return Apply("*", tuple(factors))

    def signed_product(self) -> Value:
        """A product behind its signs."""
        minus = False
        while self.kind in ("-", "+"):
            minus ^= self.advance() == "-"
        if self.kind in ("±", "∓"):
            return Apply("pm" if self.advance() == "±" else "mp", (self.product(),))
        value = self.product()
        return negate(value) if minus else value


def tokens_between(tokens: list[Token], first: int, last: int) -> list[object]:
    """The values of a range of tokens."""
    return [value for _, value, _ in tokens[first:last]]


# ---- What stands in brackets: groups, points, intervals, sets and set builders, absolute values, matrices.

_MATRICES = names("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases dcases rcases")
_LAYOUTS = names("aligned align gathered split gather equation alignedat eqnarray multline")
_CLOSERS = {"⌊": ("⌋", "floor"), "⌈": ("⌉", "ceil"), "‖": ("‖", "norm")}


class Brackets(Grammar):
    """Primaries that open with a bracket or an environment."""

    def bracketed(self) -> Value:
        """A primary that opens with a bracket."""
        kind = self.kind
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")
        if kind in ("(", "["):
            value = self.round_or_square()
        elif kind == "]":
            value = self.outward_interval()
        elif kind == "{":
            value = self.group()
        elif kind == "\\{":
            value = self.braced_set()
        elif kind == "<(":
            self.advance()
            inner = self.items()
            self.expect(")>")
            value = Sequence("<", ">", inner.items if type(inner) is Items else (inner,))
        elif kind == "|":
            value = self.absolute_value()
        elif kind in _CLOSERS:
            closer, head = _CLOSERS[kind]
            self.advance()
            self.norms += closer == "‖"
            value = Apply(head, (self.items(),))
            self.norms -= closer == "‖"
            self.expect(closer)
        else:
            raise UnreadableError(f"unexpected {kind}")
        self.depth -= 1
        return value

    def round_or_square(self) -> Value:
        """A group, a point or vector, or an interval."""
        opener = str(self.advance())
        bars, builder, self.bars, self.builder = self.bars, self.builder, 0, 0
        inner = self.items()
        self.bars, self.builder = bars, builder
        closer = self.kind
        if closer in (")", "]"):
            self.advance()
        elif closer == "end" and self.repairs < 2:
            self.repairs += 1
            closer = ")" if opener == "(" else "]"
        else:
            raise UnreadableError(f"a bracket closed by {closer}")
        if type(inner) is Items:
            return Sequence(opener, closer, inner.items)
        if (opener == "(") != (closer == ")"):
            raise UnreadableError("one item in unlike brackets")
        return inner

    def outward_interval(self) -> Value:
        """`]a, b[`, the French open interval."""
        self.advance()
        self.outward += 1
        inner = self.items()
        self.outward -= 1
        if type(inner) is not Items or len(inner.items) != 2 or self.kind not in ("[", "]", ")"):
            raise UnreadableError("a closing bracket without an opening one")
        closer = ")" if self.kind == "[" else str(self.kind)
        self.advance()
        return Sequence("(", closer, inner.items)

    def group(self) -> Value:
        """`{…}`: an invisible group, or a plain-text set builder or set."""
        self.advance()
        if self.kind == "}":
            self.advance()
            return self.factor()
        bars, self.bars = self.bars, 0
        position = self.position
        if self._holds_a_bar(position):
            self.builder += 1
            inner = self.items()
            self.builder -= 1
            if self.kind in ("|", ":"):
                self.bars = bars
                return self.set_builder(inner, "}")
        else:
            inner = self.items()
        self.bars = bars
        self.expect("}")
        return inner

    def _holds_a_bar(self, position: int) -> bool:
        """Whether the group at `position` is `variable | condition`."""
        tokens = self.tokens
        return tokens[position][0] == "sym" and tokens[position + 1][0] in ("|", ":")

    def braced_set(self) -> Value:
        """`\\{…\\}`: a set by its elements or by a condition."""
        self.advance()
        if self.kind == "\\}":
            self.advance()
            return SetOf(())
        bars, builder, self.bars, self.builder = self.bars, self.builder, 0, self.builder + 1
        inner = self.items()
        self.bars, self.builder = bars, builder
        if self.kind in ("|", ":"):
            return self.set_builder(inner, "\\}")
        if self.kind in (")", "}", "]"):
            raise UnreadableError("a set closed by another bracket")
        self.expect("\\}")
        return SetOf(inner.items if type(inner) is Items else (inner,))

    def set_builder(self, variable: Value, closer: str) -> Value:
        """The condition after the bar, to the closing brace."""
        self.advance()
        builder, self.builder = self.builder, 0
        condition = self.items()
        self.builder = builder
        self.expect(closer)
        if type(condition) is Logic and condition.op == ",":
            condition = Logic("and", condition.parts)
        elif type(condition) is Items:
            condition = Logic("and", condition.items)
        return Builder(variable, condition)

    def absolute_value(self) -> Value:
        """`|…|`; a determinant where a matrix stands in it."""
        self.advance()
        builder, self.builder = self.builder, 0
        self.bars += 1
        inner = self.items()
        self.bars -= 1
        self.builder = builder
        self.expect("|")
        return Apply("det" if type(inner) is Matrix else "abs", (inner,))

    def environment(self) -> Value:
        """`\\begin{…} … \\end{…}`."""
        name = str(self.advance())
        if name in _LAYOUTS:
            return self.layout()
        if name not in _MATRICES:
            raise UnreadableError(f"unknown environment {name}")
        if name == "array" and self.kind == "{":
            while self.kind not in ("}", "end"):
                self.advance()
            self.expect("}")
        bars, builder, self.bars, self.builder = self.bars, self.builder, 0, 0
        rows: list[tuple[Value, ...]] = []
        row: list[Value] = []
        cells = 0
        while True:
            while self.kind == "cmd" and self.peek(0)[1] == "cline":
                self.advance()
            if self.kind in ("end", "close", "\\\\"):
                if row:
                    rows.append(tuple(row))
                    row = []
                if self.kind == "\\\\":
                    self.advance()
                    continue
                self.expect("close")
                break
            if self.kind == "&" or (self.kind == "text" and self.peek()[0] == "&"):
                self.advance()
                continue
            row.append(self.cell())
            cells += 1
            if cells > MAX_MATRIX_CELLS:
                raise UnreadableError("a matrix of too many cells")
        self.bars, self.builder = bars, builder
        if not rows or len({len(r) for r in rows}) != 1:
            raise UnreadableError("a matrix of uneven rows")
        matrix = Matrix(tuple(rows))
        return Apply("det", (matrix,)) if name == "vmatrix" else matrix

    def cell(self) -> Value:
        """One cell of a matrix, or one branch of a piecewise definition."""
        if self.kind == "text" and str(self.peek(0)[1]).strip(" ,").lower() in (
            "if",
            "for",
            "when",
            "otherwise",
            "else",
        ):
            word = str(self.advance()).strip(" ,").lower()
            if word in ("otherwise", "else"):
                return Sym("otherwise")
        value = self.element()
        while self.kind in (",", ";", "."):
            self.advance()
            if self.kind == "text":
                self.advance()
        return value

    def layout(self) -> Value:
        """Lines of an alignment, as items."""
        parts: list[Value] = []
        while self.kind not in ("end", "close"):
            if self.kind in ("&", *SEPARATORS):
                self.advance()
                continue
            parts.append(self.element())
        self.expect("close")
        if not parts:
            raise UnreadableError("an empty environment")
        return parts[0] if len(parts) == 1 else Items(tuple(parts))


# ---- Fractions, roots, binomials, sums, integrals and limits: the commands that take arguments.


class Commands(Brackets):
    """Primaries that open with a command."""

    @abstractmethod
    def single(self) -> Value:
        """One primary; supplied by `Calls`."""

    @abstractmethod
    def subscript(self) -> str:
        """A subscript as a string; supplied by `Calls`."""

    def command(self) -> Value:
        """Fractions, roots, binomials and big operators."""
        name = str(self.advance())
        if name == "frac":
            return self.fraction()
        if name == "sqrt":
            return self.root()
        if name == "binom":
            above = self.fraction_part()
            return Apply("binom", (above, self.fraction_part()))
        if name in ("sum", "prod"):
            return self.big_operator(name)
        if name == "int":
            return self.integral()
        if name == "lim":
            return self.limit()
        raise UnreadableError(f"\\{name} is not read")

    def fraction(self) -> Value:
        """`\\frac` with its two arguments, also `\\frac12` and `\\frac1{72}`; derivatives are one symbol."""
        if self.kind == "{" and getattr(self.peek()[1], "name", "") in ("d", "partial"):
            derivative = self.derivative()
            if derivative is not None:
                return derivative
        return self.quotient(self.fraction_part(), self.fraction_part(second=True))

    def fraction_part(self, *, second: bool = False) -> Value:
        """Numerator or denominator: a group, a digit of `\\frac12`, or one primary."""
        if self.kind == "{":
            self.advance()
            inner = self.items()
            self.expect("}")
            return inner
        if self.kind == "num":
            kind, token, spaced = self.peek(0)
            if type(token) is not Num or token.digits or not isinstance(token.value, int):
                raise UnreadableError("a bare decimal in a fraction")
            literal = str(token.value)
            if len(literal) == 1 or (second and spaced) or self.peek()[0] == "num" or self.peek()[0] == "{":
                if len(literal) > 1 and not second and not spaced and self.peek()[0] != "{":
                    raise UnreadableError("a fraction without braces that can be split in several ways")
                self.advance()
                return token
            if len(literal) == 2 and not second:
                self.tokens = list(self.tokens)
                self.tokens[self.position] = (kind, Num(int(literal[1])), 0)
                return Num(int(literal[0]))
            raise UnreadableError("a fraction without braces that can be split in several ways")
        return self.single()

    def derivative(self) -> Value | None:
        """`\\frac{dy}{dx}` as a symbol of its own; None, and nothing read, where it is a fraction."""
        start = self.position
        parts = []
        for _ in range(2):
            if self.kind != "{" or getattr(self.peek()[1], "name", "") not in ("d", "partial"):
                self.seek(start)
                return None
            parts.append(self.subscript())
        if len(parts[0]) > 8 or len(parts[1]) < 2 or len(parts[0].replace("partial", "d")) < 2:
            raise UnreadableError("a differential operator")
        return Sym("/".join(parts))

    def root(self) -> Value:
        """`\\sqrt[n]{x}` and its malformed variants; an odd root of a negative number is real."""
        index: Value = Num(2)
        if self.kind == "[":
            self.advance()
            index = self.sum()
            self.expect("]")
        if self.kind == "{":
            self.advance()
            inner = self.items()
            self.expect("}")
        else:
            inner = self.single()
        return rooted(inner, index)

    def limits(self) -> tuple[Value | None, Value | None]:
        """What stands below and above a sign, in either order."""
        lower: Value | None = None
        upper: Value | None = None
        while self.kind in ("_", "^"):
            if self.advance() == "_":
                lower = self.script()
            else:
                upper = self.script()
        return lower, upper

    def big_operator(self, name: str) -> Value:
        """`\\sum_{k=a}^{b} term`: (variable, from, to, term)."""
        lower, upper = self.limits()
        term = self.product()
        if (
            type(lower) is not Relation
            or lower.ops != ("=",)
            or type(lower.sides[0]) is not Sym
            or upper is None
        ):
            raise UnreadableError(f"\\{name} without both limits")
        return Apply(name, (lower.sides[0], lower.sides[1], upper, term))

    def integral(self) -> Value:
        """`\\int_a^b f dx`: (variable, from, to, integrand)."""
        lower, upper = self.limits()
        level = 0
        for index in range(self.position, len(self.tokens) - 1):
            kind, token, _ = self.tokens[index]
            level += (kind in ("(", "{", "[")) - (kind in (")", "}", "]"))
            if level == 0 and getattr(token, "name", "") == "d" and self.tokens[index + 1][0] == "sym":
                variable = self.tokens[index + 1][1]
                break
        else:
            raise UnreadableError("an integral without a differential")
        kept = self.tokens
        self.tokens = [*kept[self.position : index], ("end", None, 0)]
        end = index + 2
        self.position = 0
        self.kind = self.tokens[0][0]
        body = Num(1) if self.kind == "end" else self.terms()
        if self.kind != "end":
            raise UnreadableError("an integrand that is not one expression")
        self.tokens = kept
        self.seek(end)
        if lower is None or upper is None:
            raise UnreadableError("an indefinite integral")
        return Apply("int", (variable, lower, upper, body))  # type: ignore[arg-type]

    def limit(self) -> Value:
        """`\\lim_{x \\to a} f`: (variable, point, expression)."""
        if self.kind != "_":
            raise UnreadableError("a limit without a point")
        self.advance()
        point = self.script()
        if type(point) is not Relation or type(point.sides[0]) is not Sym:
            raise UnreadableError("a limit without a point")
        return Apply("lim", (point.sides[0], point.sides[1], self.product()))


def rooted(inner: Value, index: Value) -> Value:
    """A square root, or a root of another index."""
    if type(index) is Num and index.value == 2:
        return Apply("sqrt", (inner,))
    return Apply("root", (inner, index))


# ---- Numbers, letters, functions and big operators: the primaries of the grammar that are not brackets.

_APPLIED = frozenset("fghFGH")
"""Letters that take what stands in parentheses behind them as argument; other letters multiply it."""
_LIST_FUNCTIONS = frozenset({"gcd", "lcm", "max", "min"})
_ARGUMENT_STOPS = frozenset({"fn", "*", "/", "text", "word", "currency", "mod", "begin"})
_SINGLE = frozenset({"num", "sym", "cmd", "fn", "(", "[", "{", "\\{", "|", "⌊", "⌈", "‖"})


class Calls(Commands):
    """The complete parser."""

    def primary(self) -> Value:
        """A factor without its powers: a bracket, command, function, label or currency."""
        kind = self.kind
        if kind == "fn":
            return self.function()
        if kind == "cmd":
            return self.command()
        if kind == "begin":
            return self.environment()
        if kind == "currency":
            name = str(self.advance())
            return Quantity(
                self.factor(),
                {"$": "dollar", "pound": "pound_sterling", "pounds": "pound_sterling"}.get(name, name),
            )
        if kind in ("∠", "△"):
            return self.figure(str(self.advance()))
        if kind == "…":
            self.advance()
            return Sym("…")
        if kind in ("text", "word"):
            return self.label()
        if kind in ("_", "^") and self.peek()[0] in ("num", "{"):
            raise UnreadableError("a script without a base")
        return self.bracketed()

    def figure(self, sign: str) -> Value:
        """An angle or triangle by its points, one symbol: `∠ABC` is `∠CBA`, and neither is `∠ABD`."""
        points = self.points()
        if sign == "∠" and len(points) == 3:
            points = min(points, points[::-1])
        return Sym(sign + "".join(points))

    def points(self) -> list[str]:
        """The names of points that stand behind one another, with their subscripts and primes."""
        points: list[str] = []
        while self.kind in ("sym", "word", "num", "{", "("):
            if self.kind in ("{", "("):
                closer = "}" if self.advance() == "{" else ")"
                points += self.points()
                self.expect(closer)
                continue
            token = self.advance()
            name = str(getattr(token, "name", getattr(token, "value", token)))
            points += list(name) if name.isalpha() and name.isupper() else [name]
            while self.kind in ("_", "'"):
                points[-1] += "_" + self.subscript() if self.advance() == "_" else "'"
        if not points:
            raise UnreadableError("an angle without a name")
        return points

    def label(self) -> Value:
        """Words that name what stands behind an equals sign, or a number in words with a unit."""
        words: list[str] = []
        while self.kind in ("text", "word"):
            words.append(str(self.advance()))
        if self.kind == "rel" and self.peek(0)[1] in ("=", "~"):
            return Text(" ".join(words).lower())
        if self.kind in ("end", ",", ")", "and", "or", "^", "}", "rel", "\\}", ";", "_") and len(words) == 1:
            word = words[0]
            number = number_in_words(word)
            if number is not None:
                return Num(number)
            if self.kind == "^":
                return Sym(word)
            return Text(word.lower().strip(" .,"))
        if self.kind == "(" and len(words) == 1 and len(words[0]) < 12:
            return self.call(words[0])
        raise UnreadableError("words before mathematics")

    # -- numbers and letters -------------------------------------------------------------------------

    def number(self) -> Value:
        """A number literal; an integer before a proper fraction is a mixed number."""
        node = self.advance()
        assert isinstance(node, (Num, Apply))
        if (
            type(node) is not Num
            or node.digits
            or self.kind not in ("cmd", "num")
            or not isinstance(node.value, int)
        ):
            return node
        if self.kind == "cmd":
            if self.peek(0)[1] != "frac":
                return node
            start = self.position
            part = self.command()
            if type(part) is Num and not part.digits and 0 < part.value < 1 and self.kind not in ("^", "!"):
                return Num(fold(fmpq(node.value) + part.value))
            self.seek(start)
            return node
        below = self.peek(2)
        above = self.peek(0)[1]
        if (
            self.peek(0)[2] == 1
            and self.peek(1)[0] == "/"
            and below[0] == "num"
            and type(above) is Num
            and type(below[1]) is Num
            and isinstance(above.value, int)
            and type(below[1].value) is int
            and 0 < above.value < below[1].value
        ):
            self.seek(self.position + 3)
            return Num(fold(node.value + fmpq(above.value, below[1].value)))
        return node

    def based(self, digits: Num) -> Value:
        """`1011_2`: the digits keep their base."""
        from answer_normalizers.tree.nodes import Based

        self.advance()
        base = self.script()
        if type(base) is Text:
            number = number_in_words(base.words)
            base = Num(number) if number is not None else base
        if (
            type(base) is not Num
            or not isinstance(base.value, int)
            or not 2 <= base.value <= 36
            or not isinstance(digits.value, int)
        ):
            raise UnreadableError("a subscript of a number that is no base")
        if any(int(digit) >= base.value for digit in str(digits.value)):
            raise UnreadableError("a digit that the base does not have")
        return Based(str(digits.value), base.value)

    def symbol(self) -> Value:
        """A letter with its subscript and primes, or applied to arguments."""
        node = self.advance()
        assert type(node) is Sym
        if self.kind not in ("_", "'", "(", "^"):
            # `m\angle A` is the measure of the angle, which the angle itself stands for as well.
            return self.factor() if self.kind == "∠" and node.name == "m" else node
        return self.after_symbol(node.name)

    def after_symbol(self, name: str) -> Value:
        """Subscripts, primes and arguments of a letter."""
        while True:
            if self.kind == "_":
                self.advance()
                name = f"{name}_{self.subscript()}"
            elif self.kind == "'":
                self.advance()
                name += "'"
            else:
                break
        if name[0] in _APPLIED and len(name.rstrip("'")) <= 3:
            if self.kind == "(":
                return self.call(name)
            if self.kind == "^" and (call := self.inverse_function(name)):
                return call
        if self.kind == "(" and self.at_zero():
            return self.call(name)
        return Sym(name)

    def at_zero(self) -> bool:
        """Whether `(0)` stands here: `I(0)` is a value at 0, since nobody multiplies by a bracketed 0."""
        inside, after = self.peek(1), self.peek(2)
        return isinstance(inside[1], Num) and inside[1].value == 0 and after[0] == ")"

    def inverse_function(self, name: str) -> Value | None:
        """`f^{-1}(x)`; None, and nothing read, where that is not what stands here."""
        start = self.position
        self.advance()
        inner = self.script()
        if type(inner) is Num and inner.value == -1 and self.kind == "(":
            return self.call(name + "^-1")
        self.seek(start)
        return None

    def subscript(self) -> str:
        """The subscript as a string of its tokens."""
        if self.kind != "{":
            if self.kind not in ("num", "sym", "word", "text", "cmd", "*", "+", "-", "fn"):
                raise UnreadableError(f"{self.kind} as a subscript")
            token = self.advance()
            return str(getattr(token, "name", getattr(token, "value", token)))
        parts: list[str] = []
        level = 0
        while self.kind != "end":
            kind, token, _ = self.peek(0)
            level += (kind == "{") - (kind == "}")
            self.advance()
            if level == 0:
                break
            if kind not in ("{", "}"):
                parts.append(str(getattr(token, "name", getattr(token, "value", token))))
        return "".join(parts)

    def call(self, name: str) -> Value:
        """`name(…)`, or `name[…]` as in an expectation."""
        closer = "]" if self.kind == "[" else ")"
        self.expect("[" if self.kind == "[" else "(")
        bars, self.bars = self.bars, 0
        inner = self.items()
        self.bars = bars
        self.expect(closer)
        if name == "Matrix" and type(inner) is Sequence:
            return inner  # as SymPy writes one
        return Apply("call", (Sym(name), *(inner.items if type(inner) is Items else (inner,))))

    def script(self) -> Value:
        """What is raised or lowered: a group, a signed number, or one primary."""
        if self.kind == "{":
            self.advance()
            inner = self.items()
            self.expect("}")
            return inner
        minus = False
        while self.kind in ("-", "+"):
            minus ^= self.advance() == "-"
        value = self.single()
        return negate(value) if minus else value

    def single(self) -> Value:
        """One primary, without implicit powers: the argument of `^`, `\\sqrt`, `\\frac`."""
        if self.kind not in _SINGLE:
            raise UnreadableError(f"expected an argument, found {self.kind}")
        if self.kind == "num":
            return self.advance()  # type: ignore[return-value]
        if self.kind == "sym":
            node = self.advance()
            if self.kind == "(" and getattr(node, "name", "")[0] in _APPLIED:
                return self.call(node.name)  # type: ignore[attr-defined]
            return node  # type: ignore[return-value]
        return self.primary()

    def function(self) -> Value:
        """A named function with its power, base and argument."""
        name = str(self.advance())
        power: Value | None = None
        base: Value | None = None
        while self.kind in ("^", "_"):
            if self.advance() == "^":
                power = self.script()
            elif name == "log" and self.kind == "num" and self.peek()[0] not in _SINGLE | {"-"}:
                base = self.log_base()
            else:
                base = self.script()
        if type(power) is Num and power.value == -1 and name in INVERSES:
            name, power = INVERSES[name], None
        if name in ("max", "min", "det", "deg", "dim", "ker", "arg") and base is not None:
            raise UnreadableError("an operator over a range")
        result = self.applied(name, base)
        return result if power is None else Apply("^", (result, power))

    def log_base(self) -> Value:
        """The base of `\\log_28` is its first digit, since nothing else is left for the argument."""
        kind, token, _ = self.peek(0)
        literal = str(getattr(token, "value", ""))
        if len(literal) < 2 or not literal.isdigit():
            raise UnreadableError("a logarithm without an argument")
        self.tokens = list(self.tokens)
        self.tokens[self.position] = (kind, Num(int(literal[1:])), 0)
        return Num(int(literal[0]))

    def applied(self, name: str, base: Value | None) -> Value:
        """The function applied to its argument."""
        arguments = self.arguments(name)
        if name in _LIST_FUNCTIONS:
            return Apply(name, arguments)
        if len(arguments) == 2 and name in ("log", "binom"):
            return Apply(name, arguments)
        if len(arguments) != 1:
            raise UnreadableError(f"{name} of several arguments")
        if name == "binom":
            raise UnreadableError("a binomial of one argument")
        argument = arguments[0]
        if name == "log":
            return Apply("log", (argument, base)) if base is not None else Apply("log?", (argument,))
        if base is not None:
            raise UnreadableError(f"a subscript of {name}")
        if name == "lg":
            return Apply("log", (argument, Num(10)))
        if name == "log2":
            return Apply("log", (argument, Num(2)))
        if name in ("sqrt", "cbrt"):
            return rooted(argument, Num(2 if name == "sqrt" else 3))
        if name == "exp":
            return Apply("^", (Sym("e"), argument))
        if name == "cis":
            return Apply("^", (Sym("e"), Apply("*", (Sym("i"), argument))))
        return Apply(name, (argument,))

    def arguments(self, name: str) -> tuple[Value, ...]:
        """What the function is applied to: a bracket, or the factors up to the next function, sign or
        slash."""
        if self.kind in ("(", "[", "{", "\\{"):
            value = self.bracketed()
            if type(value) in (Items, SetOf, Sequence):
                return value.items  # type: ignore[union-attr]
            return (value,)
        minus = False
        while self.kind in ("-", "+"):
            minus ^= self.advance() == "-"
        if self.kind == "fn":
            return (self.factor(),)
        factors = [self.factor()]
        while (
            self.kind in STARTS
            and self.kind not in _ARGUMENT_STOPS
            and self.kind not in ("(", "[")
            and self.tokens[self.position][2] != GAP
        ) or (self.kind == "|" and not self.bars and not self.builder):
            if self.kind == "num" and type(factors[-1]) is Num:
                raise UnreadableError("two numbers side by side")
            factors.append(self.factor())
        argument = factors[0] if len(factors) == 1 else Apply("*", tuple(factors))
        if self.kind == "/" and name in TRIGONOMETRIC and self.peek()[0] == "num" and _mentions_pi(argument):
            self.advance()
            argument = self.quotient(argument, self.factor())
        return (negate(argument) if minus else argument,)


def _mentions_pi(value: Value) -> bool:
    return value == Sym("pi") or (type(value) is Apply and any(_mentions_pi(part) for part in value.args))


# ---- From a normalised answer to the typed tree: LaTeX, plain mathematics and malformed variants of both.


def parse(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Value:
    """Read a normalised answer. Raises `UnreadableError` where it is not mathematics."""
    return Calls(tokenize(text, split_thousands=split_thousands, plain_exponent=plain_exponent)).answer()
