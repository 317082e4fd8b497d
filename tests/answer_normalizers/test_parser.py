"""How an answer is read: the levels of the grammar, what is ambiguous, what is refused, and what it costs."""

from __future__ import annotations

import time

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers import check
from answer_normalizers.limits import MAX_DEPTH
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.lexer import GAP, split_run, tokenize
from answer_normalizers.parsing.parser import parse
from answer_normalizers.parsing.reading import read
from answer_normalizers.parsing.settle import condition_and_set, settle
from answer_normalizers.parsing.units import conversion, read_unit
from answer_normalizers.tree.nodes import (
    EMPTY_SET,
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
)

ONE, TWO, THREE, X, Y = Num(1), Num(2), Num(3), Sym("x"), Sym("y")


def product(*factors):
    return Apply("*", factors)


# ---- the levels of the grammar


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1, 2", Items((ONE, TWO))),
        (r"1 \text{ or } 2", Items((ONE, TWO))),
        (r"1 \quad 2", Items((ONE, TWO))),
        (
            r"x > 1 \text{ and } x < 3",
            Logic("and", (Relation((">",), (X, ONE)), Relation(("<",), (X, THREE)))),
        ),
        (r"x < 1, x > 3", Logic(",", (Relation(("<",), (X, ONE)), Relation((">",), (X, THREE))))),
        (r"x < 1 \cup x > 3", Logic("or", (Relation(("<",), (X, ONE)), Relation((">",), (X, THREE))))),
        ("1 < x < 3", Relation(("<", "<"), (ONE, X, THREE))),
        ("< 3", Relation(("<",), (Sym("?"), THREE))),
        ("= 3", THREE),
        ("p(x) = 3", Relation(("=",), (Apply("call", (Sym("p"), X)), THREE))),
        ("x(x+1) = 3", Relation(("=",), (product(X, Apply("+", (X, ONE))), THREE))),
        ("1:2:3", Ratio((ONE, TWO, THREE))),
        (r"n \choose 2", Apply("binom", (Sym("n"), TWO))),
        (r"3 \pmod 7", Relation(("mod",), (THREE, Num(7)))),
        (r"[1,2] \cup [2,3]", SetOp("|", (Sequence("[", "]", (ONE, TWO)), Sequence("[", "]", (TWO, THREE))))),
        (r"A \setminus B", SetOp("-", (Sym("A"), Sym("B")))),
        (r"1 \pm x", Apply("+", (ONE, Apply("pm", (X,))))),
        ("x - -1", Apply("+", (X, ONE))),
        ("2x/3y", Apply("*", (TWO, X, Apply("inv", (THREE,)), Y))),
        (r"7 \bmod 3", Apply("mod", (Num(7), THREE))),
        ("x^y^2", Apply("^", (X, Apply("^", (Y, TWO))))),
        ("x!!", Apply("double_factorial", (X,))),
        ("5%", Apply("percent", (Num(5),))),
        (r"90^\circ", Apply("deg", (Num(90),))),
        (r"30^\circ 30'", Apply("deg", (Num(fmpq(61, 2)),))),
        (r"20^\circ C", Quantity(Num(20), "celsius")),
        ("1011_2", Based("1011", 2)),
        ("f'(x)", Apply("call", (Sym("f'"), X))),
        (r"f^{\prime}(x)", Apply("call", (Sym("f'"), X))),
        ("f^{-1}(x)", Apply("call", (Sym("f^-1"), X))),
        ("a^{-1}(x)", product(Apply("^", (Sym("a"), Num(-1))), X)),
        ("I(0)", Apply("call", (Sym("I"), Num(0)))),
        ("a(b)", product(Sym("a"), Sym("b"))),
        (r"\angle CBA", Sym("∠ABC")),
        ("x_{12}", Sym("x_12")),
    ],
)
def test_each_level_of_the_grammar(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("(1, 2]", Sequence("(", "]", (ONE, TWO))),
        ("]1, 2[", Sequence("(", ")", (ONE, TWO))),
        ("[1]", ONE),
        (r"\{1, 2\}", SetOf((ONE, TWO))),
        (r"\{\}", EMPTY_SET),
        (r"\{x | x > 1\}", Builder(X, Relation((">",), (X, ONE)))),
        ("{x : x > 1, x < 3}",
         Builder(X, Logic("and", (Relation((">",), (X, ONE)), Relation(("<",), (X, THREE)))))),
        (r"\langle 1, 2 \rangle", Sequence("<", ">", (ONE, TWO))),
        ("|x|y|x|", product(Apply("abs", (X,)), Y, Apply("abs", (X,)))),
        ("|-x|", Apply("abs", (Apply("neg", (X,)),))),
        (r"\|x\|", Apply("norm", (X,))),
        (r"\lfloor x \rfloor", Apply("floor", (X,))),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & x \end{pmatrix}", Matrix(((ONE, TWO), (THREE, X)))),
        (r"\begin{vmatrix} 1 & 2 \\ 3 & x \end{vmatrix}", Apply("det", (Matrix(((ONE, TWO), (THREE, X))),))),
        (r"\begin{array}{cc} 1 & 2 \end{array}", Matrix(((ONE, TWO),))),
        (r"\begin{aligned} & x = 1 \\ & y = 2 \end{aligned}",
         Items((Relation(("=",), (X, ONE)), Relation(("=",), (Y, TWO))))),
    ],
)  # fmt: skip
def test_what_stands_in_brackets(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\frac12", Num(fmpq(1, 2))),
        (r"\frac1{72}", Num(fmpq(1, 72))),
        (r"\frac x2", Apply("/", (X, TWO))),
        (r"\frac{dy}{dx}", Sym("dy/dx")),
        (r"\sqrt x", Apply("sqrt", (X,))),
        (r"\sqrt[3]{x}", Apply("root", (X, THREE))),
        (r"\binom{3}{2}", Apply("binom", (THREE, TWO))),
        (r"\sum_{k=1}^{3} k", Apply("sum", (Sym("k"), ONE, THREE, Sym("k")))),
        (r"\int_1^2 x dx", Apply("int", (X, ONE, TWO, X))),
        (r"\lim_{x \to 1} y", Apply("lim", (X, ONE, Y))),
        (r"\sin 2x", Apply("sin", (product(TWO, X),))),
        (r"\sin x \cos y", product(Apply("sin", (X,)), Apply("cos", (Y,)))),
        (r"\sin^2 x", Apply("^", (Apply("sin", (X,)), TWO))),
        (r"\sin^{-1} x", Apply("arcsin", (X,))),
        (r"\sin \pi/3", Apply("sin", (Apply("/", (Sym("pi"), THREE)),))),
        (r"\sin x/3", Apply("/", (Apply("sin", (X,)), THREE))),
        (r"\log_2 x", Apply("log", (X, TWO))),
        (r"\log_28", Apply("log", (Num(8), TWO))),
        (r"\log x", Apply("log?", (X,))),
        (r"\lg x", Apply("log", (X, Num(10)))),
        (r"\exp x", Apply("^", (Sym("e"), X))),
        (r"\gcd(2, x)", Apply("gcd", (TWO, X))),
    ],
)
def test_commands_and_functions(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("2 1/3", Num(fmpq(7, 3))),
        (r"2\frac13", Num(fmpq(7, 3))),
        (r"-2\frac13", Num(fmpq(-7, 3))),
        (r"2\frac{7}{3}", product(TWO, Num(fmpq(7, 3)))),
        (r"2\frac{3}{3}", product(TWO, ONE)),
        (r"2\frac{1}{3}^2", product(TWO, Apply("^", (Num(fmpq(1, 3)), TWO)))),
        (r"2\frac{x}{3}", product(TWO, Apply("/", (X, THREE)))),
        (r"3\frac72x", product(THREE, Num(fmpq(7, 2)), X)),
    ],
)
def test_a_whole_before_a_proper_fraction_is_a_mixed_number(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["2 7/3", "2 3/3", "2 0/3"])
def test_a_whole_before_an_improper_fraction_is_not_read(text):
    with pytest.raises(UnreadableError, match="two numbers side by side"):
        parse(text)
    assert check(gold="13/3", pred="2 7/3").equivalent is None


