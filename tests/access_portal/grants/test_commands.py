"""A grant is given and ended; each is on record and the holder is told."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, InvalidError, PermissionRefusedError
from access_portal.grants import commands
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.access_portal.grants.situations import DAY, NOW, TICK
from tests.factories import make_family, make_grant, make_user, make_variant
from tests.races import at_once

State = Grant.State


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def ben(db: None) -> User:
    return make_user("ben", Role.DECIDER)


@pytest.fixture
def family(db: None) -> Family:
    return make_family()


def give(holder: User, family: Family, by: User | None, **changes: Any) -> Grant:
    terms: dict[str, Any] = {
        "licence_version": family.weights_licence.versions.get(), "variants": [], "starts_at": NOW,
        "ends_at": NOW + DAY, "reason": "A study.", "token_quota": 5, "may_download": True, "may_infer": True,
        "now": NOW,
    }  # fmt: skip
    values = {**terms, **changes}
    values.setdefault("whole_family", not values["variants"])
    return commands.create_grant(holder=holder, family_id=family.pk, given_by=by, **values)


def test_a_grant_has_a_number_its_terms_and_an_event(ada: User, ben: User, family: Family) -> None:
    small = make_variant(family)
    grant = give(ada, family, ben, variants=[small.pk])
    assert grant.number == f"GR-{grant.pk:05d}"
    assert (grant.state, grant.given_by, list(grant.variants.all())) == (State.ACTIVE, ben, [small])
    event = Event.objects.get(subject=f"grant:{grant.number}")
    assert (event.name, event.actor, event.at) == ("grant_given", ben, NOW)
    assert not OutboxMail.objects.exists()


REFUSED_TERMS = [
    ({"ends_at": NOW}, "grant_dates"),
    ({"starts_at": NOW - 2 * DAY, "ends_at": NOW - DAY}, "grant_dates"),
    ({"reason": " \n"}, "reason_missing"),
    ({"may_download": False, "may_infer": False}, "grant_empty"),
    ({"token_quota": -1}, "quota_negative"),
    ({"bytes_per_day": 0}, "daily_bytes_missing"),
    ({"variants": [10**9]}, "variant_of_other_family"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED_TERMS)
def test_terms_that_give_nothing_are_refused(
    changes: dict[str, Any], code: str, ada: User, ben: User, family: Family
) -> None:
    if code == "variant_of_other_family":
        changes = {"variants": [make_variant(make_family("other")).pk]}
    with pytest.raises(InvalidError) as error:
        give(ada, family, ben, **changes)
    assert error.value.code == code
    assert not Grant.objects.exists()
    assert not Event.objects.exists()


def test_nobody_gives_themselves_a_grant(ben: User, family: Family) -> None:
    with pytest.raises(PermissionRefusedError) as error:
        give(ben, family, ben)
    assert error.value.code == "own_case"


def test_a_reviewer_cannot_give_a_grant(ada: User, family: Family) -> None:
    with pytest.raises(PermissionRefusedError) as error:
        give(ada, family, make_user("rea", Role.REVIEWER))
    assert error.value.code == "role_missing"


@pytest.mark.parametrize("state", [State.ACTIVE, State.SUSPENDED])
def test_a_second_live_grant_is_refused(state: State, ada: User, ben: User, family: Family) -> None:
    make_grant(ada, family, now=NOW, state=state)
    with pytest.raises(ConflictError) as error:
        give(ada, family, ben)
    assert error.value.code == "grant_exists"


def test_a_grant_past_its_end_makes_room_before_the_clock_has_been(ada: User, ben: User, family: Family) -> None:
    old = make_grant(ada, family, now=NOW, ends_at=NOW)
    give(ada, family, ben)
    old.refresh_from_db()
    assert old.state == State.EXPIRED


def test_the_clock_ends_what_is_due_and_tells_once(ada: User, family: Family) -> None:
    due = make_grant(ada, family, now=NOW, ends_at=NOW)
    other = make_grant(ada, make_family("other"), now=NOW, ends_at=NOW, state=State.SUSPENDED)
    later = make_grant(ada, make_family("third"), now=NOW, ends_at=NOW + TICK)
    revoked = make_grant(ada, make_family("fourth"), now=NOW, ends_at=NOW, state=State.REVOKED)
    assert commands.expire_due(NOW) == 2
    assert commands.expire_due(NOW) == 0
    states = dict(Grant.objects.values_list("pk", "state"))
    assert states == {due.pk: "expired", other.pk: "expired", later.pk: "active", revoked.pk: "revoked"}
    assert OutboxMail.objects.filter(user=ada, subject__contains="has ended").count() == 2
    assert Event.objects.filter(name="grant_expired", actor=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_tell_the_holder_once() -> None:
    ada, family = make_user("ada"), make_family()
    make_grant(ada, family, now=NOW, ends_at=NOW)
    assert at_once(*[lambda: commands.expire_due(NOW)] * 3) == ["ok"] * 3
    assert OutboxMail.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_grants_given_at_once_one_is_refused() -> None:
    ada, ben, family = make_user("ada"), make_user("ben", Role.DECIDER), make_family()
    assert at_once(*[lambda: give(ada, family, ben)] * 2) == ["grant_exists", "ok"]
