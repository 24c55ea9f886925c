"""Which loaders a file is there for, by its name alone."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from release.client.manifest import Layout

META = re.compile(r"consolidated\.\d\d\.pth|params\.json|checklist\.chk")
HF = re.compile(
    r".*\.safetensors(\.index\.json)?|(config|generation_config|tokenizer|tokenizer_config|special_tokens_map"
    r"|added_tokens)\.json|chat_template\.jinja"
)


def layout_of(path: str) -> Layout:
    """Meta's own, that of Hugging Face, or any: a tokenizer model, a licence text and a README serve everybody."""
    name = PurePosixPath(path).name
    if META.fullmatch(name):
        return Layout.META
    return Layout.HF if HF.fullmatch(name) else Layout.ANY
