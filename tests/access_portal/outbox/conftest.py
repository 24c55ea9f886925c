"""A receiver to send to, and somebody who may add it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone
from pytest_django import Settings

from access_portal.accounts.models import Role, User
from access_portal.outbox import endpoints
from access_portal.outbox.models import WebhookEndpoint
from tests.access_portal.outbox.receiver import Receiver, serving
from tests.factories import make_user

Add = Callable[..., tuple[WebhookEndpoint, str]]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A server of this machine, which may be called while DEBUG is on."""
    settings.DEBUG = True
    with serving() as running:
        yield running


def make_keeper(name: str = "ops", *roles: Role) -> User:
    """An operator, or staff of other roles, with a second factor."""
    keeper = make_user(name, *(roles or (Role.OPERATOR,)))
    TOTP.activate(keeper, generate_totp_secret())
    return keeper


@pytest.fixture
def keeper(db: None) -> User:
    return make_keeper()


@pytest.fixture
def add(keeper: User, receiver: Receiver) -> Add:
    """Add an endpoint at a path of the receiver: `add("/ok", "grant.*")` gives it and its secret."""

    def adder(path: str = "/ok", *wants: str) -> tuple[WebhookEndpoint, str]:
        wishes = wants or ("application.*", "grant.*")
        return endpoints.add_endpoint(url=receiver.url + path, wants=wishes, actor=keeper, now=timezone.now())

    return adder
