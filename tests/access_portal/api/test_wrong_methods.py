"""What the API does not take is refused in its own form, which programs read, and not as a page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.tokens import issue_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
WRONG = [
    ("post", "/portal/v1/models", "GET"), ("delete", "/portal/v1/models", "GET"), ("put", "/portal/v1/me", "GET"),
    ("get", "/portal/v1/releases/toy/1m/v1/links", "POST"), ("patch", "/portal/v1/releases/toy/1m/v1", "GET"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "right"), WRONG)
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
def test_a_wrong_method_is_told_the_right_one(method: str, address: str, right: str, accept: str) -> None:
    answer = getattr(Client(), method)(address, headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert (answer.json()["code"], answer["Allow"]) == ("method_not_allowed", right)
    assert right in answer.json()["remedy"]


def test_more_parameters_than_anybody_reads_are_told_as_such() -> None:
    secret = issue_token(actor=make_user("ada"), name="t", scopes=["read"], days=1, now=timezone.now())[1]
    query = "model=a&" * 1_500
    answer = Client().get(f"/portal/v1/access?{query}", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "unreadable_request"
