"""From the string of an answer to its tree. Nothing here computes.

reading     `read`: mathematics first, then prose around it, then words
normalize   boxes, wrappers and unicode taken off
lexer       tokens
parser      the grammar: tokens to a tree
settle      signs, names and ellipses spelled out
numerals    numbers as they are written
words       answers in words, and numbers written out
prose       "The answer is 5 (since x > 0)" without its prose
units       units and labels behind a value
vocabulary  the names of mathematics, as tables
errors      what a step raises where it cannot go on
"""
