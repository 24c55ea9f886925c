"""Pages of signed-in people are not kept by any cache."""

import pytest
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/applications/", "/grants/", "/account/", "/account/tokens/"])
def test_a_signed_in_page_is_not_stored(path: str, client: Client) -> None:
    client.force_login(make_user("ada"))
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_a_page_for_everybody_may_be_kept(client: Client) -> None:
    assert "no-store" not in client.get("/models/").headers.get("Cache-Control", "")
