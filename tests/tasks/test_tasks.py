"""Task files: where they are found, what they may say, and what is said of a malformed one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mathevalkit.errors import TaskFileError, TaskNotFoundError
from mathevalkit.packaged import packaged
from mathevalkit.tasks.finding import list_tasks, load_task
from mathevalkit.types import HubSource, Shot
from tests.places import REPO

BENCHMARKS = [
    "aime24", "amc23", "asdiv", "college_math", "demo", "gsm8k", "gsm8k_backward",
    "math", "math500", "mawps", "minerva_math", "olympiadbench", "svamp",
]  # fmt: skip

MINIMAL = """\
title: My word problems
file: problems.jsonl
rows:
  question: "{{ question }}"
  gold: "{{ answer }}"
recipes:
  plain:
    kind: completion
    template: "{{ question }}\\nAnswer:"
    max_tokens: 64
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "mine.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


# ---- the packaged tasks ----------------------------------------------------------------------------


def test_all_benchmarks_are_there_and_sorted_by_name():
    assert [task.name for task in list_tasks()] == BENCHMARKS


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_names_its_data_rows_and_a_recipe_for_every_kind_of_model(name):
    task = load_task(name)
    assert task.title
    assert task.licence
    assert task.hub or task.file
    assert task.num_rows
    assert all(re.fullmatch("[0-9a-f]{64}", known) for known in task.fingerprints)
    assert len(task.fingerprints) == 1
    assert set(task.defaults) == {"metamath", "chat", "base"}
    assert {task.recipes[recipe].name for recipe in task.defaults.values()} <= set(task.recipes)
    assert {"metamath", "chat", "fewshot"} <= set(task.recipes)


def test_math_loads_all_seven_subjects_from_the_hub():
    assert load_task("math").hub == HubSource(
        dataset="EleutherAI/hendrycks_math",
        split="test",
        configs=(
            "algebra",
            "counting_and_probability",
            "geometry",
            "intermediate_algebra",
            "number_theory",
            "prealgebra",
            "precalculus",
        ),
    )


METAMATH = ["MetaMath-7B", "MetaMath-13B", "MetaMath-70B", "MetaMath-Mistral-7B", "MetaMath-Llemma-7B"]
LLAMA = ["LLaMA-2-7B", "LLaMA-2-13B", "LLaMA-2-70B"]


@pytest.mark.parametrize(
    ("task", "percents"),
    [
        ("gsm8k", [66.5, 72.3, 82.3, 77.7, 69.2, 14.6, 28.7, 56.8]),
        ("math", [19.8, 22.4, 26.6, 28.2, 30.0, 2.5, 3.9, 13.5]),
    ],
)
def test_published_results_are_those_of_metamath_and_llama_2_each_with_a_source(task, percents):
    published = load_task(task).published
    assert [result.model for result in published] == [*METAMATH, *LLAMA]
    assert [result.percent for result in published] == percents
    assert all(result.source.startswith("https://") for result in published)


def test_metamath_runs_report_the_published_scorer_beside_ours():
    gsm8k, math = load_task("gsm8k").recipes["metamath"], load_task("math").recipes["metamath"]
    assert (gsm8k.scorer, gsm8k.also_scorers) == ("auto", ("metamath_gsm8k",))
    assert (math.scorer, math.also_scorers) == ("auto", ("metamath_math",))


# ---- finding ---------------------------------------------------------------------------------------


def test_a_task_is_found_by_the_path_of_its_file(write):
    task = load_task(write(MINIMAL))
    assert (task.name, task.title, task.file) == ("mine", "My word problems", "problems.jsonl")


def test_a_task_in_a_task_dir_overrides_the_packaged_one_of_that_name(write, tmp_path):
    write(MINIMAL, "gsm8k.yaml")
    assert load_task("gsm8k", task_dirs=[tmp_path]).title == "My word problems"
    assert load_task("gsm8k").title != "My word problems"
    titles = {task.name: task.title for task in list_tasks([tmp_path])}
    assert titles["gsm8k"] == "My word problems"
    assert sorted(titles) == BENCHMARKS


