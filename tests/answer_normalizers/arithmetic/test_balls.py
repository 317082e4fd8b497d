"""Values with proven bounds: where there is one, where there is none, what it costs; mpmath is the oracle."""

from __future__ import annotations

import mpmath
import pytest
from flint import acb, arb, ctx, fmpq

from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.limits import MAX_SUM_TERMS, ExhaustedError, current_work, limited_work
from answer_normalizers.tree.nodes import Apply, Num, Sequence, Sym, Text, Value
from tests.answer_normalizers.answers import value

BITS = 192
mp = mpmath.mp


def ball(text: str | Value, bits: int = BITS, log_base: int = 10, **env: object) -> acb:
    tree = value(text) if isinstance(text, str) else text
    with precision(bits):
        return BallPoint({name: acb(v) for name, v in env.items()}, log_base).value(tree)  # type: ignore[call-overload]


def has_no_value(text: str | Value, bits: int = BITS, **env: object) -> bool:
    try:
        ball(text, bits, **env)
    except UnevaluableError:
        return True
    return False


def is_near(result: acb, expected: object, digits: int = 40) -> bool:
    with mp.workdps(60), precision(BITS):
        real, imag = mpmath.mpc(expected).real, mpmath.mpc(expected).imag
        exact = acb(arb(mpmath.nstr(real, 55)), arb(mpmath.nstr(imag, 55)))
        gap = (result - exact).abs_upper()
        return bool(gap < arb(10) ** -digits * (1 + exact.abs_upper()))


VALUES = [
    ("2^{10}", 1024),
    (r"2^{-3}", mpmath.mpf(1) / 8),
    (r"(-2)^{-3}", -mpmath.mpf(1) / 8),
    ("0^2", 0),
    (r"\sqrt{2}", lambda: mpmath.sqrt(2)),
    (r"\sqrt{-2}", lambda: 1j * mpmath.sqrt(2)),
    (r"\sqrt{0}", 0),
    (r"0^{\frac23}", 0),
    (r"8^{\frac23}", 4),
    (r"(-8)^{\frac13}", -2),
    (r"(-8)^{\frac23}", 4),
    (r"(-8)^{-\frac13}", -0.5),
    (r"(-8)^{-\frac23}", 0.25),
    (r"(-32)^{\frac35}", -8),
    (r"(-4)^{\frac32}", -8j),
    (r"(-4)^{\frac12}", 2j),
    (r"(-4)^{\frac34}", lambda: mpmath.power(-4, mpmath.mpf(3) / 4)),
    (r"\sqrt[3]{-8}", -2),
    (r"\sqrt[3]{8}", 2),
    (r"\sqrt[4]{-4}", lambda: mpmath.power(-4, 0.25)),
    (r"\sqrt[5]{-32}", -2),
    (r"\sqrt[-3]{8}", 0.5),
    (r"\sqrt[\pi]{2}", lambda: mpmath.power(2, 1 / mpmath.pi)),
    (r"\sqrt[\sqrt2]{5}", lambda: mpmath.power(5, 1 / mpmath.sqrt(2))),
    (r"2^{\sqrt2}", lambda: mpmath.power(2, mpmath.sqrt(2))),
    (r"(-2)^{\sqrt2}", lambda: mpmath.power(-2, mpmath.sqrt(2))),
    (r"e^{\pi}", lambda: mpmath.exp(mpmath.pi)),
    (r"e^{i\pi}", -1),
    (r"e^{-\sqrt2}", lambda: mpmath.exp(-mpmath.sqrt(2))),
    (r"i^i", lambda: mpmath.exp(-mpmath.pi / 2)),
    (r"e^2", lambda: mpmath.exp(2)),
    (r"\pi^e", lambda: mpmath.power(mpmath.pi, mpmath.e)),
    (r"2^{\frac{1}{2}+\frac12}", 2),
    (r"8^{2\cdot\frac13}", 4),
    (r"\log_2 8", 3),
    (r"\ln(-1)", lambda: 1j * mpmath.pi),
    (r"\sum_{k=1}^{4} k^2", 30),
    (r"\sum_{k=3}^{3} \sqrt{k}", lambda: mpmath.sqrt(3)),
    (r"\sum_{k=4}^{3} \sqrt{k}", 0),
    (r"\prod_{k=4}^{3} \sqrt{k}", 1),
    (r"\prod_{k=2}^{3} \sqrt{k}", lambda: mpmath.sqrt(6)),
    (r"\sum_{k=0}^{2} (\sqrt2)^k", lambda: 3 + mpmath.sqrt(2)),
    (r"\sum_{j=1}^{2}\sum_{k=1}^{j} \sqrt{jk}", lambda: 1 + mpmath.sqrt(2) + 2),
    (r"\int_0^1 x^2 dx", lambda: mpmath.mpf(1) / 3),
    (r"\int_1^2 \frac{1}{x} dx", lambda: mpmath.log(2)),
    (r"\int_0^{\pi} \sin x dx", 2),
    (r"\int_0^1 e^{-x^2} dx", lambda: mpmath.sqrt(mpmath.pi) / 2 * mpmath.erf(1)),
    (r"\int_1^0 x dx", -0.5),
]


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=[text for text, _ in VALUES])
def test_the_value_of_a_number(text, expected):
    with mp.workdps(60):
        exact = expected() if callable(expected) else expected
    assert is_near(ball(text), exact)


