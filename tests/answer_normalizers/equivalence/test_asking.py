"""Components in order and in any order, with a comparison of parts that is known beforehand."""

from __future__ import annotations

import pytest
from flint import fmpq

from answer_normalizers import Policy
from answer_normalizers.equivalence.asking import Ask, apart, in_any_order, in_order, kind_of
from answer_normalizers.limits import MAX_PAIRINGS, MAX_RELATION_PAIRINGS
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
    Sym,
    Text,
    Value,
)
from answer_normalizers.verdict import Verdict, different, equal, undecided
from tests.answer_normalizers.answers import value, well_formed

X, Y, Z, U = (Sym(name) for name in "xyzu")


def asking(doubtful: set[Value] = frozenset(), calls: list | None = None, **policy: object) -> Ask:  # type: ignore[assignment]
    """Equal where the parts are the same; undecided where one of them is doubtful; which pairs were asked."""

    def compare(gold: Value, pred: Value, ask: Ask) -> Verdict:
        if calls is not None:
            calls.append((gold, pred))
        if gold == pred:
            return equal("exact", "the same part")
        if gold in doubtful or pred in doubtful:
            return undecided("ball", f"unclear: {gold} and {pred}")
        return different("field", f"unlike parts: {gold} and {pred}")

    return Ask(Policy(**policy), compare)  # type: ignore[arg-type]


def test_in_order_every_component_has_to_be_equal():
    ask = asking({U})
    assert well_formed(in_order((X, Y), (X, Y), ask)).equivalent is True
    assert in_order((X, Y), (X, Y), ask).stage == "exact"
    assert "in order" in in_order((X, Y), (X, Y), ask).reason
    assert in_order((), (), ask).equivalent is True
    assert in_order((X, Y), (Y, X), ask) == different("field", f"unlike parts: {X} and {Y}")
    assert in_order((X, Y), (X, Z), ask) == different("field", f"unlike parts: {Y} and {Z}")
    assert in_order((X, U), (X, Z), ask) == undecided("ball", f"unclear: {U} and {Z}")
    assert in_order((U, Y), (X, Z), ask) == different("field", f"unlike parts: {Y} and {Z}")
    assert in_order((U, X, U), (Y, X, Z), ask) == undecided("ball", f"unclear: {U} and {Y}")
    verdict = well_formed(in_order((X, Y), (X, Y, Z), ask))
    assert (verdict.equivalent, verdict.stage) == (False, "structure")
    assert "2 components against 3" in verdict.reason


def test_in_order_the_first_difference_ends_it():
    calls: list[tuple[Value, Value]] = []
    in_order((X, Y, Z), (X, Z, Z), asking(calls=calls))
    assert calls == [(X, X), (Y, Z)]


@pytest.mark.parametrize(
    ("gold", "pred", "ignored", "counted"),
    [
        ((X, Y), (Y, X), True, True),
        ((X, Y), (X, Z), False, False),
        ((X, Y), (X,), False, False),
        ((X,), (X, Y), False, False),
        ((X, X, Y), (Y, X), True, False),
        ((X, X, Y), (X, Y, Y), True, False),
        ((X, X), (X, X), True, True),
        ((), (), True, True),
        ((), (X,), False, False),
        ((X, U), (X, Y), None, None),
        ((X, U), (U, X), True, True),
        ((X, Y), (U, Z), False, False),
        ((X, Y, Z), (X, Y, U), None, None),
    ],
)
def test_in_any_order_each_item_has_to_be_among_the_others(gold, pred, ignored, counted):
    for one, two in ((gold, pred), (pred, gold)):
        verdict = well_formed(in_any_order(one, two, asking({U})))
        assert verdict.equivalent is ignored
        assert verdict.stage == ("ball" if ignored is None else "set")
        assert (
            well_formed(in_any_order(one, two, asking({U}, repeated_items="counted"))).equivalent is counted
        )


def test_it_is_said_on_which_side_an_item_is_missing():
    ask = asking()
    assert "of the gold is missing" in in_any_order((X, Y), (X,), ask).reason
    assert "of the prediction is missing" in in_any_order((X,), (X, Y), ask).reason
    assert "2 items against 1" in in_any_order((X, Y), (X,), asking(repeated_items="counted")).reason
    assert "every item" in in_any_order((X, Y), (Y, X), ask).reason


def test_gold_and_prediction_keep_their_sides_in_what_is_asked():
    calls: list[tuple[Value, Value]] = []
    in_any_order((X,), (Y, X), asking(calls=calls))
    assert calls == [(X, Y), (X, X), (X, Y)]
    calls.clear()
    in_any_order((X, Y), (Y, X), asking(calls=calls, repeated_items="counted"))
    assert calls == [(X, Y), (X, X), (Y, Y), (X, Y), (Y, Y), (X, X)]


def test_of_several_doubts_the_first_is_told():
    verdict = in_any_order((X, U, Y), (X, Z, Y), asking({U}))
    assert verdict == undecided("ball", f"unclear: {U} and {Y}")
    assert in_any_order((U, X), (Y, X, Z), asking({U})).equivalent is None
    three = Sym("v")
    assert in_any_order((U, three), (Y, Z), asking({U, three})).reason.startswith(f"unclear: {U} and {Z}")


def numbers(*found: int | fmpq) -> tuple[Value, ...]:
    return tuple(map(Num, found))


