"""The check that the documentation gives to receivers is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.outbox import endpoints
from access_portal.outbox.signing import new_secret
from access_portal.outbox.webhook_sending import WAITS, deliver_webhooks_due
from tests.access_portal.outbox.conftest import Add
from tests.access_portal.outbox.receiver import Receiver

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/receive-webhooks.md"
Check = Callable[..., bool]


@pytest.fixture
def is_genuine() -> Check:
    """The function that the page shows, run as it stands there."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    names: dict[str, Any] = {}
    exec(blocks[0], names)  # noqa: S102
    check: Check = names["is_genuine"]
    return check


@pytest.mark.django_db
def test_the_documented_check_accepts_what_we_send_and_nothing_else(
    is_genuine: Check, add: Add, receiver: Receiver, keeper: User
) -> None:
    endpoint, old = add()
    new = endpoints.rotate_secret(endpoint_id=endpoint.pk, actor=keeper, now=timezone.now())
    endpoints.send_test(endpoint_id=endpoint.pk, actor=keeper, now=timezone.now())
    assert deliver_webhooks_due() == 1
    request = receiver.received[0]
    assert is_genuine(new, request.headers, request.body)
    assert is_genuine(old, request.headers, request.body)
    assert not is_genuine(new_secret(), request.headers, request.body)
    assert not is_genuine(new, request.headers, request.body + b" ")
    assert not is_genuine(new, {**request.headers, "webhook-id": "evt_other"}, request.body)
    assert not is_genuine(new, request.headers, request.body, tolerance_seconds=-1)


def test_the_documented_waits_are_those_of_the_code() -> None:
    hours = [f"{int(wait.total_seconds() // 3600)}" for wait in WAITS[3:]]
    assert f"5 seconds, 5 minutes, 30 minutes, {', '.join(hours[:-1])} and {hours[-1]} hours" in " ".join(
        PAGE.read_text().split()
    )
    assert [wait.total_seconds() for wait in WAITS[:3]] == [5, 300, 1800]