NO_VALUE = [
    "x", r"\frac{1}{0}", r"\frac{1}{\sqrt2-\sqrt2}", "0^0", "0^{-1}",
    r"(\sqrt2-\sqrt2)^{-1}", r"(\sqrt2-\sqrt2)^0",
    r"0^{-\frac12}", r"0^{-\frac13}", r"(\sqrt2-\sqrt2)^{\frac13}", r"(\sqrt2-\sqrt2)^{\sqrt2}",
    r"0^{\sqrt2}",
    r"\sqrt[\pi]{0}", r"\sqrt[0]{2}", r"\sqrt[\sqrt2-\sqrt2]{2}", r"\sqrt[\pi]{\sqrt2-\sqrt2}", r"\ln 0",
    r"\log 0", r"\infty", r"\sum_{k=1}^{n} k", r"\sum_{k=1}^{\infty} k", r"\sum_{k=1}^{\frac52} k",
    r"\sum_{k=\frac12}^{3} k", r"\sum_{k=1}^{3} \frac{1}{k-2}", r"\sum_{k=i}^{3} k", r"\sum_{k=1}^{i} k",
    r"\sum_{k=1}^{1000} \sqrt{k}", r"\prod_{k=1}^{1000} \sqrt{k}", r"\int_0^1 \frac1x dx", r"\int_0^1 y dx",
    r"\int_0^{\infty} e^{-x} dx", r"\lim_{x\to0} x", r"\sum_{k=1}^{3} a_k", "9^{9^{9^9}}", "(9^{9^9})^{9^9}",
    r"\tan\frac{\pi}{2}", r"\lfloor \sqrt2\cdot\sqrt2 \rfloor",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_VALUE)
def test_what_has_no_value_raises(text):
    assert has_no_value(text)


@pytest.mark.parametrize(
    "tree",
    [
        Text("one"),
        Sequence("(", ")", (Num(1), Num(2))),
        Apply("unheard-of", (Num(1),)),
        Apply("lim", (Sym("x"), Num(0), Sym("x"))),
        Apply("pm", (Num(1), Num(2))),
        Apply("sum", (Num(1), Num(1), Num(3), Num(1))),
        Apply("prod", (Apply("neg", (Sym("k"),)), Num(1), Num(3), Num(1))),
        Apply("int", (Num(1), Num(0), Num(1), Num(1))),
        Apply("sum", (Sym("k"), Num(1), Num(2), Apply("call", (Sym("f"), Text("x"))))),
    ],
)
def test_neither_has_what_is_no_scalar_or_has_no_rule(tree):
    assert has_no_value(tree)


def test_a_variable_has_the_value_it_is_given_and_may_be_called_like_a_constant():
    assert is_near(ball("x^2+y", x=3, y=1), 10)
    assert is_near(ball(r"\pi", pi=3), 3)
    assert has_no_value("x+y", x=1)


def test_a_ball_that_holds_more_than_zero_is_not_zero():
    wide = acb(arb(0, 1))
    for text in ("x^{-1}", "x^0", r"x^{\sqrt2}", r"x^{\frac13}", r"\sqrt[\pi]{x}", r"\frac1x", r"\ln x"):
        assert has_no_value(text, x=wide), text
    assert ball("x^2", x=wide).contains(0)
    assert ball(Apply("^", (Sym("x"), Num(1))), x=wide).contains(0)
    assert not has_no_value("x^{-1}", x=acb(arb(2, 1)))
    assert not has_no_value(r"\sqrt[\pi]{x}", x=acb(arb(2, 1)))


def test_an_odd_root_is_real_for_real_numbers_only():
    with precision(BITS):
        i = acb(0, 1)
    assert is_near(ball(r"x^{\frac13}", x=i), mpmath.power(1j, mpmath.mpf(1) / 3), 14)
    assert not has_no_value(r"x^{\frac13}", x=acb(-8))
    assert is_near(ball(r"x^{\frac13}", x=acb(-8)), -2)


