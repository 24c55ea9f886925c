"""`params.json` of LLaMA 1 and 2, and back from an architecture."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.layouts.architecture import Architecture
from release.layouts.errors import Unloadable
from release.layouts.hf_config import config_json, read_config
from release.layouts.params import ffn_width, params_json, read_params
from release.layouts.tensors import DType

# What Meta's files say, the width that follows, and the parameters that the papers give in thousands of millions.
SMALL: dict[str, Any] = {"norm_eps": 1e-06, "vocab_size": -1}
LARGE: dict[str, Any] = {"n_layers": 80, "norm_eps": 1e-05, "vocab_size": -1}
PUBLISHED: list[tuple[dict[str, Any], int, float]] = [
    ({"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, **SMALL}, 11008, 6.7),
    ({"dim": 5120, "multiple_of": 256, "n_heads": 40, "n_layers": 40, **SMALL}, 13824, 13.0),
    ({"dim": 6656, "multiple_of": 256, "n_heads": 52, "n_layers": 60, **SMALL}, 17920, 32.5),
    ({"dim": 8192, "multiple_of": 256, "n_heads": 64, **LARGE}, 22016, 65.3),
    ({"dim": 8192, "multiple_of": 4096, "ffn_dim_multiplier": 1.3, "n_heads": 64, "n_kv_heads": 8, **LARGE},
     28672, 69.0),
]  # fmt: skip


@pytest.mark.parametrize(("params", "width", "billions"), PUBLISHED)
def test_published_sizes_are_what_the_papers_say(
    tmp_path: Path, params: dict[str, Any], width: int, billions: float
) -> None:
    (tmp_path / "params.json").write_text(json.dumps(params))
    found = read_params(tmp_path, 32_000)
    assert found.ffn_hidden == width
    assert round(found.parameters() / 1e9, 1) == billions
    assert json.loads(params_json(found)) == params, "and the same file is written again"


@given(dim=st.integers(1, 40).map(lambda n: n * 64), ffn_hidden=st.integers(1, 200_000))
def test_any_width_is_said_in_metas_words(dim: int, ffn_hidden: int) -> None:
    params = json.loads(params_json(Architecture(dim, 1, 8, 8, ffn_hidden, 300, 1e-5)))
    assert ffn_width(dim, params["multiple_of"], params.get("ffn_dim_multiplier")) == ffn_hidden


def test_what_is_unusual_is_written_too(tmp_path: Path) -> None:
    architecture = Architecture(64, 2, 8, 2, 192, 300, 1e-6, 500_000.0, 4096)
    (tmp_path / "params.json").write_bytes(params_json(architecture))
    (tmp_path / "config.json").write_bytes(config_json(architecture, DType.BF16, 1, 2))
    assert read_params(tmp_path, 300) == read_config(tmp_path).architecture == architecture


BASE: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 192,
    "num_hidden_layers": 2, "num_attention_heads": 8, "vocab_size": 300, "rms_norm_eps": 1e-5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_type": "mistral"}, "model_type mistral"),
        ({"architectures": ["Evil"]}, "not for LlamaForCausalLM"),
        ({"auto_map": {"AutoModel": "evil.py"}}, "auto_map"),
        ({"attn_implementation": "evil/kernel"}, "attn_implementation evil/kernel"),
        ({"_attn_implementation": "evil/kernel"}, "_attn_implementation evil/kernel"),
        ({"custom_pipelines": {"text": {"impl": "evil.Pipeline"}}}, "custom_pipelines"),
        ({"transformers_weights": "other.safetensors"}, "transformers_weights"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"attention_bias": True}, "attention_bias"),
        ({"rope_scaling": {"type": "linear"}}, "rope_scaling"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1.0}}, "rotary"),
        ({"rope_parameters": {"rope_theta": 5.0}, "rope_theta": 6.0}, "rope_theta twice"),
        ({"rope_theta": "x"}, "rope_theta"),
        ({"rope_theta": 10**400}, "rope_theta"),
        ({"head_dim": 16}, "head_dim"),
        ({"num_key_value_heads": 3}, "heads of even size"),
        ({"hidden_size": 2**40}, "hidden_size"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings"),
        ({"vocab_size": None}, "vocab_size"),
    ],
)
def test_a_configuration_of_something_else_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**BASE, **changes}))
    with pytest.raises(Unloadable, match=reason) as found:
        read_config(tmp_path)
    assert found.value.file == "config.json"


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"dim": 1, "dim": 2}', '{"norm_eps": NaN}', "[" * 100_000, " " * 2_000_000]
)
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "params.json").write_text(content)
    with pytest.raises(Unloadable) as found:
        read_params(tmp_path, 300)
    assert found.value.file == "params.json"
