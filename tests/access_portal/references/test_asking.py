"""Who is asked to vouch, how often, and what the letter holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.commands import Ask
from access_portal.applications.models import Signal
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, GatehouseError, NotFoundError
from access_portal.outbox.commands import deliver_due
from access_portal.references.commands import resend_reference
from access_portal.references.keeping import ask_waiting_due, forget_due, remind_due
from access_portal.references.letters import digest
from access_portal.references.models import Letter, Reference
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS, current_licence, make_open_family, make_staff
from tests.access_portal.references.scenes import (
    DAY,
    NOW,
    STUDENT,
    SUPERVISOR,
    apply,
    letters,
    link_in,
    secret_in,
    the_reference,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_supervisor_who_is_named_is_asked_when_the_application_is_sent(ada: User, family: Family) -> None:
    application = apply(ada, family)
    (mail,) = letters()
    reference = the_reference(application)
    assert (reference.kind, reference.email, reference.round) == ("supervisor", SUPERVISOR, 1)
    assert reference.status(NOW) == Reference.Status.ASKED
    assert reference.expires_at == NOW + timedelta(days=21)
    assert Event.objects.filter(subject=application.subject, name="application_reference_asked").count() == 1
    assert "Ada Example" in mail.subject


def test_nobody_is_asked_where_nobody_is_named(ada: User, family: Family) -> None:
    apply(ada, family, **ANSWERS)
    assert not Reference.objects.exists()
    assert not letters()


def test_a_draft_asks_nobody(ada: User, family: Family) -> None:
    begun = commands.start_application(actor=ada, family=family, now=NOW)
    commands.save_draft(actor=ada, number=str(begun.number), version=begun.version, answers=STUDENT, now=NOW)
    assert not Reference.objects.exists()


def test_only_the_hash_of_the_link_is_kept(ada: User, family: Family) -> None:
    apply(ada, family)
    (mail,) = letters()
    secret = secret_in(mail)
    assert len(secret) == 43
    assert Letter.objects.get().digest == digest(secret)
    assert secret not in mail.body
    assert deliver_due(NOW) == 2  # the receipt of the application is the other one
    mail.refresh_from_db()
    assert mail.sealed_body == ""


@pytest.mark.parametrize("own", ["ada@uni.example", "ADA@uni.example", "ada+boss@uni.example", "ada@second.example"])
def test_one_does_not_vouch_for_oneself(ada: User, family: Family, own: str) -> None:
    EmailAddress.objects.create(user=ada, email="ada@second.example", verified=True)
    application = apply(ada, family, supervisor_email=own)
    assert not Reference.objects.exists()
    assert not letters(own)
    assert Signal.objects.filter(application=application, kind="voucher_is_applicant", level="warning").exists()


def returned(ada: User, family: Family, now: object = NOW) -> tuple[object, User]:
    """An application that came back to its applicant with a question about the supervisor's address."""
    application = apply(ada, family)
    ben = make_staff("ben", Role.REVIEWER)
    taken = commands.claim(actor=ben, number=str(application.number), version=application.version, now=NOW)
    asks = [Ask("Is this address right?", "supervisor_email")]
    commands.request_info(actor=ben, number=str(application.number), version=taken.version, asks=asks, now=NOW)
    return application, ben


def send_again(ada: User, family: Family, application: object, **changes: str) -> None:
    application.refresh_from_db()  # type: ignore[attr-defined]
    number = str(application.number)  # type: ignore[attr-defined]
    version = application.version  # type: ignore[attr-defined]
    saved = commands.save_draft(actor=ada, number=number, version=version, answers=changes, now=NOW + DAY)
    replies = {request.pk: "Yes." for request in saved.info_requests.all()}
    commands.resubmit(
        actor=ada, number=number, version=saved.version, replies=replies, now=NOW + DAY, **current_licence(family)
    )


def test_sending_again_asks_the_same_person_no_second_time(ada: User, family: Family) -> None:
    application, _ben = returned(ada, family)
    send_again(ada, family, application)
    assert len(letters()) == 1


def test_a_corrected_address_is_asked_and_the_old_link_is_needed_no_more(ada: User, family: Family) -> None:
    application, _ben = returned(ada, family)
    send_again(ada, family, application, supervisor_email="greta@uni.example")
    assert len(letters("greta@uni.example")) == 1
    old = Reference.objects.get(email=SUPERVISOR)
    assert old.status(NOW + DAY) == Reference.Status.SUPERSEDED


