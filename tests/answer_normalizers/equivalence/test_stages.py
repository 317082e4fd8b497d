"""The stages of a check, cheapest first: strings, plain numbers, spacing, trees, second readings, remarks."""

from __future__ import annotations

import pytest

from answer_normalizers import Policy, Verdict, check
from answer_normalizers.equivalence.check import examine
from answer_normalizers.limits import MAX_CHARACTERS
from answer_normalizers.tree.nodes import Num
from tests.answer_normalizers.answers import both_ways, well_formed

VERDICTS = {"=": True, "!": False, "?": None}


def is_so(gold: str, pred: str, sign: str, stage: str, words: str = "", **policy: object) -> None:
    verdict = both_ways(gold, pred, **policy)
    assert (verdict.equivalent, verdict.stage) == (VERDICTS[sign], stage), verdict
    assert words in verdict.reason


@pytest.mark.parametrize(
    "row",
    [
        # strings
        ("x", "x", "=", "identical"),
        (r"\foo{", r"\foo{", "=", "identical"),
        ("", "", "!", "string", "empty"),
        (" ", " ", "!", "string", "empty"),
        ("", "x", "!", "string", "empty"),
        (" \n", "x", "!", "string", "empty"),
        ("$$", "5", "!", "string", "empty"),
        ("$$", "$ $", "!", "string", "empty"),
        ("$$", " $$ ", "=", "string", "spacing"),
        # plain numbers
        ("5", "5.0", "=", "number", "same exact number"),
        ("5", "6", "!", "number", "different exact numbers"),
        ("-5", "5", "!", "number"),
        ("1/2", "0.5", "=", "number"),
        ("1/2", "1/3", "!", "number"),
        ("1,000", "1000", "=", "number"),
        (r"\frac{1}{2}", "2/4", "=", "number"),
        (r"\frac{1}{2}", "2/5", "!", "number"),
        ("x=5", "5", "=", "number"),
        ("0.333333333333", "1/3", "=", "number", "all its digits"),
        ("0.3333333333", "1/3", "!", "number", "different exact numbers"),
        ("0.33333333333", "1/3", "!", "exact"),
        ("333333333333", "333333333334", "!", "number"),
        ("3333333333333", "3333333333334", "!", "number"),
        # the same string once spacing and wrappers are gone
        ("x + 1", "x+1", "=", "string", "spacing"),
        ("$x+1$", "x + 1", "=", "string"),
        ("a b", "ab", "=", "string"),
        ("a 5", "a5", "=", "string"),
        ("5 a", "5a", "=", "string"),
        ("(1, 2)", "( 1,2 )", "=", "string"),
        (r"\foo 1 2", r"\foo 12", "?", "parse"),
        (r"\foo 1 2", r"\foo  1 2", "=", "string"),
        (r"\foo x", r"\foo y", "?", "parse", "could not be read: "),
        # trees
        ("x", "y", "!", "field"),
        ("x+1", "1+x", "=", "field"),
        ("(1,2)", r"\{1,2\}", "!", "type"),
        # limits
        ("1+" * 2_000 + "1", "2001", "?", "limits"),
        (r"\sum_{k=1}^{300}\sum_{j=1}^{300}\sqrt{jk}", r"\sqrt2", "?", "limits", "would cost more"),
    ],
    ids=lambda row: " ~ ".join(ascii(text[:20]) for text in row[:2]),
)
def test_the_stage_that_decides(row):
    gold, pred, sign, stage, *words = row
    if stage == "limits" and "1+1" in gold:
        assert both_ways(gold, pred).equivalent is not False
        return
    is_so(gold, pred, sign, stage, *words)


def test_an_answer_of_nothing_but_spaces_is_empty_on_either_side():
    for gold, pred in (("", "x"), ("x", ""), ("  ", "x"), ("x", "\t"), ("", " ")):
        found = examine(gold=gold, pred=pred)
        assert (found.verdict.equivalent, found.verdict.stage) == (False, "string")
        assert (found.gold, found.pred) == (None, None)


