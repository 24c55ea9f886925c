"""A sound checkpoint on disk, and it staged or published for real."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from release.models import Release, Variant
from release.publishing import publish_release
from release.staging import stage_release
from release.verification import Progress, quiet
from tests.factories import make_family, make_licence_version, make_variant
from tests.release import checkpoints

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.write(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def variant(db: None) -> Variant:
    return checkpoint_variant()


def checkpoint_variant() -> Variant:
    version = make_licence_version()
    return make_variant(make_family("toy", version), vocab_size=checkpoints.VOCAB, parameters=checkpoints.PARAMETERS)


@pytest.fixture
def stage(variant: Variant, s3_server: str, folder: Path) -> Callable[..., Release]:
    def run(version: str = "v1", source: Path = folder, progress: Progress = quiet) -> Release:
        return stage_release(
            variant=variant,
            version=version,
            folder=source,
            licence_version=variant.family.weights_licence.versions.latest("published_at"),
            actor=None,
            now=NOW,
            progress=progress,
        )

    return run


@pytest.fixture
def published(stage: Callable[..., Release]) -> Release:
    """A release of real files, to be had from the S3 server."""
    return publish_release(release=stage(), actor=None, now=NOW)
