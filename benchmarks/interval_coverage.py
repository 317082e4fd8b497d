"""How often the 95 % intervals hold the truth, by simulation at the sizes that benchmarks have.

    python benchmarks/interval_coverage.py [--trials 10000] [--seed 1]

Sizes: 30 problems (AIME), 200 (a sample), 500 (MATH-500), 1,319 (GSM8K), 5,000 (MATH). Problems differ in
difficulty: each has a chance of its own of being answered right, from a beta distribution. Beside each
interval stands the plain normal one (estimate ± 1.96 standard errors, completions taken as independent
where there are several), which is what most harnesses print.

Counts are whole numbers, so for one completion a sample the coverage jumps up and down with the truth by a
point or so; there each trial draws its truth within three points of the one named. The last column marks
rows farther than one point from 95.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import comb, sqrt

import numpy as np

from mathevalkit.stats.at_k import Votes, maj_at_k
from mathevalkit.stats.intervals import clustered_interval, mean_interval, wilson_interval
from mathevalkit.stats.paired import adjusted_interval, tango_interval

Z = 1.959963984540054
Trial = Callable[[np.random.Generator], tuple[bool, bool]]
"""One experiment: whether our interval and whether the normal one held the truth."""

SPREAD = 0.5
"""a + b of the beta distribution: most problems are nearly always or nearly never answered right."""


def abilities(rng: np.random.Generator, mean: float, samples: int) -> np.ndarray:
    return rng.beta(mean * SPREAD, (1 - mean) * SPREAD, samples)


def holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] - 1e-12 <= truth <= interval[1] + 1e-12


def normal(mean: float, variance: float) -> tuple[float, float]:
    half = Z * sqrt(max(variance, 0.0))
    return mean - half, mean + half


wilson = lru_cache(maxsize=None)(wilson_interval)
tango = lru_cache(maxsize=None)(tango_interval)


def accuracy(samples: int, centre: float) -> Trial:
    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        mean = rng.uniform(centre - 0.03, centre + 0.03)
        correct = int(rng.binomial(samples, mean))
        p = correct / samples
        return holds(wilson(correct, samples), mean), holds(normal(p, p * (1 - p) / samples), mean)

    return trial


def average(samples: int, n: int, mean: float) -> Trial:
    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        correct = rng.binomial(n, abilities(rng, mean, samples))
        p = correct.sum() / (n * samples)
        ours = clustered_interval([(int(c), n) for c in correct])
        return holds(ours, mean), holds(normal(p, p * (1 - p) / (n * samples)), mean)

    return trial


def passed(samples: int, n: int, k: int, mean: float) -> Trial:
    chance_of_none = np.array([comb(n - c, k) / comb(n, k) for c in range(n + 1)])
    draws = abilities(np.random.default_rng(0), mean, 4_000_000)
    truth = float((1 - (1 - draws) ** k).mean())

    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        values = 1 - chance_of_none[rng.binomial(n, abilities(rng, mean, samples))]
        p = float(values.mean())
        return holds(mean_interval(list(values)), truth), holds(normal(p, p * (1 - p) / samples), truth)

    return trial


def majority(samples: int, n: int, k: int, mean: float) -> Trial:
    """The wrong answers of a problem fall on three values, half of them on the first."""
    won = lru_cache(maxsize=None)(lambda counts: maj_at_k(_votes(counts), k=k))

    def values(rng: np.random.Generator, size: int) -> np.ndarray:
        right = abilities(rng, mean, size)
        shares = np.stack([right, *[(1 - right) * share for share in (0.5, 0.3, 0.2)]], axis=1)
        return np.array([won(tuple(map(int, row))) for row in rng.multinomial(n, shares)])

    truth = float(values(np.random.default_rng(0), 300_000).mean())

    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        drawn = values(rng, samples)
        p = float(drawn.mean())
        return holds(mean_interval(list(drawn)), truth), holds(normal(p, p * (1 - p) / samples), truth)

    return trial


def _votes(counts: tuple[int, ...]) -> Votes:
    return Votes(correct=counts[0], others=tuple(sorted(filter(None, counts[1:]), reverse=True)), silent=0)


def paired(samples: int, flips: float, centre: float) -> Trial:
    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        difference = rng.uniform(centre - 0.03, centre + 0.03)
        shares = [(flips + difference) / 2, (flips - difference) / 2, 1 - flips]
        gained, lost, _ = map(int, rng.multinomial(samples, shares))
        d = (gained - lost) / samples
        ours = tango(gained=gained, lost=lost, samples=samples)
        plain = normal(d, ((gained + lost) / samples - d * d) / samples)
        return holds(ours, difference), holds(plain, difference)

    return trial


def paired_means(samples: int, n: int, mean: float) -> Trial:
    """The second model is as good as the first, but a quarter of the problems suits it differently."""

    def trial(rng: np.random.Generator) -> tuple[bool, bool]:
        first = abilities(rng, mean, samples)
        second = np.where(rng.random(samples) < 0.25, abilities(rng, mean, samples), first)
        one, other = rng.binomial(n, first), rng.binomial(n, second)
        p, q = one.mean() / n, other.mean() / n
        ours = adjusted_interval((other - one) / n, grain=1 / n)
        return holds(ours, 0.0), holds(normal(q - p, (p * (1 - p) + q * (1 - q)) / (n * samples)), 0.0)

    return trial


def rows() -> Iterator[tuple[str, Trial]]:
    for samples in (30, 200, 500, 1319, 5000):
        for mean in (0.2, 0.65):
            yield f"accuracy, {samples:,} problems, {mean:.0%} right", accuracy(samples, mean)
    for samples, n in ((30, 64), (200, 8), (1319, 4)):
        for mean in (0.2, 0.65):
            yield f"avg@{n}, {samples:,} problems, {mean:.0%} right", average(samples, n, mean)
    for samples, n, k in ((30, 64, 8), (200, 8, 4), (1319, 4, 2)):
        yield f"pass@{k} of {n}, {samples:,} problems, 40% right", passed(samples, n, k, 0.4)
        yield f"maj@{k + 1} of {n}, {samples:,} problems, 40% right", majority(samples, n, k + 1, 0.4)
    for samples in (30, 200, 500, 1319, 5000):
        for flips, difference in ((0.1, 0.0), (0.1, 0.03), (0.3, 0.1)):
            name = f"difference {100 * difference:.0f} points, {samples:,} problems, {flips:.0%} flip"
            yield name, paired(samples, flips, difference)
    for samples, n in ((30, 64), (200, 8), (1319, 4)):
        name = f"difference 0 points, {samples:,} problems, {n} completions"
        yield name, paired_means(samples, n, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    error = 100 * sqrt(0.95 * 0.05 / arguments.trials)
    print(f"Coverage in %, {arguments.trials:,} trials a row (standard error {error:.2f})\n")
    print(f"{'interval':<48} {'ours':>6} {'normal':>7}")
    for name, trial in rows():
        ours, plain = 100 * np.mean([trial(rng) for _ in range(arguments.trials)], axis=0)
        mark = "" if abs(ours - 95) <= 1 else "  *"
        print(f"{name:<48} {ours:>6.1f} {plain:>7.1f}{mark}", flush=True)


if __name__ == "__main__":
    main()
