"""Answers of one kind beside answers of another: verdict, stage and reason, both ways round."""

from __future__ import annotations

import pytest

from answer_normalizers.tree.nodes import (
    Apply,
    Based,
    Builder,
    Clock,
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
)
from tests.answer_normalizers.answers import compared, value

VERDICTS = {"=": True, "!": False, "?": None}
X, Y, Z = Sym("x"), Sym("y"), Sym("z")
ABC = Apply("*", (Sym("A"), Sym("B"), Sym("C")))


def tree(text: str | Value) -> Value:
    return value(text) if isinstance(text, str) else text


def holds(gold: str | Value, pred: str | Value, sign: str, stage: str, words: str = "", **policy: object):
    """Both ways round, the pair has this verdict from this stage, with these words in the reason."""
    verdict = compared(tree(gold), tree(pred), **policy)
    assert (verdict.equivalent, verdict.stage) == (VERDICTS[sign], stage), verdict
    assert words in verdict.reason


def cases(*rows: tuple[object, ...]):
    return pytest.mark.parametrize("row", rows, ids=[" ~ ".join(map(str, row[:2])) for row in rows])


@cases(
    ("1,2", "2,1", "=", "set"),
    ("1,2", "1,3", "!", "set"),
    ("1,2", r"\{2,1\}", "=", "set"),
    ("1,2", r"\{2,3\}", "!", "set"),
    ("1,2", "(1,2)", "=", "structure"),
    ("1,2", "[1,2]", "=", "structure"),
    ("1,2", "(2,1)", "!", "exact"),
    ("1,2", "[1,2)", "!", "type", "half-open"),
    ("1,2", "(1,2]", "!", "type", "half-open"),
    ("1,2", "[1,3)", "!", "exact"),
    ("1,2", "(1,2,3]", "!", "structure"),
    (Items((Num(1), value(r"\lim_{x\to0} x"))), "[1,0)", "?", "ball"),
    (r"1,\infty", r"[1,\infty)", "!", "type", "half-open"),
    ("1,2", "(1,2,3)", "!", "structure"),
    ("1,2", r"\begin{pmatrix}1\\2\end{pmatrix}", "=", "structure"),
    ("1,2", r"\begin{pmatrix}2\\1\end{pmatrix}", "!", "exact"),
    ("1,2", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "!", "type", "a list of 2 items is not a matrix"),
    ("1,2", "1", "!", "type", "a list of 2 items is not a number"),
    ("1,2,3", "x+1", "!", "type", "a list of 3 items is not an expression"),
    ("5,5", "5", "=", "structure"),
    ("5,5", "6", "!", "exact"),
    ("1,2", r"\text{yes}", "!", "type", "is not a text"),
    ("1,2", "2:3", "!", "type", "is not a ratio"),
    ("1,2", "2:30", "!", "type", "is not a time"),
    ("1,2", "101_2", "!", "type", "is not a number with a base"),
    ("a,b,c", "abc", "=", "text", "same letters"),
    ("a,b,c", "acb", "!", "type"),
    ("a,b,c", r"\text{abc}", "=", "text", "same letters"),
    ("a,b,c", r"\text{abd}", "!", "type"),
    ("A,B", "AB", "=", "text"),
    ("a,2", "2a", "!", "type"),
    ("1,2", Quantity(Items((Num(2), Num(1))), "cm"), "=", "set"),
    ("1,2", r"5\text{ cm}", "!", "type"),
    ("1,2", r"\{1\}\cup\{2\}", "=", "set"),
    ("1,2", r"\{1\}\cup\{3\}", "!", "set"),
    ("1,2", r"(1,\infty)", "!", "type"),
    ("1,2", "x>1", "!", "set"),
    ("1,2", "x=1,2", "=", "set"),
    ("1,2", "x=2,1", "=", "set"),
    ("1,2", r"x=\pm2", "!", "set"),
    ("2,-2", r"x=\pm2", "=", "structure"),
    ("2,-2", "x^2=4", "?", "relation", "an equation against a value"),
    ("2,-2", "x+y=4", "?", "relation"),
    ("x=2,x=-2", "x^2=4", "=", "relation"),
    ("x=2,x=-3", "(x-2)(x+3)=0", "=", "relation"),
    ("x=2,x=-3", "(x-2)(x-3)=0", "!", "relation"),
    ("x=2,x=-2", "x^2=9", "!", "relation"),
    ("x=2,y=-2", "x^2=4", "?", "relation"),
    ("x=2,x=-2", r"x=\pm2", "=", "structure"),
    ("x=2,x=-2", "2,-2", "=", "set"),
    ("x=2,x=-2", r"\{2,-2\}", "=", "set"),
    ("x=2,x=-2", "2", "!", "type", "a list of 2 items is not a number"),
    ("x=2,x=-2", "x=2", "!", "type"),
    ("x=2,x=2", "x=2", "=", "structure"),
    ("x=2,x=2", "2", "=", "structure"),
    ("x_1=2,x_2=3", "2,3", "=", "set"),
    ("x_1=2,x_2=3", "3,2", "=", "set"),
    ("x_1=2,x_2=3", "x=2,x=3", "?", "relation", "names more unknowns"),
    ("x=1,y=2", "(1,2)", "=", "structure"),
    ("y=2,x=1", "(1,2)", "=", "structure"),
    ("x=1,y=2", "(2,1)", "!", "exact"),
    ("x=1,y=2", "1,2", "=", "structure"),
    ("y=2,x=1", "1,2", "=", "structure"),
    ("x=1,y=2", "2,1", "!", "exact"),
    ("x=1,y=2", "y=2,x=1", "=", "structure"),
    ("x=1,y=2", "x=2,y=1", "!", "exact"),
    ("x=1,y=2", "x=1,z=2", "!", "set"),
    ("x=1,y=2", "x=1,y=2,z=3", "!", "set"),
    ("x=1,y=2", "(x,y)=(1,2)", "=", "structure"),
    ("x=1,y=2", "(y,x)=(2,1)", "=", "structure"),
    ("x=1,y=2", "(x,y)=(2,1)", "!", "exact"),
    ("x=5,y=5", "x=y=5", "=", "structure"),
    ("x=5,y=6", "x=y=5", "!", "exact"),
    ("x=5,y=5", "5", "!", "type", "several unknowns"),
    ("x=5,y=5", r"5\text{ cm}", "!", "type", "several unknowns"),
    ("x=5,y=5", "x=5", "!", "type", "several unknowns"),
    ("x_1=5,x_2=5", "x=5", "=", "structure"),
    ("x=5,y=5", "x>5", "!", "set"),
    ("x=5,y=6", r"\{5,6\}", "=", "set"),
    ("a=1,b=2", "(1,2)", "=", "structure"),
    ("b=2,a=1", "(1,2)", "=", "structure"),
    ("s=2,p=1", "(1,2)", "=", "structure"),
    ("v=2,u=1", "(1,2)", "=", "structure"),
    ("n=2,m=1", "(1,2)", "=", "structure"),
    ("B=2,A=1", "(1,2)", "=", "structure"),
    ("w=4,z=3,y=2,x=1", "(4,1,2,3)", "=", "structure"),
    ("f=6,d=4,c=3,b=2,a=1", "(1,2,3,4,6)", "=", "structure"),
    ("F=6,E=5,D=4,C=3,B=2,A=1", "(1,2,3,4,5,6)", "=", "structure"),
    ("s=4,r=3,q=2,p=1", "(1,2,3,4)", "=", "structure"),
    ("w=3,v=2,u=1", "(1,2,3)", "=", "structure"),
    ("k=2,h=1", "(2,1)", "=", "structure"),
    ("k=2,h=1", "(1,2)", "!", "exact"),
    ("x=2,a=1", "(2,1)", "=", "structure"),
    ("x=2,a=1", "(1,2)", "!", "exact"),
    ("X=2,A=1", "(2,1)", "=", "structure"),
    ("x=2,X=1", "(2,1)", "=", "structure"),
    ("a=2,X=1", "(2,1)", "=", "structure"),
    ("p=2,X=1", "(2,1)", "=", "structure"),
    ("u=2,X=1", "(2,1)", "=", "structure"),
    ("m=2,X=1", "(2,1)", "=", "structure"),
    ("x=1,y=2", r"\begin{pmatrix}1\\2\end{pmatrix}", "=", "structure"),
    ("x=1,x>2", "x=1", "?", "set"),
    ("x=1,x>2", r"x\ge2", "!", "set"),
    (Items((value("x>1"), value("x<3"))), "(1,3)", "!", "set"),
)  # fmt: skip
def test_lists(row):
    holds(*row)