@pytest.mark.parametrize("text", ["(3]", "[3)", "(x]"])
def test_one_item_in_unlike_brackets_is_no_value(text):
    with pytest.raises(UnreadableError, match="unlike brackets"):
        parse(text)
    assert check(gold="3", pred="(3]").equivalent is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.333…", fmpq(1, 3)),
        (r"0.333\ldots", fmpq(1, 3)),
        ("0.1666...", fmpq(1, 6)),
        ("0.1212…", fmpq(4, 33)),
        ("0.142857142857…", fmpq(1, 7)),
        ("0.33…", fmpq(33, 100)),
        ("2.12…", fmpq(53, 25)),
        ("0.1233…", fmpq(1233, 10000)),
        (r"0.\overline{12}", fmpq(4, 33)),
        ("0.1(6)", fmpq(1, 6)),
    ],
)
def test_a_decimal_repeats_where_a_digit_stands_three_times_or_a_block_twice(text, value):
    assert read(text).value == Num(value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("5 cm", Quantity(Num(5), "cm")),
        ("5 m/s", product(Num(5), Sym("m"), Apply("inv", (Sym("s"),)))),
        (r"5 \text{ miles}/\text{hour}", Quantity(Num(5), "miles / hour")),
        (r"5 \frac{\text{miles}}{\text{hour}}", Quantity(Num(5), "miles/hour")),
        (r"5 \text{ cm}^2", Quantity(Num(5), "cm ^2")),
        ("5 million", Num(5_000_000)),
        (r"\$5", Quantity(Num(5), "dollar")),
        ("5 in", Quantity(Num(5), "inch")),
        ("x = 5 in", Relation(("=",), (X, Quantity(Num(5), "inch")))),
        ("x = 5 cm", Relation(("=",), (X, Quantity(Num(5), "cm")))),
        ("50 percent", Apply("percent", (Num(50),))),
    ],
)
def test_a_unit_belongs_to_the_value_before_it(text, tree):
    assert read(text).value == tree


