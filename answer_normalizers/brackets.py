r"""What stands in brackets: groups, points, intervals, sets and set builders, absolute values, matrices."""

from __future__ import annotations

from answer_normalizers.grammar import SEPARATORS, Grammar
from answer_normalizers.limits import MAX_DEPTH, MAX_MATRIX_CELLS
from answer_normalizers.literals import UnreadableError
from answer_normalizers.symbols import names
from answer_normalizers.values import Apply, Builder, Items, Logic, Matrix, Sequence, SetOf, Sym, Value

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
