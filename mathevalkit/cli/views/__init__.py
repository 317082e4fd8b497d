"""What a terminal shows. Nothing here computes a number.

live          a run while it goes on
progress      its one line, fitted to the width
results       its table when it is done
dry_run       what it would do
rescored      scorers side by side
explanation   one completion and what was made of it
selftest      what scorers accept
comparison    checkpoints side by side
gate          a decision and its evidence
report        several runs, each and compared
reproduction  a run beside a published number
verification  a bundle scored again
night         a suite's night
tasks         tasks in a list, and one in full
"""
