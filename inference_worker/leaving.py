"""What becomes of jobs when their owner closes the account: the figures stay, words and files go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.section import Hold
from inference_worker.commands import TERMINAL
from inference_worker.models import Batch, IdempotencyKey, StoredFile


def holds(user: User, now: datetime) -> Iterable[Hold]:
    running = Batch.objects.filter(owner=user).exclude(state__in=TERMINAL).count()
    if running:
        yield Hold(
            "batch_running",
            _("Jobs of yours are running: %(count)d.") % {"count": running},
            _("Cancel them, or wait until they have ended."),
            reverse("my_jobs"),
        )


def erase(user: User, now: datetime) -> None:
    """End the files' time: nobody can read them from now on, and the clock deletes the bytes, then the rows' claim."""
    StoredFile.objects.filter(owner=user).update(filename="", listed=False)
    StoredFile.objects.filter(owner=user, deleted_at=None).update(expires_at=now)
    Batch.objects.filter(owner=user).update(metadata=None, errors=None)
    IdempotencyKey.objects.filter(owner=user).delete()
