r"""Fractions, roots, binomials, sums, integrals and limits: the commands that take arguments."""

from __future__ import annotations

from abc import abstractmethod

from answer_normalizers.brackets import Brackets
from answer_normalizers.literals import UnreadableError
from answer_normalizers.values import Apply, Num, Relation, Sym, Value


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