def test_repeated_items_count_where_the_policy_says_so():
    holds("5,5", "5", "!", "type", repeated_items="counted")
    holds("5,5", "5,5,5", "!", "set", repeated_items="counted")
    holds("5,5", "5,5", "=", "structure", repeated_items="counted")
    holds("x=2,x=2", "x=2", "!", "type", repeated_items="counted")


@cases(
    (r"\{1,2\}", r"\{2,1\}", "=", "set"),
    (r"\{1,2\}", r"\{2,2,1\}", "=", "set"),
    (r"\{1,2\}", r"\{1\}", "!", "set"),
    (r"\{\sqrt2\}", r"\{\frac{2}{\sqrt2}\}", "=", "set"),
    (r"\{1,2\}", "(1,2)", "!", "type", "has no order"),
    (r"\{1,2\}", "[1,2)", "!", "set"),
    (r"\{1,2\}", r"\{1\}\cup\{2\}", "=", "set"),
    (r"\{1\}", "1", "=", "structure"),
    (r"\{1\}", "2", "!", "exact"),
    (r"\{1,2\}", "1", "!", "type", "a set of 2 elements is not a number"),
    (r"\{1,2,3\}", "x+1", "!", "type", "a set of 3 elements is not an expression"),
    (r"\emptyset", "0", "!", "type", "a set of 0 elements"),
    (r"\emptyset", r"\{0\}", "!", "set"),
    (r"\emptyset", r"\{\}", "=", "structure"),
    (r"\emptyset", r"\mathbb{R}", "!", "set"),
    (r"\{1,2\}", r"\mathbb{R}", "!", "set"),
    (r"\{1,2\}", "x>1", "!", "set"),
    (r"\{1,2\}", "x=1", "!", "type"),
    ("(1,2)", "(1,2)", "=", "structure"),
    ("(1,2)", r"(\frac22,2)", "=", "structure"),
    ("(1,1+1)", "[1,2]", "!", "set", "ends of the intervals"),
    ("(1,2)", "[1,2)", "!", "set", "ends of the intervals"),
    ("(1,2)", "(1,3)", "!", "exact"),
    ("(1,2)", "[1,3]", "!", "exact"),
    ("(1,2,3)", "[1,2,3]", "=", "structure"),
    ("(1,2,3)", Sequence("[", ")", (Num(1), Num(2), Num(3))), "!", "set"),
    ("(1,2)", Sequence("<", ">", (Num(1), Num(2))), "=", "structure"),
    ("[1,2)", Sequence("<", ">", (Num(1), Num(2))), "=", "structure"),
    (Sequence("<", ">", (Num(1), Num(2))), Sequence("<", ">", (Num(1), Num(3))), "!", "exact"),
    ("(x,y)", r"[\sin x,y]", "!", "ball"),
    (r"(\lim_{x\to0}x,2)", "[0,2]", "!", "set"),
    (r"(\lim_{x\to0}x,2)", "(0,2)", "?", "ball"),
    ("(1,2)", "1", "!", "type", "a point or interval is never a number"),
    ("(1,2)", "x+1", "!", "type", "never an expression"),
    ("(1,2)", "x", "!", "type", "never a symbol"),
    ("(3,4)", r"3\mathbf{i}+4\mathbf{j}", "=", "structure"),
    ("(3,4)", r"4\mathbf{i}+3\mathbf{j}", "!", "ball"),
    ("(3,4,5)", r"3\mathbf{i}+4\mathbf{j}+5\mathbf{k}", "=", "structure"),
    ("(3,4,5,6)", r"3\mathbf{i}", "!", "type"),
    ("(3,4)", Apply("*", (Num(2), Matrix(((Num(3),), (Num(4),))))), "!", "exact"),
    ("(6,8)", Apply("*", (Num(2), Matrix(((Num(3),), (Num(4),))))), "=", "exact"),
    ("(1,2)", r"(1,2)\cup(1,2)", "=", "set"),
    ("(1,2)", "1<x<2", "=", "set"),
    ("[1,2]", "1<x<2", "!", "set"),
    (r"(1,\infty)", "(1,5)", "!", "type"),
)
def test_finite_sets_points_and_intervals(row):
    holds(*row)


