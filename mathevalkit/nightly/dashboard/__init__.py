"""A static site of all nights.

site        `build_dashboard`
data        the nights of each model on each task
charts      what is drawn
"""
