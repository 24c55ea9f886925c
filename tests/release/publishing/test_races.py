"""Two at the same moment, on one release: one of them wins, and the other changes nothing."""

from __future__ import annotations

from functools import partial

import pytest

from access_portal.audit.commands import first_broken
from access_portal.outbox.models import OutboxMail
from release.models import Release
from release.publishing import deprecate_release, publish_release, schedule_release, withdraw_release
from release.publishing.due import publish_due
from release.staging import audit_subject
from tests.factories import make_release
from tests.races import at_once
from tests.release.publishing.scenes import DAY, NOW, events, fetched, fresh, manager, scheduled, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("s3_server")]


def test_of_two_who_publish_one_is_told_that_it_is_done() -> None:
    release = verified()
    publish = [partial(publish_release, release=release, actor=manager(name), now=NOW) for name in ("olga", "rosa")]
    assert at_once(*publish) == ["ok", "release_final"]
    assert events(release).count("release_published") == 1
    assert first_broken(audit_subject(release)) is None


def test_clock_and_person_publish_once_and_nobody_is_written_to() -> None:
    release = scheduled()
    by_hand = partial(publish_release, release=release, actor=manager("rosa"), now=NOW + DAY)
    assert set(at_once(by_hand, partial(publish_due, NOW + DAY))) <= {"ok", "release_final"}
    assert fresh(release).state == "published"
    assert events(release).count("release_published") == 1
    assert "release_fell_back" not in events(release)
    assert not OutboxMail.objects.exists()


def test_two_clocks_publish_once() -> None:
    release = scheduled()
    at_once(partial(publish_due, NOW + DAY), partial(publish_due, NOW + DAY))
    assert (fresh(release).state, events(release).count("release_published")) == ("published", 1)
    assert not OutboxMail.objects.exists()


def test_a_release_is_published_or_scheduled_and_not_both() -> None:
    release = verified()
    outcomes = at_once(
        partial(publish_release, release=release, actor=manager("olga"), now=NOW),
        partial(schedule_release, release=release, publish_at=NOW + DAY, actor=manager("rosa"), now=NOW),
    )
    assert outcomes.count("ok") == 1
    assert set(outcomes) <= {"ok", "release_final", "embargoed"}
    assert fresh(release).state in ("published", "scheduled")


def test_deprecated_and_withdrawn_at_once_ends_withdrawn_and_tells_each_person_once_of_each() -> None:
    release = make_release()
    fetched(release, "ada")
    olga = manager()
    outcomes = at_once(
        partial(deprecate_release, release=release, reason="Old.", successor=None, actor=olga, now=NOW),
        partial(withdraw_release, release=release, reason="Wrong.", actor=olga, now=NOW),
    )
    assert outcomes in (["ok", "ok"], ["ok", "wrong_state"])
    assert Release.objects.get(pk=release.pk).state == "withdrawn"
    assert OutboxMail.objects.filter(template="release_withdrawn").count() == 1
