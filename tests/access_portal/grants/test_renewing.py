"""Going on after the end, changing terms, the yearly word, giving back: nothing of it happens because time passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants import commands, notices
from access_portal.grants.commands.attesting import next_date
from access_portal.grants.models import Attestation, Grant
from access_portal.grants.queries import rights_of
from access_portal.outbox.models import OutboxMail
from tests.access_portal.grants.life_scenes import (
    DAY,
    NOW,
    SAID,
    TERMS,
    TICK,
    accept_licence,
    make_lab,
    make_open_family,
    make_person_grant,
    make_proposal,
    new_licence,
)
from tests.factories import make_user

OUTPUTS = "One paper and its code, both open."


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def ben(db: None) -> User:
    return make_user("ben", Role.DECIDER)


def ask(grant: Grant, now: datetime = NOW) -> None:
    commands.ask_renewal(actor=grant.holder, number=str(grant.number), outputs=OUTPUTS, changes="Nothing.", now=now)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (NOW - 90 * DAY - TICK, "not_renewal_time"), (NOW - 90 * DAY, ""), (NOW - TICK, ""), (NOW, ""),
        (NOW + 90 * DAY - TICK, ""), (NOW + 90 * DAY, "not_renewal_time"),
    ],
)  # fmt: skip
def test_a_renewal_is_asked_for_around_the_end(now: datetime, code: str, ada: User) -> None:
    grant = make_person_grant(ada, starts_at=NOW - 400 * DAY, ends_at=NOW)
    if not code:
        ask(grant, now)
        assert grant.renewals.get().outputs == OUTPUTS
        return
    with pytest.raises(ConflictError) as error:
        ask(grant, now)
    assert error.value.code == code


def test_a_renewal_takes_the_place_of_the_grant_under_the_current_licence(ada: User, ben: User) -> None:
    mem = make_user("mem")
    grant = make_lab(ada, None, mem, ends_at=NOW + 30 * DAY)
    new_licence(grant)
    accept_licence(ada, grant)
    ask(grant)
    new = commands.grant_renewal(actor=ben, number=str(grant.number), terms=TERMS, text="Well done.", now=NOW)
    grant.refresh_from_db()
    assert (grant.state, new.supersedes, new.state) == ("superseded", grant, "active")
    assert (new.ends_at, new.licence_version.number) == (datetime(2026, 10, 1, 12, tzinfo=UTC), "2.0")
    assert (new.family, new.lab_name, new.application) == (grant.family, grant.lab_name, grant.application)
    assert list(rights_of(mem).filter(state="active")) == [new]
    assert Event.objects.get(name="grant_superseded").data["grant"] == new.number


def test_after_the_end_a_renewal_lasts_from_the_answer(ada: User, ben: User) -> None:
    grant = make_person_grant(ada, starts_at=NOW - 400 * DAY, ends_at=NOW - 60 * DAY)
    ask(grant)
    new = commands.grant_renewal(actor=ben, number=str(grant.number), terms=TERMS, now=NOW)
    assert (new.starts_at, new.ends_at) == (NOW, datetime(2026, 9, 2, 12, tzinfo=UTC))


def test_a_refused_renewal_changes_nothing_else_and_says_why(ada: User, ben: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 30 * DAY)
    ask(grant)
    commands.refuse_renewal(actor=ben, number=str(grant.number), text="The paper says that the work is done.", now=NOW)
    grant.refresh_from_db()
    assert (grant.state, grant.ends_at) == ("active", NOW + 30 * DAY)
    assert "the work is done" in OutboxMail.objects.get(template="grant_renewal_refused").body
    ask(grant)


def test_the_licence_that_changed_between_asking_and_answering_stops_the_renewal(ada: User, ben: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 30 * DAY)
    ask(grant)
    new_licence(grant)
    with pytest.raises(ConflictError) as error:
        commands.grant_renewal(actor=ben, number=str(grant.number), terms=TERMS, now=NOW)
    assert error.value.code == "licence_outdated"
    accept_licence(ada, grant)
    assert commands.grant_renewal(actor=ben, number=str(grant.number), terms=TERMS, now=NOW).state == "active"


def test_sizes_of_another_family_cannot_be_renewed_into(ada: User, ben: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 30 * DAY)
    ask(grant)
    with pytest.raises(InvalidError):
        commands.grant_renewal(
            actor=ben, number=str(grant.number), terms=type(TERMS)(6, 5, True, True, ("65b",), "More."), now=NOW
        )
    grant.refresh_from_db()
    assert grant.state == "active"


def test_giving_back_ends_it_for_the_lab_and_keeps_what_was_said(ada: User, ben: User) -> None:
    mem = make_user("mem")
    grant = make_lab(ada, None, mem)
    make_proposal(grant, ben)
    commands.surrender(actor=ada, number=str(grant.number), statement=SAID, now=NOW)
    grant.refresh_from_db()
    assert (grant.state, grant.surrender.statement) == ("surrendered", SAID)
    assert grant.revocations.get().lapsed_at == NOW
    told = OutboxMail.objects.filter(template="grant_surrendered").values_list("to", flat=True)
    assert set(told) == {ada.email, mem.email, ben.email}


@pytest.mark.parametrize("statement", ["", "Deleted.", "  " * 30])
def test_giving_back_without_a_word_on_the_copies_is_refused(statement: str, ada: User) -> None:
    grant = make_person_grant(ada)
    with pytest.raises(InvalidError):
        commands.surrender(actor=ada, number=str(grant.number), statement=statement, now=NOW)
    grant.refresh_from_db()
    assert grant.state == "active"


@pytest.mark.parametrize(
    ("due", "following"),
    [(NOW + 10 * DAY, datetime(2027, 3, 12, 12, tzinfo=UTC)), (NOW - 40 * DAY, datetime(2027, 3, 2, 12, tzinfo=UTC))],
)
def test_the_yearly_word_is_asked_for_a_year_later_again(due: datetime, following: datetime, ada: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 700 * DAY, attest_due_at=due)
    commands.attest(actor=ada, number=str(grant.number), statement="Used as before.", now=NOW)
    grant.refresh_from_db()
    assert grant.attest_due_at == following
    assert Attestation.objects.get().statement == "Used as before."
    assert OutboxMail.objects.get().subject == f"Thank you: grant {grant.number}"


def test_the_last_year_asks_for_no_further_word(ada: User) -> None:
    grant = make_person_grant(ada, ends_at=NOW + 200 * DAY, attest_due_at=NOW)
    commands.attest(actor=ada, number=str(grant.number), statement="Used as before.", now=NOW)
    grant.refresh_from_db()
    assert grant.attest_due_at is None


def test_a_leap_day_has_a_next_year() -> None:
    assert next_date(datetime(2028, 2, 29, tzinfo=UTC), NOW + 2000 * DAY) == datetime(2029, 2, 28, tzinfo=UTC)


JOBS = [commands.expire_due, commands.lapse_due, notices.send_due]


@pytest.mark.parametrize("years", [1, 10])
def test_no_time_that_passes_gives_anybody_anything(years: int, ada: User, ben: User) -> None:
    """What waits for a person waits, and what was given ends."""
    asked = make_person_grant(ada, ends_at=NOW + 30 * DAY)
    ask(asked)
    stopped = make_person_grant(ada, state="suspended", ends_at=NOW + 9000 * DAY, suspended_until=NOW + DAY)
    urgent = make_person_grant(ada, ends_at=NOW + 9000 * DAY)
    commands.revoke_at_once(actor=ben, number=str(urgent.number), reason="A leak.", now=NOW)
    moving = make_lab(ada, make_open_family("moving"), make_user("mem"), ends_at=NOW + 30 * DAY)
    before = Grant.objects.count()
    for job in JOBS:
        job(NOW + timedelta(days=365 * years))
    states: dict[Any, str] = dict(Grant.objects.values_list("pk", "state"))
    assert states == {asked.pk: "expired", stopped.pk: "suspended", urgent.pk: "suspended", moving.pk: "expired"}
    assert Grant.objects.count() == before
    assert asked.renewals.get().state == "asked"
