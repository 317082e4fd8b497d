"""Statistics that hold.

accuracy    from counts to an accuracy with its interval and bounds
intervals   of one run's numbers
paired      two runs on the same samples: differences and exact tests
at_k        avg@k, pass@k, maj@k
power       what a comparison could have shown
"""
