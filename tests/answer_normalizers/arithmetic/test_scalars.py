"""Whether two scalars are equal: which stage says so, under which policy, with which witness."""

from __future__ import annotations

import re

import pytest
from flint import acb, arb, fmpq

from answer_normalizers import Policy
from answer_normalizers.arithmetic.balls import precision
from answer_normalizers.arithmetic.scalars import compare_scalars, far_apart, size_of
from answer_normalizers.tree.nodes import INFINITY, Apply, Num, Sequence, Sym, Text, Value
from answer_normalizers.verdict import Verdict
from tests.answer_normalizers.answers import value, well_formed

VERDICTS = {"=": True, "!": False, "?": None}


def scalars(gold: str | Value, pred: str | Value, **policy: object) -> Verdict:
    given = Policy(**policy)  # type: ignore[arg-type]
    left, right = (value(text) if isinstance(text, str) else text for text in (gold, pred))
    verdict = well_formed(compare_scalars(left, right, given))
    back = well_formed(compare_scalars(right, left, given))
    assert (back.equivalent, back.stage) == (verdict.equivalent, verdict.stage)
    return verdict


@pytest.mark.parametrize(
    ("gold", "pred", "sign", "stage"),
    [
        ("x+1", "x+1", "=", "structure"),
        (r"\infty", r"\infty", "=", "structure"),
        (r"-\infty", r"-\infty", "=", "structure"),
        (r"\infty", r"-\infty", "!", "structure"),
        (r"\infty", "5", "!", "type"),
        (r"-\infty", r"\frac12+1", "!", "type"),
        (r"\infty", r"\sqrt2+1", "!", "type"),
        (r"\infty", "x", "?", "ball"),
        (r"\infty", "x+1", "?", "ball"),
        (r"\infty", r"2\cdot\infty", "?", "ball"),
        (r"\infty", r"\pi", "?", "ball"),
        ("7", r"\frac{15}{2}-\frac12", "=", "exact"),
        ("2^{10}", "1024", "=", "exact"),
        (r"\sqrt4+1", "3", "=", "exact"),
        ("2^{10}", "1023", "!", "exact"),
        (r"\frac12", r"\frac{1}{3}+0", "!", "exact"),
        ("x+x", "2x", "=", "field"),
        (r"\sqrt2+\sqrt2", r"2\sqrt2", "=", "field"),
        (r"\sin(x+x)", r"\sin 2x", "=", "field"),
        ("x+1", "x+2", "!", "field"),
        (r"\frac1x", r"\frac1{x+1}", "!", "field"),
        ("f(x)", "f(y)", "!", "field"),
        (r"\sqrt8", r"2\sqrt2", "=", "ball"),
        (r"\sqrt2", r"\sqrt3", "!", "ball"),
        (r"\sqrt2", "1", "!", "ball"),
        (r"\sqrt[3]{2}", "x", "!", "ball"),
        (r"\sin^2 x+\cos^2 x", "1", "=", "ball"),
        (r"\sin x", r"\cos x", "!", "ball"),
        (r"\sin^2 x+\cos^2 x+\sin^2 y+\cos^2 y", "2", "=", "ball"),
        (r"\sqrt{-x^2}", r"i\sqrt{x^2}", "=", "ball"),
        (r"\sqrt{-x^2-1}", r"\sqrt{-1-x^2}+0", "=", "field"),
        (r"\sqrt{-x^2-1}\cdot2", r"\sqrt{-4x^2-4}", "=", "ball"),
        (r"\sqrt{-x^2-1}", r"\sqrt{-x^2-2}", "!", "ball"),
        (r"e^{ix}", r"\cos x+i\sin x", "=", "ball"),
        (r"e^{ix}", r"\cos x-i\sin x", "!", "ball"),
        (r"i^2", "-1", "=", "ball"),
        (r"\ln(-1)", r"i\pi", "=", "ball"),
        (r"|x|", r"\sqrt{x^2}", "=", "ball"),
        (r"|x|", "x", "!", "ball"),
        (r"|x-50|", "50-x", "!", "ball"),
        (r"\ln x^2", r"2\ln x", "?", "ball"),
        (r"\ln(xy)", r"\ln x+\ln y", "=", "ball"),
        (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}", "=", "ball"),
        (r"\frac{1}{\sqrt2-\sqrt2}", "1", "?", "ball"),
        (r"\frac{1}{\sqrt{x}-\sqrt{x}}", "x", "?", "ball"),
        (r"9^{9^{9^9}}", r"9^{9^{9^9}}+1", "?", "ball"),
        (r"\lim_{x\to0} x", "0", "?", "ball"),
        (r"\lim_{x\to0} xy", r"\lim_{t\to0} ty", "=", "field"),
        (r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}", "=", "ball"),
        (r"\sum_{k=1}^{n} k", r"\frac{n(n-1)}{2}", "!", "ball"),
        (r"(-1)^{2n}", "1", "=", "ball"),
        (r"\cos(n\pi)", "(-1)^n", "=", "ball"),
        (r"n!", r"n\cdot(n-1)!", "=", "ball"),
        (r"\sqrt2-\sqrt2", r"\sqrt3-\sqrt3", "=", "field"),
        (r"\sin\pi", r"\sqrt3-\sqrt3", "=", "ball"),
        (r"e^{-1000}", r"0", "!", "ball"),
        (r"e^{-1000}-e^{-1000}", r"\sin\pi", "=", "ball"),
    ],
)  # fmt: skip
def test_the_stage_and_the_verdict_of_a_pair(gold, pred, sign, stage):
    verdict = scalars(gold, pred)
    assert (verdict.equivalent, verdict.stage) == (VERDICTS[sign], stage)


