"""One tiny tokenizer, model and engine for the whole run; a test that damages files makes its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.tokenizer import Tokenizer

from . import factories
from .reference import Array, Params

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    factories.train_tokenizer(path)
    return path


@pytest.fixture(scope="session")
def tokenizer(tokenizer_file: Path) -> Tokenizer:
    return Tokenizer.load(tokenizer_file)


@pytest.fixture(scope="session")
def params() -> Params:
    return factories.tiny_params()


@pytest.fixture(scope="session")
def weights(params: Params) -> dict[str, Array]:
    return factories.random_weights(params, seed=1)


@pytest.fixture(scope="session")
def checkpoint(
    tmp_path_factory: pytest.TempPathFactory,
    tokenizer_file: Path,
    params: Params,
    weights: dict[str, Array],
) -> Path:
    """To be read only."""
    return factories.write_checkpoint(tmp_path_factory.mktemp("model") / "tiny", tokenizer_file, params, weights)


@pytest.fixture
def own_checkpoint(tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array]) -> Path:
    """A copy in two shards to damage."""
    return factories.write_checkpoint(tmp_path / "tiny", tokenizer_file, params, weights, shards=2)


@pytest.fixture(scope="session")
def engine(checkpoint: Path) -> Engine:
    return Engine.load(checkpoint, EngineConfig(max_batch_size=4, max_batch_tokens=48))
