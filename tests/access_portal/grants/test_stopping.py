"""Suspended, lifted and revoked: by whom it takes two, what is told, and that no time that passes gives anything."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, InvalidError, PermissionRefusedError
from access_portal.grants import commands
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.grants.life_scenes import DAY, HOUR, NOW, TICK, make_lab, make_open_family, make_person_grant
from tests.factories import make_user
from tests.races import at_once

State = Grant.State


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def ben(db: None) -> User:
    return make_user("ben", Role.DECIDER)


@pytest.fixture
def dan(db: None) -> User:
    return make_user("dan", Role.DECIDER)


def told(kind: str) -> set[str]:
    """Who got this mail."""
    return set(OutboxMail.objects.filter(template=f"grant_{kind}").values_list("to", flat=True))


def give(name: str, grant: Grant, actor: User, **extra: Any) -> Grant:
    extra.setdefault("now", NOW)
    changed: Grant = getattr(commands, name)(actor=actor, number=grant.number, **extra)
    return changed


def test_a_suspension_names_its_reason_and_the_day_on_which_it_is_looked_at_again(ada: User, ben: User) -> None:
    mem = make_user("mem")
    grant = make_lab(ada, None, mem)
    made = give("suspend", grant, ben, reason="Terms & <conditions>", review_at=NOW + 3 * DAY)
    assert (made.state, made.state_reason, made.suspended_until) == ("suspended", "Terms & <conditions>", NOW + 3 * DAY)
    assert told("suspended") == {ada.email, mem.email}
    body = OutboxMail.objects.get(user=ada).body
    assert "Terms & <conditions>" in body
    assert "March 5, 2026" in body


@pytest.mark.parametrize("review_at", [NOW, NOW - DAY, NOW + 367 * DAY])
def test_a_suspension_without_a_sensible_day_is_refused(review_at: Any, ada: User, ben: User) -> None:
    with pytest.raises(InvalidError) as error:
        give("suspend", make_person_grant(ada), ben, reason="A doubt.", review_at=review_at)
    assert error.value.code == "bad_review_date"
    assert not Event.objects.exists()


@pytest.mark.parametrize("reason", ["", " \n", "\0", "x" * 4001])
def test_a_reason_that_says_nothing_or_too_much_is_refused(reason: str, ada: User, ben: User) -> None:
    grant = make_person_grant(ada)
    with pytest.raises(InvalidError):
        give("propose_revocation", grant, ben, reason=reason)
    grant.refresh_from_db()
    assert (grant.version, grant.revocations.count()) == (1, 0)


def test_lifting_leaves_no_reason_behind(ada: User, ben: User) -> None:
    grant = make_person_grant(ada, state="suspended", state_reason="A doubt.", suspended_until=NOW + DAY)
    lifted = give("lift", grant, ben, reason="Cleared up.")
    assert (lifted.state, lifted.state_reason, lifted.suspended_until) == ("active", "", None)
    assert "Cleared up." in OutboxMail.objects.get().body


def test_whoever_saw_an_older_state_is_refused_and_nothing_happens(ada: User, ben: User, dan: User) -> None:
    grant = make_person_grant(ada)
    give("suspend", grant, ben, version=1, reason="A doubt.", review_at=NOW + DAY)
    with pytest.raises(ConflictError) as error:
        give("lift", grant, dan, version=1, reason="I saw it active.")
    assert (error.value.code, error.value.remedy_path) == ("stale_version", f"/office/grants/{grant.number}/#history")
    grant.refresh_from_db()
    assert grant.state == State.SUSPENDED


def test_a_proposal_changes_nothing_for_the_holder_and_asks_the_other_deciders(ada: User, ben: User, dan: User) -> None:
    grant = give("propose_revocation", make_person_grant(ada), ben, reason="A leak.")
    assert grant.state == State.ACTIVE
    assert told("revocation_proposed") == {dan.email}
    assert not OutboxMail.objects.filter(user=ada).exists()


def test_a_second_person_makes_it_final_and_the_first_persons_reason_is_told(ada: User, ben: User, dan: User) -> None:
    grant = give("propose_revocation", make_person_grant(ada), ben, reason="A leak.")
    revoked = give("ratify_revocation", grant, dan)
    assert (revoked.state, revoked.state_reason) == (State.REVOKED, "A leak.")
    assert told("revoked") == {ada.email}
    event = Event.objects.get(name="grant_revoked")
    assert (event.actor, event.data["proposed_by"]) == (dan, ben.pk)


def test_stopped_at_once_it_gives_nothing_from_that_moment_and_everybody_hears(ada: User, ben: User, dan: User) -> None:
    grant = give("revoke_at_once", make_person_grant(ada), ben, reason="Weights on a public server.")
    assert grant.state == State.SUSPENDED
    assert (told("revoked_at_once"), told("revocation_proposed")) == ({ada.email}, {dan.email})
    assert "March 5, 2026, noon" in OutboxMail.objects.get(user=ada).body


def test_declining_leaves_it_suspended_for_another_act_to_lift(ada: User, ben: User, dan: User) -> None:
    grant = give("revoke_at_once", make_person_grant(ada), ben, reason="A leak.")
    declined = give("decline_revocation", grant, dan, reason="It was another file.")
    assert declined.state == State.SUSPENDED
    assert (told("revocation_not_confirmed"), told("revocation_declined")) == ({ada.email}, {ben.email})
    assert give("lift", grant, dan, reason="Nothing of the kind.").state == State.ACTIVE


def test_after_72_hours_nobody_gets_anything_back_and_everybody_is_told(ada: User, ben: User, dan: User) -> None:
    grant = give("revoke_at_once", make_person_grant(ada), ben, reason="A leak.")
    assert commands.lapse_due(NOW + 72 * HOUR - TICK) == 0
    assert commands.lapse_due(NOW + 72 * HOUR) == 1
    assert commands.lapse_due(NOW + 72 * HOUR) == 0
    grant.refresh_from_db()
    assert grant.state == State.SUSPENDED
    assert told("revocation_not_confirmed") == {ada.email}
    assert told("revocation_lapsed") == {ben.email, dan.email}
    with pytest.raises(ConflictError):
        give("ratify_revocation", grant, dan, now=NOW + 73 * HOUR)


def test_a_revocation_reaches_no_other_family_and_no_other_person(ada: User, ben: User, dan: User) -> None:
    family = make_open_family()
    grant, elsewhere = make_person_grant(ada, family), make_person_grant(ada)
    other = make_person_grant(make_user("cy"), family)
    give("propose_revocation", grant, ben, reason="A leak.")
    give("ratify_revocation", grant, dan)
    for untouched in (elsewhere, other):
        untouched.refresh_from_db()
        assert (untouched.state, untouched.version) == (State.ACTIVE, 1)


def test_staff_of_the_holders_lab_are_kept_away(ada: User, ben: User) -> None:
    make_lab(ada, None, ben, state="expired")
    grant = make_person_grant(ada)
    for name in ("suspend", "revoke_at_once"):
        extra = {"review_at": NOW + DAY} if name == "suspend" else {}
        with pytest.raises(PermissionRefusedError) as error:
            give(name, grant, ben, reason="A leak.", **extra)
        assert error.value.code == "conflict_of_interest"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does() -> None:
    ben, dan, eve = (make_user(name, Role.DECIDER) for name in ("ben", "dan", "eve"))
    grant = give("propose_revocation", make_person_grant(make_user("ada")), ben, reason="A leak.")
    calls = [lambda actor=actor: give("ratify_revocation", grant, actor) for actor in (dan, eve)]
    assert at_once(*calls) == ["ok", "wrong_state"]
    assert (
        Event.objects.filter(name="grant_revoked").count()
        == OutboxMail.objects.filter(template="grant_revoked").count()
        == 1
    )


@pytest.mark.django_db(transaction=True)
def test_lifted_and_revoked_at_once_it_ends_revoked() -> None:
    ben, dan, eve = (make_user(name, Role.DECIDER) for name in ("ben", "dan", "eve"))
    grant = make_person_grant(make_user("ada"), state="suspended", state_reason="A doubt.")
    give("propose_revocation", grant, ben, reason="A leak.")
    results = at_once(
        lambda: give("lift", grant, eve, reason="Cleared."), lambda: give("ratify_revocation", grant, dan)
    )
    grant.refresh_from_db()
    assert grant.state == State.REVOKED
    assert results in (["ok", "ok"], ["ok", "wrong_state"])


@pytest.mark.django_db(transaction=True)
def test_a_clock_and_a_colleague_at_once_leave_one_outcome() -> None:
    ben, dan = make_user("ben", Role.DECIDER), make_user("dan", Role.DECIDER)
    grant = give("revoke_at_once", make_person_grant(make_user("ada")), ben, reason="A leak.")
    late = NOW + 73 * HOUR
    at_once(lambda: commands.lapse_due(late), lambda: give("ratify_revocation", grant, dan, now=late))
    proposal = grant.revocations.get()
    grant.refresh_from_db()
    assert bool(proposal.ratified_at) != bool(proposal.lapsed_at)
    assert grant.state == (State.REVOKED if proposal.ratified_at else State.SUSPENDED)
