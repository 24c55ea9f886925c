"""Webhooks arrive signed, in order for each subject, and again until they do."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.outbox import endpoints, posting
from access_portal.outbox.announcements import announce
from access_portal.outbox.models import OutboxMail, WebhookDelivery, WebhookEndpoint
from access_portal.outbox.webhook_sending import CLAIM, MOST_OF_ONE, WAITS, deliver_webhooks_due
from tests.access_portal.outbox.conftest import Add
from tests.access_portal.outbox.receiver import Receiver, is_signed

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def happen(number: int = 1, type_: str = "application.submitted") -> None:
    announce(type=type_, subject=f"application:{number}", data={"number": str(number)}, now=NOW)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_an_event_arrives_signed_and_is_marked(add: Add, receiver: Receiver) -> None:
    endpoint, secret = add()
    happen()
    assert deliver_webhooks_due(NOW) == 1
    request, delivery = receiver.received[0], only()
    assert is_signed(secret, request)
    assert request.headers["webhook-id"] == delivery.event_id
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert json.loads(request.body) == delivery.payload
    assert (delivery.status, delivery.response_status) == ("delivered", 204)
    endpoint.refresh_from_db()
    assert endpoint.last_delivered_at == delivery.delivered_at
    assert deliver_webhooks_due(NOW + timedelta(days=9)) == 0
    assert len(receiver.received) == 1


def test_a_failed_event_comes_again_with_the_same_id_and_body_and_a_new_time(add: Add, receiver: Receiver) -> None:
    _endpoint, secret = add("/script")
    receiver.statuses = [500]
    happen()
    assert deliver_webhooks_due(NOW) == 0
    assert (only().status, only().response_status, only().attempts) == ("retrying", 500, 1)
    assert deliver_webhooks_due(NOW + WAITS[0] - SECOND) == 0
    assert deliver_webhooks_due(NOW + WAITS[0]) == 1
    first, second = receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert is_signed(secret, second)


def test_waits_grow_and_after_three_days_it_is_given_up_and_the_owner_told(
    add: Add, receiver: Receiver, keeper: User
) -> None:
    add("/status/500")
    happen()
    moment, waits = NOW, []
    while only().given_up_at is None:
        deliver_webhooks_due(moment)
        waits.append(only().next_attempt_at - moment)
        moment = only().next_attempt_at
    assert waits[:-1] == list(WAITS) == sorted(WAITS)
    assert timedelta(days=3) < sum(WAITS, timedelta()) < timedelta(days=3, hours=6)
    assert len(receiver.received) == len(WAITS) + 1
    mail = OutboxMail.objects.get(template="webhook_given_up")
    assert (mail.user, "127.0.0.1" in mail.subject, receiver.url in mail.body) == (keeper, True, False)
    assert deliver_webhooks_due(moment + timedelta(days=9)) == 0


def give_up(delivery_type: str = "application.submitted") -> None:
    happen(type_=delivery_type)
    WebhookDelivery.objects.filter(delivered_at=None, given_up_at=None).update(attempts=len(WAITS))
    deliver_webhooks_due(NOW)


def test_the_owner_is_told_once_until_something_arrives(add: Add, receiver: Receiver) -> None:
    add("/script")
    receiver.statuses = [500, 500, 200, 500]
    told = []
    for _ in range(4):
        give_up()
        told.append(OutboxMail.objects.filter(template="webhook_given_up").count())
    assert told == [1, 1, 1, 2]


def test_410_disables_the_endpoint_and_tells_its_owner(add: Add, keeper: User) -> None:
    endpoint, _secret = add("/status/410")
    happen(1)
    happen(2)
    deliver_webhooks_due(NOW)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert {row.status for row in endpoint.deliveries.all()} == {"given_up"}
    assert "410" in endpoint.disabled_reason
    assert OutboxMail.objects.get(template="webhook_disabled").user == keeper
    assert Event.objects.filter(subject=f"webhook:{endpoint.pk}", name="webhook_disabled").count() == 1
    happen(3)
    assert not WebhookDelivery.objects.filter(subject="application:3").exists()


def test_what_waits_for_a_disabled_endpoint_leaves_once_it_is_enabled(
    add: Add, receiver: Receiver, keeper: User
) -> None:
    endpoint, _secret = add()
    happen()
    endpoints.disable(endpoint_id=endpoint.pk, reason="repairs", actor=keeper, now=NOW)
    assert deliver_webhooks_due(NOW) == 0
    assert receiver.received == []
    endpoints.enable(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    assert deliver_webhooks_due(NOW) == 1


def test_events_of_one_subject_wait_for_the_one_before(add: Add, receiver: Receiver) -> None:
    add("/script")
    receiver.statuses = [500]
    happen(1, "application.submitted")
    happen(1, "application.claimed")
    assert deliver_webhooks_due(NOW) == 0
    happen(2, "application.submitted")
    assert deliver_webhooks_due(NOW) == 1
    assert [json.loads(request.body)["data"]["number"] for request in receiver.received] == ["1", "2"]
    assert deliver_webhooks_due(NOW + WAITS[0]) == 1
    assert deliver_webhooks_due(NOW + WAITS[0]) == 1
    kinds = [json.loads(request.body)["type"] for request in receiver.received]
    assert kinds == ["application.submitted"] * 3 + ["application.claimed"]


def test_a_later_event_leaves_once_the_one_before_is_given_up(add: Add, receiver: Receiver) -> None:
    add("/script")
    receiver.statuses = [500]
    happen(1, "application.submitted")
    happen(1, "application.claimed")
    WebhookDelivery.objects.filter(type="application.submitted").update(attempts=len(WAITS))
    assert deliver_webhooks_due(NOW) == 0
    assert deliver_webhooks_due(NOW) == 1
    assert json.loads(receiver.received[-1].body)["type"] == "application.claimed"


def test_one_endpoint_waits_for_no_other(add: Add, receiver: Receiver) -> None:
    add("/status/500")
    add("/ok")
    happen(1, "application.submitted")
    happen(1, "application.claimed")
    assert [deliver_webhooks_due(NOW), deliver_webhooks_due(NOW)] == [1, 1]
    assert [request.path for request in receiver.received].count("/ok") == 2


def test_one_endpoint_takes_no_more_than_its_share_of_a_run(
    add: Add, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "DEADLINE_SECONDS", 3.0)
    add("/hang")
    for number in range(MOST_OF_ONE + 5):
        happen(number)
    add("/ok", "grant.*")
    announce(type="grant.expired", subject="grant:1", data={}, now=NOW)
    assert deliver_webhooks_due(NOW) == 1
    assert WebhookDelivery.objects.filter(type="application.submitted", attempts=1).count() == MOST_OF_ONE


def test_while_a_secret_is_replaced_both_sign(add: Add, receiver: Receiver, keeper: User) -> None:
    endpoint, old = add()
    new = endpoints.rotate_secret(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    happen(1)
    deliver_webhooks_due(NOW)
    happen(2)
    deliver_webhooks_due(NOW + endpoints.OLD_SECRET_LASTS)
    during, after = receiver.received
    assert [is_signed(secret, during) for secret in (new, old)] == [True, True]
    assert [is_signed(secret, after) for secret in (new, old)] == [True, False]


def test_a_secret_that_cannot_be_read_sends_nothing_and_says_so(
    add: Add, receiver: Receiver, settings: Settings
) -> None:
    add()
    happen()
    settings.SECRET_KEY = "another key of sufficient length for a test"
    assert deliver_webhooks_due(NOW) == 0
    assert (only().last_error, receiver.received) == ("secret_unreadable", [])


def test_an_endpoint_that_became_private_is_not_called(add: Add, receiver: Receiver, settings: Settings) -> None:
    add()
    happen()
    settings.DEBUG = False
    assert deliver_webhooks_due(NOW) == 0
    assert (only().last_error, receiver.received) == ("address_refused", [])


def test_a_sender_that_died_after_sending_is_followed_by_one_with_the_same_id(add: Add, receiver: Receiver) -> None:
    add()
    happen()
    deliver_webhooks_due(NOW)
    WebhookDelivery.objects.update(delivered_at=None, attempts=1, next_attempt_at=NOW + CLAIM)
    assert deliver_webhooks_due(NOW + CLAIM - SECOND) == 0
    assert deliver_webhooks_due(NOW + CLAIM) == 1
    assert receiver.ids == [only().event_id] * 2


def test_an_event_sent_again_by_hand_keeps_its_id(add: Add, receiver: Receiver, keeper: User) -> None:
    endpoint, _secret = add()
    happen()
    deliver_webhooks_due(NOW)
    endpoints.resend(endpoint_id=endpoint.pk, delivery_id=only().pk, actor=keeper, now=NOW)
    assert only().status == "waiting"
    assert deliver_webhooks_due(NOW) == 1
    assert receiver.ids == [only().event_id] * 2


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_event_once(add: Add, receiver: Receiver) -> None:
    add()
    for number in range(6):
        happen(number)
    start = threading.Barrier(3)
    arrived: list[int] = []

    def send() -> None:
        start.wait()
        arrived.append(deliver_webhooks_due(NOW))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(arrived) == 6
    assert len(receiver.ids) == len(set(receiver.ids)) == 6


def test_a_late_answer_changes_nothing_that_another_sender_wrote(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim lapsed while the first sender waited; meanwhile a second one delivered."""
    add("/status/500")
    happen()

    def slow(posts: list[posting.Post]) -> list[posting.Answer]:
        WebhookDelivery.objects.update(attempts=2, delivered_at=NOW, response_status=204)
        return posting.post_all(posts)

    monkeypatch.setattr("access_portal.outbox.webhook_sending.post_all", slow)
    assert deliver_webhooks_due(NOW) == 0
    assert (only().status, only().response_status, only().attempts) == ("delivered", 204, 2)


def test_nothing_is_due_where_there_is_nothing() -> None:
    assert deliver_webhooks_due() == 0
    assert not WebhookEndpoint.objects.exists()