M = r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"
COLUMN = r"\begin{pmatrix}1\\2\end{pmatrix}"
ROW = r"\begin{pmatrix}1&2\end{pmatrix}"


@cases(
    (M, r"\begin{bmatrix}1&2\\3&2+2\end{bmatrix}", "=", "exact"),
    (M, r"\begin{pmatrix}1&2\\3&5\end{pmatrix}", "!", "exact"),
    (M, r"\begin{pmatrix}1&2&0\\3&4&0\end{pmatrix}", "!", "structure", "different shapes"),
    (M, r"\begin{pmatrix}1&2\\3&4\\5&6\end{pmatrix}", "!", "structure", "different shapes"),
    (COLUMN, ROW, "!", "structure", "different shapes"),
    (M, r"2\begin{pmatrix}\frac12&1\\\frac32&2\end{pmatrix}", "=", "exact"),
    (M, "[[1,2],[3,4]]", "=", "structure"),
    (COLUMN, "(1,2)", "=", "structure"),
    (COLUMN, "[1,2]", "=", "structure"),
    (ROW, "(1,2)", "=", "structure"),
    (COLUMN, "(1,3)", "!", "exact"),
    (COLUMN, "(1,2,3)", "!", "structure"),
    (COLUMN, "[1,2)", "!", "type", "a matrix is never a point"),
    (COLUMN, "(1,2]", "!", "type", "a matrix is never a point"),
    (M, "(1,2)", "!", "type", "a matrix is never a point"),
    (M, "5", "!", "type", "a matrix is never a number"),
    (M, "x", "!", "type", "a matrix is never a number"),
    (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}", "I", "=", "structure"),
    (r"\begin{pmatrix}1&0&0\\0&1&0\\0&0&1\end{pmatrix}", "I", "=", "structure"),
    (r"\begin{pmatrix}1&0\\1&1\end{pmatrix}", "I", "!", "exact"),
    (r"\begin{pmatrix}1&1\\0&1\end{pmatrix}", "I", "!", "exact"),
    (r"\begin{pmatrix}2&0\\0&2\end{pmatrix}", "I", "!", "exact"),
    (ROW, "I", "!", "structure", "not a square matrix"),
    (M, "A", "!", "type"),
    (M, Apply("sin", (Matrix(((Num(1),),)),)), "?", "structure", "a matrix expression that could"),
    (
        Apply("sin", (Matrix(((Num(1),),)),)),
        Apply("cos", (Matrix(((Num(1),),)),)),
        "?",
        "structure",
        "expressions that could not",
    ),
    (Apply("det", (value(M),)), "-2", "=", "exact"),
    (Apply("det", (value(M),)), "2", "!", "exact"),
    (Apply("det", (value(M),)), Apply("det", (Matrix(((Num(-2),),)),)), "=", "exact"),
    (M, Text("yes"), "!", "type"),
    (M, r"\{1,2\}", "?", "structure"),
    (COLUMN, r"x>2", "!", "type"),
)
def test_matrices(row):
    holds(*row)


