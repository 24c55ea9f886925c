"""What happens by itself: reminders, lapsing, closing, forgetting. The clock never decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from access_portal.applications import commands
from access_portal.applications.commands import keeping
from access_portal.applications.models import Application, Attachment, State
from access_portal.audit.commands import first_broken
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import ANSWERS, DAY, NOW, draft, make_application, make_open_family
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
YEARS = timedelta(days=3650)


def mails(case: Application) -> list[str]:
    return list(OutboxMail.objects.filter(about=case.subject).order_by("pk").values_list("template", flat=True))


def test_a_returned_application_is_reminded_of_and_then_lapses() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.INFO_REQUESTED, due_at=NOW + 30 * DAY)
    sent = [keeping.remind_due(NOW + days * DAY) for days in (0, 15, 16, 17, 26, 27, 28, 29, 29.5)]
    assert sent == [0, 0, 1, 0, 0, 1, 0, 1, 0]
    assert (keeping.expire_due(NOW + 29.9 * DAY), keeping.expire_due(NOW + 30 * DAY)) == (0, 1)
    case.refresh_from_db()
    assert (case.state, mails(case)) == (State.EXPIRED, ["application_reminder"] * 3 + ["application_expired"])


def test_a_clock_that_slept_sends_one_reminder_and_lapses_nothing_unreminded() -> None:
    case = draft(make_user("ada"), make_open_family())
    late = NOW + 120 * DAY
    assert keeping.expire_due(late) == 0  # nobody was told
    assert (keeping.remind_due(late), keeping.remind_due(late)) == (1, 0)
    assert keeping.expire_due(late) == 1
    assert mails(case) == ["application_reminder", "application_expired"]


def test_what_was_decided_is_closed_when_nothing_can_follow() -> None:
    family = make_open_family()
    refused = make_application(make_user("ada"), family, State.REFUSED_FINAL)
    approved = make_application(make_user("cy"), family, State.APPROVED)
    grant = make_grant(approved.applicant, family, now=NOW, application=approved)
    assert keeping.close_due(NOW + 29 * DAY) == 0
    assert keeping.close_due(NOW + 31 * DAY) == 1
    Grant.objects.filter(pk=grant.pk).update(state="expired")
    assert keeping.close_due(NOW + 32 * DAY) == 1
    assert {case.state for case in Application.objects.all()} == {State.CLOSED}
    assert first_broken(refused.subject) is None


def test_nothing_is_decided_by_time_alone() -> None:
    """An approval by timeout: a clock that runs for ten years gives nobody anything and refuses nobody."""
    family = make_open_family()
    cases = {state: make_application(make_user(f"p{n}"), family, state) for n, state in enumerate(State)}
    for years in range(1, 11):
        for job in (keeping.remind_due, keeping.expire_due, keeping.close_due, keeping.anonymise_due):
            job(NOW + years * 365 * DAY)
    assert not Grant.objects.exists()
    after = {state: Application.objects.get(pk=case.pk).state for state, case in cases.items()}
    waits_on_staff = {State.SUBMITTED, State.IN_REVIEW, State.REVISED, State.RECOMMENDED, State.APPEALED}
    assert {state for state in State if after[state] == state} == waits_on_staff | {State.CLOSED, State.EXPIRED} - {
        State.EXPIRED
    }


def test_a_closed_case_is_forgotten_after_its_time_and_can_be_looked_at_before() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.CLOSED)
    commands_before = case.decision
    Attachment.objects.create(
        application=case, question="plan_file", name="plan.pdf", media_type="application/pdf", size_bytes=1,
        sha256="0" * 64, content=b"x", uploaded_at=NOW,
    )  # fmt: skip
    assert keeping.due_for_anonymising(NOW + 700 * DAY) == []
    assert keeping.due_for_anonymising(NOW + 731 * DAY) == [case]
    assert keeping.anonymise_due(NOW + 731 * DAY) == 1
    case.refresh_from_db()
    assert (case.answers, case.sent_rounds.get().answers, case.attachments.count()) == ({}, {}, 0)
    assert case.decision == commands_before
    assert (case.decision.text, case.decision.code) == ("-", "other")
    assert keeping.anonymise_due(NOW + 732 * DAY) == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        Application.objects.filter(pk=case.pk).update(answers=ANSWERS)


def test_one_case_that_is_not_ready_holds_up_no_other() -> None:
    family = make_open_family()
    make_application(make_user("ada"), family, State.INFO_REQUESTED, due_at=NOW)  # never reminded
    ready = make_application(make_user("cy"), family, State.INFO_REQUESTED, due_at=NOW + DAY)
    keeping.remind_due(NOW + DAY)
    OutboxMail.objects.all().delete()
    assert keeping.expire_due(NOW + DAY) == 2
    assert Application.objects.get(pk=ready.pk).state == State.EXPIRED


def test_the_applicant_is_told_of_nothing_internal() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)
    commands.note(actor=case.claimed_by, number=str(case.number), text="Looks odd to me.", now=NOW)
    assert not OutboxMail.objects.exists()
