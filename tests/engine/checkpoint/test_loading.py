"""Each layout gives the numbers of the equations, and the parts of a model put together are the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference_worker.engine.checkpoint.folder import read_model_config
from inference_worker.engine.checkpoint.loading import load_parameters
from inference_worker.engine.checkpoint.part import WHOLE, Part
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.engine.errors import ConfigError
from tests.engine import factories, reference
from tests.engine.reference import Array, Params

PROMPT = [1, 300, 17, 290, 290, 45, 310, 262, 259, 301]
Written = Callable[[Path, Path, Params, dict[str, Array]], Path]
LAYOUTS: dict[str, Written] = {
    **{f"meta in {n}": lambda *a, n=n: factories.write_checkpoint(*a, shards=n) for n in (1, 2, 4, 8)},
    **{f"meta's names in {n}": lambda *a, n=n: factories.write_named(*a, files=n) for n in (1, 3)},
    **{f"hugging face in {n}": lambda *a, n=n: factories.write_hugging_face(*a, files=n) for n in (1, 3)},
}
GROUPED = {"dim": 64, "n_heads": 8, "n_kv_heads": 4, "rope_theta": 500.0, "ffn_dim_multiplier": 1.3, "norm_eps": 1e-2}
UNGROUPED = {"dim": 64, "n_heads": 8}

every_layout = pytest.mark.parametrize("layout", LAYOUTS)


@every_layout
@pytest.mark.parametrize("changes", [UNGROUPED, GROUPED])
def test_each_layout_gives_the_log_probabilities_of_the_equations(
    tmp_path: Path, tokenizer_file: Path, layout: str, changes: Params
) -> None:
    params = factories.tiny_params(**changes)
    weights = factories.random_weights(params, 11)
    folder = LAYOUTS[layout](tmp_path / "m", tokenizer_file, params, weights)
    expected = reference.log_probabilities(weights, params, PROMPT)
    actual = factories.logits_of(folder, PROMPT).log_softmax(-1).double().numpy()
    assert expected.std() > 1, "a flat distribution would prove nothing"
    assert np.abs(actual - expected).max() <= 1e-3


@every_layout
@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_parts_of_a_model_put_together_are_the_whole(
    tmp_path: Path, tokenizer_file: Path, layout: str, count: int
) -> None:
    params = factories.tiny_params(**GROUPED)
    weights = factories.random_weights(params, 12)
    folder = LAYOUTS[layout](tmp_path / "m", tokenizer_file, params, weights)
    parts = [load(folder, part=Part(rank, count)) for rank in range(count)]
    for name, whole in weights.items():
        held = [part.pop(name).double().numpy() for part in parts]
        kind = name.split(".")[-2]
        if kind in factories.CUT_BY_ROWS:
            assert np.array_equal(np.concatenate(held), whole), name
        elif kind in ("wo", "w2"):
            assert np.array_equal(np.concatenate(held, axis=1), whole), name
        else:
            assert all(np.array_equal(one, whole) for one in held), name
    assert not any(parts), "nothing but the parameters"


def test_equal_shares_are_equal_in_size_and_a_vocabulary_need_not_divide(tmp_path: Path, tokenizer_file: Path) -> None:
    params = factories.tiny_params(dim=60, n_heads=6, n_kv_heads=3, multiple_of=3)  # 3 divides all but 320 tokens
    weights = factories.random_weights(params, 13)
    folder = factories.write_named(tmp_path / "m", tokenizer_file, params, weights)
    parts = [load(folder, part=Part(rank, 3)) for rank in range(3)]
    assert {len(part["layers.0.attention.wk.weight"]) for part in parts} == {10}
    outputs = [part["output.weight"] for part in parts]
    assert sorted(map(len, outputs)) == [106, 107, 107]
    assert np.array_equal(torch.cat(outputs).double().numpy(), weights["output.weight"])


@pytest.mark.parametrize(
    ("changes", "count", "reason"),
    [
        ({"n_kv_heads": 2}, 4, "n_kv_heads 2"),
        ({"n_kv_heads": 1}, 2, "n_kv_heads 1"),
        ({}, 8, "n_heads 4"),
        ({"intermediate_size": 122}, 4, "ffn_dim 122"),
    ],
)
def test_a_model_is_not_cut_through_a_head(checkpoint: Path, changes: Params, count: int, reason: str) -> None:
    config = replace(read_model_config(checkpoint, tokenizer_vocab_size=factories.VOCAB_SIZE), **changes)
    with pytest.raises(ConfigError, match=rf"{reason} cannot be shared by {count}"):
        load_parameters(checkpoint, config, device=torch.device("cpu"), dtype=torch.float32, part=Part(0, count))


@pytest.mark.parametrize(("rank", "count"), [(1, 1), (-1, 2), (0, 0), (True, 2), (0.0, 1), (2, 2)])
def test_a_part_that_there_is_not_is_refused(rank: int, count: int) -> None:
    with pytest.raises(ConfigError, match="there is no part"):
        Part(rank, count)


@every_layout
def test_a_part_keeps_no_file_open_and_owns_its_numbers(tmp_path: Path, tokenizer_file: Path, layout: str) -> None:
    params = factories.tiny_params(**GROUPED)
    folder = LAYOUTS[layout](tmp_path / "m", tokenizer_file, params, factories.random_weights(params, 14))
    part = load(folder, part=Part(1, 2))
    for file in folder.iterdir():
        assert str(file) not in Path("/proc/self/maps").read_text()
    for name, values in part.items():
        assert values.untyped_storage().nbytes() == values.nbytes, name


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@every_layout
def test_numbers_are_converted(tmp_path: Path, tokenizer_file: Path, layout: str, dtype: torch.dtype) -> None:
    params = factories.tiny_params(**GROUPED)
    weights = factories.random_weights(params, 15)
    folder = LAYOUTS[layout](tmp_path / "m", tokenizer_file, params, weights)
    for name, values in load(folder, dtype=dtype).items():
        assert torch.equal(values, torch.from_numpy(weights[name]).to(dtype)), name


def test_a_model_larger_than_the_memory_is_said_plainly(
    tmp_path: Path, tokenizer_file: Path, params: Params, weights: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory\nand much more")

    folder = factories.write_named(tmp_path / "m", tokenizer_file, params, weights)
    monkeypatch.setattr(torch, "empty", no_room)
    with pytest.raises(ConfigError, match=r"cpu has no room for the model as torch\.float32: CUDA out of memory$"):
        load(folder)


def load(folder: Path, part: Part = WHOLE, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    config = read_model_config(folder, tokenizer_vocab_size=factories.VOCAB_SIZE)
    return load_parameters(folder, config, device=torch.device("cpu"), dtype=dtype, part=part)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_is_said_plainly(own_checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="no CUDA device"):
        Engine.load(own_checkpoint, EngineConfig(device="cuda"))


def test_a_cache_that_cannot_be_allocated_is_said_plainly(own_checkpoint: Path, params: Params) -> None:
    with pytest.raises(ConfigError, match="max_batch_size"):
        Engine.load(
            factories.write_checkpoint(
                own_checkpoint.parent / "long",
                own_checkpoint / "tokenizer.model",
                params | {"max_seq_len": 2**20, "dim": 48},
                factories.random_weights(params, 1),
            ),
            EngineConfig(max_batch_size=2**16),
        )
