"""The door to the engine: load a model folder, add requests, step until they are finished."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from inference_worker.engine.completion import complete
from inference_worker.engine.config import EngineConfig, ModelConfig
from inference_worker.engine.errors import (
    CheckpointError,
    ConfigError,
    EngineBusyError,
    NonFiniteLogitsError,
)
from inference_worker.engine.kv_cache import KVCache, Span
from inference_worker.engine.model import Transformer
from inference_worker.engine.sampling import sample
from inference_worker.engine.scheduler import Scheduler
from inference_worker.engine.scoring import score
from inference_worker.engine.sequence import Completion, Request, Sequence
from inference_worker.engine.tokenizer import Tokenizer
from inference_worker.engine.weights import load_model

# Prompt positions scored at once: a slice of logits [128, 32000] f32 is 16 MB, those of a long prompt 250 MB.
SCORED_ROWS = 128


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
        self._cache = KVCache(
            model_config,
            slot_count=config.max_batch_size,
            device=self._device,
            dtype=getattr(torch, config.dtype),
        )
        self._scheduler = Scheduler(slot_count=config.max_batch_size, max_batch_tokens=config.max_batch_tokens)
        self._ids = itertools.count()

    @classmethod
    def load(cls, folder: Path, config: EngineConfig) -> Engine:
        """Open a folder in Meta's layout; raises CheckpointError or ConfigError.

        `tokenizer.model` may also lie one folder up, where Meta's download script puts it.
        """
        if not folder.is_dir():
            raise CheckpointError(folder, "there is no such folder")
        if config.device.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError("This machine has no CUDA device that PyTorch can use: choose the device cpu.")
        shared = folder.absolute().parent / "tokenizer.model"
        own = folder / "tokenizer.model"
        tokenizer = Tokenizer.load(shared if shared.is_file() and not own.exists() else own)
        model_config = ModelConfig.from_params(folder / "params.json", tokenizer_vocab_size=tokenizer.vocab_size)
        model = load_model(folder, model_config, device=torch.device(config.device), dtype=getattr(torch, config.dtype))
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
        """Advance every running request by one token; returns those that this finished.

        Raises NonFiniteLogitsError; the requests stay, and abort() removes them.
        """
        sequences = self._scheduler.schedule()
        if not sequences:
            return []
        with torch.inference_mode():
            self._advance(sequences)
        finished = [sequence for sequence in sequences if sequence.finish_reason is not None]
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

    def _advance(self, sequences: list[Sequence]) -> None:
        """One pass of the model over all new tokens, then a token more for each sequence that wants one."""
        spans = [_next_span(sequence) for sequence in sequences]
        hidden = self._model(*self._inputs(sequences, spans), spans, self._cache)
        rows = hidden.split([span.count for span in spans])
        for sequence, span, own_rows in zip(sequences, spans, rows, strict=True):
            if span.start == 0:
                self._score_prompt(sequence, own_rows)
        growing = [row for row, sequence in enumerate(sequences) if sequence.finish_reason is None]
        if growing:
            self._sample([sequences[row] for row in growing], torch.stack([rows[row][-1] for row in growing]))
        for sequence, span in zip(sequences, spans, strict=True):
            sequence.cached_tokens = span.stop

    def _inputs(self, sequences: list[Sequence], spans: list[Span]) -> tuple[Tensor, Tensor]:
        """Token ids and positions [T] of all spans, side by side."""
        tokens = [t for s, span in zip(sequences, spans, strict=True) for t in s.tokens[span.start : span.stop]]
        positions = [position for span in spans for position in range(span.start, span.stop)]
        return torch.tensor(tokens, device=self._device), torch.tensor(positions, device=self._device)

    def _score_prompt(self, sequence: Sequence, hidden: Tensor) -> None:
        """Score each echoed token but the first from the hidden state before it; hidden is [prompt, dim]."""
        options = sequence.request.options
        if options.logprobs is None or not options.echo:
            return
        for start in range(sequence.request.first_reported + 1, len(sequence.tokens), SCORED_ROWS):
            targets = sequence.tokens[start : start + SCORED_ROWS]
            logits = self._logits(hidden[start - 1 : start - 1 + len(targets)])
            scores = score(logits, targets, [options.logprobs] * len(targets))
            sequence.scores.update(enumerate(scores, start))

    def _sample(self, sequences: list[Sequence], hidden: Tensor) -> None:
        """Give each sequence its next token and, if wanted, its score; hidden is [sequences, dim]."""
        logits = self._logits(hidden)
        chosen = sample(logits, sequences)
        wanted = [row for row, sequence in enumerate(sequences) if sequence.request.options.logprobs is not None]
        if wanted:
            counts = [sequences[row].request.options.logprobs or 0 for row in wanted]
            scores = score(logits[wanted], [chosen[row] for row in wanted], counts)
            for row, token_score in zip(wanted, scores, strict=True):
                sequences[row].scores[len(sequences[row].tokens)] = token_score
        for sequence, token_id in zip(sequences, chosen, strict=True):
            sequence.advance(token_id)

    def _logits(self, hidden: Tensor) -> Tensor:
        logits = self._model.logits(hidden)
        if not logits.isfinite().all():
            raise NonFiniteLogitsError
        return logits


def _next_span(sequence: Sequence) -> Span:
    """The tokens that the model has not seen yet: a whole prompt, or the one sampled last."""
    assert sequence.slot is not None
    return Span(sequence.slot, sequence.cached_tokens, len(sequence.tokens) - sequence.cached_tokens)
