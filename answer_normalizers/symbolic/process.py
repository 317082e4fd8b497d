"""What runs in the process of `symbolic`, and is imported nowhere else: SymPy, given trees node by node.

A tree arrives as nested lists, `["+", ["num", "1/2"], ["sym", "x"]]`, and goes back as one, in closed form.
Nothing here hands a string to SymPy to be parsed, and once SymPy is imported the process may no longer start
a process, open a connection or write a file.
"""

from __future__ import annotations

import importlib
import signal
from typing import Any

import sympy

from answer_normalizers.limits import MAX_FACTORIAL
from answer_normalizers.symbolic.cage import close_cage
from answer_normalizers.tree.operators import OPERATORS, Trait, heads

MAX_EXPONENT_BITS = 4_000
"""A number raised to a larger power than this many bits of result is left as it stands."""
MAX_RESULT_NODES = 400
MAX_DIGITS = 4_000


class UnsupportedError(ValueError):
    """A node that has no counterpart on the other side."""


def settle(jobs: list[dict[str, Any]], seconds: float) -> list[Any]:
    """For each job its tree in closed form and whether no condition was dropped; None where there is none.

    The process's own alarm ends what takes longer than `seconds`, so that it need not be killed and
    started again; what the alarm cannot reach is ended from outside.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _out_of_time)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return [_settled(job) for job in jobs]
    except OutOfTime:
        raise TimeoutError("out of time") from None
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


class OutOfTime(BaseException):
    """The alarm went off. No `Exception`, since SymPy catches those in places."""


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def _settled(job: dict[str, Any]) -> Any:
    try:
        if "latex" in job:
            expression = _read(job["latex"], job["reader"])
        elif job["tree"] is None:
            return None
        else:
            expression = Builder().build(job["tree"])
        closed, sure = _closed(expression)
        return {"tree": _to_wire(closed), "sure": sure and "latex" not in job}
    except _NOTHING_FOUND:
        return None


_NOTHING_FOUND = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, RecursionError, TypeError),
    *(ValueError, sympy.SympifyError, sympy.PolynomialError),
)
"""What SymPy raises where it stumbles."""


def _closed(expression: Any) -> tuple[Any, bool]:
    """The expression evaluated, and whether it holds without conditions.

    Of a case distinction whose first case is a closed form the first is taken: the others hold where a
    sum or an integral does not converge, say.
    """
    if not isinstance(expression, sympy.Expr):
        raise UnsupportedError
    done = expression.doit()
    sure = not done.has(sympy.Piecewise)
    done = done.replace(
        lambda part: isinstance(part, sympy.Piecewise) and not part.args[0].expr.has(*_UNDONE),
        lambda part: part.args[0].expr,
    )
    if done.has(*_UNDONE) or done.has(sympy.nan, sympy.zoo):
        raise UnsupportedError
    return done, sure


_UNDONE = (sympy.Sum, sympy.Product, sympy.Integral, sympy.Limit, sympy.Derivative, sympy.Piecewise)


# ---- a tree to SymPy -----------------------------------------------------------------------------------

_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}

_COUNTERPARTS = {row.head: row.sympy for row in OPERATORS if row.sympy}
_FORMULAS = {row.head: row.formula for row in OPERATORS if row.formula}
_EXACT = {row.head: row.exact for row in OPERATORS if row.exact}
_WHOLE = heads(Trait.WHOLE)


class Builder:
    """Trees to SymPy. Letters are real; the index of a sum or product and its limits are whole numbers."""

    def __init__(self) -> None:
        self._symbols: dict[str, Any] = {}

    def build(self, tree: list[Any]) -> Any:
        """The expression a tree stands for. Raises UnsupportedError."""
        head, *parts = tree
        if head == "num":
            above, _, below = parts[0].partition("/")
            return sympy.Rational(int(above), int(below or 1))
        if head == "sym":
            return self._symbol(parts[0])
        if head in ("sum", "prod"):
            return self._big(head, parts)
        if head == "int":
            return self._integral(parts)
        if head == "lim":
            return self._limit(parts)
        if head == "mod":
            return sympy.Integer(_remainder(parts[0], _whole(parts[1])))
        if head == "^":
            return self._power(self.build(parts[0]), self.build(parts[1]))
        if head == "root":
            base, index = self.build(parts[0]), self.build(parts[1])
            return sympy.real_root(base, index) if index.is_odd else base ** (1 / index)
        counterpart = _COUNTERPARTS.get(head)
        if isinstance(counterpart, tuple):
            return self.build(_filled(counterpart, parts))
        function = getattr(sympy, counterpart) if counterpart else _FORMULAS.get(head)
        if function is None:
            raise UnsupportedError(head)
        arguments = [self.build(part) for part in parts]
        if head in _WHOLE and any(a.is_number and abs(a) > MAX_FACTORIAL for a in arguments):
            raise UnsupportedError("too large")
        return function(*arguments)

    def _symbol(self, name: str, *, whole: bool = False) -> Any:
        if name in _CONSTANTS and not whole:
            return _CONSTANTS[name]
        if name.startswith("set ") or name == "…":
            raise UnsupportedError(name)
        if name not in self._symbols:
            self._symbols[name] = sympy.Symbol(name, real=True)
        return self._symbols[name]

    def _power(self, base: Any, exponent: Any) -> Any:
        if base.is_Rational and exponent.is_Rational and not _is_small(base, exponent):
            return sympy.Pow(base, exponent, evaluate=False)
        return base**exponent

    def _bound(self, parts: list[Any], **assumptions: bool) -> tuple[Any, Any, Any, Any]:
        """(variable, from, to, body), with the variable bound in the body only."""
        name = parts[0][1]
        lower, upper = self.build(parts[1]), self.build(parts[2])
        outside = self._symbols.get(name)
        variable = self._symbols[name] = sympy.Dummy(name, **assumptions)
        try:
            body = self.build(parts[3])
        finally:
            if outside is None:
                del self._symbols[name]
            else:
                self._symbols[name] = outside
        return variable, lower, upper, body

    def _big(self, head: str, parts: list[Any]) -> Any:
        for part in (parts[1], parts[2]):
            for name in _names(part):
                if name not in _CONSTANTS:
                    self._symbols.setdefault(name, sympy.Symbol(name, integer=True, positive=True))
        variable, lower, upper, body = self._bound(parts, integer=True)
        kind = sympy.Sum if head == "sum" else sympy.Product
        return kind(body, (variable, lower, upper)).doit()

    def _integral(self, parts: list[Any]) -> Any:
        variable, lower, upper, body = self._bound(parts, real=True)
        return sympy.integrate(body, (variable, lower, upper))

    def _limit(self, parts: list[Any]) -> Any:
        name = parts[0][1]
        point = self.build(parts[1])
        variable, _, _, body = self._bound([["sym", name], ["num", "0"], ["num", "0"], parts[2]], real=True)
        return sympy.limit(body, variable, point, "+" if point.is_infinite else "+-")


def _filled(counterpart: Any, parts: list[Any]) -> Any:
    """A counterpart with the arguments put where their numbers stand."""
    if isinstance(counterpart, tuple):
        return [_filled(part, parts) for part in counterpart]
    return parts[counterpart] if isinstance(counterpart, int) else counterpart


def _is_small(base: Any, exponent: Any) -> bool:
    """Whether a power of rationals may be multiplied out."""
    bits = max(int(base.p).bit_length(), int(base.q).bit_length())
    return bool(abs(exponent.p) * bits <= MAX_EXPONENT_BITS and exponent.q <= 1_000)


def _names(tree: Any) -> set[str]:
    if tree[0] == "num":
        return set()
    if tree[0] == "sym":
        return {tree[1]}
    return {name for part in tree[1:] for name in _names(part)}


def _whole(tree: list[Any]) -> int:
    """The whole number a tree stands for, if it is one of moderate size. Raises UnsupportedError."""
    head, *parts = tree
    if head == "num" and "/" not in parts[0]:
        return int(parts[0])
    values = [_whole(part) for part in parts] if head in _EXACT else []
    if head == "^" and values[1] * values[0].bit_length() > MAX_EXPONENT_BITS:
        raise UnsupportedError(head)
    value = _EXACT[head](*values) if values else None
    if not isinstance(value, int):
        raise UnsupportedError(head)
    return value


def _remainder(tree: list[Any], modulus: int) -> int:
    """A whole number modulo another, without ever writing out its powers."""
    if modulus <= 0:
        raise UnsupportedError("modulus")
    head, *parts = tree
    if head == "num" and "/" not in parts[0]:
        return int(parts[0]) % modulus
    if head == "neg":
        return -_remainder(parts[0], modulus) % modulus
    if head == "+":
        return sum(_remainder(part, modulus) for part in parts) % modulus
    if head == "*":
        product = 1
        for part in parts:
            product = product * _remainder(part, modulus) % modulus
        return product
    if head == "^":
        exponent = _whole(parts[1])
        if exponent < 0:
            raise UnsupportedError("a negative power")
        return pow(_remainder(parts[0], modulus), exponent, modulus)
    return _whole(tree) % modulus


# ---- SymPy to a tree -----------------------------------------------------------------------------------

_HEADS = {
    function: head
    for head, name in _COUNTERPARTS.items()
    if isinstance(name, str) and isinstance(function := getattr(sympy, name), type)
}
"""SymPy's functions to our heads; what is a shorthand there, such as `sqrt`, never comes back."""


