"""Old codes are deleted: a day after their end nobody asks any more what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.privacy.section import Due

KEPT = timedelta(days=1)


def requests_due(now: datetime) -> Due:
    rows = DeviceRequest.objects.filter(expires_at__lte=now - KEPT).order_by("expires_at", "pk")
    return Due(rows.count(), [f"#{pk}, {at:%Y-%m-%d}" for pk, at in rows.values_list("pk", "asked_at")[:5]])


def forget_requests_due(now: datetime) -> int:
    """Delete them; returns how many."""
    count, _each = DeviceRequest.objects.filter(expires_at__lte=now - KEPT).delete()
    return count
