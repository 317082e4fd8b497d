"""Runs in the formats of leaderboards and other harnesses.

export           `export`, and exporters by name
base             what every exporter works from
lm_eval          lm-evaluation-harness's files
hf_eval_results  a model's page on the Hugging Face hub
model_index      the ``model-index`` of a model card
every_eval_ever  Every Eval Ever
bundle           a run as one file that another machine can check
"""
