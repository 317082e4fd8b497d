"""The command line: parsing and printing only.

app         ``run`` and what is common to all commands
options     the options of ``run``
interrupts  Ctrl-C, SIGTERM, a lost terminal
dry_run     what a run would do
advice      the command to try next
views       what a terminal shows
compare, export, inspect, nightly, report, reproduce, score, tasks
            the other commands, by name
"""