def test_lengths_in_inches_are_compared_behind_a_name():
    assert check(gold="x = 5 in", pred="x = 7 in").equivalent is False
    assert check(gold="x = 5 in", pred="5 in").equivalent is True


# ---- what is repaired, and what is refused


def test_up_to_two_brackets_may_be_missing_at_the_end():
    assert parse(r"\frac{1}{(x") == Apply("/", (ONE, X))
    with pytest.raises(UnreadableError):
        parse(r"\frac{1}{((x")


def test_up_to_three_brackets_may_be_too_many_at_the_end():
    assert parse("x)))") == X
    with pytest.raises(UnreadableError):
        parse("x))))")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2 3", "two numbers side by side"),
        (r"\frac{1}", "expected an argument"),
        (r"\frac123", "split in several ways"),
        (r"\int x", "without a differential"),
        (r"\int x dx", "indefinite"),
        (r"\sum x", "without both limits"),
        (r"\lim x", "without a point"),
        (r"\max_x y", "over a range"),
        (r"\foo", "unknown command"),
        (r"\{1, 2)", "closed by another bracket"),
        ("1]", None),
        ("^2", "a script without a base"),
        ("12_{2}", "a digit that the base does not have"),
        ("1 + … + 3", "a sum with an ellipsis"),
        (r"\begin{foo} 1 \end{foo}", "unknown environment"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}", "uneven rows"),
        ("5 (since x)", None),
        (r"5^{\prime} 3", "unexpected '"),
        ("9" * 5000, "too many digits"),
    ],
)
def test_what_is_not_mathematics_is_refused_with_a_reason(text, why):
    if why is None:
        read(text)
        return
    with pytest.raises(UnreadableError, match=why):
        parse(text)


# ---- what it costs


@pytest.mark.parametrize(
    "nest",
    [
        r"2\frac{%s}{x}",
        r"f^{%s}",
        r"g^{-1}(%s)",
        "p(%s) = 1",
        r"\sqrt{%s}",
        "(%s)",
        r"\frac{d%s}{dx}",
        "|%s|",
        r"\begin{pmatrix} %s \end{pmatrix}",
        r"\sin %s",
        r"\int_0^1 %s dx",
    ],
)
def test_nesting_costs_time_in_proportion_to_the_length(nest):
    text = "x"
    for _ in range(MAX_DEPTH):
        text = nest % text
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 1  # read twice at every level, it would take hours