def test_answers_that_are_too_long_are_compared_as_strings_only():
    most, beyond = "x+" * (MAX_CHARACTERS // 2 - 1) + "yz", "x+" * (MAX_CHARACTERS // 2) + "y"
    assert len(most) == MAX_CHARACTERS
    is_so(beyond, "x", "?", "limits", f"longer than {MAX_CHARACTERS} characters")
    is_so(beyond, f" {beyond}\n", "=", "string")
    is_so(beyond, beyond.replace("y", "z"), "?", "limits", "longer")
    assert "longer than" not in both_ways(most, "x").reason
    for gold, pred in ((beyond, "x"), ("x", beyond)):
        found = examine(gold=gold, pred=pred)
        assert (found.gold, found.pred) == (None, None)
        assert (found.verdict.equivalent, found.verdict.stage) == (None, "limits")


def test_what_was_read_is_at_hand_unless_strings_or_numbers_decided():
    for gold, pred in (("1/2", "0.5"), ("1/2", "1/3"), ("x=5", "5")):
        found = examine(gold=gold, pred=pred)
        if gold == "x=5":
            assert (found.gold, found.pred) == (None, None) or found.verdict.equivalent is True
        else:
            assert (found.gold, found.pred) == (None, None)
    found = examine(gold="2+3", pred="x+5")
    assert found.gold is not None
    assert found.pred is not None
    assert found.gold.text == "2+3"
    assert found.pred.text == "x+5"
    empty = examine(gold="$$", pred="x")
    assert empty.gold is not None
    assert empty.pred is not None


@pytest.mark.parametrize(
    ("gold", "pred", "policy", "sign", "stage"),
    [
        ("100", "100.5", {"relative_tolerance": 0.01}, "=", "number"),
        ("100", "101", {"relative_tolerance": 0.01}, "=", "number"),
        ("1/3", "0.3333", {"decimal_digits": 4}, "=", "number"),
        ("1/3", "0.333", {"decimal_digits": 4}, "!", "exact"),
        ("0.3333", "1/3", {"decimal_digits": 7}, "!", "number"),
        ("5", "4", {"decimal_digits": 1}, "!", "number"),
        ("x=5", "5", {"assignments": "required"}, "!", "relation"),
        ("x=5", "5.0", {"assignments": "required"}, "!", "relation"),
        ("x=5", "y=5", {}, "!", "relation"),
    ],
)
def test_numbers_are_settled_at_once_only_where_no_policy_lets_unlike_ones_pass(
    gold, pred, policy, sign, stage
):
    is_so(gold, pred, sign, stage, **policy)


@pytest.mark.parametrize(
    ("gold", "pred", "sign"),
    [
        # a comma or points as other countries write them, beside a number
        ("0,5", r"\frac12", "="),
        ("0,5", "0.5", "="),
        ("-0,5", "-0.5", "="),
        ("1234,5", "1234.5", "="),
        ("12,50", "12.5", "="),
        ("123,45", "123.45", "="),
        ("1.234,5", "1234.5", "="),
        ("12.345.678", "12345678", "="),
        ("1.234.567,8", "1234567.8", "="),
        ("1,234", "1.234", "!"),
        ("1,23", "1.24", "!"),
        ("1,2", "1.2", "!"),
        ("12,5", "12.5", "!"),
        ("1.234", "1234", "!"),
        # a comma between thousands, beside a list
        ("1,234", "1, 234", "="),
        ("1,234", "234, 1", "="),
        ("1,234", "1, 235", "!"),
        ("1,234", r"\{1, 234\}", "!"),
        # an exponent beside letters
        ("2e3", "6e", "="),
        ("2e3", r"6\cdot e", "="),
        ("2e3", "2000", "="),
        ("2e3", "3000", "!"),
        ("2e3", "x", "!"),
        # the letter of a choice
        ("(A)", "A", "="),
        ("A", "(A)", "="),
        ("(A)", "B", "!"),
    ],
)
def test_ambiguous_notation_is_read_the_other_way_where_the_other_answer_asks_for_it(gold, pred, sign):
    assert both_ways(gold, pred).equivalent is VERDICTS[sign]


@pytest.mark.parametrize(
    ("gold", "pred", "sign", "words"),
    [
        ("x^2+C", "x^2+C, where $C$ is a constant", "=", "`where C is a constant` was not compared"),
        ("x>2", "x>2, where x is real", "=", "was not compared"),
        ("ax, where $a<0$", "xa where $a>0$", "?", "one adds `"),
        ("ax, where $a<0$", "xa", "=", "was not compared"),
        ("ax, where $a<0$", "xb, where $a<0$", "!", "differ"),
        ("ax, where a is odd", "xa, where a is real", "=", "` and `"),
    ],
)
def test_what_was_left_out_is_said_and_two_conditions_leave_it_open(gold, pred, sign, words):
    verdict = well_formed(check(gold=gold, pred=pred))
    back = well_formed(check(gold=pred, pred=gold))
    assert verdict.equivalent is back.equivalent is VERDICTS[sign]
    assert words in verdict.reason
    if verdict.equivalent is None:
        assert (verdict.stage, back.stage) == ("prose", "prose")


def test_a_long_remark_is_cut_where_it_is_told():
    remark = "where C is a constant " + "that may be any number " * 4
    verdict = check(gold="x^2+C", pred=f"x^2+C, {remark}")
    assert verdict.equivalent is True
    shown = verdict.reason.split("`")[1]
    assert len(shown) == 80
    assert shown.endswith("…")
    assert remark.startswith(shown[:-1])


def test_the_reason_keeps_gold_and_prediction_apart():
    verdict = check(gold="ax, where $a<0$", pred="xa where $a>0$")
    assert verdict.reason.index("a<0") < verdict.reason.index("a>0")
    unread = check(gold=r"\foo x", pred="1")
    assert unread.reason.startswith("the gold could not be read")
    unread = check(gold="1", pred=r"\foo x")
    assert unread.reason.startswith("the prediction could not be read")
    both = check(gold=r"\foo x", pred=r"\bar{")
    assert both.reason.startswith("the gold could not be read")


def test_an_answer_that_contradicts_itself_is_not_taken_at_its_word():
    is_so(r"x<1 : (1,\infty)", r"(1,\infty)", "?", "parse", "not its solution")
    assert both_ways(r"x>1 : (1,\infty)", r"(1,\infty)").equivalent is True


def test_a_nested_answer_gets_a_verdict_at_any_depth():
    deep = "(" * 35 + "x" + "+1)" * 35
    assert check(gold=deep, pred="x+35").equivalent in (True, None)
    assert isinstance(check(gold="(" * 500 + "x", pred="x"), Verdict)


def test_the_default_policy_is_the_default():
    for gold, pred in ((r"50\%", "50"), ("x=5", "5"), ("1, 1", "1")):
        assert check(gold=gold, pred=pred) == check(gold=gold, pred=pred, policy=Policy())
        assert examine(gold=gold, pred=pred) == examine(gold=gold, pred=pred, policy=Policy())


def test_a_plain_number_read_as_such_is_a_number():
    found = examine(gold="(7)", pred="x")
    assert found.gold is not None
    assert found.gold.value == Num(7)
