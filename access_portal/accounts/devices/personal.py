"""What sign-in by device holds on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import User
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="devices",
        title=_("Programs that asked to be signed in"),
        purpose=_("To show you from where a program asks before you let it in."),
        kept_for=_("For a day after the code's end. What a program was given stays in the list of your tokens."),
        seen_by=_("You alone."),
        held=(
            held(
                "device_requests", DeviceRequest.objects.filter(user=user).order_by("pk"), "client_name", "scopes",
                "address", "user_agent", "asked_at", "expires_at", "polled_at", "state", "answered_at",
                "given_scopes", "token_name", "token_days",
            ),
        ),
        left_out=_("The codes themselves: we keep no copy of them that could be read."),
    )  # fmt: skip


def erase(user: User, now: datetime) -> None:
    """With the account goes what a program could still fetch."""
    DeviceRequest.objects.filter(user=user).delete()
