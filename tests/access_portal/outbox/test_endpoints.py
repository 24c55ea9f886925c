"""Who may change webhooks, what each change does, and that it is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, GatehouseError, InvalidError, NotFoundError, PermissionRefusedError
from access_portal.outbox import endpoints, mail_desk
from access_portal.outbox.announcements import announce
from access_portal.outbox.models import OutboxMail, WebhookDelivery, WebhookEndpoint
from access_portal.outbox.sealing import unseal
from tests.access_portal.outbox.conftest import make_keeper
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://hook.example/in"


def make(keeper: User, url: str = URL, wants: tuple[str, ...] = ("application.*",)) -> tuple[WebhookEndpoint, str]:
    return endpoints.add_endpoint(url=url, wants=wants, actor=keeper, now=NOW)


def delivered(endpoint: WebhookEndpoint) -> WebhookDelivery:
    announce(type="application.submitted", subject="application:1", data={}, now=NOW)
    delivery = endpoint.deliveries.latest("pk")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(delivered_at=NOW, response_status=200, attempts=1)
    return delivery


Step = Callable[[User, int, int], Any]
COMMANDS: dict[str, tuple[Step, str]] = {
    "rotate": (
        lambda who, pk, _of: endpoints.rotate_secret(endpoint_id=pk, actor=who, now=NOW), "webhook_secret_rotated",
    ),
    "disable": (
        lambda who, pk, _of: endpoints.disable(endpoint_id=pk, reason="x", actor=who, now=NOW), "webhook_disabled",
    ),
    "test": (lambda who, pk, _of: endpoints.send_test(endpoint_id=pk, actor=who, now=NOW), "webhook_tested"),
    "resend": (
        lambda who, pk, of: endpoints.resend(endpoint_id=pk, delivery_id=of, actor=who, now=NOW), "webhook_resent",
    ),
    "delete": (lambda who, pk, _of: endpoints.delete(endpoint_id=pk, actor=who, now=NOW), "webhook_deleted"),
}  # fmt: skip


@pytest.mark.parametrize("role", [None, *(role for role in Role if role != Role.OPERATOR)])
@pytest.mark.parametrize("command", COMMANDS)
def test_only_operators_change_anything(keeper: User, role: Role | None, command: str) -> None:
    endpoint, _secret = make(keeper)
    delivery = delivered(endpoint)
    other = make_user("cy", *([role] if role else []))
    before = WebhookEndpoint.objects.values().get()
    with pytest.raises(PermissionRefusedError):
        COMMANDS[command][0](other, endpoint.pk, delivery.pk)
    with pytest.raises(PermissionRefusedError):
        make(other, "https://other.example/")
    assert WebhookEndpoint.objects.values().get() == before
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_each_change_is_on_record_with_who_did_it(keeper: User, command: str) -> None:
    endpoint, _secret = make(keeper)
    run, name = COMMANDS[command]
    run(keeper, endpoint.pk, delivered(endpoint).pk)
    names = Event.objects.filter(subject=f"webhook:{endpoint.pk}", actor=keeper).values_list("name", flat=True)
    assert list(names) == ["webhook_added", name]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_webhook_that_is_not_there_or_deleted_is_not_found(keeper: User, command: str) -> None:
    endpoint, _secret = make(keeper)
    delivery = delivered(endpoint)
    endpoints.delete(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    for key in (endpoint.pk, 10**9):
        with pytest.raises(NotFoundError):
            COMMANDS[command][0](keeper, key, delivery.pk)


def test_the_secret_is_kept_sealed(keeper: User) -> None:
    endpoint, secret = make(keeper)
    row = WebhookEndpoint.objects.values().get()
    assert secret not in str(row)
    assert unseal(endpoint.sealed_secret) == secret
    assert secret not in str(list(Event.objects.values()))


@pytest.mark.parametrize(
    ("wants", "named"),
    [([], ""), (["application"], "application"), (["*"], "*"), (["application.submited"], "application.submited"),
     (["user.*"], "user.*"), (["<script>"], "<script>"), (["application.*", "x" * 5000], "x" * 50)],
)  # fmt: skip
def test_a_wish_that_no_event_fulfils_is_refused(keeper: User, wants: list[str], named: str) -> None:
    with pytest.raises(InvalidError) as error:
        endpoints.add_endpoint(url=URL, wants=wants, actor=keeper, now=NOW)
    assert (error.value.code, error.value.field) == ("webhook_wants", "wants")
    assert named in error.value.explanation
    assert len(error.value.explanation) < 400


def test_a_private_address_is_refused(keeper: User) -> None:
    with pytest.raises(InvalidError, match="webhook_url"):
        make(keeper, "https://169.254.169.254/latest/meta-data/")
    assert not WebhookEndpoint.objects.exists()


def test_a_form_sent_twice_makes_one_endpoint(keeper: User) -> None:
    endpoint, _secret = make(keeper)
    with pytest.raises(ConflictError, match="webhook_exists"):
        make(keeper)
    endpoints.delete(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    make(keeper)


def test_there_is_an_end_to_endpoints(keeper: User) -> None:
    for number in range(endpoints.MOST_ENDPOINTS):
        make(keeper, f"{URL}/{number}")
    with pytest.raises(ConflictError, match="too_many_webhooks"):
        make(keeper)


def test_disabling_and_enabling_twice_is_doing_it_once(keeper: User) -> None:
    endpoint, _secret = make(keeper)
    for reason in ("first", "second"):
        endpoints.disable(endpoint_id=endpoint.pk, reason=reason, actor=keeper, now=NOW)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "first")
    for _ in range(2):
        endpoints.enable(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (True, "")
    assert Event.objects.filter(subject=f"webhook:{endpoint.pk}").count() == 3


def test_a_deleted_endpoint_forgets_its_secrets_and_what_waits(keeper: User) -> None:
    endpoint, _secret = make(keeper)
    announce(type="application.submitted", subject="application:1", data={}, now=NOW)
    endpoints.rotate_secret(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    endpoints.delete(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    endpoint.refresh_from_db()
    assert (endpoint.sealed_secret, endpoint.sealed_old_secret) == ("", "")
    assert endpoint.deliveries.get().status == "given_up"


def test_a_test_goes_to_this_endpoint_alone_whatever_it_wants(keeper: User) -> None:
    endpoint, _secret = make(keeper, wants=("grant.given",))
    make(keeper, "https://other.example/")
    endpoints.send_test(endpoint_id=endpoint.pk, actor=keeper, now=NOW)
    assert [(row.endpoint_id, row.type) for row in WebhookDelivery.objects.all()] == [(endpoint.pk, "webhook.test")]


@pytest.mark.parametrize("command", ["test", "resend"])
def test_nothing_is_sent_through_a_disabled_endpoint(keeper: User, command: str) -> None:
    endpoint, _secret = make(keeper)
    delivery = delivered(endpoint)
    endpoints.disable(endpoint_id=endpoint.pk, reason="", actor=keeper, now=NOW)
    with pytest.raises(ConflictError, match="webhook_disabled"):
        COMMANDS[command][0](keeper, endpoint.pk, delivery.pk)


def test_an_event_that_is_under_way_is_not_sent_twice(keeper: User) -> None:
    endpoint, _secret = make(keeper)
    announce(type="application.submitted", subject="application:1", data={}, now=NOW)
    with pytest.raises(ConflictError, match="delivery_waits"):
        endpoints.resend(endpoint_id=endpoint.pk, delivery_id=endpoint.deliveries.get().pk, actor=keeper, now=NOW)


def test_a_delivery_of_another_endpoint_is_not_found(keeper: User) -> None:
    endpoint, _secret = make(keeper)
    other, _other_secret = make(keeper, "https://other.example/", ("grant.*",))
    with pytest.raises(NotFoundError, match="delivery_not_found"):
        endpoints.resend(endpoint_id=other.pk, delivery_id=delivered(endpoint).pk, actor=keeper, now=NOW)


def failed_mail(**fields: Any) -> OutboxMail:
    values = {
        "to": "ada@uni.example",
        "subject": "Hello",
        "body": "x",
        "attempts": 3,
        "last_error": "OSError",
        **fields,
    }
    return OutboxMail.objects.create(**values)


def test_a_failed_mail_is_begun_anew_and_who_did_it_is_on_record(keeper: User) -> None:
    queued = failed_mail()
    mail_desk.resend(mail_id=queued.pk, actor=keeper, now=NOW)
    queued.refresh_from_db()
    assert (queued.attempts, queued.last_error, queued.next_attempt_at) == (0, "", NOW)
    assert Event.objects.get(subject=f"mail:{queued.pk}").actor == keeper


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sent_at": NOW, "last_error": ""}, "mail_not_failed"),
        ({"cancelled_at": NOW, "last_error": ""}, "mail_not_failed"),
        ({"attempts": 0, "last_error": ""}, "mail_not_failed"),
        ({"attempts": 3, "last_error": ""}, "mail_not_failed"),  # a sender holds it
        ({"attempts": 12, "is_sealed": True}, "mail_was_secret"),
    ],
)
def test_no_other_mail_is_sent_again(keeper: User, fields: dict[str, Any], code: str) -> None:
    queued = failed_mail(**fields)
    before = OutboxMail.objects.values().get()
    with pytest.raises(ConflictError, match=code):
        mail_desk.resend(mail_id=queued.pk, actor=keeper, now=NOW)
    assert OutboxMail.objects.values().get() == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REVIEWER, Role.DECIDER])
def test_mail_is_sent_again_by_operators_only(role: Role) -> None:
    with pytest.raises(PermissionRefusedError):
        mail_desk.resend(mail_id=failed_mail().pk, actor=make_keeper("cy", role), now=NOW)


def test_a_mail_that_is_not_there_is_not_found(keeper: User) -> None:
    with pytest.raises(GatehouseError, match="mail_not_found"):
        mail_desk.resend(mail_id=10**9, actor=keeper, now=NOW)
