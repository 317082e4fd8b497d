r"""Where the answer stands in a text that a model wrote.

    >>> text = "She sells 16 - 3 - 4 = 9 eggs and makes 9 * 2 = $18.\n#### 18"
    >>> extract(text)
    Extraction(value='18', start=58, end=60, rule='hash', explicit=True)

What counts, in this order:

1. Thinking (`<think>…</think>` and its kin) is not the answer. Only what comes after it counts; thinking that
   was cut off has no answer.
2. A base model goes on with the next question after its answer. Only what comes before that counts, where
   that holds an answer.
3. The last answer that the text marks: a box, `####`, "the answer is", "Answer:", `<answer>`.
4. A guess, recorded as one (`explicit=False`): see `guessed.py`.

The work is linear in the length of the text, which is searched from its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from answer_normalizers.extraction import boxes, marked
from answer_normalizers.extraction.guessed import guess, last_number
from answer_normalizers.extraction.spans import Found, is_placeholder, tidy
from answer_normalizers.plugins import PluginError, Registry
from answer_normalizers.verdict import Extraction

_MAX_MISSES = 128
"""Places that look like a marker and hold no answer, after which a text counts as one that marks none."""

_TAIL = 300
"""Characters at the end of a text that are searched first."""

Reader = Callable[[str, int, int, int], Found | None]
"""(text, place of the needle, floor, end) -> what is marked there."""

Wanted = tuple[tuple[tuple[str, Reader], ...], frozenset[str] | None]
"""The needles to look for, each with its reader, and the rules that count; None: every rule."""

_BOX = tuple((needle, boxes.read_boxes) for needle in boxes.NEEDLES)
_HASH = tuple((needle, marked.read_hash) for needle in marked.HASH_NEEDLES)
_PHRASE = tuple((needle, marked.read_phrase) for needle in marked.PHRASE_NEEDLES)
_COLON = tuple((needle, marked.read_colon) for needle in marked.COLON_NEEDLES)
_CHINESE = tuple((needle, marked.read_chinese) for needle in marked.CHINESE_NEEDLES)
_ANY: Wanted = ((*_HASH, *_PHRASE, *_COLON, *_BOX), None)
_ANY_OR_CHINESE: Wanted = ((*_ANY[0], *_CHINESE), None)

_STRATEGIES: Final[Mapping[str, Wanted]] = MappingProxyType(
    {
        "boxed": (_BOX, frozenset({"boxed"})),
        "hash": (_HASH, frozenset({"hash"})),
        "the_answer_is": ((*_PHRASE, *_CHINESE), frozenset({"the_answer_is"})),
        "answer_colon": ((*_PHRASE, *_COLON), frozenset({"answer_colon"})),
        "answer_tag": (_PHRASE, frozenset({"answer_tag"})),
    }
)
"""The strict strategies: each takes one recipe's own marker and nothing else."""

STRATEGIES: Final = ("auto", *_STRATEGIES, "number", "whole")
"""`auto`: any marker, or else a guess. `boxed`: `\\boxed{…}`. `hash`: `#### 18`. `the_answer_is`: "The answer
is 18", MetaMath's and Minerva's endings included. `answer_colon`: "Answer: 18", "A: 18", an "Answer" heading.
`answer_tag`: `<answer>18</answer>`. `number`: the last number of the text. `whole`: all of the text."""

_THINKING = re.compile(
    r"<(?P<closes>/?)(?:think|thinking|thought|thoughts|reasoning|reflection)>"
    r"|\[(?P<closes_bracket>/?)THINK\]|◁(?P<closes_kimi>/?)think▷"
    r"|<\|(?:begin|start)_of_thought\|>|(?P<closes_thought><\|end_of_thought\|>)"
    r"|<\|channel\|>analysis|(?P<closes_channel><\|channel\|>final<\|message\|>)",
    re.IGNORECASE,
)
_THINKING_MARKS = (
    *("ink>", "ink▷", "king>", "ght>", "ghts>", "ning>", "tion>", "ght|>", "nel|>"),
    *("INK>", "INK]", "KING>", "GHT>", "GHTS>", "NING>", "TION>"),
)
"""Every tag holds one of these: much quicker to find than the tags."""
_LONGEST_TAG = 30