def test_matrices_equal_only_matrices_where_the_policy_says_so():
    holds(COLUMN, "(1,2)", "!", "type", "a matrix is never a point", vectors="same_kind")
    holds(COLUMN, r"\begin{bmatrix}1\\2\end{bmatrix}", "=", "structure", vectors="same_kind")


@cases(
    (r"5\text{ cm}", "5", "=", "structure"),
    (r"5\text{ cm}", "6", "!", "exact"),
    (r"5\text{ cm}", r"5\text{ cm}", "=", "structure"),
    (r"5\text{ cm}", r"50\text{ mm}", "=", "exact"),
    (r"5\text{ cm}", r"0.05\text{ m}", "=", "exact"),
    (r"5\text{ cm}", r"5\text{ m}", "!", "exact"),
    (r"5\text{ cm}", r"5\text{ s}", "!", "unit", "measure different things"),
    (r"5\text{ cm}", r"5\text{ cm}^2", "!", "unit", "`cm`"),
    (r"5\text{ cm}", r"6\text{ s}", "!", "unit"),
    (r"5\text{ apples}", r"5\text{ oranges}", "?", "unit", "`apples` and `oranges`"),
    (r"5\text{ apples}", r"6\text{ oranges}", "!", "exact"),
    (r"5\text{ apples}", r"5\text{ cm}", "?", "unit"),
    (r"5\text{ units}", r"5\text{ cm}", "=", "structure"),
    (r"5\text{ units}", r"6\text{ cm}", "!", "exact"),
    (r"5\text{ square units}", r"5\text{ cm}^2", "=", "structure"),
    (r"5\text{ square units}", r"5\text{ cm}", "!", "unit"),
    (r"5\text{ square units}", r"5\text{ cubic units}", "!", "unit"),
    (r"5\text{ units}", r"5\text{ square units}", "!", "unit"),
    ("3 dozen eggs", r"36\text{ eggs}", "=", "exact"),
    ("3 dozen eggs", r"36\text{ oranges}", "?", "unit", "`eggs` and `oranges`"),
    ("3 dozen eggs", r"37\text{ eggs}", "!", "exact"),
    ("3 dozen eggs", "36", "=", "exact"),
    ("3 dozen", "36", "=", "exact"),
    ("3 dozen", "3", "?", "unit", "same groups"),
    ("3 dozen eggs", r"3\text{ eggs}", "?", "unit", "same groups"),
    ("3 dozen", "4", "!", "exact"),
    ("3 dozen", r"3\text{ million}", "!", "exact"),
    ("5 million", "5000000", "=", "structure"),
    ("5 million", r"5000000\text{ people}", "=", "structure"),
    (r"5\text{ cm}", "yes", "!", "type", "a quantity is never a text"),
    (r"5\text{ cm}", "101_2", "!", "type", "a quantity is never a number with a base"),
    (r"5\text{ cm}", "2:30", "!", "type", "a quantity is never a time"),
    (r"10\text{ m/s}", "10 m/s", "=", "structure"),
    (r"10\text{ m/s}", "11 m/s", "!", "field"),
    (r"10\text{ m}", "10 m", "=", "structure"),
    (r"10\text{ m}", "10 s", "!", "unit"),
    (r"1000\text{ cm/s}", "10 m/s", "=", "exact"),
    (r"10\text{ m/s}^2", r"10 m s^{-2}", "=", "field"),
    (r"10\text{ apples}", "10 x", "!", "field"),
    (r"5\text{ pounds}", r"£5", "=", "structure"),
    (r"5\text{ pounds}", r"5\text{ kg}", "!", "exact"),
    (r"£5", r"6\text{ pounds}", "!", "exact"),
    (r"(1,2)\text{ cm}", "(1,2)", "=", "structure"),
    (r"\$5", "5", "=", "structure"),
    (r"\$5", r"500\text{ cents}", "=", "exact"),
    (r"60\text{ miles per hour}", r"60\text{ mph}", "=", "structure"),
)
def test_quantities(row):
    holds(*row)


def test_a_unit_may_have_to_be_written():
    holds(r"5\text{ cm}", "5", "!", "unit", "only one of the answers has a unit", units="required")
    holds(r"5\text{ units}", "5", "=", "structure", units="required")
    holds(r"5\text{ cm}", r"50\text{ mm}", "=", "exact", units="required")


@cases(
    ("10 m/s", "10", "=", "unit", "one answer without the unit"),
    ("10 m/s", "11", "!", "field"),
    ("10 m", "10", "?", "unit", "may be a unit or a variable"),
    ("10 m", "11", "!", "field"),
    ("10 x", "10", "!", "field"),
    ("10 m^2", "10", "?", "unit"),
    ("10 m/x", "10", "!", "field"),
    ("m/s", "1", "!", "field"),
    ("10 m", "10 s", "!", "field"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{5\pi}{4}+k\pi", "=", "set", "same multiples"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}+n\pi", "=", "set"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}-m\pi", "=", "set"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}+2k\pi", "!", "set", "different multiples"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{3}+k\pi", "!", "set"),
    (r"2k\pi", r"2n\pi+2\pi", "=", "set"),
    (r"2k\pi", r"2n\pi+\pi", "!", "set"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}+x\pi", "!", "ball"),
    (r"\frac{\pi}{4}+k\pi", r"\frac{\pi}{4}+\frac{k^2\pi}{1}", "!", "ball"),
    (r"k+\pi", r"n+\pi", "!", "ball"),
    (r"k\pi+1", r"n\pi+1", "!", "ball"),
    (r"k\pi^2", r"n\pi^2", "!", "ball"),
    (r"\frac{\pi}{4}", r"\frac{\pi}{4}+k\pi", "!", "ball"),
    (r"k\pi+n\pi", r"n\pi+k\pi+\pi", "!", "ball"),
    (r"\frac{k\pi}{k}", r"\pi", "=", "field"),
)
def test_expressions(row):
    holds(*row)


