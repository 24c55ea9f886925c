"""A mail that waits for its hour can be stopped until a sender takes it up, and nobody sees it before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from access_portal.outbox.commands import CLAIM, SENDER_DIED, cancel, cancel_unsent, deliver_due, queue_text
from access_portal.outbox.models import MAIL_ATTEMPTS, OutboxMail
from access_portal.outbox.queries import mails_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def letter(subject: str = "Hello", **fields: Any) -> OutboxMail:
    values = {"user": None, "to": "ada@uni.example", "body": "Shown.", "now": NOW, **fields}
    return queue_text(subject=subject, **values)


def test_a_mail_waits_for_its_hour() -> None:
    letter(not_before=NOW + HOUR)
    assert deliver_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert deliver_due(NOW + HOUR) == 1


def test_an_hour_that_has_passed_holds_nothing_up() -> None:
    letter(not_before=NOW - HOUR)
    assert deliver_due(NOW) == 1


def test_a_cancelled_mail_never_leaves() -> None:
    queued = letter(sealed_body="The link.", not_before=NOW + HOUR)
    assert cancel(mail=queued, now=NOW)
    assert deliver_due(NOW + HOUR) == 0
    queued.refresh_from_db()
    assert (queued.status, queued.cancelled_at, queued.sealed_body) == ("cancelled", NOW, "")
    assert not cancel(mail=queued, now=NOW)


def test_a_mail_that_was_sent_or_tried_cannot_be_cancelled() -> None:
    sent, tried = letter(), letter(not_before=NOW + HOUR)
    assert deliver_due(NOW) == 1
    OutboxMail.objects.filter(pk=tried.pk).update(attempts=1)  # a sender holds it
    assert not cancel(mail=sent, now=NOW)
    assert not cancel(mail=tried, now=NOW)
    assert len(mail.outbox) == 1


def test_mails_are_cancelled_by_matter_and_template() -> None:
    matter = {"about": "application:GH-2026-00001", "template": "application_approved"}
    wanted, later = letter(**matter), letter(**matter, not_before=NOW + HOUR)
    others = [letter(**{**matter, "template": "receipt"}), letter(**{**matter, "about": "application:GH-2026-00002"})]
    assert cancel_unsent(**matter, now=NOW) == 2
    assert cancel_unsent(**matter, now=NOW) == 0
    gone = set(OutboxMail.objects.exclude(cancelled_at=None).values_list("pk", flat=True))
    assert gone == {wanted.pk, later.pk}
    assert gone.isdisjoint({other.pk for other in others})


def test_a_cancellation_that_is_rolled_back_stops_nothing() -> None:
    queued = letter()
    with transaction.atomic():
        assert cancel(mail=queued, now=NOW)
        transaction.set_rollback(True)
    assert deliver_due(NOW) == 1


@pytest.mark.django_db(transaction=True)
def test_of_sender_and_canceller_exactly_one_wins() -> None:
    queued = [letter(str(number)) for number in range(8)]
    start = threading.Barrier(2)
    stopped: list[bool] = []
    sent: list[int] = []

    def send() -> None:
        start.wait()
        sent.append(deliver_due(NOW))
        connection.close()

    def stop() -> None:
        start.wait()
        stopped.extend(cancel(mail=one, now=NOW) for one in reversed(queued))
        connection.close()

    threads = [threading.Thread(target=send), threading.Thread(target=stop)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) + sum(stopped) == len(queued)
    assert len(mail.outbox) == sum(sent)


class MeddlingBackend(EmailBackend):
    """While it sends one mail it cancels what it can of the rest, and notes how the log shows the one it holds."""

    seen: ClassVar[list[str]] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        held = OutboxMail.objects.get(subject=messages[0].subject)
        self.seen.append(held.status)
        for other in OutboxMail.objects.exclude(pk=held.pk):
            cancel(mail=other, now=NOW)
        return super().send_messages(messages)


@pytest.fixture
def meddling(settings: Settings) -> list[str]:
    settings.EMAIL_BACKEND = f"{__name__}.{MeddlingBackend.__name__}"
    MeddlingBackend.seen.clear()
    return MeddlingBackend.seen


@pytest.mark.usefixtures("meddling")
def test_a_mail_cancelled_after_a_sender_saw_it_stays() -> None:
    letter("First")
    letter("Second")
    assert deliver_due(NOW) == 1
    assert [message.subject for message in mail.outbox] == ["First"]


def test_a_mail_that_failed_is_not_shown_as_failed_while_a_sender_holds_it(meddling: list[str]) -> None:
    letter()
    OutboxMail.objects.update(attempts=1, last_error="OSError")
    assert deliver_due(NOW) == 1
    assert meddling == ["waiting"]


def test_nobody_reads_in_the_portal_what_can_still_be_cancelled() -> None:
    ada = make_user("ada")
    shown = letter("Shown", user=ada)
    cancelled = letter("Cancelled", user=ada)
    held = letter("Held", user=ada, not_before=NOW + HOUR)
    cancel(mail=cancelled, now=NOW)
    assert list(mails_of(ada, NOW)) == [shown]
    assert list(mails_of(ada, NOW + HOUR)) == [held, shown]


def test_the_page_of_messages_shows_only_what_is_out(client: Client) -> None:
    ada = make_user("ada")
    letter("Long ago", user=ada)
    letter("Far ahead", user=ada, not_before=NOW + timedelta(days=40_000))
    client.force_login(ada)
    page = client.get("/account/messages/").content.decode()
    assert "Long ago" in page
    assert "Far ahead" not in page


def test_a_mail_that_is_given_up_forgets_its_secret(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1,
    )  # fmt: skip
    queued = letter(sealed_body="The link.")
    OutboxMail.objects.update(attempts=MAIL_ATTEMPTS - 2)
    kept = []
    for _ in range(2):
        queued.refresh_from_db()
        deliver_due(queued.next_attempt_at)
        queued.refresh_from_db()
        kept.append(queued.sealed_body)
    assert kept == ["The link.", ""]
    assert queued.is_given_up


def test_so_does_one_whose_sender_never_came_back() -> None:
    queued = letter(sealed_body="The link.")
    OutboxMail.objects.update(attempts=MAIL_ATTEMPTS, next_attempt_at=NOW + CLAIM)
    deliver_due(NOW)
    queued.refresh_from_db()
    assert (queued.last_error, queued.sealed_body) == ("", "The link.")
    deliver_due(NOW + CLAIM)
    queued.refresh_from_db()
    assert (queued.last_error, queued.sealed_body) == (SENDER_DIED, "")
