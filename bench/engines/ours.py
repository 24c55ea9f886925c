"""`python -m bench.engines.ours FOLDER WORK DTYPE`: Gatehouse's engine; prints seconds, and peak memory in bytes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import cast

from bench.engines.work import WORKS, Asked
from inference_worker.engine.config import DType, EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.sequence import Request, SamplingOptions


def main(folder: Path, work: str, dtype: str, *, shares_prefixes: bool = True) -> None:
    config = EngineConfig(dtype=cast(DType, dtype), max_batch_size=64, shares_prefixes=shares_prefixes)
    engine = Engine.load(folder, config)
    asked = WORKS[work](engine.tokenizer.vocab_size).asked
    engine.generate([_request(engine, each) for each in WARM_UP])
    began = time.perf_counter()
    answers = engine.generate([_request(engine, each) for each in asked])
    seconds = time.perf_counter() - began
    for one, answer in zip(asked, answers, strict=True):
        assert answer is not None
        assert answer.completion_token_count == one.answer
    print([seconds])


WARM_UP = [Asked((1, *range(500, 520)), answer=3), Asked((1, *range(600, 640)), scored=4)]


def _request(engine: Engine, asked: Asked) -> Request:
    if asked.scored:
        options = SamplingOptions(max_tokens=0, echo=True, logprobs=0)
        return Request(asked.prompt, options, scored_from=len(asked.prompt) - asked.scored)
    never_ends = {engine.tokenizer.eos_id: -100.0}
    return Request(asked.prompt, SamplingOptions(max_tokens=asked.answer, temperature=0, logit_bias=never_ends))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], shares_prefixes="alone" not in sys.argv[4:])
