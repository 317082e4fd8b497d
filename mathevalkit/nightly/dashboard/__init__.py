"""A static site of all nights.

site        `build_dashboard`
data        the nights of each model on each task
flips       which samples changed between nights
charts      what is drawn
"""
