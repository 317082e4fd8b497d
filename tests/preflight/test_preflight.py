"""Each preflight check: what it catches, and that it is content where nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import orjson
import pytest

from mathevalkit.backends.base import Tokenizer
from mathevalkit.errors import PluginError
from mathevalkit.pipeline.plan import make_plan
from mathevalkit.preflight import CHECKS, run_checks
from mathevalkit.tasks.finding import load_task
from mathevalkit.tasks.rows import load_data
from mathevalkit.types import Check, EngineOptions, Message, ModelInfo, Plan, RunOptions

LLAMA_2 = "{{ bos }}{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)


class Words:
    """A tokenizer whose tokens are words, signs and control tokens; ids count up as tokens are met."""

    def __init__(self, *, bos: str | None = "<s>", adds: bool = True, template: str | None = None) -> None:
        self._ids: dict[str, int] = {}
        self._bos = bos
        self._adds = adds
        self.chat_template = template

    @property
    def bos_token_id(self) -> int | None:
        return None if self._bos is None else self._id(self._bos)

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        first = [self._id(self._bos)] if self._bos and self._adds and special_tokens else []
        return [
            first + [self._id(t) for t in re.findall(r"</?s>|<\|\w+\|>|\[/?INST\]|\w+|\S", text)]
            for text in texts
        ]

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        assert self.chat_template is not None
        template = jinja2.Template(self.chat_template, keep_trailing_newline=True)
        return [template.render(messages=c, bos=self._bos or "") for c in conversations]

    def _id(self, token: str) -> int:
        return self._ids.setdefault(token, len(self._ids) + 1)


class Case:
    """A task of eight problems, as a test changes it, and its preflight."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = [
            {
                "id": str(i),
                "question": f"Anna picks {i} baskets of plums with {i + 2} in each. How many plums has she?",
                "gold": str(i * (i + 2)),
                "solution": f"There are {i} baskets, so she has {i} * {i + 2} = {i * (i + 2)} plums.",
            }
            for i in range(2, 10)
        ]
        self.task: dict[str, Any] = {"title": "Plums", "file": "rows.jsonl"}
        self.recipe: dict[str, Any] = {
            "kind": "completion",
            "template": "{% for s in shots %}Question: {{ s.question }}\n{{ s.answer }}\n\n{% endfor %}"
            "Question: {{ question }}\nAnswer:",
            "max_tokens": 64,
            "stop": ["Question:"],
            "shots": [
                {"question": "What is 3 + 4?", "answer": "3 + 4 = 7. The answer is 7.", "gold": "7"},
            ],
        }
        self.recipe_name = "plain"
        self.defaults = {"base": "plain"}
        self.options = RunOptions(output_dir=str(folder / "runs"))
        self.model = "some/model"
        self.max_model_len: int | None = None
        self.tokenizer: Words | None = Words()

    def plan(self) -> Plan:
        (self.folder / "rows.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in self.rows))
        path = self.folder / "plums.yaml"
        mapping = {name: "{{ " + name + " }}" for name in ("id", "question", "gold", "solution")}
        document = {
            **self.task,
            "rows": mapping,
            "recipes": {self.recipe_name: self.recipe},
            "defaults": self.defaults,
        }
        path.write_bytes(orjson.dumps(document))  # JSON is YAML
        task = load_task(path)
        return make_plan(
            task=task,
            data=load_data(task, data_file=self.options.data_file),
            info=ModelInfo(
                model=self.model, backend="test", backend_version="1", max_model_len=self.max_model_len
            ),
            engine=EngineOptions(model=self.model),
            tokenizer=self.tokenizer,
            options=self.options,
        )

    def checks(self) -> dict[str, Check]:
        return {check.name: check for check in run_checks(self.plan(), tokenizer=self.tokenizer)}

    def chat(self, template: str, **tokenizer: Any) -> None:
        """Make it a chat."""
        self.recipe |= {
            "kind": "chat",
            "template": "{{ question }} Put the answer in \\boxed{}.",
            "shots": [],
            "stop": [],
        }
        self.tokenizer = Words(template=template, **tokenizer)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def expect(check: Check, status: str, *parts: str) -> None:
    assert check.status == status, check
    for part in parts:
        assert part in f"{check.message} → {check.remedy}"
    assert bool(check.remedy) == (status in ("warning", "error"))


def test_a_clean_run_passes_every_check(case: Case):
    checks = case.checks()
    assert list(checks) == list(CHECKS)
    assert {name: c for name, c in checks.items() if c.status != "ok"} == {}


def test_without_a_tokenizer_the_checks_of_tokens_are_skipped(case: Case):
    case.tokenizer = None
    skipped = [name for name, check in case.checks().items() if check.status == "skipped"]
    assert skipped == ["chat-template", "bos", "token-budget"]


def test_preflight_writes_nothing(case: Case):
    case.plan()
    before = sorted(case.folder.rglob("*"))
    case.checks()
    assert sorted(case.folder.rglob("*")) == before


# ---- output-dir ------------------------------------------------------------------------------------


def test_an_output_directory_below_a_file_is_caught(case: Case):
    (case.folder / "runs").write_text("")
    expect(case.checks()["output-dir"], "error", "is a file", "`output_dir`")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that refuses writing")
def test_a_place_that_cannot_be_written_is_caught(case: Case):
    case.options = replace(case.options, output_dir="/proc/self/runs")
    expect(case.checks()["output-dir"], "error", "/proc/self cannot be written", "`output_dir`")


def test_a_disk_too_small_for_the_completions_is_caught(case: Case):
    case.recipe |= {"max_tokens": 10**15}
    expect(case.checks()["output-dir"], "warning", "free; 8 completions", "may take")


# ---- data ------------------------------------------------------------------------------------------


def test_rows_the_task_does_not_know_are_an_error(case: Case):
    case.task |= {"num_rows": 1319, "fingerprints": ["a" * 64]}
    expect(case.checks()["data"], "error", "8 rows", "not the 1,319 rows the task knows", "`data_file`")


def test_rows_of_the_users_own_are_a_warning(case: Case):
    case.task |= {"num_rows": 1319, "fingerprints": ["a" * 64]}
    case.plan()
    case.options = replace(case.options, data_file=str(case.folder / "rows.jsonl"))
    expect(case.checks()["data"], "warning", "not the 1,319 rows the task knows", "not comparable")


def test_other_rows_on_the_hub_are_a_warning(case: Case):
    case.task |= {"num_rows": 1319, "fingerprints": ["a" * 64]}
    plan = case.plan()
    plan = replace(plan, data=replace(plan.data, origin="hub:some/rows@main"))
    checks = {check.name: check for check in run_checks(plan, tokenizer=case.tokenizer)}
    expect(checks["data"], "warning", "not the 1,319 rows the task knows", "not comparable")


def test_the_known_rows_are_recognised(case: Case):
    case.task |= {"num_rows": 8, "fingerprints": [case.plan().data.fingerprint]}
    expect(case.checks()["data"], "ok", "as known")


def test_a_wrong_number_of_rows_is_caught_without_a_fingerprint_too(case: Case):
    case.task |= {"num_rows": 9}
    expect(case.checks()["data"], "error", "not the 9 rows")


# ---- duplicates ------------------------------------------------------------------------------------


def test_a_question_asked_twice_is_caught_however_it_is_spaced(case: Case):
    case.rows[5] |= {
        "question": case.rows[1]["question"].upper().replace(" ", "  "),
        "gold": case.rows[1]["gold"],
    }
    expect(case.checks()["duplicates"], "warning", "1 question repeats", "sample 7")


def test_a_question_with_two_answers_is_said_to_have_them(case: Case):
    case.rows[5] |= {"question": case.rows[1]["question"]}
    expect(case.checks()["duplicates"], "warning", "1 with another answer (3 and 7)")


def test_questions_that_differ_in_a_sign_only_are_different(case: Case):
    case.rows[0] |= {"question": "What is 3 + 4?"}
    case.rows[1] |= {"question": "What is 3 - 4?"}
    case.recipe |= {"shots": []}
    expect(case.checks()["duplicates"], "ok")


# ---- bos -------------------------------------------------------------------------------------------


def test_bos_written_by_recipe_and_tokenizer_is_caught(case: Case):
    case.recipe |= {"template": "<s>{{ question }}"}
    expect(case.checks()["bos"], "error", "2 times at the start in 8 of 8 prompts", "the tokenizer adds it")


def test_bos_in_the_middle_is_caught(case: Case):
    case.rows[4] |= {"question": "What does <s> mean?"}
    expect(case.checks()["bos"], "error", "2 times in 1 of 8 prompts", "sample 6")


def test_a_model_without_bos_passes(case: Case):
    case.tokenizer = Words(bos=None)
    expect(case.checks()["bos"], "ok", "no such token")


def test_a_tokenizer_that_adds_none_passes(case: Case):
    case.tokenizer = Words(adds=False)
    expect(case.checks()["bos"], "ok", "adds none")


def test_a_chat_template_that_writes_bos_once_passes(case: Case):
    case.chat(LLAMA_2)
    expect(case.checks()["bos"], "ok", "once, at the start")


def test_a_chat_template_that_writes_bos_twice_is_caught(case: Case):
    case.chat("{{ bos }}" + LLAMA_2)
    expect(case.checks()["bos"], "error", "2 times at the start")


def test_a_chat_template_that_loses_bos_is_pointed_out(case: Case):
    case.chat(LLAMA_2.removeprefix("{{ bos }}"))
    expect(case.checks()["bos"], "warning", "the chat template leaves it out")


def test_chatml_whose_bos_opens_every_turn_passes(case: Case):
    case.chat(CHATML, bos="<|im_start|>", adds=False)
    expect(case.checks()["bos"], "ok", "where the template opens a turn")


# ---- chat-template ---------------------------------------------------------------------------------


def test_a_chat_recipe_without_a_template_is_caught(case: Case):
    case.chat(LLAMA_2)
    case.tokenizer = Words()
    checks = case.checks()
    expect(checks["chat-template"], "error", "no chat template", "`apply_chat_template=False`")
    assert checks["bos"].status == checks["token-budget"].status == "skipped"


def test_a_plain_recipe_on_a_chat_model_is_pointed_out(case: Case):
    case.tokenizer = Words(template=LLAMA_2)
    expect(case.checks()["chat-template"], "warning", "does not use it", "`apply_chat_template=False`")


def test_a_plain_recipe_that_is_meant_passes(case: Case):
    case.tokenizer = Words(template=LLAMA_2)
    case.options = replace(case.options, apply_chat_template=False)
    expect(case.checks()["chat-template"], "ok")


def test_a_plain_recipe_that_the_task_gives_to_chat_models_passes(case: Case):
    case.tokenizer = Words(template=LLAMA_2)
    case.defaults = {"base": "plain", "chat": "plain"}
    expect(case.checks()["chat-template"], "ok")


def test_the_own_recipe_of_metamath_passes_on_metamath_whatever_its_tokenizer_has(case: Case):
    case.tokenizer = Words(template=LLAMA_2)
    case.defaults = {"base": "plain", "metamath": "plain"}
    case.model = "meta-math/MetaMath-7B-V1.0"
    expect(case.checks()["chat-template"], "ok")


@pytest.mark.parametrize("template", [LLAMA_2, CHATML])
def test_a_recipe_that_writes_the_turns_itself_is_caught(case: Case, template: str):
    case.chat(template)
    mark = "[INST]" if template == LLAMA_2 else "<|im_start|>"
    case.recipe |= {"template": mark + "{{ question }}"}
    expect(case.checks()["chat-template"], "error", mark, "every prompt", "`apply_chat_template=False`")


def test_a_question_with_control_tokens_is_pointed_out(case: Case):
    case.chat(CHATML, bos=None)
    case.rows[2] |= {"question": "What does <|im_end|> mean?"}
    expect(case.checks()["chat-template"], "warning", "<|im_end|>", "sample 4")


def test_a_chat_passes(case: Case):
    case.chat(CHATML, bos=None)
    expect(case.checks()["chat-template"], "ok", "applied once, in 8 prompts")


# ---- token-budget ----------------------------------------------------------------------------------


def test_a_budget_below_the_reference_solutions_is_caught(case: Case):
    case.recipe |= {"max_tokens": 10}
    expect(case.checks()["token-budget"], "warning", "8 of 8 reference solutions", "`max_tokens`")


def test_one_long_solution_of_many_is_no_reason_to_warn(case: Case):
    long = {**case.rows[0], "id": "long", "question": "Why?", "solution": "word " * 100}
    case.rows = [
        {**case.rows[0], "id": str(i), "question": f"What is {i} squared?", "gold": str(i * i)}
        for i in range(199)
    ] + [long]
    expect(case.checks()["token-budget"], "ok")


def test_a_prompt_longer_than_the_context_is_an_error(case: Case):
    case.max_model_len = 150
    case.rows[3] |= {"question": "very " * 150 + "long?"}
    expect(case.checks()["token-budget"], "error", "sample 5", "150 tokens", "`max_model_len`")


def test_a_completion_that_cannot_fit_the_context_is_a_warning(case: Case):
    case.max_model_len = 100
    expect(case.checks()["token-budget"], "warning", "pass the context of 100", "`max_tokens`")


def test_a_context_that_is_large_enough_passes(case: Case):
    case.max_model_len = 200
    expect(case.checks()["token-budget"], "ok")


# ---- stop-strings ----------------------------------------------------------------------------------


def test_a_stop_string_in_a_reference_solution_is_caught(case: Case):
    case.recipe |= {"stop": ["Question:", "so she has"]}
    expect(
        case.checks()["stop-strings"], "warning", "'so she has' in 8 (samples 2, 3, 4 and 5 more)", "`stop`"
    )


def test_a_stop_string_in_a_reference_answer_is_caught(case: Case):
    case.rows[1] |= {"gold": "5 plums\n\nor 6"}
    case.recipe |= {"stop": ["\n\n"]}
    expect(case.checks()["stop-strings"], "warning", "in 1 (sample 3)")


def test_a_stop_string_in_an_example_is_caught(case: Case):
    case.recipe |= {"stop": [". The"]}
    expect(case.checks()["stop-strings"], "warning", "example 1")


# ---- few-shot-leakage ------------------------------------------------------------------------------


def shot(question: str) -> list[dict[str, str]]:
    return [{"question": question, "answer": "The answer is 7.", "gold": "7"}]


def test_an_example_that_is_asked_is_caught(case: Case):
    case.recipe |= {"shots": shot(case.rows[3]["question"].lower())}
    expect(case.checks()["few-shot-leakage"], "error", "sample 5 (example 1)", "`num_fewshot`")


def test_an_example_with_other_numbers_is_pointed_out(case: Case):
    long = (
        "A train leaves the station in the morning with {} people on board. At each of the next stops some "
        "people get off and some others get on. How many people are on the train in the evening?"
    )
    case.rows[0] |= {"question": long.format(40)}
    case.recipe |= {"shots": shot(long.format(60))}
    expect(case.checks()["few-shot-leakage"], "warning", "nearly", "sample 2 (example 1")


def test_a_common_turn_of_phrase_is_no_leak(case: Case):
    case.rows[0] |= {"question": "What is the greatest common divisor of 12 and 18?"}
    case.recipe |= {"shots": shot("What is the greatest common divisor of 35 and 49?")}
    expect(case.checks()["few-shot-leakage"], "ok")


def test_an_example_that_is_not_among_the_rows_run_is_no_leak(case: Case):
    case.recipe |= {"shots": shot(case.rows[7]["question"])}
    case.options = replace(case.options, first=3)
    expect(case.checks()["few-shot-leakage"], "ok")


# ---- prompt-extractor ------------------------------------------------------------------------------


def test_an_example_whose_answer_is_not_its_gold_is_caught(case: Case):
    case.recipe |= {"shots": [{"question": "What is 3 + 4?", "answer": "The answer is 8.", "gold": "7"}]}
    expect(case.checks()["prompt-extractor"], "error", "example 1", "gold '7', found '8'")


def test_examples_that_the_scorer_cannot_read_are_caught(case: Case):
    case.options = replace(case.options, scorers=("boxed",))
    expect(case.checks()["prompt-extractor"], "error", "example 1", "found None", "`scorers`")


def test_a_strict_scorer_whose_mark_no_one_asks_for_is_pointed_out(case: Case):
    case.recipe |= {"shots": [], "template": "{{ question }}"}
    case.options = replace(case.options, scorers=("boxed",))
    expect(case.checks()["prompt-extractor"], "warning", "\\boxed", "asks for none", "`recipe`")


def test_a_strict_scorer_whose_mark_is_asked_for_passes(case: Case):
    case.recipe |= {"shots": [], "template": "{{ question }} Put it within \\boxed{}."}
    case.options = replace(case.options, scorers=("boxed",))
    expect(case.checks()["prompt-extractor"], "ok")


def test_metamath_is_trusted_to_write_what_it_was_trained_to(case: Case):
    case.recipe |= {"shots": [], "template": "{{ question }}"}
    case.options = replace(case.options, scorers=("metamath_gsm8k",))
    case.recipe_name = "metamath"
    case.defaults = {"base": "metamath"}
    expect(case.checks()["prompt-extractor"], "warning")
    case.model = "meta-math/MetaMath-7B-V1.0"
    expect(case.checks()["prompt-extractor"], "ok", "trained")


def judged_by_a_truth_value(*, gold: str, text: str) -> bool:
    """A scorer as somebody may write it at first."""
    return gold in text


def test_a_scorer_that_gives_no_verdicts_is_an_error_of_ours(case: Case):
    case.options = replace(case.options, scorers=(f"{__name__}:judged_by_a_truth_value",))
    with pytest.raises(PluginError, match=r"`scorers`: scorer .* returned bool, not a Verdict"):
        case.checks()


# ---- gold-readable ---------------------------------------------------------------------------------


def test_golds_that_the_scorer_cannot_accept_are_counted(case: Case):
    case.rows[2] |= {"gold": "a dozen"}
    case.options = replace(case.options, scorers=("metamath_gsm8k",))
    expect(
        case.checks()["gold-readable"], "warning", "does not accept 1 of 8", "sample 4 (a dozen)", "`scorers`"
    )


def test_a_scorer_that_accepts_no_gold_at_all_is_an_error(case: Case):
    for row in case.rows:
        row["gold"] = "some words"
    case.options = replace(case.options, scorers=("metamath_gsm8k",))
    expect(case.checks()["gold-readable"], "error", "8 of 8")


# ---- scale -----------------------------------------------------------------------------------------


def test_five_thousand_rows_are_looked_at_in_part_where_looking_is_dear(case: Case):
    case.rows = [
        {**case.rows[i % 8], "id": str(i), "question": f"Problem {i}: {case.rows[i % 8]['question']}"}
        for i in range(5000)
    ]

    class Counting(Words):
        seen = 0

        def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
            self.seen += len(texts)
            return super().encode(texts, special_tokens=special_tokens)

    tokenizer = Counting()
    case.tokenizer = tokenizer
    case.max_model_len = 4096
    assert all(check.status == "ok" for check in case.checks().values())
    assert tokenizer.seen < 1000


# ---- the packaged tasks ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["demo"])
def test_a_packaged_task_has_no_error(name: str, tmp_path: Path):
    task = load_task(name)
    tokenizer: Tokenizer = Words(template=CHATML, bos=None)
    for recipe in task.recipes:
        plan = make_plan(
            task=task,
            data=load_data(task),
            info=ModelInfo(model="m", backend="test", backend_version="1"),
            engine=EngineOptions(model="m"),
            tokenizer=tokenizer,
            options=RunOptions(recipe=recipe, output_dir=str(tmp_path)),
        )
        checks = run_checks(plan, tokenizer=tokenizer)
        assert [check for check in checks if check.status == "error"] == []
