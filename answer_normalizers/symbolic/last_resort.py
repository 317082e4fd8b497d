r"""The last resort: SymPy for the few answers the engine reads and cannot evaluate, in a process of its own.

    >>> from answer_normalizers import check
    >>> gold, pred = r"\sum_{k=1}^\infty \frac{1}{k^2}", r"\frac{\pi^2}{6}"
    >>> check(gold=gold, pred=pred).equivalent is None
    True
    >>> last_resort = LastResort()
    >>> verdict = last_resort(gold=gold, pred=pred)
    >>> verdict.equivalent, verdict.stage
    (True, 'symbolic')
    >>> last_resort.stop()

SymPy does not judge. It finds closed forms of what the engine has no arithmetic for (infinite sums, improper
integrals, limits, remainders of large powers), and the engine compares those as it compares everything, under
the same policy. Where latex2sympy2 is installed (the maintained fork or the original), it also reads what the
engine's own parser does not, such as derivatives; again only to hand the engine a tree.

No string reaches SymPy's parsers: a tree goes to the process node by node, and LaTeX goes to latex2sympy2
only where it is made of LaTeX commands, single letters, digits and signs. The process is killed at a deadline
and has a memory limit; it may write no file, start no process and open no connection. With nothing installed,
or where SymPy finds nothing, the engine's own verdict stands. Where a condition was dropped (a series was
taken to converge) or latex2sympy2 read an answer, only an acceptance counts: a misreading rarely makes two
answers equal, and easily makes them differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import cast

from flint import fmpq

from answer_normalizers.equivalence.check import DEFAULT_POLICY, Examination, compare, examine
from answer_normalizers.grading import grade
from answer_normalizers.killable import Json, Worker, WorkerError, WorkerKilledError
from answer_normalizers.parsing.reading import Reading
from answer_normalizers.parsing.settle import settle
from answer_normalizers.policy import Policy
from answer_normalizers.tree.nodes import Apply, Num, Sym, Value, children, heads_of, rewrite, walk
from answer_normalizers.tree.operators import Trait, heads
from answer_normalizers.verdict import Verdict

DEADLINE = 2.0
"""Seconds a check may take in the process; its first start (importing SymPy) is not counted."""
SOFT = 0.9
"""The share of the deadline after which the process ends its work by itself, where it can."""
MEMORY = 1 << 30
"""Bytes of address space the process may have."""
MAX_NODES = 400
"""Nodes of a tree that is handed over."""
MAX_LATEX = 400
"""Characters of an answer that latex2sympy2 is asked to read."""

BEYOND = heads(Trait.BINDS) | {"mod"}
"""What SymPy is asked for: everything else the engine can evaluate, or decides not to for a reason."""

_LATEX = re.compile(
    r"""(?: \\[A-Za-z]+ | \\[{}|,;:!\ %] | [0-9]+ | (?<![A-Za-z])[A-Za-z](?:[A-Za-z](?![A-Za-z]))?
        | [-+*/=<>^_{}()\[\]|,.!&'\s] )+""",
    re.VERBOSE,
)
"""Commands, numbers, runs of at most two letters (`dx`), signs. No words, so no names of functions."""


@dataclass(frozen=True, slots=True)
class LastResort:
    """A callable `(*, gold, pred, policy) -> Verdict`: `check`, and SymPy where that is undecided.

    Safe in threads, which take turns, and after a fork; picklable. The process starts at the first answer
    that needs it and is kept; `stop` ends it before its caller ends.
    """

    deadline: float = DEADLINE
    memory: int = MEMORY

    def __call__(self, *, gold: str, pred: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
        """Decide whether two answers are the same. Never raises."""
        examination = examine(gold=gold, pred=pred, policy=policy)
        if examination.verdict.equivalent is not None or not available():
            return examination.verdict
        return self._settled(examination, policy)

    def stop(self) -> None:
        """End the process, if there is one."""
        _worker(self.deadline, self.memory).stop()

    def _settled(self, examination: Examination, policy: Policy) -> Verdict:
        before = examination.verdict
        if examination.gold is None or examination.pred is None:
            return before
        sides = (examination.gold, examination.pred)
        asked = [list(_jobs(side)) for side in sides]
        unread = any(side.value is None and not jobs for side, jobs in zip(sides, asked, strict=True))
        jobs: list[Json] = [*asked[0], *asked[1]]
        if unread or not jobs:
            return before
        try:
            seconds = SOFT * self.deadline
            found = _worker(self.deadline, self.memory).call(jobs, seconds)
        except WorkerKilledError:
            return replace(before, reason=f"{before.reason}; SymPy took too long or too much memory")
        except WorkerError as error:
            return replace(before, reason=f"{before.reason}; SymPy failed: {error}")
        replies = cast("list[dict[str, Json] | None]", found)
        if None in replies:
            return replace(before, reason=f"{before.reason}; SymPy finds no closed form")
        sure = all(reply and reply["sure"] for reply in replies)
        trees = iter([_from_wire(reply["tree"]) for reply in replies if reply])
        verdict = compare(_with(sides[0], trees), _with(sides[1], trees), policy)
        if verdict.equivalent is True or (verdict.equivalent is False and sure):
            return replace(verdict, stage="symbolic", reason=f"with SymPy's closed form, {verdict.reason}")
        return replace(before, reason=f"{before.reason}; with SymPy's closed form too: {verdict.reason}")


def grade_symbolic(*, gold: str, text: str, strategy: str = "auto") -> Verdict:
    """The scorer `symbolic`: `auto`, and SymPy in a process of its own for what that leaves undecided."""
    verdict = grade(gold=gold, text=text, strategy=strategy)
    if verdict.equivalent is not None or verdict.extraction is None:
        return verdict
    settled = LastResort()(gold=gold, pred=verdict.extraction.value)
    return replace(settled, extraction=verdict.extraction)


def available() -> bool:
    """Whether SymPy is installed."""
    return find_spec("sympy") is not None


def reads_latex() -> str | None:
    """The import name of the latex2sympy2 that is installed, the maintained fork first; None without."""
    return next((name for name in ("latex2sympy2_extended", "latex2sympy2") if find_spec(name)), None)


@cache
def _worker(deadline: float, memory: int) -> Worker:
    """One process for all that ask with the same limits."""
    return Worker("answer_normalizers.symbolic.process:settle", deadline=deadline, memory=memory)


# ---- to the process and back ---------------------------------------------------------------------------


def _jobs(side: Reading) -> Iterator[Json]:
    """What the process is asked for one answer: its big operators, or all of it where it was not read."""
    if side.value is not None:
        for node in _beyond(side.value):
            yield {"tree": _to_wire(node) if sum(1 for _ in walk(node)) <= MAX_NODES else None}
    elif _is_plain_latex(side.text) and (reader := reads_latex()):
        yield {"latex": side.text, "reader": reader}


def _is_plain_latex(text: str) -> bool:
    return len(text) <= MAX_LATEX and "__" not in text and _LATEX.fullmatch(text) is not None


def _with(side: Reading, trees: Iterator[Value]) -> Value:
    """The answer with what the process found put in its place."""
    if side.value is None:
        return next(trees)
    # By identity: of two parts that look alike each has its own job.
    forms = {id(node): next(trees) for node in _beyond(side.value)}
    return settle(rewrite(side.value, lambda node: forms.get(id(node)))) if forms else side.value


def _beyond(value: Value) -> Iterator[Apply]:
    """The largest scalar parts of a value that hold something the engine cannot evaluate."""
    if isinstance(value, Apply) and all(isinstance(node, Num | Sym | Apply) for node in walk(value)):
        if not BEYOND.isdisjoint(heads_of(value)):
            yield value
        return
    for child in children(value):
        yield from _beyond(child)


def _to_wire(value: Value) -> Json:
    """`["+", ["num", "1/2"], ["sym", "x"]]`."""
    if isinstance(value, Num):
        return ["num", str(value.value)]
    if isinstance(value, Sym):
        return ["sym", value.name]
    assert isinstance(value, Apply)
    return [value.head, *map(_to_wire, value.args)]


def _from_wire(wire: Json) -> Value:
    assert isinstance(wire, list)
    head, *parts = wire
    assert isinstance(head, str)
    if head == "num":
        above, _, below = str(parts[0]).partition("/")
        return Num(fmpq(int(above), int(below)) if below else int(above))
    if head == "sym":
        return Sym(str(parts[0]))
    return Apply(head, tuple(map(_from_wire, parts)))