@cases(
    ("2:3", "4:6", "=", "ratio", "ratios are the same"),
    ("2:3", "3:2", "!", "exact"),
    ("2:3", r"\frac23", "=", "exact"),
    ("2:3", r"\frac32", "!", "exact"),
    ("1:2:3", "2:4:6", "=", "ratio"),
    ("1:2:3", "2:4:7", "!", "exact"),
    ("1:2:3", "1:3:3", "!", "exact"),
    ("1:2:3", "2:3", "!", "ratio", "different numbers of parts"),
    ("1:2:3", "5", "!", "type", "a ratio is never a number"),
    ("2:3", r"\{2,3\}", "!", "type", "a ratio is never a set"),
    ("2:3", "(2,3)", "!", "type", "a ratio is never a point"),
    ("2:3", "2x:3x", "=", "ratio"),
    ("x:3", r"\lim_{t\to0}t:3", "?", "ball"),
    ("2:30", "2:30 p.m.", "=", "clock", "the same"),
    ("2:30 a.m.", "2:30", "=", "clock"),
    ("14:30", "2:30 p.m.", "=", "clock"),
    ("14:30", "2:30", "!", "clock"),
    ("2:30 a.m.", "2:30 p.m.", "!", "clock", "the two times differ"),
    ("12:30 a.m.", "0:30", "=", "clock"),
    ("12:30 p.m.", "12:30", "=", "clock"),
    ("12:30 a.m.", "12:30 p.m.", "!", "clock"),
    ("2:30", "2:31", "!", "clock"),
    ("2:30", "4:60", "=", "ratio"),
    ("2:30", "1:15", "?", "clock", "as ratios"),
    ("2:30 p.m.", "1:15", "!", "clock"),
    ("2:00", "1:00", "!", "clock"),
    ("2:30", r"\frac{1}{15}", "=", "exact"),
    ("2:30", r"\frac{1}{14}", "!", "exact"),
    ("2:30 p.m.", r"\frac{1}{15}", "!", "type", "a time is never a number"),
    ("2:30 p.m.", "x+1", "!", "type", "a time is never an expression"),
    ("2:30", "2:30:45", "!", "ratio"),
    ("2:00", "2", "=", "clock"),
    ("2:00 p.m.", "2", "=", "clock"),
    ("2:00", "3", "!", "clock"),
    ("0:00", "0", "=", "clock"),
    (Clock(24, 0, ""), "24", "=", "clock"),
    (Clock(2, 0, ""), "-2", "?", "ball"),
    (Clock(2, 5, ""), "25", "!", "exact"),
    ("2:30", "(2,30)", "!", "type", "a time is never a point"),
    ("2:30", "101_2", "!", "type"),
)
def test_ratios_and_times_of_day(row):
    holds(*row)


def test_the_half_of_the_day_may_have_to_be_written():
    holds("2:30", "2:30 p.m.", "!", "clock", clock="strict")
    holds("2:30", "2:30 a.m.", "=", "clock", clock="strict")
    holds("14:30", "2:30 p.m.", "=", "clock", clock="strict")


