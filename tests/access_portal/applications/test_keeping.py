"""What happens by itself: reminders, lapsing, closing, forgetting. The clock never decides. Also run on mutants."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import pytest
from django.db import DatabaseError, transaction

from access_portal.accounts.models import Role
from access_portal.applications.commands import keeping
from access_portal.applications.models import Application, Attachment, Decision, ReviewPolicy, State
from access_portal.audit.commands import first_broken
from access_portal.errors import ConflictError
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.acting import code_of, told, word
from tests.access_portal.applications.scenes import (
    ANSWERS,
    DAY,
    NOW,
    draft,
    make_application,
    make_open_family,
    make_reminded,
)
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


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
    with pytest.raises(ConflictError, match="not_settled"):
        keeping.close(number=str(approved.number), now=NOW + 31 * DAY)
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
    assert {state for state in State if after[state] == state} == {*waits_on_staff, State.CLOSED}
    assert {after[state] for state in State} == {*waits_on_staff, State.CLOSED}


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
    kept = Decision.objects.get(application=case)
    assert (kept.text, kept.code) == ("-", "other")
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


def test_the_applicant_is_told_of_nothing_internal(commands: ModuleType) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)
    commands.note(actor=case.claimed_by, number=str(case.number), text="Looks odd to me.", now=NOW)
    assert not OutboxMail.objects.exists()


def test_a_deadline_set_near_is_reminded_of_in_its_own_time(commands: ModuleType) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, saved_at=NOW - 30 * DAY)
    ask = commands.Ask("What will you measure?", "purpose")
    due_at = NOW + 5 * DAY
    commands.request_info(**told(case, case.claimed_by), asks=[ask], due_at=due_at)
    assert keeping.remind_due(NOW + SECOND) == 0  # it can still be undone
    assert case.reminders.count() == 0
    sent = [keeping.remind_due(NOW + days * DAY) for days in (0.1, 1.9, 2, 3, 4, 4.5)]
    assert sent == [0, 0, 1, 0, 1, 0]
    assert mails(case) == ["application_info_requested", *["application_reminder"] * 2]


def test_the_shortest_deadline_is_reminded_of_once_its_mail_has_left(commands: ModuleType) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)
    asks = [commands.Ask("What will you measure?", "purpose")]
    soon = told(case, case.claimed_by, asks=asks, due_at=NOW + DAY - SECOND)
    assert code_of(commands.request_info, **soon) == "due_too_soon"
    commands.request_info(**{**soon, "due_at": NOW + DAY})
    assert [keeping.remind_due(NOW + at * SECOND) for at in (59, 60, 61)] == [0, 1, 0]
    assert keeping.expire_due(NOW + DAY) == 1


def test_a_note_of_what_was_skipped_is_no_reminder(commands: ModuleType) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)
    asks = [commands.Ask("What will you measure?", "purpose")]
    commands.request_info(**told(case, case.claimed_by), asks=asks, due_at=NOW + 10 * DAY)
    assert keeping.remind_due(NOW + DAY) == 0
    assert case.reminders.count() == 1
    assert keeping.expire_due(NOW + 11 * DAY) == 0  # the clock slept over the mails
    assert code_of(commands.expire, number=str(case.number), now=NOW + 11 * DAY) == "not_overdue"
    assert keeping.remind_due(NOW + 11 * DAY) == 1
    assert keeping.expire_due(NOW + 11 * DAY) == 1


def test_a_new_draft_is_not_reminded_of_at_once_and_writing_starts_the_time_anew(commands: ModuleType) -> None:
    family, ada = make_open_family(), make_user("ada")
    ReviewPolicy.objects.create(family=family, draft_days=10)
    case = draft(ada, family)
    assert [keeping.remind_due(NOW + days * DAY) for days in (0, 6, 7)] == [0, 0, 1]
    commands.save_draft(**told(case, ada, NOW + 8 * DAY), answers={"purpose": "More."})
    assert [keeping.remind_due(NOW + days * DAY) for days in (9, 14, 15, 17)] == [0, 0, 1, 1]
    assert (keeping.expire_due(NOW + 17 * DAY), keeping.expire_due(NOW + 18 * DAY)) == (0, 1)


def test_whoever_was_reminded_has_until_the_date_and_a_new_date_is_reminded_of_anew(commands: ModuleType) -> None:
    ada = make_user("ada")
    case = draft(ada, make_open_family())
    assert keeping.remind_due(NOW + 89.5 * DAY) == 1
    lapse = {"number": str(case.number)}
    assert code_of(commands.expire, **lapse, now=NOW + 89.9 * DAY) == "not_overdue"
    commands.save_draft(**told(case, ada, NOW + 89.9 * DAY), answers={"purpose": "More."})
    assert code_of(commands.expire, **lapse, now=NOW + 200 * DAY) == "not_overdue"


def test_what_lapsed_rests_for_a_month_in_which_its_answers_can_be_taken_along(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    case = make_application(ada, family, State.INFO_REQUESTED, hold_ground="A hit.", hold_recheck_at=NOW)
    lapses = NOW + 100 * DAY
    make_reminded(case)
    lapsed = commands.expire(number=case.number, now=lapses)
    assert (lapsed.state, lapsed.hold_ground, lapsed.hold_recheck_at) == (State.EXPIRED, "", None)
    assert keeping.close_due(lapses + 29 * DAY) == 0
    begun = commands.start_application(actor=ada, family=family, previous=case.number, now=lapses + 29 * DAY)
    assert begun.answers == ANSWERS
    assert keeping.close_due(lapses + 30 * DAY) == 1


def test_a_run_is_bounded_and_what_is_not_ready_does_not_hold_the_rest_up(
    commands: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SLICE", 1)
    slow, quick = make_open_family("slow"), make_open_family("quick")
    used = make_application(make_user("used"), quick, State.APPROVED)
    make_grant(used.applicant, quick, now=NOW, application=used)
    ReviewPolicy.objects.create(family=slow, appeal_days=400, retention_days=4000)
    for family in (slow, quick):
        make_application(make_user(f"a-{family.slug}"), family, State.REFUSED_FIXABLE)
        make_application(make_user(f"b-{family.slug}"), family, State.CLOSED)
        make_application(make_user(f"c-{family.slug}"), family, State.DRAFT, due_at=NOW - DAY)  # nobody was reminded
        make_reminded(make_application(make_user(f"d-{family.slug}"), family, State.DRAFT))
    at = NOW + 31 * DAY
    assert [keeping.close_due(at), keeping.close_due(at)] == [1, 0]
    assert [keeping.expire_due(at), keeping.expire_due(at), keeping.expire_due(at)] == [1, 1, 0]
    assert [keeping.remind_due(at), keeping.remind_due(at), keeping.remind_due(at)] == [1, 1, 0]
    late = NOW + 800 * DAY
    assert [len(keeping.due_for_anonymising(late)), keeping.anonymise_due(late)] == [1, 1]
    assert not Application.objects.filter(family=slow).exclude(anonymised_at=None).exists()
    assert [keeping.close_due(NOW + 401 * DAY) for _run in range(4)] == [1, 1, 1, 0]


def test_a_closed_case_is_left_alone(commands: ModuleType) -> None:
    amy = make_user("amy", Role.ADMIN)
    case = make_application(make_user("ada"), make_open_family(), State.WITHDRAWN)
    closed = commands.close(actor=amy, number=str(case.number), now=NOW)
    assert (closed.state, closed.closed_at) == (State.CLOSED, NOW)
    once = commands.anonymise(actor=amy, number=str(case.number), now=NOW)
    twice = commands.anonymise(actor=amy, number=str(case.number), now=NOW + DAY)
    assert (once.anonymised_at, twice.anonymised_at, once.version) == (NOW, NOW, twice.version)
    assert code_of(commands.send_message, **word(case, case.applicant, text="Hello?")) == "wrong_state"
    assert code_of(commands.note, **word(case, amy, text="Hello?")) == "wrong_state"