def test_one_address_gets_three_letters_a_day_and_the_rest_tomorrow(family: Family) -> None:
    applicants = [make_user(f"student{n}") for n in range(5)]
    for number, applicant in enumerate(applicants):
        apply(applicant, family, supervisor_email=f"Grete+{number}@uni.example")
    assert Letter.objects.count() == 3
    waiting = Reference.objects.filter(asked_at=None)
    assert [one.status(NOW) for one in waiting] == [Reference.Status.WAITING] * 2
    assert ask_waiting_due(NOW + timedelta(hours=1)) == 0
    assert ask_waiting_due(NOW + DAY) == 2
    assert ask_waiting_due(NOW + DAY) == 0


def test_an_account_is_no_means_to_write_to_many_strangers(ada: User) -> None:
    for number in range(8):
        application = apply(ada, make_open_family(f"toy{number}"), supervisor_email=f"stranger{number}@else.example")
        commands.withdraw(actor=ada, number=str(application.number), now=NOW)
    assert Letter.objects.count() == 6


def test_the_silent_are_reminded_once_after_a_week(ada: User, family: Family) -> None:
    application = apply(ada, family)
    assert remind_due(NOW + 6 * DAY) == 0
    assert [remind_due(NOW + 7 * DAY + n * DAY) for n in range(3)] == [1, 0, 0]
    first, second = letters()
    assert link_in(first) != link_in(second)
    assert Event.objects.filter(name="application_reference_reminded").count() == 1
    assert the_reference(application).expires_at == NOW + timedelta(days=21)


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_nobody_is_reminded_in_vain(ada: User, family: Family, end: str) -> None:
    application = apply(ada, family)
    if end == "withdrawn":
        commands.withdraw(actor=ada, number=str(application.number), now=NOW)
    assert remind_due(NOW + (30 * DAY if end == "expired" else 8 * DAY)) == 0


def test_the_applicant_may_ask_again_once_a_day(ada: User, family: Family) -> None:
    reference = the_reference(apply(ada, family))
    resend_reference(actor=ada, reference_id=reference.pk, now=NOW + DAY)
    with pytest.raises(ConflictError) as error:
        resend_reference(actor=ada, reference_id=reference.pk, now=NOW + DAY)
    assert error.value.code == "asked_today"
    again = resend_reference(actor=ada, reference_id=reference.pk, now=NOW + 2 * DAY)
    assert again.expires_at == NOW + 23 * DAY


def test_a_question_that_was_not_answered_in_time_can_be_asked_anew(ada: User, family: Family) -> None:
    reference = the_reference(apply(ada, family))
    assert reference.status(NOW + 22 * DAY) == Reference.Status.EXPIRED
    assert resend_reference(actor=ada, reference_id=reference.pk, now=NOW + 22 * DAY).status(NOW + 23 * DAY) == "asked"


def test_reviewers_ask_again_within_the_limit_of_the_address(ada: User, family: Family) -> None:
    reference, ben = the_reference(apply(ada, family)), make_staff("ben", Role.REVIEWER)
    for _ in range(2):
        resend_reference(actor=ben, reference_id=reference.pk, now=NOW)
    with pytest.raises(ConflictError) as error:
        resend_reference(actor=ben, reference_id=reference.pk, now=NOW)
    assert error.value.code == "asked_too_often"


@pytest.mark.parametrize("roles", [(), (Role.AUDITOR,), (Role.RELEASE_MANAGER,)])
def test_others_ask_nobody(ada: User, family: Family, roles: tuple[Role, ...]) -> None:
    reference = the_reference(apply(ada, family))
    with pytest.raises(NotFoundError):
        resend_reference(actor=make_staff("cy", *roles), reference_id=reference.pk, now=NOW)
    assert len(letters()) == 1


def test_a_reviewer_who_is_the_supervisor_handles_nothing_of_it(ada: User, family: Family) -> None:
    grete = make_staff("grete", Role.REVIEWER)
    application = apply(ada, family, supervisor_email=grete.email.upper())
    with pytest.raises(GatehouseError) as error:
        commands.claim(actor=grete, number=str(application.number), version=application.version, now=NOW)
    assert error.value.code == "conflict_of_interest"
    with pytest.raises(NotFoundError):
        resend_reference(actor=grete, reference_id=the_reference(application).pk, now=NOW)


def test_people_are_forgotten_with_the_case_and_the_answer_stays(ada: User, family: Family) -> None:
    application = apply(ada, family)
    the_reference(application)
    Reference.objects.update(verdict="denied", answered_at=NOW, comment="Never met.", answered_name="Grete")
    type(application).objects.filter(pk=application.pk).update(anonymised_at=NOW)
    assert [forget_due(NOW), forget_due(NOW)] == [1, 0]
    left = the_reference(application)
    assert (left.name, left.email, left.comment, left.answered_name) == ("", "", "", "")
    assert "grete" not in left.address
    assert not Letter.objects.exists()
    assert left.verdict == "denied"
