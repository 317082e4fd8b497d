"""False alarms and power of the gate, beside the thresholds that continuous integration uses instead.

    python benchmarks/gate_simulation.py [--trials 2000] [--seed 1]

A model answers each problem right with a probability of its own (a beta distribution, drawn afresh for
every trial). Its mean and the share of problems that flip between two runs are set: few where only rounding
differs, more where answers are drawn at a temperature. The candidate is a second run of the same model, or
of one that lost some points, each problem in proportion.

Rules compared, all on the same simulated runs:

- gate: this project's, one run against one run, `--max-drop 2 --alpha 0.05`.
- baseline - 1 (or - 2): alarm where the candidate's accuracy is more than 1 (or 2) points lower.
- fixed 64 %: the usual assertion `accuracy > 0.64`, for a model whose true accuracy is 65 %.
- intervals apart: alarm where the two Wilson intervals do not overlap.

A second table adds noise that moves whole runs together and a history of repeated runs to learn it from.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from mathevalkit.comparison.gate import decide
from mathevalkit.stats.intervals import wilson_interval
from mathevalkit.types import Score

MEAN = 0.65
MAX_DROP = 0.02
ALPHA = 0.05


def abilities(rng: np.random.Generator, samples: int, flips: float) -> np.ndarray:
    """Chances of a right answer, such that two runs differ on a share ``flips`` of the problems."""
    # E[2p(1-p)] of a beta distribution is 2·mean·(1-mean)·s/(s+1).
    ratio = flips / (2 * MEAN * (1 - MEAN))
    strength = ratio / (1 - ratio)
    return rng.beta(MEAN * strength, (1 - MEAN) * strength, samples)


def run(
    rng: np.random.Generator, chances: np.ndarray, *, shift: float = 0.0, drop: float = 0.0
) -> np.ndarray:
    """One run's outcomes. ``shift``: moves the accuracy of the whole run; ``drop``: points lost."""
    open_ = chances * (1 - chances)
    moved = np.clip(chances + shift * open_ / open_.mean(), 0, 1) * (1 - drop / MEAN)
    return rng.random(len(chances)) < moved


def scores(outcomes: np.ndarray) -> list[Score]:
    return [(int(right), 1) for right in outcomes]


def alarms_by_rule(rng: np.random.Generator, *, samples: int, flips: float, drop: float) -> dict[str, bool]:
    chances = abilities(rng, samples, flips)
    first, second = run(rng, chances), run(rng, chances, drop=drop)
    before, after = first.mean(), second.mean()
    decision = decide([scores(first)], scores(second), max_drop=MAX_DROP, alpha=ALPHA).decision
    return {
        "gate": decision == "regression",
        "gate passes": decision == "pass",
        "baseline - 1": after < before - 0.01,
        "baseline - 2": after < before - 0.02,
        "fixed 64 %": after < MEAN - 0.01,
        "intervals apart": wilson_interval(int(second.sum()), samples)[1]
        < wilson_interval(int(first.sum()), samples)[0],
    }


def first_table(trials: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = ["gate", "gate passes", "baseline - 1", "baseline - 2", "fixed 64 %", "intervals apart"]
    print("Alarms in % of trials (a drop of 0 points: false alarms). `gate passes`: the gate says pass.\n")
    print(f"{'samples':>8} {'flips':>6} {'drop':>5}  " + "".join(f"{c:>17}" for c in columns))
    for samples in (200, 1319, 5000):
        for flips in (0.03, 0.11, 0.25):
            for drop in (0.0, 0.02, 0.04):
                counts: Counter[str] = Counter()
                for _ in range(trials):
                    for rule, alarm in alarms_by_rule(rng, samples=samples, flips=flips, drop=drop).items():
                        counts[rule] += alarm
                row = "".join(f"{100 * counts[c] / trials:>17.1f}" for c in columns)
                print(f"{samples:>8,} {flips:>6.0%} {100 * drop:>5.0f}  {row}", flush=True)


def second_table(trials: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples, flips = 1319, 0.11
    print("\nNoise that moves whole runs: GSM8K's 1,319 problems, 11 % flips, alarms in %.")
    print("`scatter`: standard deviation of runs over what flips alone explain.\n")
    print(
        f"{'scatter':>8} {'repeats':>8} {'false alarms':>13} {'4 points lost':>14} {'unchanged passes':>17}"
    )
    for scatter in (1.0, 1.4, 2.0):
        for repeats in (1, 2, 5, 10, 20):
            counts: Counter[str] = Counter()
            for _ in range(trials):
                chances = abilities(rng, samples, flips)
                explained = np.sqrt((chances * (1 - chances)).sum()) / samples
                shifts = rng.normal(0, explained * np.sqrt(scatter**2 - 1), repeats + 2)
                history = [scores(run(rng, chances, shift=s)) for s in shifts[:repeats]]
                same = scores(run(rng, chances, shift=shifts[-2]))
                worse = scores(run(rng, chances, shift=shifts[-1], drop=0.04))
                decision = decide(history, same, max_drop=MAX_DROP, alpha=ALPHA).decision
                counts["false"] += decision == "regression"
                counts["passes"] += decision == "pass"
                found = decide(history, worse, max_drop=MAX_DROP, alpha=ALPHA).decision
                counts["found"] += found == "regression"
            row = [100 * counts[name] / trials for name in ("false", "found", "passes")]
            print(f"{scatter:>8.1f} {repeats:>8} {row[0]:>13.1f} {row[1]:>14.1f} {row[2]:>12.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    first_table(arguments.trials, arguments.seed)
    second_table(arguments.trials, arguments.seed + 1)


if __name__ == "__main__":
    main()
