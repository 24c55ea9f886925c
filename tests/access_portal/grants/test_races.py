"""Two people, or a person and the clock, at one grant at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.grants import commands
from access_portal.grants.commands.step import hold_holder
from access_portal.grants.models import Grant, GrantMember
from release.delivery import mint
from release.models import Mint
from tests.access_portal.grants.life_scenes import (
    DAY,
    HOUR,
    NOW,
    TERMS,
    make_lab,
    make_person_grant,
    make_renewal,
    make_transfer,
    people,
)
from tests.factories import make_grant, make_release, make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_renewed_at_its_end_while_the_clock_writes_it_down() -> None:
    ben, grant = make_user("ben", Role.DECIDER), make_person_grant(make_user("ada"), ends_at=NOW)
    make_renewal(grant)
    renew: dict[str, Any] = {"actor": ben, "number": str(grant.number), "terms": TERMS, "now": NOW}
    assert at_once(lambda: commands.grant_renewal(**renew), lambda: commands.expire_due(NOW)) == ["ok", "ok"]
    grant.refresh_from_db()
    assert (grant.state, [later.state for later in grant.superseded_by.all()]) == ("superseded", ["active"])


def test_a_lab_passes_on_while_its_holder_invites() -> None:
    ben, (ada, cy) = make_user("ben", Role.DECIDER), people("ada", "cy")
    lab = make_lab(ada, None, cy)
    make_transfer(lab, cy)
    number = str(lab.number)
    results = at_once(
        lambda: commands.approve_transfer(actor=ben, number=number, token_quota=0, now=NOW),
        lambda: commands.invite(actor=ada, number=number, name="Eve", email="eve@uni.example", now=NOW),
    )
    open_links = GrantMember.objects.filter(removed_at=None).exclude(token_digest="")
    assert (results, open_links.count()) in ((["ok", "ok"], 1), (["ok", "wrong_state"], 0))
    assert {row.grant.state for row in open_links} <= {"active"}


def test_removed_while_a_link_is_made_there_is_none_after_it() -> None:
    ada, cy = people("ada", "cy")
    release, now = make_release(), timezone.now()
    lab = make_lab(ada, release.variant.family, cy, ends_at=now + DAY)
    place = lab.members.get()
    asked: dict[str, Any] = {"release": release, "path": "params.json", "address": None, "user_agent": ""}
    results = at_once(
        lambda: mint(actor=cy, now=now, **asked),
        lambda: commands.remove_member(actor=ada, number=str(lab.number), member_id=place.pk, now=now),
    )
    assert (results, Mint.objects.count()) in ((["ok", "ok"], 1), (["not_applied", "ok"], 0))
    assert at_once(lambda: mint(actor=cy, now=now, **asked)) == ["not_applied"]


def test_of_two_who_suspend_and_lift_the_record_tells_both() -> None:
    ben, dan = make_user("ben", Role.DECIDER), make_user("dan", Role.DECIDER)
    grant = make_person_grant(make_user("ada"), state="suspended", state_reason="A doubt.")
    number = str(grant.number)
    results = at_once(
        lambda: commands.lift(actor=ben, number=number, version=1, reason="Cleared.", now=NOW),
        lambda: commands.suspend(
            actor=dan, number=number, version=1, reason="More doubt.", review_at=NOW + DAY, now=NOW
        ),
    )
    assert results == ["ok", "stale_version"]
    assert Grant.objects.get().version == 2


def test_who_gives_a_grant_does_not_hold_up_a_mail_to_its_holder() -> None:
    """PostgreSQL would end one of the two: each would hold the row that the other waits for."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    ben, grant = make_user("ben", Role.DECIDER), make_grant(make_user("ada"), make_release().variant.family, now=NOW)

    def suspend() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        try:
            return commands.suspend(
                actor=ben, number=str(grant.number), reason="A leak.", review_at=NOW + DAY, now=NOW + HOUR
            ).state
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        hold_holder(str(grant.number))
        assert pool.submit(suspend).result() == "suspended"
