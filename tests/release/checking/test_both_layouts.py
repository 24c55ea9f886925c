"""Hugging Face's layout alone, and both in one folder, where they must be one model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from release.checking.folder import check
from release.checkpoint import checkpoint_shape
from release.client.manifest import Layout
from release.layouts.converting import to_hf
from release.layouts.errors import Unloadable
from tests.release.layouts import tiny

PARAMETERS = sum(tensor.numel() for tensor in tiny.random_weights(tiny.PARAMS, torch.half).values())
Q = "model.layers.0.self_attn.q_proj.weight"


@pytest.fixture
def both(tmp_path: Path) -> Path:
    folder = tiny.write_meta(tmp_path, tiny.random_weights(tiny.PARAMS, torch.bfloat16), shards=2)
    to_hf(folder, folder)
    return folder


@pytest.fixture
def hf(both: Path) -> Path:
    for path in [*both.glob("*.pth"), both / "params.json"]:
        path.unlink()
    return both


def _rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


def _say(folder: Path, name: str, **changes: Any) -> None:
    content = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**content, **changes}))


def test_both_layouts_are_found_to_be_one_model(both: Path) -> None:
    found = checkpoint_shape(both)
    assert found.layouts == {Layout.META, Layout.HF}
    assert (found.dtype, found.dimensions["parameters"], found.dimensions["shards"]) == ("bfloat16", PARAMETERS, 2)


def test_hugging_faces_layout_is_enough_and_has_no_shards(hf: Path) -> None:
    found = checkpoint_shape(hf)
    assert found.layouts == {Layout.HF}
    assert found.dimensions["parameters"] == PARAMETERS
    assert "shards" not in found.dimensions


def test_a_tokenizer_of_either_kind_is_enough(hf: Path) -> None:
    (hf / "tokenizer.model").unlink()
    assert check(hf).dimensions["vocab_size"] == tiny.VOCAB
    (hf / "tokenizer.json").unlink()
    with pytest.raises(Unloadable) as found:
        check(hf)
    assert found.value.file == "tokenizer.model"


def test_one_bit_between_the_layouts_is_found_by_tensor(both: Path) -> None:
    def flip(tensors: dict[str, torch.Tensor]) -> None:
        tensors[Q].view(torch.int16)[63, 63] ^= 1

    _rewrite(both, flip)
    with pytest.raises(Unloadable, match="not the same in both layouts") as found:
        check(both)
    assert found.value.tensor == "layers.0.attention.wq.weight"


def test_rows_that_were_not_permuted_are_found(both: Path) -> None:
    whole = tiny.read_meta(both)
    _rewrite(both, lambda tensors: tensors.update({Q: whole["layers.0.attention.wq.weight"]}))
    with pytest.raises(Unloadable, match="not the same in both layouts"):
        check(both)


@pytest.mark.parametrize(
    "changes", [{"rms_norm_eps": 1e-6}, {"rope_theta": 20_000.0}, {"num_attention_heads": 4, "num_key_value_heads": 4}]
)
def test_descriptions_that_differ_are_refused(both: Path, changes: dict[str, Any]) -> None:
    _say(both, "config.json", **changes)
    with pytest.raises(Unloadable, match="describe different models"):
        check(both)


TENSORS: list[tuple[Callable[[dict[str, torch.Tensor]], Any], str, str]] = [
    (lambda tensors: tensors.pop(Q), Q, "is missing"),
    (lambda tensors: tensors.update(extra=torch.ones(1)), "extra", "does not belong"),
    (lambda tensors: tensors.update({Q: torch.ones(63, 64).half()}), Q, "has shape [63, 64] instead of [64, 64]"),
    (lambda tensors: tensors.update({Q: torch.full((64, 64), float("inf")).half()}), Q, "NaN or infinity"),
    (lambda tensors: tensors.update({Q: torch.full((64, 64), float("nan")).bfloat16()}), Q, "NaN or infinity"),
    (lambda tensors: tensors.update({Q: torch.full((64, 64), -float("inf"))}), Q, "NaN or infinity"),
    (lambda tensors: tensors.update({Q: torch.ones(64, 64).to(torch.int8)}), Q, "numbers of type I8"),
]


@pytest.mark.parametrize(("change", "tensor", "reason"), TENSORS)
def test_a_wrong_tensor_is_named(
    hf: Path, change: Callable[[dict[str, torch.Tensor]], Any], tensor: str, reason: str
) -> None:
    _rewrite(hf, change)
    with pytest.raises(Unloadable) as found:
        check(hf)
    assert (found.value.file, found.value.tensor) == ("model.safetensors", tensor)
    assert reason in found.value.reason


def test_frequencies_that_older_conversions_repeat_are_passed_over(hf: Path) -> None:
    name = "model.layers.0.self_attn.rotary_emb.inv_freq"
    _rewrite(hf, lambda tensors: tensors.update({name: torch.ones(4)}))
    assert check(hf).dimensions["parameters"] == PARAMETERS


@pytest.mark.parametrize("equal", [True, False])
def test_an_output_tied_to_the_embeddings_must_be_them(hf: Path, equal: bool) -> None:
    _say(hf, "config.json", tie_word_embeddings=True)
    if equal:
        _rewrite(hf, lambda tensors: tensors.update({"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}))
        assert check(hf).dimensions["parameters"] == PARAMETERS - tiny.VOCAB * 64
        return
    with pytest.raises(Unloadable, match="differs from the embeddings"):
        check(hf)


def _split(folder: Path) -> dict[str, str]:
    """The one file as two, and the index's map."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    halves = {"model-00001-of-00002.safetensors": names[:9], "model-00002-of-00002.safetensors": names[9:]}
    for file, half in halves.items():
        save_file({name: tensors[name] for name in half}, folder / file)
    return {name: file for file, half in halves.items() for name in half}


