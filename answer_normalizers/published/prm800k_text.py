r"""LaTeX to characters, as the converter does that prm800k's grader uses (pylatexenc's `latex_to_text`).

    >>> latex_to_text(r"3 \frac{1}{2}"), latex_to_text(r"\sqrt[3]{8}\pi")
    ('3  1/2', 'sqrt(8)pi')

Nothing is understood: commands become characters, the unknown ones nothing, and braces vanish.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\(?:([A-Za-z]+)[ \t\n]*|(.)|\Z)|([{}&])|(---?|''|``)|([^\\{}&'`-]+|.)", re.DOTALL)
_MAX_DEPTH = 200
"""Braces within braces, past which the original runs out of stack and leaves the LaTeX as it is."""

_CHARACTER_TABLE = """
    pi π infty ∞ cup ∪ cap ∩ cdot · times × circ ∘ pm ± mp ∓ approx ≈ sum ∑ prod ∏ int ∫ theta θ geq ≥ ge ≥
    leq ≤ le ≤
    mid | cdots ⋯ in ∈ leftrightarrow ↔ bullet ∙ neq ≠ ne ≠ mu μ sigma σ bigcup ⋃ lambda λ leqslant ⩽
    geqslant ⩾ omega ω ldots … dots … psi ψ sim ∼ emptyset ∅ varnothing ∅ rightarrow → to → phi ϕ alpha α
    oslash ⊘ rho ρ Phi Φ beta β equiv ≡ rangle ⟩ langle ⟨ Delta Δ gamma γ simeq ≃ perp ⊥ delta δ tau τ
    setminus ∖ angle ∠ rfloor ⌋ lfloor ⌊ lceil ⌈ rceil ⌉ ell ℓ propto ∝ chi χ varepsilon ε epsilon ϵ nu ν xi ξ
    eta η zeta ζ kappa κ Omega Ω Sigma Σ Pi Π Gamma Γ Lambda Λ Theta Θ Psi Ψ varphi φ prime ' notin ∉ subset ⊂
    subseteq ⊆ div ÷ ast ∗ forall ∀ exists ∃ partial ∂ nabla ∇ triangle △ vee ∨ wedge ∧ neg ¬ Rightarrow ⇒
    implies ⟹ iff ⟺ parallel ∥
"""
_CHARACTERS = dict(zip(_CHARACTER_TABLE.split()[::2], _CHARACTER_TABLE.split()[1::2], strict=True))
_FUNCTIONS = """
    cos sin tan ln log max min exp arctan arcsin arccos sinh cosh tanh lim sup inf det
