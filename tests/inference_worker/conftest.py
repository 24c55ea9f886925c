"""A tiny LLaMA, made once, and its published release."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from release.models import Release
from tests.engine import factories as engine_factories

from . import jobs

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in Meta's layout: 320 pieces, context of 512 tokens. To be read only."""
    folder = tmp_path_factory.mktemp("tiny")
    engine_factories.train_tokenizer(folder / "tokenizer.model")
    params = engine_factories.tiny_params(max_seq_len=512)
    weights = engine_factories.random_weights(params, seed=1)
    return engine_factories.write_checkpoint(folder / "model", folder / "tokenizer.model", params, weights)


@pytest.fixture
def tiny_release(tiny_model: Path, s3_server: str, db: None) -> Release:
    """That model, published; its bytes are in the store."""
    return jobs.publish(tiny_model)
