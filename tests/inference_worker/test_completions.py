"""Bodies are read strictly, and answers have the shape that clients of the completions API know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inference_worker.completions import BodyError, CompletionCall, choice_seed, parse
from inference_worker.engine.sequence import Completion, Logprobs
from inference_worker.engine.tokenizer import Tokenizer

CONTEXT = 64


@pytest.fixture(scope="session")
def tokenizer(tiny_model: Path) -> Tokenizer:
    return Tokenizer.load(tiny_model / "tokenizer.model")


def call(tokenizer: Tokenizer, **fields: Any) -> CompletionCall:
    body = {"model": "toy-1m", "prompt": "Call me", **fields}
    return parse(body, tokenizer=tokenizer, context_tokens=CONTEXT)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"model": None}, "missing_required_parameter", "model"),
    ({"model": 7}, "invalid_type", "model"),
    ({"prompt": None}, "missing_required_parameter", "prompt"),
    ({"prompt": 7}, "invalid_type", "prompt"),
    ({"prompt": {"a": 1}}, "invalid_type", "prompt"),
    ({"prompt": [1, "a"]}, "invalid_type", "prompt"),
    ({"prompt": [True]}, "invalid_type", "prompt"),
    ({"prompt": [[1, 2.0]]}, "invalid_type", "prompt"),
    ({"prompt": []}, "invalid_value", "prompt"),
    ({"prompt": [[]]}, "invalid_value", "prompt"),
    ({"prompt": [[5], []]}, "invalid_value", "prompt"),
    ({"prompt": ["a"] * 129}, "invalid_value", "prompt"),
    ({"prompt": [320]}, "invalid_value", "prompt"),
    ({"prompt": [-1]}, "invalid_value", "prompt"),
    ({"prompt": "\ud800"}, "invalid_value", "prompt"),
    ({"max_tokens": -1}, "invalid_value", "max_tokens"),
    ({"max_tokens": 1.0}, "invalid_type", "max_tokens"),
    ({"max_tokens": True}, "invalid_type", "max_tokens"),
    ({"max_tokens": "5"}, "invalid_type", "max_tokens"),
    ({"max_tokens": CONTEXT}, "context_length_exceeded", "max_tokens"),
    ({"max_tokens": 10**30}, "context_length_exceeded", "max_tokens"),
    ({"max_tokens": 10**4300 - 1}, "context_length_exceeded", "max_tokens"),  # one more cannot be written any more
    ({"prompt": [5] * (CONTEXT + 1), "max_tokens": 0}, "context_length_exceeded", "prompt"),
    ({"temperature": 2.1}, "invalid_value", "temperature"),
    ({"temperature": -0.1}, "invalid_value", "temperature"),
    ({"temperature": float("nan")}, "invalid_value", "temperature"),
    ({"temperature": "hot"}, "invalid_type", "temperature"),
    ({"top_p": 0}, "invalid_value", "top_p"),
    ({"top_p": 1.01}, "invalid_value", "top_p"),
    ({"top_k": 0}, "invalid_value", "top_k"),
    ({"n": 0}, "invalid_value", "n"),
    ({"n": 17}, "invalid_value", "n"),
    ({"n": 2, "best_of": 3}, "unsupported_parameter", "best_of"),
    ({"best_of": 2}, "unsupported_parameter", "best_of"),
    ({"stop": 7}, "invalid_type", "stop"),
    ({"stop": ["a", 1]}, "invalid_type", "stop"),
    ({"stop": ["a"] * 65}, "invalid_value", "stop"),
    ({"echo": 1}, "invalid_type", "echo"),
    ({"logprobs": 6}, "invalid_value", "logprobs"),
    ({"logprobs": True}, "invalid_type", "logprobs"),
    ({"seed": 2**63}, "invalid_value", "seed"),
    ({"seed": 1.5}, "invalid_type", "seed"),
    ({"presence_penalty": 2.5}, "invalid_value", "presence_penalty"),
    ({"frequency_penalty": -2.5}, "invalid_value", "frequency_penalty"),
    ({"logit_bias": []}, "invalid_type", "logit_bias"),
    ({"logit_bias": {"x": 1}}, "invalid_value", "logit_bias"),
    ({"logit_bias": {"05": 1}}, "invalid_value", "logit_bias"),
    ({"logit_bias": {"-1": 1}}, "invalid_value", "logit_bias"),
    ({"logit_bias": {"320": 1}}, "invalid_value", "logit_bias"),
    ({"logit_bias": {"5": 101}}, "invalid_value", "logit_bias"),
    ({"suffix": "the end"}, "unsupported_parameter", "suffix"),
    ({"stream": "yes"}, "invalid_type", "stream"),
    ({"stream_options": True}, "invalid_type", "stream_options"),
    ({"stream_options": {"include_usage": 1}}, "invalid_type", "stream_options.include_usage"),
    ({"stream_options": {"extra": 1}}, "unknown_parameter", "stream_options.extra"),
    ({"user": 7}, "invalid_type", "user"),
    ({"min_p": 0.1}, "unknown_parameter", "min_p"),
    ({"min_p": None}, "unknown_parameter", "min_p"),
]


@pytest.mark.parametrize(("fields", "code", "param"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_faulty_body_is_refused_by_field(tokenizer: Tokenizer, fields: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(BodyError) as refusal:
        call(tokenizer, **fields)
    assert (refusal.value.status, refusal.value.code, refusal.value.param) == (400, code, param)


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(tokenizer: Tokenizer, body: object) -> None:
    with pytest.raises(BodyError, match="JSON object"):
        parse(body, tokenizer=tokenizer, context_tokens=CONTEXT)


def test_null_means_the_default(tokenizer: Tokenizer) -> None:
    names = ["max_tokens", "temperature", "top_p", "n", "best_of", "stop", "echo", "logprobs", "seed", "logit_bias"]
    names += ["presence_penalty", "frequency_penalty", "suffix", "stream", "stream_options", "user", "top_k"]
    assert call(tokenizer, **dict.fromkeys(names)) == call(tokenizer)
    assert call(tokenizer).requests[0].options.max_tokens == 16


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [("Call me", ["Call me"]), (["a", "b"], ["a", "b"]), ([5, 6], [None]), ([[5], [6, 7]], [None, None]), ("", [""])],
)
def test_every_form_of_prompt_is_read(tokenizer: Tokenizer, prompt: Any, texts: list[str | None]) -> None:
    requests = call(tokenizer, prompt=prompt).requests
    assert [request.prompt_text for request in requests] == texts
    assert all((request.prompt_text is None) or request.prompt_tokens[0] == tokenizer.bos_id for request in requests)


def test_token_ids_are_fed_as_they_are(tokenizer: Tokenizer) -> None:
    assert call(tokenizer, prompt=[5, 6]).requests[0].prompt_tokens == (5, 6)


def test_choices_are_ordered_by_prompt_and_then_by_choice(tokenizer: Tokenizer) -> None:
    requests = call(tokenizer, prompt=[[5], [6]], n=2, seed=9).requests
    assert [(r.prompt_tokens, r.options.seed) for r in requests] == [
        ((5,), 9),
        ((5,), choice_seed(9, 1)),
        ((6,), 9),
        ((6,), choice_seed(9, 1)),
    ]


def test_seeds_of_choices_differ_and_stay() -> None:
    seeds = [choice_seed(seed, choice) for seed in (-(2**63), 0, 2**63 - 1) for choice in range(16)]
    assert len(set(seeds)) == len(seeds)
    assert all(-(2**63) <= seed < 2**63 for seed in seeds)


def test_without_a_seed_none_is_made_up(tokenizer: Tokenizer) -> None:
    assert {request.options.seed for request in call(tokenizer, n=3).requests} == {None}


def test_a_prompt_counts_once_and_every_choice_may_run_to_its_end(tokenizer: Tokenizer) -> None:
    found = call(tokenizer, prompt=[[5], [6, 7]], n=3, max_tokens=4)
    assert (found.prompt_tokens, found.worst_case_tokens) == (3, 3 + 2 * 3 * 4)


def test_a_prompt_may_fill_the_context_exactly(tokenizer: Tokenizer) -> None:
    assert call(tokenizer, prompt=[5] * (CONTEXT - 4), max_tokens=4).worst_case_tokens == CONTEXT


def test_stop_strings_beyond_four_are_kept_and_empty_ones_dropped(tokenizer: Tokenizer) -> None:
    stops = [f"s{number}" for number in range(20)]
    assert call(tokenizer, stop=["", *stops]).requests[0].options.stop == tuple(stops)
    assert call(tokenizer, stop="").requests[0].options.stop == ()


def test_the_body_has_the_shape_of_the_api(tokenizer: Tokenizer) -> None:
    logprobs = Logprobs(["a"], [float("-inf")], [{"a": float("-inf"), "b": -0.5}], [0])
    answers = [Completion("a", "length", 2, 1, logprobs=logprobs), Completion("b", "stop", 2, 2)]
    body = call(tokenizer, prompt=[5, 6], n=2, logprobs=1).body(
        answers, id="cmpl-1", model="toy-1m", created=7, fingerprint="fp_1"
    )
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert [(c["index"], c["text"], c["finish_reason"]) for c in body["choices"]] == [
        (0, "a", "length"),
        (1, "b", "stop"),
    ]
    assert body["choices"][0]["logprobs"]["token_logprobs"] == [-9999.0]
    assert body["choices"][0]["logprobs"]["top_logprobs"] == [{"a": -9999.0, "b": -0.5}]
    assert body["choices"][1]["logprobs"] is None
    assert {name: body[name] for name in ("id", "object", "created", "model", "system_fingerprint")} == {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 7,
        "model": "toy-1m",
        "system_fingerprint": "fp_1",
    }
