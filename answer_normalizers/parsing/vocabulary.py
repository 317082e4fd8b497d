"""The vocabulary of LaTeX, plain and unicode mathematics, as tables the lexer and the parser share."""

from __future__ import annotations

from answer_normalizers.tree import operators
from answer_normalizers.tree.operators import Trait


def names(text: str) -> frozenset[str]:
    """The set of the names in a text, for tables."""
    return frozenset(text.split())


def listed(text: str) -> list[str]:
    """The names in a text, in order."""
    return text.split()


GREEK = names(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron
    rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma
    Upsilon Phi Psi Omega"""
)
LETTER_COMMANDS = GREEK | names("hbar ell nabla partial aleph wp mho imath jmath odot")
"""Commands that are one symbol."""

LETTER_ALIASES = {
    "varepsilon": "epsilon",
    "varphi": "phi",
    "vartheta": "theta",
    "varrho": "rho",
    "imath": "i",
    "jmath": "j",
}
"""Variants of a letter to the letter."""

_NOTATIONS = names("exp cis cbrt")
"""Functions that the parser reads as something else: `\\exp x` is `e^x`. So is `\\lg`, to base 10."""
FUNCTIONS = frozenset(row.names[0] for row in operators.OPERATORS if row.names) | _NOTATIONS | {"lg"}
FUNCTION_ALIASES = {name: row.head for row in operators.OPERATORS for name in row.names if name != row.head}
PLAIN_FUNCTIONS = names(" ".join(row.plain for row in operators.OPERATORS)) | _NOTATIONS
"""Functions recognised without a backslash."""
TOUCHING_FUNCTIONS = sorted({*operators.heads(Trait.TOUCHES), "exp"}, key=len, reverse=True)
"""Functions recognised where their argument touches them, as in `sinx`; the longest first."""
LIST_FUNCTIONS = operators.heads(Trait.MANY)
TRIGONOMETRIC = operators.heads(Trait.ANGLE)
INVERSES = {row.head: row.inverse for row in operators.OPERATORS if row.inverse}

COMMANDS = names("sum prod int iint oint lim substack stackrel pmatrix cline multicolumn root underset sp sb")
"""Commands with arguments of their own: the parser reads them, or says that it does not."""
COMMAND_ALIASES = {
    "frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sqrt": "sqrt", "binom": "binom",
    "dbinom": "binom", "tbinom": "binom",
}  # fmt: skip

SPACES = names("quad qquad enspace enskip thinspace medspace thickspace space hfill nobreak")
GAPS = names("quad qquad")
"""Spaces wide enough to part two statements."""
IGNORED = names(
    """left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle displaystyle
    textstyle scriptstyle scriptscriptstyle limits nolimits rm bf it cal tt sf mathstrut strut nonumber
    notag normalsize large Large small tiny null allowbreak break newline relax it itshape bfseries em
    protect hline centering star checkmark blacksquare square qed Box lrcorner"""
)
"""Commands that carry no meaning."""

RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "=<": "<=", "=>": "=>",
    "->": "->", "leq": "<=", "le": "<=", "leqslant": "<=", "leqq": "<=", "geq": ">=", "ge": ">=",
    "geqslant": ">=", "geqq": ">=", "lt": "<", "gt": ">", "neq": "!=", "ne": "!=", "approx": "~",
    "simeq": "~", "thickapprox": "~", "approxeq": "~", "doteq": "~", "equiv": "===", "cong": "~=",
    "sim": "sim", "propto": "propto", "in": "in", "notin": "notin", "ni": "ni", "subset": "subset",
    "subseteq": "subseteq", "supset": "supset", "supseteq": "supseteq", "to": "->", "rightarrow": "->",
    "longrightarrow": "->", "mapsto": "->", "implies": "=>", "Rightarrow": "=>", "Longrightarrow": "=>",
    "iff": "iff", "Leftrightarrow": "iff", "leftrightarrow": "iff", "perp": "perp", "parallel": "parallel",
    "coloneqq": "=", ":=": "=", "nmid": "nmid", "ll": "<", "gg": ">",
}  # fmt: skip
"""Relation signs to their canonical operator."""

OPERATORS = {
    "cdot": "*", "times": "*", "ast": "*", "bullet": "*", "cdotp": "*", "div": "/", "over": "over",
    "pm": "±", "mp": "∓", "cup": "∪", "bigcup": "∪", "cap": "∩", "bigcap": "∩", "setminus": "\\",
    "backslash": "\\", "smallsetminus": "\\", "degree": "°", "circ": "°", "lbrace": "\\{", "rbrace": "\\}",
    "lbrack": "[", "rbrack": "]", "langle": "<(", "rangle": ")>", "lfloor": "⌊", "rfloor": "⌋",
    "lceil": "⌈", "rceil": "⌉", "vert": "|", "mid": "|", "lvert": "|", "rvert": "|", "mvert": "|",
    "Vert": "‖", "lVert": "‖", "rVert": "‖", "colon": ":", "dots": "…", "ldots": "…", "cdots": "…",
    "dotsc": "…", "dotsb": "…", "dotso": "…", "vdots": "…", "ddots": "…", "dotsm": "…", "percent": "%",
    "choose": "choose", "land": "and", "wedge": "and", "lor": "or", "vee": "or", "lnot": "not",
    "neg": "not", "mod": "mod", "bmod": "mod", "pmod": "pmod", "pod": "pmod", "prime": "'",
    "forall": "forall", "exists": "exists", "triangle": "△", "angle": "∠", "measuredangle": "∠",
    "because": "because", "therefore": "therefore", "ldotp": ".",
}  # fmt: skip
"""Commands that are operators or brackets, to the token the parser knows."""

NAMED = {
    "pi": "pi", "infty": "inf", "infin": "inf", "emptyset": "set ∅", "varnothing": "set ∅", "O": "set ∅",
    "oslash": "set ∅", "Reals": "set R", "R": "set R", "N": "set N", "Z": "set Z", "Q": "set Q", "C": "set C",
}  # fmt: skip
"""Commands that are constants or sets."""

ACCENTS = {
    "bar": "bar", "overline": "bar", "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot", "ddot": "ddot", "vec": "vec", "overrightarrow": "vec", "mathbf": "vec",
    "boldsymbol": "vec", "bm": "vec", "pmb": "vec", "underline": "", "overleftrightarrow": "",
    "overarc": "", "wideparen": "", "overset": "", "mathcal": "", "mathscr": "", "mathfrak": "",
    "mathsf": "", "mathtt": "", "mathit": "", "mathnormal": "", "cancel": "", "underbrace": "",
    "overbrace": "", "ensuremath": "", "mathop": "", "mathbb": "", "mathrel": "", "mathord": "",
    "mathbin": "", "emph": "",
}  # fmt: skip
"""Commands that decorate their argument, to the prefix of the symbol they make; empty: no change."""

TEXT_COMMANDS = names(
    """text mbox textbf textit textrm textnormal textsf texttt textsc mathrm operatorname operatorname*
    operatornamewithlimits hbox textup rm_ emph mathtext fbox_ unit si SI"""
)

UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "×": "\\times ", "✕": "\\times ",
    "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "•": "\\cdot ", "÷": "/", "∕": "/", "⁄": "/",
    "√": "\\sqrt ", "∛": "\\sqrt[3] ", "∜": "\\sqrt[4] ", "∞": "\\infty ", "π": "\\pi ", "≤": "\\le ",
    "⩽": "\\le ", "≦": "\\le ", "≥": "\\ge ", "⩾": "\\ge ", "≧": "\\ge ", "≠": "\\ne ", "≈": "\\approx ",
    "≅": "\\cong ", "≡": "\\equiv ", "∼": "\\sim ", "±": "\\pm ", "∓": "\\mp ", "∪": "\\cup ",
    "∩": "\\cap ", "∖": "\\setminus ", "∅": "\\emptyset ", "⌀": "\\emptyset ", "ø": "\\emptyset ",
    "Ø": "\\emptyset ", "∈": "\\in ", "∉": "\\notin ", "⊂": "\\subset ", "⊆": "\\subseteq ",
    "ℝ": "\\mathbb{R}", "ℕ": "\\mathbb{N}", "ℤ": "\\mathbb{Z}", "ℚ": "\\mathbb{Q}", "ℂ": "\\mathbb{C}",
    "°": "^\\circ ", "º": "^\\circ ", "˚": "^\\circ ", "′": "'", "’": "'", "‘": "'", "″": "''", "“": '"',
    "”": '"', "⟨": "\\langle ", "⟩": "\\rangle ", "〈": "\\langle ", "〉": "\\rangle ", "⌊": "\\lfloor ",
    "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ", "∣": "|", "｜": "|", "∥": "\\|", "…": "\\dots ",
    "⋯": "\\dots ", "→": "\\to ", "⇒": "\\Rightarrow ", "⇔": "\\iff ", "∠": "\\angle ", "△": "\\triangle ",
    "∑": "\\sum ", "∏": "\\prod ", "∫": "\\int ", "∂": "\\partial ", "∇": "\\nabla ", "∧": "\\land ",
    "∨": "\\lor ", "¬": "\\lnot ", "ℓ": "\\ell ", "ħ": "\\hbar ", "∝": "\\propto ", "⊥": "\\perp ",
    "∘": "\\circ ", "¢": " cents ", "€": "\\euro ", "£": "\\pound ", "¥": "\\yen ", "₹": "\\rupee ",
    "\u00a0": " ", "\u2009": "\\,", "\u202f": "\\,", "\u2007": "\\,", "\u2002": " ", "\u2003": " ",
    "\u3000": " ", "\u200a": " ", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "",
    "\u00ad": "", "\ufe0f": "", "，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "（": "(", "）": ")",
    "【": "[", "】": "]", "％": "\\%", "＝": "=", "＜": "<", "＞": ">", "～": "~", "½": "\\frac{1}{2}",
    "⅓": "\\frac{1}{3}", "⅔": "\\frac{2}{3}", "¼": "\\frac{1}{4}", "¾": "\\frac{3}{4}", "⅕": "\\frac{1}{5}",
    "⅖": "\\frac{2}{5}", "⅗": "\\frac{3}{5}", "⅘": "\\frac{4}{5}", "⅙": "\\frac{1}{6}", "⅚": "\\frac{5}{6}",
    "⅐": "\\frac{1}{7}", "⅛": "\\frac{1}{8}", "⅜": "\\frac{3}{8}", "⅝": "\\frac{5}{8}", "⅞": "\\frac{7}{8}",
    "⅑": "\\frac{1}{9}", "⅒": "\\frac{1}{10}", "∶": ":", "ı": "i", "ϵ": "\\epsilon ", "ϕ": "\\phi ",
    "µ": "\\mu ", "ⅈ": "i", "ⅇ": "e", "𝑖": "i", "⊕": "\\oplus ", "⊗": "\\otimes ", "⊙": "\\odot ", "∴": "",
    "∵": "", "✓": "", "✔": "", "✅": "",
    **{
        chr(0x3B1 + k): f"\\{name} "
        for k, name in enumerate(listed(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
            "varsigma sigma tau upsilon phi chi psi omega"
        ))
    },
    **{
        letter: f"\\{name} "
        for letter, name in zip(
            "ΓΔΘΛΞΠΣΦΨΩ", listed("Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"), strict=True
        )
    },
}  # fmt: skip
"""Unicode mathematics to LaTeX."""

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵏᵐᵃᵇᶜᵈᵗᵖ", "0123456789+-=()nixykmabcdtp", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₓₖₘᵢⱼₐ", "0123456789+-=()nxkmija", strict=True))

CURRENCY = {
    "euro": "euro",
    "pound": "pound_sterling",
    "pounds": "pound_sterling",
    "yen": "yen",
    "rupee": "rupee",
    "$": "dollar",
}

SHORT_WORDS = names(
    """no yes all any and are but can day did few for get had has her him his how its let may new nor not
    now off old one two six ten our out own per red saw say see set she the too use was way who why won
    you is it if in of on or to at as be by do go he me my so up us we am an odd box men cup cat dog car
    bus boy sum ray end tie both none dne und"""
)
"""Two- and three-letter runs that are words, not products of letters."""

NEGATIONS = names("not no never neither nor cannot cant isnt arent doesnt dont without except")
"""Words that turn a statement into its opposite, without their apostrophes."""
