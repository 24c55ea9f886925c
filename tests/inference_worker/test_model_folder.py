"""A release's files on disk are those that were published, or they are not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from inference_worker import model_folder
from inference_worker.engine.config import EngineConfig
from inference_worker.engine.engine import Engine
from inference_worker.model_folder import ModelFilesError
from release.models import Release
from release.storage import weights_store
from tests.engine import factories as engine_factories
from tests.inference_worker import jobs


@pytest.fixture(autouse=True)
def own_cache(settings: Settings, tmp_path: Path) -> Path:
    settings.MODEL_CACHE_DIR = tmp_path
    model_folder._load_tokenizer.cache_clear()
    return tmp_path


def test_the_whole_folder_is_fetched_as_published(tiny_release: Release, tiny_model: Path) -> None:
    folder = model_folder.folder(tiny_release)
    for file in tiny_model.iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes()


def test_counting_tokens_fetches_the_two_small_files_only(tiny_release: Release, own_cache: Path) -> None:
    tokenizer, config = model_folder.tokenizer(tiny_release)
    names = {path.name for path in (own_cache / tiny_release.commit).iterdir() if not path.name.startswith(".")}
    assert names == {"params.json", "tokenizer.model"}
    assert (tokenizer.vocab_size, config.context_tokens) == (320, 512)


def test_a_release_in_hugging_faces_layout_alone_can_be_run(
    tmp_path: Path, tiny_model: Path, own_cache: Path, s3_server: str, db: None
) -> None:
    params = engine_factories.tiny_params(max_seq_len=512)
    weights = engine_factories.random_weights(params, seed=1)
    written = engine_factories.write_hugging_face(tmp_path / "hf", tiny_model / "tokenizer.model", params, weights)
    release = jobs.publish(written)
    tokenizer, config = model_folder.tokenizer(release)
    names = {path.name for path in (own_cache / release.commit).iterdir() if not path.name.startswith(".")}
    assert names == {"config.json", "tokenizer.model"}
    assert (tokenizer.vocab_size, config.context_tokens) == (320, 512)
    engine = Engine.load(model_folder.folder(release), EngineConfig(max_batch_size=1))
    assert engine.model_config == config


def test_files_once_fetched_are_not_asked_for_again(tiny_release: Release) -> None:
    model_folder.folder(tiny_release)
    for artifact in tiny_release.artifacts.all():
        weights_store().delete(artifact.storage_key)
    assert model_folder.folder(tiny_release).is_dir()


def test_a_file_that_differs_from_the_manifest_never_gets_its_name(tiny_release: Release, own_cache: Path) -> None:
    weights = tiny_release.artifacts.get(path="consolidated.00.pth")
    weights_store().put_bytes(weights.storage_key, b"\0" * weights.size_bytes)
    with pytest.raises(ModelFilesError, match="differs from what was published"):
        model_folder.folder(tiny_release)
    left = [path.name for path in (own_cache / tiny_release.commit).iterdir() if "consolidated" in path.name]
    assert left == [".consolidated.00.pth.lock"]


def test_a_half_fetched_file_is_fetched_again(tiny_release: Release, own_cache: Path) -> None:
    torn = own_cache / tiny_release.commit / "params.json"
    torn.parent.mkdir()
    torn.write_bytes(b"{")
    assert model_folder.tokenizer(tiny_release)[1].dim == 48


def test_a_staged_release_has_no_folder(tiny_release: Release) -> None:
    with pytest.raises(ModelFilesError, match="not published"):
        model_folder.folder(Release(pk=tiny_release.pk, variant=tiny_release.variant, commit=""))


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_path_that_leaves_the_folder_is_refused(tiny_release: Release, path: str) -> None:
    artifact = tiny_release.artifacts.get(path="params.json")
    artifact.path = path
    with pytest.raises(ModelFilesError, match="not a path inside"):
        model_folder._fetch(tiny_release, artifact)


def test_it_needs_no_torch() -> None:
    code = "import django; django.setup(); import sys, inference_worker.model_folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