@pytest.mark.parametrize(
    ("gold", "pred", "words"),
    [
        ("x+1", "x+1", "same expression"),
        (r"\infty", r"-\infty", "infinite"),
        ("2^3", "8", "same rational number"),
        ("x+x", "2x", "2 random points"),
        (r"\sqrt8", r"2\sqrt2", "hundred digits"),
        (r"\sin^2 x+\cos^2 x", "1", "19 digits at 6 random points"),
        (r"\sqrt{-x^2-1}\cdot2", r"\sqrt{-4x^2-4}", "19 digits at 12 random points"),
        (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}", "random points"),
    ],
)
def test_the_reason_says_how_much_was_shown(gold, pred, words):
    assert words in scalars(gold, pred).reason


# ---- witnesses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "pred", "witness"),
    [
        ("2^3", "9", "8 against 9"),
        (r"\frac12", r"-\frac{1}{3}", "1/2 against -1/3"),
        ("x", "y", "2 against 5 at x = 2, y = 5"),
        ("x^2", "x^3", "4 against 8 at x = 2"),
        ("x", "4x-6", "3 against 6 at x = 3"),  # equal at 2
        (r"x", r"x+(x-2)(x-3)", "5 against 11 at x = 5"),
        (r"x", r"x+(x-2)(x-3)(x-5)", "7 against 47 at x = 7"),
        (r"\frac{1}{x-2}", r"\frac{2}{x-2}", "1 against 2 at x = 3"),
        (r"\sqrt2", "1", "1.41421356237 against 1"),
        (r"i\sqrt2", r"i+\sqrt3", "0 + 1.41421356237 i against 1.73205080757 + 1 i"),
        (r"e^{1000}", "1", r"1.97007111402e+434 against 1"),
        (r"e^{-1000}", r"e^{-1001}", "5.07595889755e-435 against 1.86734092264e-435"),
    ],
)
def test_a_rejection_shows_both_values(gold, pred, witness):
    found = scalars(gold, pred).witness
    assert found is not None
    assert found.startswith(witness)


def test_no_witness_is_named_where_small_integers_show_none():
    verdict = scalars("x", "x+(x-2)(x-3)(x-5)(x-7)")
    assert (verdict.equivalent, verdict.witness) == (False, None)
    assert scalars("f(x)", "f(y)").witness is None


def test_the_witness_of_a_function_is_a_point_where_it_has_these_values():
    import mpmath

    verdict = scalars(r"\sin x", r"\cos x")
    found = re.fullmatch(r"(\S+) against (\S+) at x = (\S+)", verdict.witness or "")
    assert found is not None
    left, right, x = map(float, found.groups())
    assert abs(left - float(mpmath.sin(x))) < 1e-10
    assert abs(right - float(mpmath.cos(x))) < 1e-10
    assert "at x = " in (scalars("|x-50|", "50-x").witness or "")
    assert re.search(r" i against .* i at x = ", scalars(r"\sqrt{-x^2-1}", r"\sqrt{-x^2-2}").witness or "")


