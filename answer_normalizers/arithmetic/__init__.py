"""What proves two trees equal or different.

exact        rational numbers
field        random points in a prime field of 61 bits
balls        intervals with proven error bounds, at rising precision (Arb)
sampling     where expressions in variables are compared
scalars      two expressions: structure, exact, field, balls, in this order
polynomials  trees as quotients of polynomials in one variable
reals        sets of real numbers
equations    equality up to scale, equality of solution sets
matrices     sums, products, powers and determinants
"""
