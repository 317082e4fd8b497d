"""Properties of `check` on generated answers: total, symmetric, sound on formulas whose value is known."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from answer_normalizers import Verdict, check
from answer_normalizers.parsing.numerals import plain_decimal, plain_number

NOTATION = r"""\frac { } ( ) [ ] \sqrt ^ _ | \{ \} \left \right \text{ \begin{pmatrix} \end{pmatrix} & \\
\sum_{k=1}^{n} \int_0^1 dx \pm \cup , ; and or = < \le \in % \% ! ° \infty \pi e i x y n 0 1 9 10
1,234 .5 1e5 10^{9} \binom \log \ln \sin \lim_{x\to0} \overline \dots $ \$ \boxed{ \mod / * + - \,
cm \lfloor \rfloor \gcd( f( f^{-1}( ' : 2:30 p.m. _2 mid the answer is since √ ⁻ ² \choose \over
9^{9^9} \bar \vec \tan \arcsin I T 7th 100000!"""
FRAGMENTS = st.sampled_from(NOTATION.split())
ANSWERS = st.one_of(
    st.text(max_size=30),
    st.lists(FRAGMENTS, max_size=14).map("".join),
    st.lists(FRAGMENTS, max_size=14).map(" ".join),
)
POLYNOMIALS = st.lists(st.integers(-9, 9), min_size=1, max_size=4)


@given(ANSWERS, ANSWERS)
@settings(max_examples=1_500)
def test_every_pair_of_strings_gets_one_verdict_whichever_way_round(one, two):
    verdict = check(gold=one, pred=two)
    assert isinstance(verdict, Verdict)
    assert verdict == check(gold=one, pred=two)
    assert check(gold=two, pred=one).equivalent == verdict.equivalent


@given(ANSWERS)
@settings(max_examples=500)
def test_an_answer_is_never_different_from_itself_in_dollars(answer):
    if "$" not in answer and "box" not in answer and answer.strip():
        assert check(gold=answer, pred=f" {answer} ").equivalent is not False


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_a_fraction_equals_its_value_in_every_notation(above, below):
    value = Fraction(above, below)
    notations = [
        f"{above}/{below}",
        rf"\frac{{{above}}}{{{below}}}",
        rf"\dfrac{{{2 * above}}}{{{2 * below}}}",
    ]
    for notation in notations:
        read = plain_number(notation)
        assert read is not None
        assert Fraction(int(read.p), int(read.q)) == value if not isinstance(read, int) else read == value
        assert check(gold=notations[0], pred=notation).equivalent is True
        assert check(gold=rf"\frac{{{above + 1}}}{{{below}}}", pred=notation).equivalent is False


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_the_canonical_decimal_is_the_number(digits, places):
    text = f"{digits / 10**places:.{places}f}" if abs(digits) < 10**15 else str(digits)
    canonical = plain_decimal(text)
    assert canonical is not None
    assert Fraction(canonical or "0") == Fraction(text)


def _written(coefficients: list[int], variable: str) -> str:
    return "+".join(f"({c}){variable}^{k}" if k else f"({c})" for k, c in enumerate(coefficients))


def _product(one: list[int], two: list[int]) -> list[int]:
    total = [0] * (len(one) + len(two) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            total[i + j] += a * b
    return total


@given(POLYNOMIALS, POLYNOMIALS, st.integers(1, 5), st.integers(0, 3))
@settings(max_examples=300)
def test_a_product_of_polynomials_equals_its_expansion_and_nothing_near_it(one, two, nudge, place):
    factored = f"({_written(one, 'x')})({_written(two, 'x')})"
    expanded = _product(one, two)
    assert check(gold=factored, pred=_written(expanded, "x")).equivalent is True
    expanded[place % len(expanded)] += nudge
    assert check(gold=factored, pred=_written(expanded, "x")).equivalent is False


@given(
    st.lists(st.integers(-20, 20), min_size=3, max_size=3),
    st.lists(st.integers(-20, 20), min_size=3, max_size=3),
)
@settings(max_examples=300)
def test_two_lines_are_the_same_exactly_when_their_coefficients_are_proportional(one, two):
    if not any(one[:2]) or not any(two[:2]):
        return
    proportional = all(one[i] * two[j] == one[j] * two[i] for i in range(3) for j in range(3))
    equations = [f"({a})x+({b})y=({c})" for a, b, c in (one, two)]
    assert (check(gold=equations[0], pred=equations[1]).equivalent is True) == proportional


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_list_equals_its_shuffles_and_no_other_set(items, random):
    shuffled = items[:]
    random.shuffle(shuffled)
    text = ", ".join(map(str, items))
    assert check(gold=text, pred=rf"\{{{', '.join(map(str, shuffled))}\}}").equivalent is True
    other = [*items, max(items) + 1]
    assert check(gold=text, pred=", ".join(map(str, other))).equivalent is False


@given(st.integers(-30, 30), st.integers(1, 30), st.booleans(), st.booleans())
def test_an_interval_equals_its_inequality(low, width, left, right):
    high = low + width
    interval = f"{'[' if left else '('}{low},{high}{']' if right else ')'}"
    signs = {True: r"\le", False: "<"}
    inequality = f"{low} {signs[left]} x {signs[right]} {high}"
    assert check(gold=interval, pred=inequality).equivalent is True
    other = f"{low} {signs[not left]} x {signs[right]} {high}"
    assert check(gold=interval, pred=other).equivalent is False


@given(st.integers(2, 400), st.integers(2, 400))
def test_square_roots_are_told_apart_and_products_of_them_found(a, b):
    assert check(gold=rf"\sqrt{{{a}}}\cdot\sqrt{{{b}}}", pred=rf"\sqrt{{{a * b}}}").equivalent is True
    assert check(gold=rf"\sqrt{{{a}}}+\sqrt{{{b}}}", pred=rf"\sqrt{{{a + b}}}").equivalent is False
