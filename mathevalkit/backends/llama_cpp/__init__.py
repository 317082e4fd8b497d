"""llama.cpp, for a laptop's processor or a graphics card.

backend     the engine
gguf        finding model files, reading their header
chat        chat templates
loopback    JSON over HTTP to the server in the same process
"""
