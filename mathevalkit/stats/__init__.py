"""Statistics that hold.

intervals   an accuracy and its interval, from one run's counts
paired      two runs on the same samples: differences and exact tests
at_k        avg@k, pass@k, maj@k
power       what a comparison could have shown
"""