def test_the_first_task_dir_wins(write, tmp_path):
    write(MINIMAL, "a/mine.yaml")
    write(MINIMAL.replace("My word problems", "Another"), "b/mine.yaml")
    assert load_task("mine", task_dirs=[tmp_path / "a", tmp_path / "b"]).title == "My word problems"
    assert load_task("mine", task_dirs=[tmp_path / "b", tmp_path / "a"]).title == "Another"


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(TaskNotFoundError, match=r"no task 'gsm9k'; did you mean 'gsm8k'\?"):
        load_task("gsm9k")


def test_an_unknown_name_far_from_all_lists_what_there_is():
    with pytest.raises(TaskNotFoundError, match="no task 'zzz'; there are aime24, amc23, "):
        load_task("zzz")


def test_a_missing_file_or_directory_is_said(tmp_path):
    with pytest.raises(TaskNotFoundError, match="there is no such task file"):
        load_task(tmp_path / "none.yaml")
    with pytest.raises(TaskNotFoundError, match="no such directory of task files"):
        load_task("gsm8k", task_dirs=[tmp_path / "none"])


def test_the_packaged_tasks_lie_in_the_checkout():
    assert packaged("tasks") == REPO / "tasks"


def test_in_a_wheel_they_lie_in_the_package(monkeypatch, tmp_path):
    import mathevalkit.packaged as module

    (tmp_path / "site-packages/mathevalkit/_data/tasks").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages/mathevalkit/packaged.py"))
    assert packaged("tasks") == (tmp_path / "site-packages/mathevalkit/_data/tasks").resolve()


# ---- recipes ---------------------------------------------------------------------------------------


def test_a_single_recipe_is_everybodys_default(write):
    task = load_task(write(MINIMAL))
    assert task.defaults == {"metamath": "plain", "chat": "plain", "base": "plain"}


def test_a_new_task_takes_fifteen_lines_with_shared_recipes(write):
    text = """\
title: My word problems
file: problems.jsonl
rows:
  question: "{{ question }}"
  gold: "{{ answer }}"
  subject: "{{ topic }}"
recipes:
  metamath: {use: metamath, max_tokens: 512}
  fewshot: {use: fewshot_gsm8k}
  chat: {use: chat}
defaults: {metamath: metamath, chat: chat, base: fewshot}
"""
    assert text.count("\n") <= 15
    task = load_task(write(text))
    assert task.recipes["metamath"].template == load_task("gsm8k").recipes["metamath"].template
    assert len(task.recipes["fewshot"].shots) == 8


def test_what_a_task_says_overrides_the_shared_recipe(write):
    recipe = load_task(
        write(
            MINIMAL.replace(
                "  plain:\n",
                "  mine: {use: metamath, max_tokens: 7, temperature: 1, stop: [END], origin: me}\n  plain:\n",
            )
            + "defaults: {base: mine}\n"
        )
    ).recipes["mine"]
    assert recipe.name == "mine"
    assert recipe.sampling.max_tokens == 7
    assert recipe.sampling.temperature == 1.0
    assert recipe.sampling.stop == ("END",)
    assert recipe.origin == "me"
    assert recipe.template == load_task("gsm8k").recipes["metamath"].template


def test_a_shared_recipe_beside_the_task_comes_before_the_packaged_one(write):
    write("kind: completion\ntemplate: 'Q: {{ question }}'\nmax_tokens: 5\n", "recipes/metamath.yaml")
    recipe = load_task(
        write(MINIMAL.replace("plain:", "plain: {use: metamath}\n  other:") + "defaults: {base: plain}\n")
    )
    assert recipe.recipes["plain"].template == "Q: {{ question }}"


def test_shots_are_read_with_their_golds(write):
    text = MINIMAL + "    shots:\n      - {question: 'One?', answer: It is 1., gold: '1'}\n"
    assert load_task(write(text)).recipes["plain"].shots == (Shot("One?", "It is 1.", "1"),)


def test_a_plugin_scorer_is_named_by_module_and_function(write):
    assert load_task(write(MINIMAL + "    scorer: 'my_package.scoring:strict'\n")).recipes["plain"].scorer


