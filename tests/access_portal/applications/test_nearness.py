"""Who stands too near to a case, and who hears of it no longer. Also run on mutants."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import Application, Conflict, State
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.grants.models import Grant, GrantMember
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.access_portal.applications.acting import code_of, told, word
from tests.access_portal.applications.scenes import (
    ANSWERS,
    NOW,
    current_licence,
    draft,
    make_application,
    make_open_family,
)
from tests.factories import make_acceptance, make_grant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def toy() -> Family:
    return make_open_family()


@pytest.fixture
def sam() -> User:
    return make_user("sam", Role.REVIEWER)


def named(kind: str, address: str) -> dict[str, Any]:
    return {**ANSWERS, f"{kind}_email": address}


@pytest.mark.parametrize("kind", ["supervisor", "referee"])
def test_whoever_was_named_in_an_earlier_round_stays_too_near(
    commands: ModuleType, ada: User, toy: Family, sam: User, kind: str
) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED, answers=named(kind, f" {sam.email.upper()}"))
    note = word(case, sam, text="I know her well.")
    assert code_of(commands.note, **note) == "conflict_of_interest"
    Application.objects.filter(pk=case.pk).update(answers=named(kind, "bo@else.example"))
    assert code_of(commands.note, **note) == "conflict_of_interest"
    replies = {case.info_requests.get().pk: "It stays."}
    commands.resubmit(**told(case, ada), replies=replies, **current_licence(toy))
    assert code_of(commands.claim, **told(case, sam)) == "conflict_of_interest"


def test_an_address_that_a_colleague_proved_counts_and_one_that_they_only_typed_does_not(
    commands: ModuleType, ada: User, toy: Family, sam: User
) -> None:
    case = make_application(ada, toy, answers=named("referee", "sam@home.example"))
    EmailAddress.objects.create(user=sam, email="Sam@Home.example", verified=False)
    call = told(case, sam)
    EmailAddress.objects.filter(user=sam).update(verified=True)
    assert code_of(commands.claim, **call) == "conflict_of_interest"
    EmailAddress.objects.filter(email="Sam@Home.example").update(verified=False)
    assert commands.claim(**call).claimed_by == sam


def test_whoever_cannot_prove_the_address_of_their_account_is_near_all_the_same(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    tom = make_user("tom", Role.REVIEWER, verified=False)
    case = make_application(ada, toy, answers=named("supervisor", tom.email))
    assert code_of(commands.claim, **told(case, tom)) == "conflict_of_interest"


def test_an_empty_name_is_nobodys(commands: ModuleType, ada: User, toy: Family, sam: User) -> None:
    case = make_application(ada, toy, answers=named("referee", " "))
    User.objects.filter(pk=sam.pk).update(email="")
    assert commands.claim(**told(case, User.objects.get(pk=sam.pk))).claimed_by == sam


def test_a_lab_keeps_its_people_apart(commands: ModuleType, ada: User, toy: Family, sam: User) -> None:
    lab = make_grant(sam, make_open_family("other"), now=NOW, kind=Grant.Kind.LAB, lab_name="Lab")
    GrantMember.objects.create(
        grant=lab, user=ada, name="Ada", email=ada.email, invited_by=sam, invited_at=NOW, joined_at=NOW,
        acceptance=make_acceptance(ada, lab.licence_version),
    )  # fmt: skip
    case = make_application(ada, toy)
    assert code_of(commands.claim, **told(case, sam)) == "conflict_of_interest"


def test_an_account_without_an_address_is_not_of_every_domain(commands: ModuleType, toy: Family, sam: User) -> None:
    commands.declare_conflict(actor=sam, person=make_user("bo"), now=NOW)
    bare = make_user("bare")
    User.objects.filter(pk=bare.pk).update(email="")
    case = make_application(User.objects.get(pk=bare.pk), toy)
    assert commands.claim(**told(case, sam)).claimed_by == sam


@pytest.mark.parametrize("about", ["person", "domain", "case"])
def test_who_declares_a_conflict_gives_back_every_case_that_is_near_and_no_other(
    commands: ModuleType, toy: Family, sam: User, about: str
) -> None:
    ada, cy = make_user("ada"), make_user("cy")
    User.objects.filter(pk=cy.pk).update(email="cy@else.example")
    near, far = (make_application(who, toy, State.IN_REVIEW, holder=sam) for who in (ada, cy))
    others = make_application(ada, make_open_family("other"), State.IN_REVIEW)
    ways: dict[str, dict[str, Any]] = {
        "person": {"person": ada},
        "domain": {"domain": "x@UNI.example"},
        "case": {"number": near.number},
    }
    commands.declare_conflict(actor=sam, now=NOW, **ways[about])
    near.refresh_from_db()
    far.refresh_from_db()
    others.refresh_from_db()
    assert (others.state, others.version) == (State.IN_REVIEW, 1)
    assert (near.state, near.claimed_by, near.handler, near.version) == (State.SUBMITTED, None, None, 2)
    assert (far.state, far.claimed_by, far.version) == (State.IN_REVIEW, sam, 1)
    declared = Event.objects.get(name="conflict_declared")
    assert (declared.actor, declared.subject == near.subject) == (sam, about == "case")
    event = Event.objects.get(subject=near.subject, name="application_released")
    assert (event.actor, event.data["state"], event.data["version"]) == (sam, "submitted", 2)
    assert first_broken(near.subject) is None


def test_a_case_of_a_later_round_goes_back_as_answered(commands: ModuleType, ada: User, toy: Family, sam: User) -> None:
    case = make_application(ada, toy, State.REVISED)
    commands.claim(**told(case, sam))
    commands.declare_conflict(actor=sam, person=ada, now=NOW)
    assert Application.objects.get(pk=case.pk).state == State.REVISED


def test_a_conflict_with_nothing_or_with_a_draft_cannot_be_declared(
    commands: ModuleType, ada: User, toy: Family, sam: User
) -> None:
    assert code_of(commands.declare_conflict, actor=sam, domain=" @ ", now=NOW) == "conflict_about_nothing"
    begun = draft(ada, toy)
    assert code_of(commands.declare_conflict, actor=sam, number=begun.number, now=NOW) == "application_not_found"


@pytest.mark.parametrize("why", ["near", "left", "closed", "fit"])
def test_only_who_may_read_the_case_hears_of_it(
    commands: ModuleType, ada: User, toy: Family, sam: User, why: str
) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED, holder=sam)
    make_unfit(sam, why, ada)
    commands.send_message(**word(case, ada, text="My bank account is attached."))
    replies = {case.info_requests.get().pk: "It stays."}
    commands.resubmit(**told(case, ada), replies=replies, **current_licence(toy))
    heard = list(OutboxMail.objects.filter(user=sam).order_by("pk").values_list("template", flat=True))
    assert heard == (["application_message", "application_answered"] if why == "fit" else [])


def make_unfit(person: User, why: str, applicant: User) -> None:
    if why == "near":
        Conflict.objects.create(user=person, applicant=applicant, declared_at=NOW)
    elif why == "left":
        RoleAssignment.objects.filter(user=person).delete()
    elif why == "closed":
        User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("why", ["near", "left", "closed"])
def test_what_is_sent_back_to_nobody_fit_stays_with_the_decider(
    commands: ModuleType, ada: User, toy: Family, sam: User, why: str
) -> None:
    case, dan = make_application(ada, toy, State.RECOMMENDED, holder=sam), make_user("dan", Role.DECIDER)
    make_unfit(sam, why, ada)
    back = commands.send_back(**told(case, dan), text="What about the data?")
    assert (back.state, back.claimed_by, back.handler) == (State.IN_REVIEW, dan, dan)
    assert not OutboxMail.objects.exists()
