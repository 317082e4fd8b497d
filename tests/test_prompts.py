"""Which recipe a model gets, what the user may change, and the prompts to the byte."""

from __future__ import annotations

import itertools
import operator
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer_normalizers import grade
from mathevalkit.errors import RecipeError
from mathevalkit.prompts import (
    CHAT_BATCH,
    build_requests,
    choose_recipe,
    prompt_hash,
    recipe_fingerprint,
    request_seed,
    with_overrides,
)
from mathevalkit.tasks.finding import list_tasks, load_task
from mathevalkit.tasks.rows import load_data
from mathevalkit.types import Recipe, Sample, Sampling, Shot

SAMPLE = Sample(id="0", question="What is 2 + 2?", gold="4", subject="Prealgebra", level="1")
SHOTS = (Shot("One?", "It is 1.", "1"), Shot("Two?", "It is 2.", "2"))
RECIPE = Recipe(
    name="plain",
    kind="completion",
    template="{% for s in shots %}\nQ: {{ s.question }} A: {{ s.answer }}\n{% endfor %}\n"
    "Q: {{ question }} A:",
    sampling=Sampling(max_tokens=8),
    shots=SHOTS,
)
CHAT = replace(RECIPE, name="chat", kind="chat", template="{{ question }}", shots=())


class FakeTokenizer:
    """Renders a conversation visibly and counts how it was asked."""

    bos_token_id = 1

    def __init__(self, chat_template: str | None = "yes") -> None:
        self.chat_template = chat_template
        self.batches: list[int] = []

    def encode(self, texts, *, special_tokens):
        raise AssertionError("prompts are rendered without encoding")

    def render_chat(self, conversations):
        self.batches.append(len(conversations))
        return ["".join(f"<{m['role']}>{m['content']}" for m in c) + "<assistant>" for c in conversations]


def prompt_of(recipe: Recipe, sample: Sample = SAMPLE, tokenizer=None) -> str:
    return next(build_requests([sample], recipe, tokenizer=tokenizer)).prompt


# ---- MetaMath, byte for byte -----------------------------------------------------------------------

METAMATH_PROMPT = (
    b"Below is an instruction that describes a task. "
    b"Write a response that appropriately completes the request."
    b"\n\n### Instruction:\nWhat is 2 + 2?\n\n### Response: Let's think step by step."
)
METAMATH_STOP = (
    "Question:", "Question", "USER:", "USER", "ASSISTANT:", "ASSISTANT", "Instruction:", "Instruction",
    "Response:", "Response",
)  # fmt: skip


@pytest.mark.parametrize("task", [task.name for task in list_tasks()])
def test_the_metamath_prompt_is_metamaths_to_the_byte(task):
    recipe = load_task(task).recipes["metamath"]
    (request,) = build_requests([SAMPLE], recipe, tokenizer=FakeTokenizer())
    assert request.prompt.encode() == METAMATH_PROMPT
    assert request.special_tokens is True
    assert request.sampling.stop == METAMATH_STOP


def test_the_metamath_prompt_is_the_one_in_the_measured_facts(shared):
    path = shared / "FACTS.md"
    if not path.is_file():
        pytest.skip(f"no {path}")
    facts = path.read_text(encoding="utf-8")
    literal = re.search(r"^`(Below is an instruction.*?)`", facts, re.MULTILINE)[1].replace("\\n", "\n")
    recipe = load_task("gsm8k").recipes["metamath"]
    assert prompt_of(recipe) == literal.replace("{question}", SAMPLE.question)
    stop = re.search(r"stop strings (`.*`)\.$", facts, re.MULTILINE)[1]
    assert recipe.sampling.stop == tuple(re.findall("`([^`]+)`", stop))


@pytest.mark.parametrize(("task", "max_tokens"), [("gsm8k", 512), ("math", 2048)])
def test_metamath_samples_greedily_one_completion_of_metamaths_length(task, max_tokens):
    sampling = load_task(task).recipes["metamath"].sampling
    assert sampling == Sampling(max_tokens=max_tokens, temperature=0.0, top_p=1.0, n=1, stop=METAMATH_STOP)


def test_a_question_stands_in_the_prompt_as_it_is():
    question = "  {{ shots }} {% raw %} <b> & \\frac{1}{2}\r\n\n"
    prompt = prompt_of(load_task("gsm8k").recipes["metamath"], replace(SAMPLE, question=question))
    assert prompt.encode() == METAMATH_PROMPT.replace(b"What is 2 + 2?", question.encode())


# ---- our own recipes -------------------------------------------------------------------------------


