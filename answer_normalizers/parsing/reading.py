r"""From the string of an answer to its value: mathematics first, then prose around it, then words.

>>> read("The answer is 5 (since x > 0)").value
Num(value=5, digits=0, places=0)
>>> read(r"x = \pm 2").value.sides[1].items[1]
Num(value=-2, digits=0, places=0)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flint import fmpq

from answer_normalizers.limits import MAX_PROSE_CHARACTERS
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.lexer import split_run
from answer_normalizers.parsing.normalize import normalize, unwrap
from answer_normalizers.parsing.numerals import plain_number
from answer_normalizers.parsing.parser import parse
from answer_normalizers.parsing.prose import TEXT_COMMAND, flatten, without_prose
from answer_normalizers.parsing.settle import condition_and_set, settle
from answer_normalizers.parsing.units import conversion, read_unit
from answer_normalizers.parsing.vocabulary import SHORT_WORDS
from answer_normalizers.parsing.words import canonical_words, number_in_words, phrase_value
from answer_normalizers.tree.nodes import EMPTY_SET, Based, Clock, Num, Quantity, Sym, Text, Value, fold


@dataclass(slots=True)
class Reading:
    """An answer as it was read. Treated as immutable, and plain for speed, as the nodes of a tree are."""

    text: str
    """The answer after `normalize`."""
    value: Value | None
    """Its typed tree; None where it could not be read."""
    problem: str = ""
    """Why it could not be read."""
    remark: str = ""
    """Prose that stood behind the answer (`where C is a constant`) and is no part of `text` or `value`."""
    condition: Value | None = None
    r"""What `value` is said to solve, in `x < 1 : (-\infty, 1)`. Whether it does takes arithmetic."""


def read(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Reading:
    """Read one answer. Never raises.

    `split_thousands` and `plain_exponent` choose the second reading of ambiguous notation, as `tokenize`
    says.
    """
    clean = normalize(text)
    if not clean:
        return Reading(clean, None, "empty")
    value = None if split_thousands else _plain(clean)
    if value is None and len(clean) <= MAX_PROSE_CHARACTERS:
        value = _in_words(clean)
    if value is not None:
        return Reading(clean, value)
    clean = _without_text_command(clean)
    if not clean:
        return Reading(clean, None, "empty")
    value = _clock(clean)
    if value is None:
        clean = _with_unit_as_text(clean)
        value = _based(clean) or _compound(clean)
    if value is not None:
        return Reading(clean, value)
    try:
        return _as_mathematics(clean, split_thousands=split_thousands, plain_exponent=plain_exponent)
    except UnreadableError as error:
        unread = Reading(clean, None, str(error))
    if len(clean) > MAX_PROSE_CHARACTERS:
        return unread
    found = _between_prose(clean, split_thousands=split_thousands, plain_exponent=plain_exponent)
    return unread if found is None else found


_PLAIN_LENGTH = 40
_PLAIN_ENDS = "0123456789})$ "


def _plain(clean: str) -> Value | None:
    """A plain number or an empty pair of braces, seen without the grammar."""
    if len(clean) >= _PLAIN_LENGTH or clean[-1] not in _PLAIN_ENDS or "." in clean or "=" in clean:
        return None
    number = plain_number(clean)
    if number is not None:
        return Num(number)
    return EMPTY_SET if clean.replace(" ", "") == "{}" else None


def _without_text_command(clean: str) -> str:
    r"""`\text{5 cm}` as `5 cm`; any other answer unchanged."""
    whole = TEXT_COMMAND.fullmatch(clean) if clean[0] == "\\" and clean[-1] == "}" else None
    return normalize(whole.group(1)) if whole and _DIGIT.search(whole.group(1)) else clean


def _with_unit_as_text(clean: str) -> str:
    r"""`5 (cm)` as `5 \text{cm}`; any other answer unchanged."""
    match = _UNIT_PARENTHESIS.fullmatch(clean) if clean[-1] == ")" else None
    return f"{match.group(1)} \\text{{{match.group(2)}}}" if match and match.group(2) != "mod" else clean


_DIGIT = re.compile(r"\d")
_UNIT_PARENTHESIS = re.compile(r"^([^()]*\d[^()a-zA-Z]*?)\s*\(\s*([a-zA-Z]{2}[a-zA-Z .'-]*)\s*\)$")


def _as_mathematics(text: str, *, split_thousands: bool, plain_exponent: bool) -> Reading:
    """The answer as the grammar reads it. Raises `UnreadableError`."""
    try:
        value = parse(text, split_thousands=split_thousands, plain_exponent=plain_exponent)
        solved = condition_and_set(value)
        if solved is not None:
            return Reading(text, solved[1], condition=solved[0])
        return Reading(text, settle(value))
    except RecursionError:
        raise UnreadableError("nested too deeply") from None


def _between_prose(clean: str, *, split_thousands: bool, plain_exponent: bool) -> Reading | None:
    """An answer with words before, behind or instead of its mathematics; None where nothing is found."""
    flat = flatten(clean)
    value = _ratio_in_words(flat) or _compound(flat)
    if value is not None:
        return Reading(clean, value)
    for candidate, remark in without_prose(clean, flat):
        value = _in_words(candidate)
        if value is not None:
            if type(value) is Text:
                continue
            return Reading(candidate, value, remark=remark)
        try:
            found = _as_mathematics(candidate, split_thousands=split_thousands, plain_exponent=plain_exponent)
        except UnreadableError:
            continue
        return replace(found, remark=remark)
    return Reading(clean, _phrase(flat)) if _is_mostly_words(flat) else None


def _is_mostly_words(flat: str) -> bool:
    """Whether an unread answer is words (with perhaps a number in them) rather than broken mathematics."""
    if re.search(r"[\\^_{}=<>$|]", flat):
        return False
    letters = sum(c.isalpha() for c in flat)
    return letters * 2 > len(flat.replace(" ", "")) and re.search(r"[A-Za-z]{2}", flat) is not None


def _phrase(text: str) -> Value:
    """Words, or the mathematical value that they have."""
    words = canonical_words(text)
    value = phrase_value(words)
    return Text(words) if value is None else value


# ---- answers in words alone

_OPTION = re.compile(r"(?:option|choice|answer|alternative)\s*:?\s*\(?([A-Z])\)?", re.IGNORECASE)
_WORDS_ONLY = re.compile(r"[A-Za-z][A-Za-z']*(?:(?:-|[.,:;]? |\.)[A-Za-z][A-Za-z']*)*[.:]?")
_CHOICES = re.compile(r"\(?[A-Z]\)?(?:(?:\s*,\s*|\s*,?\s*\band\b\s*|\s*,?\s*\bor\b\s*)\(?[A-Z]\)?)*")
_THREE_LETTERS = re.compile(r"[A-Za-z]{3}")
_FORMULA = re.compile(r"[\d=^_+]")
_PUNCTUATION = re.compile(r"[(),:]")
_MATHEMATICAL_WORD = re.compile(r"\b(?:is|are|equals|and|or|to|sin|cos|tan|log|ln|pi|sqrt|base)\b")


def _in_words(clean: str) -> Value | None:
    """The value of an answer in one text command or in words alone; None where mathematics must be read."""
    match = TEXT_COMMAND.fullmatch(clean) if clean[0] == "\\" and clean[-1] == "}" else None
    if match:
        inner = unwrap(match.group(1))
        return _inside_text_command(inner) if inner else None
    if not clean[0].isalpha() or len(clean) == 1:
        return None
    if option := _OPTION.fullmatch(clean):
        return Sym(option.group(1).upper())
    if not _WORDS_ONLY.fullmatch(clean):
        return None
    if " " in clean:
        if _CHOICES.fullmatch(clean) or all(len(word) == 1 for word in clean.split()):
            return None
    elif len(clean) == 2:
        return Text(canonical_words(clean)) if clean.lower() in SHORT_WORDS else None
    return _number_or_phrase(clean) or _plain_words(clean)


def _inside_text_command(inner: str) -> Value | None:
    if clock := _time_of_day(inner):
        return clock
    if _CHOICES.fullmatch(inner):
        return None
    if not _WORDS_ONLY.fullmatch(inner):
        is_text = _THREE_LETTERS.search(inner) and not _FORMULA.search(inner)
        return Text(canonical_words(inner)) if is_text else None
    if option := _OPTION.fullmatch(inner):
        return Sym(option.group(1).upper())
    value = _number_or_phrase(inner)
    if value is not None:
        return value
    words = canonical_words(inner)
    return Text(words) if len(words) > 1 else None


def _number_or_phrase(text: str) -> Value | None:
    """`twelve` or `no solution`; None for any other words."""
    number = number_in_words(text.strip(" ."))
    return phrase_value(canonical_words(text)) if number is None else Num(number)


def _plain_words(text: str) -> Value | None:
    """Words without a text command, unless they may be letters of a formula or part of a statement."""
    if _PUNCTUATION.search(text):
        return None
    words = canonical_words(text)
    if " " not in text:
        runs = re.findall("[A-Za-z]+", text)
        is_text = all(len(run) > 1 and split_run(run)[0][0] == "word" for run in runs)
        return Text(words) if is_text else None
    return Text(words) if words and not _MATHEMATICAL_WORD.search(text) else None


# ---- answers in a notation of their own

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?\s*([ap])?\.?\s*(m)?\.?(?:\s*(?:o'?clock))?", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2})\s*([ap])\.?\s*m\.?", re.IGNORECASE)
_COLON = re.compile(r"\s*:\s*")


def _clock(clean: str) -> Clock | None:
    """`3:30 p.m.`; a bare `3:30` may also be a ratio, which the comparison settles."""
    if ":" not in clean and not (
        clean[-1] in "mM}" and clean[0].isdigit() and ("m" in clean or "M" in clean)
    ):
        return None
    return _time_of_day(flatten(clean))


def _time_of_day(flat: str) -> Clock | None:
    flat = flat.strip()
    match = _CLOCK.fullmatch(_COLON.sub(":", flat))
    if match and bool(match.group(3)) == bool(match.group(4)):
        hour, minute = int(match.group(1)), int(match.group(2))
        if hour < 25 and minute < 60:
            return Clock(hour, minute, match.group(3).lower() + "m" if match.group(3) else "")
    match = _HOUR.fullmatch(flat)
    if match and 0 < int(match.group(1)) < 13:
        return Clock(int(match.group(1)), 0, match.group(2).lower() + "m")
    return None


_BASED = re.compile(
    r"(?:\(\s*)?([0-9A-Za-z]+(?:\.[0-9]+)?)(?:\s*\))?\s*"
    r"(?:_\s*(?:\{\s*)?(?:\\text\s*\{\s*)?|\s+(?:in\s+)?base[\s-]+)([0-9]{1,2}|[a-z]{2,12})[\s}]*"
)


def _based(clean: str) -> Based | None:
    """`1011_2`, `(1011)_{two}`, `1011 in base 2`."""
    match = _BASED.fullmatch(flatten(clean)) if "_" in clean or "base" in clean else None
    if match is None:
        return None
    digits, base = match.groups()
    number = int(base) if base.isdigit() else number_in_words(base)
    if not isinstance(number, int) or not 2 <= number <= 36:
        return None
    if digits.isalpha() and not digits.isupper():
        return None
    if not all(c == "." or int(c, 36) < number for c in digits):
        return None
    return Based(digits.upper().lstrip("0") or "0", number)


_COMPOUND = re.compile(r"(?:\s*\d+(?:\.\d+)?\s*[a-zA-Z]+\.?\s*(?:,|\band\b)?){2,4}")
_COMPOUND_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)")


def _compound(text: str) -> Value | None:
    """`3 hours 30 minutes` in its first unit; None where the parts measure different things."""
    if not text[:1].isdigit() or not (text[-1].isalpha() or text[-1] in " .,"):
        return None
    if not _COMPOUND.fullmatch(text):
        return None
    parts = _COMPOUND_PART.findall(text)
    first = read_unit(parts[0][1])
    total = fmpq(0)
    for number, unit in parts:
        factor = conversion(read_unit(unit), first)
        amount = plain_number(number)
        if factor is None or amount is None or first.has_labels or not first.dimensions:
            return None
        total += factor * amount
    return Quantity(Num(fold(total)), parts[0][1])


_RATIO_IN_WORDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s+(?:to|is to)\s+(\d+(?:\.\d+)?)\s*")


def _ratio_in_words(flat: str) -> Value | None:
    """`3 to 5`."""
    match = _RATIO_IN_WORDS.fullmatch(flat)
    if not match:
        return None
    try:
        return parse(f"{match.group(1)}:{match.group(2)}")
    except UnreadableError:
        return None


# ---- the letter of a multiple-choice answer

_MULTIPLE_CHOICE = re.compile(
    # The letter in its brackets or with its mark, then what the choice says: no operator, separator or
    # argument of the letter, and no second choice.
    r"\s*(?:\\text\w*\s*\{\s*)?\(?(?P<letter>[A-Z])\s*[).:]\s*\}?"
    r"(?:\s|~|\\[,;: ]|\\q?quad\b)*"
    r"(?:(?<=[\s~:])|(?![A-Za-z]))"
    r"(?!(?:\\text\w*\s*\{\s*)?(?:and|or|if|when|for|but|not|is)\b)"
    r"(?:(?<=\s)-(?=[\d.\\])|(?![-+*/^_=<>,;:&|!'.)}\]]|\\(?:times|cdot|cup|cap|div|pm|mp|mid|and|or|in|notin|not|neq?|leq?|geq?|approx"
    r"|equiv|sim|setminus|Rightarrow|implies|iff|to|rightarrow|circ|%|prime)\b|\\%))"
    r"(?!.*(?:\([A-Z]\)|(?<![A-Za-z\\])[A-Z][).:]))"
    r"\S",
    re.DOTALL,
)


def choice_letter(text: str) -> str | None:
    """The letter of a multiple-choice answer written with its content (`(B) 12`), or None."""
    match = _MULTIPLE_CHOICE.match(text.replace("\\left", "").replace("\\right", ""))
    return match["letter"] if match else None
