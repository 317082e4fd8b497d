"""The command line: parsing and printing only. Each command has a module of its name.

app         the commands, and what becomes of errors
options     what commands take
output      JSON, tables, errors; flags for the arguments that the library names
views       what a terminal shows
advice      the command to try next
interrupts  Ctrl-C, SIGTERM, a lost terminal

run, preflight, show        making runs, seeing them
answers                     ``check`` and ``extract``: one answer, one text
rescore, explain, selftest  scoring again, and why
compare, gate               runs against each other
report, reproduce           runs beside others and beside published numbers
export, verify              leaderboards, bundles
nightly, dashboard          suites
tasks                       task files
"""
