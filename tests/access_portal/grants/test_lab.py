"""A lab: links that work once and for one address, places taken in person, a lab that passes on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, GatehouseError, InvalidError, NotFoundError, PermissionRefusedError
from access_portal.grants import commands
from access_portal.grants.commands.lab import LETTERS_OF_A_LAB, LETTERS_TO_ONE
from access_portal.grants.models import Grant, GrantMember
from access_portal.grants.queries import rights_of
from access_portal.outbox.models import OutboxMail
from tests.access_portal.grants.life_scenes import (
    DAY,
    NOW,
    TICK,
    accept_licence,
    make_invitation,
    make_lab,
    make_member,
    make_person_grant,
    new_licence,
)
from tests.factories import make_user
from tests.races import at_once


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def lab(ada: User) -> Grant:
    return make_lab(ada)


def invite(lab: Grant, email: str = "cy@uni.example", **extra: Any) -> str:
    told = {"actor": lab.holder, "number": lab.number, "name": "Cy", "email": email, "now": NOW, **extra}
    return commands.invite(**told).token


def join(lab: Grant, actor: Any, token: str, **extra: Any) -> GrantMember:
    current = lab.family.weights_licence.versions.latest("published_at")
    told = {"shown_sha256": current.sha256, "capacity": "self", "now": NOW, **extra}
    return commands.join(actor=actor, token=token, **told)


def code_of(error: pytest.ExceptionInfo[GatehouseError]) -> str:
    return error.value.code


def test_an_invitation_is_mailed_and_its_link_is_kept_nowhere(lab: Grant) -> None:
    token = invite(lab)
    mail = OutboxMail.objects.get()
    assert (mail.to, mail.user) == ("cy@uni.example", None)
    assert f"http://testserver/grants/join/{token}/" in mail.sealed_body
    assert token not in mail.body
    member = GrantMember.objects.get()
    assert re.fullmatch(r"[0-9a-f]{64}", member.token_digest)
    assert token not in str(list(Event.objects.values_list("data", flat=True)))


def test_whoever_joins_accepts_the_licence_in_person_and_may_use_the_grant(lab: Grant) -> None:
    cy = make_user("cy")
    place = join(lab, cy, invite(lab))
    assert place.acceptance is not None
    assert (place.acceptance.user, place.token_digest) == (cy, "")
    assert list(rights_of(cy)) == [lab]
    assert set(OutboxMail.objects.filter(template="grant_member_joined").values_list("to", flat=True)) == {
        cy.email, lab.holder.email,
    }  # fmt: skip


def test_a_link_works_once(lab: Grant) -> None:
    cy, token = make_user("cy"), invite(lab)
    join(lab, cy, token)
    with pytest.raises(NotFoundError) as error:
        join(lab, cy, token)
    assert code_of(error) == "invitation_not_found"


@pytest.mark.parametrize(("after", "works"), [(14 * DAY - TICK, True), (14 * DAY, False), (3650 * DAY, False)])
def test_a_link_works_for_two_weeks(after: Any, works: bool, lab: Grant) -> None:
    cy, token = make_user("cy"), invite(lab)
    if works:
        assert join(lab, cy, token, now=NOW + after).user == cy
        return
    with pytest.raises(NotFoundError):
        join(lab, cy, token, now=NOW + after)


def test_a_link_that_is_passed_on_opens_nothing(lab: Grant) -> None:
    token = invite(lab)
    with pytest.raises(PermissionRefusedError) as error:
        join(lab, make_user("mallory"), token)
    assert code_of(error) == "wrong_account"
    assert "cy@" not in error.value.explanation + error.value.remedy
    assert not GrantMember.objects.filter(user__isnull=False).exists()


def test_an_address_must_be_confirmed_and_not_only_claimed(lab: Grant) -> None:
    eve, token = make_user("eve"), invite(lab)
    claimed = EmailAddress.objects.create(user=eve, email="CY@uni.example", verified=False)
    with pytest.raises(PermissionRefusedError):
        join(lab, eve, token)
    EmailAddress.objects.filter(pk=claimed.pk).update(verified=True)
    assert join(lab, eve, token).user == eve


@pytest.mark.parametrize("token", ["", "x", "\0", "a" * 5000, "../../etc", "\u202e"])
def test_a_link_that_nobody_made_is_not_found(token: str, lab: Grant) -> None:
    with pytest.raises(NotFoundError):
        join(lab, make_user("cy"), token)


def test_inviting_again_ends_the_older_link(lab: Grant) -> None:
    cy, old = make_user("cy"), invite(lab)
    new = invite(lab, "Cy@uni.example")
    with pytest.raises(NotFoundError):
        join(lab, cy, old)
    assert join(lab, cy, new).user == cy


@pytest.mark.parametrize("email", ["ada@uni.example", "ADA@uni.example", "mem@uni.example"])
def test_nobody_is_invited_twice(email: str, ada: User) -> None:
    lab = make_lab(ada, None, make_user("mem"))
    with pytest.raises(InvalidError) as error:
        invite(lab, email)
    assert code_of(error) == "already_in_lab"


@pytest.mark.parametrize("email", ["", "cy", "cy@", "a b@c.example", "cy@uni.example\nBcc: x@y.example", "x" * 300])
def test_an_address_that_is_none_is_refused(email: str, lab: Grant) -> None:
    with pytest.raises(InvalidError) as error:
        invite(lab, email)
    assert code_of(error) == "bad_address"


def test_a_licence_that_changed_while_it_was_read_is_not_accepted(lab: Grant) -> None:
    cy, token = make_user("cy"), invite(lab)
    shown = lab.licence_version.sha256
    new_licence(lab)
    with pytest.raises(ConflictError) as error:
        join(lab, cy, token, shown_sha256=shown)
    assert code_of(error) == "licence_changed"
    assert not GrantMember.objects.filter(user=cy).exists()


@pytest.mark.parametrize("by", ["holder", "office"])
def test_whoever_is_removed_can_use_nothing_from_that_moment(by: str, ada: User) -> None:
    mem = make_user("mem")
    lab = make_lab(ada, None, mem)
    actor = ada if by == "holder" else make_user("ben", Role.ADMIN)
    place = lab.members.get()
    commands.remove_member(actor=actor, number=str(lab.number), member_id=place.pk, reason="Has left.", now=NOW)
    assert not rights_of(mem).exists()
    assert "Has left." in OutboxMail.objects.get(user=mem).body
    assert OutboxMail.objects.filter(user=ada).exists() == (by == "office")


def test_a_place_of_another_lab_cannot_be_taken_away(lab: Grant) -> None:
    other = make_lab(make_user("bob"), None, make_user("mem"))
    with pytest.raises(NotFoundError) as error:
        commands.remove_member(actor=lab.holder, number=str(lab.number), member_id=other.members.get().pk, now=NOW)
    assert code_of(error) == "member_not_found"


def test_a_lab_passes_on_with_its_members_and_its_open_invitations(ada: User) -> None:
    mem, cy, ben = make_user("mem"), make_user("cy"), make_user("ben", Role.DECIDER)
    lab = make_lab(ada, None, mem, make_user("zoe"), bytes_per_day=10**9)
    make_invitation(lab, cy.email, "secret")
    place = lab.members.get(user=mem)
    commands.ask_transfer(actor=ada, number=str(lab.number), member_id=place.pk, reason="I leave.", now=NOW)
    new = commands.approve_transfer(actor=ben, number=str(lab.number), token_quota=7, now=NOW)
    lab.refresh_from_db()
    assert (new.holder, new.ends_at, new.token_quota, lab.state) == (mem, lab.ends_at, 7, "superseded")
    assert new.bytes_per_day == 10**9
    assert {place.email for place in new.members.filter(removed_at=None)} == {"zoe@uni.example", cy.email}
    assert not rights_of(ada).filter(state="active").exists()
    assert join(new, cy, "secret").grant == new


def test_a_lab_passes_to_nobody_who_has_left_it_meanwhile(ada: User) -> None:
    mem, ben = make_user("mem"), make_user("ben", Role.DECIDER)
    lab = make_lab(ada, None, mem)
    commands.ask_transfer(actor=ada, number=str(lab.number), member_id=lab.members.get().pk, reason="I leave.", now=NOW)
    commands.leave(actor=mem, number=str(lab.number), now=NOW)
    with pytest.raises(ConflictError) as error:
        commands.approve_transfer(actor=ben, number=str(lab.number), token_quota=7, now=NOW)
    assert code_of(error) == "member_left"


def test_a_lab_passes_to_nobody_who_holds_such_a_grant_already(ada: User) -> None:
    mem, ben = make_user("mem"), make_user("ben", Role.DECIDER)
    lab = make_lab(ada, None, mem)
    make_person_grant(mem, lab.family)
    accept_licence(mem, lab)
    commands.ask_transfer(actor=ada, number=str(lab.number), member_id=lab.members.get().pk, reason="I leave.", now=NOW)
    with pytest.raises(ConflictError) as error:
        commands.approve_transfer(actor=ben, number=str(lab.number), token_quota=7, now=NOW)
    assert code_of(error) == "grant_exists"
    lab.refresh_from_db()
    assert lab.state == "active"


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_with_one_link_one_takes_the_place() -> None:
    lab, cy = make_lab(make_user("ada")), make_user("cy")
    token = invite(lab)
    assert at_once(*[lambda: join(lab, cy, token)] * 2) == ["invitation_not_found", "ok"]
    assert GrantMember.objects.filter(user=cy).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once() -> None:
    lab = make_lab(make_user("ada"))
    for number in range(24):
        make_invitation(lab, f"m{number}@uni.example")
    calls = [lambda email=email: invite(lab, email) for email in ("x@uni.example", "y@uni.example")]
    assert at_once(*calls) == ["lab_full", "ok"]


def test_members_of_one_lab_are_near_to_each_other_for_ever(ada: User) -> None:
    ben = make_user("ben", Role.DECIDER)
    lab = make_lab(ada)
    make_member(lab, ben, removed_at=NOW, removed_by=ada)
    with pytest.raises(PermissionRefusedError) as error:
        commands.lift(actor=ben, number=str(make_person_grant(ada, state="suspended").number), reason="Fine.", now=NOW)
    assert code_of(error) == "conflict_of_interest"


def test_a_lab_is_no_means_to_write_to_strangers(lab: Grant) -> None:
    for _time in range(LETTERS_TO_ONE):
        invite(lab)
    with pytest.raises(ConflictError) as error:
        invite(lab, "CY@uni.example")
    assert code_of(error) == "invited_too_often"
    for number in range(LETTERS_OF_A_LAB - LETTERS_TO_ONE):
        make_invitation(lab, f"m{number}@uni.example", invited_at=NOW, removed_at=NOW, removed_by=lab.holder)
    with pytest.raises(ConflictError) as error:
        invite(lab, "x@uni.example")
    assert code_of(error) == "invited_too_often"
    assert invite(lab, "x@uni.example", now=NOW + DAY)


def test_names_in_an_invitation_hold_no_address_and_no_second_line(lab: Grant) -> None:
    User.objects.update(full_name="Ada https://evil.example/\u202e")
    token = invite(lab, name="Cy\nSubject: x <b> http://evil.example/" + "x" * 300)
    mail = OutboxMail.objects.get(template="grant_member_invited")
    assert [line for line in mail.sealed_body.split() if "://" in line] == [f"http://testserver/grants/join/{token}/"]
    assert mail.body.startswith("Hello Cy Subject: x <b> http evil.example/x")
    assert "\u202e" not in mail.subject + mail.body


def test_a_reason_that_no_database_can_keep_takes_a_place_away_as_well(lab: Grant, ada: User) -> None:
    place = make_member(lab, make_user("cy"))
    gone = commands.remove_member(
        actor=ada, number=str(lab.number), member_id=place.pk, reason="Left.\0" + "x" * 5000, now=NOW
    )
    assert gone.removed_reason == "Left." + "x" * 995
