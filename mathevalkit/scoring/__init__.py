"""Completions to verdicts, verdicts to counts.

judge          one completion under one or several scorers
outcomes       one completion, exactly one outcome
tally          verdicts counted: a run, its subjects, its levels
rescore        saved generations under any scorers
blocks         judging in worker processes
disagreements  where two scorers do not judge alike, and a file of it
explain        why a completion was judged so
selftest       what a scorer can see at all
"""
