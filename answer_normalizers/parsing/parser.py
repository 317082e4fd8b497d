r"""From tokens to the typed tree: LaTeX, plain mathematics, and malformed variants of both.

    >>> name, other = parse(r"x = -2\frac12, 5\pi").items
    >>> name.ops, name.sides
    (('=',), (Sym(name='x'), Num(value=-5/2, digits=0, places=0)))
    >>> other
    Apply(head='*', args=(Num(value=5, digits=0, places=0), Sym(name='pi')))

Recursive descent: each level of the grammar is a method that asks the level below it.

    answer      items, and nothing behind them but brackets that nobody opened
    items       elements, parted by a comma, semicolon, `and`, `or`, line break or wide gap
    element     a relation with what may stand behind one: `: 2`, `\choose k`, `cm`, `\pmod 7`
    relation    sums, and the relation signs between them
    sum         terms, and `\cup`, `\cap` and `\setminus` between them
    terms       products, and `+`, `-` and `\pm` between them
    product     factors, and `\cdot`, `/`, `\bmod` or nothing between them
    factor      a primary, and its powers, factorials, degrees and per cent signs
    primary     a number, letter, function, command, label, or what stands in brackets

Nothing is read twice: where a level must look ahead it looks at tokens, so that the time is in proportion to
their number. What is not mathematics raises `UnreadableError`; but up to three brackets may be missing or too
many, as they often are in the answer of a model that stopped early.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from flint import fmpq

from answer_normalizers.limits import MAX_DEPTH, MAX_MATRIX_CELLS
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.lexer import GAP, Token, tokenize
from answer_normalizers.parsing.units import is_unit
from answer_normalizers.parsing.vocabulary import CURRENCY, INVERSES, LIST_FUNCTIONS, TRIGONOMETRIC, names
from answer_normalizers.parsing.words import SCALES, number_in_words
from answer_normalizers.tree.nodes import (
    Apply,
    Based,
    Builder,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    SetOp,
    Sym,
    Text,
    Value,
    fold,
    negate,
    symbols,
)


def parse(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Value:
    """Read a normalised answer. Raises `UnreadableError` where it is not mathematics."""
    tokens = tokenize(text, split_thousands=split_thousands, plain_exponent=plain_exponent)
    return Parser(tokens).answer()


# Kinds of token, by what they do to the level that meets them.
_SEPARATORS = frozenset({",", ";", "and", "or", "\\\\"})
_JOINTS = _SEPARATORS | {"∪"}
_CLOSERS = frozenset({")", "]", "}", "\\}"})
_ENDS = frozenset({"end", "}", ")", "]", ",", "\\}", "&", "\\\\", ";"})
"""These end an element, so that nothing more needs to be tried."""
_LABELS = frozenset({"text", "word", "currency"})
_PLUS_MINUS = {"±": "pm", "∓": "mp"}
_SIGNS = frozenset({"+", "-", *_PLUS_MINUS})
_SET_OPERATORS = {"∪": "|", "∩": "&", "\\": "-"}
_INEQUALITIES = frozenset({"<", ">", "<=", ">=", "!="})
_CONDITIONS = _INEQUALITIES | {"in", "notin"}
_IDLE_RELATIONS = frozenset({"=", "~", "~=", "sim", "=>", "->"})
"""Relations that say nothing where no left side stands before them."""
_STARTS = frozenset(
    {"num", "sym", "fn", "cmd", "(", "[", "{", "\\{", "<(", "⌊", "⌈", "begin", "‖", "∠", "△", "currency"}
)
"""These can begin a factor, so that juxtaposition multiplies (`|` only where it opens)."""
_BEHIND_FACTOR = _STARTS | {"*", "/", "mod", "|"}
_OPENED_BY_BAR = _STARTS | {"-"}
_SINGLE = frozenset({"num", "sym", "cmd", "fn", "(", "[", "{", "\\{", "|", "⌊", "⌈", "‖"})
"""These can be an argument without braces, as in `\\sqrt 2`."""
_ARGUMENT = _SINGLE | {"-"}
_MORE_ARGUMENT = _STARTS - {"fn", "currency", "begin", "(", "["}
"""These go on with the argument of a function, as `x` does in `\\sin 2x`."""
_BEHIND_LABEL = frozenset({"end", ",", ")", "and", "or", "^", "}", "rel", "\\}", ";", "_"})
"""Before one of these a single word may stand for a number or a value."""

# What names mean.
_FUNCTION_LETTERS = frozenset("fghFGH")
"""Letters that take what stands in parentheses behind them as argument; other letters multiply it."""
_MATRICES = names("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases dcases rcases")
_LAYOUTS = names("aligned align gathered split gather equation alignedat eqnarray multline")
_OVER_RANGES = names("max min det degree dim ker arg")
"""Functions that are over a range where something stands below them, which is not read."""


class Parser:
    """The tokens of one answer, and where we stand in them."""

    __slots__ = ("bars", "builder", "depth", "kind", "norms", "outward", "position", "repairs", "tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.kind = tokens[0][0]
        """The kind of the token we stand at."""
        self.depth = 0
        self.repairs = 0
        """Brackets taken for there, or for absent."""
        self.bars = 0
        """How many `|` are open in the innermost bracket: where one is, the next closes it."""
        self.norms = 0
        self.builder = 0
        """Whether the variable of a set builder is being read, which a `|` or `:` ends."""
        self.outward = 0
        """How many intervals `]a, b[` are open."""

    # -- the cursor --------------------------------------------------------------------------------------

    def advance(self) -> Any:
        """Step over the current token and return its value."""
        value = self.tokens[self.position][1]
        self.position += 1
        self.kind = self.tokens[self.position][0]
        return value

    def seek(self, position: int) -> None:
        """Move the cursor."""
        self.position = position
        self.kind = self.tokens[position][0]

    def here(self) -> Any:
        """The value of the token we stand at."""
        return self.tokens[self.position][1]

    def kind_ahead(self, ahead: int = 1) -> str:
        """The kind of the token `ahead` places on; `end` beyond the last."""
        index = self.position + ahead
        return self.tokens[index][0] if index < len(self.tokens) else "end"

    def expect(self, kind: str) -> None:
        """Step over a token of `kind`; at the end of the answer a missing one is taken as there."""
        if self.kind == kind:
            self.advance()
        elif self.kind == "end" and self.repairs < 2:
            self.repairs += 1
        else:
            raise UnreadableError(f"expected {kind}, found {self.kind}")

    def descend(self) -> None:
        """Count one more level of nesting."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")

    # -- answer, items, element --------------------------------------------------------------------------

    def answer(self) -> Value:
        """The whole answer."""
        value = self.items()
        while self.kind in _CLOSERS or self.kind in (",", ";", "|"):
            self.advance()
            self.repairs += 1
        if self.kind != "end" or self.repairs > 3:
            raise UnreadableError(f"unexpected {self.kind}")
        return value

    def items(self) -> Value:
        """One element, or several separated by commas, semicolons, `and` or `or`."""
        self.descend()
        first = self.element()
        if self.kind not in _JOINTS and not self.is_after_gap():
            self.depth -= 1
            return first
        parts = [first]
        joints: set[str] = set()
        while self.kind in _JOINTS or self.is_after_gap():
            joints.add(self.joint())
            if self.kind == "end" or self.kind in _CLOSERS:
                break
            parts.append(self.element())
        self.depth -= 1
        return first if len(parts) == 1 else _listed(parts, joints)

    def is_after_gap(self) -> bool:
        """Whether a new item begins here, since a gap parts what stands here from what was read."""
        return self.kind in _STARTS and self.tokens[self.position][2] == GAP

    def joint(self) -> str:
        """Step over what parts two items: `and`, `or`, or a comma for anything else."""
        joint = ","
        while self.kind in _JOINTS:
            if self.kind in ("and", "or", "∪"):
                joint = "and" if self.kind == "and" else "or"
            self.advance()
        return joint

    def element(self) -> Value:
        """A relation, value, ratio or quantity: one item of a list."""
        kind = self.kind
        if kind == "rel" or (kind == "sym" and self.tokens[self.position + 1][0] in ("(", "'")):
            value = self.left_side()
        else:
            value = self.sum()
        if self.kind in _ENDS:
            return value
        if self.kind == "rel":
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
            value = Apply("binom", (value, below)) if kind == "choose" else _quotient(value, below)
        if self.kind in _LABELS:
            value = _with_unit(value, self.unit())
        if self.kind in ("pmod", "mod"):
            self.advance()
            value = Relation(("mod",), (value, self.sum()))
        return value

    def unit(self) -> str:
        """The unit or label that stands behind a value, as it is written."""
        parts: list[str] = []
        while True:
            if self.kind in ("text", "word"):
                parts.append(self.advance())
            elif self.kind == "currency":
                name = self.advance()
                parts.append(CURRENCY.get(name, name))
            elif self.kind in ("/", "*") and parts:
                parts.append(self.advance())
            elif self.kind == "^" and parts:
                self.advance()
                power = self.script()
                if type(power) is not Num or type(power.value) is not int or abs(power.value) > 9:
                    raise UnreadableError("a power of a unit that is not a small integer")
                parts.append(f"^{power.value}")
            elif self.kind == "sym" and parts and is_unit(self.here().name):
                parts.append(self.advance().name)
            else:
                return " ".join(parts).strip(" ~,.;\\")

    # -- relation, sum, terms ----------------------------------------------------------------------------

    def left_side(self) -> Value:
        """What stands before the first relation sign: `?` where there is nothing, as in `< 3`."""
        while self.kind == "rel" and self.here() in _IDLE_RELATIONS:
            self.advance()
        if self.kind == "rel":
            return Sym("?")
        return self.labelled_call() or self.sum()

    def labelled_call(self) -> Value | None:
        """`p(x)` before an equals sign is a function being named, not a product; None where there is none."""
        if self.kind != "sym":
            return None
        tokens, start = self.tokens, self.position
        ahead = start + 1
        while tokens[ahead][0] == "'":
            ahead += 1
        if tokens[ahead][0] not in ("(", "["):
            return None
        level = 0
        for index in range(ahead, min(len(tokens), ahead + 40)):
            kind = tokens[index][0]
            level += (kind in ("(", "[")) - (kind in (")", "]"))
            # `x(x + 1) = 6` multiplies: nobody puts a function into its own argument.
            if kind in ("+", "-", "*") and tokens[start][1] in (t[1] for t in tokens[ahead : index + 4]):
                return None
            if level == 0:
                if tokens[index + 1][0] != "rel":
                    return None
                self.seek(ahead)
                return self.call(tokens[start][1].name + "'" * (ahead - start - 1))
        return None

    def relation(self, first: Value) -> Value:
        """A chain of relations; what ends with `in` is a length."""
        operators: list[str] = []
        sides = [first]
        while self.kind == "rel":
            operator = self.advance()
            if operator == "in" and self.kind in ("end", ",", ";"):
                sides[-1] = Quantity(sides[-1], "inch")
                break
            # A union behind an inequality joins two conditions, not two sides.
            side = self.terms() if operator in _INEQUALITIES else self.sum()
            operators.append(operator)
            sides.append(_with_unit(side, self.unit()) if self.kind in _LABELS else side)
        return Relation(tuple(operators), tuple(sides)) if operators else sides[0]

    def sum(self) -> Value:
        """Terms, and set operations between them."""
        value = self.terms()
        while self.kind in _SET_OPERATORS:
            operator = _SET_OPERATORS[self.advance()]
            while self.kind == "," or self.kind in _SET_OPERATORS:
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
        if self.kind not in _SIGNS:
            return value
        terms = [value]
        while self.kind in _SIGNS:
            sign = self.advance()
            if sign == "+" and self.kind == "…":
                raise UnreadableError("a sum with an ellipsis")
            term = self.product()
            if sign in _PLUS_MINUS:
                term = Apply(_PLUS_MINUS[sign], (term,))
            terms.append(negate(term) if sign == "-" else term)
        return Apply("+", tuple(terms))

    # -- product -----------------------------------------------------------------------------------------

    def product(self) -> Value:
        """Signs, then factors joined by multiplication, division or nothing."""
        if self.kind in _SIGNS:
            return self.signed(self.product)
        value = self.factor()
        if self.kind not in _BEHIND_FACTOR:
            return value
        factors = [value]
        while True:
            kind = self.kind
            if kind == "*":
                self.advance()
                factors.append(self.signed(self.factor))
            elif kind == "/":
                self.advance()
                below = self.signed(self.factor)
                if len(factors) == 1:
                    factors[0] = _quotient(factors[0], below)
                else:
                    factors.append(Apply("inv", (below,)))
            elif kind == "mod":
                self.advance()
                left = factors[0] if len(factors) == 1 else Apply("*", tuple(factors))
                factors = [Apply("mod", (left, self.signed(self.factor)))]
            elif kind in _STARTS or kind == "|":
                if not self.multiplies(factors[-1]):
                    break
                factors.append(self.factor())
            else:
                break
        return factors[0] if len(factors) == 1 else _multiplied(factors)

    def signed(self, operand: Callable[[], Value]) -> Value:
        """An operand behind its signs, as in `3 \\cdot -2`."""
        minus = self.minus()
        if self.kind in _PLUS_MINUS:
            return Apply(_PLUS_MINUS[self.advance()], (operand(),))
        value = operand()
        return negate(value) if minus else value

    def minus(self) -> bool:
        """Step over signs, and tell whether they make a minus."""
        minus = False
        while self.kind in ("-", "+"):
            minus ^= self.advance() == "-"
        return minus

    def multiplies(self, last: Value) -> bool:
        """Whether what stands here is one more factor, with no sign between it and the last one."""
        kind = self.kind
        if kind == "|":
            return not self.bars and not self.builder and self.kind_ahead() in _OPENED_BY_BAR
        if self.tokens[self.position][2] == GAP:
            return False
        if kind == "num" and type(last) is Num:
            raise UnreadableError("two numbers side by side")
        if kind == "[":
            return not self.outward
        if kind == "currency":
            return self.kind_ahead() == "num"
        if kind == "‖":
            return not self.norms
        return kind != "begin" or type(last) is Num or not self.bars

    # -- factor: a primary, and what stands behind it ----------------------------------------------------

    def factor(self) -> Value:
        """A primary with its powers, factorials, degrees and per cent signs."""
        value = self._PRIMARIES.get(self.kind, Parser.bracketed)(self)
        while (rule := self._POSTFIXES.get(self.kind)) is not None:
            if self.kind == "_" and type(value) is not Num:
                break
            value = rule(self, value)
        return value

    def power(self, base: Value) -> Value:
        """What stands raised behind a base: a degree sign, primes, an ordinal's `th`, or an exponent."""
        self.advance()
        raised = self.raised_mark(base)
        if raised is not None:
            return raised
        exponent = self.script()
        if self.kind == "(" and type(base) is Sym and _takes_arguments(base.name) and exponent == Num(-1):
            return self.call(f"{base.name}^-1")
        if self.kind == "^":
            self.descend()
            exponent = self.power(exponent)
            self.depth -= 1
        return Apply("^", (base, exponent))

    def raised_mark(self, base: Value) -> Value | None:
        """The base with a degree sign, primes or a text; None, and nothing read, where an exponent stands."""
        if self.kind == "°":
            return self.degrees(base)
        if self.kind == "'" and type(base) is Sym:
            return self.after_symbol(base.name)
        if self.kind != "{":
            return None
        mark = self.kind_ahead()
        if mark in ("°", "'"):
            count = 1
            while self.kind_ahead(count + 1) == mark:
                count += 1
            if self.kind_ahead(count + 1) == "}" and (mark == "°" or type(base) is Sym):
                self.seek(self.position + count + 2)
                if type(base) is Sym and mark == "'":
                    return self.after_symbol(base.name + "'" * count)
                return self.angle(base)
        if mark == "text" and self.kind_ahead(2) == "}":
            self.advance()
            unit = self.advance()
            self.advance()
            return Quantity(base, unit)
        return None

    def degrees(self, value: Value) -> Value:
        """A value before a degree sign."""
        self.advance()
        return self.angle(value)

    def angle(self, value: Value) -> Value:
        """An angle in degrees, or a temperature where C or F follows."""
        if self.kind in ("sym", "text", "word"):
            name = _written(self.here())
            if name in ("C", "F", "Celsius", "Fahrenheit"):
                self.advance()
                return Quantity(value, "celsius" if name[0] == "C" else "fahrenheit")
        return Apply("deg", (self.minutes_of_arc(value),))

    def minutes_of_arc(self, degrees: Value) -> Value:
        """`63^\\circ 45' 36''` in degrees."""
        for marks, parts in ((1, 60), (2, 3600)):
            start = self.position
            if self.kind != "num" or type(degrees) is not Num:
                break
            part = self.advance()
            seen = 0
            while self.kind in ("'", "^", "{", "}"):
                seen += self.kind == "'"
                self.advance()
            if seen != marks or type(part) is not Num:
                self.seek(start)
                break
            degrees = Num(fold(degrees.value + fmpq(part.value) / parts))
        return degrees

    def factorial(self, value: Value) -> Value:
        """`n!`, or `n!!`."""
        self.advance()
        if self.kind != "!":
            return Apply("factorial", (value,))
        self.advance()
        return Apply("double_factorial", (value,))

    def percent(self, value: Value) -> Value:
        """`5%`."""
        self.advance()
        return Apply("percent", (value,))

    def based(self, digits: Value) -> Value:
        """`1011_2`: the digits keep their base."""
        self.advance()
        base = self.script()
        if type(base) is Text and (number := number_in_words(base.words)) is not None:
            base = Num(number)
        assert type(digits) is Num
        if (
            type(base) is not Num
            or type(base.value) is not int
            or type(digits.value) is not int
            or not 2 <= base.value <= 36
        ):
            raise UnreadableError("a subscript of a number that is no base")
        if any(int(digit) >= base.value for digit in str(digits.value)):
            raise UnreadableError("a digit that the base does not have")
        return Based(str(digits.value), base.value)

    _POSTFIXES: ClassVar[dict[str, Callable[[Parser, Value], Value]]] = {
        "^": power,
        "!": factorial,
        "°": degrees,
        "%": percent,
        "_": based,
    }

    # -- primaries: numbers, letters, labels -------------------------------------------------------------

    def number(self) -> Value:
        """A number literal; an integer before a proper fraction is a mixed number."""
        literal: Value = self.advance()
        if self.kind not in ("cmd", "num") or type(literal) is not Num or literal.digits:
            return literal
        part = self.proper_fraction() if type(literal.value) is int else None
        return literal if part is None else Num(fold(literal.value + part))

    def proper_fraction(self) -> fmpq | None:
        """The proper fraction of a mixed number; None, and nothing read, where none stands here."""
        tokens, start = self.tokens, self.position
        kind, above, spaced = tokens[start]
        if kind == "cmd":
            if above != "frac":
                return None
            part = self.command()
            if type(part) is Num and not part.digits and 0 < part.value < 1 and self.kind not in ("^", "!"):
                return fmpq(part.value)
            # What has been read stays as one token, so that it is not read again.
            self.seek(self.position - 1)
            tokens[self.position] = ("cmd", part, spaced)
            self.kind = "cmd"
            return None
        if spaced != 1 or self.kind_ahead() != "/" or self.kind_ahead(2) != "num":
            return None
        below = tokens[start + 2][1]
        if not (type(above) is type(below) is Num and type(above.value) is type(below.value) is int):
            return None
        if not 0 < above.value < below.value:
            return None
        self.seek(start + 3)
        return fmpq(above.value, below.value)

    def symbol(self) -> Value:
        """A letter with its subscript and primes, or applied to arguments."""
        letter: Sym = self.advance()
        if self.kind in ("_", "'", "("):
            return self.after_symbol(letter.name)
        if self.kind == "∠" and letter.name == "m":
            # The measure of an angle, which the angle itself stands for as well.
            return self.factor()
        return letter

    def after_symbol(self, name: str) -> Value:
        """Subscripts, primes and arguments of a letter."""
        while self.kind in ("_", "'"):
            name += f"_{self.subscript()}" if self.advance() == "_" else "'"
        if self.kind == "(" and (_takes_arguments(name) or self.is_at_zero()):
            return self.call(name)
        return Sym(name)

    def is_at_zero(self) -> bool:
        """Whether `(0)` stands here: `I(0)` is a value at 0, since nobody multiplies by a bracketed 0."""
        inside = self.tokens[self.position + 1][1]
        return isinstance(inside, Num) and inside.value == 0 and self.kind_ahead(2) == ")"

    def subscript(self) -> str:
        """The subscript as a string of its tokens."""
        if self.kind != "{":
            if self.kind not in ("num", "sym", "word", "text", "cmd", "*", "+", "-", "fn"):
                raise UnreadableError(f"{self.kind} as a subscript")
            return _written(self.advance())
        parts: list[str] = []
        level = 0
        while self.kind != "end":
            kind = self.kind
            level += (kind == "{") - (kind == "}")
            token = self.advance()
            if level == 0:
                break
            if kind not in ("{", "}"):
                parts.append(_written(token))
        return "".join(parts)

    def call(self, name: str) -> Value:
        """`name(…)`, or `name[…]` as in an expectation."""
        closer = "]" if self.kind == "[" else ")"
        self.expect("[" if self.kind == "[" else "(")
        inner = self.enclosed(builder=self.builder)
        self.expect(closer)
        if name == "Matrix" and type(inner) is Sequence:
            return inner  # as SymPy writes one
        return Apply("call", (Sym(name), *_each(inner)))

    def label(self) -> Value:
        """Words that name what stands behind an equals sign, or a number in words with a unit."""
        words: list[str] = []
        while self.kind in ("text", "word"):
            words.append(self.advance())
        if self.kind == "rel" and self.here() in ("=", "~"):
            return Text(" ".join(words).lower())
        if len(words) == 1:
            word = words[0]
            if self.kind in _BEHIND_LABEL:
                number = number_in_words(word)
                if number is not None:
                    return Num(number)
                return Sym(word) if self.kind == "^" else Text(word.lower().strip(" .,"))
            if self.kind == "(" and len(word) < 12:
                return self.call(word)
        raise UnreadableError("words before mathematics")

    def money(self) -> Value:
        """A currency sign and the amount behind it."""
        name = self.advance()
        return Quantity(self.factor(), CURRENCY.get(name, name))

    def figure(self) -> Value:
        """An angle or triangle by its points, one symbol: `∠ABC` is `∠CBA`, and neither is `∠ABD`."""
        sign = self.advance()
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
            name = _written(self.advance())
            points += list(name) if name.isalpha() and name.isupper() else [name]
            while self.kind in ("_", "'"):
                points[-1] += "_" + self.subscript() if self.advance() == "_" else "'"
        if not points:
            raise UnreadableError("an angle without a name")
        return points

    def ellipsis(self) -> Value:
        """`…`, an item that stands for others."""
        self.advance()
        return Sym("…")

    # -- primaries: what stands in brackets --------------------------------------------------------------

    def bracketed(self) -> Value:
        """A primary that opens with a bracket."""
        rule = self._BRACKETS.get(self.kind)
        if rule is None:
            if self.kind in ("_", "^") and self.kind_ahead() in ("num", "{"):
                raise UnreadableError("a script without a base")
            raise UnreadableError(f"unexpected {self.kind}")
        self.descend()
        value = rule(self)
        self.depth -= 1
        return value

    def enclosed(self, *, bars: int = 0, builder: int = 0) -> Value:
        """The items in a bracket just opened, in which `bars` are open and `builder` variables are read."""
        outside = self.bars, self.builder
        self.bars, self.builder = bars, builder
        inner = self.items()
        self.bars, self.builder = outside
        return inner

    def round_or_square(self) -> Value:
        """A group, a point or vector, or an interval."""
        opener = self.advance()
        inner = self.enclosed()
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
        closer = self.advance()
        return Sequence("(", ")" if closer == "[" else closer, inner.items)

    def angled(self) -> Value:
        """`\\langle 1, 2 \\rangle`, a vector."""
        self.advance()
        inner = self.items()
        self.expect(")>")
        return Sequence("<", ">", _each(inner))

    def group(self) -> Value:
        """`{…}`: an invisible group, or a plain-text set builder; `{}` stands for nothing."""
        self.advance()
        if self.kind == "}":
            self.advance()
            return self.factor()
        if self.kind == "sym" and self.kind_ahead() in ("|", ":"):
            inner = self.enclosed(builder=self.builder + 1)
            if self.kind in ("|", ":"):
                return self.set_builder(inner, "}")
        else:
            inner = self.enclosed(builder=self.builder)
        self.expect("}")
        return inner

    def braced_set(self) -> Value:
        """`\\{…\\}`: a set by its elements or by a condition."""
        self.advance()
        if self.kind == "\\}":
            self.advance()
            return SetOf(())
        inner = self.enclosed(builder=self.builder + 1)
        if self.kind in ("|", ":"):
            return self.set_builder(inner, "\\}")
        if self.kind in (")", "}", "]"):
            raise UnreadableError("a set closed by another bracket")
        self.expect("\\}")
        return SetOf(_each(inner))

    def set_builder(self, variable: Value, closer: str) -> Value:
        """The condition after the bar, to the closing brace."""
        self.advance()
        condition = self.enclosed(bars=self.bars)
        self.expect(closer)
        if type(condition) is Logic and condition.op == ",":
            condition = Logic("and", condition.parts)
        elif type(condition) is Items:
            condition = Logic("and", condition.items)
        return Builder(variable, condition)

    def absolute_value(self) -> Value:
        """`|…|`; a determinant where a matrix stands in it."""
        self.advance()
        inner = self.enclosed(bars=self.bars + 1)
        self.expect("|")
        return Apply("det" if type(inner) is Matrix else "abs", (inner,))

    def norm(self) -> Value:
        """`\\|…\\|`."""
        self.norms += 1
        value = self.fenced("norm", "‖")
        self.norms -= 1
        return value

    def fenced(self, head: str, closer: str) -> Value:
        """A function that is written as a pair of brackets."""
        self.advance()
        inner = self.items()
        self.expect(closer)
        return Apply(head, (inner,))

    def braced(self) -> Value:
        """The items of a group that is an argument, which most often is one number or letter."""
        kind, value, _ = self.tokens[self.position + 1]
        if kind in ("num", "sym") and self.tokens[self.position + 2][0] == "}":
            self.seek(self.position + 3)
            return value  # type: ignore[no-any-return]
        self.advance()
        inner = self.items()
        self.expect("}")
        return inner

    _BRACKETS: ClassVar[dict[str, Callable[[Parser], Value]]] = {
        "(": round_or_square,
        "[": round_or_square,
        "]": outward_interval,
        "{": group,
        "\\{": braced_set,
        "<(": angled,
        "|": absolute_value,
        "‖": norm,
        "⌊": lambda self: self.fenced("floor", "⌋"),
        "⌈": lambda self: self.fenced("ceil", "⌉"),
    }

    # -- primaries: environments -------------------------------------------------------------------------

    def environment(self) -> Value:
        """`\\begin{…} … \\end{…}`: lines of an alignment as items, or a matrix."""
        name = self.advance()
        if name in _LAYOUTS:
            return self.layout()
        if name not in _MATRICES:
            raise UnreadableError(f"unknown environment {name}")
        if name == "array" and self.kind == "{":  # how its columns are set
            while self.kind not in ("}", "end"):
                self.advance()
            self.expect("}")
        outside = self.bars, self.builder
        self.bars = self.builder = 0
        rows = self.rows()
        self.bars, self.builder = outside
        if not rows or len({len(row) for row in rows}) != 1:
            raise UnreadableError("a matrix of uneven rows")
        matrix = Matrix(rows)
        return Apply("det", (matrix,)) if name == "vmatrix" else matrix

    def layout(self) -> Value:
        """Lines of an alignment, as items."""
        parts: list[Value] = []
        while self.kind not in ("end", "close"):
            if self.kind == "&" or self.kind in _SEPARATORS:
                self.advance()
            else:
                parts.append(self.element())
        self.expect("close")
        if not parts:
            raise UnreadableError("an empty environment")
        return parts[0] if len(parts) == 1 else Items(tuple(parts))

    def rows(self) -> tuple[tuple[Value, ...], ...]:
        """The rows of a matrix, to the end of its environment; empty ones are none."""
        rows: list[list[Value]] = [[]]
        cells = 0
        while self.kind not in ("end", "close"):
            if self.kind == "\\\\":
                rows.append([])
                self.advance()
            elif (
                self.kind == "&"
                or (self.kind == "text" and self.kind_ahead() == "&")
                or (self.kind == "cmd" and self.here() == "cline")
            ):
                self.advance()
            else:
                rows[-1].append(self.cell())
                cells += 1
                if cells > MAX_MATRIX_CELLS:
                    raise UnreadableError("a matrix of too many cells")
        self.expect("close")
        return tuple(tuple(row) for row in rows if row)

    def cell(self) -> Value:
        """One cell of a matrix, or one branch of a piecewise definition."""
        if self.kind == "text":
            word = self.here().strip(" ,").lower()
            if word in ("otherwise", "else"):
                self.advance()
                return Sym("otherwise")
            if word in ("if", "for", "when"):
                self.advance()
        value = self.element()
        while self.kind in (",", ";", "."):
            self.advance()
            if self.kind == "text":
                self.advance()
        return value

    # -- primaries: commands that take arguments ---------------------------------------------------------

    def command(self) -> Value:
        """Fractions, roots, binomials and big operators."""
        name = self.advance()
        if type(name) is not str:
            return name  # type: ignore[no-any-return] # a fraction that `proper_fraction` has read
        rule = self._COMMANDS.get(name)
        if rule is None:
            raise UnreadableError(f"\\{name} is not read")
        return rule(self)

    def fraction(self) -> Value:
        """`\\frac` with its two arguments, also `\\frac12` and `\\frac1{72}`; derivatives are one symbol."""
        derivative = self.derivative()
        if derivative is not None:
            return derivative
        above = self.numerator()
        return _quotient(above, self.denominator())

    def derivative(self) -> Value | None:
        """`\\frac{dy}{dx}` as a symbol of its own; None, and nothing read, where it is a fraction."""
        start = self.position
        parts = []
        for _ in range(2):
            name = getattr(self.tokens[self.position + 1][1], "name", "") if self.kind == "{" else ""
            if name not in ("d", "partial"):
                self.seek(start)
                return None
            parts.append(self.subscript())
        above, below = parts
        if len(above) > 8 or len(below) < 2 or len(above.replace("partial", "d")) < 2:
            raise UnreadableError("a differential operator")
        return Sym(f"{above}/{below}")

    def numerator(self) -> Value:
        """A group, one primary, or the first digit of `\\frac12`."""
        if self.kind == "{":
            return self.braced()
        if self.kind != "num":
            return self.single()
        kind, number, spaced = self.tokens[self.position]
        digits, after = _digits(number), self.kind_ahead()
        if len(digits) == 1 or after == "{" or (after == "num" and spaced):
            return self.advance()  # type: ignore[no-any-return]
        if len(digits) > 2 or after == "num":
            raise UnreadableError("a fraction without braces that can be split in several ways")
        self.tokens[self.position] = (kind, Num(int(digits[1])), 0)
        return Num(int(digits[0]))

    def denominator(self) -> Value:
        """A group, one primary, or a number that stands apart from the numerator."""
        if self.kind == "{":
            return self.braced()
        if self.kind != "num":
            return self.single()
        _, number, spaced = self.tokens[self.position]
        if len(_digits(number)) > 1 and not spaced and self.kind_ahead() not in ("num", "{"):
            raise UnreadableError("a fraction without braces that can be split in several ways")
        return self.advance()  # type: ignore[no-any-return]

    def binomial(self) -> Value:
        """`\\binom{n}{k}`."""
        above = self.numerator()
        return Apply("binom", (above, self.numerator()))

    def root(self) -> Value:
        """`\\sqrt[n]{x}` and its malformed variants; an odd root of a negative number is real."""
        index: Value = Num(2)
        if self.kind == "[":
            self.advance()
            index = self.sum()
            self.expect("]")
        return _rooted(self.braced() if self.kind == "{" else self.single(), index)

    def bounds(self) -> tuple[Value | None, Value | None]:
        """What stands below and above a sign, in either order."""
        lower: Value | None = None
        upper: Value | None = None
        while self.kind in ("_", "^"):
            if self.advance() == "_":
                lower = self.script()
            else:
                upper = self.script()
        return lower, upper

    def sum_or_product(self, name: str) -> Value:
        """`\\sum_{k=a}^{b} term`: (variable, from, to, term)."""
        lower, upper = self.bounds()
        term = self.product()
        if upper is None or type(lower) is not Relation or lower.ops != ("=",):
            raise UnreadableError(f"\\{name} without both limits")
        variable, start = lower.sides
        if type(variable) is not Sym:
            raise UnreadableError(f"\\{name} without both limits")
        return Apply(name, (variable, start, upper, term))

    def integral(self) -> Value:
        """`\\int_a^b f dx`: (variable, from, to, integrand)."""
        lower, upper = self.bounds()
        end = self.differential()
        variable = self.tokens[end + 1][1]
        self.tokens[end] = ("end", None, 0)  # where the integrand ends
        self.seek(self.position)
        body = Num(1) if self.kind == "end" else self.terms()
        if self.position != end:
            raise UnreadableError("an integrand that is not one expression")
        self.seek(end + 2)
        if lower is None or upper is None:
            raise UnreadableError("an indefinite integral")
        return Apply("int", (variable, lower, upper, body))

    def differential(self) -> int:
        """Where the `d` of the first `dx` outside brackets stands."""
        level = 0
        for index in range(self.position, len(self.tokens) - 1):
            kind, token, _ = self.tokens[index]
            if kind == "end":  # of the integrand that this integral stands in
                break
            level += (kind in ("(", "{", "[")) - (kind in (")", "}", "]"))
            if level == 0 and getattr(token, "name", "") == "d" and self.tokens[index + 1][0] == "sym":
                return index
        raise UnreadableError("an integral without a differential")

    def limit(self) -> Value:
        """`\\lim_{x \\to a} f`: (variable, point, expression)."""
        point = None
        if self.kind == "_":
            self.advance()
            point = self.script()
        if type(point) is not Relation or type(point.sides[0]) is not Sym:
            raise UnreadableError("a limit without a point")
        return Apply("lim", (point.sides[0], point.sides[1], self.product()))

    _COMMANDS: ClassVar[dict[str, Callable[[Parser], Value]]] = {
        "frac": fraction,
        "sqrt": root,
        "binom": binomial,
        "sum": lambda self: self.sum_or_product("sum"),
        "prod": lambda self: self.sum_or_product("prod"),
        "int": integral,
        "lim": limit,
    }

    # -- primaries: functions, and arguments without brackets --------------------------------------------

    def function(self) -> Value:
        """A named function with its power, base and argument."""
        name = self.advance()
        power: Value | None = None
        base: Value | None = None
        while self.kind in ("^", "_"):
            if self.advance() == "^":
                power = self.script()
            elif name == "log" and self.kind == "num" and self.kind_ahead() not in _ARGUMENT:
                base = self.first_digit()
            else:
                base = self.script()
        if power == Num(-1) and name in INVERSES:
            name, power = INVERSES[name], None
        if name in _OVER_RANGES and base is not None:
            raise UnreadableError("an operator over a range")
        value = _applied(name, base, self.arguments(name))
        return value if power is None else Apply("^", (value, power))

    def first_digit(self) -> Value:
        """The base of `\\log_28` is its first digit, since nothing else is left for the argument."""
        kind, number, _ = self.tokens[self.position]
        digits = str(getattr(number, "value", ""))
        if len(digits) < 2 or not digits.isdigit():
            raise UnreadableError("a logarithm without an argument")
        self.tokens[self.position] = (kind, Num(int(digits[1:])), 0)
        return Num(int(digits[0]))

    def arguments(self, name: str) -> tuple[Value, ...]:
        """What a function is applied to: a bracket, or the factors up to the next function, sign or slash."""
        if self.kind in ("(", "[", "{", "\\{"):
            value = self.bracketed()
            return value.items if type(value) in (Items, SetOf, Sequence) else (value,)  # type: ignore[union-attr]
        minus = self.minus()
        if self.kind == "fn":
            return (self.factor(),)
        factors = [self.factor()]
        while self.is_argument():
            if self.kind == "num" and type(factors[-1]) is Num:
                raise UnreadableError("two numbers side by side")
            factors.append(self.factor())
        argument = factors[0] if len(factors) == 1 else Apply("*", tuple(factors))
        if (
            self.kind == "/"
            and name in TRIGONOMETRIC
            and self.kind_ahead() == "num"
            and "pi" in symbols(argument)
        ):
            self.advance()
            argument = _quotient(argument, self.factor())
        return (negate(argument) if minus else argument,)

    def is_argument(self) -> bool:
        """Whether what stands here goes on with the argument of a function, as `x` does in `\\sin 2x`."""
        if self.kind == "|":
            return not self.bars and not self.builder
        return self.kind in _MORE_ARGUMENT and self.tokens[self.position][2] != GAP

    def script(self) -> Value:
        """What is raised or lowered: a group, a signed number, or one primary."""
        if self.kind == "{":
            return self.braced()
        minus = self.minus()
        value = self.single()
        return negate(value) if minus else value

    def single(self) -> Value:
        """One primary, without implicit powers: the argument of `^`, `\\sqrt`, `\\frac`."""
        if self.kind not in _SINGLE:
            raise UnreadableError(f"expected an argument, found {self.kind}")
        if self.kind == "num":
            return self.advance()  # type: ignore[no-any-return]
        if self.kind == "sym":
            letter: Sym = self.advance()
            return (
                self.call(letter.name) if self.kind == "(" and letter.name[0] in _FUNCTION_LETTERS else letter
            )
        return self._PRIMARIES.get(self.kind, Parser.bracketed)(self)

    _PRIMARIES: ClassVar[dict[str, Callable[[Parser], Value]]] = {
        "num": number,
        "sym": symbol,
        "fn": function,
        "cmd": command,
        "begin": environment,
        "text": label,
        "word": label,
        "currency": money,
        "∠": figure,
        "△": figure,
        "…": ellipsis,
    }


