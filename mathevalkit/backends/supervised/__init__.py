"""An engine in a process of its own, watched and restarted.

supervisor      the backend that a run sees: what is done when the engine dies or stalls
process         the engine's process, from this side
wire            frames over two pipes
engine          what an engine implements
engine_process  the main program of the other side
"""