def test_long_rational_numbers_are_shortened():
    ten = 10**39
    assert scalars(Num(ten), Num(2)).witness == f"{ten} against 2"
    assert scalars(Num(10 * ten + 7), Num(2)).witness == f"1{'0' * 17}…{'0' * 17}7 (41 characters) against 2"
    assert (
        scalars(Num(2**3999), Num(2)).witness
        == f"{str(2**3999)[:18]}…{str(2**3999)[-18:]} (1204 characters) against 2"
    )
    assert scalars(Num(2**4000), Num(2)).witness == "a rational number of 4001 bits against 2"
    assert "1205 char" in (scalars(Num(2**4000 - 1), Num(2)).witness or "")  # 4,000 bits


# ---- decimals --------------------------------------------------------------------------------------------


def decimal(text: str) -> Num:
    found = value(text)
    assert isinstance(found, Num)
    return found


@pytest.mark.parametrize(
    ("exact", "written", "sign"),
    [
        (r"\frac13", "0.333333333333", "="),
        (r"\frac13", "0.33333333333", "!"),
        (r"\frac{2}{3}\cdot 10^{12}", "666666666666.7", "="),
        (r"\frac{2}{3}\cdot 10^{12}", "666666666666", "!"),
        (r"\frac{20}{3}\cdot 10^{14}", "666666666666666.7", "="),
        (r"\frac{20}{3}\cdot 10^{15}", "6666666666666666.7", "="),
        (r"\frac{20}{3}\cdot 10^{15}", "6666666666666660.1", "="),
        (r"\frac{20}{3}\cdot 10^{15}", "6666666666666650.1", "!"),
        (r"10^{15}\sqrt2", "1414213562373095.1", "="),
        (r"10^{15}\sqrt2", "1414213562373099.1", "="),
        (r"10^{15}\sqrt2", "1414213562373106.1", "!"),
        (r"\sqrt2", "1.41421356237", "="),
        (r"\sqrt2", "1.41421356239", "!"),
        (r"\sqrt2", "1.4142135623", "!"),
        (r"\sqrt[3]{-2}", "-1.25992104989", "="),
    ],
)
def test_a_decimal_of_twelve_digits_stands_for_what_it_is_right_in_all_digits_of(exact, written, sign):
    verdict = scalars(exact, written)
    assert verdict.equivalent is VERDICTS[sign]
    if verdict.equivalent:
        assert (verdict.stage, "all its digits" in verdict.reason) == ("number", True)


def test_one_unit_in_the_last_place_is_already_too_much():
    exact = Num(fmpq(1, 10))
    assert scalars(exact, Num(fmpq(100000000001, 10**12), 12, 12)).equivalent is False
    assert scalars(exact, Num(fmpq(1000000000009, 10**13), 12, 12)).equivalent is True
    assert scalars(exact, Num(fmpq(1000000000009, 10**13), 11, 12)).equivalent is False
    assert scalars(exact, Num(fmpq(1000000000009, 10**13), 12, 0)).equivalent is False
    assert scalars(Num(fmpq(1, 3)), Num(0, 15, 1)).equivalent is False
    assert scalars(Num(fmpq(1, 3)), Num(1, 16, 1)).equivalent is True
    assert scalars(Num(3), Num(2, 16, 1)).equivalent is False
    assert scalars(Num(3), Num(2, 17, 1)).equivalent is True
    assert scalars(Num(12), Num(2, 17, 1)).equivalent is False


