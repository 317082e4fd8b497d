"""Engines that turn requests into completions, behind the one protocol of ``base.py``.

``registry.py`` finds an engine by its name. vLLM and llama.cpp run in a process of their own
(``process.py``, ``engine_process.py``, ``wire.py``) under a supervisor that restarts it
(``supervisor.py``); ``replay.py`` reads what was recorded. An engine itself implements ``engine.py``.
"""
