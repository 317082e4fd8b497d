"""What an answer is: a typed tree. Everything between parsing and a verdict works on it.

nodes       the kinds of node, and how to walk and rewrite a tree
operators   what the engine knows of each operator and function, one row each
sets        which answers are sets of reals, as far as their structure shows it
show        a tree as text, one node a line
"""
