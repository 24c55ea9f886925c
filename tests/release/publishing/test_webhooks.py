"""What other systems hear of a release: nothing before it is public, and no words of people."""

from __future__ import annotations

import json

import pytest

from access_portal.accounts.models import Role
from access_portal.outbox import endpoints
from access_portal.outbox.models import WebhookDelivery
from release.publishing import deprecate_release, withdraw_release
from tests.factories import make_user
from tests.release.publishing.scenes import NOW, manager, published

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


def test_from_publication_on_and_without_reasons() -> None:
    endpoints.add_endpoint(
        url="https://events.example/in", wants=["release.*"], actor=make_user("gus", Role.OPERATOR), now=NOW
    )
    release = published()
    deprecate_release(release=release, reason="Slow.", successor=None, actor=manager(), now=NOW)
    withdraw_release(release=release, reason="Wrong.", actor=manager(), now=NOW)
    told = [delivery.payload for delivery in WebhookDelivery.objects.order_by("pk")]
    assert [payload["type"] for payload in told] == ["release.published", "release.deprecated", "release.withdrawn"]
    assert told[0]["data"] == {
        "subject": "release:toy-1m@v1", "number": "toy-1m@v1", "sequence": 2, "state": "published", "was": "verified",
        "commit": release.commit, "manifest_sha256": release.manifest_sha256,
    }  # fmt: skip
    assert "Slow" not in json.dumps(told)
