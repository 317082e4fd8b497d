"""What runs are called side by side: as short as tells all of them apart, and never one name for two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathevalkit.runs.labels import run_labels
from mathevalkit.types import EngineOptions, RunManifest
from tests.factories import manifest


def named(
    model: str,
    *,
    run_id: str = "r",
    lora: str | None = None,
    task: str = "math",
    recipe: str = "fewshot",
    revision: str | None = None,
    engine: bool = True,
) -> RunManifest:
    plain = manifest()
    return replace(
        plain,
        run_id=run_id,
        task=task,
        recipe=replace(plain.recipe, name=recipe),
        model=replace(plain.model, model=model, revision=revision),
        engine=EngineOptions(model=model, lora=lora) if engine else None,
    )


@pytest.mark.parametrize(
    ("manifests", "labels"),
    [
        ([named("org/base")], ["base"]),
        ([named("a/b/base/", engine=False)], ["base"]),
        ([named("base.gguf")], ["base"]),
        ([named("replies.jsonl")], ["replies"]),
        ([named("base.gguf/")], ["base"]),
        ([named("org/base"), named("models/tuned.gguf")], ["base", "tuned"]),
        # as much of a path as tells it from the others
        ([named("out/step-200/hf"), named("out/step-400/hf/")], ["step-200/hf", "step-400/hf"]),
        ([named("a/x/y"), named("b/x/y")], ["a/x/y", "b/x/y"]),
        ([named("a/x/y"), named("b/x/y"), named("z")], ["a/x/y", "b/x/y", "z"]),
        ([named("x/y"), named("y")], ["x/y", "y"]),
        # without a file's ending, unless it tells two apart
        ([named("a/x.gguf"), named("a/x")], ["x.gguf", "x"]),
        ([named("x.jsonl"), named("x.gguf"), named("z.gguf")], ["x.jsonl", "x.gguf", "z.gguf"]),
        ([named("x.bin"), named("x.gguf.bin")], ["x.bin", "x.gguf.bin"]),
        # two revisions of one path are two models, but only the path is shown
        ([named("m", revision="1", run_id="r1"), named("m", revision="2", run_id="r2")], ["m r1", "m r2"]),
        (
            [named("a/m", revision="1", run_id="r1"), named("a/m", revision="2", run_id="r2")],
            ["a/m r1", "a/m r2"],
        ),
        # the same files by two paths are one model
        (
            [named("here/x", revision="sha256:1", run_id="r1"), named("x", revision="sha256:1", run_id="r2")],
            ["x r1", "x r2"],
        ),
        # adapters
        (
            [named("org/base"), named("org/base", lora="out/one"), named("org/base", lora="out/two/")],
            ["base", "base + one", "base + two"],
        ),
        ([named("base", lora="one")], ["base + one"]),
        ([named("base", lora="")], ["base"]),
        ([named("base", engine=False), named("base", lora="a")], ["base", "base + a"]),
        # recipes, then tasks, then ids, then numbers
        (
            [named("base", recipe="chat"), named("base", recipe="fewshot", task="gsm8k")],
            ["base (chat)", "base (fewshot)"],
        ),
        ([named("base", recipe="chat"), named("tuned", recipe="fewshot")], ["base", "tuned"]),
        (
            [named("org/base", task="math"), named("org/base", task="math500")],
            ["base, math", "base, math500"],
        ),
        ([named("base", run_id="r1"), named("base", run_id="r2")], ["base r1", "base r2"]),
        (
            [named("base", run_id="r1", task="a"), named("base", run_id="r2", task="a"), named("z")],
            ["base r1", "base r2", "z r"],
        ),
        ([named("base"), named("base")], ["base r #1", "base r #2"]),
    ],
)
def test_runs_are_called_by_the_shortest_names_that_tell_them_apart(
    manifests: list[RunManifest], labels: list[str]
) -> None:
    assert run_labels(manifests) == labels


@pytest.mark.parametrize(
    ("manifests", "labels"),
    [
        ([named("base", task="math"), named("base", task="gsm8k")], ["base", "base"]),
        (
            [named("base", recipe="chat"), named("base"), named("base", task="gsm8k")],
            ["base (chat)", "base (fewshot)", "base (fewshot)"],
        ),
        ([named("base", run_id="r1"), named("base", run_id="r2")], ["base r1", "base r2"]),
        ([named("base"), named("base"), named("base", task="x")], ["base r #1", "base r #2", "base r #3"]),
    ],
)
def test_a_name_may_stand_for_one_run_of_each_task(manifests: list[RunManifest], labels: list[str]) -> None:
    assert run_labels(manifests, within_task=True) == labels


RUNS = st.builds(
    named,
    st.sampled_from(["m", "a/m", "b/m", "a/b/m/", "m.gguf", "n"]),
    run_id=st.sampled_from("rst"),
    lora=st.sampled_from([None, "x", "y/x", "y/"]),
    task=st.sampled_from("tu"),
    recipe=st.sampled_from("cd"),
)


@given(st.lists(RUNS, min_size=1, max_size=5))
def test_no_two_runs_share_a_name(runs: list[RunManifest]) -> None:
    assert len(set(run_labels(runs))) == len(runs)
    within = run_labels(runs, within_task=True)
    assert len({(name, run.task) for name, run in zip(within, runs, strict=True)}) == len(runs)
    assert run_labels(runs[::-1])[::-1] == run_labels(runs) or "#" in run_labels(runs)[0]
