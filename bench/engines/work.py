"""What is asked of each engine: the same tokens, in the same order, for all of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

BOS, FIRST_WORD = 1, 300  # below that are control and byte tokens


@dataclass(frozen=True)
class Asked:
    """Continue `prompt` by exactly `answer` tokens, or tell how likely its last `scored` tokens are."""

    prompt: tuple[int, ...]
    answer: int = 0
    scored: int = 0


@dataclass(frozen=True)
class Work:
    """`prefix` tokens begin every prompt; `unit` is what is counted for each request."""

    title: str
    asked: Sequence[Asked]
    unit: str
    prefix: int = 0

    @property
    def useful(self) -> int:
        """Of what was asked: tokens of answers, else of prompts, or requests that were scored."""
        if self.unit == "output tokens":
            return sum(each.answer for each in self.asked)
        return len(self.asked) if self.unit == "requests" else sum(len(each.prompt) for each in self.asked)

    @property
    def tokens(self) -> int:
        """That have to be computed at least, when what is common to all is computed once."""
        each = (len(one.prompt) + one.answer - self.prefix for one in self.asked)
        return self.prefix + sum(each)


def _words(dice: random.Random, count: int, vocabulary: int) -> tuple[int, ...]:
    return tuple(dice.randrange(FIRST_WORD, vocabulary) for _ in range(count))


def _length(dice: random.Random, median: float, spread: float, most: int) -> int:
    return max(4, min(most, round(median * dice.lognormvariate(0, spread))))


def mixed(vocabulary: int) -> Work:
    dice = random.Random(48)
    asked = [
        Asked((BOS, *_words(dice, _length(dice, 100, 0.8, 1000), vocabulary)), answer=_length(dice, 64, 0.7, 400))
        for _ in range(48)
    ]
    return Work("48 requests of mixed length", asked, "output tokens")


def few_shot(vocabulary: int) -> Work:
    dice = random.Random(64)
    prefix = (BOS, *_words(dice, 511, vocabulary))
    asked = [Asked(prefix + _words(dice, 24, vocabulary), scored=8) for _ in range(64)]
    return Work("64 requests, 512 tokens in common, 16 of their own, 8 scored", asked, "requests", prefix=512)


def long_prompts(vocabulary: int) -> Work:
    dice = random.Random(4)
    asked = [Asked((BOS, *_words(dice, 1499, vocabulary)), answer=4) for _ in range(4)]
    return Work("4 prompts of 1,500 tokens", asked, "prompt tokens")


WORKS: Mapping[str, Callable[[int], Work]] = {"mixed": mixed, "few-shot": few_shot, "long": long_prompts}