def test_the_few_shot_prompt_of_gsm8k():
    prompt = prompt_of(load_task("gsm8k").recipes["fewshot"])
    assert prompt.startswith("Question: A bakery sells muffins in boxes of 6.")
    assert prompt.endswith("The answer is 1135.\n\nQuestion: What is 2 + 2?\nAnswer:")
    assert prompt.count("Question: ") == prompt.count("\nAnswer:") == 9
    assert len(re.findall(r"The answer is \d+\.\n\n", prompt)) == 8


def test_the_few_shot_prompt_of_math():
    prompt = prompt_of(load_task("math").recipes["fewshot"])
    assert prompt.startswith("Problem:\nFind all real solutions of $2x^2 - 5x - 3 = 0$.")
    assert prompt.endswith("$\\boxed{2\\sqrt{13}}$.\n\nProblem:\nWhat is 2 + 2?\n\nSolution:")
    assert prompt.count("Problem:\n") == prompt.count("\n\nSolution:") == 5


def test_the_chat_prompt_is_the_tokenizers_with_one_user_turn():
    prompt = prompt_of(load_task("math").recipes["chat"], tokenizer=FakeTokenizer())
    assert prompt == (
        "<user>What is 2 + 2?\n\n"
        "Please reason step by step, and put your final answer within \\boxed{}.<assistant>"
    )


def all_shots() -> list[tuple[str, Shot]]:
    found = {
        (recipe.origin, shot)
        for task in list_tasks()
        for recipe in task.recipes.values()
        for shot in recipe.shots
    }
    return sorted(found, key=lambda pair: pair[1].question)


@pytest.mark.parametrize(("origin", "shot"), all_shots())
def test_our_extractor_finds_the_gold_in_every_example(origin, shot):
    assert grade(gold=shot.gold, text=shot.answer).equivalent is True


OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def test_every_sum_in_the_word_problem_examples_holds():
    """``14 * 6 = 84`` or ``0.15 * 240 = $36``, recomputed from left to right."""
    seen = 0
    for _, shot in all_shots():
        for left, right in re.findall(r"((?:[\d.]+ ?[-+*/] ?)+[\d.]+) = \$?(\d[\d.]*\d|\d)", shot.answer):
            first, *rest = re.findall(r"[\d.]+|[-+*/]", left)
            assert len({"*/" if sign in "*/" else "+-" for sign in rest[::2]}) == 1, "precedence would matter"
            value = Fraction(first)
            for sign, number in zip(rest[::2], rest[1::2], strict=True):
                value = OPERATIONS[sign](value, Fraction(number))
            assert value == Fraction(right), f"{left} = {right}"
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("name", ["gsm8k", "math", "svamp", "asdiv", "mawps", "math500", "demo"])
def test_no_example_stands_in_the_test_rows(shared, name):
    task = load_task(name)
    data = load_data(task, data_file=None if task.file else shared / "data" / name / "test.jsonl")

    def words(text: str) -> str:
        return " ".join(re.findall(r"\w+", text.lower()))

    questions = {words(sample.question) for sample in data.samples}
    assert not questions & {words(shot.question) for r in task.recipes.values() for shot in r.shots}


@pytest.mark.parametrize("name", ["gsm8k", "math", "math500", "minerva_math", "olympiadbench", "aime24"])
def test_the_stop_strings_of_our_recipes_occur_in_no_reference_solution(shared, name):
    task = load_task(name)
    data = load_data(task, data_file=shared / "data" / name / "test.jsonl")
    for recipe in (task.recipes["fewshot"], task.recipes["chat"]):
        cut = [s.id for s in data.samples for stop in recipe.sampling.stop if stop in s.solution]
        assert cut == []


# ---- choosing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "has_chat_template", "name", "reason"),
    [
        ("meta-math/MetaMath-7B-V1.0", False, "metamath", "the model's name contains MetaMath"),
        ("./metamath-mistral-7b.Q4_K_M.gguf", True, "metamath", "the model's name contains MetaMath"),
        ("Qwen/Qwen2.5-7B-Instruct", True, "chat", "the tokenizer has a chat template"),
        ("meta-llama/Llama-2-7b-hf", False, "fewshot", "no chat template: taken for a base model"),
    ],
)
def test_the_recipe_fits_the_model_and_says_why(model, has_chat_template, name, reason):
    recipe, why = choose_recipe(load_task("gsm8k"), model=model, has_chat_template=has_chat_template)
    assert (recipe.name, why) == (name, reason)


@pytest.mark.parametrize("model", ["MetaMath", "other"])
@pytest.mark.parametrize("has_chat_template", [True, False])
def test_the_demo_gives_every_model_its_few_shot_recipe(model, has_chat_template):
    recipe, why = choose_recipe(load_task("demo"), model=model, has_chat_template=has_chat_template)
    assert (recipe.name, why) == ("fewshot", "the task gives it to every model")


