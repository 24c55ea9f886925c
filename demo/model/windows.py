"""Training examples: windows of tokens that begin, as a prompt does, with BOS at the start of a sentence."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor

from demo.model.corpus import Chapter

SENTENCE_START = re.compile(r'^|\n|(?<=[.!?;:]) |(?<=[.!?]") ')
CHARACTERS_PER_TOKEN = 6  # more than any passage has, so that a window is filled from one piece of text


@dataclass(frozen=True)
class Windows:
    """Chapters as text, the places (chapter, character) where a window may begin, and the tokenizer."""

    texts: list[str]
    starts: list[tuple[int, int]]
    tokenizer: SentencePieceProcessor

    @classmethod
    def over(cls, chapters: list[Chapter], tokenizer: SentencePieceProcessor) -> Windows:
        texts = ["\n".join(chapter) for chapter in chapters]
        starts = [(i, m.end()) for i, text in enumerate(texts) for m in SENTENCE_START.finditer(text)]
        return cls(texts, starts, tokenizer)

    def batch(self, choice: random.Random, size: int, length: int) -> Tensor:
        """Token ids, [size, length + 1]: inputs and targets overlap by all but one token."""
        return torch.tensor([self.window(choice, length) for _ in range(size)])

    def window(self, choice: random.Random, length: int) -> list[int]:
        """`length` + 1 ids; a chapter that ends is followed by EOS and another passage."""
        ids: list[int] = []
        while len(ids) <= length:
            chapter, start = choice.choice(self.starts)
            text = self.texts[chapter][start : start + CHARACTERS_PER_TOKEN * length]
            ids += [self.tokenizer.bos_id(), *self.tokenizer.encode(text)]
            if start + len(text) == len(self.texts[chapter]):
                ids.append(self.tokenizer.eos_id())
        return ids[: length + 1]
