"""Publishing in one step, and what may change while it reads."""

from __future__ import annotations

import pytest

from release.client import manifest
from release.errors import ReleaseFilesError, ReleaseStateError
from release.models import Artifact
from release.publishing import publish_release, verify_release
from tests.factories import make_licence_version
from tests.release.publishing.scenes import NOW, damage, events, fresh, manager, staged, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


def test_what_nobody_verified_is_verified_in_the_same_step() -> None:
    release = publish_release(release=staged(), actor=manager(), now=NOW)
    assert (release.verified_at, release.verified_by, release.published_by) == (NOW, manager(), manager())
    assert events(release) == ["release_published"]


def test_what_was_verified_keeps_who_verified_it() -> None:
    release = verify_release(release=staged(), actor=manager("rosa"), now=NOW)
    assert publish_release(release=release, actor=manager(), now=NOW).verified_by == manager("rosa")


def test_other_files_staged_while_these_were_read_are_not_published() -> None:
    release = staged()

    def stage_meanwhile(path: str, size_bytes: int) -> None:
        Artifact.objects.filter(release=release).update(sha256="1" * 64)

    with pytest.raises(ReleaseStateError) as refused:
        publish_release(release=release, actor=manager(), now=NOW, progress=stage_meanwhile)
    assert (refused.value.code, fresh(release).state) == ("release_changed", "staged")


def test_a_licence_text_that_is_replaced_while_the_files_are_read_stops_it() -> None:
    release = staged()
    texts = iter(["Be better."])

    def replace_meanwhile(path: str, size_bytes: int) -> None:
        for text in texts:
            make_licence_version(release.licence_version.licence, "2.0", text)

    with pytest.raises(ReleaseStateError) as refused:
        publish_release(release=release, actor=manager(), now=NOW, progress=replace_meanwhile)
    assert (refused.value.code, fresh(release).state) == ("licence_outdated", "staged")


def test_damage_leaves_a_release_staged_and_unsigned() -> None:
    release = staged()
    damage(release)
    with pytest.raises(ReleaseFilesError, match=r"params\.json"):
        publish_release(release=release, actor=manager(), now=NOW)
    found = fresh(release)
    assert (found.state, found.manifest, found.signature) == ("staged", "", "")


def test_the_manifest_tells_for_which_loaders_a_file_is_there() -> None:
    release = verified()
    Artifact.objects.filter(release=release).update(layout="meta")
    read = manifest.decode(publish_release(release=release, actor=manager(), now=NOW).manifest.encode())
    assert [file.layout for file in read.files] == [manifest.Layout.META]
