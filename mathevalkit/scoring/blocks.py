"""Judging in blocks, here or in worker processes, and what comes back of each: packed, in order.

What is kept of a generation is eight bytes that tell its sample from others and one of outcome for each
scorer, so that a million of them fit into memory easily.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from mathevalkit.errors import MathEvalError
from mathevalkit.runs.codec import encode_line
from mathevalkit.runs.sources import Block
from mathevalkit.scoring.disagreements import Cause, Disagreement, Opinion, disagreeing
from mathevalkit.scoring.judge import Judge, ScorerOptions
from mathevalkit.types import OUTCOMES, Generation, Outcome, ScoredCompletion

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

BLOCKS_AHEAD = 3
"""Blocks in flight for each worker; bounds the memory."""
CODES: Mapping[Outcome, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}
"""Outcomes as bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBlock:
    """What the scorers made of a block, packed: it comes from another process, and there may be thousands."""

    keys: bytes
    """Eight bytes a generation, equal for generations of one sample."""
    codes: tuple[bytes, ...]
    """For each scorer one byte a generation, an index into OUTCOMES."""
    causes: Mapping[tuple[int, int, Cause], int]
    """How often an accepting and another scorer (by index) disagreed, by cause."""
    disagreements: tuple[Disagreement, ...]
    lines: tuple[bytes, ...]
    """For each scorer the lines of its verdict file, where they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBlock:
    """A callable for worker processes: ``(block) -> JudgedBlock``."""

    label: str
    scorers: tuple[str, ...]
    options: ScorerOptions
    with_lines: bool
    max_disagreements: int | None
    """Disagreements described for each block and kind; None for all. All are counted."""

    def __call__(self, block: Block) -> JudgedBlock:
        """Judge every generation of the block."""
        judge = _judge(self.scorers, self.options)
        keys = bytearray()
        codes = [bytearray() for _ in self.scorers]
        lines = [bytearray() for _ in self.scorers]
        causes: Counter[tuple[int, int, Cause]] = Counter()
        described: list[Disagreement] = []
        kinds: Counter[tuple[tuple[int, int, Cause], ...]] = Counter()
        for generation in block.generations():
            judged = judge.judge(generation)
            keys += _key(generation.completion.sample_id)
            for index, line in enumerate(judged):
                codes[index].append(CODES[line.outcome])
                if self.with_lines:
                    lines[index] += encode_line(line)
            if len({line.outcome == "correct" for line in judged}) == 2:
                pairs = tuple(disagreeing(judged, generation.gold))
                causes.update(pairs)
                kinds[pairs] += 1
                if self.max_disagreements is None or kinds[pairs] <= self.max_disagreements:
                    described.append(self._described(generation, judged, pairs))
        return JudgedBlock(
            keys=bytes(keys),
            codes=tuple(map(bytes, codes)),
            causes=causes,
            disagreements=tuple(described),
            lines=tuple(map(bytes, lines)),
        )

    def _described(
        self,
        generation: Generation,
        judged: Sequence[ScoredCompletion],
        pairs: Sequence[tuple[int, int, Cause]],
    ) -> Disagreement:
        return Disagreement(
            source=self.label,
            sample_id=generation.completion.sample_id,
            k=generation.completion.k,
            gold=generation.gold,
            opinions=tuple(
                Opinion(name, line.outcome, line.answer, line.reason)
                for name, line in zip(self.scorers, judged, strict=True)
            ),
            causes=tuple((self.scorers[a], self.scorers[b], cause) for a, b, cause in pairs),
        )


@cache
def _judge(scorers: tuple[str, ...], options: ScorerOptions) -> Judge:
    """Loaded once in each worker process."""
    return Judge(scorers, options)


def _key(sample_id: str) -> bytes:
    return hashlib.blake2b(sample_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


RunBlocks: TypeAlias = Callable[[JudgeBlock, Iterable[Block], Callable[[int], None]], Iterator[JudgedBlock]]
"""Judging blocks in order, told of the bytes done."""


@contextmanager
def workers(jobs: int) -> Iterator[RunBlocks]:
    """Judging blocks in order, here or in worker processes, never many blocks ahead."""
    if jobs == 1:
        yield _here
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Spawned, not forked: the caller may have threads.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield partial(_elsewhere, pool, jobs * BLOCKS_AHEAD)


def _here(
    judge: JudgeBlock, blocks: Iterable[Block], progress: Callable[[int], None]
) -> Iterator[JudgedBlock]:
    for block in blocks:
        yield judge(block)
        progress(len(block.data))


def _elsewhere(
    pool: Executor,
    ahead: int,
    judge: JudgeBlock,
    blocks: Iterable[Block],
    progress: Callable[[int], None],
) -> Iterator[JudgedBlock]:
    from concurrent.futures.process import BrokenProcessPool

    waiting: deque[tuple[Future[JudgedBlock], int]] = deque()
    queue = iter(blocks)
    try:
        while True:
            for block in islice(queue, ahead - len(waiting)):
                waiting.append((pool.submit(judge, block), len(block.data)))
            if not waiting:
                return
            future, size = waiting.popleft()
            yield future.result()
            progress(size)
    except BrokenProcessPool as error:
        raise MathEvalError(
            f"{judge.label}: a worker process died (out of memory, or killed); repeat with fewer `jobs`"
        ) from error
    finally:
        for future, _ in waiting:
            future.cancel()
