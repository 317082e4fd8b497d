"""A run on disk, and the only way to read one.

journal     what was paid for, written so that nothing can lose it
codec       records to JSON and back
results     ``results.json``
reader      a run read back, and which of its completions count
foreign     other people's files of generations
sources     both as generations to judge
labels      what runs are called side by side
changes     what differs between two runs
resume      which run a command goes on with
"""