@cases(
    (Text("yes"), Text("yes"), "=", "structure"),
    (Text("no one"), Text("noone"), "=", "text", "the same words"),
    (Text("yes"), Text("no"), "!", "text", "different words"),
    (Text("yes"), Text("true"), "?", "text", "may mean the same"),
    (Text("no"), Text("false"), "?", "text"),
    (Text("undefined"), Text("dne"), "?", "text", "may mean the same"),
    (Text("undefined"), Text("diverges"), "?", "text"),
    (Text("dne"), Text("diverges"), "?", "text"),
    (Text("yes"), Text("false"), "!", "text"),
    (Text("no"), Text("true"), "!", "text"),
    (Text("undefined"), Text("no"), "!", "text"),
    (Text("red ball"), Text("ball"), "?", "text", "has words the other has not"),
    (Text("red ball"), Text("blue ball"), "!", "text"),
    (Text("ball red"), Text("red ball"), "!", "text"),
    (Text(""), Text("ball"), "!", "text"),
    (Text("none"), r"\emptyset", "?", "text", "no solution"),
    (Text("undefined"), r"\emptyset", "?", "text"),
    (Text("impossible"), r"\emptyset", "?", "text"),
    (Text("dne"), r"\emptyset", "?", "text"),
    (Text("yes"), r"\emptyset", "!", "type", "words are never a set"),
    (Text("diverges"), r"\infty", "?", "text", "infinite"),
    (Text("dne"), r"-\infty", "?", "text"),
    (Text("undefined"), r"\infty", "?", "text"),
    (Text("none"), r"\infty", "!", "type"),
    (Text("diverges"), "5", "!", "type", "words are never a number"),
    (Text("angle abc"), Sym("∠ABC"), "=", "text", "same figure"),
    (Text("triangle abc"), Sym("△ABC"), "=", "text", "same figure"),
    (Text("triangle abc"), Sym("∠ABC"), "!", "type"),
    (Text("angle abd"), Sym("∠ABC"), "!", "type"),
    (Text("angle a1"), Sym("∠A_1"), "=", "text"),
    (Text("abc"), ABC, "=", "text", "same letters"),
    (Text("a b c"), ABC, "=", "text"),
    (Text("acb"), ABC, "!", "type", "words are never an expression"),
    (Text("a"), "a", "=", "text"),
    (Text("a"), Sym("A"), "=", "text"),
    (Text("a1"), Sym("a_1"), "!", "type"),
    (Text("ab"), Apply("+", (Sym("a"), Sym("b"))), "!", "type"),
    (Text("a2"), Apply("*", (Sym("a"), Num(2))), "!", "type"),
    (Text(""), "5", "!", "type"),
    (Text("yes"), "(1,2)", "!", "type"),
    (Text("yes"), "2:3", "!", "type", "a ratio"),
    (Text("yes"), "x+y=1", "!", "type", "words are never an equation"),
    (Text("yes"), "x=1", "!", "type"),
    (Text("yes"), Relation(("=",), (X, Text("yes"))), "=", "structure"),
    ("101_2", "101_2", "=", "structure"),
    ("101_2", "111_2", "!", "base", "digits differ"),
    ("101_2", "12_3", "?", "base", "same value in two bases"),
    ("101_2", "11_3", "!", "base", "base and value"),
    ("101_2", "101_3", "!", "base"),
    ("101_2", "101", "=", "base", "same digits"),
    ("101_2", "5", "!", "base"),
    ("101_2", "x+1", "!", "base"),
    (Based("AB", 16), "AB", "=", "base"),
    (Based("AB", 16), Apply("*", (Sym("a"), Sym("b"))), "=", "base"),
    (Based("AB", 16), "AC", "!", "base"),
    (Based("1.1", 2), Based("1.2", 4), "?", "base"),
    (Based("0.1", 2), Based("0.2", 4), "?", "base"),
    (Based("0.1", 2), Based("0.1", 4), "!", "base", "base and value"),
    (Based("0.11", 2), Based("0.3", 4), "?", "base"),
    (Based("11", 2), Based("0.3", 4), "!", "base"),
    (Based("12", 3), "(1,2)", "!", "base"),
)
def test_words_and_digits_in_a_base(row):
    holds(*row)


def test_the_base_may_have_to_be_written():
    holds("101_2", "101", "!", "base", base_subscripts="required")
    holds("101_2", "101_2", "=", "structure", base_subscripts="required")


@cases(
    ("x>2", r"(2,\infty)", "=", "set"),
    ("x>2", r"[2,\infty)", "!", "set"),
    (r"x\in(2,\infty)", r"(2,\infty)", "=", "structure"),
    (r"x\in(2,3)", r"t\in(2,3)", "!", "set", "different variables"),
    (r"x\in(2,3)", r"x\in(2,3)\cup(2,3)", "=", "set"),
    (r"x\in(2,3)", r"x\in(2,4)", "!", "exact"),
    (r"f(x)\in(2,3)", "(2,3)", "=", "structure"),
    (r"x\in(2,3)", "2<x<3", "=", "set"),
    (r"x\in\{1,2\}", "1,2", "=", "set"),
    (r"x\in\{1\}", "1", "=", "structure"),
    (r"(1,2)\in S", r"(2,3)", "?", "set"),
    (r"[1,1]\cup[1,1]", "1", "=", "set"),
    (r"[1,1]\cup[1,1]", "2", "!", "set"),
    ("x>2", "2", "!", "set"),
    ("x>2", "x=2", "?", "set", "an equation against a set"),
    ("x>2", "x+y=2", "?", "set"),
    ("x>2", Text("yes"), "!", "type", "a relation is never a text"),
    (r"(1,2)\cup(3,4)", "x+1", "!", "type", "an expression is never an expression"),
    (r"\{x:x>2\}", "2:3", "!", "type"),
    ("x>2", r"2<x", "=", "set"),
    ("x<y", "y>x", "=", "relation"),
    ("x<y", "x>y", "!", "relation"),
    ("x+y<1", "2x+2y<2", "=", "relation"),
    ("x+y<1", r"2x+2y\le2", "!", "relation"),
    ("a<x<b", "b>x>a", "=", "structure"),
    ("a<x<b", "b>x>c", "?", "set"),
    ("a<x<b", r"b\ge x>a", "?", "set"),
    ("a<x+x<b", "a<2x<b", "=", "structure"),
    (r"a\ne b", r"b\ne a", "=", "structure"),
    ("a<b=c", "c=b>a", "=", "structure"),
    (r"(a,b)\cup(c,d)", r"(a,b)\cup(c,1d)", "=", "field"),
    (r"(a,b)\cup(c,d)", r"(a,b)\cap(c,1d)", "?", "set"),
    (r"(a,b)\cup(c,d)", r"(a,b)\cup(d,c)", "?", "set"),
    (r"[a,\infty)", r"[1a,\infty)", "=", "structure"),
    (r"[a,b)", r"[1a,b)", "=", "structure"),
    (r"[a,b)", r"(1a,b]", "!", "set"),
    (r"x>a\text{ or }x<b", r"x>1a\text{ or }x<b", "=", "structure"),
    (r"x>a\text{ or }x<b", r"x>1a\text{ and }x<b", "?", "set"),
    (r"\{x:x>a\}", r"\{x:x>1a\}", "?", "set"),
    (Logic("or", (value("x<1"), value("x>2"))), r"(-\infty,1)\cup(2,\infty)", "=", "set"),
    (Builder(X, value("x>2")), "x>2", "=", "set"),
    (SetOp("|", (value("(1,2)"), value("(2,3)"))), r"(1,3)\setminus\{2\}", "=", "set"),
    (r"\mathbb{R}", r"(-\infty,\infty)", "=", "set"),
    (r"\mathbb{R}", r"x\in\mathbb{R}", "=", "structure"),
    (r"\mathbb{R}", r"\mathbb{Z}", "?", "ball"),
)
def test_sets_of_real_numbers(row):
    holds(*row)


