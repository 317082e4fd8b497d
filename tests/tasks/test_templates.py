"""The templates of task files: strictness, the sandbox, the filters."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.tasks.templates import (
    ColumnError,
    after_hashes,
    boxed_answer,
    compile_template,
    exact,
    free_variables,
    last_boxed,
    number,
    sentence,
    strip_math,
    strip_units,
)


def render(source: str, **columns: object) -> str:
    return compile_template(source).render(columns)


def test_text_is_neither_escaped_nor_stripped():
    assert render("{{ q }}\n", q=" a < b & c\n\n") == " a < b & c\n\n\n"


def test_a_line_with_only_a_block_tag_leaves_no_line():
    assert render("{% for x in xs %}\n- {{ x }}\n{% endfor %}\nend", xs=["a", "b"]) == "- a\n- b\nend"


def test_a_missing_column_is_false_in_a_test_and_an_error_in_print():
    assert render("{{ question or problem }}", problem="p") == "p"
    with pytest.raises(jinja2.UndefinedError, match="'question' is undefined"):
        render("{{ question }}", problem="p")
    with pytest.raises(jinja2.UndefinedError):
        render("{{ question or problem }}")


def test_a_missing_column_is_an_error_in_a_filter_too():
    with pytest.raises(jinja2.UndefinedError, match="'answer' is undefined"):
        render("{{ answer | after_hashes }}")


def test_null_prints_as_nothing():
    assert render("[{{ x }}]", x=None) == "[]"


@pytest.mark.parametrize("value", [["a"], {"a": 1}, ("a",), True])
def test_a_list_a_mapping_or_a_truth_value_is_never_printed(value):
    with pytest.raises(ColumnError, match="cannot print"):
        render("{{ x }}", x=value)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ x.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ x.append('y') }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_templates_are_sandboxed(attack):
    with pytest.raises((jinja2.exceptions.SecurityError, jinja2.UndefinedError)):
        render(attack, x=[])


def test_free_variables_are_those_not_set_in_the_template():
    assert free_variables("{% for s in shots %}{{ s.question }}{% endfor %}{{ q }}") == {"shots", "q"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a\n#### 18", "18"),
        ("a #### 1 b\n#### 2,125", "2125"),
        ("#### -1,234,567.5 ", "-1234567.5"),
        ("#### 1,2", "1,2"),  # a list, not a thousand
    ],
)
def test_after_hashes(text, answer):
    assert after_hashes(text) == answer


def test_after_hashes_needs_hashes():
    with pytest.raises(ColumnError, match='no "####"'):
        after_hashes("18")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{1}, then \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{ 3 }", "3"),
        (r"\fbox{7}", "7"),
        (r"\boxed {8}", "8"),
        (r"\boxed{\boxed{11}\times\boxed{20}}", r"\boxed{11}\times\boxed{20}"),
        (r"\boxed{5} and \boxed{unclosed", "5"),
        (r"\boxed{a\}b}", r"a\}b"),
    ],
)
def test_last_boxed(text, answer):
    assert last_boxed(text) == answer


@pytest.mark.parametrize("text", ["", "5", r"\boxed{5", r"\boxed 5"])
def test_last_boxed_needs_a_box(text):
    with pytest.raises(ColumnError, match=r"no .boxed"):
        last_boxed(text)


def test_boxed_answer_joins_boxes_only_where_several_answers_are_asked_for():
    both = r"$x = \boxed{-2}$ and $\boxed{1}$."
    assert boxed_answer(both, "Find all solutions, separated by commas.") == "-2, 1"
    assert boxed_answer(both, "order them from least to greatest, separated by comma(s).") == "-2, 1"
    assert boxed_answer(both, "Find the point.") == "1"


def test_boxed_answer_repeats_nothing_and_leaves_a_list_in_one_box_alone():
    asked = "Enter all solutions, separated by commas."
    assert boxed_answer(r"\boxed{1} OR \boxed{1}", asked) == "1"
    assert boxed_answer(r"\boxed{7,9} Alternative: \boxed{7, 9}", asked) == "7, 9"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (145.0, "145"), (1.84, "1.84"), (-0.0, "0"), (7, "7"), ("073", "73"), ("27.0", "27"), ("0.10", "0.1"),
        ("1,234.50", "1234.5"), (1e-05, "0.00001"), (1e22, "10000000000000000000000"), ("1/2", "1/2"),
        (" 5 ", "5"), ("nan", "nan"), ("1e999", "1e999"), ("1_000", "1_000"), ("12,34", "12,34"), ("+3", "3"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize("value", [None, True, [1]])
def test_number_refuses_what_is_no_number(value):
    with pytest.raises(ColumnError, match="number: expected a number or text"):
        number(value)


@given(st.integers(-(10**30), 10**30))
def test_number_keeps_every_integer(value):
    assert number(value) == str(value)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
def test_number_keeps_the_value_of_every_float(value):
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6666666667, "2/3"),
        (-1.3333333333, "-4/3"),
        (0.4166666667, "5/12"),
        ("0.3333333333", "1/3"),
        (0.9999999999, "0.9999999999"),  # 1 would be written 1.0
        (3.33333, "3.33333"),  # too few decimals to be sure
        (0.125, "0.125"),
        (43.0, "43"),
        ("12:30", "12:30"),
    ],
)
def test_exact_undoes_the_cutting_off_of_decimals(value, text):
    assert exact(value) == text


@given(st.integers(-5000, 5000), st.integers(1, 999))
def test_exact_finds_every_fraction_again(numerator, denominator):
    fraction = Fraction(numerator, denominator)
    assert Fraction(exact(round(numerator / denominator, 10))) == fraction


@pytest.mark.parametrize(
    ("value", "text"),
    [("9 (apples)", "9"), ("14  (seats)", "14"), ("-(1/3)", "-(1/3)"), ("Yes", "Yes"), ("5:6", "5:6")],
)
def test_strip_units(value, text):
    assert strip_units(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("$10-4 n$", "10-4 n"),
        ("$69$,$84$", "69,84"),
        ("$k=4$.", "k=4"),
        ("$$\nx\n$$", "x"),
        (r"\(x\)", "x"),
        (r"\$5", r"\$5"),
        ("$x=3$ or $x=5$", "$x=3$ or $x=5$"),
        ("converges.", "converges"),
        ("12", "12"),
        ("1, 2, ...", "1, 2, ..."),
    ],
)
def test_strip_math(value, text):
    assert strip_math(value) == text


def test_sentence_adds_a_full_stop_only_where_punctuation_is_missing():
    assert [sentence(text) for text in ("a", " a. ", "a?", "a,")] == ["a.", "a.", "a?", "a,"]


@pytest.mark.parametrize("filter_", [after_hashes, last_boxed, strip_units, strip_math, sentence])
def test_text_filters_refuse_what_is_no_text(filter_):
    with pytest.raises(ColumnError, match=r"expected text, got 3\.5"):
        filter_(3.5)


@given(st.text(alphabet=r"\boxed{}$( ).,1a" + "\n"))
def test_no_filter_fails_in_any_other_way_than_with_a_column_error(text):
    for filter_ in (after_hashes, last_boxed, number, strip_units, strip_math, sentence):
        with contextlib.suppress(ColumnError):
            assert isinstance(filter_(text), str)