# ---- malformed files -------------------------------------------------------------------------------

MALFORMED = [
    pytest.param(
        MINIMAL + '    stop: "Question:"\n',
        ':11: recipes.plain.stop: expected a list, got "Question:"; write ["Question:"]',
        id="text where a list belongs",
    ),
    pytest.param(
        MINIMAL + "    stpo: [Question]\n",
        ":11: recipes.plain.stpo: unknown field; did you mean 'stop'?",
        id="misspelt field of a recipe",
    ),
    pytest.param(
        MINIMAL + "licnce: MIT\n",
        ":11: licnce: unknown field; did you mean 'licence'?",
        id="misspelt field of the task",
    ),
    pytest.param(
        MINIMAL.replace('  gold: "{{ answer }}"\n', ""),
        ":3: rows.gold: missing; add `gold: ...`",
        id="missing field",
    ),
    pytest.param(
        MINIMAL.replace("max_tokens: 64", "max_tokens: many"),
        ':10: recipes.plain.max_tokens: expected a whole number, got "many"',
        id="text where a number belongs",
    ),
    pytest.param(
        MINIMAL.replace("title: My word problems", "title: 8"),
        ':1: title: expected text, got 8; write "8"',
        id="number where text belongs",
    ),
    pytest.param(
        MINIMAL.replace('gold: "{{ answer }}"', 'gold: "{{ answer"'),
        ":5: rows.gold: not a Jinja2 template: "
        "unexpected end of template, expected 'end of print statement'.",
        id="template that does not compile",
    ),
    pytest.param(
        MINIMAL.replace('gold: "{{ answer }}"', 'gold: "{{ answer | last_boxd }}"'),
        ":5: rows.gold: unknown filter 'last_boxd'; did you mean 'last_boxed'?",
        id="unknown filter",
    ),
    pytest.param(
        MINIMAL.replace("{{ question }}\\nAnswer:", "{{ qestion }}\\nAnswer:"),
        ":9: recipes.plain.template: unknown variable 'qestion'; did you mean 'question'?",
        id="unknown variable in a recipe",
    ),
    pytest.param(
        MINIMAL + "    scorer: metamath_gsmk\n",
        ":11: recipes.plain.scorer: no scorer 'metamath_gsmk'; did you mean 'metamath_gsm8k'?",
        id="unknown scorer",
    ),
    pytest.param(
        MINIMAL + "    strategy: boxd\n",
        ":11: recipes.plain.strategy: no strategy 'boxd'; did you mean 'boxed'?",
        id="unknown strategy",
    ),
    pytest.param(
        MINIMAL + "defaults: {base: plane}\n",
        ":11: defaults.base: no recipe 'plane'; did you mean 'plain'?",
        id="default that names no recipe",
    ),
    pytest.param(
        MINIMAL + "defaults: {chat: plain}\n",
        ":11: defaults.base: missing; it is the recipe for a model of which nothing is known",
        id="no default for a base model",
    ),
    pytest.param(
        MINIMAL.replace("    kind: completion\n", ""),
        ":7: recipes.plain.kind: missing; add `kind: completion` or `use` a recipe that sets it",
        id="recipe without its kind",
    ),
    pytest.param(
        MINIMAL.replace("kind: completion", "kind: complete"),
        ":8: recipes.plain.kind: expected 'completion' or 'chat', got \"complete\"",
        id="unknown kind",
    ),
    pytest.param(
        MINIMAL.replace("    kind:", "    use: metamth\n    kind:"),
        ":8: recipes.plain.use: no shared recipe 'metamth'; did you mean 'metamath'?",
        id="unknown shared recipe",
    ),
    pytest.param(
        MINIMAL.replace("file: problems.jsonl\n", ""),
        ":1: no data: give `hub` (a dataset on the hub) or `file` (a local data file)",
        id="no data",
    ),
    pytest.param(
        MINIMAL + "title: Again\n",
        ":11: title: given twice, first in line 1; keep one",
        id="field given twice",
    ),
    pytest.param(
        MINIMAL.replace('gold: "{{ answer }}"', "gold: {{ answer }}"),
        ":5: not valid YAML: found unhashable key; a value that starts with `{{` must be quoted",
        id="template without quotes",
    ),
    pytest.param(
        MINIMAL + "fingerprints: [abc\n",
        ":12: not valid YAML: did not find expected ',' or ']'",
        id="left open at the end",
    ),
    pytest.param(
        MINIMAL + "fingerprints: [abc]\n",
        ':11: fingerprints.0: expected 64 hexadecimal digits (a SHA-256), got "abc"',
        id="fingerprint that is none",
    ),
    pytest.param(
        MINIMAL + "    temperature: -1\n",
        ":11: recipes.plain.temperature: input should be greater than or equal to 0, got -1",
        id="number out of range",
    ),
    pytest.param("- a\n- b\n", ':1: expected a mapping of fields, got ["a","b"]', id="a list"),
    pytest.param("", ":1: expected a mapping of fields, got null", id="an empty file"),
    pytest.param("a: &a [*a]\n", ":1: aliases repeat too much; write it out", id="an alias of itself"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_a_malformed_task_file_is_refused_with_place_field_and_remedy(write, text, message):
    path = write(text)
    with pytest.raises(TaskFileError) as raised:
        load_task(path)
    assert str(raised.value) == f"{path}{message}"


def test_every_fault_of_a_file_is_reported_at_once_each_on_its_line(write):
    path = write(MINIMAL.replace("max_tokens: 64", "max_tokens: 0\n    stop: x").replace("title:", "titel:"))
    with pytest.raises(TaskFileError) as raised:
        load_task(path)
    assert str(raised.value).splitlines() == [
        f"{path}:1: title: missing; add `title: ...`",
        f"{path}:10: recipes.plain.max_tokens: input should be greater than 0, got 0",
        f'{path}:11: recipes.plain.stop: expected a list, got "x"; write ["x"]',
        f"{path}:1: titel: unknown field; did you mean 'title'?",
    ]


def test_several_recipes_need_defaults(write):
    path = write(MINIMAL + "  other: {use: chat}\n")
    with pytest.raises(
        TaskFileError, match=r"defaults: missing; say which recipe .* `defaults: \{base: plain\}`"
    ):
        load_task(path)


def test_a_fault_in_a_shared_recipe_names_that_file(write):
    shared = write("kind: completion\ntemplate: x\nmax_tokens: 1\nstop: y\n", "recipes/mine.yaml")
    path = write(MINIMAL.replace("    kind:", "    use: mine\n    kind:"))
    with pytest.raises(TaskFileError, match=re.escape(f"{shared}:4: stop: expected a list")):
        load_task(path)


def test_a_shared_recipe_cannot_use_another(write):
    shared = write("use: chat\n", "recipes/mine.yaml")
    path = write(MINIMAL.replace("    kind:", "    use: mine\n    kind:"))
    with pytest.raises(
        TaskFileError, match=re.escape(f"{shared}:1: use: a shared recipe cannot use another")
    ):
        load_task(path)


def test_nested_aliases_do_not_exhaust_us(write):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(TaskFileError, match="aliases repeat too much"):
        load_task(write("\n".join(lines)))


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes("title: Aufgäben\n".encode("latin-1"))
    with pytest.raises(TaskFileError, match=r"not UTF-8 \(byte 11\); save it as UTF-8"):
        load_task(path)


def test_a_file_name_that_cannot_name_a_task_is_refused(write):
    with pytest.raises(TaskFileError, match="'my task' cannot name a task"):
        load_task(write(MINIMAL, "my task.yaml"))


def test_a_template_cannot_reach_python(write):
    from mathevalkit.prompts import render_user_turn
    from mathevalkit.types import Sample

    escape = "{{ question.__class__.__mro__[1].__subclasses__() }}"
    recipe = load_task(write(MINIMAL.replace("{{ question }}\\nAnswer:", escape))).recipes["plain"]
    import jinja2

    with pytest.raises((jinja2.exceptions.SecurityError, jinja2.UndefinedError)):
        render_user_turn(recipe, Sample(id="0", question="q", gold="g"))