def test_a_tolerance_is_a_share_of_the_larger_number():
    assert scalars("100", "99", relative_tolerance=0.01).equivalent is True
    assert scalars("100", "98.99", relative_tolerance=0.01).equivalent is False
    assert scalars("-100", "-99", relative_tolerance=0.01).equivalent is True
    assert scalars("100", "-100", relative_tolerance=0.01).equivalent is False
    assert scalars("-100", "-98.99", relative_tolerance=0.01).equivalent is False
    assert scalars("0", "0.001", relative_tolerance=0.01).equivalent is False
    assert scalars("0.5", "1", relative_tolerance=0.5).equivalent is True
    assert scalars(r"2^{\frac12}", "1.42", relative_tolerance=0.005).equivalent is True
    assert scalars(r"2^{\frac12}", "1.43", relative_tolerance=0.005).equivalent is False
    assert scalars(r"-\sqrt2", "-1.42", relative_tolerance=0.005).equivalent is True
    assert scalars(r"-\sqrt2", "1.42", relative_tolerance=0.005).equivalent is False
    assert scalars("99", "100", relative_tolerance=0.01).stage == "number"
    assert "tolerance" in scalars("99", "100", relative_tolerance=0.01).reason
    assert "tolerance" in scalars(r"\sqrt2", "1.42", relative_tolerance=0.01).reason
    assert scalars(r"\sqrt2", r"\sqrt2+\pi-\pi+10^{-40}", relative_tolerance=0.01).equivalent is True
    # of numbers, and not of functions
    assert scalars(r"\sin x", r"1.001\sin x", relative_tolerance=0.01).equivalent is False
    assert scalars("x", "1.001x", relative_tolerance=0.01).equivalent is False


def test_two_values_are_told_apart_as_far_as_the_highest_precision_goes():
    assert scalars(r"\sqrt2+\pi", r"\sqrt2+\pi+10^{-90}").equivalent is False
    beyond = scalars(r"\sqrt2+\pi", r"\sqrt2+\pi+10^{-500}")
    assert (beyond.equivalent, "hundred digits" in beyond.reason) == (True, True)
    assert scalars(r"\sqrt2-\sqrt2+10^{-98}", r"\sqrt3-\sqrt3").equivalent is False
    assert scalars(r"\sqrt2-\sqrt2+10^{-400}", r"\sqrt3-\sqrt3").equivalent is True
    assert scalars(r"\sqrt2\cdot10^{-700}-\sqrt2\cdot10^{-700}", r"\sqrt3-\sqrt3").equivalent is True


# ---- conventions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "pred", "policy", "sign"),
    [
        (r"50\%", "50", {}, "="),
        (r"50\%", r"\frac12", {}, "="),
        (r"50\%", "5", {}, "!"),
        (r"50\%", "5000", {}, "!"),
        (r"50\%", r"50\%", {}, "="),
        (r"50\%", r"(49+1)\%", {}, "="),
        (r"50\%", r"49\%", {}, "!"),
        (r"50\%", "50", {"percent": "fraction"}, "!"),
        (r"50\%", r"\frac12", {"percent": "fraction"}, "="),
        (r"x\%", "x", {}, "="),
        (r"x\%", r"\frac{x}{100}", {}, "="),
        (r"45^\circ", "45", {}, "="),
        (r"45^\circ", r"\frac{\pi}{4}", {}, "="),
        (r"45^\circ", r"\frac{\pi}{3}", {}, "!"),
        (r"45^\circ", "46", {}, "!"),
        (r"45^\circ", r"(44+1)^\circ", {}, "="),
        (r"45^\circ", r"46^\circ", {}, "!"),
        (r"45^\circ", "45", {"degrees": "required"}, "!"),
        (r"45^\circ", r"\frac{\pi}{4}", {"degrees": "required"}, "="),
        (r"x^\circ", "x", {}, "="),
        (r"x^\circ", r"\frac{\pi x}{180}", {}, "="),
        (r"\sqrt2^\circ", r"\sqrt2", {}, "="),
        (r"180^\circ", r"\arccos(-1)", {}, "="),
        (r"180^\circ", r"\arccos(-1)", {"degrees": "required"}, "="),
        (r"45^\circ", r"\sqrt{2025}", {}, "="),
        (r"\log 2", r"\ln 2", {}, "="),
        (r"\log 100", "2", {}, "="),
        (r"\log e", "1", {}, "="),
        (r"\log e", "2", {}, "!"),
        (r"\log 100", "2", {"log": "natural"}, "!"),
        (r"\log 100", "2", {"log": "common"}, "="),
        (r"\log e", "1", {"log": "natural"}, "="),
        (r"\log e", "1", {"log": "common"}, "!"),
        (r"\log x", r"\ln x", {}, "="),
        (r"\log x", r"\ln x", {"log": "natural"}, "="),
        (r"\log x", r"\ln x", {"log": "common"}, "!"),
        (r"\log x+\log y", r"\log(xy)", {}, "="),
        (r"\log 100+\log e", "3", {}, "!"),  # one base for the whole answer
        (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}", {"domains": "same"}, "?"),
        (r"\sqrt{x}\sqrt{y}", r"\sqrt{xy}", {"domains": "common"}, "="),
        (r"\sin^2 x+\cos^2 x", "1", {"domains": "same"}, "="),
        (r"\ln x-\ln y", r"\ln\frac{x}{y}", {}, "="),
        (r"\ln x-\ln 2", r"\ln\frac{x}{2}", {}, "="),
        (r"\ln x^2+y", r"2\ln x+y", {}, "?"),
    ],
)
def test_what_a_policy_says_of_a_pair(gold, pred, policy, sign):
    assert scalars(gold, pred, **policy).equivalent is VERDICTS[sign]


