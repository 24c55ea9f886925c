"""The line of a case in the queue: a few of its answers where an index reaches them."""

from __future__ import annotations

from access_portal.applications.models import Application, QueueLine


def keep_line(application: Application) -> None:
    """Copy what the queue searches from the answers that were just sent."""
    answers = application.answers
    QueueLine.objects.update_or_create(
        application=application,
        defaults={
            "institution": str(answers.get("institution", ""))[:200],
            "country": str(answers.get("country", ""))[:100],
            "position": str(answers.get("position", ""))[:60],
            "domain": domain_of(application.applicant.email),
        },
    )


def forget_line(application: Application) -> None:
    """Delete the copy with the answers that it was made of."""
    QueueLine.objects.filter(application=application).delete()


def domain_of(address: str) -> str:
    """What stands behind the last @ of an address, in small letters."""
    return address.rpartition("@")[2].lower()[:253]