INDEXES: list[tuple[Callable[[dict[str, str]], Any], str, str]] = [
    (lambda index: None, "", ""),
    (lambda index: index.pop(Q), "model.safetensors.index.json", "disagree"),
    (lambda index: index.update({Q: "model-00001-of-00002.safetensors"}), "model.safetensors.index.json", "disagree"),
    (lambda index: index.update({Q: "../model.safetensors"}), "model.safetensors.index.json", "no file beside it"),
    (lambda index: index.update({Q: "/etc/passwd"}), "model.safetensors.index.json", "no file beside it"),
    (lambda index: index.update({Q: "evil.bin"}), "model.safetensors.index.json", "no file beside it"),
    (lambda index: index.update({Q: "model-3.safetensors"}), "model-3.safetensors", "is named in"),
    (lambda index: index.clear(), "model.safetensors.index.json", "has no weight_map"),
]


@pytest.mark.parametrize(("change", "file", "reason"), INDEXES)
def test_an_index_must_say_where_every_tensor_is(
    hf: Path, change: Callable[[dict[str, str]], Any], file: str, reason: str
) -> None:
    index = _split(hf)
    change(index)
    (hf / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    if not file:
        assert check(hf).dimensions["parameters"] == PARAMETERS
        return
    with pytest.raises(Unloadable) as found:
        check(hf)
    assert found.value.file == file
    assert reason in found.value.reason


def test_several_files_without_an_index_and_one_that_no_index_names_are_refused(hf: Path) -> None:
    index = _split(hf)
    with pytest.raises(Unloadable, match="is missing") as found:
        check(hf)
    assert found.value.file == "model.safetensors.index.json"
    (hf / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    save_file({"stray": torch.ones(1)}, hf / "stray.safetensors")
    with pytest.raises(Unloadable, match=r"stray\.safetensors.*is not named in"):
        check(hf)


def test_tokenizers_that_disagree_are_refused(both: Path) -> None:
    content = json.loads((both / "tokenizer.json").read_text())
    vocab = content["model"]["vocab"]
    vocab["the"], vocab["dog"] = vocab.get("dog", 290), vocab.get("the", 291)
    (both / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(Unloadable) as found:
        check(both)
    assert found.value.file == "tokenizer.json"


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "generation_config.json"])
def test_a_description_that_has_the_loader_run_code_from_elsewhere_is_refused_by_file_and_key(
    both: Path, file: str
) -> None:
    _say(both, file, auto_map={"AutoTokenizer": ["evil/repository--tokenization.Evil", None]})
    with pytest.raises(Unloadable, match="auto_map") as found:
        check(both)
    assert found.value.file == file


def test_a_tokenizers_description_is_read_beside_metas_layout_too(both: Path) -> None:
    for path in (*both.glob("*.safetensors"), both / "config.json"):
        path.unlink()
    assert check(both).layouts == {Layout.META}
    _say(both, "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil--tokenization.Evil", None]})
    with pytest.raises(Unloadable, match="auto_map"):
        check(both)


@pytest.mark.parametrize("place", [".", "sub"])
def test_an_adapter_is_refused_since_loaders_lay_it_over_the_weights_unasked(both: Path, place: str) -> None:
    (both / place).mkdir(exist_ok=True)
    (both / place / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "evil/model"}))
    with pytest.raises(Unloadable, match="base_model_name_or_path") as found:
        check(both)
    assert found.value.file == (Path(place) / "adapter_config.json").as_posix()


def test_a_folder_without_weights_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Nothing here.")
    with pytest.raises(Unloadable, match="no weights of a LLaMA"):
        check(tmp_path)
