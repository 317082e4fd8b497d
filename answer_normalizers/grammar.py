"""The levels of the grammar from items down to products.

Loosest first: items (`,` `;` `and` `or`), relations, sums and set operations, products (also implicit).
"""

from __future__ import annotations

from answer_normalizers.cursor import negate
from answer_normalizers.lexer import GAP, Token
from answer_normalizers.limits import MAX_DEPTH
from answer_normalizers.literals import UnreadableError
from answer_normalizers.postfix import Postfix
from answer_normalizers.values import (
    Apply,
    Items,
    Logic,
    Num,
    Quantity,
    Ratio,
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
