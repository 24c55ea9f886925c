"""Reading everything again: at once, or asked for on a page and done by the clock."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from access_portal.accounts.models import RoleAssignment
from access_portal.audit.models import Event
from access_portal.outbox.models import OutboxMail
from release.errors import ReleaseFilesError, ReleaseStateError, StoreUnavailableError
from release.models import Artifact
from release.publishing import ask_verification, verify_release
from release.publishing.due import verify_due
from tests.release.publishing.scenes import HOUR, NOW, damage, events, fresh, manager, staged, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


def test_who_found_it_whole_and_when_is_on_record() -> None:
    release = verify_release(release=staged(), actor=manager(), now=NOW)
    assert (release.state, release.verified_at, release.verified_by) == ("verified", NOW, manager())
    assert events(release) == ["release_verified"]


@pytest.mark.parametrize("state", ["staged", "verified"])
def test_a_damaged_file_is_named_and_takes_the_release_back(state: str) -> None:
    release = staged() if state == "staged" else verified()
    damage(release)
    with pytest.raises(ReleaseFilesError, match=r"params\.json has SHA-256"):
        verify_release(release=release, actor=manager(), now=NOW)
    found = fresh(release)
    assert (found.state, found.verified_at, found.verified_by) == ("staged", None, None)
    assert Event.objects.get(name="release_fell_back").data["damaged"] == ["params.json"]


def test_a_store_that_does_not_answer_changes_nothing(settings: Settings) -> None:
    release = verified()
    settings.S3_SECRET_KEY = "wrong"
    with pytest.raises(StoreUnavailableError):
        verify_release(release=release, actor=manager(), now=NOW)
    assert fresh(release).state == "verified"


def test_files_staged_while_others_were_read_are_not_taken_for_verified() -> None:
    release = staged()

    def stage_meanwhile(path: str, size_bytes: int) -> None:
        Artifact.objects.filter(release=release).update(sha256="1" * 64)

    with pytest.raises(ReleaseStateError) as refused:
        verify_release(release=release, actor=manager(), now=NOW, progress=stage_meanwhile)
    assert refused.value.code == "release_changed"
    assert fresh(release).state == "staged"


def test_what_is_asked_for_on_a_page_is_done_by_the_clock() -> None:
    release = ask_verification(release=staged(), actor=manager(), now=NOW)
    ask_verification(release=release, actor=manager("rosa"), now=NOW + HOUR)
    assert (verify_due(NOW + HOUR), verify_due(NOW + HOUR)) == (1, 0)
    found = fresh(release)
    assert (found.state, found.verified_by, found.verification_asked_at) == ("verified", manager(), None)
    assert events(release) == ["release_verification_asked", "release_verified"]


def test_whoever_asked_is_told_of_damage_once() -> None:
    release = ask_verification(release=staged(), actor=manager(), now=NOW)
    damage(release)
    assert (verify_due(NOW), verify_due(NOW)) == (0, 0)
    mail = OutboxMail.objects.get(template="release_not_verified")
    assert mail.user == manager()
    assert "params.json has SHA-256" in mail.body


def test_somebody_who_lost_the_role_meanwhile_verifies_nothing_and_the_others_hear_of_it() -> None:
    release = ask_verification(release=staged(), actor=manager(), now=NOW)
    RoleAssignment.objects.filter(user=manager()).delete()
    assert (verify_due(NOW), verify_due(NOW)) == (0, 0)
    assert (fresh(release).state, fresh(release).verification_asked_at) == ("staged", None)
    assert [mail.user for mail in OutboxMail.objects.filter(template="release_not_verified")] == [manager("sten")]
