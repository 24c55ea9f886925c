"""The mail that an act would send, exactly: the act is done, its mail is read, and all of it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from access_portal.applications.models import Application
from access_portal.outbox.models import OutboxMail


def mails_of(give: Callable[[], Any], application: Application) -> list[OutboxMail]:
    """The mails to the applicant. Raises what the act would raise. Numbers given meanwhile are not given again."""
    with transaction.atomic():
        before = set(OutboxMail.objects.filter(about=application.subject).values_list("pk", flat=True))
        give()
        written = OutboxMail.objects.filter(about=application.subject, user=application.applicant)
        mails = list(written.exclude(pk__in=before).order_by("pk"))
        transaction.set_rollback(True)
    return mails
