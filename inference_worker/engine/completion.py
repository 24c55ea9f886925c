"""A finished Sequence as a Completion: its text, and its log-probabilities in the completions API's form."""

from __future__ import annotations

from .sequence import Completion, Logprobs, Sequence, TokenScore
from .tokenizer import Tokenizer


def complete(sequence: Sequence, tokenizer: Tokenizer) -> Completion:
    """Assemble the answer of a sequence whose `finish_reason` is set."""
    assert sequence.finish_reason is not None
    text = _reported_text(sequence)
    wanted = sequence.request.options.logprobs is not None
    return Completion(
        text=text,
        finish_reason=sequence.finish_reason,
        prompt_token_count=len(sequence.request.prompt_tokens),
        completion_token_count=sequence.completion_token_count,
        cached_token_count=sequence.cached_token_count or 0,
        logprobs=_logprobs(sequence, tokenizer, len(text)) if wanted else None,
    )


def _reported_text(sequence: Sequence) -> str:
    """decode(prompt + generated) minus decode(prompt), so that a leading space survives.

    An echo puts the prompt before it as it was given, since tokens cannot always spell it again.
    """
    text = sequence.text[: sequence.stop_position]
    if not sequence.request.options.echo:
        return text[sequence.completion_start :]
    prompt = sequence.request.prompt_text
    return text if prompt is None else prompt + text[sequence.completion_start :]


def _logprobs(sequence: Sequence, tokenizer: Tokenizer, text_length: int) -> Logprobs:
    first = sequence.request.first_reported
    indices = range(first, len(sequence.tokens))
    scores = [sequence.scores.get(index) for index in indices]
    if first < len(sequence.request.prompt_tokens):
        scores[0] = None  # of a text, the API does not say how likely its first token is
    count = sequence.request.options.logprobs or 0
    names = [tokenizer.piece(sequence.tokens[index]).name for index in indices]
    if names and _opens_text(sequence, tokenizer):
        names[0] = names[0][1:]
    return Logprobs(
        tokens=names,
        token_logprobs=[None if score is None else score.logprob for score in scores],
        top_logprobs=[
            None if score is None else _by_name(score, count, sequence.tokens[index], tokenizer)
            for index, score in zip(indices, scores, strict=True)
        ],
        text_offset=[min(_reported_offset(sequence, index), text_length) for index in indices],
    )


def _opens_text(sequence: Sequence, tokenizer: Tokenizer) -> bool:
    """Is the first echoed token the one whose leading space was added by encoding and is not in the text?"""
    first = sequence.request.first_reported
    return first < len(sequence.request.prompt_tokens) and tokenizer.piece(sequence.tokens[first]).opens_word


def _by_name(score: TokenScore, count: int, token_id: int, tokenizer: Tokenizer) -> dict[str, float]:
    """The `count` best tokens and the chosen one; of two tokens with one name the likelier stays."""
    values: dict[str, float] = {}
    for candidate, logprob in (*score.best[:count], (token_id, score.logprob)):
        name = tokenizer.piece(candidate).name
        values[name] = max(logprob, values.get(name, logprob))
    return values


def _reported_offset(sequence: Sequence, index: int) -> int:
    """Where token `index` begins in the reported text, before that is cut at a stop string."""
    request, offset = sequence.request, sequence.text_offsets[index]
    if request.options.echo and request.prompt_text is None:
        return offset
    if index < len(request.prompt_tokens):
        return min(offset, len(request.prompt_text or ""))
    prompt_length = len(request.prompt_text or "") if request.options.echo else 0
    return prompt_length + max(0, offset - sequence.completion_start)