@cases(
    ("x=5", "5", "=", "structure"),
    ("x=5", "6", "!", "exact"),
    ("x=5", "x=5", "=", "structure"),
    ("x=5", "5=x", "=", "relation", "in another order"),
    ("x=2^2", "4=x", "=", "relation", "sides exchanged"),
    ("x=5", "x=6", "!", "exact"),
    ("x=5", "y=5", "!", "relation", "different unknowns"),
    ("x=5", "X=5", "?", "relation", "names more unknowns"),
    ("x=5", "x_1=5", "?", "relation", "names more unknowns"),
    ("x=5", "2x=10", "=", "relation"),
    ("x=5", "2x=11", "!", "relation"),
    ("x+y=5", "5", "?", "relation", "an equation against a value"),
    ("x+y=5", "y+x=5", "=", "relation"),
    ("x+y=5", "5-x=y", "=", "relation", "factor"),
    ("x+y=5", "x+y=6", "!", "relation"),
    ("x+y=5", "x=5", "!", "relation", "different unknowns"),
    ("x+y=5", Text("yes"), "!", "type", "words are never"),
    ("y=x+1", "x+1", "=", "structure"),
    ("y=x+1", "f(x)=x+1", "=", "structure"),
    ("f(x)=x+1", "g(x)=x+1", "?", "relation", "the names differ"),
    ("f(x)=x+1", "f(t)=t+1", "=", "structure"),
    ("f(x)=x+1", "f(t)=t+2", "!", "field"),
    ("f(x)=x+t", "f(t)=t+x", "?", "relation", "functions of different variables"),
    ("f(x)=x+t", "f(t)=2t", "?", "relation", "functions of different variables"),
    ("f(x)=2x", "f(t)=t+x", "?", "relation", "functions of different variables"),
    ("f(x)=x+1", "x+1", "=", "structure"),
    ("x=y=5", "y=x=5", "=", "relation"),
    ("x=y=5", "x=5", "?", "relation", "names more unknowns"),
    ("x=y=5", "x=y=6", "!", "exact"),
    ("x=y=5", "5", "=", "structure"),
    ("a=b=c", "c=b=a", "=", "relation", "another order"),
    ("a=b=c", "a=b=d", "!", "field"),
    ("2^3=8", "8", "=", "structure"),
    ("2^3=8", "2^3=8", "=", "structure"),
    ("2^3=8", "8=2^3", "=", "relation"),
    ("2^3=8", "4+4=8", "=", "relation"),
    ("7.9=8", "8.1=8", "?", "relation", "two statements with one value"),
    ("7.9=8", "7.9=8+0", "=", "exact"),
    ("7.9=8", "7.9=9-0.5-0.5", "=", "exact"),
    ("7.9=8", "x=8", "=", "structure"),
    ("2+2+1=4+1=5", "3+1.1+1=4.1+1=5", "=", "structure"),
    (r"\cos\pi=-1", r"\sin\frac{3\pi}{2}=-1", "=", "relation"),
    ("2^3=8", r"2\cdot2\cdot2=8", "=", "relation"),
    ("2^3=8", "3+6=9", "!", "exact"),
    (r"x=\pm2", "x^2=4", "=", "relation"),
    (r"x=\pm2", "x^2=9", "!", "relation"),
    (r"x=\pm2", "2,-2", "=", "structure"),
    ("x^2=4", "x=2", "!", "relation"),
    ("x^2=4", "y=2", "!", "relation"),
    (r"7 \mod 12", r"7\pmod{12}", "=", "exact"),
    (r"x\equiv3\pmod 7", r"x\equiv3\pmod 7", "=", "structure"),
    (r"x\equiv3\pmod 7", "3", "=", "structure"),
    (r"x\equiv3\pmod 7", "4", "!", "exact"),
    (r"x\Rightarrow y", "5", "?", "relation", "a statement against a value"),
    (Relation(("->",), (X, Num(3))), "5", "?", "relation", "a statement against a value"),
    (Relation(("iff",), (X, Num(3))), "5", "?", "relation", "a statement against a value"),
    (
        Relation(("===",), (Apply("+", (X, Num(1))), Num(3))),
        "5",
        "?",
        "relation",
        "a statement against a value",
    ),
    (Relation(("mod",), (Num(7), Num(12))), "7", "=", "structure"),
    ("1/3 \\approx 0.33", r"\frac13", "=", "structure"),
    ("1/3 \\approx 0.33", "0.33", "!", "exact"),
    (r"\text{area}=5", "x=5", "=", "structure"),
    (r"\text{area}=5", r"\text{perimeter}=5", "?", "relation"),
    ("AB=5", "CD=5", "?", "relation"),
    ("AB=5", "5", "=", "structure"),
    ("f(3)=7", "7", "=", "structure"),
    (r"x=\lim_{t\to0}t", "x=0", "?", "ball"),
    (r"x=\lim_{t\to0}t", "y=0", "!", "relation"),
    ("(x,y)=(3,4)", "(3,4)", "=", "structure"),
    ("(x,y)=(3,4)", "(3,4)=(x,y)", "=", "relation"),
    ("(x,y)=(3,4)", "x=3,y=4", "=", "structure"),
    ("(x,y)=(3,4)", "(3,5)", "!", "exact"),
    ("x+1=y+1=z+1", "5", "?", "relation"),
)
def test_relations(row):
    holds(*row)


