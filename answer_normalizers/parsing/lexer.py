r"""From a normalised answer to tokens.

A token is `(kind, value, spaced)`: `kind` is `num`, `sym`, `fn`, `word`, `text`, `cmd`, `rel`, or an operator
or bracket standing for itself; `spaced` tells whether white space stood before it, or a gap (`GAP`).

    >>> [(kind, str(getattr(value, "name", value))) for kind, value, _ in tokenize(r"2\pi x^2")[:3]]
    [('num', 'Num(value=2, digits=0, places=0)'), ('sym', 'pi'), ('sym', 'x')]

Letter runs are settled here as far as they can be without grammar: a known function or Greek name, a word, or
a product of single letters. A run is never both.

`TOKEN` first cuts the answer into raw pieces. Digits in groups of three count as one number where the groups
are separated alike and nothing but digits follows them; `TIGHTLY_GROUPED` is the stricter form that holds
inside brackets too, where a plain comma separates items.

    >>> [match[0] for match in TOKEN.finditer(r"1{,}000\pi+x")]
    ['1{,}000', '\\pi', '+', 'x']
"""

from __future__ import annotations

import itertools
import re

from answer_normalizers.limits import MAX_NUMBER_DIGITS, MAX_OPEN_BRACKETS, MAX_TEXT_DEPTH, MAX_TOKENS
from answer_normalizers.parsing.errors import UnreadableError
from answer_normalizers.parsing.normalize import matching_brace
from answer_normalizers.parsing.numerals import read_decimal, read_exponent
from answer_normalizers.parsing.units import is_unit_word
from answer_normalizers.parsing.vocabulary import (
    ACCENTS,
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
    names,
)
from answer_normalizers.tree.nodes import Apply, Num, Sym