def test_an_override_wins():
    recipe, why = choose_recipe(
        load_task("gsm8k"), model="MetaMath", has_chat_template=True, override="fewshot"
    )
    assert (recipe.name, why) == ("fewshot", "it was asked for")


def test_an_unknown_recipe_suggests_the_nearest():
    with pytest.raises(RecipeError) as raised:
        choose_recipe(load_task("gsm8k"), model="m", has_chat_template=False, override="fewshots")
    assert str(raised.value) == "`recipe`: task gsm8k has no recipe 'fewshots'; did you mean 'fewshot'?"
    with pytest.raises(RecipeError, match=r"no recipe 'zzz'; there are chat, fewshot, metamath"):
        choose_recipe(load_task("gsm8k"), model="m", has_chat_template=False, override="zzz")


def test_a_kind_without_a_default_falls_to_the_next():
    task = replace(load_task("gsm8k"), defaults={"chat": "chat", "base": "fewshot"})
    recipe, why = choose_recipe(task, model="MetaMath", has_chat_template=True)
    assert (recipe.name, why) == ("chat", "the tokenizer has a chat template")


# ---- overriding ------------------------------------------------------------------------------------


def test_nothing_given_changes_nothing():
    assert with_overrides(RECIPE) == RECIPE


def test_every_override_reaches_the_recipe():
    recipe = with_overrides(
        RECIPE, num_fewshot=1, max_tokens=9, temperature=0.7, top_p=0.9, n=4, seed=5, stop=["a", "b"]
    )
    assert recipe.shots == SHOTS[:1]
    assert recipe.sampling == Sampling(max_tokens=9, temperature=0.7, top_p=0.9, n=4, seed=5, stop=("a", "b"))


def test_zero_shots_leave_the_bare_question():
    assert prompt_of(with_overrides(RECIPE, num_fewshot=0)) == "Q: What is 2 + 2? A:"


def test_fewer_shots_keep_the_first():
    assert prompt_of(with_overrides(RECIPE, num_fewshot=1)) == "Q: One? A: It is 1.\nQ: What is 2 + 2? A:"


def test_an_empty_stop_list_removes_them():
    assert with_overrides(load_task("gsm8k").recipes["metamath"], stop=[]).sampling.stop == ()


def test_a_chat_template_makes_the_whole_few_shot_prompt_one_user_turn():
    recipe = with_overrides(RECIPE, apply_chat_template=True, system_prompt="Be brief.")
    assert prompt_of(recipe, tokenizer=FakeTokenizer()) == (
        "<system>Be brief.<user>Q: One? A: It is 1.\nQ: Two? A: It is 2.\nQ: What is 2 + 2? A:<assistant>"
    )


def test_without_the_chat_template_a_chat_recipe_is_plain_text():
    (request,) = build_requests(
        [SAMPLE], with_overrides(CHAT, apply_chat_template=False), tokenizer=FakeTokenizer()
    )
    assert (request.prompt, request.special_tokens) == ("What is 2 + 2?", True)


@pytest.mark.parametrize(
    ("recipe", "kwargs", "message"),
    [
        (RECIPE, {"num_fewshot": 3},
         "`num_fewshot=3`: recipe plain has 2 examples; ask for fewer, or take another `recipe`"),
        (RECIPE, {"num_fewshot": -1}, "`num_fewshot=-1`: expected 0 or more"),
        (RECIPE, {"max_tokens": 0}, "`max_tokens=0`: expected 1 or more"),
        (RECIPE, {"temperature": -0.1}, "`temperature=-0.1`: expected 0 (greedy) or more"),
        (RECIPE, {"top_p": 0.0}, "`top_p=0.0`: expected above 0, at most 1"),
        (RECIPE, {"top_p": 1.5}, "`top_p=1.5`: expected above 0, at most 1"),
        (RECIPE, {"n": 0}, "`n=0`: expected 1 or more"),
        (RECIPE, {"seed": -1}, "`seed=-1`: expected 0 or more"),
        (RECIPE, {"stop": ["x", ""]},
         "`stop`: an empty stop string would stop everything; leave it out"),
        (RECIPE, {"n": 4},
         "`n=4` at temperature 0 would generate one text 4 times; add `temperature=0.7`, say"),
        (RECIPE, {"system_prompt": "Be brief."},
         ("recipe plain is no chat, so there is no place for a system prompt; add "
          "`apply_chat_template=True`, or leave the system prompt out")),
    ],
)  # fmt: skip
def test_an_impossible_override_is_refused_by_its_name(recipe, kwargs, message):
    with pytest.raises(RecipeError) as raised:
        with_overrides(recipe, **kwargs)
    assert str(raised.value) == message


# ---- requests --------------------------------------------------------------------------------------