def test_lists_of_numbers_are_compared_as_numbers_without_asking():
    calls: list[tuple[Value, Value]] = []
    ask, counting = asking(calls=calls), asking(calls=calls, repeated_items="counted")
    half = fmpq(1, 2)
    for gold, pred, ignored, counted in (
        (numbers(1, half, 3), numbers(3, 1, half), True, True),
        (numbers(1, 1, 3), numbers(3, 1), True, False),
        (numbers(1, 1, 3), numbers(3, 3, 1), True, False),
        (numbers(1, 2), numbers(1, 3), False, False),
        (numbers(-1), numbers(1), False, False),
        (numbers(), numbers(), True, True),
        (numbers(10, 9, half), numbers(half, 10, 9), True, True),
    ):
        for one, two in ((gold, pred), (pred, gold)):
            verdict = well_formed(in_any_order(one, two, ask))
            assert (verdict.equivalent, verdict.stage) == (ignored, "set")
            assert ("same numbers" in verdict.reason) is ignored
            assert ("different numbers" in verdict.reason) is not ignored
            assert well_formed(in_any_order(one, two, counting)).equivalent is counted
    assert calls == []


def test_decimals_of_many_digits_and_tolerances_are_asked_for():
    for policy, item, asked in (
        ({}, Num(2, 11, 3), False),
        ({}, Num(2, 12, 3), True),
        ({"decimal_digits": 4}, Num(2, 4, 3), True),
        ({"decimal_digits": 4}, Num(2, 3, 3), False),
        ({"relative_tolerance": 0.1}, Num(2), True),
    ):
        for gold, pred in (((Num(1), item), (Num(1), Num(3))), ((Num(1), Num(3)), (Num(1), item))):
            calls: list[tuple[Value, Value]] = []
            in_any_order(gold, pred, asking(calls=calls, **policy))
            assert bool(calls) is asked


def test_numbers_far_apart_are_not_asked_for_unless_there_is_a_tolerance():
    roots = tuple(value(rf"\sqrt{{{n}}}") for n in (2, 3, 5))
    calls: list[tuple[Value, Value]] = []
    assert in_any_order(roots, roots[::-1], asking(calls=calls)).equivalent is True
    assert calls == [(root, root) for root in (*roots, *roots[::-1])]
    calls.clear()
    assert in_any_order(roots, roots[::-1], asking(calls=calls, relative_tolerance=0.1)).equivalent is True
    assert len(calls) > 6


def test_lists_too_long_to_match_are_left():
    def letters(count: int) -> tuple[Value, ...]:
        return tuple(Sym(f"x_{k}") for k in range(count))

    def equations(count: int) -> tuple[Value, ...]:
        return tuple(Relation(("=",), (Sym(f"x_{k}"), Num(1))) for k in range(count))

    side = int(MAX_PAIRINGS**0.5)
    assert side * side == MAX_PAIRINGS
    assert in_any_order(letters(side), letters(side)[::-1], asking()).equivalent is True
    verdict = well_formed(in_any_order(letters(side), letters(side + 1), asking()))
    assert (verdict.equivalent, verdict.stage) == (None, "limits")
    side = int(MAX_RELATION_PAIRINGS**0.5)
    assert side * side == MAX_RELATION_PAIRINGS
    assert in_any_order(equations(side), equations(side)[::-1], asking()).equivalent is True
    assert in_any_order(equations(side), equations(side + 1), asking()).stage == "limits"
    assert in_any_order(equations(side + 1), equations(side), asking()).stage == "limits"
    mixed = (*letters(side), *equations(1))
    assert in_any_order(mixed, letters(side), asking()).stage == "limits"
    assert in_any_order(letters(side), mixed, asking()).stage == "limits"
    # repeated items do not count
    assert in_any_order(letters(2) * 100, letters(2) * 100, asking()).equivalent is True


def test_the_one_of_a_kind_and_the_other():
    number, text = Num(1), Text("one")
    assert apart(Num, number, text) == (number, text)
    assert apart(Text, number, text) == (text, number)
    assert apart(Num, Num(1), Num(2)) == (Num(1), Num(2))
    with pytest.raises(AssertionError):
        apart(SetOf, number, text)


def test_one_of_two_answers_is_replaced_on_its_side():
    calls: list[tuple[Value, Value]] = []
    ask = asking(calls=calls)
    ask.instead(X, Y, X, Z)
    ask.instead(X, Y, Y, Z)
    ask(X, Y)
    assert calls == [(Z, Y), (X, Z), (X, Y)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Num(1), "a number"),
        (X, "a symbol"),
        (Apply("+", (X, Y)), "an expression"),
        (Sequence("(", ")", (X, Y)), "a point or interval"),
        (Items((X, Y)), "a list"),
        (SetOf((X,)), "a set"),
        (Relation(("=",), (X, Y)), "a relation"),
        (Logic("and", ()), "a condition"),
        (Matrix(((X,),)), "a matrix"),
        (Quantity(X, "cm"), "a quantity"),
        (Based("11", 2), "a number with a base"),
        (Ratio((X, Y)), "a ratio"),
        (Clock(1, 2, ""), "a time"),
        (Text("yes"), "a text"),
        (Builder(X, X), "an expression"),
    ],
)
def test_a_reason_says_what_an_answer_is(answer, words):
    assert kind_of(answer) == words
