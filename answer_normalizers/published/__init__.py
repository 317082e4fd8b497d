"""Scorers that published numbers were made with, reproduced verdict for verdict, faults included.

To compare with a published number, judge as it was judged. Nothing here is improved; the faults are listed
where each scorer lives and held by a test each. To know whether an answer is right, use
`answer_normalizers.check`.

Each scorer takes `gold` (the reference answer, or the data set's own solution that holds it) and `text` (all
that the model wrote). Where an original would crash, the verdict is undecided and says so.

    metamath             MetaMath's scorers for GSM8K and MATH
    hendrycks            Hendrycks' `is_equiv`, and lm-evaluation-harness's `hendrycks_math`
    lm_eval_gsm8k        lm-evaluation-harness's `gsm8k`, both filters
    minerva              lm-evaluation-harness's `minerva_math`
    latex_worker, latex_process
                         its SymPy stage, in a process that can be killed
    prm800k, prm800k_text, prm800k_expressions
                         OpenAI's `grade_answer`
    math_verify, math_verify_process
                         math-verify, where it is installed
    common               what several share
"""
