"""No cell of a table of ours is a formula, and a number stays a number."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.presentation.spreadsheet import disarmed, frame_csv

FORMULAS = [
    '=HYPERLINK("http://x")',
    "+1+cmd|' /C calc'!A0",
    "-x",
    "@SUM(A1)",
    " =1+1",
    "\u00a0=1+1",
    "\n=1+1",
    "\t=1+1",
    "\r=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1",
    "－x",
    "＠x",
    "﹦1+1",
    "-2+3",
    "- 5",
    "--5",
    "-5e",
    "-1-1",
]
NUMBERS = ["-5", "-.5", "+.5", "-5.", "+1,234.5", "-1e-3", "-1E+3", "-50%", "-50 %", "12", "1,000"]
TEXTS = ["", " ", "x=1", "a-b", "3-2", "(-x)", "$=", "\\frac{-1}{2}", "'=1", "−5", "\n", "mail@x"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_may_take_for_a_formula_gets_an_apostrophe_in_front(text: str) -> None:
    assert disarmed(text) == f"'{text}"


@pytest.mark.parametrize("text", [*NUMBERS, *TEXTS])
def test_plain_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert disarmed(text) == text


@pytest.mark.parametrize("value", [-5, -0.5, 0, None, True, math.inf])
def test_what_is_no_text_stays_what_it_is(value: object) -> None:
    assert disarmed(value) is value


OVERLOOKED = (
    "".join(map(chr, range(0x21))) + "\x7f\x85\xa0\xad\u2003\u200b\u200e\u2028\u202e\u2060\u3000\ufeff"
)
SIGNS = "=+-@＝＋－＠"


@given(st.text(OVERLOOKED, max_size=4), st.text(SIGNS + "0123456789.,eE%x ", max_size=8))
def test_no_cell_begins_with_a_sign_unless_it_is_a_number(before: str, text: str) -> None:
    cell = disarmed(before + text)
    assert cell in (before + text, f"'{before}{text}")
    seen = cell.lstrip(OVERLOOKED)
    if seen.startswith(tuple(SIGNS)) or cell.startswith(("\t", "\r")):
        float(cell.rstrip("% ").replace(",", ""))  # else it could be run


@given(st.text())
def test_a_cell_is_disarmed_once(text: str) -> None:
    assert disarmed(disarmed(text)) == disarmed(text)


def test_a_very_long_number_takes_no_long_time() -> None:
    text = "-" + "1" * 200_000 + "x"
    assert disarmed(text) == f"'{text}"


def test_a_table_keeps_its_numbers_and_disarms_its_texts() -> None:
    pd = pytest.importorskip("pandas")
    many = len(FORMULAS)
    frame = pd.DataFrame({"name": FORMULAS, "value": [-0.5] * many, "count": [None, *[-3] * (many - 1)]})
    written = frame_csv(frame.astype({"count": "Int64"}))
    assert written.startswith(b'"name","value","count"\n')
    rows = list(csv.reader(io.StringIO(written.decode(), newline="")))[1:]
    assert [row[0] for row in rows] == [f"'{text}" for text in FORMULAS]
    assert {row[1] for row in rows} == {"-0.5"}
    assert {row[2] for row in rows} == {"", "-3"}


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"name": pd.Series(["a\ud800b"], dtype="object")})
    assert frame_csv(frame) == '"name"\n"a\N{REPLACEMENT CHARACTER}b"\n'.encode()
