"""What is asked (Request), what is under way (Sequence) and what comes back (Completion)."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .errors import (
    ContextLengthError,
    EmptyPromptError,
    OptionError,
    TokenIdError,
)
from .tokenizer import Detokenizer, Tokenizer

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class SamplingOptions:
    """How to continue a prompt, in the words of the completions API; raises OptionError naming the field.

    temperature 0 takes the most likely token, the lowest id on ties. seed None draws a fresh seed. logprobs
    None asks for none, 0 for the chosen token alone. Penalties count generated tokens only. Empty stop
    strings are ignored.
    """

    max_tokens: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    logprobs: int | None = None
    echo: bool = False

    def __post_init__(self) -> None:
        _require_int("max_tokens", self.max_tokens, 0, 2**31 - 1)
        _require_number("temperature", self.temperature, 0, 2)
        _require_number("top_p", self.top_p, 0, 1)
        if self.top_p == 0:
            raise OptionError("top_p must be greater than 0 and at most 1.", param="top_p")
        _require_number("presence_penalty", self.presence_penalty, -2, 2)
        _require_number("frequency_penalty", self.frequency_penalty, -2, 2)
        if self.top_k is not None:
            _require_int("top_k", self.top_k, 1, 2**31 - 1)
        if self.seed is not None:
            _require_int("seed", self.seed, -(2**63), 2**63 - 1)
        if self.logprobs is not None:
            _require_int("logprobs", self.logprobs, 0, 5)
        # A plain string is a sequence of strings too, each one letter long.
        if not isinstance(self.stop, tuple | list) or not all(isinstance(text, str) for text in self.stop):
            raise OptionError("stop must be a list of strings.", param="stop")
        for bias in self.logit_bias.values():
            _require_number("logit_bias", bias, -100, 100)


@dataclass(frozen=True)
class Request:
    """A prompt as token ids and how to continue it.

    `prompt_text` is set for a prompt that came as text: `prompt_tokens[0]` is then BOS, hidden from text,
    tokens and offsets, and an echo starts with exactly that text. None: the ids are fed exactly as given, and
    nothing is hidden. Requests share what was computed for a beginning that they have in common only where their
    `cache_salt` is the same: how soon an answer comes would tell others what somebody has asked before. Of an echoed
    prompt only the tokens from index `scored_from` on get log-probabilities; scoring costs as much as sampling does.
    """

    prompt_tokens: tuple[int, ...]
    options: SamplingOptions
    prompt_text: str | None = None
    cache_salt: str = ""
    scored_from: int = 0

    def check(self, tokenizer: Tokenizer, *, context_tokens: int) -> None:
        """Can a model with this vocabulary and context run it? Raises a RequestError if not."""
        if not self.prompt_tokens:
            raise EmptyPromptError
        for token_id in self.prompt_tokens:
            if not tokenizer.has_token(token_id):
                raise TokenIdError(token_id, tokenizer.vocab_size)
        if self.prompt_text is not None and self.prompt_tokens[0] != tokenizer.bos_id:
            raise OptionError("The tokens of a text prompt must begin with BOS.", param="prompt")
        for token_id in self.options.logit_bias:
            if not tokenizer.has_token(token_id):
                raise TokenIdError(token_id, tokenizer.vocab_size, param="logit_bias")
        if len(self.prompt_tokens) + self.options.max_tokens > context_tokens:
            raise ContextLengthError(
                prompt_tokens=len(self.prompt_tokens),
                max_tokens=self.options.max_tokens,
                context_tokens=context_tokens,
            )

    @property
    def first_reported(self) -> int:
        """Index of the first token to report log-probabilities for, in prompt and completion together."""
        if not self.options.echo:
            return len(self.prompt_tokens)
        return 0 if self.prompt_text is None else 1


@dataclass(frozen=True)
class Logprobs:
    """Four arrays of equal length, as the completions API defines them."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


@dataclass(frozen=True)
class Completion:
    """`prompt_token_count` includes a hidden BOS, `completion_token_count` a final EOS.

    `cached_token_count` of the prompt's tokens had been computed for somebody else: how an answer came about is no part
    of the answer.
    """

    text: str
    finish_reason: FinishReason
    prompt_token_count: int
    completion_token_count: int
    cached_token_count: int = field(default=0, compare=False)
    logprobs: Logprobs | None = None


