r"""From a model's text to a verdict: `grade`, and the scorers there are, by name.

    >>> grade(gold="18", text="She makes 9 * 2 = $18.\n#### 18").equivalent
    True

A scorer is any callable `(*, gold: str, text: str) -> Verdict`. A package adds its own in a few lines,

    def first_word(*, gold, text):
        return Verdict(text.split()[:1] == [gold], "first_word", "compared the first word")

and registers it in its `pyproject.toml`, after which it is found like the built-in ones:

    [project.entry-points."mathevalkit.scorers"]
    first_word = "my_package:first_word"

    >>> get_scorer("auto")(gold="1/2", text="So the answer is 0.5.").equivalent
    True

A scorer that takes `strategy` or `normalizer` too is given the extraction strategy and the normaliser that a
recipe names; the others extract and normalise in their own way. One that takes `solution` is given the
reference solution, where the data has one: several published scorers read the answer in it their own way.
Every scorer found here has a `name`, is safe in threads, and can be pickled if the callable behind it can.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from answer_normalizers.equivalence.check import DEFAULT_POLICY, check
from answer_normalizers.extraction.strategies import check_strategy, extract_parts
from answer_normalizers.plugins import PluginError, Registry
from answer_normalizers.policy import Policy
from answer_normalizers.verdict import Verdict


def grade(
    *,
    gold: str,
    text: str,
    strategy: str = "auto",
    normalizer: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> Verdict:
    """Find the answer in a text and decide whether it is the same as `gold`: `extract`, then `check`.

    `gold` is the answer alone ("18"), not a solution that holds it. A text without an answer is not
    equivalent, at stage `extraction`. Where a text gives its answer in several boxes and each of them is the
    gold ("x + 11, or 11 + x"), the verdict is equivalent.

    `normalizer` names what gold and answer go through before they are compared, beyond what `check` does of
    itself; it may be the name of an installed one, or `module:function`.

    >>> grade(gold="7", text="The answer is 7. Check: 3 + 4 = 7.").extraction.rule
    'the_answer_is'

    Raises:
        UnknownNameError: no strategy or normaliser is called that; the message names near matches.
        PluginError: an extractor or normaliser that somebody else wrote cannot be used.
    """
    extraction, parts = extract_parts(text, strategy)
    if extraction is None:
        reason = f"no answer found in the text (strategy `{strategy}`)"
        return Verdict(equivalent=False, stage="extraction", reason=reason)
    answers = [extraction.value, *parts]
    if normalizer is not None:
        gold, *answers = [_normalized(answer, normalizer) for answer in (gold, *answers)]
    verdict = check(gold=gold, pred=answers[0], policy=policy)
    if len(answers) > 1 and verdict.equivalent is not True:
        each = [check(gold=gold, pred=answer, policy=policy) for answer in answers[1:]]
        if all(part.equivalent is True for part in each):
            verdict = each[-1]
    return Verdict(verdict.equivalent, verdict.stage, verdict.reason, verdict.witness, extraction)


def _normalized(answer: str, normalizer: str) -> str:
    found: object = get_normalizer(normalizer)(answer)
    if not isinstance(found, str):
        raise PluginError(f"normalizer {normalizer!r} returned {type(found).__name__}, not a string")
    return found


# ---- by name -----------------------------------------------------------------------------------------

BUILTIN_SCORERS: Final = MappingProxyType(
    {
        "auto": "answer_normalizers.grading:auto",
        "boxed": "answer_normalizers.grading:boxed",
        "hash": "answer_normalizers.grading:hash_",
        "the_answer_is": "answer_normalizers.grading:the_answer_is",
        "number": "answer_normalizers.grading:number",
        "symbolic": "answer_normalizers.symbolic.last_resort:grade_symbolic",
        "within_1_percent": "answer_normalizers.grading:within_1_percent",
        "metamath_gsm8k": "answer_normalizers.published.metamath:gsm8k",
        "metamath_math": "answer_normalizers.published.metamath:math",
        "lm_eval_gsm8k_strict": "answer_normalizers.published.lm_eval_gsm8k:strict_match",
        "lm_eval_gsm8k_flexible": "answer_normalizers.published.lm_eval_gsm8k:flexible_extract",
        "lm_eval_hendrycks_math": "answer_normalizers.published.hendrycks:lm_eval_hendrycks_math",
        "lm_eval_minerva_math": "answer_normalizers.published.minerva:lm_eval_minerva_math",
        "prm800k": "answer_normalizers.published.prm800k:prm800k",
        "math_verify": "answer_normalizers.published.math_verify:math_verify",
    }
)
"""Name to place. `auto`, the first, is the one to use. `boxed` to
`number` are `auto` with one extraction strategy; `within_1_percent` is `auto` for references that were
rounded, as those of the Minerva paper's undergraduate problems; the others are the scorers that published
numbers were made with, reproduced with their faults."""

_NEEDS: Final = MappingProxyType({"math_verify": "math_verify", "symbolic": "sympy"})
"""Built-in scorers that exist only where a package is installed, and that package's import name."""

