"""What an answer names, what it is the value of, and which names go together."""

from __future__ import annotations

import pytest
from flint import fmpq

from answer_normalizers.equivalence.names import (
    argument_renaming,
    assignment,
    is_name,
    names_agree,
    spread,
    unknowns,
)
from answer_normalizers.tree.nodes import Apply, Items, Num, Quantity, Relation, Sequence, Sym, Text, Value
from tests.answer_normalizers.answers import value

X, Y = Sym("x"), Sym("y")
THIRD, ROUNDED = Num(fmpq(1, 3)), Num(fmpq(33, 100))
NAMELESS = Text("")


def tree(text: str | Value) -> Value:
    return value(text) if isinstance(text, str) else text


def relation(text: str) -> Relation:
    found = value(text)
    assert isinstance(found, Relation)
    return found


def approx(*sides: str | Value) -> Relation:
    return Relation(("~",) * (len(sides) - 1), tuple(map(tree, sides)))


@pytest.mark.parametrize(
    ("answer", "name", "what"),
    [
        ("x=5", "x", "5"),
        ("5=x", "x", "5"),
        ("x=y+1", "x", "y+1"),
        ("y+1=x", "x", "y+1"),
        ("x=2+3=5", "x", "5"),
        ("f(x)=2x", "f(x)", "2x"),
        ("f(3)=7", "f(3)", "7"),
        ("|v|=5", "|v|", "5"),
        ("AB=5", "AB", "5"),
        (r"\text{the area}=5", Text("area"), "5"),
        (r"\sin A=\frac12", r"\sin A", r"\frac12"),
        ("(x,y)=(1,2)", "(x,y)", "(1,2)"),
        ("2^3=8", NAMELESS, "8"),
        ("3+4=7", NAMELESS, "7"),
        ("2+2+1=4+1=5", NAMELESS, "5"),
        ("2x+3x=4x+x=5x", NAMELESS, "5x"),
        (approx("x", "3.14"), "x", "3.14"),
        (approx(r"\frac13", "0.33"), NAMELESS, r"\frac13"),
        (approx(r"\sqrt2+1", "2.4"), NAMELESS, r"\sqrt2+1"),
        (Relation(("=", "~"), (X, THIRD, ROUNDED)), "x", r"\frac13"),
        (Relation(("=", "~", "="), (X, THIRD, ROUNDED, ROUNDED)), "x", r"\frac13"),
        (Relation(("~", "="), (X, Num(3), Num(3))), "x", "3"),
        (Relation(("~", "~"), (X, Num(3), Num(3))), "x", "3"),
        (approx("x+1", "3"), None, None),
        (Relation(("===",), (X, Num(3))), "x", "3"),
        (Relation(("~=",), (X, Num(3))), "x", "3"),
        ("x<5", None, None),
        (Relation(("=", "<"), (X, Num(3), Num(5))), None, None),
        (Relation(("<", "="), (X, Num(3), Num(3))), None, None),
        ("x+y=5", None, None),
        ("x^2=4", None, None),
        ("2x=6", None, None),
        ("x+1=y+2", None, None),
        ("7=5", None, None),
        ("100=104", NAMELESS, "104"),
        ("100=106", None, None),
        (approx("100", "114"), NAMELESS, "100"),
        (approx("100", "119"), None, None),
        (approx("x", "100"), "x", "100"),
        ("x=100=200", "x", "200"),  # a name; what follows is not looked at
        ("2x+1=5=5", None, None),
        ("x+1=2x+2-x-1=x+1", NAMELESS, "x+1"),
        ("x+1=y+1=z+1", None, None),
        (r"2\pi=5", None, None),
        (r"\pi=3.14", NAMELESS, "3.14"),
        (r"e^2=7.39", NAMELESS, "7.39"),
        ("i^2=-1", NAMELESS, "-1"),
        ("i^2=1", None, None),
        (r"50\%=\frac12", NAMELESS, r"\frac12"),
        (r"\frac{1}{0}=5", NAMELESS, "5"),
        (Relation(("=",), (Text("area"), Text("large"))), None, None),
        (Relation(("=",), (NAMELESS, Text("large"))), NAMELESS, Text("large")),
        (Relation(("=",), (Num(5), Text("area"))), Text("area"), "5"),
        (Relation(("=", "="), (Num(5), Num(5), X)), None, None),
        (Relation(("=",), (Quantity(X, "cm"), Num(5))), Quantity(X, "cm"), "5"),
    ],
    ids=str,
)  # fmt: skip
def test_the_name_and_the_value_of_an_answer(answer, name, what):
    found = assignment(relation(answer) if isinstance(answer, str) else answer)
    if name is None:
        assert found is None
    else:
        assert found == (tree(name), tree(what))


def test_how_far_apart_the_sides_of_a_chain_may_be():
    for op, near, far in (("=", 95, 94), ("~", 85, 84)):
        assert assignment(Relation((op,), (Num(100), Num(near)))) is not None
        assert assignment(Relation((op,), (Num(100), Num(far)))) is None
        assert assignment(Relation((op,), (Num(-near), Num(-100)))) is not None
        assert assignment(Relation((op,), (Num(-far), Num(-100)))) is None
        assert assignment(Relation((op,), (Num(far), Num(100)))) is None
    assert assignment(Relation(("=",), (Num(0), Num(0)))) is not None
    assert assignment(Relation(("=", "~"), (Num(100), Num(94), Num(94)))) is None
    assert assignment(Relation(("~", "="), (Num(94), Num(94), Num(100)))) is None
    assert assignment(Relation(("=",), (Num(10**400), Num(1)))) is not None  # too large for a float