# ---- trees from their parts

_NUMBER_WORDS = SCALES | {f"{word}s": scale for word, scale in SCALES.items()}
_PERCENT_WORDS = frozenset({"percent", "pct", "percentage", "per cent", "percents"})
_DEGREE_WORDS = names("degree degrees deg")
_REMARKS = names(
    """for where with if when since because which so such whenever provided that is thus hence therefore at
    given"""
)
"""Words that begin a remark, not a unit."""
_SPELLED_OUT: dict[str, Callable[[Value], Value]] = {
    "lg": lambda argument: Apply("log", (argument, Num(10))),
    "sqrt": lambda argument: _rooted(argument, Num(2)),
    "cbrt": lambda argument: _rooted(argument, Num(3)),
    "exp": lambda argument: Apply("^", (Sym("e"), argument)),
    "cis": lambda argument: Apply("^", (Sym("e"), Apply("*", (Sym("i"), argument)))),
}
"""Functions that the tree has no head for."""


def _listed(parts: list[Value], joints: set[str]) -> Value:
    """Several elements: conditions that hold together or one by one, or a list."""
    words = sum(type(part) is Text for part in parts)
    if 0 < words < len(parts):
        raise UnreadableError("words in a list of mathematics")
    conditions = sum(type(part) is Relation and part.ops[0] in _CONDITIONS for part in parts)
    if not conditions or not all(type(part) is Relation for part in parts):
        return Items(tuple(parts))
    if len(joints) > 1:
        joints.discard(",")
    return Logic(joints.pop() if len(joints) == 1 else ",", tuple(parts))