_NEXT_QUESTION = re.compile(
    r"\n[ \t>#*_]*(?:Question|QUESTION|Problem|PROBLEM|Exercise|Instruction|Input|Q|User|USER|Human)[*_]*:"
    r"|\n[ \t]*#{2,} *(?:Instruction|Question|Problem|User|Human|Input)\b"
    r"|<\|(?:im_end|im_start|endoftext|eot_id|end_of_text|end|return)\|>|</s>|<(?:eos|end_of_turn)>|\[INST\]"
)
_NEXT_QUESTION_MARKS = (
    *("uestion", "UESTION", "roblem", "PROBLEM", "xercise", "nstruction", "nput", "Q:", "Q*", "Q_"),
    *("ser", "USER", "uman", "<|", "</s>", "<eos>", "<end_of_turn>", "[INST]"),
)
"""A text that holds none of these has no next question, which in a long text is quicker to see."""
_LONG = 4_000

_MAX_PIECES = 64
"""Questions and ends of turns without an answer before them, after which a text counts as one without."""


def extract(text: str, *, strategy: str = "auto") -> Extraction | None:
    """Find the answer in a text, and where it stands; None where there is none.

    `strategy` is one of `STRATEGIES`, the name of an installed extractor, or `module:function`. No text
    raises, and the work is linear in its length. `value` is `text[start:end]`, except where several adjacent
    boxes or formulas are one answer: then it is their contents joined by ", ", and the span runs from the
    first to the last.

    >>> extract(r"so $x$ is \\boxed{2} or \\boxed{3}").value
    '2, 3'
    >>> extract("The answer is 5.", strategy="boxed") is None
    True

    Raises:
        UnknownNameError: no strategy is called that; the message names near matches.
        PluginError: an extractor that somebody else wrote cannot be used.
    """
    return extract_parts(text, strategy)[0]


def extract_parts(text: str, strategy: str) -> tuple[Extraction | None, tuple[str, ...]]:
    """As `extract`, and where the answer was put together from several boxes or formulas, each of them."""
    if strategy not in STRATEGIES:
        return _extract_with_plugin(text, strategy), ()
    found = _find(text, strategy)
    if found is None:
        return None, ()
    start, end = found.parts[0][0], found.parts[-1][1]
    if len(found.parts) == 1:
        return Extraction(text[start:end], start, end, found.rule, found.explicit), ()
    parts = tuple(text[first:last] for first, last in found.parts)
    return Extraction(", ".join(parts), start, end, found.rule, found.explicit), parts


def check_strategy(strategy: str) -> None:
    """Raise what `extract` would for a strategy that cannot be used; to know before the work starts."""
    if strategy not in STRATEGIES:
        get_extractor(strategy)


def _extract_with_plugin(text: str, strategy: str) -> Extraction | None:
    found: object = get_extractor(strategy)(text)
    if found is not None and not isinstance(found, Extraction):
        raise PluginError(
            f"extraction strategy {strategy!r} returned {type(found).__name__}, not an Extraction"
        )
    return found


def _find(text: str, strategy: str) -> Found | None:
    start = _after_thinking(text)
    if start is None:
        return None
    if strategy == "whole":
        return _whole(text, start)
    if len(text) > _LONG and not any(mark in text for mark in _NEXT_QUESTION_MARKS):
        return _find_in(text, start, len(text), strategy)
    # Cut before each next question or end of a turn; the first answer among the pieces is the model's own.
    for _ in range(_MAX_PIECES):
        cut = _NEXT_QUESTION.search(text, start)
        found = _find_in(text, start, cut.start() if cut else len(text), strategy)
        if cut is None or found is not None:
            return found
        start = cut.end()
    return None


