r"""The rules of extraction one by one: every marker, every word that counts, where each span begins and ends.

`test_extraction.py` reads whole replies; here each alternative of a rule has a case of its own.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers import Extraction, extract
from answer_normalizers.extraction import boxes, marked
from answer_normalizers.extraction.guessed import guess, last_number
from answer_normalizers.extraction.marked import reduce_prose
from answer_normalizers.extraction.spans import (
    is_placeholder,
    is_remark,
    number_head,
    tidy,
    trim,
    variables,
    with_sign,
    words,
)
from answer_normalizers.extraction.strategies import STRATEGIES, check_strategy, extract_parts, get_extractor
from answer_normalizers.plugins import PluginError, UnknownNameError

LONG = "We look at the work once more and go on. " * 150
"""Longer than what is searched first at the end, and than a text in which every question is looked for."""


GUESSED = {"whole", "last_bold", "last_formula", "last_choice", "last_result", "last_number"}


def found_in(text: str, strategy: str = "auto") -> Extraction | None:
    """What is found, which says of itself whether the text marked it."""
    found = extract(text, strategy=strategy)
    assert found is None or found.explicit is (found.rule not in GUESSED)
    return found


def value(text: str, strategy: str = "auto") -> str | None:
    found = found_in(text, strategy)
    return found.value if found else None


def said(text: str) -> tuple[str | None, str | None]:
    """The answer and the rule."""
    found = found_in(text)
    return (found.value, found.rule) if found else (None, None)


# ---- thinking ----------------------------------------------------------------------------------------

TAGS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection")
THINKING = [
    *((f"<{tag}>", f"</{tag}>") for tag in (*TAGS, *map(str.upper, TAGS))),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
]


@pytest.mark.parametrize("behind", ["", LONG], ids=["short", "long"])
@pytest.mark.parametrize(("opening", "closing"), THINKING)
def test_the_answer_begins_behind_every_kind_of_thinking(opening: str, closing: str, behind: str) -> None:
    thought = rf"{opening}maybe \boxed{{4}}"
    assert value(f"{thought}{closing}{behind}") is None
    assert value(f"{thought}{closing}{behind}So there are 5") == "5"
    assert value(f"{behind}{thought} or 4") is None
    assert value(f"The answer is 5.{opening}wait") is None


@pytest.mark.parametrize(
    "text",
    [
        "I think> so, 5",
        "they are <thin by 5",
        "a thinking> in 5",
        "the reflection> is 5",
        "a [INK] of 5",
        "a <|channel|> of 5",
    ],
)
def test_what_only_looks_like_a_tag_ends_no_thinking(text: str) -> None:
    assert value(text) == "5"


def test_behind_every_kind_of_thinking_at_once_the_answer_begins() -> None:
    thoughts = "".join(rf"{opening}maybe \boxed{{4}}{closing}" for opening, closing in THINKING)
    assert value(f"{thoughts}So there are 5") == "5"


def test_the_whole_reply_begins_behind_the_thinking_too() -> None:
    found = extract("<think>4</think> x = 5 ", strategy="whole")
    assert found is not None
    assert (found.value, found.start, found.end, found.explicit) == ("x = 5", 17, 22, False)
    assert extract("<think>4", strategy="whole") is None
    assert extract("<think>4</think>**", strategy="whole") is None
    assert value("<think>4</think> and 5", "number") == "5"
    assert value("<think>4</think> and more", "number") is None


# ---- the next question -------------------------------------------------------------------------------

NEXT_QUESTIONS = [
    *(f"\n{word}: 3 + 4?" for word in ("Question", "QUESTION", "Problem", "PROBLEM", "Exercise", "Q")),
    *(f"\n{word}: 3 + 4?" for word in ("Instruction", "Input", "User", "USER", "Human")),
    *(f"\n## {word} 3 + 4?" for word in ("Instruction", "Question", "Problem", "User", "Human", "Input")),
    *("\n> **Q**: 3 + 4?", "\n* Q: 3 + 4?", "\n\t_Question_: 3?", "\n###Question 2", "\n**Problem:** 3 + 4?"),
    *("\n_Q_: 3 + 4?", "\n*Q*: 3 + 4?"),
    *(
        "<|im_end|>",
        "<|im_start|>",
        "<|endoftext|>",
        "<|eot_id|>",
        "<|end_of_text|>",
        "<|end|>",
        "<|return|>",
    ),
    *("</s>", "<eos>", "<end_of_turn>", "[INST]"),
]


@pytest.mark.parametrize("behind", ["", LONG], ids=["short", "long"])
@pytest.mark.parametrize("question", NEXT_QUESTIONS)
def test_what_comes_after_the_next_question_does_not_count(question: str, behind: str) -> None:
    assert value(f"The answer is 5.{question}\n{behind}The answer is 7.") == "5"
    assert value(f"{question}\n{behind}The answer is 7.") == "7"


def test_the_first_of_many_questions_ends_the_reply() -> None:
    questions = " ".join(NEXT_QUESTIONS)
    assert value(f"The answer is 5.{questions}{LONG}The answer is 7.") == "5"
    assert value("Then\nQuestion: and now?") == "Then"


@pytest.mark.parametrize(
    "text", ["\nA question: what now?", "\n# Question", " Question: is it?", "\nQuest: no"]
)
def test_what_only_sounds_like_a_question_goes_on(text: str) -> None:
    assert value(f"The answer is 5.{text}\nThe answer is 7.") == "7"


# ---- boxes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (r"So $\boxed{5}$.", 11, 12),
        (r"\boxed {5}", 8, 9),
        (r"\fbox{ 5 }", 7, 8),
        ("\x08oxed{5}", 6, 7),
        ("boxed{5}", 6, 7),
        ("so boxed {5}", 10, 11),
        (r"\boxed 5", 7, 8),
        (r"\boxed  5 and more", 8, 9),
        (r"\boxed 5. More", 7, 8),
        (r"\boxed 5.25, more", 7, 11),
        (r"\boxed 5; more", 7, 8),
        (r"$\boxed 5$ more", 8, 9),
        (r"\(\boxed 5\) more", 9, 10),
        (r"\[\boxed 5\] more", 9, 10),
        (r"\boxed 5\\ more", 7, 8),
        (r"\boxed 5& more", 7, 8),
        (r"\boxed{{5}}", 7, 10),
        (r"\boxed{5\}}", 7, 10),
        ("\\boxed{$$5$$}", 9, 10),
        (r"\boxed{\(5\)}", 9, 10),
        (r"\boxed{5 \] and", 7, 8),
        (r"\boxed{5 \) and", 7, 8),
        (r"\boxed{5 \end{align}", 7, 8),
    ],
)
def test_a_box_holds_what_stands_between_its_braces(text: str, start: int, end: int) -> None:
    found = extract(text, strategy="boxed")
    assert found is not None
    assert (found.start, found.end, found.rule, found.explicit) == (start, end, "boxed", True)
    assert found.value == text[start:end]


@pytest.mark.parametrize("text", ["boxed 5", "foxed{5}", r"\boxer{5}", "boxing 5", r"\boxed{}", r"\fbox"])
def test_what_only_looks_like_a_box_is_none(text: str) -> None:
    assert extract(text, strategy="boxed") is None


@pytest.mark.parametrize(
    "between",
    [
        *("X=", " ", "\n", "$ $", ",", ";", "&", r"\(\)", r"\[\]", r"\,", r"\;", r"\:", r"\!", r"\ ", "\\\\"),
        *(
            r"\quad ",
            r"\qquad ",
            r"\text{ and }",
            r"\text{or}",
            r"\mbox{, or }",
            r"\textbf{,}",
            r"\mathrm{and}",
        ),
        *(" and ", " or ", "**", "x=", "X = ", "x_1 = ", "x_{12} =", "$, $y = "),
    ],
)
def test_boxes_with_only_this_between_them_are_one_answer(between: str) -> None:
    text = rf"\boxed{{1}}{between}\boxed{{2}}"
    assert extract_parts(text, "boxed")[1] == ("1", "2")
    found = extract(text)
    assert found is not None
    assert (found.value, found.start, found.end) == ("1, 2", 7, len(text) - 1)


@pytest.mark.parametrize(
    "between", [" so ", "+", "5", ". ", r"\text{ but }", "xy = ", "=", "X", r"\quadx", " android "]
)
def test_boxes_with_something_else_between_them_are_two_answers(between: str) -> None:
    assert extract_parts(rf"\boxed{{1}}{between}\boxed{{2}}", "boxed")[1] == ()
    assert value(rf"\boxed{{1}}{between}\boxed{{2}}") == "2"


def test_boxes_belong_together_in_their_order_and_only_so_many_and_so_near() -> None:
    assert value(r"\boxed{3}, \boxed{1}, \boxed{2}") == "3, 1, 2"
    assert value(r"\fbox{3}, \boxed{1}") == "3, 1"
    assert value(r"\boxed{1}, \boxed{2}, \boxed{1}") == "2, 1"
    assert value(r"\boxed{1}, \boxed{1}, \boxed{2}") == "1, 2"
    assert value(r"\boxed{1}" + " " * 80 + r"\boxed{2}") == "1, 2"
    assert value(r"\boxed{1}" + " " * 81 + r"\boxed{2}") == "2"
    many = ", ".join(rf"\boxed{{{i}}}" for i in range(1, 41))
    parts = extract_parts(many, "boxed")[1]
    assert parts == tuple(map(str, range(9, 41)))
    assert len(parts) == 32
    wide = r"\boxed{" + "1" * 400 + r"}, \boxed{2}"
    assert value(wide) == "1" * 400 + ", 2"


def test_a_box_reaches_no_further_than_an_answer_may() -> None:
    inside = "1" * 49_999
    assert value(rf"\boxed{{{inside}}} and") == inside
    assert value(rf"\boxed{{1 $ {inside}1}}") == "1"


def test_a_box_before_the_place_where_the_answer_begins_is_not_read() -> None:
    text = r"\boxed{1}, \boxed{2}"
    assert boxes.read_boxes(text, text.rfind("oxed"), 0, len(text)).parts == ((7, 8), (18, 19))  # type: ignore[union-attr]
    assert boxes.read_boxes(text, text.rfind("oxed"), 10, len(text)).parts == ((18, 19),)  # type: ignore[union-attr]
    assert boxes.read_boxes(text, text.find("oxed"), 0, 8).parts == ((7, 8),)  # type: ignore[union-attr]


# ---- "the answer is" ---------------------------------------------------------------------------------

COPULAS = [
    *(
        "is",
        "are",
        "was",
        "were",
        "be",
        "equals",
        "becomes",
        "comes to",
        "comes out to",
        "=",
        "≈",
        r"\approx",
    ),
    *(f"{verb} be" for verb in ("should", "would", "will", "must", "has to", "turns out to", "comes out to")),
    *("works out to be", r"\text{ is }", "IS"),
]
ADVERBS = [
    *("that", "simply", "just", "therefore", "thus", "then", "approximately", "about", "around", "roughly"),
    *("exactly", "equal to", "given by", "indeed", "also", "still", "now", "either", "option", "choice"),
]


@pytest.mark.parametrize(
    "subject", ["The answer", "The answers", "THE ANSWER", "My Answer choice", "**answer**"]
)
@pytest.mark.parametrize("copula", COPULAS)
def test_every_verb_gives_the_answer(subject: str, copula: str) -> None:
    assert said(f"{subject} {copula} 5 eggs and so on\n") == ("5 eggs", "the_answer_is") or said(
        f"{subject} {copula} 5 eggs.\n"
    ) == ("5 eggs", "the_answer_is")


@pytest.mark.parametrize("adverb", ADVERBS)
def test_adverbs_before_the_answer_are_no_part_of_it(adverb: str) -> None:
    assert said(f"The answer is {adverb} $x+1$.") == ("x+1", "the_answer_is")
    assert said(f"The answer is now {adverb} $x+1$.") == ("x+1", "the_answer_is")


@pytest.mark.parametrize("link", ["to", "of", "for", "in", "from", "as", "then", "therefore"])
def test_what_the_answer_belongs_to_may_stand_between(link: str) -> None:
    assert said(f"The answer {link} it all is $x+1$.") == ("x+1", "the_answer_is")
    assert said(f"The answer, {link} once, is $x+1$.") == ("x+1", "the_answer_is")
    assert said(f"The answer {link} it. All is $x+1$")[1] != "the_answer_is"


@pytest.mark.parametrize("quote", ["is’n 5", "is'nt 5", "isn't 5", "wash 5", "beside 5", "area 5"])
def test_a_verb_within_another_word_is_none(quote: str) -> None:
    assert said(f"The answer {quote}")[1] != "the_answer_is"


@pytest.mark.parametrize(
    "colon", [":", "：", " - ", " – ", " — ", "**:", " :", '":', "':", "_:"]
)  # fmt: skip
def test_a_colon_or_a_dash_gives_the_answer_of_its_line(colon: str) -> None:
    assert said(f"Answer{colon} x + 1\nand more") == ("x + 1", "answer_colon")


@pytest.mark.parametrize(
    "chinese",
    [
        "答案是",
        "答案为",
        "答案為",
        "答案：",
        "答え:",
        "答:",
        "答案应该是",
        "答案應該是",
        "答案就是",
        "答案等于",
        "答是",
    ],
)
def test_chinese_gives_the_answer(chinese: str) -> None:
    assert said(f"所以{chinese} x+1。好") == ("x+1", "the_answer_is")
    assert value(f"所以{chinese} x+1。好", "the_answer_is") == "x+1"
    assert extract(f"所以{chinese} x+1。好", strategy="answer_colon") is None


@pytest.mark.parametrize("text", ["所以答案 5 a b c", "答案不是 5 a b c"])
def test_chinese_that_gives_no_answer_is_none(text: str) -> None:
    assert said(text)[1] != "the_answer_is"


ENDS = [
    *("\n", ". ", "! ", "? ", ".) ", '." ', ".” ", ".* ", "。", "**", "`", "</b>", "<|x|>"),
    *(f" {word} it is so" for word in ("because", "since", "so that", "so we", "so the", "as we", "which")),
    *(f", {word} it is so" for word in ("where", "hence", "thus", "therefore", "after", "when we", "if we")),
    *(f"; {word} it" for word in ("when rounded", "I hope", "so", "but", "as", "with", "not", "rather")),
    *(" (eggs", " (by now)"),
]


@pytest.mark.parametrize("end", ENDS)
def test_the_answer_ends_where_its_sentence_turns(end: str) -> None:
    text = f"The answer is x + 1{end}"
    found = extract(text + " more")
    assert found is not None
    assert (found.value, found.start, found.end) == ("x + 1", 14, 19)


@pytest.mark.parametrize("text", ["5 (mod 7)", "1.5", "(x + 1)", "f(x)", "5 and 6", r"1\. 2", "Tuesday"])
def test_what_belongs_to_the_answer_stays(text: str) -> None:
    assert value(f"The answer is {text}.") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is $1$, $2$ and $3$.", "1, 2, 3"),
        ("The answer is $1$; $2$", "1, 2"),
        ("The answer is $1$, or $2$.", "1, 2"),
        ("The answer is $1$ and\n$2$.", "1, 2"),
        ("The answer is $1$ plus $2$.", "1"),
        ("The answer is $$x$$", "x"),
        (r"The answer is \[x\]", "x"),
        (r"The answer is \(x\), \(y\)", "x, y"),
        ("The answer is $50$%.", "$50$%"),
        ("The answer is $50$°.", "$50$°"),
        ("The answer is $5 a day plus $6 a night.", "$5 a day plus $6 a night"),
        (r"The answer is \begin{cases}1\\2\end{cases}.", r"\begin{cases}1\\2\end{cases}"),
        (r"The answer is \begin{array}{c}1\end{array}.", r"\begin{array}{c}1\end{array}"),
        (r"The answer is \begin{matrix}1\end{matrix}.", r"\begin{matrix}1\end{matrix}"),
        ("The answer is $$", None),
        ("The answer is: 8", "8"),
        ("The answer is: $8", "$8"),
        ("The answer is 1,234.50.", "1,234.50"),
        ("The answer is > 5.", "5"),
        ("The answer is == 5.", "== 5"),
        (r"The answer is \text{ } 5 \quad.", r"5 \quad"),
        (r"The answer is ~\, 5 eggs.", "5 eggs"),
        ("The answer is seven.", "seven"),
        ("The answer is three blind mice.", "three blind mice"),
        ("The answer is one two three four five six.", "one two three four five six"),
        ("The answer is one two three four five six seven.", None),
        ("The answer is one two three of 5 mice.", "5"),
        ("The answer is 5 red green blue eggs.", "5"),
        ("The answer is 5 red green eggs.", "5 red green eggs"),
        ("The answer is 3 + 4 = 7.", "7"),
        ("The answer is 3x + 4 = 7.", "3x + 4 = 7"),
        ("The answer is 3 + 4 = 7x.", "7x"),
        ("The answer is 3 + 4 = 7 red green blue eggs.", "7"),
        ("The answer is x = 7.", "x = 7"),
        ("The answer is that the cost = 7.", "7"),
        ("The answer is that the sum is $x+1$.", "x+1"),
        ("The answer is that they have -5 left over.", "-5"),
    ],
)
def test_the_answer_behind_the_phrase(text: str, expected: str | None) -> None:
    assert value(text, "the_answer_is") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer: 5", "5"),
        ("Answer: seven\nand more", "seven"),
        ("Answer: three blind mice\nand more", None),
        ("Answer: three blind mice", "three blind mice"),
        ("Answer: three blind mice\n \n", "three blind mice"),
        ("Answer: 3 + 4 = 7\nand more", None),
        ("Answer: 3 + 4 = 7", "7"),
        ("Answer: 5 red green blue eggs\nand more", None),
        ("Answer: 5 red green blue eggs", "5"),
        ("Answer:\n5", "5"),
        ("## Answer\n5", "5"),
        ("###### Answer\n5", "5"),
        ("**Answer**\n5", "5"),
        ("__Answer:__\n5", "5"),
        ("The Final Answer\n5", "5"),
        ("An odd answer\n5 and", None),
        ("A: 5", "5"),
        ("A. 5", "5"),
        ("\nAns: 5", "5"),
        ("\nAns. 5", "5"),
        ("\nA:5 and", None),
        ("so\nA: 5", "5"),
        ("A: 5\nB: 6", None),
        ("A: 5\n(B) 6", None),
        ("A: 5\n B. 6", None),
    ],
)
def test_the_answer_behind_a_colon_or_below_a_heading(text: str, expected: str | None) -> None:
    assert value(text, "answer_colon") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<answer>5</answer> and 6", "5"),
        ("<ANSWER>5</ANSWER>", "5"),
        ("<answer>$1$ and $2$</answer>", "1, 2"),
        ("<answer>\n5 eggs\n</answer>", "5 eggs"),
        ("<answer>5", "5"),
        ("<answer></answer>", None),
        ("<answer>your answer</answer>", None),
        ("<answer>3 + 4 = 7</answer>", "7"),
        ("<answer>one two three four five six seven</answer>", "one two three four five six seven"),
        ("<answer>5 red green blue eggs</answer>", "5"),
        ("answer>5", None),
        ("<answers>5", None),
    ],
)
def test_the_answer_between_tags(text: str, expected: str | None) -> None:
    assert value(text, "answer_tag") == expected
    if expected:
        assert said(text)[1] == "answer_tag"


REMARKS = [
    *("correct", "incorrect", "right", "wrong", "not 5", "indeed so", "therefore right", "thus so", "below"),
    *("above", "confirmed", "consistent", "reasonable", "verified", "valid", "unknown", "unclear", "clear"),
    *(
        "in the box",
        "shown here",
        "given",
        "based on it",
        "what we want",
        "how it is",
        "here",
        "this",
        "that",
    ),
    *(
        "it",
        "found",
        "obtained",
        "as wanted",
        "supposed so",
        "expected",
        "required",
        "rounded",
        "of the kind",
    ),
    *("on the list", "a single number"),
]


@pytest.mark.parametrize("remark", REMARKS)
def test_a_remark_is_no_answer(remark: str) -> None:
    assert is_remark(remark, 0, len(remark))
    assert is_remark(remark.upper(), 0, len(remark))
    if remark not in ("indeed so", "thus so"):  # which give an answer: "is indeed 5"
        assert extract(f"The answer = {remark}.", strategy="the_answer_is") is None


@pytest.mark.parametrize("text", ["5", "inner", "a double", "of mice", "itself", "x", "rights"])
def test_an_answer_is_no_remark(text: str) -> None:
    assert not is_remark(text, 0, len(text))


@pytest.mark.parametrize(
    "word",
    [
        *("your", "the", "my", "final", "numerical", "correct", "answer", "answers", "answer_here", "here"),
        *(
            "result",
            "number",
            "value",
            "integer",
            "solution",
            "expression",
            "insert",
            "ans",
            "xx",
            "xxx",
            "ANSWER",
        ),
        *(r"\boxed", r"\fbox", r"\text", r"\mathrm", r"\mbox", r"\phantom", r"\ldots", r"\dots", r"\cdots"),
        *(r"\quad", r"\qquad", r"\hspace", "…", "...", "$$", "[ ]", "< >", "{ }", "( )", "__", "?", "#"),
    ],
)
def test_a_placeholder_is_no_answer(word: str) -> None:
    assert is_placeholder(word, 0, len(word))
    assert extract(rf"\boxed{{{word}}}", strategy="boxed") is None
    assert extract(f"The answer is {word}", strategy="the_answer_is") is None
    assert not is_placeholder(f"{word} 5", 0, len(word) + 2)
    assert is_placeholder(f"5{word}5", 1, len(word) + 1)


def test_sixty_characters_of_a_placeholder_are_one_and_more_are_prose() -> None:
    assert is_placeholder("." * 60, 0, 60)
    assert not is_placeholder("." * 61, 0, 61)
    assert not is_placeholder(r"\{ \}", 0, 5)  # the empty set
    assert is_placeholder(r"\{", 0, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#### 5", "5"),
        ("####5.", "5"),
        ("#### -1,234.5\nmore", "-1,234.5"),
        ("#### $5", "$5"),
        ("#### : 5", "5"),
        ("#### five", None),
        ("#### 5 red green eggs", "5 red green eggs"),
        ("#### 5 red green blue eggs", None),
        ("#### x + 1\nmore", "x + 1"),
        ("#### 1. Adding", None),
        ("#### 1) Adding", None),
        ("#### 1: Adding", None),
        ("####", None),
        ("#### ...", None),
        ("##### 5", None),
        ("#### 5\n#### 6 and a heading of more words", "5"),
    ],
)
def test_the_answer_behind_hashes(text: str, expected: str | None) -> None:
    assert value(text, "hash") == expected


# ---- guesses -----------------------------------------------------------------------------------------

AFTERTHOUGHTS = [
    *("Check: ", "Checks:\n", "Checking: ", "Verify: ", "Verifying that:\n", "Verification: ", "Proof: "),
    *("Double-check: ", "double checking: ", "Sanity check: ", "Explanation: ", "Note: ", "Remark: "),
    *("**Check:** ", "- Note: ", "(Check: ", "> Check: ", "# Check\n", "NOTE: "),
]


@pytest.mark.parametrize("word", AFTERTHOUGHTS)
def test_an_afterthought_is_not_looked_at(word: str) -> None:
    assert value(f"So she has 5 eggs by now.\n{word}we see that 3 + 4 = 7.") == "5"
    assert value(f"So she has some eggs by now.\n{word}we see that 3 + 4 = 7.") == "7"


@pytest.mark.parametrize(
    "start",
    [
        "Let's check",
        "Let us now verify",
        "Let’s also double-check",
        "We can quickly check",
        "To verify",
        "Now check",
    ],
)
def test_an_invitation_to_check_is_an_afterthought(start: str) -> None:
    assert value(f"So she has 5 eggs by now. {start} it: 3 + 4 = 7.") == "5"


@pytest.mark.parametrize(
    "word", ["So", "Thus", "therefore", "Hence", "Finally", "In conclusion", "Conclusion", "FINAL"]
)
def test_work_that_concludes_after_a_check_goes_on(word: str) -> None:
    assert value(f"We try 5 at first.\nCheck: it is too few.\n{word} there must be 7 of them.") == "7"


@pytest.mark.parametrize(
    ("text", "expected", "rule"),
    [
        ("5", "5", "whole"),
        ("So, 5", "5", "whole"),
        ("Therefore: $x+1$", "x+1", "whole"),
        ("and then 5", "then 5", "whole"),
        ("5 red green eggs", "5 red green eggs", "whole"),
        ("5 red green blue eggs", "5", "last_number"),
        ("eggs", "eggs", "whole"),
        ("red eggs: 5", "5", "last_number"),
        ("3 + 4 = 7", "7", "last_number"),
        ("3x + 4 = 7", "3x + 4 = 7", "whole"),
        ("5\n6", "6", "last_number"),
        ("They have **5** and 6 left", "5", "last_bold"),
        ("They have **5**, **6** and 7 left", "6", "last_bold"),
        ("They have **Step 5** and 6 left", "6", "last_number"),
        ("They have **5**: and 6 left", "6", "last_number"),
        ("They have **5:** and 6 left", "6", "last_number"),
        ("They have **many** and 6 left", "6", "last_number"),
        ("They have **3 + 2 = 5** and 6 left", "5", "last_bold"),
        ("They have **5**\n\nand 6 left of it", "6", "last_number"),
        ("Now they have $x+1$ of it", "x+1", "last_formula"),
        ("Now they have $y = x+1$ of it", "x+1", "last_formula"),
        ("Now they have $x+1$ of 5", "5", "last_number"),
        ("They took $x apples$ of it", "x apples", "last_formula"),
        ("They took $x red apples$ of it", None, None),
        ("Now they have $$y = 2$$", "2", "last_formula"),
        (r"Now they have \(y \approx 2\)", "2", "last_formula"),
        (r"Now they have \[y ≈ 2\]", "2", "last_formula"),
        (r"Now they have \begin{align}y &= 2\end{align}", "2", "last_formula"),
        (r"Now they have \begin{equation*}y = 2\end{equation*}", "2", "last_formula"),
        (r"Now they have \begin{gather}y = 2\end{gather}", "2", "last_formula"),
        (r"Now they have $x \implies y$", "y", "last_formula"),
        (r"Now they have $x \Rightarrow 2y$", "2y", "last_formula"),
        (r"Now they have $x ⇒ 2y$", "2y", "last_formula"),
        (r"Now they have $x \to 2y$", "2y", "last_formula"),
        (r"Now they have $x → 2y$", "2y", "last_formula"),
        (r"Now they have $x <= 2y$", "x <= 2y", "last_formula"),
        (r"Now they have $x \ne \{y = 2\}$", r"2\}", "last_formula"),
        (r"Now they have $\sum_{i=1}^n i$", r"\sum_{i=1}^n i", "last_formula"),
        ("Now they have $x+y-2 = 0$", "x+y-2 = 0", "last_formula"),
        ("Now they have $2x+y = 5$", "2x+y = 5", "last_formula"),
        ("Now they have $2x = 5$", "5", "last_formula"),
        ("Now they have $X=5$", "5", "last_formula"),
        (r"Now they have $x = 5 \to \{y\}$", r"\{y\}", "last_formula"),
        (r"Now they have $x = \{5, 6\}$", r"\{5, 6\}", "last_formula"),
        (r"Now they have $\{x = 5\}$", r"5\}", "last_formula"),
        ("Now they have $x+1$ and $\\ldots$ here", "x+1", "last_formula"),
        ("The result is $a$", "a", "last_formula"),
        ("We get $a$", None, None),
        ("We obtain $a$ at 4 o", None, None),
        ("and $a$ is the answer", "a", "last_formula"),
        ("and $a$ is the final answer", "a", "last_formula"),
        ("We take option C now", "C", "last_choice"),
        ("We take the choice (C) now", "C", "last_choice"),
        ("We take OPTION is: **D**", "D", "last_choice"),
        ("We take option Z now", None, None),
        ("We take option A\nand then go on", None, None),
        ("She has 2 * 9 = 18 left for 7 days", "18", "last_result"),
        ("She has 2 * 9 = $18.50 dollars in the 7 days", "$18.50", "last_result"),
        ("She has 2 * 9 = 18 left of it", "18", "last_number"),
        ("So it goes\nShe has 2 * 9 = 18\nfor 7 days", "7", "last_number"),
        ("No answer can be seen here", None, None),
    ],
)
def test_the_guess_and_its_rule(text: str, expected: str | None, rule: str | None) -> None:
    if rule is None and text.endswith(" 4 o"):
        expected, rule = "4", "last_number"
    if text == "We get $a$":
        expected, rule = "a", "last_formula"
    assert said(text) == (expected, rule)


@pytest.mark.parametrize(
    "word",
    [
        "in",
        "for",
        "per",
        "over",
        "on",
        "at",
        "of",
        "every",
        "each",
        "with",
        "from",
        "after",
        "within",
        "during",
        "by",
    ],
)
def test_a_result_is_told_from_what_it_is_measured_by(word: str) -> None:
    assert said(f"She makes 9 * 2 = 18 dollars {word} 7 days.") == ("18", "last_result")
    assert said(f"She makes 9 * 2 = 18 dollars and {word}y 7 days.") == ("7", "last_number")


@pytest.mark.parametrize(
    "heading",
    ["step", "part", "case", "method", "note", "example", "section", "problem", "question", "day", "figure"],
)
def test_a_bold_heading_is_no_answer(heading: str) -> None:
    assert said(f"They look at **{heading} 5** and have 6 left") == ("6", "last_number")
    assert said(f"They look at **{heading.upper()} 5** and have 6 left") == ("6", "last_number")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so 5", "5"),
        ("so -5", "-5"),
        ("so −5", "−5"),
        ("so –5", "–5"),
        ("so $5", "$5"),
        ("so -$5", "-$5"),
        (r"so -\$5", r"-\$5"),
        ("so €5 or £6 or ¥7", "¥7"),
        ("10-5", "5"),
        ("10 -5", "5"),
        ("x -5", "5"),
        ("comes to -5", "-5"),
        ("(2)-5", "5"),
        ("{2}-5", "5"),
        ("[2] -5", "5"),
        ("2>-5", "5"),
        ("50%-5", "5"),
        ("1,234", "1,234"),
        ("1{,}234", "1{,}234"),
        (r"1\,234", r"1\,234"),
        (r"1\!,234", r"1\!,234"),
        (r"1,\!234", r"1,\!234"),
        ("1.50", "1.50"),
        (".5", ".5"),
        ("1 1/2", "1 1/2"),
        ("3/4", "3/4"),
        ("3 / 4.5", "3 / 4.5"),
        ("at 4:30", "4:30"),
        ("at 4:305", "305"),
        ("1e5", "1e5"),
        ("1E-5", "1E-5"),
        ("5%", "5%"),
        (r"5 \%", r"5 \%"),
        ("x5", None),
        ("x_5", None),
        ("so 1.2.3", "1.2"),
        ("so 5 and\n6.", "5"),
        ("so 5 and\n6)", "5"),
        ("so 5 and\n6. x", "6"),
        ("none", None),
        ("so ５", "５"),
    ],
)
def test_the_last_number_with_its_sign(text: str, expected: str | None) -> None:
    assert value(text, "number") == expected
    for before, after in product(("", "3 eggs, "), ("", " eggs")):
        if not expected or (after and text[-1] in ".)"):
            continue
        whole = before + text + after
        span = last_number(whole, len(before), len(whole))
        if text != "so 1.2.3" and span is not None:
            assert whole[span[0] : span[1]] == expected


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_number_is_found_however_far_behind_words(before: int, after: int) -> None:
    text = "so " * before + "-17.5" + " so" * after
    assert last_number(text, 0, len(text)) == (3 * before, 3 * before + 5)


def test_a_number_is_not_cut_where_the_search_begins() -> None:
    for length in range(150, 450, 7):
        number = "1," * length + "2"
        text = f"so {number} é" + " and" * 30
        span = last_number(text, 0, len(text))
        assert span is not None
        assert span[1] == len(number) + 3
    for length in range(170, 230):
        assert last_number("é 123456é" + "x" * length, 0, 9 + length) == (2, 8)


def test_the_search_for_a_guess_stays_between_its_bounds() -> None:
    text = "x 1, so 2, so 3"
    assert last_number(text, 0, 9) == (8, 9)
    assert last_number(text, 9, 10) is None
    found = guess("now we see " + text, 11 - 6, 11 + 9)
    assert found is not None
    assert found.parts == ((19, 20),)


# ---- spans -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "prose", "box"),
    [
        ("5", "5", "5"),
        (" 5 ", "5", "5"),
        ("**5**", "5", "**5**"),
        ("_`\"“”'‘’5_`\"“”'‘’", "5", "_`\"“”'‘’5_`\"“”'‘’"),
        ("5.,;:?。，！", "5", "5.,;:?。，！"),
        ("5!", "5!", "5!"),
        (r"5\,", "5", r"5\,"),
        (r"5\;", "5", r"5\;"),
        ("$5$", "5", "5"),
        ("$$5$$", "5", "5"),
        (r"\(5\)", "5", "5"),
        (r"\[5\]", "5", "5"),
        ("**$5$.**", "5", "**$5$.**"),
        ("$18", "$18", "$18"),
        ("18$", "18", "18"),
        ("$$18", "18", "18"),
        ("18$$", "18", "18"),
        (r"\(18", "18", "18"),
        (r"18\]", "18", "18"),
        (r"18\$", r"18\$", r"18\$"),
        ("$1$ and $2$", "$1$ and $2$", "$1$ and $2$"),
        (r" \( $ 5 $ \) ", "5", "5"),
        ("5}", "5", "5"),
        ("{5}", "{5}", "{5}"),
        (r"\{5\}", r"\{5\}", r"\{5\}"),
        ("$", "$", "$"),
        ("", "", ""),
        ("** **", "", "** **"),
    ],
)
def test_what_is_taken_off_around_an_answer(text: str, prose: str, box: str) -> None:
    for before, after in product(("", "x"), repeat=2):
        whole = before + text + after
        bounds = len(before), len(before) + len(text)
        start, end = tidy(whole, *bounds)
        assert whole[start:end] == prose
        start, end = trim(whole, *bounds)
        assert whole[start:end] == box


def test_only_so_many_wrappers_are_taken_off() -> None:
    braces = "5" + "}" * 39
    assert tidy(braces, 0, len(braces)) == (0, 1)
    braces = "5" + "}" * 60
    assert tidy(braces, 0, len(braces)) == (0, 21)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so many eggs", ["so", "many", "eggs"]),
        ("don't a x", ["don't"]),
        (r"\frac x and or pi", []),
        ("sin cos tan cot sec csc log ln exp sqrt max min SIN", []),
        (r"\text{so many} \begin{align} \mathrm{cm} \mbox{a b} \operatorname{lcm}", []),
        (
            r"\textbf{so} \textit{so} \textrm{so} \textsf{so} \overline{AB} \overrightarrow{AB} \end{align*}",
            [],
        ),
        ("größer", ["größer"]),
    ],
)
def test_words_are_those_of_plain_language(text: str, expected: list[str]) -> None:
    assert words(text, 0, len(text)) == expected
    assert words(f"no {text} no", 3, 3 + len(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2x + y", {"x", "y"}),
        ("3 x 6", set()),
        ("so a b", {"a", "b"}),
        (r"\pi r", {"r"}),
        ("ab", set()),
        ("X", {"X"}),
    ],
)
def test_variables_are_single_letters(text: str, expected: set[str]) -> None:
    assert variables(text, 0, len(text)) == expected


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("5 eggs", 2),
        ("-5", 2),
        ("+ 5", 3),
        ("$ 5", 3),
        (r"-\$5", 4),
        ("$-5", 3),
        ("eggs 5", None),
        ("-x", None),
        ("−$-5", 4),
    ],
)
def test_a_number_at_the_head_is_read_with_sign_and_currency(text: str, end: int | None) -> None:
    found = number_head(text, 0, len(text))
    assert found == (end if text != "5 eggs" else 1)


@pytest.mark.parametrize(
    ("text", "floor", "expected"),
    [
        ("-5", 0, 0),
        ("-5", 1, 1),
        ("$5", 0, 0),
        ("$5", 1, 1),
        ("X5", 0, 1),
        ("-$5", 1, 1),
        (r"\$5", 0, 0),
        (r"\$5", 1, 1),
        ("a -5", 0, 3),
        ("aa -5", 0, 3),
        ("a a -5", 0, 5),
        ("= -5", 0, 2),
        ("=-5", 0, 1),
        (" -5", 0, 1),
    ],
)
def test_the_sign_of_a_number_reaches_back_no_further_than_its_bound(
    text: str, floor: int, expected: int
) -> None:
    assert with_sign(text, len(text) - 1, floor) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the sum is $x+1$ or so", "x+1"),
        ("the sum is $x$ or so", None),
        ("the sum $x+1$ or $y+1$", "y+1"),
        ("the sum = 5 eggs", "5 eggs"),
        ("the sum = 3 = 5 eggs", "5 eggs"),
        ("the sum = 5 red eggs and hens", "5"),
        ("the sum = many red eggs of 7", "7"),
        ("a sum of -5 eggs", "-5"),
        ("a sum of many", None),
    ],
)
def test_prose_is_reduced_to_what_matters(text: str, expected: str | None) -> None:
    span = reduce_prose(text, 0, len(text))
    assert (text[span[0] : span[1]] if span else None) == expected
    moved = reduce_prose(f"99 {text} 99", 3, 3 + len(text))
    assert moved == ((span[0] + 3, span[1] + 3) if span else None)


# ---- strategies by name ------------------------------------------------------------------------------


def test_every_strategy_is_an_extractor_of_its_name() -> None:
    assert (
        *("auto", "boxed", "hash", "the_answer_is", "answer_colon", "answer_tag", "number", "whole"),
    ) == STRATEGIES
    text = r"<answer>1</answer> \boxed{2} The answer is 3." + "\n#### 4\nAnswer: 5\nand 6"
    for name in STRATEGIES:
        check_strategy(name)
        assert get_extractor(name)(text) == extract(text, strategy=name)
    with pytest.raises(UnknownNameError):
        check_strategy("bxed")


def test_a_marker_far_from_the_end_is_found_and_the_last_one_counts() -> None:
    for strategy, mark in {
        "boxed": r"\boxed{5}",
        "hash": "\n#### 5\n",
        "the_answer_is": "The answer is 5.\n",
    }.items():
        assert value(f"{mark.replace('5', '4')} {LONG} {mark} {LONG}", strategy) == "5"
        assert value(f"{LONG} {mark} {LONG}") == "5"
        for near in range(280, 320):
            assert value(f"{LONG}{mark}{'w ' * (near // 2)}", strategy) == "5"


def test_only_so_many_places_without_an_answer_are_looked_at() -> None:
    miss = "The answer is correct. "
    assert value("The answer is 5. " + miss * 100) == "5"
    assert extract("The answer is 5. " + miss * 500, strategy="the_answer_is") is None


def test_thinking_ends_before_any_number_of_things_like_a_tag() -> None:
    assert value(f"The answer is 4</think> {'thought> ' * 200} in all 5") == "5"
    assert value(f"The answer is 4</think> {'thought> ' * 200} in all five") is None


def last_word(text: str) -> Extraction | None:
    """An extractor that somebody else wrote."""
    return Extraction(text[-1], len(text) - 1, len(text), "last", explicit=False)


def test_an_extractor_of_ones_own_is_used_and_what_it_returns_is_checked() -> None:
    assert extract("so 5", strategy=f"{__name__}:last_word") == Extraction("5", 3, 4, "last", explicit=False)
    assert extract("so 5", strategy="builtins:print") is None
    with pytest.raises(PluginError, match=r"'builtins:str' returned str, not an Extraction"):
        extract("so 5", strategy="builtins:str")


def test_readers_look_between_their_bounds_only() -> None:
    text = "\nA: 5\n#### 6 eggs"
    assert marked.read_colon(text, 0, 0, len(text)).parts == ((4, 5),)  # type: ignore[union-attr]
    assert marked.read_hash(text, 6, 0, 12).parts == ((11, 12),)  # type: ignore[union-attr]
    assert marked.read_hash("#" + text[6:], 1, 0, 12) is None
    assert marked.read_hash("#" + text[6:], 1, 1, 8).parts == ((6, 7),)  # type: ignore[union-attr]
    assert marked.read_opening("A: 5", 0, 4).parts == ((3, 4),)  # type: ignore[union-attr]
    assert marked.read_opening(" A: 5", 0, 5) is None


# ---- nothing outside the model's own reply counts ------------------------------------------------------

REPLIES = [
    *("The answer is 5}", r"\boxed{the answer is 5}", "5}"),
    *(
        "3 + 4 = 7",
        "The answer is $x",
        r"The answer is \(x",
        "The answer is 5 + 6",
        r"$\boxed{5",
        "We take option",
    ),
    *(
        r"\boxed{5}",
        r"so $x = \boxed{2}$ or $x = \boxed{3}$",
        r"$\boxed{18$",
        r"\boxed 7",
        "#### 18",
        "#### 5 eggs",
    ),
    *(
        "####",
        "#### five",
        "The answer is 18",
        "The answer is 16 - 7 = 9",
        "The answer is 5 red green blue eggs",
    ),
    *("The answer is $x = 5$ and $y = 3$", "The answer is (3, 4)", "The answer is", "The answer", "Answer:"),
    *(
        "The answer is that the sum is $x+1$",
        "The answer is that they have -5 left over",
        "The answer is $50$",
    ),
    *(
        "The answer is one two three of 5 mice",
        "The answer is that the cost = 7",
        "The answer is \\text{ } 5",
    ),
    *(
        "Answer: 18",
        "A: 18",
        "so\nA: 18",
        "so\nAns. 18",
        "## Answer\n18",
        "Answer:\n",
        "**Answer",
        "Answer -",
    ),
    *(
        "<answer>5</answer>",
        "<answer>5",
        "<answer>3 + 4 = 7",
        "答案是 x+1",
        "答案是",
        "18",
        "(C)",
        r"\frac{3}{4}",
    ),
    *("3x + 4", "3 + 4", "She makes 9 * 2 = 18 dollars", "She makes 9 * 2 = 18 dollars in 7 days", "$x+1$"),
    *(
        "Janet makes **18** every day",
        "Janet makes **18",
        "Thus the value is $2\\pi$",
        "We get $x = 2",
        "It is -5",
    ),
    *(
        r"Now they have \(y \approx 2\)",
        "Now they have $2x+y = 5$",
        "The missing digit is $a$",
        "and $a$",
        "x = ",
    ),
    *(
        "Of the 4 given, option (B) is the one",
        "We take the choice",
        "We counted 1,450",
        "They saw 1",
        "so 5 and\n6.",
    ),
    *(
        "So she has 5 eggs.\nCheck: 3 + 4 = 7",
        "It was 5 of it. Let us verify",
        "so\nNote",
        "I am not sure",
        "=",
    ),
]
AFTERWARDS = [
    *(" option C", r"\)", " = 7", "+ 7 = 13", " x", "}$", "\nQ: 3", "5", "(3", "**3**", "$3$"),
    *(
        "= 7 of 8 $y = 9$.",
        "$",
        "$$ x $$",
        "}",
        ")",
        " is 3",
        ": 3",
        "\n3",
        "3",
        ",000",
        "/2",
        "%",
        ".5",
        "**",
        "\n####",
    ),
    *(
        " and $3$",
        r", \boxed{3}",
        "</answer>",
        " is the answer",
        "\nB: 3",
        " x + 1 because",
        "\nCheck: 4 + 4 = 8",
    ),
    *("> 3", "step", " eggs and hens and more", "\n\nSo 3", "e5", "{", "\\", "是 3", "3 eggs for 5 days"),
]
BEFORE = [
    *(
        r"\boxed{4}, ",
        r"$x = \boxed{4}$ and ",
        "The answer is 4 ",
        "#### 4\n",
        "A: 4\n",
        "4, ",
        "x = 4 and ",
        "-",
        "#",
    ),
    *(
        "$",
        "**",
        "$4$ ",
        "The ",
        "answer",
        "{",
        "option ",
        "4 * 2 = ",
        "Answer\n",
        "\n\n4\n\n",
        "$4$ and $",
        "a",
    ),
]


@pytest.mark.parametrize("reply", REPLIES)
def test_what_comes_after_the_end_of_the_turn_changes_nothing(reply: str) -> None:
    for strategy in STRATEGIES:
        alone = extract_parts(reply, strategy)
        if strategy != "whole" and alone[0] is not None:  # without an answer the next piece is looked at
            for after in AFTERWARDS:
                assert extract_parts(f"{reply}<|im_end|>{after}", strategy) == alone, (strategy, after)


@pytest.mark.parametrize("reply", REPLIES)
def test_what_comes_before_the_end_of_thinking_changes_nothing(reply: str) -> None:
    for strategy, before in product(STRATEGIES, BEFORE):
        alone = extract(reply, strategy=strategy)
        found = extract(f"{before}</think>{reply}", strategy=strategy)
        moved = len(before) + len("</think>")
        if alone is None:
            assert found is None, (strategy, before)
        else:
            expected = replace(alone, start=alone.start + moved, end=alone.end + moved)
            assert found == expected, (strategy, before)
