"""transformers as it is installed: loads what was released, and says what is wrong where it may not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.release.hub.stock import loading
from tests.release.hub.stock.conftest import client_environment
from tests.release.hub.stock.tiny_llama import DIM, WORDS, tensors
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY = "gatehouse/toy-1m"
REVISIONS = ["main", "v1", "commit"]


@pytest.fixture(scope="module")
def outcomes(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each call came to, in one process, since transformers takes seconds to be imported."""
    home = tmp_path_factory.mktemp("home")
    others = {"ben": world.tokens["ben"], "nobody": False}
    env = client_environment(world, "ada", home) | {"OTHERS": json.dumps(others), "CUDA_VISIBLE_DEVICES": ""}
    commit = world.commit("toy-1m@v1")
    command = [sys.executable, loading.__file__, TOY, "main", "v1", commit]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["call"].replace(commit, "commit"): line["result"] for line in lines} | {"stderr": done.stderr}


@pytest.mark.parametrize("revision", REVISIONS)
def test_config_tokenizer_and_model_are_loaded_from_each_revision(outcomes: dict[str, Any], revision: str) -> None:
    seed = 2 if revision == "main" else 1
    loaded = outcomes[revision]
    assert loaded["weight"] == pytest.approx(tensors(seed)["lm_head.weight"][0, 0].item())
    assert loaded["hidden_size"] == DIM
    assert loaded["ids"] == [[WORDS.index(word) for word in ("the", "quick", "fox")]]
    assert loaded["logits"] == [1, 3, len(WORDS)]


@pytest.mark.parametrize(("call", "page"), [("ben", "/apply/toy/"), ("ben model", "/apply/toy/"),
                                            ("nobody", "/models/toy/1m/")])  # fmt: skip
def test_without_access_the_error_names_the_page(outcomes: dict[str, Any], world: World, call: str, page: str) -> None:
    assert outcomes[call]["error"] == "OSError"
    assert f"Visit {world.endpoint}{page}" in outcomes[call]["text"]


def test_a_withdrawn_release_is_not_loaded(outcomes: dict[str, Any]) -> None:
    assert "error" in outcomes["withdrawn"]


def test_no_conversion_was_asked_for(outcomes: dict[str, Any]) -> None:
    assert "discussions" not in outcomes["stderr"]
