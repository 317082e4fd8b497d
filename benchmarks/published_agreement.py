"""The published scorers beside their originals, verdict for verdict, where the originals are installed.

    pip install lm_eval==0.4.13 math-verify==0.9.0 antlr4-python3-runtime==4.11
    python benchmarks/published_agreement.py [--quick]

Every answer pair of `$MATHEVALKIT_SHARED/answer_pairs` (default: `../shared`), the real generations, the
solutions of MATH and GSM8K themselves, and random strings of the pieces that the scorers trip over. Prints
for each scorer how many verdicts agree, and the first that do not. An exception of the original agrees with
an undecided verdict. `--quick` leaves out the pairs that need SymPy, which take minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from answer_normalizers.published import hendrycks, lm_eval_gsm8k, minerva

SHARED = Path(os.environ.get("MATHEVALKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PAIRS = ("hard", "hard_contested", "math_real_answers", "reformatted", "near_miss")
PIECES = r"""
\frac \sqrt { } 1 2 / x = . 0.5 \text{ % \% \left ( ) tfrac \\ \! ^\circ \$ , - + \ ½ #### $18
"""

Case = tuple[str, str]
Verdict = Callable[[str, str], bool | None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="without the pairs that need SymPy")
    quick = parser.parse_args().quick
    pairs, texts = list(answer_pairs()), list(generations())
    noise = list(random_strings(20_000))
    print(f"{'scorer':42} {'cases':>7} {'agree':>7} {'differ':>7}")
    compare("is_equiv", [*pairs, *noise], hendrycks.is_equiv, their_is_equiv())
    cases = [*texts, *((gold, f"so ${text}$") for gold, text in pairs), *solutions()]
    compare("hendrycks_math", cases, ours(hendrycks.lm_eval_hendrycks_math), their_hendrycks_math())
    cases = [*texts, *noise, *((gold, f"#### {text}") for gold, text in noise), *gsm8k()]
    for name, scorer in (
        ("strict-match", lm_eval_gsm8k.strict_match),
        ("flexible-extract", lm_eval_gsm8k.flexible_extract),
    ):
        compare(f"gsm8k {name}", cases, ours(scorer), their_gsm8k(name))
    phrase = "Final Answer: The final answer is ${}$. I hope it is correct."
    if not quick:
        cases = [*texts, *((gold, phrase.format(text)) for gold, text in pairs)]
        compare("minerva_math", cases, ours(minerva.lm_eval_minerva_math), their_minerva_math())


def compare(name: str, cases: Iterable[Case], mine: Verdict, theirs: Verdict) -> None:
    count, differing = 0, []
    for gold, text in cases:
        count += 1
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                expected = theirs(gold, text)
        except Exception:  # noqa: BLE001 - whatever the original raises
            expected = None
        verdict = mine(gold, text)
        if verdict is not expected:
            differing.append((gold[:50], text[-50:], verdict, expected))
    print(f"{name:42} {count:7} {count - len(differing):7} {len(differing):7}")
    for case in differing[:5]:
        print("   ", *map(repr, case))


def ours(scorer):
    return lambda gold, text: scorer(gold=gold, text=text).equivalent


def their_is_equiv() -> Verdict:
    from lm_eval.tasks.hendrycks_math.utils import is_equiv

    return lambda gold, text: bool(is_equiv(gold, text))


def their_hendrycks_math() -> Verdict:
    from lm_eval.tasks.hendrycks_math.utils import process_results

    def verdict(gold: str, text: str) -> bool:
        solution = gold if "\\boxed" in gold else f"\\boxed{{{gold}}}"
        return bool(process_results({"solution": solution}, [text])["exact_match"])

    return verdict


def their_gsm8k(name: str) -> Verdict:
    import lm_eval.tasks
    import yaml
    from lm_eval.api.metrics import exact_match_hf_evaluate
    from lm_eval.filters.extraction import RegexFilter

    file = Path(lm_eval.tasks.__file__).parent / "gsm8k" / "gsm8k.yaml"
    task = yaml.safe_load(file.read_text(encoding="utf-8"))
    options = next(f for f in task["filter_list"] if f["name"] == name)["filter"][0]
    regex = RegexFilter(**{key: value for key, value in options.items() if key != "function"})
    ignored = task["metric_list"][0]["regexes_to_ignore"]

    def verdict(gold: str, text: str) -> bool:
        found = next(iter(regex.apply([[text]], [{}])))[0]
        scored = exact_match_hf_evaluate([found], [gold], regexes_to_ignore=ignored, ignore_case=True)
        return bool(scored["exact_match"] == 1.0)

    return verdict


def their_minerva_math() -> Verdict:
    from lm_eval.tasks.minerva_math import utils

    def verdict(gold: str, text: str) -> bool:
        answer = utils.normalize_final_answer(utils.get_unnormalized_answer(text))
        return bool(utils.is_equiv(answer, utils.normalize_final_answer(gold)))

    return verdict


def answer_pairs() -> Iterator[Case]:
    for name in PAIRS:
        for row in rows(f"answer_pairs/{name}.jsonl"):
            yield row["gold"], row["pred"]


def generations() -> Iterator[Case]:
    for row in rows("data/generations/gsm8k_openai_6b_175b.jsonl"):
        gold = row["ground_truth"].rpartition("A: ")[2]
        for solver in ("6b_finetuning", "175b_verification"):
            yield gold, row[solver]["solution"].replace("A: ", "#### ")
    for row in rows("data/generations/math_100x8_qwen.jsonl"):
        for text in row["code"]:
            yield row["gt"], text


def solutions() -> Iterator[Case]:
    for row in rows("data/math/test.jsonl"):
        yield row["solution"], row["solution"]


def gsm8k() -> Iterator[Case]:
    for row in rows("data/gsm8k/test.jsonl"):
        yield row["answer"], row["answer"]


def random_strings(count: int) -> Iterator[Case]:
    source = random.Random(1)
    pieces = [*PIECES.split(), " "]
    for _ in range(count):
        gold, text = ("".join(source.choices(pieces, k=source.randint(0, 8))) for _ in range(2))
        yield gold, text


def rows(path: str) -> Iterator[dict]:
    with (SHARED / path).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