def _each(value: Value) -> tuple[Value, ...]:
    """The items of a list, or one value."""
    return value.items if type(value) is Items else (value,)


def _quotient(above: Value, below: Value) -> Value:
    """`above / below`, folded where both are exact numbers."""
    if type(above) is Num and type(below) is Num:
        if below.value != 0 and not above.digits and not below.digits:
            return Num(fold(fmpq(above.value) / fmpq(below.value)))
    elif type(above) is Quantity:
        return Quantity(_quotient(above.value, below), above.unit)
    return Apply("/", (above, below))


def _multiplied(factors: list[Value]) -> Value:
    """The product of several factors; `5 \\frac{\\text{miles}}{\\text{hour}}` is a quantity."""
    last = factors[-1]
    if type(last) is Apply and last.head == "/":
        above, below = last.args
        if type(above) is Text and type(below) is Text:
            rest = factors[0] if len(factors) == 2 else Apply("*", tuple(factors[:-1]))
            return Quantity(rest, f"{above.words}/{below.words}")
    if any(type(factor) is Text for factor in factors):
        raise UnreadableError("words in a product")
    return Apply("*", tuple(factors))


def _with_unit(value: Value, unit: str) -> Value:
    """A value with what was written behind it: `5 million`, `50 percent`, `5 cm`."""
    if "(" in unit or unit.partition(" ")[0].lower().strip(",") in _REMARKS:
        raise UnreadableError("a remark behind a value")
    lower = unit.lower()
    scale, _, rest = lower.partition(" ")
    if scale in _NUMBER_WORDS:
        value = _scaled(value, _NUMBER_WORDS[scale])
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
    """`value million`; behind a relation, `million` belongs to its last side."""
    if type(value) is Quantity:
        return Quantity(_scaled(value.value, factor), value.unit)
    if type(value) is Relation:
        return Relation(value.ops, (*value.sides[:-1], _scaled(value.sides[-1], factor)))
    if type(value) is Num:
        return Num(fold(fmpq(value.value) * factor))
    if type(value) not in (Sym, Apply):
        raise UnreadableError("a number word behind something that is no number")
    return Apply("*", (value, Num(factor)))