@cases(
    (r"AB\parallel CD", r"AB\perp CD", "?", "relation", "no equations"),
    (r"AB\parallel CD", r"CD\parallel AB", "=", "structure"),
    (r"AB\perp CD", r"CD\perp AB", "=", "structure"),
    (r"a\sim b", r"b\sim a", "=", "structure"),
    (r"x\iff y", r"y\iff x", "=", "structure"),
    (r"x\iff y", r"x\Rightarrow y", "?", "relation", "no equations"),
    (r"x\Rightarrow y", r"y\Rightarrow x", "?", "relation", "no equations"),
    (r"x\Rightarrow y+y", r"x\Rightarrow 2y", "=", "field"),
    (r"x\to y", r"y\to x", "?", "relation", "no equations"),
    (r"x\to y", r"x\to z", "!", "relation"),
    (r"A\subset B", r"B\subset A", "?", "relation", "no equations"),
    (r"x+y\to 1", "x+y=1", "?", "relation", "no equations"),
    (r"x+2y\propto 1", r"2x+4y\propto 2", "?", "relation", "no equations"),
    (r"x+2y\approx 1", "x+2y=1", "=", "relation", "factor"),
    (r"x+2y\equiv 1", r"2x+4y\equiv 2", "=", "relation", "factor"),
    (Relation(("->", "->"), (X, Y, Z)), Relation(("->", "->"), (Z, Y, X)), "?", "relation"),
    (Relation(("iff", "iff"), (X, Y, Z)), Relation(("iff", "iff"), (X, Y, Z)), "=", "structure"),
)  # fmt: skip
def test_statements_that_are_no_equations_are_the_same_with_the_same_sign_between_equal_sides(row):
    holds(*row)


def test_the_name_may_have_to_be_written():
    holds("x=5", "5", "!", "relation", "only one of the answers names", assignments="required")
    holds("x=5", "x=5", "=", "structure", assignments="required")
    holds("x=5", Text("yes"), "!", "type", assignments="required")


def test_kinds_that_have_no_rule_together_are_of_different_types():
    kinds = [
        Num(1),
        X,
        value("x+1"),
        value("(1,2)"),
        value(r"\{5,6\}"),
        value("2:3"),
        Text("yes"),
        Based("11", 2),
    ]
    kinds += [
        value("7,8"),
        value("x=3"),
        value(r"5\text{ cm}"),
        value(M),
        Ratio((Num(1), X)),
        Quantity(Sym("y"), "kg"),
    ]
    kinds += [value("(1,2]"), value("x>1"), value(r"\{x:x>2\}"), value("x<1 or x>2"), SetOf(())]
    for one in kinds:
        for other in kinds:
            verdict = compared(one, other)
            assert (verdict.equivalent is True) == (one == other), (one, other, verdict)


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        ("1,3", r"\begin{pmatrix}2\\3\end{pmatrix}"),
        ("1,3", "(2,3)"),
        ("(1,3)", "(2,3)"),
        ("(1,3)", "[2,3]"),
        ("(1,3)", r"\begin{pmatrix}2\\3\end{pmatrix}"),
        ("[1,3]", r"\begin{pmatrix}2&3\end{pmatrix}"),
        (r"\begin{pmatrix}1&3\end{pmatrix}", r"\begin{pmatrix}2&3\end{pmatrix}"),
        (r"\{1\}", "2"),
        ("x=1", "2"),
        ("x=1", "x=2"),
        ("x=1,y=3", "(2,3)"),
        ("x=1,y=3", "y=3,x=2"),
        ("x=1,y=3", r"\begin{pmatrix}2\\3\end{pmatrix}"),
        ("1,1", "2"),
        (r"1\text{ cm}", "2"),
        (r"1\text{ cm}", r"2\text{ cm}"),
        (r"1\text{ m}", "2 m"),
        (r"1\text{ apples}", r"2\text{ oranges}"),
        (r"x\equiv1\pmod 7", "2"),
    ],
)
def test_the_value_of_the_gold_is_named_first(gold, pred):
    assert compared(value(gold), value(pred)).witness == "1 against 2"
    assert compared(value(pred), value(gold)).witness == "2 against 1"