def test_a_bare_logarithm_has_the_base_the_point_was_told():
    assert is_near(ball(r"\log 1000"), 3)
    assert is_near(ball(r"\log 8", log_base=2), 3)
    assert is_near(ball(r"\log e^3", log_base=0), 3)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (r"\sqrt{-2}", True),
        (r"\sqrt{2}", False),
        (r"(\sqrt{-2})^2", True),
        (r"\ln(-1)", True),
        (r"\ln 2", False),
        (r"(-2)^{\sqrt2}", True),
        (r"2^{\sqrt2}", False),
        (r"(-4)^{\frac32}", True),
        (r"(-8)^{\frac13}", False),
        (r"\sqrt[4]{-4}", True),
        (r"\sqrt[3]{-4}", False),
        (r"\log_2(-3)", True),
        (r"\log(-3)", True),
        (r"\arcsin 2", True),
        (r"\arcsin \frac12", False),
        (r"e^{i\sqrt2}", False),
        (r"i^2", False),
        (r"|\sqrt{-2}|", True),
        (r"\sum_{k=1}^{2} \sqrt{-k}", True),
        (r"\sum_{k=1}^{2} \sqrt{k}", False),
        (r"\sin 2", False),
    ],
)
def test_it_is_noted_where_a_value_was_not_real_on_the_way(text, left):
    with precision(BITS):
        point = BallPoint({})
        assert point.left_reals is False
        point.value(value(text))
        assert point.left_reals is left


def test_the_index_of_a_sum_is_bound_inside_it_only():
    with precision(BITS):
        point = BallPoint({"k": acb(100), "n": acb(2)})
        assert is_near(point.value(value(r"\sum_{k=1}^{n} k + k")), 3 + 100) or is_near(
            point.value(value(r"k+\sum_{k=1}^{n} k")), 103
        )
        assert is_near(point.symbol("k"), 100)
        assert is_near(point.value(value(r"\int_0^1 k dk")), 0.5)
        assert is_near(point.symbol("k"), 100)


def test_an_integrand_may_hold_other_variables():
    assert is_near(ball(r"\int_0^1 a x dx", a=6), 3)
    assert is_near(ball(r"\int_0^a x dx", a=2), 2)


def test_a_sum_over_terms_with_an_index_in_their_name_has_no_value():
    assert has_no_value(r"\sum_{k=1}^{3} a_k", a_k=1)
    assert not has_no_value(r"\sum_{k=1}^{3} a_1", a_1=1)
    assert not has_no_value(r"\sum_{k=1}^{3} k b", b=1)


def test_a_sum_has_so_many_terms_and_no_more():
    def ones(first: int, last: int) -> Value:
        return Apply("sum", (Sym("k"), Num(first), Num(last), Num(1)))

    assert is_near(ball(ones(1, MAX_SUM_TERMS)), MAX_SUM_TERMS)
    assert has_no_value(ones(1, MAX_SUM_TERMS + 1))
    assert is_near(ball(ones(0, MAX_SUM_TERMS - 1)), MAX_SUM_TERMS)
    assert has_no_value(ones(0, MAX_SUM_TERMS))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (r"\int_0^1 |x-\frac13| dx", False),  # a kink, which the quadrature may not step over
        (r"\int_0^1 x dx", True),
        (r"\int_{-1}^{1} \sqrt{x+2} dx", False),
        (r"\int_0^1 x^{\frac13} dx", False),
        (r"\int_1^2 x^{-2} dx", True),
        (r"\int_0^1 e^{\sin x} dx", True),
        (r"\int_0^1 2^x dx", False),
        (r"\int_0^1 \ln(x+1) dx", False),
        (r"\int_0^1 x\cdot\lfloor x \rfloor dx", False),
    ],
)
def test_the_quadrature_is_certain_of_analytic_integrands(text, known):
    try:
        result = ball(text)
    except UnevaluableError:
        assert not known
    else:
        # What is not analytic is enclosed, and widely.
        assert (result.rel_accuracy_bits() > 100) == known


def test_an_integral_is_not_worked_out_at_the_highest_precision():
    assert not has_no_value(r"\int_0^1 x dx", bits=640)
    assert has_no_value(r"\int_0^1 x dx", bits=641)


