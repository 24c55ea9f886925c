"""The four arrays of log-probabilities, entry by entry as the completions API defines them."""

from __future__ import annotations

from typing import Any

import pytest

from inference_worker.engine.completion import complete
from inference_worker.engine.engine import Engine
from inference_worker.engine.sequence import (
    Completion,
    Logprobs,
    Request,
    SamplingOptions,
    Sequence,
    TokenScore,
)
from inference_worker.engine.tokenizer import Tokenizer

from . import factories

EOS = 2


def arrays(completion: Completion) -> Logprobs:
    logprobs = completion.logprobs
    assert logprobs is not None
    count = len(logprobs.tokens)
    assert len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == len(logprobs.text_offset) == count
    assert logprobs.text_offset == sorted(logprobs.text_offset)
    assert all(0 <= offset <= len(completion.text) for offset in logprobs.text_offset)
    return logprobs


def finish(tokenizer: Tokenizer, prompt: str, generated: list[int], **options: Any) -> Completion:
    """As if a model had generated these tokens, each with log-probability -1 and no rival."""
    sampling = SamplingOptions(**{"max_tokens": len(generated), "logprobs": 0, **options})
    sequence = Sequence(0, Request(tuple(tokenizer.encode(prompt)), sampling, prompt), tokenizer)
    for token_id in generated:
        if sequence.finish_reason is None:
            sequence.scores[len(sequence.tokens)] = TokenScore(-1.0, ())
            sequence.advance(token_id)
    return complete(sequence, tokenizer)


def test_they_are_null_unless_asked_for(engine: Engine) -> None:
    assert factories.run(engine, "Call me", max_tokens=2).logprobs is None


def test_an_echoed_text_hides_bos_and_starts_with_null(engine: Engine) -> None:
    completion = factories.run(engine, "the dog", max_tokens=1, echo=True, logprobs=2)
    logprobs = arrays(completion)
    assert completion.prompt_token_count == len(engine.tokenizer.encode("the dog"))
    assert len(logprobs.tokens) == completion.prompt_token_count - 1 + 1
    assert logprobs.tokens[0] == "the"
    assert "".join(logprobs.tokens[:-1]) == "the dog"
    for values in (logprobs.token_logprobs, logprobs.top_logprobs):
        assert [n for n, value in enumerate(values) if value is None] == [0]


def test_echoed_ids_hide_nothing_and_have_one_entry_more_with_max_tokens_1(engine: Engine) -> None:
    ids = engine.tokenizer.encode("the dog")
    completion = factories.run(engine, ids, max_tokens=1, echo=True, logprobs=1, seed=1234)
    logprobs = arrays(completion)
    assert len(logprobs.tokens) == len(ids) + 1
    assert logprobs.tokens[:2] == ["<s>", " the"]
    assert logprobs.text_offset[:3] == [0, 0, 3]


def test_max_tokens_0_scores_only(engine: Engine) -> None:
    ids = engine.tokenizer.encode("the dog")
    scored = factories.run(engine, ids, max_tokens=0, echo=True, logprobs=1)
    longer = factories.run(engine, ids, max_tokens=1, echo=True, logprobs=1)
    assert (scored.completion_token_count, scored.finish_reason, scored.text) == (0, "length", "the dog")
    assert arrays(scored).token_logprobs == arrays(longer).token_logprobs[:-1]


def test_without_echo_only_generated_tokens_are_reported(engine: Engine) -> None:
    completion = factories.run(engine, "the dog", max_tokens=5, logprobs=0, logit_bias={EOS: -100})
    logprobs = arrays(completion)
    assert len(logprobs.tokens) == 5
    assert None not in logprobs.token_logprobs
    assert logprobs.text_offset[0] == 0


def test_eos_has_an_entry(engine: Engine) -> None:
    completion = factories.run(engine, "the dog", max_tokens=5, logprobs=1, logit_bias={EOS: 100})
    logprobs = arrays(completion)
    assert (completion.finish_reason, completion.completion_token_count) == ("stop", 1)
    assert logprobs.tokens == ["</s>"]
    assert logprobs.top_logprobs[0] is not None
    assert logprobs.top_logprobs[0]["</s>"] == logprobs.token_logprobs[0]


