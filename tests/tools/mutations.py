"""Small deliberate faults of a Python file: the operators of mutmut, and three of our own.

mutmut's own runner mutates the bodies of undecorated functions only, one switchboard for all faults of a
file. Tables of constants are half of the engine, so this walks whole files with mutmut's operators and writes
each fault as the text of the file that holds it.

Not mutated: annotations, decorators, docstrings, imports, and the wording of messages (strings in what is
raised, and reasons of verdicts).
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

_SWAPPED = {"all": "any", "any": "all", "min": "max", "max": "min"}
_WORDED = {"equal", "different", "undecided", "cast"}
"""Functions whose strings say something to people or type checkers: a verdict's reason, a type."""


def _swap_builtin(node: cst.Call) -> Iterator[cst.Call]:
    """``all`` for ``any``, ``min`` for ``max``, and back."""
    if isinstance(node.func, cst.Name) and node.func.value in _SWAPPED:
        yield node.with_changes(func=cst.Name(_SWAPPED[node.func.value]))


def _negate(node: cst.If | cst.While) -> Iterator[cst.If | cst.While]:
    """The other branch."""
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def _drop(node: cst.SimpleStatementLine) -> Iterator[cst.SimpleStatementLine]:
    """Without a statement that acts on something else: a call, a raise, a deletion, a store in an object."""
    if len(node.body) != 1:
        return
    does = (
        m.Expr(m.Call() | m.Await())
        | m.Raise()
        | m.Del()
        | m.Assign(targets=[m.AssignTarget(m.Attribute() | m.Subscript())])
        | m.AugAssign()
    )
    if m.matches(node.body[0], does):
        yield node.with_changes(body=[cst.Pass()])


OPERATORS = (
    *mutation_operators,
    (cst.Call, _swap_builtin),
    (cst.If, _negate),
    (cst.While, _negate),
    (cst.SimpleStatementLine, _drop),
)


@dataclass(frozen=True, eq=False)
class Mutant:
    """One fault of one file."""

    file: str
    function: str
    """Where it stands, dotted; empty at module level."""
    touched: range
    """Its lines."""
    _module: cst.Module
    _node: cst.CSTNode
    _changed: cst.CSTNode

    @cached_property
    def source(self) -> str:
        """The whole file with the fault in it."""
        changed = self._module.deep_replace(self._node, self._changed)  # type: ignore[arg-type]
        assert isinstance(changed, cst.Module)
        return changed.code

    @cached_property
    def diff(self) -> list[str]:
        """The lines that differ, each with its sign."""
        old, new = self._module.code.splitlines(), self.source.splitlines()
        lines = difflib.unified_diff(old, new, lineterm="", n=0)
        return [line for line in lines if line[:2] not in ("--", "++", "@@")]

    @property
    def before(self) -> str:
        """What stands there, on one line."""
        return " ".join(line[1:].strip() for line in self.diff if line[0] == "-")

    @property
    def after(self) -> str:
        """What the fault makes of it, on one line."""
        return " ".join(line[1:].strip() for line in self.diff if line[0] == "+")

    @property
    def changes_nothing(self) -> bool:
        """Whether Python reads both texts alike (or cannot read the new one)."""
        try:
            return ast.dump(ast.parse(self._module.code)) == ast.dump(ast.parse(self.source))
        except SyntaxError:
            return True


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every fault of a file, in the order of its text."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    walk = _Walk(file, wrapper.module, wrapper.resolve(PositionProvider))
    wrapper.module.visit(walk)
    return walk.found


class _Walk(cst.CSTVisitor):
    def __init__(self, file: str, module: cst.Module, positions: Mapping[cst.CSTNode, CodeRange]) -> None:
        self.found: list[Mutant] = []
        self._file, self._module, self._positions = file, module, positions
        self._skipped = _without_behaviour(module)
        self._names: list[str] = []
        self._wording = 0
        """How many raises and reasons stand around the node."""
        self._caseless = 0
        """How many patterns that ignore case stand around the node."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        if node in self._skipped:
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        self._wording += _is_wording(node)
        self._caseless += m.matches(node, _CASELESS)
        if not (self._wording and isinstance(node, cst.BaseString)) and node in self._positions:
            span = self._positions[node]
            for kind, operator in OPERATORS:
                if isinstance(node, kind):
                    for changed in operator(node):
                        if self._caseless and _differ_in_case_only(node, changed):
                            continue
                        lines = range(span.start.line, span.end.line + 1)
                        name = ".".join(self._names)
                        self.found.append(Mutant(self._file, name, lines, self._module, node, changed))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if original_node in self._skipped:
            return
        self._wording -= _is_wording(original_node)
        self._caseless -= m.matches(original_node, _CASELESS)
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()


def _is_wording(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Raise) or (
        isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _WORDED
    )


def _differ_in_case_only(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleString)
        and isinstance(changed, cst.SimpleString)
        and node.value.lower() == changed.value.lower()
    )


_CASELESS = m.Call(
    m.Attribute(m.Name("re"), m.Name("compile")),
    args=[m.ZeroOrMore(), m.Arg(m.MatchIfTrue(lambda node: bool(m.findall(node, m.Name("IGNORECASE")))))],
)
_STRING = m.SimpleString() | m.ConcatenatedString()
_ALIAS = m.AnnAssign(annotation=m.Annotation(m.Name("TypeAlias"))) | m.Assign(
    targets=[m.AssignTarget(m.Name())], value=m.Subscript()
)


def _without_behaviour(module: cst.Module) -> set[cst.CSTNode]:
    """Nodes that nothing at run time depends on."""
    aliases = {line for line in module.body if m.matches(line, m.SimpleStatementLine([_ALIAS]))}
    others = m.findall(
        module,
        m.Annotation() | m.Decorator() | m.Import() | m.ImportFrom()
        | m.SimpleStatementLine([m.Expr(_STRING)]) | m.If(test=m.Name("TYPE_CHECKING")),
    )  # fmt: skip
    return {*aliases, *others}
