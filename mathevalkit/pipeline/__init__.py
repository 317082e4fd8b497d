"""From a model and a task to results.

evaluation  `evaluate`: plan, preflight, generation, scoring, results
plan        a run decided before any weights load
estimate    what a run would do and cost
"""
