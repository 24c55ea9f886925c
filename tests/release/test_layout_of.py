"""Which layout a file belongs to, and which files are large."""

import pytest

from release.large_files import LARGE_BYTES, is_large
from release.layout_of import layout_of


@pytest.mark.parametrize(
    ("path", "layout"),
    [
        ("consolidated.00.pth", "meta"),
        ("7B/consolidated.07.pth", "meta"),
        ("params.json", "meta"),
        ("checklist.chk", "meta"),
        ("model.safetensors", "hf"),
        ("model-00001-of-00002.safetensors", "hf"),
        ("model.safetensors.index.json", "hf"),
        ("config.json", "hf"),
        ("generation_config.json", "hf"),
        ("tokenizer.json", "hf"),
        ("tokenizer_config.json", "hf"),
        ("special_tokens_map.json", "hf"),
        ("tokenizer.model", "any"),
        ("README.md", "any"),
        ("LICENSE", "any"),
        ("use_policy.json", "any"),
        ("consolidated.pth", "any"),
        ("my_config.json", "any"),
        ("params.json.txt", "any"),
    ],
)
def test_a_layout_follows_from_the_name(path: str, layout: str) -> None:
    assert layout_of(path) == layout


@pytest.mark.parametrize(
    ("path", "size_bytes", "large"),
    [
        ("README.md", LARGE_BYTES, False),
        ("README.md", LARGE_BYTES + 1, True),
        ("config.json", 0, False),
        ("tiny.safetensors", 1, True),
        ("consolidated.00.pth", 0, True),
        ("tokenizer.model", 10, True),
        ("model.safetensors.index.json", 100, False),
    ],
)
def test_large_is_what_is_big_or_binary_weights(path: str, size_bytes: int, large: bool) -> None:
    assert is_large(path, size_bytes) is large
