"""A run as one file that another machine can check.

bundle      `write_bundle` and `verify_bundle`
archive     written without chance, read without trust
checks      what a bundle says, computed again
"""
