"""The files of a release on this machine's disk: fetched from the store once, and kept only if their SHA-256 is right.

No torch here: a web process fetches the two small files that counting tokens needs, a worker the whole folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.utils.translation import gettext as _

from access_portal.errors import GatehouseError
from inference_worker.engine.checkpoint import config_json
from inference_worker.engine.checkpoint.folder import CONFIG, PARAMS, TOKENIZER
from inference_worker.engine.config import ModelConfig
from inference_worker.engine.tokenizer import Tokenizer
from release.models import Artifact, Release
from release.storage import weights_store


class ModelFilesError(GatehouseError):
    """The files of a release are missing, or are not those that were published."""

    status = 503

    def __init__(self, release: Release, reason: str) -> None:
        super().__init__(
            "model_files_unusable",
            _("The files of %(release)s cannot be used: %(reason)s.") % {"release": release, "reason": reason},
            _("This is ours to repair. Try again later, or tell the people who run this service."),
        )


def tokenizer(release: Release) -> tuple[Tokenizer, ModelConfig]:
    """Tokenizer and architecture of a published release, loaded once per process; raises ModelFilesError."""
    return _load_tokenizer(_folder_name(release), release.pk)


def folder(release: Release) -> Path:
    """The folder that the engine loads, with every file of the release in place; raises ModelFilesError."""
    files = {artifact.path: _fetch(release, artifact) for artifact in release.artifacts.all()}
    return files[_description(release, files)].parent


@lru_cache(maxsize=8)
def _load_tokenizer(commit: str, release_id: int) -> tuple[Tokenizer, ModelConfig]:
    """Keyed by the commit, which stands for the files' content."""
    release = Release.objects.get(pk=release_id)
    artifacts = {artifact.path: artifact for artifact in release.artifacts.all()}
    model_file = _fetch(release, artifacts[_only(release, artifacts, TOKENIZER)])
    description = _fetch(release, artifacts[_description(release, artifacts)])
    read = ModelConfig.from_params if description.name == PARAMS else config_json.model_config
    loaded = Tokenizer.load(model_file)
    return loaded, read(description, tokenizer_vocab_size=loaded.vocab_size)


def _description(release: Release, paths: dict[str, Artifact] | dict[str, Path]) -> str:
    """Where the architecture stands: of two layouts the engine takes Meta's."""
    is_meta = any(PurePosixPath(path).name == PARAMS for path in paths)
    return _only(release, paths, PARAMS if is_meta else CONFIG)


def _only(release: Release, paths: dict[str, Artifact] | dict[str, Path], name: str) -> str:
    """The one path whose last part is `name`: Meta's layout keeps the tokenizer beside or above the weights."""
    found = [path for path in paths if PurePosixPath(path).name == name]
    if len(found) != 1:
        raise ModelFilesError(release, f"it has {len(found)} files named {name}")
    return found[0]


def _folder_name(release: Release) -> str:
    if not release.commit.isalnum():
        raise ModelFilesError(release, "it is not published")
    return release.commit


def _fetch(release: Release, artifact: Artifact) -> Path:
    """The file on disk. It has its name only once it was verified, so a name with the right size is trusted."""
    parts = PurePosixPath(artifact.path).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise ModelFilesError(release, f"{artifact.path} is not a path inside it")
    target = Path(settings.MODEL_CACHE_DIR, _folder_name(release), *parts)
    if not _is_here(target, artifact):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target):
            if not _is_here(target, artifact):
                _download(release, artifact, target)
    return target


def _is_here(target: Path, artifact: Artifact) -> bool:
    return target.is_file() and target.stat().st_size == artifact.size_bytes


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """One process fetches, the others wait for it; the lock ends with its holder, however that ends."""
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(release: Release, artifact: Artifact, target: Path) -> None:
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".fetching-", delete=False) as part:
        try:
            for piece in weights_store().stream(artifact.storage_key):
                digest.update(piece)
                part.write(piece)
            part.flush()
            os.fsync(part.fileno())
            if digest.hexdigest() != artifact.sha256:
                raise ModelFilesError(release, f"{artifact.path} differs from what was published")
            Path(part.name).rename(target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
