"""What an answer is: a typed tree. Everything between parsing and a verdict works on it.

nodes       the kinds of node, and how to walk and rewrite a tree
show        a tree as text, one node a line
"""