@pytest.mark.parametrize("text", ["(", "{", r"\frac{1}{", r"\sqrt{", "x^{", r"\{", "|"])
def test_brackets_nested_too_deeply_are_refused(text):
    with pytest.raises(UnreadableError):
        parse(text * 200 + "x")


@pytest.mark.parametrize(
    "text", [r"\sin ", r"\sum_{k=1}^2 ", r"A \setminus ", r"\pm ", "{}", r"\$ ", r"m\angle "]
)
def test_a_chain_that_is_too_long_is_a_problem_and_no_exception(text):
    reading = read(text * 1500 + "x")
    assert reading.value is not None or reading.problem


@given(st.text(alphabet=r"12x(){}[]|\,;:^_/+-*=<>'!% frac", max_size=40))
def test_whatever_is_read_either_has_a_value_or_says_why_not(text):
    reading = read(text)
    assert (reading.value is None) == bool(reading.problem)


# ---- tokens


def kinds(text):
    return [token[0] for token in tokenize(text)][:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2x", ["num", "sym"]),
        ("2x10^5", ["num", "*", "num", "^", "num"]),
        ("2 x 10^5", ["num", "*", "num", "^", "num"]),
        ("x10", ["sym", "num"]),
        ("1,000", ["num"]),
        ("1, 000", ["num", ",", "num"]),
        ("(1,000)", ["(", "num", ",", "num", ")"]),
        ("(1{,}000)", ["(", "num", ")"]),
        ("1,0000", ["num", ",", "num"]),
        ("1.5e3", ["num"]),
        ("1..2", ["num", ".", "num"]),
        ("a->b", ["sym", "rel", "sym"]),
        ("a-b", ["sym", "-", "sym"]),
        ("a<=b", ["sym", "rel", "sym"]),
        ("n!", ["sym", "!"]),
        ("n!=1", ["sym", "rel", "num"]),
        (r"\left.x\right|", ["sym", "|"]),
        (r"\cdotx", ["*", "sym"]),
        (r"\hspace{1cm}x", ["sym"]),
        (r"\operatorname{lcm}(2,3)", ["fn", "(", "num", ",", "num", ")"]),
        (r"\operatornamewithlimits{lcm}(2,3)", ["fn", "(", "num", ",", "num", ")"]),
        (r"1\text{ and }2", ["num", "and", "num"]),
        (r"\text{x+1}", ["sym", "+", "num"]),
        (r"\mathbb{R}", ["sym"]),
        ("5 min", ["num", "word"]),
        ("min(5)", ["fn", "(", "num", ")"]),
        ("5th", ["num", "word"]),
    ],
)
def test_an_answer_is_cut_into_tokens(text, expected):
    assert kinds(text) == expected


def test_a_token_tells_whether_a_space_or_a_gap_stood_before_it():
    assert [spaced for _, _, spaced in tokenize("x x\nx \\quad x\\displaystyle x")][:-1] == [
        0,
        1,
        GAP,
        GAP,
        1,
    ]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("sin", ["fn"]),
        ("sinx", ["fn", "sym"]),
        ("cospi", ["fn", "sym"]),
        ("xyz", ["sym"] * 3),
        ("red", ["word"]),
        ("ABC", ["word"]),
        ("ab", ["sym"] * 2),
        ("of", ["word"]),
        ("OR", ["or"]),
        ("alpha", ["sym"]),
        ("kg", ["word"]),
    ],
)
def test_a_run_of_letters_is_a_name_a_word_or_a_product(run, expected):
    assert [kind for kind, _ in split_run(run)] == expected


