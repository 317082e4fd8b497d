r"""From a normalised answer to tokens.

A token is `(kind, value, spaced)`: `kind` is `num`, `sym`, `fn`, `word`, `text`, `cmd`, `rel`, or an operator
or bracket standing for itself; `spaced` tells whether white space stood before it, or a gap (`GAP`).

    >>> [(kind, str(getattr(value, "name", value))) for kind, value, _ in tokenize(r"2\pi x^2")[:3]]
    [('num', 'Num(value=2, digits=0, places=0)'), ('sym', 'pi'), ('sym', 'x')]

Letter runs are settled here as far as they can be without grammar: a known function or Greek name, a word, or
a product of single letters. A run is never both.

`PIECE` first cuts the answer into raw pieces. Digits in groups of three count as one number where the groups
are separated alike and nothing but digits follows them; `TIGHTLY_GROUPED` is the stricter form that holds
inside brackets too, where a plain comma separates items.

    >>> [match[0] for match in PIECE.finditer(r"1{,}000\pi+x")]
    ['1{,}000', '\\pi', '+', 'x']
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable
from typing import Any, ClassVar

from answer_normalizers.limits import MAX_NUMBER_DIGITS, MAX_OPEN_BRACKETS, MAX_TEXT_DEPTH, MAX_TOKENS
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.normalize import matching_brace
from answer_normalizers.parsing.numerals import read_decimal, read_exponent
from answer_normalizers.parsing.units import UNIT_WORDS
from answer_normalizers.parsing.vocabulary import (
    ACCENTS,
    COMMAND_ALIASES,
    COMMANDS,
    CURRENCY,
    FUNCTION_ALIASES,
    FUNCTIONS,
    GAPS,
    GREEK,
    IGNORED,
    LETTER_ALIASES,
    LETTER_COMMANDS,
    NAMED,
    OPERATORS,
    PLAIN_FUNCTIONS,
    RELATIONS,
    SHORT_WORDS,
    SPACES,
    TEXT_COMMANDS,
    TOUCHING_FUNCTIONS,
    names,
)
from answer_normalizers.tree.nodes import Num, Sym

Token = tuple[str, Any, int]
GAP = 2
"""How a token is `spaced` that a `\\quad`, a line break or the end of a formula parts from the one before."""


def tokenize(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> list[Token]:
    """Return the tokens of `text`, an `end` token last.

    `split_thousands` reads `1,234` as two numbers, `plain_exponent=False` reads `2e3` as a product; they are
    the second readings of ambiguous answers. Raises `UnreadableError` for text that is not mathematics.
    """
    return _Lexer(text, split_thousands=split_thousands, plain_exponent=plain_exponent).run()


# ---- raw pieces

_SPACED_GROUP = r"(?:,|\{,\}|\{\\,\}|\\,|,\\!\s*|\\!,\\!\s*|\\!,\s*|,\s*\\!\s*|\\;|\\:|\\[ ]|~|[ ]|_)"
_TIGHT_GROUP = r"(?:\{,\}|\{\\,\}|,\s*\\!\s*|\\!,\\!\s*|\\!,|\\,)"
_TAIL = r"(?:\.\d+)?(?![\d])"
PIECE = re.compile(
    rf"""
    (?P<space>(?:[ \t\r\n~\f\v]|\\[,;:!> \n/])+)
  | (?P<grouped>(?<!\d,)[1-9]\d{{0,2}}+(?=[,{{\\~ _])(?:{_SPACED_GROUP}\d{{3}})+{_TAIL}(?!{_SPACED_GROUP}?\d))
  | (?P<number>\d+(?:\.(?!\.)\d*)?|\.\d+)
  | (?P<command>\\[a-zA-Z]+\*?)
  | (?P<escaped>\\.)
  | (?P<letters>[A-Za-z]+)
  | (?P<operator><=|>=|=<|=>|!=|==|:=|\*\*|->|\.\.\.+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
TIGHTLY_GROUPED = re.compile(rf"[1-9]\d{{0,2}}(?:{_TIGHT_GROUP}\d{{3}})+{_TAIL}(?!{_SPACED_GROUP}?\d)")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_GROUP_SEPARATOR = re.compile(r"[^\d.]")
_TIMES_TEN = re.compile(r"\s*10\s*(?:\^|\*\*)")

_LETTERS = {letter: Sym(letter) for letter in string.ascii_letters}
_MORE_LETTERS, _MORE_DIGITS = frozenset(string.ascii_letters), frozenset(string.digits + ".,\\~ {_eE")
_SINGLE: dict[str, tuple[str, Any, frozenset[str]]] = {
    **{mark: (mark, mark, frozenset()) for mark in "+/^_{},;'|&"},
    **{mark: (mark, mark, frozenset(more)) for mark, more in (("-", ">"), ("!", "="), (":", "="))},
    **{mark: ("rel", mark, frozenset("=<>")) for mark in "=<>"},
    **{letter: ("sym", symbol, _MORE_LETTERS) for letter, symbol in _LETTERS.items()},
    **{x: ("sym", _LETTERS[x], _MORE_LETTERS | {"1", *string.whitespace}) for x in "xX"},  # `2 x 10^5`
    **{digit: ("num", Num(int(digit)), _MORE_DIGITS) for digit in string.digits},
}
_ALONE: tuple[dict[str, tuple[Token, frozenset[str]]], ...] = tuple(
    {mark: ((kind, value, spaced), more) for mark, (kind, value, more) in _SINGLE.items()}
    for spaced in (0, 1, GAP)
)
"""The tokens of single characters, by what stands before them; with each the characters that, behind it, may
belong to its piece. Most tokens are found here, without a regular expression."""
_OPERATOR_KINDS = {"**": "^", "÷": "/"}
_ESCAPED_KINDS = {"{": "\\{", "}": "\\}", "|": "‖", "$": "currency", "\\": "\\\\"}
_MODULES = frozenset({"np", "math", "numpy", "sympy"})
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_NEVER_PRODUCTS = names("or to of if is in")
_BEFORE_LETTERS, _BEHIND_LETTERS = frozenset("(+-*/^={["), frozenset(")+-*/^=}]")

# ---- commands

_FUNCTION_NAMES = FUNCTIONS | frozenset(FUNCTION_ALIASES)
_COMMAND_TOKENS: dict[str, tuple[str, Any]] = {
    **{name: ("cmd", name) for name in COMMANDS},
    **{name: ("currency", name) for name in CURRENCY},
    **{name: ("rel", relation) for name, relation in RELATIONS.items()},
    **{name: (kind, kind) for name, kind in OPERATORS.items()},
    **{name: ("sym", Sym(LETTER_ALIASES.get(name, name))) for name in LETTER_COMMANDS},
    **{name: ("sym", Sym(constant)) for name, constant in NAMED.items()},
    **{name: ("fn", FUNCTION_ALIASES.get(name, name)) for name in _FUNCTION_NAMES},
    **{name: ("cmd", command) for name, command in COMMAND_ALIASES.items()},
}
"""Commands that are one token; of two meanings the later counts."""
_COMMAND_PREFIXES = frozenset({*OPERATORS, *NAMED, *GREEK, *FUNCTIONS, "frac", "dfrac"})
"""Commands that letters may stand against."""
_OPENING = frozenset({"\\{", "[", "<("})
_IGNORED_WITH_ARGUMENT = names("hspace vspace phantom hphantom vphantom color textcolor label tag")
_UPRIGHT = names("mathrm operatorname operatorname* operatornamewithlimits")
_NUMBER_SETS = {"mathbb": names("R N Z Q C R^+ R^- R^n"), "mathbf": names("R N Z Q")}
_SCALARS = frozenset({"num", ")", "}", "sym"})
"""Kinds of token behind which a letter may be a unit."""
_UNIT_LETTERS = names("m s g h l L N J W V K C F")
_WORDY = re.compile(r"[A-Za-z]{2}")
_COMMAND_OR_JOINT = re.compile(r"\\[a-zA-Z]+|\b(?:and|or)\b")
_INNER_MARKUP = re.compile(r"\\(?:text|mbox|textbf|mathrm|textit)\b|[{}$]")


class _Lexer:
    """One text, the place in it, and the tokens so far.

    A rule takes a piece and appends its tokens. It returns whether it did: a piece without a token (a space,
    `\\displaystyle`) leaves standing what is known of the space before the next one.
    """

    def __init__(self, text: str, *, split_thousands: bool, plain_exponent: bool, depth: int = 0) -> None:
        if depth > MAX_TEXT_DEPTH:
            raise UnreadableError("text commands nested too deeply")
        self.text = text
        self.position = 0
        self.tokens: list[Token] = []
        self.spaced = 0
        self.brackets = 0
        self.depth = depth
        self.split_thousands = split_thousands
        self.plain_exponent = plain_exponent

    def run(self) -> list[Token]:
        """All tokens of the text."""
        text = self.text + "\0"  # so that one more character can always be looked at
        tokens, rules = self.tokens, self._RULES
        position, spaced = self.position, self.spaced
        while position < len(self.text):
            character = text[position]
            alone = _ALONE[spaced].get(character)
            if alone is not None and text[position + 1] not in alone[1]:
                tokens.append(alone[0])
                position += 1
                spaced = 0
            elif character == " ":
                position += 1
                spaced = spaced or 1
            else:
                piece = PIECE.match(self.text, position)
                assert piece is not None  # the last alternative matches any character
                self.position, self.spaced = piece.end(), spaced
                spaced = 0 if rules[piece.lastgroup or ""](self, piece) else self.spaced
                position = self.position
        if len(tokens) > MAX_TOKENS:
            raise UnreadableError("too many tokens")
        tokens.append(("end", None, 0))
        return tokens

    def add(self, kind: str, value: Any = None) -> bool:
        """Append a token, which stands for itself where no value is given."""
        self.tokens.append((kind, kind if value is None else value, self.spaced))
        return True

    # -- spaces, numbers, letters, operators -------------------------------------------------------------

    def space(self, piece: re.Match[str]) -> bool:
        """White space; a line break is a gap."""
        self.spaced = GAP if self.spaced == GAP or "\n" in piece.group() else 1
        return False

    def grouped(self, piece: re.Match[str]) -> bool:
        """`1,234,567`, as one number where its commas do not separate items."""
        literal = piece.group()
        if (self.brackets > 0 or self.split_thousands) and not TIGHTLY_GROUPED.fullmatch(literal):
            first = _DIGITS.match(self.text, piece.start())
            assert first is not None
            self.position = first.end()
            return self.literal(first.group())
        return self.literal(_GROUP_SEPARATOR.sub("", literal))

    def number(self, piece: re.Match[str]) -> bool:
        """`12`, `.5`, `1.5e3`."""
        literal = piece.group()
        if len(literal) < 10 and "." not in literal and self.following() not in ("e", "E"):
            self.tokens.append(("num", Num(int(literal)), self.spaced))
            return True
        return self.literal(literal)

    def literal(self, digits: str) -> bool:
        """A number with what repeats behind it, and its exponent."""
        if len(digits) > MAX_NUMBER_DIGITS:
            raise UnreadableError("a number of too many digits")
        if "." in digits:
            number, self.position = read_decimal(self.text, self.position, digits)
        else:
            number = Num(int(digits))
        if not self.plain_exponent:
            return self.add("num", number)
        value, self.position = read_exponent(self.text, self.position, number, digits)
        return self.add("num", value)

    def letters(self, piece: re.Match[str]) -> bool:
        """A run of letters."""
        run = piece.group()
        if len(run) == 1:
            if run in "xX" and self.is_behind_number() and _TIMES_TEN.match(self.text, self.position):
                return self.add("*")
            return self.add("sym", _LETTERS[run])
        if run in _MODULES and self.following() == ".":
            self.position += 1
            return False
        if run in ("min", "sec") and self.is_behind_number() and self.is_unapplied():
            return self.add("word", run)
        if run in _ORDINALS and self.is_behind_number() and not self.spaced:
            return self.add("word", run)
        if len(run) == 2 and run in SHORT_WORDS and run not in _NEVER_PRODUCTS and self.is_tightly_enclosed():
            tokens = _single_letters(run)
        else:
            tokens = split_run(run)
        for kind, value in tokens:
            self.add(kind, value)
            self.spaced = 0
        return True

    def following(self) -> str:
        """The character behind the piece; empty at the end."""
        return self.text[self.position : self.position + 1]

    def is_behind_number(self) -> bool:
        """Whether a number was read last."""
        return bool(self.tokens) and self.tokens[-1][0] == "num"

    def is_unapplied(self) -> bool:
        """Whether the function name just read takes no argument."""
        return self.text[self.position :].lstrip()[:1] not in ("(", "{", "\\", "^", "_")

    def is_tightly_enclosed(self) -> bool:
        """Whether the two letters just read touch an operator or bracket, as letters of a formula do."""
        before = self.text[: self.position - 2][-1:]
        return before in _BEFORE_LETTERS or self.following() in _BEHIND_LETTERS

    def operator(self, piece: re.Match[str]) -> bool:
        """Operators, relations and brackets, and whatever else is no letter or digit."""
        operator = piece.group()
        if operator in RELATIONS:
            return self.add("rel", RELATIONS[operator])
        if operator in "([":
            self.open_bracket()
        elif operator in ")]" and self.brackets:
            self.brackets -= 1
        elif operator.startswith("..."):
            operator = "…"
        return self.add(_OPERATOR_KINDS.get(operator, operator))

    def open_bracket(self) -> None:
        """Count a bracket inside which a comma separates items."""
        self.brackets += 1
        if self.brackets > MAX_OPEN_BRACKETS:
            raise UnreadableError("nested too deeply")

    def escaped(self, piece: re.Match[str]) -> bool:
        r"""`\{`, `\|`, `\%`; `\(` and `\[` only part formulas."""
        character = piece.group()[1]
        if character in "()[]":
            self.spaced = max(self.spaced, 1)
            return False
        self.brackets += (character == "{") - (character == "}")
        return self.add(_ESCAPED_KINDS.get(character, character), character)

    # -- commands ----------------------------------------------------------------------------------------

    def command(self, piece: re.Match[str]) -> bool:
        r"""`\name`, whatever it stands for."""
        return self.named(piece.group()[1:])

    def named(self, name: str) -> bool:
        """A command by its name: a token, or what its rule makes of it."""
        token = _COMMAND_TOKENS.get(name)
        if token is not None:
            kind, value = token
            if kind in _OPENING:
                self.brackets += 1
            self.tokens.append((kind, value, self.spaced))
            return True
        if name in IGNORED:
            if name in ("left", "right", "middle") and self.following() == ".":
                self.position += 1
            return False
        if name in SPACES:
            self.spaced = GAP if name in GAPS else max(self.spaced, 1)
            return False
        if name in _IGNORED_WITH_ARGUMENT:
            self.spaced = max(self.spaced, 1)
            self.argument()
            return False
        if name in TEXT_COMMANDS:
            return self.text_command(name)
        if name in ACCENTS:
            return self.accent(name)
        if name in ("begin", "end"):
            return self.add("begin" if name == "begin" else "close", self.argument().rstrip("*"))
        for size in range(len(name) - 1, 1, -1):  # `\cdotx` or `\pir`, written without the space
            if name[:size] in _COMMAND_PREFIXES:
                self.position -= len(name) - size
                return self.named(name[:size])
        raise UnreadableError(f"unknown command \\{name}")

    def argument(self) -> str:
        """The `{…}` that follows, or the one character; empty at the end. Moves past it."""
        text, position = self.text, self.position
        while position < len(text) and text[position] in " ~":
            position += 1
        if text[position : position + 1] != "{":
            self.position = position + 1
            return text[position : position + 1]
        end = matching_brace(text, position)
        if end < 0:
            end = len(text)
        self.position = end + 1
        return text[position + 1 : end]

    def text_command(self, name: str) -> bool:
        r"""`\text{…}`: a unit, a function, a joint, words, or mathematics set upright."""
        if self.following().isspace() and "{" not in self.text[self.position : self.position + 3]:
            raise UnreadableError("text command without an argument")
        content = self.argument().strip()
        plain = content.strip(" ~\\,;.")
        before = self.tokens[-1][0] if self.tokens else ""
        if plain in _UNIT_LETTERS and before in _SCALARS:
            return self.add("text", plain)
        if plain in ("min", "sec") and (before in _SCALARS or before == "/"):
            return self.add("text", plain)
        if plain in _FUNCTION_NAMES and (name in _UPRIGHT or self.following() in ("(", "\\")):
            return self.add("fn", FUNCTION_ALIASES.get(plain, plain))
        if not plain:
            if "," in content or ";" in content:
                return self.add(",")
            self.spaced = max(self.spaced, 1)
            return False
        if plain in ("and", "or"):
            return self.add(plain)
        if _WORDY.search(_COMMAND_OR_JOINT.sub("", content)):
            return self.words(content)
        inner = self.within(content.replace("$", ""))
        inner.brackets = self.brackets
        inner.tokens = self.tokens
        inner.spaced = self.spaced
        inner.run()
        self.tokens.pop()
        return True

    def words(self, content: str) -> bool:
        """A text of words, without the markup inside it."""
        if "\\" in content or "$" in content:
            content = _INNER_MARKUP.sub("", content)
        return self.add("text", content)

    def within(self, content: str) -> _Lexer:
        """A lexer for the argument of a command."""
        return _Lexer(
            content,
            split_thousands=self.split_thousands,
            plain_exponent=self.plain_exponent,
            depth=self.depth + 1,
        )

    def accent(self, name: str) -> bool:
        r"""`\bar{x}`, a symbol of its own; `\mathbb{R}`, a set; `\mathcal{…}`, what is in it."""
        argument = self.argument()
        if argument in _NUMBER_SETS.get(name, ()):
            if "^" in argument:
                raise UnreadableError("a power of a number set")
            return self.add("sym", Sym(f"set {argument}"))
        prefix, content = ACCENTS[name], argument.strip()
        if not content:
            return True
        if len(content) == 1 and content.isalpha():
            if prefix in ("vec", "hat") and content in "ijk":
                return self.add("sym", Sym(f"vec {content}"))
            return self.add("sym", Sym(content if prefix in ("", "vec") else f"{prefix} {content}"))
        is_latex = "\\" in content
        if prefix in ("vec", "") and _WORDY.search(content) and not is_latex and len(content) > 2:
            return self.add("text", content)
        if prefix in ("bar", "hat", "tilde") and not is_latex and not content.replace(" ", "").isalpha():
            raise UnreadableError("an accent over an expression")
        tokens = self.within(content).run()[:-1]
        letter = tokens[0][1] if len(tokens) == 1 else None
        if prefix and prefix != "vec" and isinstance(letter, Sym):
            return self.add("sym", Sym(f"{prefix} {letter.name}"))
        self.add("{")
        self.tokens += [*tokens, ("}", "}", 0)]
        return True

    _RULES: ClassVar[dict[str, Callable[[_Lexer, re.Match[str]], bool]]] = {
        "space": space,
        "grouped": grouped,
        "number": number,
        "command": command,
        "escaped": escaped,
        "letters": letters,
        "operator": operator,
    }
    """What becomes of each kind of raw piece."""


# ---- a run of two or more letters

_RUNS: dict[str, tuple[str, Any]] = {
    **{unit: ("word", unit) for unit in UNIT_WORDS},
    **{letter: ("sym", Sym(LETTER_ALIASES.get(letter, letter))) for letter in GREEK},
    **dict.fromkeys(("pi", "Pi", "PI"), ("sym", Sym("pi"))),
    **{name: ("fn", FUNCTION_ALIASES.get(name, name)) for name in PLAIN_FUNCTIONS},
    "mod": ("mod", "mod"),
    "in": ("rel", "in"),
}
"""Runs that mean one thing."""
_RUNS_OF_ANY_CASE: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(("inf", "infty", "infinity", "oo"), ("sym", Sym("inf"))),
    "and": ("and", "and"),
    "or": ("or", "or"),
}


def split_run(run: str) -> list[tuple[str, Any]]:
    """Settle a run of two or more letters: function, named constant, word, unit, or single letters.

    >>> split_run("sin"), split_run("blue")
    ([('fn', 'sin')], [('word', 'blue')])
    >>> [value.name for _, value in split_run("xyz")]
    ['x', 'y', 'z']
    """
    known = _RUNS.get(run) or _RUNS_OF_ANY_CASE.get(run.lower())
    if known is not None:
        return [known]
    if _is_product(run):
        return _single_letters(run)
    for name in TOUCHING_FUNCTIONS:
        rest = run[len(name) :]
        if run.startswith(name) and (len(rest) == 1 or rest in GREEK or rest == "pi"):
            return [("fn", name), *(split_run(rest) if len(rest) > 1 else _single_letters(rest))]
    if len(run) <= 4 and run.endswith("pi"):
        return [*_single_letters(run[:-2]), _RUNS["pi"]]
    return [("word", run)]


def _single_letters(run: str) -> list[tuple[str, Any]]:
    return [("sym", _LETTERS[letter]) for letter in run]


def _is_product(run: str) -> bool:
    """Whether a run is letters that multiply: short, and not shaped like a word."""
    size = len(run)
    if run.lower() in SHORT_WORDS:
        return False
    if size == 2:
        return True
    if size == 3:
        is_name = run.isupper() or (run[0].isupper() and run[1:].islower())
        return not is_name and not _looks_like_a_word(run.lower())
    if not run.islower() or size > 6:
        return False
    in_order = all(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(run))
    return in_order or not any(vowel in run for vowel in "aeiou")


def _looks_like_a_word(run: str) -> bool:
    """A consonant, a vowel, a consonant: `red`, `lub`; letters of a formula seldom stand so."""
    return run[0] not in "aeiou" and run[1] in "aeiou" and run[2] not in "aeiou"