@dataclass(frozen=True, slots=True)
class TokenScore:
    """Natural log-probability of a token, and the most likely ids at its place, best first."""

    logprob: float
    best: tuple[tuple[int, float], ...]


class Sequence:
    """One request under way: its tokens so far, their text, and where their keys and values lie.

    Token i's text begins at `text_offsets[i]` of `text`; `scores` holds what log-probabilities are known, by token
    index. Keys and values of the first `computed` tokens lie in `pages`; the scheduler keeps both.
    """

    def __init__(self, sequence_id: int, request: Request, tokenizer: Tokenizer) -> None:
        seed = request.options.seed
        self.id = sequence_id
        self.request = request
        self.seed = secrets.randbits(63) if seed is None else seed
        self.pages: list[int] = []
        self.computed = 0
        self.cached_token_count: int | None = None  # of the prompt, that others had computed before
        self.tokens: list[int] = []
        self.text_offsets: list[int] = []
        self.scores: dict[int, TokenScore] = {}
        # With max_tokens 0 the prompt is still computed, since an echo may want its log-probabilities.
        self.finish_reason: FinishReason | None = "length" if request.options.max_tokens == 0 else None
        self.stop_position: int | None = None
        self._eos_id = tokenizer.eos_id
        self._stop_strings = [text for text in request.options.stop if text]
        self._generated: Counter[int] = Counter()
        self._detokenizer = Detokenizer(tokenizer)
        for token_id in request.prompt_tokens:
            self._push(token_id)
        self._prompt_end = len(self._detokenizer.text)
        self._prompt_pending = self._detokenizer.pending

    @property
    def first_scored(self) -> int:
        """Index of the first token whose log-probability is wanted; of the prompt's own only where it is echoed."""
        options = self.request.options
        if options.logprobs is None:
            return len(self.tokens) + options.max_tokens
        return max(1, self.request.scored_from) if options.echo else len(self.request.prompt_tokens)

    @property
    def completion_token_count(self) -> int:
        return len(self.tokens) - len(self.request.prompt_tokens)

    @property
    def text(self) -> str:
        """Prompt and completion, decoded together; an incomplete character at the end is U+FFFD."""
        return self._detokenizer.text + self._detokenizer.pending

    @property
    def completion_start(self) -> int:
        """Where the completion begins in `text`.

        A character begun by the prompt's last byte tokens and completed by the model belongs to the
        completion.
        """
        replaced = self.text.startswith(self._prompt_pending, self._prompt_end)
        return self._prompt_end + (len(self._prompt_pending) if replaced else 0)

    def advance(self, token_id: int) -> None:
        """Add the token that was sampled; sets `finish_reason` when it is the last one."""
        known = len(self._detokenizer.text)
        self._push(token_id)
        self._generated[token_id] += 1
        # A character still incomplete counts as U+FFFD only when nothing more can complete it.
        text = self.text if self.is_full else self._detokenizer.text
        self.stop_position = self._find_stop(text, known)
        if self.stop_position is not None or token_id == self._eos_id:
            self.finish_reason = "stop"
        elif self.is_full:
            self.finish_reason = "length"

    @property
    def is_full(self) -> bool:
        """Are `max_tokens` generated?"""
        return self.completion_token_count >= self.request.options.max_tokens

    def logit_changes(self) -> dict[int, float]:
        """What bias and penalties add to the next token's logits, by token id."""
        options = self.request.options
        changes = dict(options.logit_bias)
        if options.presence_penalty or options.frequency_penalty:
            for token_id, count in self._generated.items():
                penalty = options.presence_penalty + options.frequency_penalty * count
                changes[token_id] = changes.get(token_id, 0.0) - penalty
        return changes

    def _push(self, token_id: int) -> None:
        self.text_offsets.append(len(self._detokenizer.text))
        self.tokens.append(token_id)
        self._detokenizer.push(token_id)

    def _find_stop(self, text: str, known: int) -> int | None:
        """Where the earliest stop string begins that ends after the first `known` characters."""
        starts = (text.find(stop, max(self.completion_start, known - len(stop) + 1)) for stop in self._stop_strings)
        return min((start for start in starts if start >= 0), default=None)


def _require_int(param: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise OptionError(f"{param} must be a whole number from {low} to {high}.", param=param)


def _require_number(param: str, value: object, low: float, high: float) -> None:
    """NaN fails the comparison, and so is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise OptionError(f"{param} must be a number from {low} to {high}.", param=param)
