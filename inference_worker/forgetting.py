"""Files whose time is over; the reconciler deletes them within seconds, so this is to be looked at only."""

from __future__ import annotations

from datetime import datetime

from access_portal.privacy.section import Due
from inference_worker.models import StoredFile


def files_due(now: datetime) -> Due:
    rows = StoredFile.objects.filter(deleted_at=None, expires_at__lte=now).order_by("expires_at", "pk")
    return Due(rows.count(), list(rows.values_list("pk", flat=True)[:5]))
