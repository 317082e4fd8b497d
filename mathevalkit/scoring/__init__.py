"""Completions to verdicts, verdicts to counts.

judge          one completion under one or several scorers
outcomes       one completion, exactly one outcome
tally          counts to accuracies
partial        the results of a run that is not whole
rescore        saved generations under any scorers
disagreements  a file of all disagreements
explain        why a completion was judged so
selftest       what a scorer can see at all
"""
