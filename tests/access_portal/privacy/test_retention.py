"""What is forgotten, and when: each rule on the day before and on the day, looked at first, and never too much."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from access_portal.accounts.models import Role, User
from access_portal.api.models import AnsweredRequest
from access_portal.applications import commands
from access_portal.applications.models import Application, QueueLine, Reminder, Signal, State
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.grants.models import GrantMember
from access_portal.outbox.commands import queue_mail, queue_text
from access_portal.outbox.mail_desk import resend
from access_portal.outbox.models import OutboxMail, WebhookDelivery
from access_portal.privacy.commands import run_retention
from access_portal.privacy.rules import RULES, previews, run
from access_portal.references.models import Letter, Reference
from inference_worker.models import StoredFile
from release.models import Mint
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.access_portal.grants.life_scenes import make_invitation, make_lab
from tests.access_portal.outbox.scenes import make_webhook
from tests.access_portal.privacy.scenes import (
    ANSWERS,
    DAY,
    MARKS,
    NAME,
    NOW,
    furnish,
    make_case,
    make_zelda,
    places_with,
)
from tests.access_portal.references.scenes import apply
from tests.factories import make_grant, make_release, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server", "redis_server")]
ROOT = Path(__file__).resolve().parents[3]
RULE = {rule.key: rule for rule in RULES}
TICK = timedelta(seconds=1)


def due(key: str, now: datetime) -> int:
    return next(found.count for rule, found in previews(now) if rule.key == key)


def forgets(key: str, at: datetime) -> None:
    """Nothing is due, nor done, a moment before; one thing is at that time, once."""
    assert (due(key, at - TICK), run(RULE[key], at - TICK)) == (0, 0)
    assert (due(key, at), run(RULE[key], at)) == (1, 1)
    assert (due(key, at), run(RULE[key], at)) == (0, 0)


def test_texts_of_mails_go_after_a_year_and_the_line_stays(client: Client) -> None:
    ada = make_user("ada")
    mail = queue_mail(template="role_taken", context={"role": "x"}, user=ada, now=NOW)
    OutboxMail.objects.filter(pk=mail.pk).update(sent_at=NOW)
    forgets("mail_texts", NOW + 365 * DAY)
    client.force_login(ada)
    page = client.get(reverse("messages")).content.decode()
    assert mail.subject in page
    assert "no longer kept" in page


def test_a_mail_that_still_waits_keeps_its_text() -> None:
    queue_mail(template="role_taken", context={"role": "x"}, user=make_user("ada"), now=NOW)
    assert due("mail_texts", NOW + 900 * DAY) == 0


def test_a_mail_whose_text_is_forgotten_cannot_be_sent_again() -> None:
    failed = queue_mail(template="role_taken", context={"role": "x"}, user=make_user("ada"), now=NOW)
    OutboxMail.objects.filter(pk=failed.pk).update(attempts=12, last_error="SMTPException")
    run(RULE["mail_texts"], NOW + 365 * DAY)
    with pytest.raises(GatehouseError) as caught:
        resend(mail_id=failed.pk, actor=make_staff("gus", Role.OPERATOR), now=NOW)
    assert caught.value.code == "mail_forgotten"


@pytest.mark.parametrize("ended", ["delivered_at", "given_up_at"])
def test_deliveries_go_after_ninety_days(ended: str) -> None:
    endpoint = make_webhook(make_staff("gus", Role.OPERATOR), NOW)
    endpoint.deliveries.all().delete()
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_id="e", subject="s", type="t", payload={}, created_at=NOW - DAY, **{ended: NOW}
    )
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_id="open", subject="s", type="t", payload={}, created_at=NOW
    )
    forgets("webhook_deliveries", NOW + 90 * DAY)
    assert WebhookDelivery.objects.get().event_id == "open"


def test_where_a_link_was_asked_for_goes_after_a_year_and_nothing_else_of_it() -> None:
    release = make_release()
    grant = make_grant(make_user("ada"), release.variant.family)
    values = {"artifact": release.artifacts.get(), "user": grant.holder, "grant": grant, "expires_at": NOW + DAY}
    mint = Mint.objects.create(minted_at=NOW, address="192.0.2.7", user_agent="curl", **values)
    forgets("download_addresses", NOW + 365 * DAY)
    mint.refresh_from_db()
    assert (mint.address, mint.user_agent, mint.user, mint.minted_at) == (None, "", grant.holder, NOW)


def test_an_invitation_that_nobody_followed_goes_and_one_that_was_followed_stays() -> None:
    ada, cy = make_user("ada"), make_user("cy")
    lab = make_lab(ada, None, cy)
    invited = make_invitation(lab, "zyzzyva@uni.example", name="Z", invited_at=NOW)
    GrantMember.objects.filter(user=cy).update(removed_reason="")
    forgets("invitations", NOW + 44 * DAY)
    invited.refresh_from_db()
    assert (invited.email, invited.name, invited.token_digest) == ("", "", "")
    assert GrantMember.objects.get(user=cy).email == cy.email


def test_letters_go_after_ninety_days() -> None:
    apply(make_user("tess"), make_open_family("gosling"), NOW)
    forgets("letters", NOW + 90 * DAY)
    assert not Letter.objects.exists()
    assert Reference.objects.get().email


def test_notes_of_reminders_go_when_the_case_is_closed() -> None:
    ada = make_user("ada")
    for family, state in (("one", State.CLOSED), ("two", State.DRAFT)):
        case = make_application(ada, make_open_family(family), state)
        Reminder.objects.create(application=case, kind="one_day", due_at=NOW, sent_at=NOW)
    forgets("reminders", NOW + 365 * DAY)
    assert Reminder.objects.get().application.state == State.DRAFT


def test_answers_of_the_api_go_after_a_day() -> None:
    AnsweredRequest.objects.create(user=make_user("ada"), key="k", digest="0" * 64, at=NOW)
    forgets("api_answers", NOW + DAY + TICK)


def test_sessions_go_at_their_end() -> None:
    Session.objects.create(session_key="k", session_data="x", expire_date=NOW)
    forgets("sessions", NOW + TICK)


def make_unconfirmed(name: str = "mal") -> User:
    """As signing up leaves it: an address, and the mail that asks to confirm it."""
    user = make_user(name, verified=False, date_joined=NOW)
    queue_text(user=user, to=user.email, subject="Confirm", body="Here.", now=NOW, about="account")
    return user


def test_accounts_never_confirmed_go_after_thirty_days() -> None:
    make_unconfirmed()
    forgets("unconfirmed_accounts", NOW + 30 * DAY)
    assert not User.objects.exists()
    assert not OutboxMail.objects.exists()


def test_an_account_on_which_something_hangs_stays() -> None:
    spared = [make_unconfirmed(name) for name in ("a1", "a2", "a3", "a4")]
    make_application(spared[0], make_open_family(), State.DRAFT)
    spared[1].roles.create(role=Role.REVIEWER)
    EmailAddress.objects.filter(user=spared[2]).update(verified=True)
    queue_mail(template="role_taken", context={"role": "x"}, user=spared[3], now=NOW)
    assert run(RULE["unconfirmed_accounts"], NOW + 900 * DAY) == 0
    assert User.objects.filter(pk__in=[user.pk for user in spared]).count() == 4
    assert OutboxMail.objects.filter(about="account").count() == 4


def test_files_of_jobs_are_shown_but_have_no_button() -> None:
    owner = make_user("ada")
    StoredFile.objects.create(
        owner=owner, purpose="batch", filename="x", size_bytes=1, sha256="0" * 64, storage_key="k", expires_at=NOW
    )
    assert (due("job_files", NOW - TICK), due("job_files", NOW)) == (0, 1)
    with pytest.raises(GatehouseError) as caught:
        run_retention(actor=None, key="job_files", now=NOW)
    assert caught.value.code == "rule_not_found"


def test_a_forgotten_case_has_no_words_and_no_copies_left() -> None:
    zelda, ben = make_zelda(), make_staff("ben", Role.REVIEWER, Role.DECIDER)
    case = make_case(zelda, make_open_family("gosling"), ben)
    Application.objects.filter(pk=case.pk).update(hold_ground=f"{NAME}?", saved_at=NOW)
    assert Signal.objects.filter(application=case).count() > 1
    assert QueueLine.objects.filter(application=case).exists()
    commands.keeping.close_due(NOW + 60 * DAY)
    forgets("case_words", NOW + 60 * DAY + 730 * DAY)
    run(RULE["references"], NOW + 900 * DAY)
    run(RULE["letters"], NOW + 900 * DAY)
    left = {
        place.split(":")[0]
        for place in places_with(*MARKS)
        if not place.startswith(("accounts.", "account.", "socialaccount."))
    }
    assert left == {"applications_conflict"} or left <= {"applications.Conflict.reason", "outbox.OutboxMail.to"}


def test_signals_can_be_forgotten_but_not_rewritten() -> None:
    case = make_application(make_user("ada"), make_open_family())
    one = Signal.objects.create(application=case, round=1, kind="x", level="info", value="v", source="s", at=NOW)
    for change in ({"value": "other"}, {"kind": "y"}, {"level": "success"}, {"value": ""}, {"at": NOW + DAY}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Signal.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        one.delete()
    Signal.objects.filter(pk=one.pk).update(value=f"forgotten {one.pk}")


@pytest.mark.parametrize("table", ["applications_signal", "receipts_receipt", "release_mint", "release_fetchreport"])
def test_what_can_be_forgotten_row_by_row_cannot_be_emptied_at_one_stroke(table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_every_rule_with_a_job_is_run_by_the_clock() -> None:
    assert {rule.job for rule in RULES if rule.job} <= set(settings.CLOCK_JOBS)
    assert len(RULE) == len(RULES)


def test_the_reference_page_says_what_the_rules_say() -> None:
    with translation.override("en"):
        rows = [f"| {rule.what} | {rule.after} | {rule.why} |" for rule in RULES]
    page = (ROOT / "docs/reference/retention.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("| ")][2:] == rows


def test_a_preview_changes_nothing_and_names_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    furnish()
    before = places_with(*MARKS)
    call_command("retention", "--preview")
    shown = capsys.readouterr().out.lower()
    assert [mark for mark in MARKS if mark in shown] == []
    assert {line.split(":")[0] for line in shown.splitlines()} == set(RULE)
    assert places_with(*MARKS) == before


def test_the_command_runs_one_rule_and_refuses_an_unknown_one(capsys: pytest.CaptureFixture[str]) -> None:
    AnsweredRequest.objects.create(user=make_user("ada"), key="k", digest="0" * 64, at=NOW)
    call_command("retention", "--run", "--rule", "api_answers")
    assert capsys.readouterr().out == "api_answers: 1 forgotten\n"
    assert Event.objects.get(name="retention_run").data == {"forgotten": 1, "api_answers": 1}
    with pytest.raises(CommandError):
        call_command("retention", "--run", "--rule", "everything")


def test_an_administrator_looks_and_lets_it_run(client: Client) -> None:
    office = make_staff("olga", Role.ADMIN)
    AnsweredRequest.objects.create(user=office, key="k", digest="0" * 64, at=timezone.now() - 2 * DAY)
    client.force_login(office)
    page = client.get(reverse("retention"))
    assert page.context["rules"][7][1].count == 1
    client.post(reverse("retention"), {"rule": "api_answers"})
    assert not AnsweredRequest.objects.exists()
    assert Event.objects.get(name="retention_run").actor == office


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_nobody_else_does(client: Client, role: Role) -> None:
    client.force_login(make_staff("ben", role))
    assert client.get(reverse("retention")).status_code == 403
    assert client.post(reverse("retention"), {"rule": ""}).status_code == 403
    assert not Event.objects.filter(name="retention_run").exists()


def test_the_answers_stay_while_the_retention_lasts() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.CLOSED, closed_at=NOW, answers=ANSWERS)
    assert run(RULE["case_words"], NOW + 729 * DAY) == 0
    case.refresh_from_db()
    assert case.answers == ANSWERS
