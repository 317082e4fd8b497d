"""Statistics that hold.

intervals   of one run's numbers
paired      two runs on the same samples: differences and exact tests
at_k        avg@k, pass@k, maj@k
power       what a comparison could have shown
"""