def numbered(count: int) -> list[Sample]:
    return [Sample(id=str(i), question=f"q{i}", gold="1") for i in range(count)]


def test_requests_are_made_as_they_are_asked_for():
    def endless():
        yield from (Sample(id=str(i), question="q", gold="1") for i in itertools.count())

    for recipe, tokenizer in ((RECIPE, None), (CHAT, FakeTokenizer())):
        requests = build_requests(endless(), recipe, tokenizer=tokenizer)
        assert [request.sample_id for request in itertools.islice(requests, 100)] == [
            str(i) for i in range(100)
        ]


def test_each_samples_completions_come_in_turn_so_that_prefixes_are_shared():
    recipe = with_overrides(RECIPE, n=3, temperature=1.0)
    keys = [request.key for request in build_requests(numbered(2), recipe, tokenizer=None)]
    assert keys == [("0", 0), ("0", 1), ("0", 2), ("1", 0), ("1", 1), ("1", 2)]


def test_conversations_are_rendered_in_batches_and_bos_is_left_to_the_template():
    tokenizer = FakeTokenizer()
    count = CHAT_BATCH + 3
    requests = list(build_requests(numbered(count), CHAT, tokenizer=tokenizer))
    assert tokenizer.batches == [CHAT_BATCH, 3]
    assert [request.prompt for request in requests] == [f"<user>q{i}<assistant>" for i in range(count)]
    assert {request.special_tokens for request in requests} == {False}


def test_a_chat_without_a_chat_template_is_refused_at_the_call():
    with pytest.raises(
        RecipeError, match="recipe chat is a chat, but the model's tokenizer has no chat template"
    ):
        build_requests([SAMPLE], CHAT, tokenizer=FakeTokenizer(chat_template=None))


def test_without_a_tokenizer_the_user_turn_stands_for_the_prompt():
    assert prompt_of(CHAT) == "What is 2 + 2?"


def test_seeds_are_the_same_on_every_machine():
    assert [request_seed(0, "0", 0), request_seed(0, "0", 1), request_seed(1, "0", 0)] == SEEDS


SEEDS = [93300159, 923348298, 1924416661]


@given(st.integers(0, 2**60), st.text(), st.integers(0, 1000))
def test_a_seed_fits_every_engine(seed, sample_id, k):
    assert 0 <= request_seed(seed, sample_id, k) < 2**31


def test_no_two_requests_of_a_run_share_a_seed_by_design():
    seeds = {request_seed(0, str(i), k) for i in range(200) for k in range(5)}
    assert len(seeds) == 1000


def test_a_requests_seed_does_not_depend_on_the_other_samples():
    recipe = with_overrides(RECIPE, seed=7)
    alone = list(build_requests(numbered(9)[5:6], recipe, tokenizer=None))
    among = list(build_requests(numbered(9), recipe, tokenizer=None))
    assert alone[0] == among[5]


# ---- identity --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "chat"},
        {"template": RECIPE.template + " "},
        {"system": "Be brief."},
        {"shots": SHOTS[:1]},
        {"shots": SHOTS[::-1]},
        {"shots": (replace(SHOTS[0], answer="It is one."), SHOTS[1])},
    ],
)
def test_the_prompt_hash_sees_everything_that_decides_the_prompt(change):
    assert prompt_hash(replace(RECIPE, **change)) != prompt_hash(RECIPE)
    assert recipe_fingerprint(replace(RECIPE, **change)) != recipe_fingerprint(RECIPE)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"origin": "other"},
        {"also_scorers": ("prm800k",)},
    ],
)
def test_neither_hash_sees_a_name(change):
    assert prompt_hash(replace(RECIPE, **change)) == prompt_hash(RECIPE)
    assert recipe_fingerprint(replace(RECIPE, **change)) == recipe_fingerprint(RECIPE)


@pytest.mark.parametrize(
    "change",
    [
        {"scorer": "boxed"},
        {"strategy": "boxed"},
        {"sampling": Sampling(max_tokens=9)},
        {"sampling": Sampling(max_tokens=8, stop=("x",))},
    ],
)
def test_sampling_and_scoring_are_in_the_fingerprint_but_not_in_the_prompt_hash(change):
    assert prompt_hash(replace(RECIPE, **change)) == prompt_hash(RECIPE)
    assert recipe_fingerprint(replace(RECIPE, **change)) != recipe_fingerprint(RECIPE)


def test_the_hash_of_metamaths_prompt_stays_what_it_was():
    """Runs on disk are resumed and compared by it: it may change only with the prompt."""
    assert prompt_hash(load_task("gsm8k").recipes["metamath"]) == METAMATH_HASH


METAMATH_HASH = "5ef17bc1d9ca3efe54169cdaf55550660059a24974744b9a81d59346acce90f3"
