"""The packaged demo: enough problems of every kind, and every answer recomputed from its ``check``.

A check is a small expression such as ``40 - 40 * 25 / 100`` or ``solve(x ** 2 - 5 * x + 6, x)``. It is read
with ``ast`` and computed with SymPy, exactly; nothing of it is executed as Python. What it gives is then
compared with the published answer.
"""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from itertools import count

import orjson
import pytest
import sympy

from answer_normalizers import check
from mathevalkit.packaged import packaged
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data

ROWS = [orjson.loads(line) for line in (packaged("tasks") / "demo.jsonl").read_bytes().splitlines()]

# ---- a calculator ----------------------------------------------------------------------------------

X, Y, N = sympy.symbols("x y n", real=True)


def solve(expression, symbol, low=-sympy.oo, high=sympy.oo):
    """All real solutions of ``expression = 0``, in order; the solution itself where there is one."""
    domain = sympy.S.Reals if low == -sympy.oo else sympy.Interval.Ropen(low, high)
    solutions = sorted(sympy.solveset(expression, symbol, domain))
    return solutions[0] if len(solutions) == 1 else solutions


def interval(*relations):
    """Where all the relations in x hold."""
    return sympy.Intersection(*(relation.as_set() for relation in relations))


def point(*expressions):
    """The one point at which all the expressions in x and y are 0."""
    (solution,) = sympy.linsolve(expressions, X, Y)
    return tuple(solution)


def values(expression):
    """The range of an expression in x over the real numbers."""
    return sympy.calculus.util.function_range(expression, X, sympy.S.Reals)


def smallest(*conditions):
    """The smallest positive n for which all the conditions hold."""
    return next(k for k in count(1) if all(condition.subs(N, k) is sympy.true for condition in conditions))


def base(number, radix):
    """A number written in a base, as text."""
    digits = ""
    while number:
        digits, number = f"{number % radix}{digits}", number // radix
    return f"{digits}_{radix}"


def largest_prime_divisor(number):
    """As it says."""
    return max(sympy.primefactors(number))


NAMES = {"x": X, "y": Y, "n": N, "i": sympy.I, "pi": sympy.pi}
FUNCTIONS = {
    "abs": sympy.Abs, "asin": sympy.asin, "base": base, "binomial": sympy.binomial, "cos": sympy.cos,
    "divisor_count": sympy.divisor_count, "divisors": sympy.divisors, "factorial": sympy.factorial,
    "floor": sympy.floor, "gcd": sympy.gcd, "interval": interval,
    "largest_prime_divisor": largest_prime_divisor, "lcm": sympy.lcm, "log": sympy.log,
    "matrix": sympy.Matrix, "nextprime": sympy.nextprime, "point": point, "smallest": smallest,
    "solve": solve, "sqrt": sympy.sqrt, "tan": sympy.tan, "values": values,
}  # fmt: skip
BINARY = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.Mod: operator.mod,
}  # fmt: skip
RELATIONS = {ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Eq: sympy.Eq}


def compute(text: str):
    """The exact value of a check."""
    return _value(ast.parse(text, mode="eval").body)


def _value(node: ast.expr):
    match node:
        case ast.Constant(value=int(number)):
            return sympy.Integer(number)
        case ast.Name(id=name):
            return NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=sign, right=right):
            return BINARY[type(sign)](_value(left), _value(right))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return RELATIONS[type(sign)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return FUNCTIONS[name](*map(_value, arguments))
        case ast.Tuple(elts=items):
            return tuple(map(_value, items))
        case ast.List(elts=items):
            return [_value(item) for item in items]
    raise AssertionError(f"a check holds {ast.unparse(node)}, which is none of its language")


def written(value, like: str) -> str:
    """A computed value as an answer; where ``like`` is a set or an equation, so is it."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return f"({', '.join(map(sympy.latex, value))})"
    if isinstance(value, list):
        items = ", ".join(map(sympy.latex, value))
        return f"\\{{{items}\\}}" if like.startswith("\\{") else items
    text = sympy.latex(sympy.simplify(value) if isinstance(value, sympy.Expr) else value)
    left = re.match(r"([xy]) = ", like)
    return f"{left[0]}{text}" if left else text


# ---- the problems ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_every_answer_is_what_its_check_computes(row):
    computed = written(compute(row["check"]), like=row["answer"])
    verdict = check(gold=row["answer"], pred=computed)
    assert verdict.equivalent is True, f"{row['answer']} is published, {computed} computed: {verdict.reason}"


@pytest.mark.parametrize(("text", "value"), [("1 / 3 + 1 / 6", "1/2"), ("2 ** -1", "1/2"), ("17 % 5", "2")])
def test_the_calculator_is_exact(text, value):
    assert compute(text) == sympy.Rational(value)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x.real", "open('f')", "(lambda: 1)()", "'a' * 9", "1.5"]
)
def test_the_calculator_executes_nothing_else(text):
    with pytest.raises((AssertionError, KeyError)):
        compute(text)


def test_there_are_enough_problems_of_every_subject_and_level():
    assert len(ROWS) >= 64
    subjects, levels = Counter(row["subject"] for row in ROWS), Counter(row["level"] for row in ROWS)
    assert len(subjects) == 7
    assert min(subjects.values()) >= 8
    assert sorted(levels) == [1, 2, 3, 4, 5]
    assert min(levels.values()) >= 8


def test_half_of_the_problems_are_easy_so_that_a_small_model_solves_some():
    assert sum(row["level"] <= 2 for row in ROWS) >= len(ROWS) / 2


KINDS = {
    "integer": r"-?\d+",
    "fraction": r"\\frac\{\d+\}\{\d+\}",
    "decimal": r"\d+\.\d+",
    "money": r"\\\$\d+",
    "percentage": r"\d+\\%",
    "degrees": r"\d+\^\\circ",
    "radical": r".*\\sqrt\{\d+\}",
    "multiple of pi": r"\d+\\pi",
    "tuple": r"\(\d+, \d+\)",
    "interval": r"[\[(].*, .*\]|\[.*, .*\)",
    "set": r"\\\{.*\\\}",
    "list": r"\d+(, \d+)+",
    "matrix": r"\\begin\{pmatrix\}.*",
    "equation": r"[xy] = .*",
    "expression": r"x\^3.*",
    "complex number": r"\d+ [+-] \d+i",
    "number in a base": r"\d+_\d",
}


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_answers_of_many_kinds(kind):
    assert [row["answer"] for row in ROWS if re.fullmatch(KINDS[kind], row["answer"])]


def test_the_task_maps_every_row():
    data = load_data(load_task("demo"))
    assert [(s.id, s.question, s.gold, s.subject, s.level) for s in data.samples] == [
        (row["id"], row["problem"], row["answer"], row["subject"], str(row["level"])) for row in ROWS
    ]


@pytest.mark.parametrize("name", ["gsm8k", "math", "svamp", "asdiv", "mawps", "college_math"])
def test_no_problem_is_taken_from_a_benchmark(shared, name):
    def words(text: str) -> str:
        return " ".join(re.findall(r"\w+", text.lower()))

    theirs = load_data(load_task(name), data_file=shared / "data" / name / "test.jsonl").samples
    own = {words(row["problem"]): row["id"] for row in ROWS}
    assert not own.keys() & {words(sample.question) for sample in theirs}