def _to_wire(expression: Any) -> Any:
    """The tree of an expression. Raises UnsupportedError where the engine has no such node."""
    left = MAX_RESULT_NODES

    def convert(node: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise UnsupportedError("too large")
        if isinstance(node, sympy.Rational):
            text = str(node)
            if len(text) > MAX_DIGITS:
                raise UnsupportedError("too many digits")
            return ["num", text]
        if isinstance(node, sympy.Float):
            return ["num", str(sympy.Rational(str(node)))]
        if isinstance(node, sympy.Symbol):
            return ["sym", node.name]
        for name, constant in _CONSTANTS.items():
            if node == constant:
                return ["sym", name]
        if node == -sympy.oo:
            return ["neg", ["sym", "inf"]]
        if isinstance(node, sympy.exp):
            return ["^", ["sym", "e"], convert(node.args[0])]
        if isinstance(node, sympy.gamma):
            return ["factorial", convert(node.args[0] - 1)]
        head = _HEADS.get(node.func)
        if head is None:
            raise UnsupportedError(str(node.func))
        return [head, *map(convert, node.args)]

    return convert(expression)


def _read(latex: str, reader: str) -> Any:
    """The expression that latex2sympy2 reads."""
    module = _READERS[reader]
    if reader == "latex2sympy2_extended":
        config = module.latex2sympy2.ConversionConfig(lowercase_symbols=False)
        return module.latex2sympy2.latex2sympy(latex, conversion_config=config)
    return module.latex2sympy(latex)


_READERS: dict[str, Any] = {}
for _name in ("latex2sympy2_extended", "latex2sympy2"):
    try:
        _READERS[_name] = importlib.import_module(_name)
    except ImportError:
        continue
    if _name == "latex2sympy2_extended":
        importlib.import_module("latex2sympy2_extended.latex2sympy2")


# ---- before the first answer ---------------------------------------------------------------------------

_LATE = (
    *("concrete.gosper", "concrete.guess", "functions.special.bessel", "integrals.heurisch"),
    *("integrals.manualintegrate", "integrals.meijerint", "integrals.risch", "series.gruntz"),
    *("series.formal", "simplify.combsimp", "simplify.gammasimp", "simplify.hyperexpand"),
)
"""Parts of SymPy that it imports when it first needs them."""


def _warm_up() -> None:
    """Import SymPy's parts and fill its tables (a second or so): not the fault of the first answer."""
    for name in _LATE:
        importlib.import_module(f"sympy.{name}")
    x = sympy.Symbol("x", real=True)
    n = sympy.Symbol("n", integer=True)
    sympy.integrate(sympy.exp(-(x**2)), (x, 0, sympy.oo))
    sympy.Sum(1 / n**2, (n, 1, sympy.oo)).doit()
    sympy.limit(sympy.sin(x) / x, x, 0)


_warm_up()
close_cage()
