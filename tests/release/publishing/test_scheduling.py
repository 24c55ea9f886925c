"""Embargoes: what the clock does at the moment, and what happens when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from access_portal.accounts.models import RoleAssignment, User
from access_portal.audit.models import Event
from access_portal.errors import InvalidError
from access_portal.outbox.models import OutboxMail
from release import queries
from release.errors import ReleaseStateError, StoreUnavailableError
from release.models import Release
from release.publisher_keys import signature_problem
from release.publishing import ask_verification, due, publish_release, schedule_release, unschedule_release
from release.publishing.due import publish_due
from release.storage import weights_store
from tests.factories import make_licence_version
from tests.release.publishing.scenes import DAY, HOUR, NOW, damage, events, fresh, manager, scheduled, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


def test_the_clock_publishes_at_the_moment_and_not_before() -> None:
    release = scheduled()
    assert publish_due(NOW + DAY - timedelta(seconds=1)) == 0
    assert queries.latest_release(release.variant) is None
    assert (publish_due(NOW + DAY), publish_due(NOW + DAY)) == (1, 0)
    found = fresh(release)
    assert (found.state, found.published_at, found.published_by) == ("published", NOW + DAY, manager())
    assert signature_problem(found) is None
    assert events(release) == ["release_verified", "release_scheduled", "release_published"]
    assert Event.objects.get(name="release_published").actor is None


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (NOW, "publish_at_past"),
        (NOW - HOUR, "publish_at_past"),
        (NOW + timedelta(days=367), "publish_at_far"),
        (datetime(2026, 7, 1), "publish_at_without_zone"),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_moments_that_no_embargo_can_end_at_are_refused(moment: datetime, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        schedule_release(release=verified(), publish_at=moment, actor=manager(), now=NOW)
    assert (refused.value.code, refused.value.field) == (code, "publish_at")


def test_an_embargo_can_be_moved_and_ended() -> None:
    release = scheduled()
    moved = schedule_release(release=release, publish_at=NOW + 2 * DAY, actor=manager("rosa"), now=NOW)
    assert (publish_due(NOW + DAY), moved.scheduled_by) == (0, manager("rosa"))
    free = unschedule_release(release=release, actor=manager(), now=NOW)
    assert (free.state, free.publish_at, free.scheduled_by) == ("verified", None, None)
    assert publish_due(NOW + 3 * DAY) == 0


def test_nobody_publishes_by_hand_before_the_moment_and_anybody_may_after() -> None:
    release = scheduled()
    with pytest.raises(ReleaseStateError) as refused:
        publish_release(release=release, actor=manager(), now=NOW + HOUR)
    assert refused.value.code == "embargoed"
    assert publish_release(release=release, actor=manager("rosa"), now=NOW + DAY).published_by == manager("rosa")


def _new_licence(release: Release, settings: Any) -> None:
    make_licence_version(release.licence_version.licence, "2.0", "Be better.")


def _other_bytes(release: Release, settings: Any) -> None:
    damage(release)


def _no_key(release: Release, settings: Any) -> None:
    settings.RELEASE_KEY = None


def _two_people(release: Release, settings: Any) -> None:
    settings.RELEASE_TWO_PEOPLE = True
    Release.objects.filter(pk=release.pk).update(staged_by=release.scheduled_by)


@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (_new_licence, "licence text that has been replaced"),
        (_other_bytes, "params.json has SHA-256"),
        (_no_key, "GATEHOUSE_RELEASE_KEY"),
        (_two_people, "take two people"),
    ],
)
def test_what_cannot_be_published_falls_back_and_whoever_scheduled_it_is_told(
    happen: Callable[[Release, Any], None], words: str, settings: Settings
) -> None:
    release = scheduled()
    happen(release, settings)
    assert (publish_due(NOW + DAY), publish_due(NOW + DAY)) == (0, 0)
    found = fresh(release)
    assert (found.state, found.publish_at, found.scheduled_by, found.verified_at) == ("staged", None, None, None)
    mail = OutboxMail.objects.get(template="release_not_published")
    assert (mail.user, words in mail.body) == (manager(), True)
    assert f"/office/releases/{release.variant.model_id}/v1/" in mail.body


def test_what_was_taken_off_the_schedule_at_the_last_second_is_left_alone() -> None:
    """The clock may have seen it on the schedule a moment before."""
    seen = scheduled()
    unschedule_release(release=seen, actor=manager(), now=NOW)
    assert not due.end_embargo(seen, NOW + DAY)
    assert fresh(seen).state == "verified"
    assert not OutboxMail.objects.exists()


def test_what_was_moved_at_the_last_second_stays_scheduled() -> None:
    seen = scheduled()
    schedule_release(release=seen, publish_at=NOW + 2 * DAY, actor=manager(), now=NOW)
    assert not due.end_embargo(seen, NOW + DAY)
    assert (fresh(seen).state, fresh(seen).publish_at) == ("scheduled", NOW + 2 * DAY)
    assert not OutboxMail.objects.exists()


def test_a_verification_that_was_asked_for_is_forgotten_with_the_schedule() -> None:
    release = ask_verification(release=verified(), actor=manager(), now=NOW)
    found = schedule_release(release=release, publish_at=NOW + DAY, actor=manager(), now=NOW)
    assert (found.verification_asked_at, found.verification_asked_by) == (None, None)


def test_when_whoever_scheduled_it_is_gone_all_release_managers_are_told() -> None:
    release = scheduled()
    RoleAssignment.objects.filter(user=manager()).delete()
    manager("rosa")
    damage(release)
    publish_due(NOW + DAY)
    told = User.objects.filter(mails__template="release_not_published")
    assert {user.username for user in told} == {"sten", "rosa"}


def test_a_store_that_does_not_answer_is_asked_again(settings: Settings) -> None:
    release = scheduled()
    secret, settings.S3_SECRET_KEY = settings.S3_SECRET_KEY, "wrong"
    with pytest.raises(StoreUnavailableError):
        weights_store().check()
    assert publish_due(NOW + DAY) == 0
    assert fresh(release).state == "scheduled"
    settings.S3_SECRET_KEY = secret
    assert publish_due(NOW + DAY) == 1
    assert not OutboxMail.objects.exists()
