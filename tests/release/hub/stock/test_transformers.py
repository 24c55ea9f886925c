"""transformers as it is installed: loads what was released, and says what is wrong where it may not.

One test, since transformers takes seconds to be imported and parallel test processes would each do it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from django.utils import timezone
from sentencepiece import SentencePieceProcessor

from access_portal.accounts.models import User
from access_portal.licences.models import LicenceVersion
from release.layouts.converting import to_hf
from release.publishing.publish import publish_release
from release.staging import stage_release
from tests.factories import make_family, make_grant, make_licence_version, make_variant
from tests.release import checkpoints
from tests.release.hub.stock import loading
from tests.release.hub.stock.conftest import client_environment
from tests.release.hub.stock.tiny_llama import DIM, WORDS, tensors
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY, CONVERTED = "gatehouse/toy-1m", "gatehouse/converted-1m"
TEXT = "the quick fox"


def publish_converted(world: World) -> torch.Tensor:
    """A release as the office makes one: Meta's files, and those made of them, checked and signed; its output layer."""
    folder = world.folder / "converted"
    numbers = torch.Generator().manual_seed(7)
    shapes = {name: tensor.shape for name, tensor in checkpoints.tensors().items()}
    shard = {name: torch.randn(shape, generator=numbers).half() * 0.1 for name, shape in shapes.items()}
    checkpoints.write(folder, shard)
    to_hf(folder, folder)
    family = make_family("converted", make_licence_version())
    variant = make_variant(family, vocab_size=checkpoints.VOCAB, parameters=checkpoints.PARAMETERS)
    text = LicenceVersion.objects.get(licence=family.weights_licence)
    now = timezone.now()
    staged = stage_release(variant=variant, version="v1", folder=folder, licence_version=text, actor=None, now=now)
    publish_release(release=staged, actor=None, now=now)
    make_grant(User.objects.get(username="ada"), family)
    return shard["output.weight"]


def outcomes(world: World, home: Path) -> dict[str, Any]:
    """What each call of `loading` came to."""
    others = {"ben": world.tokens["ben"], "nobody": False}
    env = client_environment(world, "ada", home) | {"OTHERS": json.dumps(others), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, loading.__file__, TOY, CONVERTED, "main", "v1", world.commit("toy-1m@v1")]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["call"]: line["result"] for line in lines}


def test_config_tokenizer_and_model_load_from_each_revision_and_refusals_name_the_page(
    world: World, tmp_path: Path
) -> None:
    output = publish_converted(world)
    came_to = outcomes(world, tmp_path)
    for revision, seed in (("main", 2), ("v1", 1), (world.commit("toy-1m@v1"), 1)):
        loaded = came_to[revision]
        assert loaded["weight"] == pytest.approx(tensors(seed)["lm_head.weight"][0, 0].item()), loaded
        assert loaded["hidden_size"] == DIM
        assert loaded["ids"] == [[WORDS.index(word) for word in TEXT.split()]]
        assert loaded["logits"] == [1, 3, len(WORDS)]
    for call, page in (("ben", "/apply/toy/"), ("ben model", "/apply/toy/"), ("nobody", "/models/toy/1m/")):
        assert came_to[call]["error"] == "OSError"
        assert f"Visit {world.endpoint}{page}" in came_to[call]["text"]
    assert "error" in came_to["withdrawn"]
    converted = came_to["converted"]
    assert converted["weight"] == output[0, 0].item(), converted
    tokenizer = SentencePieceProcessor(model_proto=checkpoints.tokenizer_bytes())
    assert converted["ids"] == [[tokenizer.bos_id(), *tokenizer.encode(TEXT)]]
