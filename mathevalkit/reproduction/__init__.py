"""Does a run reproduce a published number?

reproduce   `reproduce`
targets     the published results there are
causes      what could explain a difference
"""
