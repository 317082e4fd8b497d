"""The reward is the evaluation, in the shapes that TRL and verl call."""

from __future__ import annotations

import inspect
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from answer_normalizers.reward import Reward, RewardError, compute_score, reward

TEXTS = ["so $\\boxed{\\frac{1}{2}}$", "The answer is 3.", "I do not know"]
GOLDS = ["0.5", "4", "5"]
UNDECIDED = "answer_normalizers_undecided:scorer"


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> str:
    """A scorer that never decides, named as a task file would name it."""
    import sys
    import types

    from answer_normalizers import Verdict

    module = types.ModuleType("answer_normalizers_undecided")
    module.scorer = lambda *, gold, text: Verdict(None, "test", "undecided")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return UNDECIDED


def test_trl_calls_it_with_completions_and_columns() -> None:
    given = {"prompts": ["p"] * 3, "completion_ids": [[1]] * 3, "trainer_state": None, "level": [1, 2, 3]}
    assert reward(completions=TEXTS, answer=GOLDS, **given) == [1.0, 0.0, 0.0]
    assert reward.__name__ == "answer_reward"  # TRL logs a reward by its name


def test_the_messages_of_a_conversation_are_read_to_the_last() -> None:
    conversations = [
        [
            {"role": "assistant", "content": "The answer is 1."},
            {"role": "assistant", "content": "The answer is 2."},
        ],
        [
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "The answer"}, {"type": "text", "text": " is 2."}],
            }
        ],
        [{"role": "assistant", "content": None}],
        [],
    ]
    assert reward(conversations, answer=["2"] * 4) == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("column", ["answer", "ground_truth", "gold", "solution"])
def test_the_gold_column_is_found_under_its_usual_names(column: str) -> None:
    assert reward(["The answer is 7."], **{column: ["7"]}) == [1.0]


def test_the_answer_is_taken_before_the_solution() -> None:
    assert reward(["The answer is 7."], answer=["7"], solution=["3 + 5 is not it"]) == [1.0]


@pytest.mark.parametrize("gold", ["7", 7, "3 + 4 = 7\n#### 7", "We get $3 + 4 = \\boxed{7}$.", "$7$"])
def test_a_gold_may_be_the_answer_or_a_solution_that_marks_it(gold: object) -> None:
    assert reward(["The answer is 7."], answer=[gold]) == [1.0]


def test_a_row_without_a_gold_has_no_reward() -> None:
    assert reward(["The answer is 7.", "The answer is 7."], answer=[None, "7"]) == [None, 1.0]


def test_a_batch_without_golds_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        RewardError, match="wanted answer or ground_truth or gold or solution, there are: level, prompts"
    ):
        reward(["x"], prompts=["p"], level=[1])
    with pytest.raises(RewardError, match="wanted target"):
        Reward(column="target")(["x"], answer=["1"])
    with pytest.raises(RewardError, match="2 completions, but 1 gold"):
        reward(["x", "y"], answer=["1"])


def test_the_values_and_the_scorer_can_be_chosen() -> None:
    strict = Reward(correct=2.0, wrong=-1.0, strategy="boxed")
    assert strict(["The answer is 7.", "\\boxed{7}"], answer=["7", "7"]) == [-1.0, 2.0]
    metamath = Reward(scorer="metamath_gsm8k")
    assert metamath(["The answer is: 7.4", "#### 7"], answer=["7", "7"]) == [1.0, 0.0]


def test_undecided_is_whatever_it_is_set_to(undecided: str) -> None:
    assert Reward(scorer=undecided)(["x"], answer=["7"]) == [0.0]
    assert Reward(scorer=undecided, undecided=0.5)(["x"], answer=["7"]) == [0.5]
    assert Reward(scorer=undecided, undecided=None)(["x"], answer=["7"]) == [None]
    assert Reward(scorer=undecided, undecided=None, wrong=-1.0).compute_score("d", "x", "7") == -1.0


def test_what_was_extracted_is_logged_where_trl_asks_for_it() -> None:
    logged: dict[str, list[str]] = {}
    reward(TEXTS, answer=GOLDS, log_extra=lambda name, values: logged.update({name: values}))
    assert logged["extracted"] == ["\\frac{1}{2}", "3", ""]
    assert "no answer found" in logged["judgement"][2]


def test_verl_calls_it_for_one_completion() -> None:
    assert list(inspect.signature(compute_score).parameters)[:4] == [
        "data_source", "solution_str", "ground_truth", "extra_info",
    ]  # fmt: skip
    assert (
        compute_score(
            data_source="openai/gsm8k", solution_str="#### 1,000", ground_truth="1000", extra_info={}
        )
        == 1.0
    )
    assert compute_score("lighteval/MATH", "\\boxed{2}", "3") == 0.0


def _score(text: str) -> float:
    return compute_score("d", text, "7")


def test_it_is_the_same_in_threads_and_in_worker_processes() -> None:
    texts = [f"The answer is {number}." for number in range(20)]
    alone = [_score(text) for text in texts]
    assert sum(alone) == 1.0
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_score, texts)) == alone
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert list(processes.map(_score, texts)) == alone
    assert pickle.loads(pickle.dumps(reward)) == reward