def test_what_a_convention_may_change_contradicts_nothing():
    for one in (r"50\%", r"90^\circ", r"\log 5"):
        assert assignment(Relation(("=",), (value(one), Num(7)))) is not None


NAMES = [
    "x", "x_1", "A", "i", r"\bar{x}", "f(x)", "f(3)", "AB", "ABC", "|v|", "|AB|", r"\sin A", r"\cos\theta",
    r"\text{area}",
    "(x,y)", r"\gcd(a,b)", r"\max(x,y)", r"\frac{AB}{CD}", r"\lfloor x \rfloor",
    Quantity(X, "cm"), Apply("*", (Text("side"), Num(2))), Apply("Re", (Sym("z"),)),
    Apply("abs", (Text("v"),)),
    Apply("abs", (Apply("*", (Sym("A"), Sym("B"))),)), Apply("min", (X, Y)), Apply("lcm", (X, Y)),
]  # fmt: skip
NO_NAMES = [
    "5", r"\pi", "e", r"\infty", "x+1", "2x", "xy", "Ab", "(x,1)", r"\frac{x}{y}", r"\frac{AB}{2}", r"\sin 2",
    "|3|",
    r"|x+1|", r"\gcd(a,2)", "x^2", r"\sqrt{A}", r"\ln x", "[[1]]", r"\{x\}", "x=1", "2A", r"\max(x,1)",
    Quantity(Num(5), "cm"), Apply("abs", (Sequence("(", ")", (X,)),)), Apply("/", (Sym("A"), Sym("B"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected"), [(n, True) for n in NAMES] + [(n, False) for n in NO_NAMES], ids=str
)
def test_what_only_names_something(answer, expected):
    assert is_name(tree(answer)) is expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x=5", ("x",)),
        ("x=y=5", ("x", "y")),
        ("x=y=z=5", ("x", "y", "z")),
        ("x=5=y=5", ("x",)),
        ("5=x", ()),
        ("x<5", ()),
        ("x=y<5", ("x",)),
        ("x=y", ("x",)),
        (r"x=\pi=y=3", ("x",)),
        ("x+1=5", ()),
    ],
)
def test_the_letters_a_chain_gives_one_value(text, found):
    assert unknowns(relation(text)) == found


def test_a_relation_of_several_unknowns_is_several_relations():
    def equals(*sides: Value) -> Relation:
        return Relation(("=",), sides)

    assert spread(relation("x=y=5")) == Items((equals(X, Num(5)), equals(Y, Num(5))))
    assert spread(relation("(x,y)=(3,4)")) == Items((equals(X, Num(3)), equals(Y, Num(4))))
    for text in ("x=5", "(x,y)=(3,4,5)", "(x,y)=z", "z=(x,y)", "x<y", r"(x,y)\ne(3,4)", "x=5=5"):
        assert spread(relation(text)) == relation(text)


@pytest.mark.parametrize(
    ("gold", "pred", "agree"),
    [
        ("x", "x", True),
        ("x", "y", False),
        ("x", "X", None),
        ("x", "x_1", None),
        ("x_1", "x", None),
        ("x_1", "x_2", False),
        ("x", "x'", None),
        ("x'", "x''", False),
        ("x", r"\bar{x}", None),
        ("x", r"\hat{x}", None),
        ("x", r"\tilde{x}", None),
        ("x", Sym("vec x"), None),
        (r"\bar{x}", r"\hat{x}", False),
        ("x", "y_1", False),
        ("f(x)", "f(x)", True),
        ("f(x)", "f(t)", True),
        ("f(x)", "g(x)", None),
        ("f(x)", "y", True),
        ("y", "f(x)", True),
        ("y", "f(3)", None),
        ("f(3)", "y", None),
        ("f(3)", "f(x)", None),
        ("f(x)", "x", None),
        ("f(x)", "z", None),
        ("AB", "x", None),
        ("AB", "CD", None),
        (Text("area"), "x", True),
        ("x", Text("area"), True),
        (Text("area"), Text("area"), True),
        (Text("area"), Text("area of triangle"), True),
        (Text("area of triangle"), Text("area"), True),
        (Text("area"), Text("perimeter"), None),
        (Text("area"), Text("final answer"), True),
        (Text("final answer"), Text("area"), True),
        (Text("answer"), Text("perimeter is"), True),
        (NAMELESS, Text("area"), True),
        (Text("area"), Text("not area"), False),
        (Text("not area"), Text("area"), False),
        (Apply("call", (Apply("inv", (X,)), X)), Apply("call", (Apply("inv", (Y,)), X)), None),
    ],
    ids=str,
)
def test_which_names_can_name_one_thing(gold, pred, agree):
    assert names_agree(tree(gold), tree(pred)) is agree


@pytest.mark.parametrize(
    "word", ["answer", "final", "value", "result", "solution", "total", "number", "it", "is"]
)
def test_words_that_name_anything(word):
    assert names_agree(Text("area"), Text(word)) is True


@pytest.mark.parametrize(
    ("gold", "pred", "pair"),
    [
        ("f(x)", "f(t)", ("x", "t")),
        ("f(x)", "g(t)", ("x", "t")),
        ("f(x)", "f(x)", None),
        ("f(x)", "f(3)", None),
        ("f(3)", "f(x)", None),
        ("f(x,y)", "f(t,y)", None),
        ("f(x)", "f(t,y)", None),
        ("f(x)", "x", None),
        ("x", "f(x)", None),
        ("f(x)", "|t|", None),
        ("|x|", "f(t)", None),
        (Apply("pow", (Sym("f"), X)), Apply("pow", (Sym("f"), Y)), None),
    ],
    ids=str,
)
def test_functions_of_unlike_arguments(gold, pred, pair):
    assert argument_renaming(tree(gold), tree(pred)) == pair
