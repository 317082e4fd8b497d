r"""The patterns that cut a normalised answer into raw pieces, before ``lexer.py`` says what each piece is.

    >>> [match[0] for match in TOKEN.finditer(r"1{,}000\pi+x")]
    ['1{,}000', '\\pi', '+', 'x']

Digits in groups of three count as one number where the groups are separated alike and nothing but digits
follows them; ``TIGHTLY_GROUPED`` is the stricter form that holds inside brackets too, where a plain comma
separates items.
"""

from __future__ import annotations

import re

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
