"""The page of a person's grants says what they may use and why not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.access_portal.grants.situations import DAY
from tests.factories import make_family, make_grant, make_user, make_variant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "active": ({}, "Active"),
    "suspended": ({"state": "suspended", "state_reason": "A doubt.", "state_changed_at": NOW}, "A doubt."),
    "revoked": ({"state": "revoked", "state_reason": "A breach.", "state_changed_at": NOW}, "A breach."),
    "expired": ({"state": "expired", "ends_at": NOW}, "It can be renewed for 90 days"),
    "ended unseen": ({"ends_at": NOW}, "It can be renewed for 90 days"),
    "not begun": ({"starts_at": NOW + DAY}, "It begins on"),
}


@pytest.mark.parametrize("case", WORDS)
def test_each_state_is_told_in_words(case: str, client: Client) -> None:
    fields, words = WORDS[case]
    ada = make_user("ada")
    grant = make_grant(ada, make_family(), now=NOW, **fields)
    client.force_login(ada)
    page = client.get("/grants/").content.decode()
    assert words in page
    assert grant.number is not None
    assert grant.number in page


def test_scope_and_reason_are_shown_escaped(client: Client) -> None:
    ada, family = make_user("ada"), make_family()
    terms: dict[str, Any] = {"reason": "<script>x</script>", "may_download": False, "token_quota": 1_234_567}
    make_grant(ada, family, variants=[make_variant(family, "7b")], **terms)
    client.force_login(ada)
    page = client.get("/grants/").content.decode()
    assert "&lt;script&gt;x" in page
    assert "1,234,567" in page
    assert "7B" in page


def test_nobody_sees_the_grants_of_another(client: Client) -> None:
    grant = make_grant(make_user("ada"), make_family())
    client.force_login(make_user("cy"))
    page = client.get("/grants/").content.decode()
    assert str(grant.number) not in page
    assert "You have no grants yet" in page
    assert client.post("/grants/").status_code == 405


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/grants/").headers["Location"] == "/account/login/?next=/grants/"
