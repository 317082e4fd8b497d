"""Published scorers give the verdicts that their originals give, faults included.

The expected verdicts were read off the originals: lm-evaluation-harness 0.4.13, MetaMath's scripts and
prm800k's grader, run on the same strings.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from answer_normalizers import Verdict
from answer_normalizers.grading import get_scorer
from answer_normalizers.published import hendrycks, lm_eval_gsm8k, metamath, minerva, prm800k
from answer_normalizers.published.prm800k_expressions import difference_is_zero
from answer_normalizers.published.prm800k_text import latex_to_text


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# MetaMath, GSM8K


@pytest.mark.parametrize(
    ("answer", "gold", "accepted"),
    [
        ("18", "18", True),
        ("18.", "18", True),
        ("1,450", "1450", True),
        ("$18", "18", True),
        ("17.6", "18", True),  # anything within a half of the gold
        ("18.4", "18", True),
        ("2.5", "2", True),  # banker's rounding
        ("3.5", "4", True),
        ("1,450,000", "1450", True),  # one separator is read
        ("1,450,000", "1450000", False),
        ("- 5", "5", True),  # the sign is lost with a space
        ("- 5", "-5", False),
        ("\\frac{1}{2}", "1", True),  # the first number in it
        ("3 1/2", "3", True),
        ("7/2", "4", True),  # a fraction is divided, then rounded
        ("10/0", "10", True),  # over zero is its numerator
        ("/5", "5", False),
        ("five", "5", False),
        ("", "5", False),
        ("9" * 400, "5", False),  # infinite as a float
    ],
)
def test_metamath_gsm8k_takes_the_first_number_and_rounds_it(answer: str, gold: str, accepted: bool) -> None:
    assert metamath.gsm8k(gold=gold, text=f"3 + 4 = 7\nThe answer is: {answer}").equivalent is accepted


@pytest.mark.parametrize("answer", ["10/00", "-" + "9" * 400, "9" * 400 + "/2"])
def test_where_metamath_gsm8k_crashes_the_verdict_is_undecided(answer: str) -> None:
    verdict = metamath.gsm8k(gold="10", text=f"The answer is: {answer}")
    assert verdict.equivalent is None
    assert "crashes" in verdict.reason


@pytest.mark.parametrize(
    "text", ["The answer is 18", "the answer is: 18", "The answer is:18", "#### 18", "\\boxed{18}"]
)
def test_metamath_wants_its_phrase_to_the_letter(text: str) -> None:
    assert metamath.gsm8k(gold="18", text=text).equivalent is False
    assert metamath.math(gold="18", text=text).equivalent is False


def test_metamath_gsm8k_takes_the_data_sets_own_line_as_gold() -> None:
    assert metamath.gsm8k(gold="16 - 3 = 13 ...\n#### 1,300", text="The answer is: 1300").equivalent is True
    assert metamath.gsm8k(gold="no number", text="The answer is: 1300").equivalent is None


def test_metamath_takes_the_last_phrase_and_says_where_it_looked() -> None:
    text = "The answer is: 1. No. The answer is: $ 22"
    extraction = metamath.gsm8k(gold="22", text=text).extraction
    assert extraction is not None
    assert (extraction.value, text[extraction.start : extraction.end]) == ("22", "22")


# MetaMath, MATH


@pytest.mark.parametrize(
    ("text", "gold", "accepted"),
    [
        ("The answer is: \\frac{1}{2}", "0.5", True),
        ("The answer is: 5.", "5", True),
        ("The answer is: 5.\nAnd more.", "5", True),
        ("The answer is: 5\nAnd more.", "5", False),  # only ".\n" ends it
        ("The answer is: 5. And more.", "5", False),
        ("The answer is: 5..", "5", False),
        ("The answer is: $5$", "5", False),
        ("The answer is: x=5", "5", True),
        ("The answer is: 5", "so $\\boxed{5}$ it is", True),
        ("The answer is: 5", "so $\\boxed 5$ it is", False),  # such a box cannot be opened
        ("The answer is: 5", "so $\\fbox{5}$ it is", False),
    ],
)
def test_metamath_math_compares_what_follows_the_phrase(text: str, gold: str, accepted: bool) -> None:
    assert metamath.math(gold=gold, text=text).equivalent is accepted


# Hendrycks


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("\\frac{1}{2}", "1/2", True),
        ("\\dfrac12", "\\tfrac{1}{2}", True),
        ("0.5", "\\frac12", True),
        ("0.25", "\\frac14", False),
        (".5", "0.5", True),
        ("\\sqrt3", "\\sqrt{3}", True),
        ("1+x", "x+1", False),
        ("{3}", "3", False),
        ("x=5", "y=5", True),  # any short left-hand side goes
        ("x=5", "5", True),
        ("f(x)=5", "5", False),
        ("5\\text{ cm}", "5\\text{ m}", True),  # and so does any unit
        ("5\\text{cm}", "5", False),
        ("50\\%", "50", True),
        ("90^\\circ", "90", True),
        ("\\left(1,2\\right)", "(1, 2)", True),
        ("\\leftarrow", "arrow", True),
        ("\\pi/2", "\\pi/2 ", False),  # trips over the slash: the raw strings differ
        ("\\pi/2", "\\pi/2", True),
        ("5\\text{ a}\\text{ b}", "5", False),  # trips over the second unit
        ("1,000", "1000", False),
        (None, None, True),
        (None, "5", False),
    ],
)
def test_hendrycks_compares_strings_after_a_few_replacements(
    left: str | None, right: str | None, equal: bool
) -> None:
    assert hendrycks.is_equiv(left, right) is equal
    assert hendrycks.is_equiv(right, left) is equal


def test_what_hendrycks_trips_over_is_left_as_it_is() -> None:
    assert hendrycks.normalize("\\sqrt") == "\\sqrt"
    assert hendrycks.normalize("\\frac") == "\\frac"
    assert hendrycks.normalize("\\frac1") == "\\frac1"


# lm-evaluation-harness, hendrycks_math


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("5", True),
        ("The answer is $5$", True),
        ("$5$ is $5$", False),  # all between the first and the last dollar
        ("The answer is $5", False),
        ("so $\\boxed{5}$", False),  # a box is never opened
        ("The answer is 5", False),
    ],
)
def test_lm_eval_hendrycks_math_reads_between_the_dollars(text: str, accepted: bool) -> None:
    verdict = hendrycks.lm_eval_hendrycks_math(gold="We get $\\boxed{5}$.", text=text)
    assert verdict.equivalent is accepted
    assert hendrycks.lm_eval_hendrycks_math(gold="5", text=text).equivalent is accepted


def test_lm_eval_hendrycks_math_scores_the_data_sets_own_solutions_zero(shared: Path) -> None:
    solutions = [row["solution"] for row in lines(shared / "data/math/test.jsonl")]
    assert len(solutions) == 5_000
    score = get_scorer("lm_eval_hendrycks_math")
    assert sum(score(gold=text, text=text).equivalent is True for text in solutions) == 0


# lm-evaluation-harness, gsm8k


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("9 * 2 = 18\n#### 18", True, True),
        ("#### 18.", True, True),
        ("#### 18,", True, True),
        ("#### 18 and\n#### 19", True, False),  # the first hash, the last number
        ("####18", False, True),
        ("#### $18", False, True),
        ("The answer is: 18", False, True),
        ("The answer is 18.00", False, False),
        ("#### 18.0", False, False),
        ("She makes $18.00", False, False),
        ("She makes $18.", False, True),
        ("She makes 18 in 3 days", False, False),
        ("She makes 18 ...", False, False),  # the dots match
        ("eighteen", False, False),
    ],
)
def test_lm_eval_gsm8k_takes_a_string_by_its_pattern(text: str, strict: bool, flexible: bool) -> None:
    assert lm_eval_gsm8k.strict_match(gold="9 eggs\n#### 18", text=text).equivalent is strict
    assert lm_eval_gsm8k.flexible_extract(gold="18", text=text).equivalent is flexible


def test_lm_eval_gsm8k_on_metamath_style_text_scores_none_and_all(shared: Path) -> None:
    rows = lines(shared / "data/gsm8k/test.jsonl")
    texts = [f"We add.\nThe answer is: {row['answer'].rsplit('#### ')[-1]}" for row in rows]
    strict, flexible = get_scorer("lm_eval_gsm8k_strict"), get_scorer("lm_eval_gsm8k_flexible")
    pairs = [(row["answer"], text) for row, text in zip(rows, texts, strict=True)]
    assert len(pairs) == 1_319
    assert sum(strict(gold=gold, text=text).equivalent is True for gold, text in pairs) == 0
    assert sum(flexible(gold=gold, text=text).equivalent is True for gold, text in pairs) == 1_319
    dollars = [(gold, f"She makes ${gold.rsplit('#### ')[-1]}.00") for gold, _ in pairs]
    assert sum(flexible(gold=gold, text=text).equivalent is True for gold, text in dollars) == 0


# lm-evaluation-harness, minerva_math


def minerva_says(answer: str, gold: str) -> Verdict:
    text = f"Final Answer: The final answer is {answer}. I hope it is correct."
    return minerva.lm_eval_minerva_math(gold=gold, text=text)


@pytest.mark.parametrize(
    ("answer", "gold", "accepted"),
    [
        ("$5$", "5", True),
        ("$x=5$", "y=5", True),  # what follows the last equals sign
        ("$5$ cm", "5", True),
        ("$5$ students", "5", True),
        ("$3$ or $4$", "3", True),  # the first formula replaces all around it
        ("$1,000$", "1000", True),
        ("$\\frac12$", "\\frac{1}{2}", True),
        ("$\\frac{2}{4}$", "\\frac{1}{2}", True),  # numbers are compared without SymPy
        ("$0.5$", "\\frac{1}{2}", True),
        ("$5$", "6", False),
        ("$(1,2)$", "(1,2)", True),
    ],
)
def test_minerva_normalises_then_compares(answer: str, gold: str, accepted: bool) -> None:
    assert minerva_says(answer, gold).equivalent is accepted


@pytest.mark.parametrize(
    "text",
    [
        "The final answer is $5$. I hope it is correct.",
        "Final Answer: The final answer is\n$5$. I hope it is correct.",
        "so $\\boxed{5}$",
        "Final Answer: The final answer is $5$",
    ],
)
def test_minerva_wants_its_phrase_to_the_letter(text: str) -> None:
    assert minerva.lm_eval_minerva_math(gold="5", text=text).equivalent is False


def test_minerva_takes_the_phrase_without_its_end_where_the_text_stops_there() -> None:
    text = "Final Answer: The final answer is $5$. "
    assert minerva.lm_eval_minerva_math(gold="5", text=text).equivalent is True


def _has_antlr() -> bool:
    try:
        return version("antlr4-python3-runtime").startswith("4.11")
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(_has_antlr(), reason="SymPy's LaTeX parser works here")
def test_without_sympys_parser_minerva_is_undecided_where_the_strings_differ() -> None:
    verdict = minerva_says("$1+x$", "x+1")
    assert verdict.equivalent is None
    assert "antlr4-python3-runtime 4.11" in verdict.reason


@pytest.mark.skipif(not _has_antlr(), reason="needs antlr4-python3-runtime 4.11 for SymPy's LaTeX parser")
@pytest.mark.parametrize(
    ("answer", "gold", "accepted"),
    [
        ("$1+x$", "x+1", True),
        ("$1+x$", "x+2", False),
        ("$(2,1)$", "(1,2)", False),
        ("$\\{2,1\\}$", "\\{1,2\\}", False),
        ("$5^{5^{5^{5^5}}}$", "5", False),
    ],
)
def test_with_sympys_parser_minerva_decides(answer: str, gold: str, accepted: bool) -> None:
    assert minerva_says(answer, gold).equivalent is accepted


# prm800k


@pytest.mark.parametrize(
    ("given", "gold", "accepted"),
    [
        ("x+1", "1+x", True),
        ("2\\sqrt{3}", "\\sqrt{12}", True),
        ("(1, 2)", "(1,2)", True),
        ("[1,2)", "(1,2)", False),
        ("(x+1, 2)", "(1+x, 2)", True),
        ("1,000", "1000", True),
        ("2/4", "1/2", False),  # a fraction must be reduced
        ("6/2", "3", False),  # an integer must be written as one
        ("3.0", "3", True),
        ("0.5", "\\frac{1}{2}", True),
        ("0.3333", "\\frac{1}{3}", False),
        ("3 \\frac{1}{2}", "\\frac{7}{2}", True),
        ("3\\frac{1}{2}", "7/2", True),
        ("\\frac{x+1}{2}", "x+\\frac{1}{2}", True),  # the numerator has no parentheses
        ("\\sqrt[3]{8}", "\\sqrt{8}", True),  # the index of a root is lost
        ("\\sqrt[3]{8}", "2", False),
        ("\\binom{5}{2}", "52", True),
        ("0.\\overline{3}", "0.3", True),
        ("\\cot x", "x", True),
        ("\\begin{pmatrix}1&2\\end{pmatrix}", "[1+2]", True),
        ("\\ln 5", "\\ln 2+\\ln 3", True),  # the letters l and n, times 5
        ("A", "a", True),
        ("(A)", "A", True),
        ("x(x+1)", "x^2+x", True),
        ("n!", "n(n-1)!", False),
        ("i^2", "-1", False),  # a letter like any other
        ("\\cos x+1", "1+\\cos x", False),  # more than two letters
        ("x^{10}+1", "1+x^{10}", False),  # an exponent of two digits
        ("5 cm", "5 meters", True),
        ("50\\%", "50", True),
        ("204_5", "2045", True),
        ("9007199254740993", "9007199254740992", True),  # through a float
        ("2 million", "2000000", False),
        ("", "5", False),
    ],
)
def test_prm800k_grades_as_it_does(given: str, gold: str, accepted: bool) -> None:
    assert prm800k.grade_answer(gold=gold, given=given)[0] is accepted


@pytest.mark.parametrize("given", ["9**9**9", "9999999!", "oo-1", "9**9**9**9**9"])
def test_what_prm800k_would_not_finish_is_undecided(given: str) -> None:
    assert prm800k.grade_answer(gold="x+1", given=given)[0] is None


def test_prm800k_executes_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for code in (f"__import__('os').system('touch {marker}')", f"open('{marker}','w')", "().__class__"):
        assert prm800k.grade_answer(gold="1", given=code)[0] is False
    assert not marker.exists()


def test_prm800k_grades_what_the_strategy_finds() -> None:
    score = get_scorer("prm800k", strategy="boxed")
    assert score(gold="x+1", text="so \\boxed{1+x}, that is 7").equivalent is True
    assert score(gold="7", text="that is 7").stage == "extraction"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("3 \\frac{1}{2}", "3  1/2"),
        ("\\sqrt 2", "sqrt(2)"),
        ("\\frac12", "1/2"),
        ("\\left(1,2\\right)", "(1,2)"),
        ("\\text{a b}", "a b"),
        ("\\mathbf{i}", "𝐢"),
        ("\\mathbb{R}", "ℝ"),
        ("\\unknown{a}", "a"),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "[ 1; 2 ]"),
        ("\\begin{cases}1&2\\\\2\\end{cases}", "1   2\n2"),
        ("x''", "x”"),
        ("{" * 1_000, "{" * 1_000),  # the original runs out of stack and leaves it as it is
    ],
)
def test_prm800ks_converter_keeps_characters_and_drops_the_rest(latex: str, text: str) -> None:
    assert latex_to_text(latex) == text


@pytest.mark.parametrize(
    ("left", "right", "zero"),
    [
        ("(x+1)^2", "x^2+2x+1", True),
        ("sqrt(x^2)", "x", False),  # not for every complex x
        ("1/2x", "x/2", True),
        ("2pi", "pi*2", True),
        ("-2^2", "-4", True),
        ("2^-1", "1/2", True),
        ("1.5", "3/2", True),
        ("1/0", "1/0", False),
        ("x2y", "2xy", True),
        ("xi", "ix", False),  # the name of a Greek letter is not split
        ("ab", "ba", True),
        ("5!", "120", True),
        ("x=5", "x=5", False),
        ("½", "½", False),
        ("((", "1", False),
    ],
)
def test_prm800ks_little_language(left: str, right: str, zero: bool) -> None:
    assert difference_is_zero(left, right) is zero


# math-verify


def test_math_verify_is_called_in_a_process_of_its_own() -> None:
    pytest.importorskip("math_verify", reason="math-verify is not installed")
    score = get_scorer("math_verify")
    assert score(gold="0.5", text="so $\\boxed{\\frac{1}{2}}$").equivalent is True
    assert score(gold="5", text="so $\\boxed{6}$").equivalent is False
    assert score(gold="204_5", text="so $\\boxed{204_4}$").equivalent is True  # a fault of 0.9.0
    assert score(gold="5", text="no idea").stage == "extraction"
