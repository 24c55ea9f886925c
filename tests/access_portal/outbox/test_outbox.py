"""Mail is written with the change that caused it, leaves afterwards, and is tried again when it fails."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection, transaction
from pytest_django import Settings

from access_portal.outbox.commands import CLAIM, deliver_due, queue_mail, queue_text
from access_portal.outbox.models import MAIL_ATTEMPTS, OutboxMail
from tests.factories import make_user

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def letter(subject: str = "Hello", to: str = "ada@uni.example", sealed_body: str = "") -> OutboxMail:
    return queue_text(user=None, to=to, subject=subject, body="Shown.", sealed_body=sealed_body, now=NOW)


@pytest.mark.django_db
def test_mail_leaves_once() -> None:
    letter()
    assert deliver_due(NOW) == 1
    assert deliver_due(NOW + timedelta(days=1)) == 0
    assert [(m.to, m.subject, m.body) for m in mail.outbox] == [(["ada@uni.example"], "Hello", "Shown.")]


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_sends_nothing() -> None:
    with transaction.atomic():
        letter()
        transaction.set_rollback(True)
    assert deliver_due(NOW) == 0


@pytest.mark.django_db
def test_a_sealed_body_leaves_and_is_wiped() -> None:
    letter(sealed_body="The link.")
    deliver_due(NOW)
    assert mail.outbox[0].body == "The link."
    assert OutboxMail.objects.values_list("body", "sealed_body").get() == ("Shown.", "")


@pytest.mark.django_db
def test_a_mail_that_cannot_leave_waits_longer_each_time_and_is_given_up(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1,
    )  # fmt: skip
    queued = letter()
    waits = []
    moment = NOW
    for _ in range(MAIL_ATTEMPTS):
        assert deliver_due(moment) == 0
        queued.refresh_from_db()
        waits.append(queued.next_attempt_at - moment)
        moment = queued.next_attempt_at
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert (queued.attempts, queued.last_error) == (MAIL_ATTEMPTS, "ConnectionRefusedError")
    assert queued.is_given_up
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver_due(moment) == 0


@pytest.mark.django_db
def test_an_address_that_cannot_be_written_does_not_hold_up_the_others() -> None:
    letter(to="ada@uni.example\nBcc: all@uni.example")
    letter("Second")
    assert deliver_due(NOW) == 1
    assert [m.subject for m in mail.outbox] == ["Second"]


@pytest.mark.django_db
def test_a_sender_that_died_is_taken_over_after_its_claim() -> None:
    queued = letter()
    OutboxMail.objects.filter(pk=queued.pk).update(attempts=1, next_attempt_at=NOW + CLAIM)
    assert deliver_due(NOW + CLAIM - timedelta(seconds=1)) == 0
    assert deliver_due(NOW + CLAIM) == 1


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_mail_once() -> None:
    for number in range(6):
        letter(str(number))
    start = threading.Barrier(3)
    sent: list[int] = []

    def send() -> None:
        start.wait()
        sent.append(deliver_due(NOW))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 6
    assert sorted(m.subject for m in mail.outbox) == [str(number) for number in range(6)]


@pytest.mark.django_db
def test_a_template_is_plain_text_with_its_subject_on_top() -> None:
    ada = make_user("ada", last_login=NOW)
    ada.full_name = "Ada <Example> & Co"
    queued = queue_mail(template="role_given", context={"role": "R&D"}, user=ada, now=NOW)
    assert queued.subject == "You are now a R&D at Gatehouse"
    assert queued.body.startswith("Hello Ada <Example> & Co,\n\nyou now")


TEMPLATES = sorted(Path("access_portal/templates/mail").glob("*.txt"))


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.stem for path in TEMPLATES])
def test_every_template_begins_with_a_subject_and_an_empty_line(template: Path) -> None:
    lines = template.read_text().splitlines()
    assert "Subject: " in lines[0]
    assert lines[1] == ""
