"""A student, the person named as supervisor, and the letters between them and the house."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from access_portal.accounts.models import User
from access_portal.applications import commands
from access_portal.applications.models import Application
from access_portal.outbox.models import OutboxMail
from access_portal.references.models import Reference
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS, current_licence, draft

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SUPERVISOR = "grete@uni.example"
STUDENT: dict[str, Any] = {
    **ANSWERS, "position": "student", "supervisor_name": "Grete Example", "supervisor_email": SUPERVISOR,
}  # fmt: skip
LINK = re.compile(r"http://testserver(/reference/([\w-]+)/)")


def apply(actor: User, family: Family, now: datetime = NOW, **changes: Any) -> Application:
    """Send an application that names a supervisor."""
    begun = draft(actor, family, {**STUDENT, **changes}, now)
    return commands.submit_application(
        actor=actor, number=str(begun.number), version=begun.version, now=now, **current_licence(family)
    )


def letters(to: str = SUPERVISOR) -> list[OutboxMail]:
    """The questions and reminders sent to this address, oldest first."""
    wanted = ("reference_question", "reference_reminder")
    return list(OutboxMail.objects.filter(to=to, template__in=wanted).order_by("pk"))


def link_in(mail: OutboxMail) -> str:
    """The path of the page behind the link, as the mail itself carries it."""
    found = LINK.search(mail.sealed_body)
    assert found is not None
    return found.group(1)


def secret_in(mail: OutboxMail) -> str:
    return link_in(mail).split("/")[2]


def the_reference(application: Application) -> Reference:
    return Reference.objects.get(application=application)
