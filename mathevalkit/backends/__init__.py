"""Engines that turn requests into completions, behind the one protocol of ``base``.

base        the protocol, and engines by name
host        what a run was made on, and which weights exactly
replay      recorded completions in place of a model
vllm        vLLM
llama_cpp   llama.cpp: GGUF files on a laptop
supervised  an engine in a process of its own, watched and restarted
"""
