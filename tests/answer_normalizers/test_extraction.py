"""Where the answer stands in what models really write."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answer_normalizers import Extraction, extract, grade
from answer_normalizers.extraction.strategies import STRATEGIES
from answer_normalizers.plugins import UnknownNameError


def value(text: str, strategy: str = "auto") -> str | None:
    found = extract(text, strategy=strategy)
    return found.value if found else None


def rule(text: str) -> str | None:
    found = extract(text)
    return found.rule if found else None


BOXES = {
    r"So the area is \boxed{5}.": "5",
    r"\boxed{\frac{1}{\sqrt{2}}}": r"\frac{1}{\sqrt{2}}",
    r"$\boxed{\{1, 2\}}$": r"\{1, 2\}",
    r"$\boxed{ 12 }$": "12",
    "\\[\n\\boxed{\n12\n}\n\\]": "12",
    r"$\fbox{7}$": "7",
    r"$\boxed 7$, as wanted": "7",
    r"$\boxed{\boxed{3}}$": "3",
    r"first \boxed{1}, after more work \boxed{2}.": "2",
    "\boxed{5}": "5",
    r"boxed{5}": "5",
    r"\boxed{$x^2$}": "x^2",
    r"\boxed{\begin{pmatrix}1\\2\end{pmatrix}}": r"\begin{pmatrix}1\\2\end{pmatrix}",
    r"\boxed{5!}": "5!",
}


@pytest.mark.parametrize("text", BOXES)
def test_a_box_is_read_whatever_it_holds(text: str) -> None:
    assert value(text) == BOXES[text]
    assert rule(text) == "boxed"


ADJACENT = {
    r"$\boxed{2}$ and $\boxed{3}$": "2, 3",
    r"$\boxed{2}$, $\boxed{3}$, and $\boxed{5}$": "2, 3, 5",
    r"\boxed{2} \text{ or } \boxed{3}": "2, 3",
    r"$x = \boxed{2}$ and $x = \boxed{3}$.": "2, 3",
    r"\boxed{4}. Checking again with care, \boxed{5}, \boxed{6}": "5, 6",
}


@pytest.mark.parametrize("text", ADJACENT)
def test_adjacent_boxes_are_one_answer_in_several_parts(text: str) -> None:
    assert value(text) == ADJACENT[text]


@pytest.mark.parametrize(
    "text",
    [
        r"$\boxed{3}$. OR we note that the sum is $\boxed{3}$.",
        r"$\boxed{3}$ and $\boxed{3}$",
        r"\boxed{\frac{6}{2}} = \boxed{3}",
    ],
)
def test_a_box_said_twice_is_one_answer(text: str) -> None:
    assert value(text) == "3"


def test_a_group_of_boxes_that_all_say_the_gold_is_right() -> None:
    assert grade(gold="0.5", text=r"This is $\boxed{1/2}$ or $\boxed{0.50}$.").equivalent is True
    assert grade(gold="0.5", text=r"This is $\boxed{1/2}$ or $\boxed{2}$.").equivalent is not True


UNCLOSED = {
    r"The result is $\boxed{18$.": "18",
    r"The result is \boxed{18": "18",
    "The result is \\boxed{18\nand more words follow": "18",
    r"\[\boxed{\frac{1}{2}\]": r"\frac{1}{2}",
}


@pytest.mark.parametrize("text", UNCLOSED)
def test_a_box_that_was_never_closed_ends_with_its_formula_or_line(text: str) -> None:
    assert value(text) == UNCLOSED[text]


PROMPT_ECHOES = [
    "The answer is 7.\nPut your final answer within \\boxed{}.",
    "The answer is 7.\nRemember to write \\boxed{answer}.",
    "The answer is 7.\n(As asked, in the form 'Answer: $ANSWER', without quotes.)",
    "Please reason step by step, and put your final answer within \\boxed{}.\n3 + 4 = 7",
    "I end with 'The answer is [answer]'. 3 + 4 = 7, so the answer is 7.",
    r"So \boxed{7}. The last line has the form \boxed{\text{your answer}}.",
]


@pytest.mark.parametrize("text", PROMPT_ECHOES)
def test_an_echo_of_the_prompt_does_not_win(text: str) -> None:
    assert value(text) == "7"


CHECKS_AFTERWARDS = [
    "The answer is 5. Check: 3 + 4 = 7.",
    "So there are 5.\nCheck: 3 + 4 = 7.",
    "So there are 5. Check: 3 + 4 = 7.",
    "So there are 5.\n\n**Verification:**\n- 3 + 4 = 7\n- 7 - 2 = 5, and 2 < 7",
    "So there are 5.\nLet's check: 3 + 4 = 7.",
    "5\n\nExplanation: 3 + 4 = 7, minus 2, which is 5, not 7.",
    r"So \boxed{5}. Check: 3 + 4 = 7, so the answer is correct.",
    "#### 5\nCheck: 3 + 4 = 7",
    "**Answer:** 5\n\n**Check:** 5 + 2 = 7, so the answer is right.",
]


@pytest.mark.parametrize("text", CHECKS_AFTERWARDS)
def test_a_check_after_the_answer_does_not_win(text: str) -> None:
    assert value(text) == "5"


def test_a_check_in_the_middle_of_the_work_is_part_of_it() -> None:
    text = "We try x = 2.\nCheck: 2 + 4 = 6, too small. We try x = 3.\nTherefore the number is 3."
    assert value(text) == "3"


CONTINUATIONS = [
    "3 + 2 = 5. The answer is 5.\n\nQuestion: How many eggs are 3 + 4?\nAnswer: 3 + 4 = 7. The answer is 7.",
    "#### 5\n\nQuestion: How many?\nAnswer: 3 + 4 = 7\n#### 7",
    "#### 5\n\nQ: How many?\nA: 7",
    "She has 5.\n\nQuestion: How many?\nAnswer: 7",
    "The answer is: 5\n\n### Instruction:\nHow many?\n\n### Response: The answer is: 7",
    "The final answer is $5$. I hope it is correct.\n\nProblem:\nFind 3 + 4.\n\nSolution:\n$\\boxed{7}$",
    "\\boxed{5}<|im_end|>\n<|im_start|>user\nAnd 3 + 4?<|im_end|>\n<|im_start|>assistant\n\\boxed{7}",
    "The answer is 5.</s>The answer is 7.",
    "Answer: 5\nUser: and 3 + 4?\nAnswer: 7",
]


@pytest.mark.parametrize("text", CONTINUATIONS)
def test_the_next_question_of_a_base_model_does_not_win(text: str) -> None:
    assert value(text) == "5"


@pytest.mark.parametrize(
    "text",
    [
        "Question: Janet has 16 eggs and eats 3.\nAnswer: 16 - 3 = 13\nand 13 - 8 = 5\n#### 5",
        "Question: Janet has 16 eggs.\nAnswer: The answer is 5.",
        "**Problem:** find x + 3 = 8.\n**Solution:** x = 8 - 3, so \\boxed{5}.",
        "\nQ: 16 eggs?\nA: 5",
        "Below is an instruction.\n\n### Instruction:\nAdd 2 and 3.\n\n### Response: The answer is: 5",
    ],
)
def test_a_question_repeated_before_the_answer_is_not_the_next_question(text: str) -> None:
    assert value(text) == "5"


THINKING = {
    "<think>maybe the answer is 4</think>The answer is 5.": "5",
    "<think>\\boxed{4}</think>\n\n5": "5",
    "the template opened it: maybe \\boxed{4}</think>\nSo \\boxed{5}": "5",
    "<think>4</think> The answer is 4. <think>wait</think> The answer is 5.": "5",
    "<thinking>\\boxed{4}</thinking>\\boxed{5}": "5",
    "[THINK]\\boxed{4}[/THINK]\\boxed{5}": "5",
    "◁think▷\\boxed{4}◁/think▷\\boxed{5}": "5",
    "<|channel|>analysis<|message|>maybe 4<|end|><|channel|>final<|message|>The answer is 5.": "5",
    "<think>4</think>\n<answer>5</answer>": "5",
    "<think>the answer is 4": None,
    "<think>\\boxed{4} so": None,
    "<think>\\boxed{4}</think>": None,
    "The answer is 4.<think>no, wait": None,
    "I think the answer is 5.": "5",
}


@pytest.mark.parametrize("strategy", ["auto", "boxed", "the_answer_is"])
@pytest.mark.parametrize("text", THINKING)
def test_only_what_comes_after_thinking_counts(text: str, strategy: str) -> None:
    expected = THINKING[text]
    found = value(text, strategy)
    assert found == expected if strategy == "auto" else found in (expected, None)


PHRASES = {
    "The answer is 18": "18",
    "The answer is: 18": "18",
    "The answer is 18 dollars.": "18 dollars",
    "So the answer is $18.": "$18",
    "The answer is **18**.": "18",
    "**The answer is 18.**": "18",
    "The final answer is $\\frac{1}{2}$.": "\\frac{1}{2}",
    "Final Answer: The final answer is $-\\frac{2}{3}$. I hope it is correct.": "-\\frac{2}{3}",
    "The answer is\n\n$$\\frac{1}{2}$$": "\\frac{1}{2}",
    "The answer is \\(x+1\\).": "x+1",
    "The answer is $x = 5$ and $y = 3$.": "x = 5, y = 3",
    "The correct answer is (C).": "(C)",
    "The answer to the question is 18.": "18",
    "The answer is approximately 3.14.": "3.14",
    "The answer is -5.": "-5",
    "The answer is 5!.": "5!",
    "The answer is 1,000,000.": "1,000,000",
    "The answer is (3, 4).": "(3, 4)",
    "The answer is [0, 1).": "[0, 1)",
    "The answer is 50%.": "50%",
    "The answer is x^2 + 1.": "x^2 + 1",
    "The answer is Tuesday.": "Tuesday",
    "The answer is 18 because 3 + 15 = 18.": "18",
    "The answer is 16 - 7 = 9.": "9",
    "The answer is that Janet makes 18 every day.": "18",
    "The answer is 18, which is the number of eggs that 3 hens lay.": "18",
    "The answer is 10+John's age": "10+John's age",
    "THE ANSWER IS 18": "18",
    "The answer should be 18.": "18",
    "The answer, then, is 18.": "18",
    "The answer turns out to be 18": "18",
    "The answer is 18, not 9.": "18",
    "The answer is 18 (eighteen).": "18",
    "The answer is 5 (mod 7).": "5 (mod 7)",
    "The answer is option C.": "C",
    "The answer is \\begin{pmatrix}\n1\\\\2\n\\end{pmatrix}.": "\\begin{pmatrix}\n1\\\\2\n\\end{pmatrix}",
    "The answer is 4x-5y=-50.": "4x-5y=-50",
    "\\boxed{\\text{The answer is } 18}": "18",
    "#### 18\nThe answer is: 18": "18",
    "答案是 18。": "18",
}


@pytest.mark.parametrize("text", PHRASES)
def test_the_answer_is(text: str) -> None:
    assert value(text) == PHRASES[text]
    assert rule(text) == "the_answer_is"


COLONS = {
    "3 + 15 = 18\nAnswer: 18": "18",
    "**Answer:** 18": "18",
    "**Answer: 18 eggs**": "18 eggs",
    "### Final Answer\n\n18": "18",
    "**Final Answer**\n\n\\[ 18 \\]": "18",
    "A: 18": "18",
    "Final Answer\n18": "18",
    "Answer - 18": "18",
    '{"answer": "x+1"}': "x+1",
    "$\\text{Answer: } 18$": "18",
    "She has 9 eggs.\nA: 18": "18",
    "A: It takes 2 bolts.\nA: 18": "18",
    "Answer: Janet makes $18 every day at the market.": "$18",
}


@pytest.mark.parametrize("text", COLONS)
def test_answer_and_a_colon(text: str) -> None:
    assert value(text) == COLONS[text]
    assert rule(text) == "answer_colon"


def test_a_solution_that_starts_with_answer_is_read_to_its_end() -> None:
    text = "Answer: Janet sells 16 - 3 - 4 = 9 duck eggs a day.\nShe makes 9 * 2 = 18 dollars every day"
    found = extract(text)
    assert found is not None
    assert (found.value, found.explicit) == ("18", False)


def test_a_list_of_choices_is_no_answer() -> None:
    assert value("A: 12\nB: 14\nC: 18\nSo we add up.\nThe answer is C") == "C"


@pytest.mark.parametrize(
    "text",
    [
        "The answer is correct.",
        "The answer is shown below.",
        "I do not know the answer.",
        "The answer is",
        "Answer:",
        "",
    ],
)
def test_a_remark_about_the_answer_is_none(text: str) -> None:
    assert extract(text) is None


HASHES = {
    "9 * 2 = 18\n#### 18": "18",
    "#### 1,450,000": "1,450,000",
    "####18": "18",
    "#### $18": "$18",
    "#### -3\n": "-3",
    "#### 18 eggs": "18 eggs",
    "#### \\frac{1}{2}": "\\frac{1}{2}",
}


@pytest.mark.parametrize("text", HASHES)
def test_gsm8k_hashes(text: str) -> None:
    assert value(text) == HASHES[text]
    assert rule(text) == "hash"


@pytest.mark.parametrize("heading", ["#### Step 3", "#### 3. Adding up", "#### Solution", "##### 3"])
def test_a_heading_of_the_fourth_level_is_no_answer(heading: str) -> None:
    assert value(f"{heading}\nSo there are 18.") == "18"
    assert extract(f"{heading}\nSo there are 18.", strategy="hash") is None


GUESSES = {
    "18": ("18", "whole"),
    r"\frac{3}{4}": (r"\frac{3}{4}", "whole"),
    "$x+1$": ("x+1", "whole"),
    "(C)": ("(C)", "whole"),
    "She makes 9 * 2 = 18 dollars.": ("18", "last_number"),
    "She makes 9 * 2 = 18 dollars in 7 days.": ("18", "last_result"),
    "If x = 3, then the total of it all is 21.": ("21", "last_number"),
    "Janet makes **18** every day with her 9 eggs.": ("18", "last_bold"),
    "Therefore we get\n\\[ x = \\frac{6}{8} = \\frac{3}{4}. \\]": (r"\frac{3}{4}", "last_formula"),
    "Thus the value that we want is $2\\pi$.": ("2\\pi", "last_formula"),
    "The temperature fell to -5 at night": ("-5", "last_number"),
    "We have 10 - 5 apples in the end, I say": ("5", "last_number"),
    "Altogether they counted 1,450 eggs on that day": ("1,450", "last_number"),
    "Altogether they saw 1 1/2 eggs on that day": ("1 1/2", "last_number"),
    "so the total is 18.\n2.": ("18", "last_number"),
    "Of the 4 given, option (B) is the one.": ("B", "last_choice"),
    "The correct option is C.": ("C", "last_choice"),
    "Of these the right choice is **(D)**.": ("D", "last_choice"),
    "There are 7. The last choice is a hard one.": ("7", "last_number"),
    "So $x = 4$. The final answer is within $\\boxed{}$.": ("4", "last_formula"),
    "Thus the line has the equation $4x-5y=-50$.": ("4x-5y=-50", "last_formula"),
    "Thus the missing digit is $a$.": ("a", "last_formula"),
    "There are 7. We look for the value of $a$.": ("7", "last_number"),
}


@pytest.mark.parametrize("text", GUESSES)
def test_without_a_marker_the_end_of_the_text_is_guessed_and_said_to_be(text: str) -> None:
    found = extract(text)
    assert found is not None
    assert (found.value, found.rule) == GUESSES[text]
    assert found.explicit is False


EVERY_MARKER = r"<answer>1</answer> \boxed{2} The answer is 3." + "\n#### 4\nAnswer: 5\nand 6 more"
STRICT = {
    "answer_tag": "1",
    "boxed": "2",
    "the_answer_is": "3",
    "hash": "4",
    "answer_colon": "5",
    "auto": "5",
    "number": "6",
}


@pytest.mark.parametrize("strategy", STRICT)
def test_a_strict_strategy_takes_its_own_marker_only(strategy: str) -> None:
    assert value(EVERY_MARKER, strategy) == STRICT[strategy]


@pytest.mark.parametrize("strategy", sorted(set(STRICT) - {"auto", "number"}))
def test_a_strict_strategy_never_guesses(strategy: str) -> None:
    assert extract("so there are 18", strategy=strategy) is None


def test_the_strategy_whole_takes_all_of_a_short_reply() -> None:
    assert value(" **x = 5 or 7**\n", "whole") == "x = 5 or 7"


def test_an_unknown_strategy_names_its_neighbours() -> None:
    with pytest.raises(UnknownNameError, match=r"'bxed'.*did you mean 'boxed'"):
        extract("5", strategy="bxed")


def test_a_text_without_an_answer_is_wrong_at_the_stage_extraction() -> None:
    verdict = grade(gold="18", text="I am not sure.")
    assert (verdict.equivalent, verdict.stage, verdict.extraction) == (False, "extraction", None)


def test_grade_says_where_the_answer_stood() -> None:
    text = "She has 3 + 15.\nThe answer is: 18"
    verdict = grade(gold="18", text=text)
    assert verdict.equivalent is True
    assert verdict.extraction == Extraction("18", text.index("18"), len(text), "the_answer_is", True)


MARKS = r"""
\boxed{ \boxed \fbox{ oxed{ } { $ $$ \( \) \[ \] ** #### Answer: A: Check: Question: Q: <answer> </answer>
<think> </think> <|im_end|> [answer] $ANSWER 18 -5 1,450 3/4 4:30 \frac{1}{2} x = and or . , ! % ( ) : dollars
\text{ \{ \} \\ 答案是
"""
PIECES = st.sampled_from([*MARKS.split(), "answer is ", "ANSWER IS ", "your answer", "The answer is: "])
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(PIECES, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=40).map("".join),
    st.lists(PIECES, max_size=30).map(" ".join),
)


@given(text=TEXTS, strategy=st.sampled_from(STRATEGIES))
@example(text="\\boxed{", strategy="auto")
@example(text="answer", strategy="auto")
@example(text="\\$", strategy="auto")
@example(text="0\x1f", strategy="auto")
@example(text="answer is \u2003 5\x1f", strategy="auto")
@example(text="answer is $\\$", strategy="auto")
def test_no_text_raises_and_every_span_holds_its_answer(text: str, strategy: str) -> None:
    found = extract(text, strategy=strategy)
    if found is None:
        return
    assert 0 <= found.start < found.end <= len(text)
    span = text[found.start : found.end]
    assert found.value.strip() == found.value != ""
    if found.value != span:  # several boxes or formulas: every part stands in the span, in order
        position = 0
        for part in found.value.split(", "):
            position = span.index(part, position) + len(part)
    assert found.explicit is (
        found.rule not in {"whole", "last_bold", "last_formula", "last_result", "last_choice", "last_number"}
    )


@given(
    answer=st.integers(-(10**9), 10**9),
    noise=st.lists(st.sampled_from(["3 + 4 = 7.", "so x", "we see"]), max_size=5),
)
@pytest.mark.parametrize(
    "form", ["\\boxed{%d}", "The answer is %d.", "#### %d", "**Answer:** %d", "The answer is $%d$."]
)
def test_a_marked_answer_is_found_behind_any_work(form: str, answer: int, noise: list[str]) -> None:
    assert value(" ".join(noise) + "\n" + form % answer) == str(answer)


HUGE = [
    "\\boxed{" * 60_000,
    "\\boxed{\\boxed{}}" * 30_000,
    "answer is " * 50_000,
    "the answer to " * 40_000,
    "$1" * 250_000,
    "**1" * 150_000,
    "1," * 250_000,
    "\n1." * 150_000,
    "{" * 500_000,
    "\nQuestion:" * 50_000,
    "<think>" * 60_000,
    "x=\\boxed{1}$ and $" * 25_000,
    "answer is \\(" + "x" * 500_000,
]


@pytest.mark.parametrize("text", HUGE, ids=lambda text: text[:12])
def test_the_work_on_a_hostile_text_is_linear(text: str) -> None:
    # A quadratic reader would need minutes here and run into the suite's timeout.
    for strategy in STRATEGIES:
        found = extract(text, strategy=strategy)
        assert found is None or 0 <= found.start < found.end <= len(text)


def test_only_so_many_questions_are_read_in_search_of_an_answer() -> None:
    asked = "\nQuestion:\n"
    assert extract(10 * asked + "\nThe answer is 5.").value == "5"  # type: ignore[union-attr]
    assert extract(1_000 * asked + "\nThe answer is 5.") is None


def test_a_number_far_from_the_end_is_no_answer() -> None:
    assert extract("so 5" + 1_000 * " and on", strategy="number").value == "5"  # type: ignore[union-attr]
    assert extract("so 5" + 50_000 * " and on", strategy="number") is None


def test_the_last_tag_of_thinking_tells_where_the_answer_begins() -> None:
    assert extract("<think>a</think> 1 <think>b</think> The answer is 2").value == "2"  # type: ignore[union-attr]
    assert extract("<think>a</think> The answer is 1 <think>so 2") is None
    assert extract(300 * "I thought> " + "The answer is 3").value == "3"  # type: ignore[union-attr]


def test_threads_agree_with_one_and_results_can_be_pickled() -> None:
    texts = [*PHRASES, *BOXES, *COLONS, *THINKING] * 20
    alone = [extract(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(extract, texts)) == alone
    assert pickle.loads(pickle.dumps(alone)) == alone


SOLVERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def test_all_real_gsm8k_solutions_get_the_verdict_their_authors_gave(shared: Path) -> None:
    wrong: list[tuple[str, str]] = []
    count = 0
    with (shared / "data/generations/gsm8k_openai_6b_175b.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            gold = extract(row["ground_truth"], strategy="answer_colon")
            assert gold is not None
            for solver in SOLVERS:
                count += 1
                solution = row[solver]["solution"]
                if grade(gold=gold.value, text=solution).equivalent is not row[solver]["is_correct"]:
                    wrong.append((gold.value, solution[-80:]))
    assert count == 5_276
    assert wrong == []


STYLES = [
    "\\boxed{%s}",
    "We get\n\\[ x = \\boxed{%s} \\]",
    "The answer is: %s",
    "The answer is $%s$.",
    "The answer is $\\boxed{%s}$.",
    "Final Answer: The final answer is $%s$. I hope it is correct.",
    "So the answer is **%s**.",
    "**Answer:** $%s$",
    "### Final Answer\n\n\\[\n%s\n\\]",
    "#### %s",
    "A: %s",
    "<think>perhaps \\boxed{3}</think>\n<answer>%s</answer>",
    "The answer is \\(%s\\).\n\nQuestion: And 3 + 4?\nAnswer: The answer is 7.",
]


@pytest.mark.parametrize("style", STYLES)
def test_every_gold_of_math_is_graded_right_in_every_style(style: str, shared: Path) -> None:
    with (shared / "data/math/test.jsonl").open(encoding="utf-8") as lines:
        found = {extract(json.loads(line)["solution"], strategy="boxed") for line in lines}
    golds = sorted({extraction.value for extraction in found if extraction})
    missed = [
        gold
        for gold in golds
        if grade(gold=gold, text="3 + 4 = 7\n" + style.replace("%s", gold)).equivalent is not True
    ]
    assert len(golds) > 2_000
    assert len(missed) <= 2, missed


def test_the_only_verdict_on_math_responses_that_differs_from_their_scores_is_right(shared: Path) -> None:
    differing = []
    with (shared / "data/generations/math_100x8_qwen.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for text, score in zip(row["code"], row["score"], strict=True):
                verdict = grade(gold=row["gt"], text=text)
                if verdict.equivalent is not score:
                    differing.append((row["gt"], verdict.extraction and verdict.extraction.value, score))
    # The score's checker took ten thousand for another number.
    assert differing == [("10{,}000", "10000", False)]


def test_the_golds_of_gsm8k_and_math_are_found_in_their_solutions(shared: Path) -> None:
    with (shared / "data/gsm8k/test.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            assert value(row["answer"], "hash") == row["answer"].rsplit("#### ")[-1]
    with (shared / "data/math500/test.jsonl").open(encoding="utf-8") as lines:
        answers = {row["problem"]: row["answer"] for row in map(json.loads, lines)}
    with (shared / "data/math/test.jsonl").open(encoding="utf-8") as lines:
        solutions = {row["problem"]: row["solution"] for row in map(json.loads, lines)}
    shared_problems = answers.keys() & solutions.keys()
    differing = {
        problem
        for problem in shared_problems
        if (value(solutions[problem], "boxed") or "").replace(" ", "") != answers[problem].replace(" ", "")
    }
    assert len(shared_problems) > 300
    assert len(differing) <= 12  # the published answers were edited by hand here and there


@pytest.mark.parametrize(
    "text",
    [
        "###",
        " ###",
        "\n\n### ",
        "The answer is ###",
        r"\boxed{}",
        "=",
        "The answer is =",
        r"The answer is within \boxed{}.",
    ],
)
def test_marks_alone_are_no_answer(text: str) -> None:
    assert extract(text) is None


@pytest.mark.parametrize("text", [r"\boxed{\{\}}", r"The answer is $\{ \}$.", r"\boxed{\emptyset}"])
def test_the_empty_set_is_an_answer(text: str) -> None:
    assert grade(gold=r"\emptyset", text=text).equivalent is True
