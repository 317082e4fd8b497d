"""Arb's precision is one setting for the whole process, the host's too: whoever changes it puts it back."""

from __future__ import annotations

import sys
import threading

import pytest
from flint import acb, arb, ctx

from answer_normalizers import Policy, check, grade
from answer_normalizers.arithmetic.balls import BallPoint, UnevaluableError, precision
from answer_normalizers.limits import ExhaustedError
from answer_normalizers.parsing.parser import parse
from answer_normalizers.published.prm800k import prm800k

HOSTS = 77
"""A precision that nothing in the engine asks for."""


@pytest.fixture(autouse=True)
def _host():
    before = ctx.prec
    ctx.prec = HOSTS
    yield
    ctx.prec = before


EVERY_STAGE = [
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2", True),  # two constants, at rising precision
    (r"\sqrt2", "1.41", False),
    (r"\sin^2 x + \cos^2 x", "1", True),  # functions at points
    ("|x-50|", "50-x", False),  # their pieces
    (r"\ln(x^2)", r"2\ln x", None),
    ("9^{9^{9^9}}", "9^{9^{9^9}}+1", None),  # beyond a limit
    (r"\int_0^1 x^2 dx", r"\frac13", True),  # Arb calls back
    (r"\int_0^1 \frac{1}{x} dx", "1", None),
    (r"x^2 < 2", r"(-\sqrt2, \sqrt2)", True),  # sets of reals
    (r"x = \sqrt2 y^3", r"\frac{x}{\sqrt2} = y^3", True),  # solutions of equations
    (r"\{\sqrt2, \sqrt3\}", r"\{\sqrt3, \sqrt{2}\}", True),  # sizes that rule pairs out
    (r"2^3 = 8", "8", True),  # a chain of numbers
    (r"\frac{1}{\sqrt2-\sqrt2}", r"\sqrt3", None),  # no value
]


@pytest.mark.parametrize(("gold", "pred", "equivalent"), EVERY_STAGE)
def test_a_check_leaves_the_precision_as_it_was(gold, pred, equivalent):
    for policy in (Policy(), Policy(relative_tolerance=0.01)):
        verdict = check(gold=gold, pred=pred, policy=policy)
        assert ctx.prec == HOSTS
    assert check(gold=gold, pred=pred).equivalent is equivalent, verdict
    grade(gold=gold, text=rf"The answer is $\boxed{{{pred}}}$.")
    assert ctx.prec == HOSTS


def test_so_does_the_one_published_scorer_that_uses_balls():
    prm800k(gold=r"\frac{\sqrt{2}}{2}", text=r"\boxed{\frac{1}{\sqrt{2}}}")
    assert ctx.prec == HOSTS


def test_what_the_host_computes_afterwards_is_as_exact_as_before():
    before = arb(2).sqrt()
    check(gold=r"\sqrt2 + \pi", pred=r"\pi + \sqrt2 + 10^{-50}")
    assert arb(2).sqrt().rel_accuracy_bits() == before.rel_accuracy_bits()


def test_the_precision_asked_for_holds_inside():
    with precision(300):
        assert ctx.prec == 300
        assert arb(2).sqrt().rel_accuracy_bits() > 250
    assert ctx.prec == HOSTS


@pytest.mark.parametrize(
    "error", [UnevaluableError, ExhaustedError, ZeroDivisionError, KeyboardInterrupt, SystemExit]
)
def test_an_exception_puts_it_back_too(error):
    with pytest.raises(error), precision(300):
        raise error
    assert ctx.prec == HOSTS


def test_an_evaluation_that_fails_puts_it_back():
    with pytest.raises(UnevaluableError), precision(300):
        BallPoint({}).value(parse(r"\ln(\sqrt2-\sqrt2)"))
    assert ctx.prec == HOSTS


def test_one_inside_another_puts_back_the_outer_one():
    with precision(300):
        with precision(100):
            assert ctx.prec == 100
            with precision(500):
                assert ctx.prec == 500
            assert ctx.prec == 100
        assert ctx.prec == 300
        with pytest.raises(UnevaluableError), precision(64):
            raise UnevaluableError
        assert ctx.prec == 300
    assert ctx.prec == HOSTS


def test_a_check_inside_a_computation_of_the_hosts_does_not_disturb_it():
    with precision(900):
        check(gold=r"\sqrt{3+2\sqrt2}", pred=r"1+\sqrt2")
        assert ctx.prec == 900

    def integrand(x: acb, _: bool) -> acb:
        check(gold=r"\sin 1", pred=r"\cos 1")
        assert ctx.prec == HOSTS or ctx.prec > HOSTS  # Arb itself works with a few bits more
        return x * x

    assert acb.integral(integrand, acb(0), acb(3)).overlaps(acb(9))
    assert ctx.prec == HOSTS


@pytest.fixture
def _often_switched():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_often_switched")
def test_threads_take_turns_and_each_has_its_own_precision():
    wrong: list[int] = []

    def work(bits: int) -> None:
        for _ in range(60):
            with precision(bits):
                for _ in range(20):
                    arb(2).sqrt()
                    if ctx.prec != bits:
                        wrong.append(ctx.prec)
            check(gold=r"\sqrt{3+2\sqrt2}", pred=r"1+\sqrt2")

    threads = [threading.Thread(target=work, args=(bits,)) for bits in (64, 128, 256, 512)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert ctx.prec == HOSTS
