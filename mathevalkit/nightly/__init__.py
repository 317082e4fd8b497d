"""The same suite, night after night.

suite       models × tasks × recipes, from one YAML file
night       one night run
record      what a night left behind
dashboard   a static site of all nights
"""
