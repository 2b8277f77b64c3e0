"""One body, every orchestration: a run's result is `collections.Counter` of the words, and its keys are the run's own."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.mapper.user_map import user_map
from runtime.mapreduce import count, emit
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.deployments import Deployment
from tests.fakes.user_maps import Flaky

pytestmark = pytest.mark.parametrize("name", [*ORCHESTRATIONS, "sfn DISTRIBUTED"])

Deploy = Callable[[str], Deployment]

HOSTILE = [
    "and/or", "//", "..", ".", "...", "100%", "%2F", "%", "a\u0001b", "he’ll", "日本語", "👩‍👩‍👧", "é", "e\u0301",
    "<&>", '"quoted"', "a+b", "a=b&c", "?#", "~", "\\", "reducer0", "w" * 3000, "語" * 1000, "\ufffe\uffff", "\u2060",
]  # fmt: skip

INPUTS = {
    "chunks, two of them identical": ["to be or not to be", "that is the question", "to be or not to be"],
    "hostile words": [" ".join(HOSTILE), " ".join(HOSTILE[::2])],
    "no chunk": [],
    "empty texts": ["", "  \n\t "],
    "one word": ["word"],
    "more mappers than ten": [f"w{n} shared" for n in range(25)],
}


def chunks_of(texts: list[str], bucket: str, **more: Any) -> list[dict[str, Any]]:
    return [{"text": text, "destination": bucket, **more} for text in texts]


def counted(texts: list[str]) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


@pytest.mark.parametrize("texts", INPUTS.values(), ids=INPUTS)
def test_result_is_the_counter_of_the_words(name: str, texts: list[str], deploy: Deploy) -> None:
    deployment = deploy(name)

    deployment.start("run1", chunks_of(texts, deployment.buckets.shuffle))
    deployment.wait()

    assert deployment.buckets.result("run1") == counted(texts)
    assert deployment.buckets.failure("run1") is None


def test_twelve_reducers_are_numbered_as_numbers(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)
    texts = [" ".join(f"w{n}" for n in range(60))]

    deployment.start("run1", chunks_of(texts, deployment.buckets.shuffle, numReducer=12))
    deployment.wait()

    directories = {key.split("/")[1] for key in deployment.buckets.keys(deployment.buckets.shuffle)}
    assert directories == {"emitted", *(f"reducer{n}" for n in range(12))}
    assert deployment.buckets.result("run1") == counted(texts)


@pytest.mark.usefixtures("instant_puts")
def test_more_objects_than_a_page_under_one_reducer_are_all_counted(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)
    words = [f"w{n}" for n in range(2050)]
    texts = [" ".join(words[:1025]), " ".join(words[1025:])]

    deployment.start("run1", chunks_of(texts, deployment.buckets.shuffle, numReducer=1))
    deployment.wait()

    assert deployment.buckets.result("run1") == counted(texts)


def test_destination_may_have_a_prefix(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)
    destination = f"s3://{deployment.buckets.shuffle}/some/where"

    deployment.start("run1", chunks_of(["to be"], destination))
    deployment.wait()

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}
    assert all(key.startswith("some/where/run1/") for key in deployment.buckets.keys(deployment.buckets.shuffle))


def test_there_is_one_object_for_each_occurrence(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)

    deployment.start("run1", chunks_of(["be be", "be or"], deployment.buckets.shuffle))
    deployment.wait()

    keys = deployment.buckets.keys(deployment.buckets.shuffle)
    words = [key.split("/")[2] for key in keys if not key.startswith("run1/emitted/")]
    assert sorted(words) == ["be", "be", "be", "or"]


def test_everything_that_a_run_stores_lies_under_its_id(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)

    deployment.start("run1", chunks_of(["to be", "or not"], deployment.buckets.shuffle))
    deployment.wait()

    keys = deployment.buckets.everything()
    assert "run1/result.json" in keys
    assert [key for key in keys if not key.startswith("run1/")] == []


def test_two_runs_at_once_do_not_mix(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)

    deployment.start("run1", chunks_of(["to be", "or not"], deployment.buckets.shuffle))
    deployment.start("run2", chunks_of(["be that", "not the"], deployment.buckets.shuffle))
    deployment.wait()

    assert deployment.buckets.result("run1") == counted(["to be", "or not"])
    assert deployment.buckets.result("run2") == counted(["be that", "not the"])


def test_user_map_that_raises_leaves_a_record_of_the_failure_and_no_result(
    name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(name)
    monkeypatch.setattr("functions.mapper.user_map.user_map", refuse_bad)

    deployment.start("run1", chunks_of(["to be", "bad", "or not"], deployment.buckets.shuffle))
    deployment.wait()

    failed = deployment.buckets.failure("run1")
    told = {field: failed[field] for field in ("run", "function", "index", "error", "message")}
    assert told == {"run": "run1", "function": "mapper", "index": 2, "error": "ValueError", "message": "a bad text"}
    assert "refuse_bad" in failed["traceback"][-1]
    assert failed["log_group"] == f"/aws/lambda/{deployment.cluster.prefix}mapper"
    assert deployment.buckets.result("run1") is None


def test_lone_surrogate_is_refused_by_name(name: str, deploy: Deploy) -> None:
    deployment = deploy(name)

    deployment.start("run1", chunks_of(["to \ud800be"], deployment.buckets.shuffle))
    deployment.wait()

    failed = deployment.buckets.failure("run1")
    assert failed["error"] == "ValueError"
    assert "lone surrogate" in failed["message"]


def test_error_that_passes_is_retried(name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = deploy(name)
    flaky = Flaky(1, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)

    deployment.start("run1", chunks_of(["to be or"], deployment.buckets.shuffle))
    deployment.wait()

    assert deployment.buckets.result("run1") == counted(["to be or"])
    assert flaky.calls == 2


def test_counters_of_an_attempt_that_failed_do_not_count(name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = deploy(name)
    flaky = Flaky(1, ConnectionError("try again"))

    def counting(text: str) -> None:
        count("texts")
        flaky(text)

    def counting_reduce(word: str, ones: list[int]) -> int:
        count("words")
        return sum(ones)

    monkeypatch.setattr("functions.mapper.user_map.user_map", counting)
    monkeypatch.setattr("functions.reducer.user_reduce.user_reduce", counting_reduce)

    deployment.start("run1", chunks_of(["to be or", "not to be"], deployment.buckets.shuffle))
    deployment.wait()

    results, prefix = deployment.buckets.results, ".counters/run1/"
    stored = {key.removeprefix(prefix): deployment.buckets.read(results, key) for key in deployment.buckets.keys(results, prefix)}
    assert flaky.calls == 3
    assert {key: numbers for key, numbers in stored.items() if key.startswith("mapper/")} == {
        "mapper/1.json": {"texts": 1},
        "mapper/2.json": {"texts": 1},
    }
    assert sum((Counter(numbers) for numbers in stored.values()), Counter()) == {"texts": 2, "words": 4}


def yields_pairs(text: str) -> Iterator[tuple[str, int]]:
    for word in text.split():
        yield word, 1


def emits_from_a_pool(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.map(emit, text.split())


@pytest.mark.parametrize("own_map", [yields_pairs, emits_from_a_pool])
def test_map_may_yield_pairs_or_emit_from_threads(
    own_map: Callable[[str], Any], name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(name)
    monkeypatch.setattr("functions.mapper.user_map.user_map", own_map)

    # One mapper: a plain thread can't tell whose it is where several run in one process, as they never do in Lambda.
    deployment.start("run1", chunks_of(["to be or not to be"], deployment.buckets.shuffle))
    deployment.wait()

    assert deployment.buckets.result("run1") == counted(["to be or not to be"])


async def is_a_coroutine(text: str) -> None:
    emit(text)


def returns_pairs(text: str) -> Any:
    return [(word, 1) for word in text.split()]


@pytest.mark.parametrize(
    ("own_map", "told"), [(is_a_coroutine, "returned <coroutine object"), (returns_pairs, "returned [('to'")]
)
def test_map_that_returns_what_would_be_lost_fails_the_run_by_name(
    own_map: Callable[[str], Any], told: str, name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(name)
    monkeypatch.setattr("functions.mapper.user_map.user_map", own_map)

    deployment.start("run1", chunks_of(["to be"], deployment.buckets.shuffle))
    deployment.wait()

    failed = deployment.buckets.failure("run1")
    assert (failed["function"], failed["error"]) == ("mapper", "TypeError")
    assert failed["message"].startswith(f"user_map in tests/integration/test_orchestrations.py {told}")
    assert deployment.buckets.result("run1") is None


def test_reduce_whose_value_json_would_change_fails_the_run_by_name(
    name: str, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(name)
    monkeypatch.setattr("functions.reducer.user_reduce.user_reduce", lambda word, ones: {1: "a", "1": "b"})

    deployment.start("run1", chunks_of(["be"], deployment.buckets.shuffle))
    deployment.wait()

    failed = deployment.buckets.failure("run1")
    assert (failed["function"], failed["error"]) == ("reducer", "TypeError")
    assert "returned {1: 'a', '1': 'b'}, of type dict, for the word 'be'" in failed["message"]
    assert deployment.buckets.result("run1") is None


def refuse_bad(text: str) -> None:
    if text == "bad":
        raise ValueError("a bad text")
    user_map(text)