@pytest.mark.parametrize(
    ("gold", "pred", "sign"),
    [
        ("x^2+C", "x^2+c", "="),
        ("x^2+C", "c+x^2", "="),
        ("x^2+C", "x^2+K", "="),
        ("x^2+C", "x^2+k", "="),
        ("x^2+k", "x^2+K", "="),
        ("x^2+C", "x^2", "!"),
        ("x^2+C", "x^2+D", "!"),
        ("x^2+C", "x^3+c", "!"),
        ("x^2+C", "x^2+2c", "!"),
        ("Cx^2", "cx^2", "="),
        ("C_1x+C_2", "c_1x+c_2", "="),
        ("C_1x+C_2", "c_2x+c_1", "!"),
        ("C_1e^x", "c_1e^x", "="),
        ("Kx^2", "kx^2", "!"),
        ("C+cx", "c+Cx", "!"),
        ("C+x", "c+Cx", "!"),
        ("Cx+C", "kx+k", "!"),
        ("x+C+k", "x+c+k", "="),
        ("k+x", "x+C", "="),
        (r"\ln|x|+C", r"\ln|x|+K", "="),
        (r"\sin x\cos x+C", r"\frac12\sin 2x+k", "="),
        (r"\sin x\cos x+C", r"\sin 2x+k", "!"),
    ],
)
def test_a_constant_of_integration_may_be_any_of_its_letters(gold, pred, sign):
    assert scalars(gold, pred).equivalent is VERDICTS[sign]
    strict = scalars(gold, pred, constants_of_integration="same_letter")
    assert strict.equivalent is (gold == pred)


# ---- sizes -----------------------------------------------------------------------------------------------


def test_a_number_has_a_size_unless_a_convention_may_change_it():
    for text in ("5", r"\sqrt2", r"\pi", r"\frac12", r"2^{\sqrt2}", "i"):
        assert size_of(value(text)) is not None, text
    for text in (
        "x",
        "x+1",
        r"50\%",
        r"45^\circ",
        r"\log 2",
        "0.5",
        r"\frac{1}{\sqrt2-\sqrt2}",
        r"\infty",
        "(1,2)",
    ):
        assert size_of(value(text)) is None, text
    assert size_of(Text("one")) is None
    assert size_of(Sequence("(", ")", (Num(1), Num(2)))) is None
    size = size_of(value(r"\sqrt2"))
    assert size is not None
    assert size.overlaps(acb(arb("1.41421356237309504880")))
    assert 50 < size.rel_accuracy_bits() <= 64


def test_far_apart_are_two_sizes_that_do_not_meet():
    one, two = size_of(value(r"\sqrt2")), size_of(value(r"\sqrt3"))
    assert far_apart(one, two) is True
    assert far_apart(one, size_of(value(r"\frac{2}{\sqrt2}"))) is False
    assert far_apart(one, None) is False
    assert far_apart(None, two) is False
    assert far_apart(None, None) is False


def test_infinity_with_a_sign_is_not_what_has_infinity_in_it():
    assert compare_scalars(INFINITY, Apply("neg", (Apply("neg", (INFINITY,)),)), Policy()).equivalent is None
    assert scalars(INFINITY, Sym("a")).equivalent is None
    with precision(64):
        assert scalars(Apply("neg", (INFINITY,)), Num(-5)).stage == "type"
