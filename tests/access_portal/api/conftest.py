"""People with tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Scope, User
from access_portal.accounts.tokens import issue_token

Call = Callable[..., HttpResponse]


@pytest.fixture
def call(client: Client) -> Call:
    """`call(user, "GET", "/me", scopes=["read"])`: a request with a fresh token of that person."""

    def give(
        user: User | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        scopes: tuple[str, ...] = tuple(Scope),
        **headers: str,
    ) -> HttpResponse:
        if user is not None:
            _token, secret = issue_token(actor=user, name="t", scopes=scopes, days=1, now=timezone.now())
            headers["Authorization"] = f"Bearer {secret}"
        sent = body if isinstance(body, bytes | str) else json.dumps({} if body is None else body)
        return client.generic(
            method, f"/portal/v1{path}", sent if method != "GET" else "", "application/json", headers=headers
        )

    return give
