"""What happens to applications and grants is announced by itself, and says nothing that people wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.outbox.announcements import announce
from access_portal.outbox.event_types import EVENT_TYPES, SUBJECTS, as_table, type_of
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
    record("grant:GR-00001", "download_link_made", actor=ada, now=NOW)
    record("application:GH-2026-00001", "some_new_step", actor=ada, now=NOW)
    record(f"user:{ada.pk}", "role_given", actor=ada, now=NOW)
    assert list(WebhookDelivery.objects.order_by("pk").values_list("type", "payload__data__sequence")) == [
        ("grant.given", 1), ("grant.download_link_made", 2), ("application.some_new_step", 1),
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


def test_it_costs_one_query_where_nobody_listens(ada: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        sent()


def test_names_become_types_by_rule() -> None:
    assert type_of("application:GH-2026-00001", "application_submitted") == "application.submitted"
    assert type_of("grant:GR-00001", "download_link_made") == "grant.download_link_made"
    assert type_of("user:1", "application_submitted") is None
    assert type_of("applications:1", "x") is None


def names_in_code() -> Iterator[str]:
    """Names of events that the code gives: what is passed to `record` as a literal, and the tables EVENTS and TOLD."""
    for folder in ("access_portal", "release"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record", "_record"}:
                    yield from texts(node.args[1:2])
                elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    if getattr(target, "id", "") in {"EVENTS", "TOLD"}:
                        yield from texts(node.value.values)


def texts(nodes: list[Any]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_the_catalogue_has_words_for_every_event_of_the_code() -> None:
    named = {name for name in names_in_code() if name.startswith(tuple(f"{kind}_" for kind in SUBJECTS))}
    assert {"application_submitted", "grant_given", "grant_revoked"} <= named
    types = {type_of(f"{name.partition('_')[0]}:1", name) for name in named}
    missing = types - set(EVENT_TYPES)
    assert not missing, f"add to outbox/event_types.py: {sorted(map(str, missing))}"


def test_the_documented_table_is_that_of_the_code() -> None:
    documented = (ROOT / "docs/reference/webhook-events.md").read_text()
    assert documented.endswith(f"\n\n{as_table()}\n"), "put in the output of manage.py webhook_events"