# ---- the last step of reading


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"n = 1, 2", Items((Relation(("=",), (Sym("n"), ONE)), Relation(("=",), (Sym("n"), TWO))))),
        (
            r"n \ne 1, 2",
            Logic("and", (Relation(("!=",), (Sym("n"), ONE)), Relation(("!=",), (Sym("n"), TWO)))),
        ),
        (r"1, \dots, 4", Items((ONE, TWO, THREE, Num(4)))),
        (r"1, 3, \dots, 7", Items((ONE, THREE, Num(5), Num(7)))),
        (r"1, 3, \dots, 8", Items((ONE, THREE, Sym("…"), Num(8)))),
        (r"x + k, k \in \mathbb{Z}", Apply("+", (X, Sym("k")))),
        (r"\pm 2, 3", Items((TWO, Num(-2), THREE))),
        (r"P(1, 2)", Relation(("=",), (Sym("P"), Sequence("(", ")", (ONE, TWO))))),
        ("3i + 4j", Apply("+", (product(THREE, Sym("vec i")), product(Num(4), Sym("vec j"))))),
        ("3 + 4j", Apply("+", (THREE, product(Num(4), Sym("i"))))),
        (r"\emptyset", EMPTY_SET),
        (r"\pm 2 \text{ cm}", Items((TWO, Quantity(Num(-2), "cm")))),
    ],
)
def test_notation_is_spelled_out(text, tree):
    assert settle(parse(text)) == tree


def test_settling_twice_changes_nothing():
    for text in (r"n = \pm 1, 2", r"1, \dots, 4", "3i+4j", r"\{1, \dots, 4\} \cup \{7\}"):
        once = settle(parse(text))
        assert settle(once) == once


def test_a_condition_before_its_set_is_kept_beside_the_set():
    reading = read(r"x < 1 : (-\infty, 1)")
    assert reading.value == Sequence("(", ")", (Apply("neg", (Sym("inf"),)), ONE))
    assert reading.condition == Relation(("<",), (X, ONE))
    assert condition_and_set(parse("1:2")) is None


@pytest.mark.parametrize(
    ("pred", "verdict"),
    [
        (r"x < 1 : (-\infty, 1)", True),
        (r"x < 1 : (1, \infty)", None),
        (r"x < 1 \text{ or } x > 3 : (-\infty, 1) \cup (3, \infty)", False),
        (r"x < 1 : 5", None),
        (r"(x < 1 : (-\infty, 1), 2)", None),
    ],
)
def test_a_condition_and_a_set_that_contradict_one_another_are_no_answer(pred, verdict):
    assert check(gold=r"(-\infty, 1)", pred=pred).equivalent is verdict
    assert check(gold=pred, pred=r"(-\infty, 1)").equivalent is verdict


# ---- answers that are read without the grammar


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3:30 p.m.", Clock(3, 30, "pm")),
        ("3 am", Clock(3, 0, "am")),
        ("25:30", Ratio((Num(25), Num(30)))),
        (r"(1011)_{\text{two}}", Based("1011", 2)),
        ("1A in base 16", Based("1A", 16)),
        ("3 hours 30 minutes", Quantity(Num(fmpq(7, 2)), "hours")),
        ("3 to 5", Ratio((THREE, Num(5)))),
        ("5 (feet)", Quantity(Num(5), "feet")),
        (r"\text{5 cm}", Quantity(Num(5), "cm")),
        ("Option B", Sym("B")),
        ("twenty-one", Num(21)),
        ("no solution", EMPTY_SET),
        (r"\text{Alice}", Text("alice")),
        ("The answer is 5 (since x > 0)", Num(5)),
        ("{ }", EMPTY_SET),
    ],
)
def test_answers_in_a_notation_of_their_own(text, tree):
    assert read(text).value == tree


def test_prose_behind_an_answer_is_kept_as_a_remark():
    assert read("C/x, where C is a constant").remark == "where C is a constant"


@pytest.mark.parametrize("text", ["", "  ", "$$", r"\text{}"])
def test_an_empty_answer_is_said_to_be_empty_or_words(text):
    reading = read(text)
    assert reading.value is None
    assert reading.problem


# ---- units


@pytest.mark.parametrize(
    ("one", "other", "factor"),
    [
        ("m", "cm", 100),
        ("square feet", "ft^2", 1),
        ("cubic meters", "m cubed", 1),
        ("miles per hour", "mph", 1),
        ("km/h", "m/s", fmpq(5, 18)),
        ("kilometers", "m", 1000),
        ("inches", "in", 1),
        ("boxes", "box", 1),
        ("berries", "berry", 1),
        ("m", "s", None),
        ("apples", "oranges", None),
        ("m/s^2", "m/s", None),
    ],
)
def test_units_are_converted_where_they_measure_the_same(one, other, factor):
    assert conversion(read_unit(one), read_unit(other)) == factor
