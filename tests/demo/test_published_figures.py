"""The figures of the demo model's card are what its weights give."""

from __future__ import annotations

import bz2
import json
import lzma
import math
from pathlib import Path

import pytest

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.sequence import Request, SamplingOptions
from release.catalogue.loading import DATA

MODEL = Path(__file__).resolve().parents[2] / "demo" / "model"
LONGEST = 512  # tokens: its context


def published() -> dict[str, list[float | None]]:
    table = json.loads((DATA / "quill.json").read_text())["family"]["facts"]["tables"][0]
    return {row["name"]: row["values"] for row in table["rows"]}


def test_the_card_says_how_well_it_predicts_prose_that_it_has_not_seen() -> None:
    engine = Engine.load(MODEL / "weights", EngineConfig())
    lines = (MODEL / "evaluation" / "held_out.txt").read_text().splitlines()
    paragraphs = {line: ids for line in lines if len(ids := engine.tokenizer.encode(line)) <= LONGEST}
    options = SamplingOptions(max_tokens=0, echo=True, logprobs=0)
    scores = [
        score
        for completion in engine.generate([Request(tuple(ids), options) for ids in paragraphs.values()])
        if completion is not None and completion.logprobs is not None
        for score in completion.logprobs.token_logprobs
        if score is not None
    ]
    text = "\n".join(paragraphs).encode()
    size = sum(len(line.encode()) for line in paragraphs)
    found = published()
    assert found["Quill 5M"] == [
        pytest.approx(-math.fsum(scores) / math.log(2) / size, abs=0.01),
        pytest.approx(math.exp(-math.fsum(scores) / len(scores)), abs=0.1),
    ]
    assert found["bzip2 -9"][0] == pytest.approx(len(bz2.compress(text, 9)) * 8 / len(text), abs=0.02)
    assert found["xz -9e"][0] == pytest.approx(
        len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) * 8 / len(text), abs=0.02
    )
