"""Train the tokenizer: sentencepiece BPE set up as LLaMA's, on the training chapters."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import sentencepiece

from demo.model.corpus import Chapter

VOCABULARY = 2048


def train(chapters: Iterable[Chapter]) -> bytes:
    """The bytes of a `tokenizer.model`: byte fallback, digits apart, unk 0, bos 1, eos 2, no padding token."""
    model = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(paragraph for chapter in chapters for paragraph in chapter),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        split_digits=True,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        character_coverage=0.9999,
        max_sentence_length=1 << 20,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()
