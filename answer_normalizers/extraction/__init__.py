r"""Where the answer stands in a text that a model wrote.

strategies  `extract`: which marks count, and in which order they are looked for
boxes       `\boxed{…}`, however it was closed
marked      answers marked in words: `#### 18`, "The answer is 18"
guessed     the best guess at a text that marks none
spans       what they share: spans, numbers in prose, what is no answer at all
"""