_SPACED_GROUP = r"(?:,|\{,\}|\{\\,\}|\\,|,\\!\s*|\\!,\\!\s*|\\!,\s*|,\s*\\!\s*|\\;|\\:|\\[ ]|~|[ ]|_)"
_TIGHT_GROUP = r"(?:\{,\}|\{\\,\}|,\s*\\!\s*|\\!,\\!\s*|\\!,|\\,)"
_TAIL = r"(?:\.\d+)?(?![\d])"
TOKEN = re.compile(
    rf"""
    (?P<space>(?:[ \t\r\n~\f\v]|\\[,;:!> \n/])+)
  | (?P<grouped>(?<!\d,)[1-9]\d{{0,2}}(?:{_SPACED_GROUP}\d{{3}})+{_TAIL}(?!{_SPACED_GROUP}?\d))
  | (?P<number>\d+(?:\.(?!\.)\d*)?|\.\d+)
  | (?P<command>\\[a-zA-Z]+\*?)
  | (?P<escaped>\\.)
  | (?P<letters>[A-Za-z]+)
  | (?P<operator><=|>=|=<|=>|!=|==|:=|\*\*|->|\.\.\.+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
TIGHTLY_GROUPED = re.compile(rf"[1-9]\d{{0,2}}(?:{_TIGHT_GROUP}\d{{3}})+{_TAIL}(?!{_SPACED_GROUP}?\d)")
DIGITS = re.compile(r"\d+(?:\.\d+)?")
SEPARATORS = re.compile(r"[^\d.]")
TIMES_TEN = re.compile(r"\s*10\s*(?:\^|\*\*)")


# ---- what each piece is

Token = tuple[str, object, int]
GAP = 2
"""How a token is `spaced` that a `\\quad`, a line break or the end of a formula parts from the one before."""

_ESCAPED = {
    "{": "\\{",
    "}": "\\}",
    "|": "‖",
    "%": "%",
    "$": "currency",
    "\\": "\\\\",
    "&": "&",
    "_": "_",
    "#": "#",
}
_STAR = {"**": "^", "*": "*", "÷": "/", "...": "…"}
_PLAIN: tuple[dict[str, Token], dict[str, Token]] = tuple(  # type: ignore[assignment]
    {mark: (mark, mark, spaced) for mark in "+-/^_{},;'!|&:"} for spaced in (0, 1, GAP)
)
"""The tokens of operators that stand for themselves, without and with a space before them."""
_WORDY_TEXT = re.compile(r"[A-Za-z]{2}")


def tokenize(text: str, *, split_thousands: bool = False, plain_exponent: bool = True) -> list[Token]:
    """Return the tokens of `text`, an `end` token last.

    `split_thousands` reads `1,234` as two numbers, `plain_exponent=False` reads `2e3` as a product; they are
    the second readings of ambiguous answers. Raises `UnreadableError` for text that is not mathematics.
    """
    return _Lexer(text, split_thousands=split_thousands, plain_exponent=plain_exponent).run()


class _Lexer:
    def __init__(self, text: str, *, split_thousands: bool, plain_exponent: bool, depth: int = 0) -> None:
        if depth > MAX_TEXT_DEPTH:
            raise UnreadableError("text commands nested too deeply")
        self.depth = depth
        self.text = text
        self.tokens: list[Token] = []
        self.position = 0
        self.spaced = 0
        self.brackets = 0
        self.split_thousands = split_thousands
        self.plain_exponent = plain_exponent

    def run(self) -> list[Token]:
        text, tokens, match_at, size = self.text, self.tokens, TOKEN.match, len(self.text)
        while self.position < size:
            match = match_at(text, self.position)
            assert match is not None  # the last alternative matches any character
            kind = match.lastgroup
            if kind == "operator":
                operator = match.group()
                self.position = match.end()
                token = _PLAIN[self.spaced].get(operator)
                if token is not None:
                    tokens.append(token)
                else:
                    self._operator(operator)
            elif kind in {"number", "grouped"}:
                self._number(match)
            elif kind == "space":
                self.position = match.end()
                self.spaced = GAP if self.spaced == GAP or "\n" in match.group() else 1
                continue
            elif kind == "letters":
                self.position = match.end()
                self._letters(match.group())
            elif kind == "command":
                self.position = match.end()
                name = match.group()[1:]
                if name in _COMMANDS:
                    tokens.append(("cmd", _COMMANDS[name], self.spaced))
                elif not self._command(name):
                    continue
            elif not self._escaped(match):
                continue
            self.spaced = 0
        if len(tokens) > MAX_TOKENS:
            raise UnreadableError("too many tokens")
        tokens.append(("end", None, 0))
        return tokens

    def _escaped(self, match: re.Match[str]) -> bool:
        self.position = match.end()
        character = match.group()[1]
        if character in "()[]":
            self.spaced = max(self.spaced, 1)
            return False
        self.tokens.append((_ESCAPED.get(character, character), character, self.spaced))
        if character == "{":
            self.brackets += 1
        elif character == "}":
            self.brackets -= 1
        return True

    def _number(self, match: re.Match[str]) -> None:
        text = self.text
        if match.lastgroup == "grouped":
            literal = match.group()
            if (self.brackets > 0 or self.split_thousands) and not TIGHTLY_GROUPED.fullmatch(literal):
                plain = DIGITS.match(text, match.start())
                assert plain is not None
                literal = plain.group()
                self.position = plain.end()
            else:
                literal = SEPARATORS.sub("", literal)
                self.position = match.end()
        else:
            literal = match.group()
            self.position = match.end()
            if (
                "." not in literal
                and len(literal) < 10
                and text[self.position : self.position + 1] not in ("e", "E")
            ):
                self.tokens.append(("num", Num(int(literal)), self.spaced))
                return
        if len(literal) > MAX_NUMBER_DIGITS:
            raise UnreadableError("a number of too many digits")
        if "." in literal:
            node, self.position = read_decimal(text, self.position, literal)
        else:
            node = Num(int(literal))
        number: Num | Apply = node
        if self.plain_exponent:
            number, self.position = read_exponent(text, self.position, node, literal)
        self.tokens.append(("num", number, self.spaced))

    def _letters(self, run: str) -> None:
        add = self.tokens.append
        if run in ("np", "math", "numpy", "sympy") and self.text[self.position : self.position + 1] == ".":
            self.position += 1
            return
        if len(run) == 1:
            if (
                run in "xX"
                and self.tokens
                and self.tokens[-1][0] == "num"
                and TIMES_TEN.match(self.text, self.position)
            ):
                add(("*", "*", self.spaced))
            else:
                add(("sym", Sym(run), self.spaced))
            return
        if run in ("min", "sec") and self._stands_as_unit():
            add(("word", run, self.spaced))
            return
        if run in _ORDINALS and self.tokens and self.tokens[-1][0] == "num" and not self.spaced:
            add(("word", run, 0))
            return
        if len(run) == 2 and run in SHORT_WORDS and run not in _NEVER_PRODUCTS and self._tightly_enclosed():
            add(("sym", Sym(run[0]), self.spaced))
            add(("sym", Sym(run[1]), 0))
            return
        for kind, value in split_run(run):
            add((kind, value, self.spaced))
            self.spaced = 0

    def _stands_as_unit(self) -> bool:
        """Whether the function name just read stands behind a number and takes no argument."""
        after = self.text[self.position :].lstrip()[:1]
        return bool(self.tokens) and self.tokens[-1][0] == "num" and after not in tuple("({\\^_")

    def _tightly_enclosed(self) -> bool:
        """Whether the run just read touches an operator or bracket, as letters of a formula do."""
        before, after = self.text[: self.position - 2][-1:], self.text[self.position : self.position + 1]
        return before in tuple("(+-*/^={[") or after in tuple(")+-*/^=}]")

    def _operator(self, operator: str) -> None:
        if operator in RELATIONS:
            self.tokens.append(("rel", RELATIONS[operator], self.spaced))
            return
        if operator in "([":
            self.brackets += 1
            if self.brackets > MAX_OPEN_BRACKETS:
                raise UnreadableError("nested too deeply")
        elif operator in ")]" and self.brackets:
            self.brackets -= 1
        if operator.startswith("..."):
            operator = "…"
        operator = _STAR.get(operator, operator)
        self.tokens.append((operator, operator, self.spaced))

    def _command(self, name: str) -> bool:
        """Append the tokens of `\\name`; return False where it means nothing but perhaps a space."""
        add = self.tokens.append
        if name in _COMMANDS:
            add(("cmd", _COMMANDS[name], self.spaced))
            return True
        if name in IGNORED:
            if name in ("left", "right", "middle") and self.text[self.position : self.position + 1] == ".":
                self.position += 1
            return False
        if name in SPACES:
            self.spaced = GAP if name in GAPS else max(self.spaced, 1)
            return False
        if name in _WITH_ARGUMENT_IGNORED:
            self.spaced = max(self.spaced, 1)
            self._argument()
            return False
        if name in FUNCTIONS or name in FUNCTION_ALIASES:
            add(("fn", FUNCTION_ALIASES.get(name, name), self.spaced))
        elif name in NAMED:
            add(("sym", Sym(NAMED[name]), self.spaced))
        elif name in LETTER_COMMANDS:
            add(
                ("'", "'", 0)
                if name == "prime"
                else ("sym", Sym(LETTER_ALIASES.get(name, name)), self.spaced)
            )
        elif name in OPERATORS:
            token = OPERATORS[name]
            if token in ("\\{", "[", "<("):
                self.brackets += 1
            add((token, token, self.spaced))
        elif name in RELATIONS:
            add(("rel", RELATIONS[name], self.spaced))
        elif name in TEXT_COMMANDS:
            return self._text_command(name)
        elif (
            name == "mathbb" and self._peek_argument() in ("R", "N", "Z", "Q", "C", "R^+", "R^-", "R^n")
        ) or (name in ("mathbf", "mathrm") and self._peek_argument() in ("R", "N", "Z", "Q")):
            letter = (self._argument() or "").strip()
            add(("sym", Sym(f"set {letter[:1]}"), self.spaced))
            if letter[1:2] == "^":
                raise UnreadableError("a power of a number set")
        elif name in ACCENTS:
            self._accent(ACCENTS[name])
        elif name in ("begin", "end"):
            add(("begin" if name == "begin" else "close", (self._argument() or "").rstrip("*"), self.spaced))
        elif name in _KEPT:
            add(("cmd", name, self.spaced))
        elif name in ("euro", "pound", "pounds", "yen", "rupee"):
            add(("currency", name, self.spaced))
        elif (rest := _known_prefix(name)) is not None:
            self.position -= len(name) - len(rest)
            return self._command(rest)
        else:
            raise UnreadableError(f"unknown command \\{name}")
        return True

    def _peek_argument(self) -> str | None:
        position = self.position
        argument = self._argument()
        self.position = position
        return argument

    def _argument(self) -> str | None:
        """Return the `{…}` that follows, or the one character, and move past it."""
        text, position = self.text, self.position
        while position < len(text) and text[position] in " ~":
            position += 1
        if text[position : position + 1] != "{":
            self.position = position + 1
            return text[position : position + 1] or None
        end = matching_brace(text, position)
        if end < 0:
            end = len(text)
        self.position = end + 1
        return text[position + 1 : end]

    def _text_command(self, name: str) -> bool:
        if (
            self.text[self.position : self.position + 1].isspace()
            and "{" not in self.text[self.position : self.position + 3]
        ):
            raise UnreadableError("text command without an argument")
        content = (self._argument() or "").strip()
        plain = content.strip(" ~\\,;.")
        if (
            plain in _UNIT_LETTERS
            and self.tokens
            and self.tokens[-1][0] in ("num", ")", "}", "sym")
            and len(plain) == 1
        ):
            self.tokens.append(("text", plain, self.spaced))
            return True
        if plain in ("min", "sec") and self.tokens and self.tokens[-1][0] in ("num", ")", "}", "sym", "/"):
            self.tokens.append(("text", plain, self.spaced))
            return True
        called = self.text[self.position : self.position + 1] in ("(", "\\")
        if (name in ("mathrm", "operatorname", "operatorname*") or called) and plain in FUNCTIONS | frozenset(
            FUNCTION_ALIASES
        ):
            self.tokens.append(("fn", FUNCTION_ALIASES.get(plain, plain), self.spaced))
            return True
        if not plain:
            if "," in content or ";" in content:
                self.tokens.append((",", ",", self.spaced))
                return True
            self.spaced = max(self.spaced, 1)
            return False
        if plain in ("and", "or"):
            self.tokens.append((plain, plain, True))
            return True
        if _WORDY_TEXT.search(re.sub(r"\\[a-zA-Z]+|\b(?:and|or)\b", "", content)):
            if "\\" in content or "$" in content:
                content = re.sub(r"\\(?:text|mbox|textbf|mathrm|textit)\b|[{}$]", "", content)
            words = content.split()
            for keyword in ("and", "or"):
                if words[:1] == [keyword] or words[-1:] == [keyword]:
                    rest = " ".join(words[1:] if words[0] == keyword else words[:-1])
                    if rest.strip(" ,") == "":
                        self.tokens.append((keyword, keyword, True))
                        return True
            self.tokens.append(("text", content, self.spaced))
            return True
        inner = self.within(content.replace("$", ""))
        inner.brackets = self.brackets
        inner.tokens = self.tokens
        inner.spaced = self.spaced
        inner.run()
        self.tokens.pop()
        return True

    def within(self, content: str) -> _Lexer:
        """A lexer for the argument of a command."""
        return _Lexer(
            content,
            split_thousands=self.split_thousands,
            plain_exponent=self.plain_exponent,
            depth=self.depth + 1,
        )

    def _accent(self, prefix: str) -> None:
        content = (self._argument() or "").strip()
        if not content:
            return
        if len(content) == 1 and content.isalpha():
            if prefix in ("vec", "hat") and content in "ijk":
                self.tokens.append(("sym", Sym(f"vec {content}"), self.spaced))
            elif prefix in ("", "vec"):
                self.tokens.append(("sym", Sym(content), self.spaced))
            else:
                self.tokens.append(("sym", Sym(f"{prefix} {content}"), self.spaced))
            return
        if prefix in ("vec", "") and _WORDY_TEXT.search(content) and "\\" not in content and len(content) > 2:
            self.tokens.append(("text", content, self.spaced))
            return
        if (
            prefix in ("bar", "hat", "tilde")
            and not content.replace(" ", "").isalpha()
            and "\\" not in content
        ):
            raise UnreadableError("an accent over an expression")
        tokens = self.within(content).run()[:-1]
        letter = tokens[0][1] if len(tokens) == 1 else None
        if prefix and prefix != "vec" and isinstance(letter, Sym):
            self.tokens.append(("sym", Sym(f"{prefix} {letter.name}"), self.spaced))
        else:
            self.tokens.extend([("{", "{", self.spaced), *tokens, ("}", "}", 0)])


_COMMANDS = {
    "frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "binom": "binom", "dbinom": "binom",
    "tbinom": "binom", "sqrt": "sqrt",
}  # fmt: skip
_WITH_ARGUMENT_IGNORED = frozenset(
    {"hspace", "vspace", "phantom", "hphantom", "vphantom", "color", "textcolor", "label", "tag"}
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_NEVER_PRODUCTS = names("or to of if is in")
_UNIT_LETTERS = names("m s g h l L N J W V K C F")
_KEPT = names("""sqrt sum prod int iint oint lim substack stackrel overset pmatrix left right cline
multicolumn root overbrace underset tag sp sb""")


def _known_prefix(name: str) -> str | None:
    r"""`\cdotx` or `\pir` written without the space: the longest known command at the start, or None."""
    for size in range(len(name) - 1, 1, -1):
        head = name[:size]
        if head in ("sqrt", "frac", "dfrac") or any(
            head in known for known in (OPERATORS, NAMED, GREEK, FUNCTIONS)
        ):
            return head
    return None


def split_run(run: str) -> list[tuple[str, object]]:
    """Settle a run of two or more letters: function, named constant, word, unit, or single letters.

    >>> split_run("sin"), split_run("blue")
    ([('fn', 'sin')], [('word', 'blue')])
    >>> [value.name for _, value in split_run("xyz")]
    ['x', 'y', 'z']
    """
    if run in PLAIN_FUNCTIONS:
        return [("fn", FUNCTION_ALIASES.get(run, run))]
    lower = run.lower()
    if run in ("pi", "Pi", "PI"):
        return [("sym", Sym("pi"))]
    if lower in ("inf", "infty", "infinity", "oo"):
        return [("sym", Sym("inf"))]
    if lower in ("and", "or"):
        return [(lower, lower)]
    if run in GREEK:
        return [("sym", Sym(LETTER_ALIASES.get(run, run)))]
    if run == "mod":
        return [("mod", "mod")]
    if run == "in":
        return [("rel", "in")]
    if is_unit_word(run):
        return [("word", run)]
    if _is_product(run, lower):
        return [("sym", Sym(letter)) for letter in run]
    for name in (
        "arcsin",
        "arccos",
        "arctan",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "log",
        "ln",
        "exp",
    ):
        rest = run[len(name) :]
        if run.startswith(name) and (len(rest) == 1 or rest in GREEK or rest == "pi"):
            return [("fn", name), *(split_run(rest) if len(rest) > 1 else [("sym", Sym(rest))])]
    if len(run) <= 4 and run.endswith("pi"):
        return [*(("sym", Sym(letter)) for letter in run[:-2]), ("sym", Sym("pi"))]
    return [("word", run)]


def _is_product(run: str, lower: str) -> bool:
    size = len(run)
    if lower in SHORT_WORDS:
        return False
    if size == 2:
        return True
    if size == 3:
        return (
            not run.isupper()
            and not (run[0].isupper() and run[1:].islower())
            and not _looks_like_a_word(lower)
        )
    if not run.islower() or size > 6:
        return False
    return not any(vowel in run for vowel in "aeiou") or all(
        ord(b) - ord(a) == 1 for a, b in itertools.pairwise(run)
    )


def _looks_like_a_word(lower: str) -> bool:
    """A consonant, a vowel, a consonant: `red`, `lub`; letters of a formula seldom stand so."""
    return lower[0] not in "aeiou" and lower[1] in "aeiou" and lower[2] not in "aeiou"