def test_tokens_after_a_stop_cut_are_reported_up_to_the_one_that_completed_it(tokenizer: Tokenizer) -> None:
    generated = tokenizer.encode("the lazy dog", bos=False)
    completion = finish(tokenizer, "over", [*generated, 290, 291], stop=("azy do",))
    logprobs = arrays(completion)
    assert completion.text == " the l"
    assert "".join(logprobs.tokens).startswith(" the lazy do")
    assert len(logprobs.tokens) == completion.completion_token_count < len(generated) + 2
    assert logprobs.text_offset[-1] == len(completion.text)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_best_and_the_chosen_come_from_one_softmax(engine: Engine, count: int) -> None:
    logprobs = arrays(
        factories.run(engine, "the dog", max_tokens=9, temperature=2.0, seed=3, logprobs=count, echo=True)
    )
    for name, value, best in zip(
        logprobs.tokens[1:], logprobs.token_logprobs[1:], logprobs.top_logprobs[1:], strict=True
    ):
        assert best is not None
        assert count <= len(best) <= count + 1 or count == 0
        assert best[name] == value


def test_a_greedy_token_equals_the_maximum_of_its_rivals(engine: Engine) -> None:
    logprobs = arrays(factories.run(engine, "the dog", max_tokens=9, logprobs=1))
    for value, best in zip(logprobs.token_logprobs, logprobs.top_logprobs, strict=True):
        assert best is not None
        assert value == max(best.values())


def test_scores_are_raw_whatever_shapes_the_sampling(engine: Engine) -> None:
    plain = arrays(factories.run(engine, "the dog", max_tokens=1, logprobs=5))
    [first] = plain.tokens
    bent = arrays(factories.run(engine, "the dog", max_tokens=1, logprobs=5, temperature=1.5, top_p=1e-9, seed=1))
    assert (bent.tokens, bent.token_logprobs, bent.top_logprobs) == (
        [first],
        plain.token_logprobs,
        plain.top_logprobs,
    )


def test_bytes_of_one_character_share_an_offset(tokenizer: Tokenizer) -> None:
    euro_and_word = tokenizer.encode("the€ the")[len(tokenizer.encode("the")) :]
    logprobs = arrays(finish(tokenizer, "the", euro_and_word, echo=True))
    assert logprobs.tokens == ["the", "bytes:\\xe2", "bytes:\\x82", "bytes:\\xac", " the"]
    assert logprobs.text_offset == [0, 3, 3, 3, 4]


def test_offsets_stay_within_a_prompt_that_tokens_cannot_spell(tokenizer: Tokenizer) -> None:
    completion = finish(tokenizer, "▁a", tokenizer.encode("b", bos=False), echo=True)
    assert completion.text == "▁a b"
    assert arrays(completion).text_offset[-1] in (2, 3)


def test_of_two_tokens_with_one_name_the_likelier_stays(tokenizer: Tokenizer) -> None:
    [the], letter = tokenizer.encode("the", bos=False), 300
    sequence = Sequence(0, Request((1,), SamplingOptions(max_tokens=1, logprobs=2)), tokenizer)
    sequence.scores[1] = TokenScore(-3.0, ((the, -0.5), (letter, -1.0), (letter, -2.0)))
    sequence.advance(letter)
    assert arrays(complete(sequence, tokenizer)).top_logprobs == [{" the": -0.5, tokenizer.piece(letter).name: -1.0}]


def test_impossible_tokens_are_clamped_and_finite(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    model = engine._model
    original = model.logits
    monkeypatch.setattr(model, "logits", lambda hidden: original(hidden) * 1e6)
    logprobs = arrays(factories.run(engine, [1, 290, 291], max_tokens=0, echo=True, logprobs=0))
    assert min(value for value in logprobs.token_logprobs if value is not None) == -9999.0