"""
_NAMES = {name: name for name in _FUNCTIONS.split()}
_SPACES = {"quad": "  ", "qquad": "    "}
_CONTROL = {
    ",": " ",
    ";": " ",
    ":": " ",
    " ": " ",
    "!": "",
    "\\": "\n",
    "{": "{",
    "}": "}",
    "$": "$",
    "%": "%",
}
_CONTROL |= {"&": "&", "#": "#", "_": "_"}
_ACCENTS = {
    "bar": "\u0305",
    "hat": "\u0302",
    "vec": "\u20d7",
    "tilde": "\u0303",
    "dot": "\u0307",
    "ddot": "\u0308",
}
_LIGATURES = {"--": "–", "---": "—", "''": "”", "``": "“"}
_DROPPED_WITH_ARGUMENT = frozenset({"mbox"})
_AFTERWARDS = (("√", "sqrt"), ("π", "pi"), ("∞", "inf"), ("∪", "U"), ("·", "*"), ("×", "*"))
_MATRICES = frozenset({"pmatrix", "bmatrix", "smallmatrix", "psmallmatrix", "array"})


class _TooDeepError(ValueError):
    pass


def latex_to_text(answer: str) -> str:
    """The characters of an answer in LaTeX, in the spelling that the grader hands to SymPy."""
    latex = answer.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac").replace("\\frac", " \\frac")
    try:
        text = _Converter(latex).run()
    except _TooDeepError:
        return answer
    for old, new in _AFTERWARDS:
        text = text.replace(old, new)
    return text.strip()


class _Converter:
    """One pass over the tokens of an answer."""

    def __init__(self, latex: str) -> None:
        self._tokens = list(_TOKEN.finditer(latex))
        self._next = 0

    def run(self) -> str:
        done: list[str] = []
        while self._next < len(self._tokens):
            done.append(self._group(0))
        return "".join(done)

    def _group(self, depth: int, ends: str | None = None) -> str:
        """The text up to the brace, or the `\\end`, that closes what is open."""
        if depth > _MAX_DEPTH:
            raise _TooDeepError
        done: list[str] = []
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            self._next += 1
            if token.group() == "}":
                return "".join(done)
            if ends is not None and token.group(1) == "end":
                self._argument(depth)
                return "".join(done)
            done.append(self._text(token, depth))
        return "".join(done)

    def _text(self, token: re.Match[str], depth: int) -> str:
        command, control, mark, ligature, plain = token.groups()
        if command is not None:
            return self._command(command, depth)
        if control is not None:
            return _CONTROL.get(control, "")
        if mark == "{":
            return self._group(depth + 1)
        if mark == "&":
            return "   "
        if ligature is not None:
            return _LIGATURES[ligature]
        return (plain or "").replace("~", "\u00a0")

    def _command(self, name: str, depth: int) -> str:
        if name == "frac":
            return f"{self._argument(depth)}/{self._argument(depth)}"
        if name == "sqrt":
            self._skip_option()
            return f"√({self._argument(depth)})"
        if name in _ACCENTS:
            return self._argument(depth) + _ACCENTS[name]
        if name in _DROPPED_WITH_ARGUMENT:
            self._argument(depth)
            return ""
        if name in ("mathbf", "mathbb"):
            return _styled(self._argument(depth), bold=name == "mathbf")
        if name == "begin":
            return self._environment(depth)
        return _CHARACTERS.get(name) or _NAMES.get(name) or _SPACES.get(name, "")

    def _argument(self, depth: int) -> str:
        """The next group, command or single character."""
        while self._next < len(self._tokens) and self._tokens[self._next].group().isspace():
            self._next += 1
        if self._next >= len(self._tokens):
            return ""
        token = self._tokens[self._next]
        self._next += 1
        plain = token.group(5)
        if plain is None or len(plain) == 1:
            return self._text(token, depth + 1) if depth < _MAX_DEPTH else ""
        plain = plain.lstrip()
        # Only its first character is the argument; the rest goes back.
        rest = _TOKEN.match(plain, 1) if len(plain) > 1 else None
        if rest is not None:
            self._next -= 1
            self._tokens[self._next] = rest
        return plain[:1]

    def _skip_option(self) -> None:
        """Skip `[3]`: the index of a root is lost."""
        if self._next >= len(self._tokens):
            return
        plain = self._tokens[self._next].group(5)
        if plain is None or not plain.lstrip().startswith("["):
            return
        close = plain.find("]")
        if close < 0:
            return
        rest = _TOKEN.match(plain, close + 1) if close + 1 < len(plain) else None
        if rest is None:
            self._next += 1
        else:
            self._tokens[self._next] = rest

    def _environment(self, depth: int) -> str:
        name = self._argument(depth)
        if name == "array":
            self._argument(depth)
        content = self._group(depth + 1, ends=name)
        if name not in _MATRICES:
            return content
        rows = [" ".join(cell.strip() for cell in row.split("   ")) for row in content.split("\n")]
        return f"[ {'; '.join(rows)} ]"


def _styled(text: str, *, bold: bool) -> str:
    """Letters in the mathematical alphabet that stands for a bold or a blackboard font."""
    lower, upper = (0x1D41A, 0x1D400) if bold else (0x1D552, 0x1D538)
    exceptions = {} if bold else {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
    return "".join(
        exceptions.get(letter)
        or (chr(lower + ord(letter) - 97) if "a" <= letter <= "z" else None)
        or (chr(upper + ord(letter) - 65) if "A" <= letter <= "Z" else letter)
        for letter in text
    )
