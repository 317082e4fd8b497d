"""Every fact that decides a score is told where two runs differ in it, once, in words; nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mathevalkit.runs.changes import Change, changes_text, manifest_changes, selection_text
from mathevalkit.types import EngineOptions, RunManifest, Sampling, Selection, Shot
from tests.factories import manifest

ENGINE = EngineOptions(model="m")


def with_model(**changes: Any) -> RunManifest:
    return manifest(model=replace(manifest().model, **changes), engine=ENGINE)


def with_recipe(**changes: Any) -> RunManifest:
    return manifest(recipe=replace(manifest().recipe, **changes), engine=ENGINE)


def with_sampling(**changes: Any) -> RunManifest:
    return with_recipe(sampling=replace(Sampling(max_tokens=64), **changes))


def with_engine(**changes: Any) -> RunManifest:
    return manifest(engine=replace(ENGINE, **changes))


BASE = manifest(engine=ENGINE)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (with_model(model="n"), ["model: m and n"]),
        (with_model(revision="abc"), ["model: revision none and abc"]),
        (with_engine(lora="/x/adapter"), ["model: adapter none and /x/adapter"]),
        (with_engine(tokenizer="t"), ["model: tokenizer none and t"]),
        (with_model(dtype="float16"), ["precision: dtype none and float16"]),
        (with_model(quantization="awq"), ["precision: quantization none and awq"]),
        (manifest(engine=ENGINE, task="other"), ["task: demo and other"]),
        (manifest(engine=ENGINE, data_fingerprint="a" * 64), ["data: rows 000000000000 and aaaaaaaaaaaa"]),
        (
            manifest(engine=ENGINE, selection=Selection(limit=5, seed=3)),
            ["data: selection all rows and 5 drawn with seed 3"],
        ),
        (manifest(engine=ENGINE, selection=Selection(first=7)), ["data: selection all rows and the first 7"]),
        (with_recipe(name="metamath"), ["recipe: fewshot and metamath"]),
        (with_recipe(shots=(Shot("q", "s", "a"),) * 2), ["recipe: examples 0 and 2"]),
        (with_recipe(system="Be brief."), ["recipe: system prompt none and Be brief."]),
        (manifest(engine=ENGINE, prompt_hash="2" * 64), ["prompt: text differs"]),
        (with_sampling(max_tokens=128), ["sampling: max_tokens 64 and 128"]),
        (with_sampling(top_p=0.5), ["sampling: top_p 1.0 and 0.5"]),
        (with_sampling(n=8), ["sampling: n 1 and 8"]),
        (with_sampling(stop=("\n", "Q:")), ["sampling: stop none and \n, Q:"]),
        (with_sampling(seed=4), []),
        (manifest(engine=ENGINE, scorers=("number", "auto")), ["scorer: auto and number"]),
        (manifest(engine=ENGINE, scorers=("auto", "number")), []),
        (with_recipe(strategy="boxed"), ["scorer: extraction auto and boxed"]),
        (
            with_model(backend="vllm"),
            [
                "engine: replay and vllm",
                "engine: replay version 1 and none",
                "engine: vllm version none and 1",
            ],
        ),
        (with_model(backend_version="2"), ["engine: replay version 1 and 2"]),
        (with_model(max_model_len=4096), ["engine: max_model_len none and 4096"]),
        (with_model(packages={"torch": "2"}), ["engine: torch none and 2"]),
        (manifest(engine=ENGINE, versions={"mathevalkit": "0.2.0"}), ["engine: mathevalkit 0.1.0 and 0.2.0"]),
        (with_engine(tensor_parallel_size=2), ["engine: tensor_parallel_size 1 and 2"]),
        (with_engine(engine_args={"b": {"y": 1, "x": 2}}), ["engine: b none and x=2, y=1"]),
        (with_model(hardware={"gpu": "A100"}), ["hardware: gpu none and A100"]),
        (manifest(engine=ENGINE, git_commit="abc", task_path="/x", created="2027", run_id="other"), []),
    ],
)  # fmt: skip
def test_each_fact_is_told_once(after: RunManifest, told: list[str]) -> None:
    assert [str(change) for change in manifest_changes(BASE, after)] == told
    assert manifest_changes(after, after) == ()


def test_the_kind_of_a_recipe_brings_the_chat_template_with_it() -> None:
    chat = replace(with_recipe(kind="chat"), model=replace(BASE.model, chat_template="{{ x }}"))
    told = [str(change) for change in manifest_changes(BASE, chat)]
    assert told == ["recipe: kind completion and chat", "prompt: chat template differs"]
    other = replace(chat, model=replace(BASE.model, chat_template="{{ y }}"))
    assert [str(c) for c in manifest_changes(chat, other)] == ["prompt: chat template differs"]
    plain = replace(BASE, model=replace(BASE.model, chat_template="{{ y }}"))
    assert manifest_changes(BASE, plain) == ()  # no completion recipe sees it


def test_the_seed_counts_where_tokens_are_drawn() -> None:
    warm = with_sampling(temperature=0.7)
    assert [str(c) for c in manifest_changes(warm, with_sampling(temperature=0.7, seed=4))] == [
        "sampling: seed 0 and 4"
    ]
    assert [str(c) for c in manifest_changes(BASE, warm)] == [
        "sampling: temperature 0.0 and 0.7",
        "sampling: seed none and 0",
    ]


def test_without_engine_options_only_what_the_model_says_is_compared() -> None:
    assert [str(c) for c in manifest_changes(manifest(), with_engine())] == [
        "engine: tensor_parallel_size none and 1"
    ]


def test_packages_arguments_and_hardware_come_in_the_order_of_their_names() -> None:
    after = replace(
        with_model(packages={"b": "1", "a": "1"}, hardware={"d": 1, "c": 1}),
        engine=replace(ENGINE, engine_args={"f": 1, "e": 1}),
    )
    assert [change.field for change in manifest_changes(BASE, after)] == ["a", "b", "e", "f", "c", "d"]


def test_a_change_keeps_its_parts() -> None:
    [change] = manifest_changes(BASE, with_sampling(max_tokens=128))
    assert change == Change(aspect="sampling", field="max_tokens", before="64", after="128")


@pytest.mark.parametrize(("length", "told"), [(60, "f " + "x" * 60 + " and y"), (61, "f differs")])
def test_a_long_value_is_not_quoted(length: int, told: str) -> None:
    long = "x" * length
    assert Change("recipe", "f", long, "y").values == told
    if length > 60:
        assert Change("recipe", "f", "y", long).values == told
        assert str(Change("recipe", "", "y", long)) == "recipe: it differs"


def test_changes_are_told_aspect_by_aspect() -> None:
    changes = [
        Change("model", "", "a", "b"),
        Change("data", "rows", "1", "2"),
        Change("model", "revision", "c", "d"),
    ]
    assert changes_text(changes) == "model: a and b, revision c and d; data: rows 1 and 2"
    assert changes_text([]) == ""


def test_a_selection_in_words() -> None:
    assert selection_text(manifest()) == "all rows"
    assert selection_text(manifest(selection=Selection(first=0))) == "the first 0"
    assert selection_text(manifest(selection=Selection(limit=9))) == "9 drawn with seed 0"