def _rooted(inner: Value, index: Value) -> Value:
    """A square root, or a root of another index."""
    if type(index) is Num and index.value == 2:
        return Apply("sqrt", (inner,))
    return Apply("root", (inner, index))


def _applied(name: str, base: Value | None, arguments: tuple[Value, ...]) -> Value:
    """A named function of its arguments, in the terms of the tree."""
    if name in LIST_FUNCTIONS or (len(arguments) == 2 and name in ("log", "binom")):
        return Apply(name, arguments)
    if len(arguments) != 1:
        raise UnreadableError(f"{name} of several arguments")
    if name == "binom":
        raise UnreadableError("a binomial of one argument")
    argument = arguments[0]
    if name == "log":
        return Apply("log?", (argument,)) if base is None else Apply("log", (argument, base))
    if base is not None:
        raise UnreadableError(f"a subscript of {name}")
    spelled_out = _SPELLED_OUT.get(name)
    return Apply(name, (argument,)) if spelled_out is None else spelled_out(argument)


# ---- tokens


def _written(token: Any) -> str:
    """The value of a token as text: the name of a letter, the value of a number."""
    return str(getattr(token, "name", getattr(token, "value", token)))


def _digits(number: Any) -> str:
    """The digits of an integer literal."""
    if type(number) is not Num or number.digits or type(number.value) is not int:
        raise UnreadableError("a bare decimal in a fraction")
    return str(number.value)


def _takes_arguments(name: str) -> bool:
    """Whether a letter takes what stands in parentheses behind it as argument; others multiply it."""
    return name[0] in _FUNCTION_LETTERS and len(name.rstrip("'")) <= 3
