"""A benchmark: its YAML file, where its rows come from, the templates that read them.

finding     `load_task`: by name or by path
files       the schema of a task file, and its errors
yaml_files  YAML with line numbers, for task files and suites
rows        `load_data`: from a file or the hub to samples
templates   Jinja2, sandboxed and strict
"""
