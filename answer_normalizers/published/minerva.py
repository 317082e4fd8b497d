r"""lm-evaluation-harness's task `minerva_math`: the Minerva paper's normaliser, then SymPy.

Whose: Lewkowycz et al., "Solving Quantitative Reasoning Problems with Language Models" (2022), appendix D,
as lm-evaluation-harness 0.4.13 has it (`tasks/minerva_math/utils.py`, version 3.1, metric `exact_match`; its
second metric is math-verify's, which has its own scorer).

The answer is what stands between the first "Final Answer: The final answer is" and "I hope it is correct.";
it and the gold are normalised, and are equal when the strings are, or when SymPy's LaTeX parser reads both
and `simplify` makes their difference 0.

Known faults:

- Without the phrase, word for word and on one line, the answer is wrong; so is a box alone.
- Only what follows the last `=` counts: `x=5` is `y=5` and `5`.
- Unit words are cut out of any text: `5 cm` is `5`, and so is `5 students`; `5 m` is not.
- What stands between dollars replaces all around it: `$3$ or $4$` is `3`.
- SymPy's parser reads as far as it can and ignores the rest, and multiplies letters: `(1, 2)`, sets and
  matrices are not read at all and must match as strings, while of `5 apples` it reads the product
  5·a·p·p·l·e·s.
- A time of 5 s a pair; what takes longer is wrong.

Where it cannot be known here what the original's SymPy would say, the verdict is undecided: SymPy or the
ANTLR runtime 4.11 that its LaTeX parser needs is not installed (`pip install
antlr4-python3-runtime==4.11.*`). The original runs the parser in its own process under an alarm; here it
runs in a worker process that is killed.

    >>> normalize("$x=\\frac12$ square units")
    '\\frac{1}{2}'
"""

from __future__ import annotations

import re

from answer_normalizers.published.common import gold_answer, no_answer, verdict
from answer_normalizers.published.latex_worker import same_by_sympy
from answer_normalizers.verdict import Verdict

_HOPE = "I hope it is correct."
_ANSWER = re.compile(r"Final Answer: The final answer is(.*?). I hope it is correct.")

# The lists of the paper's appendix: what they hold decides verdicts, so they are data, not style.
_REPLACED = (
    ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"),
    (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}"),
)  # fmt: skip
_UNITS = (
    "square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "sue", "points",
    "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges",
    "students", "childrentickets", "multiples",
)  # fmt: skip
_REMOVED = (
    *_UNITS[:10], "\\ldots", *_UNITS[10:], "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2",
    "\\text{}^3", "\\text{\n}", "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}",
    '"', "\\dots",
)  # fmt: skip
_UNIT_WORD = [re.compile(rf"(?<!\\)\b{unit}\b") for unit in _UNITS]
_COMMAND = re.compile(r"(\\[a-zA-Z]+)")
_REWRITTEN = (
    (re.compile(r"(.*?)(\$)(.*?)(\$)(.*)"), r"$\3$"),
    (re.compile(r"(\\text\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\textbf\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\overline\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\boxed\{)(.*)(\})"), r"\2"),
    (re.compile(r"(frac)([^{])(.)"), r"frac{\2}{\3}"),
    (re.compile(r"(sqrt)(\[[^\]]*\])(\w)"), r"\1\2{\3}"),
    (re.compile(r"(sqrt)(?!\[)([^{])"), r"sqrt{\2}"),
)
_GROUPED_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})+")


def lm_eval_minerva_math(*, gold: str, text: str, solution: str = "") -> Verdict:
    """lm-evaluation-harness 0.4.13, task `minerva_math`, metric `exact_match`."""
    match = _ANSWER.search(text + _HOPE)
    if match is None:
        return no_answer('"Final Answer: The final answer is …"')
    start, end = match.span(1)
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    reference = gold_answer(gold, solution, spaced=True)
    left, right = normalize(text[start:end]), normalize(reference or "")
    if left and left == right:
        equal: bool | None = True
        reason = "the strings are the same after the Minerva paper's replacements"
    else:
        equal, reason = same_by_sympy(left, right)
    return verdict(
        equivalent=equal, stage="minerva", reason=reason, text=text, span=(start, end), rule="the_answer_is"
    )


def normalize(answer: str) -> str:
    """The string that is compared, and handed to SymPy's LaTeX parser."""
    answer = answer.rpartition("=")[2]
    for unit in _UNIT_WORD:
        answer = unit.sub("", answer)
    for old, new in _REPLACED:
        answer = answer.replace(old, new)
    for removed in _REMOVED:
        if removed in _UNITS:
            # Not inside the name of a command: "\left" keeps its "ft".
            pieces = _COMMAND.split(answer)
            pieces[::2] = [piece.replace(removed, "") for piece in pieces[::2]]
            answer = "".join(pieces)
        else:
            answer = answer.replace(removed, "")
    for pattern, replacement in _REWRITTEN:
        answer = pattern.sub(replacement, answer)
    answer = answer.replace("$", "")
    return answer.replace(",", "") if _GROUPED_NUMBER.fullmatch(answer) else answer
