"""Reports of runs: HTML, Markdown, LaTeX, tables.

report      `report`
data        runs read back whole
tables      the tables, whatever format they end up in
html        one page that needs no network
samples     the sample browser's data
lengths     how long completions are
maths       formulas without a network
mathml      LaTeX to MathML
text        Markdown and LaTeX
frame       pandas, CSV and Parquet
"""
