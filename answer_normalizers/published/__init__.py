"""Scorers that published numbers were made with, reproduced verdict for verdict, faults included.

To compare with a published number, judge as it was judged. Nothing here is improved; the faults are listed
where each scorer lives and held by a test each. To know whether an answer is right, use
`answer_normalizers.check`.

Each scorer takes `gold` (the reference answer, or the data set's own solution that holds it) and `text` (all
that the model wrote). Where an original would crash, the verdict is undecided and says so.
"""
