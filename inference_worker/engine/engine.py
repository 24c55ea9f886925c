"""The door to the engine: load a model folder, add requests, step until they are finished."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from .batch import Batch
from .checkpoint.folder import read_model_config, tokenizer_file
from .checkpoint.loading import load_model
from .completion import complete
from .config import EngineConfig, ModelConfig
from .errors import (
    CheckpointError,
    ConfigError,
    EmptyPromptError,
    EngineBusyError,
    NonFiniteLogitsError,
    OutOfMemoryError,
)
from .kv_cache import KVCache, bytes_per_page
from .model import Transformer
from .pages import PAGE_TOKENS, PagePool, pages_for
from .sampling import sample
from .scheduler import Scheduler, Span
from .scoring import score
from .sequence import Completion, Request, SamplingOptions, Sequence
from .tokenizer import Tokenizer

log = logging.getLogger(__name__)

# Rows of logits at once: [256, 32000] in f32 is 33 MB, those of a long prompt a quarter of a GB.
SCORED_ROWS = 256


class Engine:
    """Runs many requests at once on one device; to be used from one thread.

    A request's tokens depend on the request alone, as far as floating point allows: a matrix product may
    differ in its last bits with the number of rows, which matters only where two logits are that close.
    """

    def __init__(
        self, model: Transformer, tokenizer: Tokenizer, model_config: ModelConfig, config: EngineConfig
    ) -> None:
        self.tokenizer = tokenizer
        self.model_config = model_config
        self._model = model
        self._device = torch.device(config.device)
        dtype = getattr(torch, config.dtype)
        pages = _page_count(model_config, config, dtype)
        self._cache = KVCache(model_config, pages=pages, device=self._device, dtype=dtype)
        self._scheduler = Scheduler(
            PagePool(pages),
            max_running=config.max_batch_size,
            max_step_tokens=config.max_batch_tokens,
            shares=config.shares_prefixes,
        )
        self._ids = itertools.count()

    @classmethod
    def load(cls, folder: Path, config: EngineConfig) -> Engine:
        """Open a folder in Meta's layout or Hugging Face's; raises CheckpointError or ConfigError."""
        if not folder.is_dir():
            raise CheckpointError(folder, "there is no such folder")
        if config.device.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError("This machine has no CUDA device that PyTorch can use: choose the device cpu.")
        tokenizer = Tokenizer.load(tokenizer_file(folder))
        model_config = read_model_config(folder, tokenizer_vocab_size=tokenizer.vocab_size)
        model = load_model(
            folder,
            model_config,
            device=torch.device(config.device),
            dtype=getattr(torch, config.dtype),
            weights=config.weights,
        )
        return cls(model, tokenizer, model_config, config)

    def add(self, request: Request) -> int:
        """Queue a request and return its id; raises a RequestError if this model cannot run it."""
        request.check(self.tokenizer, context_tokens=self.model_config.context_tokens)
        sequence = Sequence(next(self._ids), request, self.tokenizer)
        self._scheduler.add(sequence)
        return sequence.id

    def abort(self, request_id: int) -> bool:
        """Drop a request, waiting or running; False if it is finished or unknown."""
        return self._scheduler.remove(request_id)

    def step(self) -> list[tuple[int, Completion]]:
        """Advance the running requests, each by a token or by a part of its prompt; returns those that this finished.

        A step for which the device has no memory is none: the next one is smaller. Raises NonFiniteLogitsError, or
        OutOfMemoryError where it cannot be smaller; the requests stay, and abort() removes them.
        """
        spans = self._scheduler.schedule()
        if not spans:
            return []
        try:
            with torch.inference_mode():
                self._advance(spans)
        except RuntimeError as error:  # torch has no narrower class for the CPU
            if not _is_out_of_memory(error):
                raise
            if not self._scheduler.shrink():
                raise OutOfMemoryError from None
            log.warning("A step of %d requests found no memory: the next ones are smaller.", len(spans))
            return []
        finished = [span.sequence for span in spans if _is_finished(span.sequence)]
        for sequence in finished:
            self._scheduler.remove(sequence.id)
        return [(sequence.id, complete(sequence, self.tokenizer)) for sequence in finished]

    def generate(
        self,
        requests: list[Request],
        should_stop: Callable[[], bool] | None = None,
        on_finished: Callable[[int, Completion], None] | None = None,
    ) -> list[Completion | None]:
        """Run all the requests; the answers come in their order, None for those that `should_stop` cut off.

        `should_stop` is asked before each step; `on_finished` gets a request's index and answer as soon as it
        is there. Raises a RequestError before anything runs, EngineBusyError if requests were added
        elsewhere.
        """
        if not self._scheduler.is_idle:
            raise EngineBusyError
        answers: list[Completion | None] = [None] * len(requests)
        pending: dict[int, int] = {}
        try:
            for index, request in enumerate(requests):
                pending[self.add(request)] = index
            while pending and not (should_stop is not None and should_stop()):
                for request_id, completion in self.step():
                    index = pending.pop(request_id)
                    answers[index] = completion
                    if on_finished is not None:
                        on_finished(index, completion)
        finally:
            for request_id in pending:
                self.abort(request_id)
        return answers

    def score(self, prompts: list[tuple[list[int], list[int]]]) -> list[list[float]]:
        """The log-probability of each token of what continues a context, for pairs of context and continuation.

        Contexts that begin alike are computed once. Raises a RequestError as `generate` does, for an empty context too.
        """
        if not all(context for context, _ in prompts):
            raise EmptyPromptError
        options = SamplingOptions(max_tokens=0, echo=True, logprobs=0)
        answers = self.generate(
            [Request((*context, *rest), options, scored_from=len(context)) for context, rest in prompts]
        )
        scores: list[list[float]] = []
        for (_, rest), answer in zip(prompts, answers, strict=True):
            assert answer is not None
            assert answer.logprobs is not None
            known = answer.logprobs.token_logprobs[len(answer.logprobs.token_logprobs) - len(rest) :]
            scores.append([value for value in known if value is not None])
        return scores

    def _advance(self, spans: list[Span]) -> None:
        """One pass of the model over the spans, then a token more for each sequence that is computed to its end."""
        batch = Batch.of(spans, self._device)
        hidden = self._model.forward(batch, self._cache)
        self._keep_tails(batch, hidden)
        self._score_prompts(batch, hidden)
        growing = [
            (span.sequence, stop - 1) for span, stop in zip(spans, batch.rows[1:], strict=True) if _is_growing(span)
        ]
        if growing:
            self._sample([sequence for sequence, _ in growing], hidden[[row for _, row in growing]])
        for span in spans:
            self._scheduler.note_computed(span)

    def _keep_tails(self, batch: Batch, hidden: Tensor) -> None:
        """Keep the hidden state of the last token of each page that is full now; hidden is [T, dim]."""
        rows, pages = [], []
        for span, first_row in zip(batch.spans, batch.rows, strict=False):
            for stop in range(_next_page(span.start), span.stop + 1, PAGE_TOKENS):
                rows.append(first_row + stop - 1 - span.start)
                pages.append(span.sequence.pages[stop // PAGE_TOKENS - 1])
        if rows:
            self._cache.tails[pages] = hidden[rows]

    def _score_prompts(self, batch: Batch, hidden: Tensor) -> None:
        """Score the prompts' own tokens where that is asked, each from the hidden state before it.

        That is in `hidden` [T, dim], but for the first token after shared pages: then it was kept with the last page.
        """
        wanted: list[tuple[Sequence, int, int]] = []  # whose token, its index, and the row of the state before it
        tails: list[int] = []
        for span, first_row in zip(batch.spans, batch.rows, strict=False):
            for index in _unscored(span):
                if index > span.start:
                    row = first_row + index - 1 - span.start
                else:
                    row = len(hidden) + len(tails)
                    tails.append(span.sequence.pages[index // PAGE_TOKENS - 1])
                wanted.append((span.sequence, index, row))
        states = torch.cat([hidden, self._cache.tails[tails]]) if tails else hidden
        for start in range(0, len(wanted), SCORED_ROWS):
            part = wanted[start : start + SCORED_ROWS]
            targets = [sequence.tokens[index] for sequence, index, _ in part]
            scores = score(self._logits(states[[row for *_, row in part]]), targets)
            for (sequence, index, _), token_score in zip(part, scores, strict=True):
                sequence.scores[index] = token_score

    def _sample(self, sequences: list[Sequence], hidden: Tensor) -> None:
        """Give each sequence its next token and, if wanted, its score; hidden is [sequences, dim]."""
        logits = self._logits(hidden)
        chosen = sample(logits, sequences, self._model.kernels)
        wanted = [row for row, sequence in enumerate(sequences) if sequence.request.options.logprobs is not None]
        if wanted:
            scores = score(logits[wanted], [chosen[row] for row in wanted])
            for row, token_score in zip(wanted, scores, strict=True):
                sequences[row].scores[len(sequences[row].tokens)] = token_score
        for sequence, token_id in zip(sequences, chosen, strict=True):
            sequence.advance(token_id)

    def _logits(self, hidden: Tensor) -> Tensor:
        logits = self._model.logits(hidden)
        if not logits.amax(-1).isfinite().all():  # NaN is the largest of any row
            raise NonFiniteLogitsError
        return logits


def _page_count(model: ModelConfig, config: EngineConfig, dtype: torch.dtype) -> int:
    """Raises ConfigError when the memory for keys and values cannot hold one full context."""
    of_context = pages_for(model.context_tokens)
    if config.kv_bytes is None:
        return of_context * config.max_batch_size
    pages = config.kv_bytes // bytes_per_page(model, dtype)
    if pages < of_context:
        needed = of_context * bytes_per_page(model, dtype)
        raise ConfigError(f"kv_bytes is {config.kv_bytes:,}, but one request of full length needs {needed:,}")
    return min(pages, of_context * config.max_batch_size)


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _is_growing(span: Span) -> bool:
    """Does this span end where the next token is to be sampled?"""
    return span.stop == len(span.sequence.tokens) and span.sequence.finish_reason is None


def _is_finished(sequence: Sequence) -> bool:
    """With max_tokens 0 the prompt is still to be computed, perhaps in several steps."""
    return sequence.finish_reason is not None and sequence.computed >= len(sequence.request.prompt_tokens)


def _next_page(position: int) -> int:
    """Where the page ends that this position lies in."""
    return (position // PAGE_TOKENS + 1) * PAGE_TOKENS


def _unscored(span: Span) -> list[int]:
    """The tokens of the prompt whose score is wanted, not known, and follows from this span or the page before it."""
    sequence = span.sequence
    first = max(span.start, sequence.first_scored)
    last = min(span.stop, len(sequence.request.prompt_tokens) - 1)
    return [index for index in range(first, last + 1) if index not in sequence.scores]
