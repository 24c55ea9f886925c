"""What happens to applications and grants is announced by itself, and says nothing that people wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.outbox.announcements import announce
from access_portal.outbox.event_types import (
    EVENT_TYPES,
    HELD,
    SECRET,
    SUBJECTS,
    TAKES_BACK,
    TEST_EVENT,
    as_table,
    type_of,
)
from access_portal.outbox.models import WebhookDelivery, WebhookEndpoint
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def endpoint(ada: User, *wants: str, **fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        url="https://hook.example/", wants=list(wants), sealed_secret="x", created_by=ada, **fields
    )


def sent(type_: str = "application.submitted", subject: str = "application:GH-2026-00001") -> int:
    return announce(type=type_, subject=subject, data={"state": "submitted"}, now=NOW)


@pytest.mark.parametrize(
    ("wants", "heard"),
    [
        (["application.*"], True), (["application.submitted"], True), (["grant.*", "application.submitted"], True),
        (["grant.*"], False), (["application.sub"], False), (["application"], False),
        (["application.submitted.*"], False), (["applicatio.*"], False), (["application*"], False), ([], False),
    ],
)  # fmt: skip
def test_an_endpoint_hears_what_it_wants(ada: User, wants: list[str], heard: bool) -> None:
    endpoint(ada, *wants)
    assert sent() == heard
    assert WebhookDelivery.objects.count() == heard


@pytest.mark.parametrize("column", ["disabled_at", "deleted_at"])
def test_a_disabled_or_deleted_endpoint_hears_nothing(ada: User, column: str) -> None:
    endpoint(ada, "application.*", **{column: NOW})
    assert sent() == 0


def test_endpoints_are_told_of_one_event_under_one_id(ada: User) -> None:
    endpoint(ada, "application.*")
    endpoint(ada, "application.*")
    assert sent() == 2
    assert WebhookDelivery.objects.values("event_id").distinct().count() == 1
    assert sent() == 2
    assert WebhookDelivery.objects.values("event_id").distinct().count() == 2


def test_the_payload_has_the_shape_of_the_specification(ada: User) -> None:
    endpoint(ada, "application.*")
    sent()
    assert WebhookDelivery.objects.get().payload == {
        "type": "application.submitted",
        "timestamp": "2026-03-01T12:00:00.000Z",
        "data": {"subject": "application:GH-2026-00001", "state": "submitted"},
    }


def test_every_event_of_the_log_about_them_is_announced(ada: User) -> None:
    endpoint(ada, "application.*", "grant.*")
    record("grant:GR-00001", "grant_given", actor=ada, now=NOW, data={"ends_at": NOW.isoformat()})
    record("grant:GR-00001", "grant_suspended", actor=ada, now=NOW)
    record("application:GH-2026-00001", "some_new_step", actor=ada, now=NOW)
    record(f"user:{ada.pk}", "role_given", actor=ada, now=NOW)
    assert list(WebhookDelivery.objects.order_by("pk").values_list("type", "payload__data__sequence")) == [
        ("grant.given", 1), ("grant.suspended", 2), ("application.some_new_step", 1),
    ]  # fmt: skip


def test_a_change_that_is_rolled_back_is_not_announced(ada: User) -> None:
    endpoint(ada, "application.*")
    with transaction.atomic():
        record("application:GH-2026-00001", "application_claimed", actor=ada, now=NOW)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_nothing_that_people_wrote_leaves(ada: User) -> None:
    endpoint(ada, "application.*")
    facts = {
        "state": "refused", "version": 3, "may_reapply": False, "code": "purpose", "grant": None,
        "reason": "secret words", "answers": {"name": "Ada"}, "reviewer": "ben", "email": "ada@uni.example",
        "was": "Words of a person, with spaces", "round": ["Ada"], "release": "x" * 65, "due_at": "<b>",
    }  # fmt: skip
    record("application:GH-2026-00001", "application_refused", actor=ada, now=NOW, data=facts)
    data = WebhookDelivery.objects.get().payload["data"]
    assert data == {
        "subject": "application:GH-2026-00001", "number": "GH-2026-00001", "sequence": 1, "state": "refused",
        "version": 3, "may_reapply": False, "code": "purpose", "grant": None,
    }  # fmt: skip


@pytest.mark.parametrize("type_", sorted(HELD))
def test_what_can_be_undone_waits_as_long_as_its_mail(ada: User, settings: Settings, type_: str) -> None:
    settings.UNDO_SECONDS = 60
    endpoint(ada, "application.*", "grant.*")
    sent(type_)
    sent("application.submitted")
    held, plain = WebhookDelivery.objects.order_by("pk")
    assert (held.next_attempt_at, plain.next_attempt_at) == (NOW + timedelta(seconds=60), NOW)


@pytest.mark.parametrize("type_", sorted(HELD))
@pytest.mark.parametrize("undoing", sorted(TAKES_BACK))
def test_what_was_undone_in_time_is_never_announced(ada: User, type_: str, undoing: str) -> None:
    endpoint(ada, "application.*", "grant.*")
    sent("application.recommended")
    sent(type_)
    sent(type_, "application:GH-2026-00002")
    assert sent(undoing) == 0
    kept = WebhookDelivery.objects.order_by("pk").values_list("type", "subject")
    assert list(kept) == [
        ("application.recommended", "application:GH-2026-00001"), (type_, "application:GH-2026-00002"),
    ]  # fmt: skip


def test_who_heard_of_it_already_hears_that_it_was_undone(ada: User) -> None:
    quick, slow = endpoint(ada, "application.*"), endpoint(ada, "application.*")
    sent("application.approved")
    quick.deliveries.update(attempts=1)  # a sender has taken it up
    assert sent("application.decision_undone") == 1
    assert [row.type for row in quick.deliveries.order_by("pk")] == [
        "application.approved", "application.decision_undone",
    ]  # fmt: skip
    assert not slow.deliveries.exists()


def test_it_costs_one_query_where_nobody_listens(ada: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        sent()


def test_names_become_types_by_rule() -> None:
    assert type_of("application:GH-2026-00001", "application_submitted") == "application.submitted"
    assert type_of("grant:GR-00001", "some_new_step") == "grant.some_new_step"
    assert type_of("user:1", "application_submitted") is None
    assert type_of("applications:1", "x") is None
    assert type_of("release:toy-1m@v1", "release_published") == "release.published"


@pytest.mark.parametrize("name", sorted(SECRET))
def test_before_it_is_published_no_other_system_hears_of_a_release(name: str) -> None:
    assert name in set(literals(of_events=False))
    assert type_of("release:toy-1m@v1", name) is None


def literals(*, of_events: bool) -> Iterator[str]:
    """Texts in the code: all of them, or those passed to what writes events and in the tables EVENTS."""
    for path in (*(ROOT / "access_portal").rglob("*.py"), *(ROOT / "release").rglob("*.py")):
        if path.parent.name != "outbox":
            for node in ast.walk(ast.parse(path.read_text())):
                yield from texts(event_nodes(node) if of_events else [node])


def event_nodes(node: ast.AST) -> list[Any]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record", "write_down"}:
        return list(node.args[1:3])
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        return list(node.value.values) if getattr(target, "id", "") == "EVENTS" else []
    return []


def texts(nodes: list[Any]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_the_catalogue_has_words_for_every_event_of_the_code() -> None:
    named = {name for name in literals(of_events=True) if name.startswith(tuple(f"{kind}_" for kind in SUBJECTS))}
    assert {"application_submitted", "grant_given", "grant_revoked"} <= named
    missing = {type_of(f"{name.partition('_')[0]}:1", name) for name in named - SECRET} - set(EVENT_TYPES)
    assert not missing, f"add to outbox/event_types.py: {missing}"


def test_every_event_of_the_catalogue_can_happen() -> None:
    known = set(literals(of_events=False))
    types = set(EVENT_TYPES) - {TEST_EVENT}
    gone = {name for name in types if name.replace(".", "_", 1) not in known}
    assert not gone, f"no code announces {gone}"
    assert types >= HELD | TAKES_BACK


def test_the_documented_table_is_that_of_the_code() -> None:
    documented = (ROOT / "docs/reference/webhook-events.md").read_text()
    assert documented.endswith(f"\n\n{as_table()}\n"), "put in the output of manage.py webhook_events"
