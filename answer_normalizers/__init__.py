"""answer_normalizers: decides by mathematics whether two answers to a mathematical question are the same.

    >>> from answer_normalizers import check
    >>> check(gold=r"\\frac{1}{2}", pred="0.50").equivalent
    True

Importable alone: standard library and python-flint only. It knows nothing of models, prompts or runs.
"""

from answer_normalizers.equivalence import check
from answer_normalizers.policy import Policy
from answer_normalizers.verdict import Extraction, Verdict

try:
    from answer_normalizers.extraction import extract, grade
except ImportError:  # extraction is not complete yet
    pass

__all__ = ["Extraction", "Policy", "Verdict", "check", "extract", "grade"]
