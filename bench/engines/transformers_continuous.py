"""`python -m bench.engines.transformers_continuous FOLDER WORK DTYPE`: transformers with its continuous batching."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from bench.engines.work import WORKS, Asked
from bench.engines.world import VOCABULARY


def main(folder: Path, work: str, dtype: str) -> None:
    asked = WORKS[work](VOCABULARY).asked
    if asked[0].scored:
        sys.exit("it does not score prompts")
    logging.disable()
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=getattr(torch, dtype), local_files_only=True, attn_implementation="paged|sdpa"
    )
    _run(model, [Asked((1, *range(500, 520)), answer=3)])
    began = time.perf_counter()
    _run(model, asked)
    print([time.perf_counter() - began])


def _run(model: Any, asked: Sequence[Asked]) -> None:
    """Each request has a length of its own, which `generate_batch` cannot be told, so the manager below it is used."""
    settings: Any = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False, eos_token_id=-1, pad_token_id=0
    )
    with model.continuous_batching_context_manager(generation_config=settings) as manager:
        for number, each in enumerate(asked):
            manager.add_request(list(each.prompt), request_id=str(number), max_new_tokens=each.answer)
        done = 0
        while done < len(asked):
            answer = manager.get_result(timeout=60)
            if answer is None:
                raise RuntimeError("no answer within a minute")
            if answer.is_finished():
                assert len(answer.generated_tokens) == asked[int(answer.request_id)].answer
                done += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
