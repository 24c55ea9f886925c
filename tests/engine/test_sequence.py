"""Where a completion ends: stop strings, EOS, max_tokens; and what a model refuses to run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.engine.completion import complete
from inference_worker.engine.errors import ContextLengthError, EmptyPromptError, OptionError, TokenIdError
from inference_worker.engine.sequence import Completion, Request, SamplingOptions, Sequence
from inference_worker.engine.tokenizer import Tokenizer

EOS = 2
EURO = [3 + byte for byte in "€".encode()]


def finish(tokenizer: Tokenizer, prompt: str | tuple[int, ...], generated: list[int], **options: Any) -> Completion:
    """As if a model had generated just these tokens, up to where the sequence ends."""
    text = prompt if isinstance(prompt, str) else None
    ids = tuple(tokenizer.encode(prompt)) if isinstance(prompt, str) else prompt
    sampling = SamplingOptions(**{"max_tokens": len(generated), **options})
    sequence = Sequence(0, Request(ids, sampling, prompt_text=text), tokenizer)
    for token_id in generated:
        if sequence.finish_reason is None:
            sequence.advance(token_id)
    return complete(sequence, tokenizer)


def continued(tokenizer: Tokenizer, prompt: str, text: str, **options: Any) -> Completion:
    """The completion by the tokens of `text`, which follow those of `prompt`."""
    generated = tokenizer.encode(prompt + text)[len(tokenizer.encode(prompt)) :]
    assert tokenizer.decode(tokenizer.encode(prompt) + generated) == prompt + text
    return finish(tokenizer, prompt, generated, **options)


def test_a_leading_space_survives(tokenizer: Tokenizer) -> None:
    completion = continued(tokenizer, "Call me", " Ishmael.")
    assert (completion.text, completion.finish_reason) == (" Ishmael.", "length")


def test_the_space_that_encoding_adds_does_not_appear(tokenizer: Tokenizer) -> None:
    assert finish(tokenizer, "", tokenizer.encode("Call me", bos=False)).text == "Call me"


def test_eos_ends_with_stop_is_counted_and_not_shown(tokenizer: Tokenizer) -> None:
    generated = [*tokenizer.encode("the dog", bos=False), EOS]
    completion = finish(tokenizer, "Call me", generated, max_tokens=50)
    assert (completion.text, completion.finish_reason) == (" the dog", "stop")
    assert completion.completion_token_count == len(generated)


def test_a_prompt_that_contains_eos_goes_on(tokenizer: Tokenizer) -> None:
    assert finish(tokenizer, (1, EOS, 290), [291]).finish_reason == "length"


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        ((" dog",), " the lazy"),
        (("y dog, a",), " the laz"),
        (("zzz", ", and", "lazy dog"), " the "),
        ((" the",), ""),
        (("",), " the lazy dog, and the dog"),
        ((), " the lazy dog, and the dog"),
        (("</s>", "<s>"), " the lazy dog, and the dog"),
        (("the dog",), " the lazy dog, and "),
    ],
)
def test_the_earliest_stop_string_cuts_across_tokens(tokenizer: Tokenizer, stop: tuple[str, ...], text: str) -> None:
    completion = continued(tokenizer, "over", " the lazy dog, and the dog", stop=stop)
    assert completion.text == text
    assert completion.finish_reason == ("length" if text.endswith("the dog") else "stop")


@given(data=st.data())
def test_a_stop_string_cuts_where_the_whole_text_would(tokenizer: Tokenizer, data: st.DataObject) -> None:
    generated = data.draw(st.lists(st.integers(3, 319), min_size=1, max_size=12))
    prompt = tuple(tokenizer.encode("over"))
    whole = finish(tokenizer, prompt, generated).text
    start = data.draw(st.integers(0, len(whole) - 1)) if whole else 0
    stop = whole[start : start + data.draw(st.integers(1, 6))]
    completion = finish(tokenizer, prompt, generated, stop=(stop,))
    assert completion.text == (whole[: whole.find(stop)] if stop else whole)


def test_a_stop_string_in_the_prompt_stops_nothing(tokenizer: Tokenizer) -> None:
    assert continued(tokenizer, "the dog", " and the cat", stop=("dog", "dog a")).finish_reason == "length"


def test_a_half_character_is_no_stop_string_until_nothing_can_complete_it(tokenizer: Tokenizer) -> None:
    assert finish(tokenizer, "a", EURO, stop=("\ufffd",)).text == "€"
    assert finish(tokenizer, "a", EURO[:2], stop=("\ufffd",)).finish_reason == "stop"


def test_an_incomplete_character_at_the_end_becomes_replacement_marks(tokenizer: Tokenizer) -> None:
    assert finish(tokenizer, "a", EURO[:2]).text == "\ufffd\ufffd"
    assert finish(tokenizer, "a", EURO).text == "€"


def test_a_character_begun_by_the_prompt_belongs_to_the_completion(tokenizer: Tokenizer) -> None:
    begun = (*tokenizer.encode("a"), *EURO[:2])
    assert finish(tokenizer, begun, [EURO[2]]).text == "€"
    assert finish(tokenizer, begun, [EURO[2]], stop=("€",)).text == ""
    assert finish(tokenizer, begun, [EURO[2]], echo=True).text == "a€"
    assert finish(tokenizer, begun, tokenizer.encode("b", bos=False)).text == " b"


@pytest.mark.parametrize("prompt", ["the dog", " the", "", "  ", "▁the", "a\x00b\n", "€ 😀"])
def test_an_echo_begins_with_exactly_the_prompt(tokenizer: Tokenizer, prompt: str) -> None:
    plain = finish(tokenizer, prompt, [290, 291])
    assert finish(tokenizer, prompt, [290, 291], echo=True).text == prompt + plain.text


def test_an_echo_of_ids_shows_what_they_spell(tokenizer: Tokenizer) -> None:
    ids = tuple(tokenizer.encode("the dog"))
    assert finish(tokenizer, ids, [EOS], echo=True).text == "the dog"


def check(tokenizer: Tokenizer, ids: tuple[int, ...], text: str | None = None, **options: Any) -> None:
    Request(ids, SamplingOptions(**options), prompt_text=text).check(tokenizer, context_tokens=20)


def test_prompt_and_max_tokens_must_fit_the_context(tokenizer: Tokenizer) -> None:
    check(tokenizer, (1,) * 10, max_tokens=10)
    check(tokenizer, (1,) * 20, max_tokens=0)
    with pytest.raises(ContextLengthError, match="together 21") as refusal:
        check(tokenizer, (1,) * 10, max_tokens=11)
    assert (refusal.value.code, refusal.value.param) == ("context_length_exceeded", "max_tokens")
    with pytest.raises(ContextLengthError) as refusal:
        check(tokenizer, (1,) * 21, max_tokens=0)
    assert refusal.value.param == "prompt"


def test_an_empty_prompt_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(EmptyPromptError) as refusal:
        check(tokenizer, ())
    assert refusal.value.code == "empty_prompt"


@pytest.mark.parametrize("token_id", [-1, 320, 10**30, True, 1.0, "1", None])
def test_ids_outside_the_vocabulary_are_refused(tokenizer: Tokenizer, token_id: Any) -> None:
    with pytest.raises(TokenIdError) as refusal:
        check(tokenizer, (1, token_id))
    assert (refusal.value.code, refusal.value.param) == ("token_out_of_vocabulary", "prompt")
    with pytest.raises(TokenIdError) as refusal:
        check(tokenizer, (1, 2), logit_bias={token_id: 1.0})
    assert refusal.value.param == "logit_bias"


def test_a_text_prompt_without_bos_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(OptionError, match="BOS"):
        check(tokenizer, (290,), "the")
