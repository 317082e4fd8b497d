"""Checkpoints side by side on the same samples.

compare     `compare`
align       which samples are the same problem
result      what a comparison holds
flips       which samples a run did otherwise on
gap         where a difference comes from
gate        `gate`: pass, regression, or cannot tell
repeats     what runs that repeat each other teach about noise
"""
