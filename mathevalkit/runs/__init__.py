"""A run on disk, and the only way to read one.

journal     what was paid for, written so that nothing can lose it
codec       records to JSON and back
results     ``results.json``
reader      a run read back
foreign     generations of any origin: our runs, other harnesses' files
changes     what differs between two runs
resume      which run a command goes on with
"""
