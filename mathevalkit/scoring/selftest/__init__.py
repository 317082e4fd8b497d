"""What a scorer can see at all, on texts whose verdict is known.

ceilings    golds stated in many ways and near misses, under any scorers
texts       how those texts are made
"""