_SCORERS: Final[Registry[Callable[..., Verdict]]] = Registry("scorer", "mathevalkit.scorers", BUILTIN_SCORERS)


Normalizer = Callable[[str], str]
"""What a package registers in the entry-point group `mathevalkit.normalizers`."""

BUILTIN_NORMALIZERS: Final = MappingProxyType(
    {
        "engine": "answer_normalizers.parsing.normalize:normalize",
        "hendrycks": "answer_normalizers.published.hendrycks:normalize",
        "minerva": "answer_normalizers.published.minerva:normalize",
    }
)
"""`engine`: what `check` does first. `hendrycks`, `minerva`: the string normalisers of published scorers."""

_NORMALIZERS: Final[Registry[Normalizer]] = Registry(
    "normalizer", "mathevalkit.normalizers", BUILTIN_NORMALIZERS
)


@dataclass(frozen=True, slots=True)
class Scorer:
    """A callable that decides whether a text gives the gold answer, with the name it was asked for by."""

    name: str
    function: Callable[..., Verdict]
    reads_solution: bool = False

    def __call__(self, *, gold: str, text: str, solution: str = "") -> Verdict:
        """Decide whether `text`, all that the model wrote, gives the answer `gold`.

        `solution` is the reference solution that `gold` was taken from, for the scorers that read it.

        Raises:
            PluginError: the function behind a plug-in returned something else than a verdict.
        """
        if solution and self.reads_solution:
            verdict = self.function(gold=gold, text=text, solution=solution)
        else:
            verdict = self.function(gold=gold, text=text)
        if not isinstance(verdict, Verdict):
            raise PluginError(f"scorer {self.name!r} returned {type(verdict).__name__}, not a Verdict")
        return verdict

    @property
    def summary(self) -> str:
        """The first line of the documentation of what is behind it, with the options it is called with."""
        function, options = self.function, ""
        if isinstance(function, partial):
            options = ", ".join(f"{name}={value!r}" for name, value in function.keywords.items())
            function = function.func
        line = (function.__doc__ or "").strip().partition("\n")[0]
        return f"{line} With {options}." if options else line


def get_scorer(name: str, *, strategy: str | None = None, normalizer: str | None = None) -> Scorer:
    """Find a scorer by its name, or by `module:function`.

    `strategy` and `normalizer` go to scorers that take them, such as `auto`; the others do in their own way.

    >>> get_scorer("auto", strategy="hash")(gold="5", text="The answer is 5.").stage
    'extraction'

    Raises:
        UnknownNameError: no scorer, extraction strategy or normaliser is called that; the message names near
            matches.
        PluginError: one of them cannot be imported or called.
    """
    if strategy is not None:
        check_strategy(strategy)
    if normalizer is not None:
        get_normalizer(normalizer)
    found = _SCORERS.load(name)
    if isinstance(found, Scorer):
        found = found.function
    chosen = {"strategy": strategy, "normalizer": normalizer}
    taken = {key: value for key, value in chosen.items() if value is not None and _takes(found, key)}
    return Scorer(name, partial(found, **taken) if taken else found, _takes(found, "solution"))


def get_normalizer(name: str) -> Normalizer:
    """Find a normaliser by its name, or by `module:function`.

    Raises:
        UnknownNameError: no normaliser is called that; the message names near matches.
        PluginError: it cannot be imported or called.

    >>> get_normalizer("hendrycks")(r"\\dfrac12")
    '\\\\frac{1}{2}'
    """
    return _NORMALIZERS.load(name)


def list_normalizers() -> tuple[str, ...]:
    """The names of all normalisers, sorted."""
    return _NORMALIZERS.names()


def list_scorers() -> tuple[str, ...]:
    """The names of all scorers that can be used here, sorted; one whose package is missing is not there."""
    return tuple(name for name in _SCORERS.names() if name not in _NEEDS or find_spec(_NEEDS[name]))


def _takes(function: Callable[..., object], option: str) -> bool:
    """Whether a scorer lets its caller choose an option; one that has chosen does not."""
    if isinstance(function, partial) and option in function.keywords:
        return False
    try:
        return option in inspect.signature(function).parameters
    except ValueError:  # a builtin without a signature
        return False


auto = grade
boxed = partial(grade, strategy="boxed")
hash_ = partial(grade, strategy="hash")
the_answer_is = partial(grade, strategy="the_answer_is")
number = partial(grade, strategy="number")
within_1_percent = partial(grade, policy=Policy(relative_tolerance=0.01))
