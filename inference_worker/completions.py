"""A completion request as clients send it, read strictly into engine requests; and their answers as one response.

Pure: no Django, no torch. Used when a batch is validated, when a worker runs a line, and by `POST /completions`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference_worker.engine.errors import ContextLengthError, RequestError
from inference_worker.engine.sequence import Completion, Logprobs, Request, SamplingOptions
from inference_worker.engine.tokenizer import Tokenizer

MAX_PROMPTS = 128
MAX_CHOICES = 16
MAX_STOPS = 64
MAX_TOKENS = 2**31 - 1
LOWEST_LOGPROB = -9999.0


class BodyError(Exception):
    """A body that cannot be run; `param` names the field at fault, as the client spells it."""

    def __init__(self, code: str, message: str, param: str | None = None, *, status: int = 400) -> None:
        super().__init__(f"{message} [{code}]")
        self.status = status
        self.code = code
        self.message = message
        self.param = param


@dataclass(frozen=True)
class CompletionCall:
    """What to run for one body; `requests[prompt_number * n + choice]` is the choice with that index."""

    model: str
    n: int
    stream: bool
    include_usage: bool
    user: str
    requests: tuple[Request, ...]

    @property
    def prompt_tokens(self) -> int:
        """Each prompt counts once, however many choices continue it."""
        return sum(len(request.prompt_tokens) for request in self.requests[:: self.n])

    @property
    def worst_case_tokens(self) -> int:
        """What is charged when no choice ends early."""
        return self.prompt_tokens + sum(request.options.max_tokens for request in self.requests)

    def body(
        self, completions: Sequence[Completion], *, id: str, model: str, created: int, fingerprint: str
    ) -> dict[str, Any]:
        """The response to the call, from one completion for each request in order; `created` in Unix seconds."""
        generated = sum(completion.completion_token_count for completion in completions)
        return {
            "id": id,
            "object": "text_completion",
            "created": created,
            "model": model,
            "system_fingerprint": fingerprint,
            "choices": [_choice(*numbered) for numbered in enumerate(completions)],
            "usage": {
                "prompt_tokens": self.prompt_tokens,
                "completion_tokens": generated,
                "total_tokens": self.prompt_tokens + generated,
            },
        }


def model_of(body: object) -> str:
    """The model that a body names, which decides how the rest is read; raises BodyError."""
    if not isinstance(body, dict):
        raise BodyError("invalid_type", "The body must be a JSON object.")
    model = body.get("model")
    if model is None:
        raise BodyError("missing_required_parameter", "model is required.", "model")
    return _text("model", model)


def parse(body: object, *, tokenizer: Tokenizer, context_tokens: int) -> CompletionCall:
    """Read a body for a model with this tokenizer and context; raises BodyError at the first fault.

    Nothing is ignored or cut: an unknown field is refused, and so is a prompt that does not fit.
    """
    model = model_of(body)
    assert isinstance(body, dict)
    given = {name: value for name, value in body.items() if value is not None}
    for name in body:
        if name not in FIELDS:
            raise BodyError("unknown_parameter", f"Unknown parameter: {name[:80]}.", name[:80])
    values = {name: read(name, given[name]) for name, read in FIELDS.items() if name in given}
    n = values.get("n", 1)
    _refuse_unsupported(values, n)
    prompts = _prompts(given, tokenizer)
    options = _options(values, tokenizer, context_tokens)
    return CompletionCall(
        model=model,
        n=n,
        stream=values.get("stream", False),
        include_usage=values.get("stream_options", False),
        user=values.get("user", ""),
        requests=tuple(
            _request(prompt, options, choice, tokenizer, context_tokens) for prompt in prompts for choice in range(n)
        ),
    )


def choice_seed(seed: int, choice: int) -> int:
    """A seed for each choice: the first has the request's own, the others follow from it."""
    if choice == 0:
        return seed
    digest = hashlib.sha256(f"{seed}:{choice}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


# Prompts, and what they become


@dataclass(frozen=True)
class _Prompt:
    tokens: tuple[int, ...]
    text: str | None


def _prompts(given: Mapping[str, Any], tokenizer: Tokenizer) -> list[_Prompt]:
    if "prompt" not in given:
        raise BodyError("missing_required_parameter", "prompt is required.", "prompt")
    prompts = _as_list(given["prompt"])
    if not 1 <= len(prompts) <= MAX_PROMPTS:
        raise BodyError("invalid_value", f"Give from 1 to {MAX_PROMPTS} prompts.", "prompt")
    return [_prompt(prompt, tokenizer) for prompt in prompts]


def _as_list(prompt: object) -> list[Any]:
    """One prompt or many: a list of numbers is one prompt of token ids."""
    if isinstance(prompt, str):
        return [prompt]
    if isinstance(prompt, list):
        kinds = {type(item) for item in prompt}
        if kinds == {int}:
            return [prompt]
        if not kinds or kinds in ({str}, {list}):
            return prompt
    raise BodyError(
        "invalid_type", "prompt must be a string, a list of strings, or one or more lists of token ids.", "prompt"
    )


def _prompt(prompt: str | list[Any], tokenizer: Tokenizer) -> _Prompt:
    if isinstance(prompt, str):
        try:
            return _Prompt(tuple(tokenizer.encode(prompt)), prompt)
        except RequestError as error:
            raise _from_engine(error) from None
    for item in prompt:
        if type(item) is not int:
            raise BodyError("invalid_type", "A prompt of token ids must hold whole numbers only.", "prompt")
    return _Prompt(tuple(prompt), None)


def _options(values: dict[str, Any], tokenizer: Tokenizer, context_tokens: int) -> SamplingOptions:
    for token_id in values.get("logit_bias", {}):
        if not tokenizer.has_token(token_id):
            raise BodyError("invalid_value", f"Token id {token_id} is not in the vocabulary.", "logit_bias")
    if values.get("max_tokens", 0) > MAX_TOKENS:  # more than the engine's options can hold; perhaps too long to print
        message = f"max_tokens is larger than any context; this model's has {context_tokens} tokens."
        raise BodyError(ContextLengthError.code, message, "max_tokens")
    try:
        return SamplingOptions(**{name: values[name] for name in SAMPLING if name in values})
    except RequestError as error:
        raise _from_engine(error) from None


def _request(
    prompt: _Prompt, options: SamplingOptions, choice: int, tokenizer: Tokenizer, context_tokens: int
) -> Request:
    if options.seed is not None and choice:
        fields = {**vars(options), "seed": choice_seed(options.seed, choice)}
        options = SamplingOptions(**fields)
    request = Request(prompt.tokens, options, prompt.text)
    try:
        request.check(tokenizer, context_tokens=context_tokens)
    except RequestError as error:
        raise _from_engine(error) from None
    return request


def _from_engine(error: RequestError) -> BodyError:
    code = error.code if isinstance(error, ContextLengthError) else "invalid_value"
    return BodyError(code, str(error), error.param)


def _refuse_unsupported(values: dict[str, Any], n: int) -> None:
    if values.get("suffix"):
        raise BodyError("unsupported_parameter", "suffix is not supported: the model continues text only.", "suffix")
    if values.get("best_of", n) != n:
        raise BodyError("unsupported_parameter", "best_of is supported only when it equals n.", "best_of")


# One reader for each field: checks its type and range, and gives the value that the engine wants


def _wrong_type(name: str, wanted: str) -> BodyError:
    return BodyError("invalid_type", f"{name} must be {wanted}.", name)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(name, "a string")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(name, "true or false")
    return value


def _whole(low: int, high: int | None) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        if type(value) is not int:
            raise _wrong_type(name, "a whole number")
        if value < low or (high is not None and value > high):
            limit = f"at least {low}" if high is None else f"from {low} to {high}"
            raise BodyError("invalid_value", f"{name} must be {limit}.", name)
        return value

    return read


def _number(low: float, high: float, *, above: bool = False) -> Callable[[str, object], float]:
    def read(name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(name, "a number")
        if not low <= value <= high or (above and value == low):
            limit = f"above {low} and at most {high}" if above else f"from {low} to {high}"
            raise BodyError("invalid_value", f"{name} must be {limit}.", name)
        return value

    return read


def _stops(name: str, value: object) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise _wrong_type(name, "a string or a list of strings")
    if len(stops) > MAX_STOPS:
        raise BodyError("invalid_value", f"Give at most {MAX_STOPS} stop strings.", name)
    return tuple(stop for stop in stops if stop)


def _biases(name: str, value: object) -> dict[int, float]:
    if not isinstance(value, dict):
        raise _wrong_type(name, "an object from token ids to numbers")
    read = _number(-100, 100)
    return {_token_id(name, key): read(name, bias) for key, bias in value.items()}


def _token_id(name: str, key: str) -> int:
    # One spelling for each id, so that none can be given twice.
    if not key.isascii() or not key.isdigit() or len(key) > 9 or str(int(key)) != key:
        raise BodyError("invalid_value", f"{name} has a key that is not a token id.", name)
    return int(key)


def _include_usage(name: str, value: object) -> bool:
    if not isinstance(value, dict):
        raise _wrong_type(name, "an object")
    for key in value:
        if key != "include_usage":
            raise BodyError("unknown_parameter", f"Unknown parameter: {name}.{key[:80]}.", f"{name}.{key[:80]}")
    usage = value.get("include_usage")
    return False if usage is None else _flag(f"{name}.include_usage", usage)


FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "model": _text,
    "prompt": lambda name, value: value,  # needs the tokenizer: `_prompts`
    "max_tokens": _whole(0, None),
    "temperature": _number(0, 2),
    "top_p": _number(0, 1, above=True),
    "top_k": _whole(1, MAX_TOKENS),
    "n": _whole(1, MAX_CHOICES),
    "best_of": _whole(1, None),
    "stop": _stops,
    "echo": _flag,
    "logprobs": _whole(0, 5),
    "seed": _whole(-(2**63), 2**63 - 1),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "logit_bias": _biases,
    "suffix": _text,
    "stream": _flag,
    "stream_options": _include_usage,
    "user": _text,
}
SAMPLING = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "echo",
    "logprobs",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
)


# Answers


def _choice(index: int, completion: Completion) -> dict[str, Any]:
    logprobs = completion.logprobs
    return {
        "index": index,
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "logprobs": None if logprobs is None else _logprobs(logprobs),
    }


def _logprobs(logprobs: Logprobs) -> dict[str, Any]:
    return {
        "tokens": logprobs.tokens,
        "token_logprobs": [_finite(value) for value in logprobs.token_logprobs],
        "top_logprobs": [
            None if best is None else {name: _finite(value) for name, value in best.items()}
            for best in logprobs.top_logprobs
        ],
        "text_offset": logprobs.text_offset,
    }


def _finite(value: float | None) -> float | None:
    """JSON has no infinity, and a client must be able to add the values up."""
    if value is None:
        return None
    return LOWEST_LOGPROB if math.isnan(value) else max(value, LOWEST_LOGPROB)
