"""`python -m bench.engines.transformers_static FOLDER WORK DTYPE`: transformers, sixteen requests at a time, padded."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from bench.engines.work import WORKS, Asked
from bench.engines.world import VOCABULARY

AT_ONCE = 16


def main(folder: Path, work: str, dtype: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
    with torch.inference_mode():
        _run(model, [Asked((1, *range(500, 520)), answer=3)])
        began = time.perf_counter()
        left = iter(WORKS[work](VOCABULARY).asked)
        while several := list(islice(left, AT_ONCE)):
            _run(model, several)
        print([time.perf_counter() - began])


def _run(model: Any, several: Sequence[Asked]) -> None:
    width = max(len(each.prompt) for each in several)
    tokens = torch.tensor([[0] * (width - len(each.prompt)) + list(each.prompt) for each in several])
    mask = torch.tensor([[0] * (width - len(each.prompt)) + [1] * len(each.prompt) for each in several])
    if scored := several[0].scored:
        logits = model(input_ids=tokens, attention_mask=mask, logits_to_keep=scored + 1).logits[:, :-1]
        logits.float().log_softmax(-1).gather(-1, tokens[:, -scored:].unsqueeze(-1))
        return
    longest = max(each.answer for each in several)
    model.generate(
        input_ids=tokens, attention_mask=mask, max_new_tokens=longest, min_new_tokens=longest, do_sample=False,
        pad_token_id=0, eos_token_id=None,
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
