"""Answers that no person writes, and some that models do: for tests and for `benchmarks/safety.py`.

Every generator takes a `random.Random`, so that a seed says which string failed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

GREEK = (r"\pi", r"\theta", r"\alpha", r"\infty", "x", "y", "n", "e", "i", "a_1", "x'")
FUNCTIONS = (r"\sin", r"\cos", r"\ln", r"\log_2", r"\sqrt", r"\arctan", "exp", r"\log", r"\sqrt[3]", r"\csc")
SNIPPETS = (
    *(
        r"\frac",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        r"\{",
        r"\}",
        r"\left",
        r"\right",
        "^",
        "_",
        r"\sqrt",
        r"\boxed",
    ),
    *(
        "$",
        "$$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "|",
        r"\|",
        ",",
        ";",
        ".",
        ":",
        "=",
        "<",
        r"\le",
        r"\cup",
        r"\pm",
    ),
    *("+", "-", "*", "/", "!", "%", r"\%", r"\$", "°", "'", '"', r"\text{", r"\begin{pmatrix}", r"\\", "&"),
    *(
        r"\end{pmatrix}",
        r"\sum_{k=1}^",
        r"\int_0^1",
        r"\lim_{x\to 0}",
        "dx",
        r"\in",
        r"\mathbb{R}",
        "and",
        "or",
    ),
    *(
        "the answer is",
        "no",
        "1",
        "23",
        "0.5",
        "1,234",
        "1e9",
        "x",
        "y",
        "AB",
        r"\cdot",
        r"\times",
        r"\binom",
    ),
    *(
        "**",
        "```",
        "\n",
        "\t",
        " ",
        "\\",
        r"\quad",
        r"\overline{",
        "_5",
        "^2",
        "√",
        "½",
        "²",
        "−",
        "∞",
        "\x00",
    ),
    *(
        "base",
        "pm",
        "to",
        ":",
        r"\mod",
        r"\pmod",
        r"\lfloor",
        r"\rceil",
        r"\not",
        r"\color{red}",
        "1/0",
        "0^0",
    ),
)


def expression(rng: random.Random, depth: int = 4) -> str:
    """Well-formed mathematics, as a grammar gives it."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(
            (
                str(rng.randrange(100)),
                f"{rng.randrange(1000)}.{rng.randrange(100)}",
                rng.choice(GREEK),
                f"{rng.randrange(1, 999)},{rng.randrange(1000):03}",
                str(10 ** rng.randrange(1, 30)),
            )
        )

    def inner() -> str:
        return expression(rng, depth - 1)

    form = rng.randrange(20)
    forms: Sequence[Callable[[], str]] = (
        lambda: f"{inner()}+{inner()}",
        lambda: f"{inner()}-{inner()}",
        lambda: rf"{inner()}\cdot {inner()}",
        lambda: rf"\frac{{{inner()}}}{{{inner()}}}",
        lambda: f"({inner()})^{{{inner()}}}",
        lambda: f"{rng.choice(FUNCTIONS)}{{{inner()}}}",
        lambda: rf"\sqrt{{{inner()}}}",
        lambda: f"({inner()}, {inner()})",
        lambda: rf"\{{{inner()}, {inner()}, {inner()}\}}",
        lambda: rf"\begin{{pmatrix}} {inner()} & {inner()} \\ {inner()} & {inner()} \end{{pmatrix}}",
        lambda: f"[{inner()}, {inner()})",
        lambda: f"{inner()} = {inner()}",
        lambda: f"{inner()} < {inner()}",
        lambda: rf"({inner()}, {inner()}] \cup [{inner()}, {inner()})",
        lambda: f"{inner()}!",
        lambda: rf"\binom{{{inner()}}}{{{inner()}}}",
        lambda: rf"\sum_{{k=1}}^{{{inner()}}} {inner()}",
        lambda: rf"\int_{{{inner()}}}^{{{inner()}}} {inner()} dx",
        lambda: f"|{inner()}|",
        lambda: f"-{inner()}",
    )
    return forms[form]()


def soup(rng: random.Random) -> str:
    """Tokens of LaTeX in no order."""
    return "".join(rng.choice(SNIPPETS) for _ in range(rng.randrange(1, 40)))


def unicode_text(rng: random.Random) -> str:
    """Any characters at all, lone surrogates and controls too."""
    top = rng.choice((0x80, 0x250, 0x3000, 0x10000, 0x110000))
    return "".join(chr(rng.randrange(top)) for _ in range(rng.randrange(1, 60)))


