"""Which proof for which pair of answers.

check       `check`: the stages, cheapest first, and the table of rules
asking      what the rules share: components in order and in any order
scalars     two expressions
lists       lists, finite sets, points and intervals
sets        answers of which one can only be a set of reals
relations   answers of which one is an equation or another relation
names       what an answer names: `x = 5`, `AB = 5`
matrices    matrices and vectors
quantities  values with a unit or a label
ratios      ratios, and times of day, which are written alike
texts       words, letters, digits in a base
"""
