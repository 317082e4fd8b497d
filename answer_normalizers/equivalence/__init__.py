"""Which proof for which pair of answers.

check       `check`: the stages, cheapest first, and the table of rules
asking      what the rules share: components in order and in any order
scalars     two expressions
lists       lists, finite sets, points and intervals
sets        answers of which one can only be a set of reals
relations   answers of which one is an equation or another relation
matrices    matrices and vectors
quantities  units, times of day, ratios, numbers with a base, texts
names       what an answer names: `x = 5`, `AB = 5`
"""