def mutated(rng: random.Random, text: str) -> str:
    """A string with a few characters or tokens changed."""
    characters = list(text)
    for _ in range(rng.randrange(1, 5)):
        place = rng.randrange(len(characters) + 1)
        match rng.randrange(6):
            case 0:
                characters[place:place] = rng.choice(SNIPPETS)
            case 1:
                del characters[place : place + rng.randrange(1, 6)]
            case 2:
                characters[place:place] = characters[place : place + rng.randrange(1, 12)]
            case 3:
                characters[place:place] = chr(rng.randrange(32, 127))
            case 4:
                characters = characters[:place]
            case _:
                characters = characters[place:] + characters[:place]
    return "".join(characters)


def nested(rng: random.Random) -> str:
    """One bracket or command inside itself, over and over."""
    opening, core, closing = rng.choice(
        (
            ("(", "1", ")"),
            ("{", "1", "}"),
            ("[", "1", "]"),
            (r"\{", "1", r"\}"),
            (r"\frac{1}{", "2", "}"),
            (r"\frac{", "2", "}{3}"),
            (r"\sqrt{", "2", "}"),
            (r"\left(", "1", r"\right)"),
            (r"\text{", "a", "}"),
            (r"\boxed{", "1", "}"),
            ("2^{", "2", "}"),
            ("x_{", "1", "}"),
            ("|", "x", "|"),
            (r"\sin(", "x", ")"),
            ("f(", "x", ")"),
            ("-", "1", ""),
            ("1/", "1", ""),
            ("", "1", "!"),
            ("", "x", "'"),
            ("", "2", "^2"),
            ("a=", "b", ""),
            ("1+", "1", ""),
            ("x,", "y", ""),
            ("$", "1", "$"),
            ("**", "1", "**"),
            (r"\begin{pmatrix}", "1", r"\end{pmatrix}"),
            (r"\sum_{k=1}^{", "2", "} k"),
            (r"\int_0^{", "1", "} x dx"),
            (r"\pm", "1", ""),
            (r"\lfloor ", "1", r"\rfloor "),
        )
    )
    times = rng.choice((3, 10, 30, 39, 41, 100, 1_000, 5_000))
    return opening * times + core + closing * rng.choice((times, times, times - 1, times + 1, 0))


def huge(rng: random.Random) -> str:
    """About a megabyte of one thing."""
    unit = rng.choice(
        (*SNIPPETS, "12", "x+", "1,", "(1,2),", "a ", "9", r"\frac12+", "The answer is 5. ", "#### ")
    )
    return unit * (1_000_000 // len(unit))


def tower(rng: random.Random) -> str:
    """Numbers that nobody can write out."""
    base = rng.choice(("9", "10", "2", "1.5", "x", "e", r"\pi", "-3", "0"))
    exponent = rng.choice(("9", "99", "10^9", "9^{9^9}", "x^x", "9!", "-10^{10}", "0.5"))
    return rng.choice(
        (
            f"{base}^{{{base}^{{{exponent}}}}}",
            f"({exponent})!",
            f"{base}^{{{exponent}}}!",
            rf"\binom{{{exponent}}}{{{base}}}",
            rf"\sum_{{k=1}}^{{{exponent}}} k^{{{base}}}",
            rf"\prod_{{k=1}}^{{{exponent}}} ({base}+k)",
            rf"\int_0^{{{base}}} x^{{{exponent}}} dx",
            rf"\int_0^1 \int_0^{{{base}}} x^{{{exponent}}} dx dy",
            rf"\sqrt[{exponent}]{{{base}}}",
            rf"\log_{{{base}}} ({exponent})",
            rf"\sin({base}^{{{exponent}}})",
            f"{base}e{rng.randrange(10**9)}",
            f"({base}+x)^{{{exponent}}}",
            rf"\gcd({base}^{{{exponent}}}, {exponent})",
            rf"{base}^{{{exponent}}} \bmod 7",
            rf"\lfloor {base}^{{{exponent}}} \rfloor",
        )
    )


def answer(rng: random.Random, golds: Sequence[str]) -> str:
    """One of all kinds; the long ones are rare."""
    kind = rng.random()
    if kind < 0.30:
        return expression(rng)
    if kind < 0.65:
        return mutated(rng, rng.choice(golds))
    if kind < 0.80:
        return soup(rng)
    if kind < 0.88:
        return unicode_text(rng)
    if kind < 0.94:
        return nested(rng)
    if kind < 0.9995:
        return tower(rng)
    return huge(rng)
