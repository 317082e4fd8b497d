"""How numbers and texts look to a person, whoever shows them: terminal, report, dashboard, notebook.

terminal    a model's text made harmless
figures     percentages, intervals, durations and p-values
wording     the words that outcomes and settings have
notebook    tables as HTML for a notebook
spreadsheet tables as CSV that no spreadsheet runs
"""