def test_an_unknown_function_is_one_function_of_its_name_and_arguments():
    assert ball("f(2)").overlaps(ball(r"f(\frac42)"))
    assert not ball("f(2)").overlaps(ball("f(3)"))
    assert not ball("f(2)").overlaps(ball("g(2)"))
    assert not ball("f(2,3)").overlaps(ball("f(3,2)"))
    assert not ball("f(2,3)").overlaps(ball("f(2)"))
    assert not ball("f(2)-f(1)").overlaps(ball("g(2)-g(1)"))
    # of no simple law: neither additive, nor even, nor odd
    assert not ball("f(2)+f(3)").overlaps(ball("f(5)"))
    assert not ball("f(-2)").overlaps(ball("f(2)"))
    assert not ball("f(-2)").overlaps(ball("-f(2)"))
    assert not ball("f(0)").contains(0)
    assert not ball("f(0)-4f(1)+6f(2)-4f(3)+f(4)").contains(0)  # nor a cubic polynomial
    assert not ball("f(2,0)+f(0,3)-f(0,0)").overlaps(ball("f(3,0)+f(0,2)-f(0,0)"))
    assert ball(Apply("call", (Apply("inv", (Sym("f"),)), Num(2)))).is_finite()
    assert ball(Apply("call", (Sym("\ud800"), Num(2)))).is_finite()


def test_powers_that_would_be_astronomical_are_refused():
    assert ball("2^{63}").overlaps(acb(2**63))
    assert not has_no_value("9^{9^9}")
    assert has_no_value("9^{9^{13}}")
    assert has_no_value(r"(10^{-9^9})^{10^5}")
    assert has_no_value("e^{10^{13}}")
    assert not has_no_value("e^{10^{3}}")
    assert has_no_value(r"2^{\sqrt{2}\cdot 10^{13}}")
    assert has_no_value(r"\left(\frac{3}{2}\right)^{\frac{10^{12}}{3}}")
    assert not has_no_value(r"\left(\frac{3}{2}\right)^{\frac{10^{6}}{3}}")


@pytest.mark.parametrize("magnitude", [0, 40, 1000, -1000])
def test_the_size_of_a_power_is_the_exponent_times_the_binary_size_of_its_base(magnitude):
    """The stated limit is 2^40 bits, and 200 bits are kept in reserve."""
    base = Num(fmpq(2) ** magnitude)
    most = (1 << 40) // (abs(magnitude + 1) + 200)
    for exponent, refused in ((most, False), (most + 1, True), (-most, False), (-most - 1, True)):
        assert has_no_value(Apply("^", (base, Num(exponent)))) is refused
    root_of_two = Apply("^", (Sym("b"), Apply("*", (Num(most - 1), Apply("/", (Sym("pi"), Sym("pi")))))))
    assert not has_no_value(root_of_two, b=fmpq(2) ** magnitude)
    beyond = Apply("^", (Sym("b"), Apply("*", (Num(most + 2), Apply("/", (Sym("pi"), Sym("pi")))))))
    assert has_no_value(beyond, b=fmpq(2) ** magnitude)


def test_a_small_exponent_is_never_refused():
    huge = acb(arb(2) ** (1 << 36))
    assert not has_no_value("x^{63}", x=huge)
    assert has_no_value("x^{64}", x=huge)


# ---- work ------------------------------------------------------------------------------------------------


def spent(text: str | Value, bits: int) -> int:
    tree = value(text) if isinstance(text, str) else text
    with limited_work(), precision(bits):
        before = current_work().left
        BallPoint({}).value(tree)
        return before - current_work().left


def test_a_node_costs_one_unit_and_a_function_more_with_the_square_of_the_precision():
    assert spent("7", 64) == 1
    assert spent(r"\pi+7", 64) == 3
    assert spent(r"\sin 1", 64) == 3
    assert spent(r"\sin 1", 350) == 4
    assert spent(r"\sin 1", 700) == 7
    assert spent(r"\sin 1", 1050) == 12
    assert spent(r"e^{\sqrt2}", 64) == 4
    assert spent(r"e^{\sqrt2}", 699) == 5
    assert spent(r"e^{\sqrt2}", 1050) == 13
    assert spent(r"2^{\sqrt2}", 1050) == 13


def test_the_points_of_one_check_share_what_they_may_spend():
    with limited_work(), precision(BITS):
        current_work().left = 2
        BallPoint({}).value(Num(1))
        BallPoint({}).value(Num(1))
        assert current_work().left == 0
        with pytest.raises(ExhaustedError):
            BallPoint({}).value(Num(1))
    with limited_work(), precision(BITS):
        current_work().left = 5
        with pytest.raises(ExhaustedError):
            BallPoint({}).value(value(r"\int_0^1 x^3+x^2+x dx"))
    assert not has_no_value("1")


def test_precision_is_that_of_the_innermost_and_the_hosts_afterwards():
    before = ctx.prec
    with precision(100):
        assert ctx.prec == 100
    assert ctx.prec == before