def _after_thinking(text: str) -> int | None:
    """Where the answer's part of a text begins; None where thinking was cut off.

    The last tag tells: behind a closing one the answer begins, behind an opening one nothing does.
    """
    if "<" not in text and "INK]" not in text and "◁" not in text:
        return 0
    for mark in _THINKING_MARKS:
        if mark in text:
            break
    else:
        return 0
    end = len(text)
    for _ in range(_MAX_MISSES):
        place = max(text.rfind(mark, 0, end) for mark in _THINKING_MARKS)
        if place < 0:
            return 0
        tags = _tags(text, max(0, place - _LONGEST_TAG), min(len(text), place + _LONGEST_TAG))
        if tags:
            return _after_tag(tags[-1])
        end = place
    tags = _tags(text, 0, end)
    return _after_tag(tags[-1]) if tags else 0


def _tags(text: str, start: int, end: int) -> list[re.Match[str]]:
    return list(_THINKING.finditer(text, start, end))


def _after_tag(tag: re.Match[str]) -> int | None:
    return tag.end() if any(tag.groupdict().values()) else None


def _find_in(text: str, start: int, end: int, strategy: str) -> Found | None:
    if strategy == "number":
        number = last_number(text, start, end)
        return Found((number,), "last_number", explicit=False) if number else None
    if strategy != "auto":
        found = _last_marked(text, start, end, _STRATEGIES[strategy])
        return found or (marked.read_opening(text, start, end) if strategy == "answer_colon" else None)
    found = _last_marked(text, start, end, _ANY if text.isascii() else _ANY_OR_CHINESE)
    return found or marked.read_opening(text, start, end) or guess(text, start, end)


def _last_marked(text: str, start: int, end: int, wanted: Wanted) -> Found | None:
    """The last answer that is marked as wanted."""
    # Most answers stand at the end, and a search that finds nothing there costs the whole text.
    if end - start > 2 * _TAIL:
        found = _last_marked_from(end - _TAIL, text, start, end, wanted)
        if found is not None:
            return found
    return _last_marked_from(start, text, start, end, wanted)


def _last_marked_from(first: int, text: str, start: int, end: int, wanted: Wanted) -> Found | None:
    """The last answer whose marker stands at `first` or later; it may reach back to `start`."""
    readers, rules = wanted
    places = [text.rfind(needle, first, end) for needle, _ in readers]
    for _ in range(_MAX_MISSES):
        place = max(places)
        if place < 0:
            return None
        index = places.index(place)
        needle, read = readers[index]
        found = read(text, place, start, end)
        if found is not None and (rules is None or found.rule in rules):
            return found
        places[index] = text.rfind(needle, first, place)
    return None


def _whole(text: str, start: int) -> Found | None:
    span = tidy(text, start, len(text))
    if span[0] >= span[1] or is_placeholder(text, *span):
        return None
    return Found((span,), "whole", explicit=False)


# ---- by name -----------------------------------------------------------------------------------------

Extractor = Callable[[str], Extraction | None]
"""What a package registers in the entry-point group `mathevalkit.extractors`: a strategy by its name."""

BUILTIN_EXTRACTORS: Final = MappingProxyType(
    {name: f"answer_normalizers.extraction.strategies:{name}" for name in STRATEGIES}
)
_EXTRACTORS: Final[Registry[Extractor]] = Registry(
    "extraction strategy", "mathevalkit.extractors", BUILTIN_EXTRACTORS
)

auto, boxed, hash, the_answer_is, answer_colon, answer_tag, number, whole = (  # noqa: A001 - its name here
    partial(extract, strategy=name) for name in STRATEGIES
)


def get_extractor(name: str) -> Extractor:
    """Find an extractor by its name, or by `module:function`.

    >>> get_extractor("hash")("#### 18").value
    '18'

    Raises:
        UnknownNameError: no extraction strategy is called that; the message names near matches.
        PluginError: it cannot be imported or called.
    """
    return _EXTRACTORS.load(name)


def list_extractors() -> tuple[str, ...]:
    """The names of all extraction strategies, sorted."""
    return _EXTRACTORS.names()
