"""The last resort: SymPy and latex2sympy2, in a process that can be killed.

last_resort  what a caller asks, and what comes back
process      what runs in the other process
cage         what that process may not do
"""
