r"""Numbers, letters, functions and big operators: the primaries of the grammar that are not brackets."""

from __future__ import annotations

from flint import fmpq

from answer_normalizers.commands import Commands, rooted
from answer_normalizers.cursor import fold, negate
from answer_normalizers.grammar import STARTS
from answer_normalizers.lexer import GAP
from answer_normalizers.literals import UnreadableError
from answer_normalizers.symbols import INVERSES, TRIGONOMETRIC
from answer_normalizers.values import Apply, Items, Num, Quantity, Sequence, SetOf, Sym, Text, Value
from answer_normalizers.words import number_in_words

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
        from answer_normalizers.values import Based

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
