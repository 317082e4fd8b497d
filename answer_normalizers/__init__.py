"""answer_normalizers: decides by mathematics whether two answers to a mathematical question are the same.

    >>> from answer_normalizers import check
    >>> check(gold=r"\\frac{1}{2}", pred="0.50").equivalent
    True

Importable alone: standard library and python-flint only. It knows nothing of models, prompts or runs.
"""

from answer_normalizers.equivalence.check import check
from answer_normalizers.extraction.strategies import extract
from answer_normalizers.grading import grade
from answer_normalizers.policy import Policy
from answer_normalizers.reward import reward
from answer_normalizers.verdict import Extraction, Verdict

__all__ = ["Extraction", "Policy", "Verdict", "check", "extract", "grade", "reward"]
