"""What would have Hugging Face's loaders fetch or run something that is not among the files that were checked."""

from __future__ import annotations

from pathlib import Path

from release.layouts.errors import Unloadable
from release.layouts.jsonfiles import read_object
from release.layouts.names import CONFIG, GENERATION_CONFIG, TOKENIZER_CONFIG

# Loaded beside the weights without anybody asking for it, and then laid over them.
ADAPTER = "adapter_config.json"
# In each of these `auto_map` names a class in a file of this release or of any other repository.
MAY_NAME_CODE = (
    CONFIG, GENERATION_CONFIG, TOKENIZER_CONFIG, "processor_config.json", "preprocessor_config.json",
    "video_preprocessor_config.json",
)  # fmt: skip


def refuse_foreign_code(within: Path) -> None:
    """Look at every description, of whichever layout; raises Unloadable naming file and key."""
    for path in sorted(within.rglob("*.json")):
        name = path.relative_to(within).as_posix()
        if path.name == ADAPTER:
            raise Unloadable(name, "would lay an adapter over the weights of base_model_name_or_path; take it out")
        if path.name in MAY_NAME_CODE and read_object(within, name).get("auto_map") is not None:
            raise Unloadable(name, "has auto_map, by which a loader runs code that is not checked here; take it out")
