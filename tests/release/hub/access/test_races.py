"""Owners who act at the same moment: one is through, the other hears why, and nothing is given or said twice."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.accounts.models import Role
from access_portal.applications.models import Decision, State
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import make_application, make_staff
from tests.races import at_once
from tests.release.hub.access.situations import REASON, SITUATIONS, Scene, make_scene, post, secret_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server")]


def both(scene: Scene, *bodies: dict[str, Any]) -> list[int]:
    """The statuses of two owners' answers, sorted."""
    secrets = [scene.secret, secret_of(make_staff("heidi", Role.DECIDER))]
    statuses: list[int] = []
    calls = [
        lambda secret=secret, body=body: statuses.append(post(secret, "handle", {"user": "ada", **body}).status_code)
        for secret, body in zip(secrets, bodies, strict=True)
    ]
    at_once(*calls)
    return sorted(statuses)


def test_two_who_accept_give_one_grant() -> None:
    scene = make_scene()
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    first, second = both(scene, {"status": "accepted"}, {"status": "accepted"})
    assert (first, second in (404, 409)) == (200, True)
    assert (Grant.objects.count(), OutboxMail.objects.filter(template="application_approved").count()) == (1, 1)


def test_of_accepting_and_rejecting_one_counts() -> None:
    scene = make_scene()
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    statuses = both(scene, {"status": "accepted"}, {"status": "rejected", "rejectionReason": REASON})
    assert statuses[0] == 200
    if statuses[1] == 200:  # one after the other: accepted, and then rejected
        assert scene.status() == "rejected"
        assert not scene.has_access()
    assert Decision.objects.count() == 1


def test_two_who_cancel_tell_it_once() -> None:
    scene = make_scene()
    SITUATIONS["has it"][0](scene)
    first, second = both(scene, {"status": "pending"}, {"status": "pending"})
    assert (first, second in (404, 409)) == (200, True)
    assert OutboxMail.objects.filter(template="grant_suspended").count() == 1
    assert not scene.has_access()
