"""When a part does not answer, a stranger reads a sentence."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories import PASSWORD, make_user


@pytest.mark.django_db
def test_without_redis_nobody_signs_in_and_the_page_says_what_to_do(client: Client, settings: Settings) -> None:
    make_user("ada")
    cache = settings.CACHES["default"]
    settings.CACHES = {"default": {**cache, "LOCATION": "redis://127.0.0.1:1/0"}}
    client.raise_request_exception = False
    answer = client.post("/account/login/", {"login": "ada", "password": PASSWORD})
    assert answer.status_code == 503
    assert "limits_unavailable" in answer.content.decode()
    assert "_auth_user_id" not in client.session
