r"""From the string of an answer to its value: mathematics first, then prose around it, then words.

>>> read("The answer is 5 (since x > 0)").value
Num(value=5, digits=0, places=0)
>>> read(r"x = \pm 2").value.sides[1].items[1]
Num(value=-2, digits=0, places=0)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer as it was read."""

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


_PLAIN_LENGTH = 40
_PLAIN_ENDS = "0123456789})$ "
_DIGIT = re.compile(r"\d")
_OPTION = re.compile(r"(?:option|choice|answer|alternative)\s*:?\s*\(?([A-Z])\)?", re.IGNORECASE)
_COMPOUND = re.compile(r"(?:\s*\d+(?:\.\d+)?\s*[a-zA-Z]+\.?\s*(?:,|\band\b)?){2,4}")
_COMPOUND_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)")
_WORDS_ONLY = re.compile(r"[A-Za-z][A-Za-z']*(?:(?:-|[.,:;]? |\.)[A-Za-z][A-Za-z']*)*[.:]?")
_CHOICES = re.compile(r"\(?[A-Z]\)?(?:(?:\s*,\s*|\s*,?\s*\band\b\s*|\s*,?\s*\bor\b\s*)\(?[A-Z]\)?)*")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?\s*([ap])?\.?\s*(m)?\.?(?:\s*(?:o'?clock))?", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2})\s*([ap])\.?\s*m\.?", re.IGNORECASE)
_BASED = re.compile(
    r"(?:\(\s*)?([0-9A-Za-z]+(?:\.[0-9]+)?)(?:\s*\))?\s*"
    r"(?:_\s*(?:\{\s*)?(?:\\text\s*\{\s*)?|\s+(?:in\s+)?base[\s-]+)([0-9]{1,2}|[a-z]{2,12})[\s}]*"
)
_RATIO_WORDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s+(?:to|is to)\s+(\d+(?:\.\d+)?)\s*")
_UNIT_PARENTHESIS = re.compile(r"^([^()]*\d[^()a-zA-Z]*?)\s*\(\s*([a-zA-Z]{2}[a-zA-Z .'-]*)\s*\)$")
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


def read(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> Reading:
    """Read one answer. Never raises."""
    clean = normalize(text)
    if not clean:
        return Reading(clean, None, "empty")
    if clean.replace(" ", "") == "{}":
        return Reading(clean, EMPTY_SET)
    if (
        len(clean) < _PLAIN_LENGTH
        and clean[-1] in _PLAIN_ENDS
        and "." not in clean
        and "=" not in clean
        and not split_thousands
        and (number := plain_number(clean)) is not None
    ):
        return Reading(clean, Num(number))
    value = _wordy(clean) if len(clean) <= MAX_PROSE_CHARACTERS else None
    if value is not None:
        return Reading(clean, value)
    if (
        clean[0] == "\\"
        and clean[-1] == "}"
        and (whole := TEXT_COMMAND.fullmatch(clean))
        and _DIGIT.search(whole.group(1))
    ):
        clean = normalize(whole.group(1))
        if not clean:
            return Reading(clean, None, "empty")
    if ":" in clean or (clean[-1] in "mM}" and clean[0].isdigit() and ("m" in clean or "M" in clean)):
        clock = _clock(flatten(clean))
        if clock is not None:
            return Reading(clean, clock)
    if clean[-1] == ")" and (match := _UNIT_PARENTHESIS.fullmatch(clean)) and match.group(2) != "mod":
        clean = f"{match.group(1)} \\text{{{match.group(2)}}}"
    if "_" in clean or "base" in clean:
        based = _based(flatten(clean))
        if based is not None:
            return Reading(clean, based)
    if (
        clean[0].isdigit()
        and (clean[-1].isalpha() or clean[-1] in " .,")
        and (amount := _compound(clean)) is not None
    ):
        return Reading(clean, amount)
    try:
        value, condition = _parsed(clean, split_thousands=split_thousands, plain_exponent=plain_exponent)
        return Reading(clean, value, condition=condition)
    except UnreadableError as error:
        problem = str(error)
    if len(clean) > MAX_PROSE_CHARACTERS:
        return Reading(clean, None, problem)
    flat = flatten(clean)
    value = _ratio(flat) or _compound(flat)
    if value is not None:
        return Reading(clean, value)
    for candidate, remark in without_prose(clean, flat):
        value = _wordy(candidate)
        condition = None
        if type(value) is Text:
            continue
        if value is None:
            try:
                value, condition = _parsed(
                    candidate, split_thousands=split_thousands, plain_exponent=plain_exponent
                )
            except UnreadableError:
                continue
        return Reading(candidate, value, remark=remark, condition=condition)
    words = canonical_words(flat)
    if _mostly_words(flat):
        phrase = phrase_value(words)
        return Reading(clean, phrase if phrase is not None else Text(words))
    return Reading(clean, None, problem)


def _parsed(text: str, *, split_thousands: bool, plain_exponent: bool) -> tuple[Value, Value | None]:
    value = parse(text, split_thousands=split_thousands, plain_exponent=plain_exponent)
    found = condition_and_set(value)
    return (settle(value), None) if found is None else (found[1], found[0])


def _wordy(clean: str) -> Value | None:
    """The value of an answer in one text command or in words alone; None where mathematics must be read."""
    match = TEXT_COMMAND.fullmatch(clean) if clean[0] == "\\" and clean[-1] == "}" else None
    if match:
        inner = unwrap(match.group(1))
        if not inner:
            return None
        if clock := _clock(inner):
            return clock
        if _CHOICES.fullmatch(inner):
            return None
        if not _WORDS_ONLY.fullmatch(inner):
            return (
                Text(canonical_words(inner))
                if re.search(r"[A-Za-z]{3}", inner) and not re.search(r"[\d=^_+]", inner)
                else None
            )
        if option := _OPTION.fullmatch(inner):
            return Sym(option.group(1).upper())
        words = canonical_words(inner)
        return _words(words, inner, text=True)
    if not clean[0].isalpha() or len(clean) == 1:
        return None
    if option := _OPTION.fullmatch(clean):
        return Sym(option.group(1).upper())
    if _WORDS_ONLY.fullmatch(clean):
        if " " in clean:
            if _CHOICES.fullmatch(clean) or all(len(word) == 1 for word in clean.split()):
                return None
        elif len(clean) == 2:
            return None if clean.lower() not in SHORT_WORDS else Text(canonical_words(clean))
        return _words(canonical_words(clean), clean, text=False)
    return None


def _words(words: str, raw: str, *, text: bool) -> Value | None:
    number = number_in_words(raw.strip(" ."))
    if number is not None:
        return Num(number)
    phrase = phrase_value(words)
    if phrase is not None:
        return phrase
    if not text:
        if re.search(r"[(),:]", raw):
            return None
        if " " not in raw:
            runs = re.findall("[A-Za-z]+", raw)
            return (
                Text(words) if all(len(run) > 1 and split_run(run)[0][0] == "word" for run in runs) else None
            )
        if re.search(r"\b(?:is|are|equals|and|or|to|sin|cos|tan|log|ln|pi|sqrt|base)\b", raw):
            return None
    elif len(words) == 1:
        return None
    return Text(words) if words else None


def _clock(flat: str) -> Clock | None:
    """`3:30 p.m.`; a bare `3:30` may also be a ratio, which the comparison settles."""
    flat = flat.strip()
    match = _CLOCK.fullmatch(re.sub(r"\s*:\s*", ":", flat))
    if (
        match
        and bool(match.group(3)) == bool(match.group(4))
        and int(match.group(1)) < 25
        and int(match.group(2)) < 60
    ):
        half = match.group(3).lower() + "m" if match.group(3) else ""
        return Clock(int(match.group(1)), int(match.group(2)), half)
    match = _HOUR.fullmatch(flat)
    if match and 0 < int(match.group(1)) < 13:
        return Clock(int(match.group(1)), 0, match.group(2).lower() + "m")
    return None


def _based(flat: str) -> Based | None:
    match = _BASED.fullmatch(flat)
    if not match:
        return None
    digits, base = match.groups()
    number = int(base) if base.isdigit() else number_in_words(base)
    if not isinstance(number, int) or not 2 <= number <= 36:
        return None
    if not all(c == "." or int(c, 36) < number for c in digits) or (
        digits.isalpha() and not digits.isupper()
    ):
        return None
    return Based(digits.upper().lstrip("0") or "0", number)


def _ratio(flat: str) -> Value | None:
    match = _RATIO_WORDS.fullmatch(flat)
    if not match:
        return None
    try:
        return parse(f"{match.group(1)}:{match.group(2)}")
    except UnreadableError:
        return None


def _compound(flat: str) -> Value | None:
    """`3 hours 30 minutes` in its first unit; None where the parts measure different things."""
    if not _COMPOUND.fullmatch(flat):
        return None
    parts = _COMPOUND_PART.findall(flat)
    first = read_unit(parts[0][1])
    total = fmpq(0)
    for number, unit in parts:
        factor = conversion(read_unit(unit), first)
        amount = plain_number(number)
        if factor is None or amount is None or first.has_labels or not first.dimensions:
            return None
        total += factor * amount
    return Quantity(Num(fold(total)), parts[0][1])


def _mostly_words(flat: str) -> bool:
    """Whether an unread answer is words (with perhaps a number in them) rather than broken mathematics."""
    if re.search(r"[\\^_{}=<>$|]", flat):
        return False
    letters = sum(c.isalpha() for c in flat)
    return letters * 2 > len(flat.replace(" ", "")) and re.search(r"[A-Za-z]{2}", flat) is not None


def choice_letter(text: str) -> str | None:
    """The letter of a multiple-choice answer written with its content (`(B) 12`), or None."""
    match = _MULTIPLE_CHOICE.match(text.replace("\\left", "").replace("\\right", ""))
    return match["letter"] if match else None
