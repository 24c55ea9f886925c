"""Train the demo model from nothing: `python -m demo.model.train --minutes 55`."""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor
from torch.nn import functional

from demo.model import corpus, export, tokenizer
from demo.model.corpus import Chapter
from demo.model.network import Llama, Shape, initialise
from demo.model.windows import Windows

BATCH_TOKENS = 4096
LONG_FROM = 0.75  # share of the time spent on short windows, which cost less per token
WARM_UP = 0.03
PEAK_RATE, FINAL_RATE = 2e-3, 4e-5
DROPOUT = 0.1
MINUTES_BETWEEN_CHECKS = 4.0


@dataclass
class Progress:
    """The clock of a training run, which sets learning rate and window length."""

    seconds: float
    started: float
    tokens: int = 0

    @property
    def share(self) -> float:
        return min(1.0, (time.monotonic() - self.started) / self.seconds)

    @property
    def length(self) -> int:
        return 256 if self.share < LONG_FROM else 512

    @property
    def rate(self) -> float:
        """Learning rate: linear warm-up, then half a cosine down."""
        if self.share < WARM_UP:
            return PEAK_RATE * (self.share / WARM_UP + 0.01)
        decay = (1 + math.cos(math.pi * (self.share - WARM_UP) / (1 - WARM_UP))) / 2
        return FINAL_RATE + (PEAK_RATE - FINAL_RATE) * decay


def next_token_loss(network: Llama, tokens: Tensor) -> Tensor:
    """Mean cross-entropy in nats per token of `tokens` [batch, length + 1]."""
    logits = network(tokens[:, :-1]).float()
    return functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


@torch.inference_mode()
def validation_loss(network: Llama, held_out: Windows) -> float:
    """Loss on the same 128 windows of 256 tokens each time, without dropout."""
    network.eval()
    choice = random.Random(0)  # noqa: S311 - repeatable, not secret
    losses = [float(next_token_loss(network, held_out.batch(choice, 16, 256))) for _ in range(8)]
    network.train()
    return sum(losses) / len(losses)


def optimizer_for(network: Llama) -> torch.optim.AdamW:
    """AdamW; gains of the norms are not decayed."""
    matrices = [p for p in network.parameters() if p.dim() == 2]
    gains = [p for p in network.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)


def step(network: Llama, optimizer: torch.optim.AdamW, tokens: Tensor, rate: float) -> float:
    """One update on `tokens`; returns the loss before it."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16):
        loss = next_token_loss(network, tokens)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def train(network: Llama, training: Windows, held_out: Windows, seconds: float, keep: Keep, seed: int) -> None:
    """Train for `seconds`; every few minutes, and at the end, keep the network if it is the best so far."""
    choice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    optimizer = optimizer_for(network)
    progress = Progress(seconds, started=time.monotonic())
    recent: list[float] = []
    next_check = 0.0
    while progress.share < 1:
        tokens = training.batch(choice, BATCH_TOKENS // progress.length, progress.length)
        recent.append(step(network, optimizer, tokens, progress.rate))
        progress.tokens += BATCH_TOKENS
        if progress.share * seconds >= next_check or progress.share == 1:
            next_check += MINUTES_BETWEEN_CHECKS * 60
            keep.if_better(validation_loss(network, held_out), sum(recent) / len(recent), progress)
            recent.clear()


@dataclass
class Keep:
    """Writes the network whenever its validation loss is the lowest so far, and says so."""

    folder: Path
    network: Llama
    tokenizer: bytes
    best: float = math.inf

    def if_better(self, validation: float, training: float, progress: Progress) -> None:
        print(
            f"{progress.share * progress.seconds / 60:5.1f} min  {progress.tokens / 1e6:5.2f} M tokens  "
            f"train {training:.3f}  validation {validation:.3f} nats per token",
            flush=True,
        )
        if validation < self.best:
            self.best = validation
            export.write(self.folder, self.network, self.tokenizer)


def write_evaluation(folder: Path, training: list[Chapter], held_out: list[Chapter]) -> None:
    """What the tests need of the corpus: a passage never trained on, and the words trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    passage = [paragraph for chapter in held_out[::3] for paragraph in chapter[:3]]
    (folder / "held_out.txt").write_text("\n".join(passage) + "\n")
    words = Counter(word for chapter in training for text in chapter for word in re.findall(r"[a-z']+", text.lower()))
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in sorted(words) if words[word] > 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=55, help="how long to train, after the preparations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="gets weights/ and evaluation/")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)

    training, held_out = corpus.split(corpus.fetch())
    write_evaluation(arguments.out / "evaluation", training, held_out)
    model = tokenizer.train(training)
    processor = SentencePieceProcessor(model_proto=model)
    network = Llama(Shape(vocab_size=processor.vocab_size()), DROPOUT)
    initialise(network)
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters", flush=True)
    train(
        network,
        Windows.over(training, processor),
        Windows.over(held_out, processor),
        arguments.minutes * 60,
        Keep(arguments.out / "weights", network, model),
        arguments.seed,
    )


if __name__ == "__main__":
    main()
