"""What becomes of a person's cases when they close their account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.commands.drafting import withdraw
from access_portal.applications.commands.keeping import forget_words
from access_portal.applications.commands.step import write_down
from access_portal.applications.models import OPEN_STATES, Application, Conflict, SavedFilter, State
from access_portal.applications.workflow import Command
from access_portal.privacy.section import Hold

SENT_AND_OPEN = [state for state in OPEN_STATES if state != State.DRAFT]


def holds(user: User, now: datetime) -> Iterable[Hold]:
    """Cases that wait for an answer, or whose answer has not been said yet."""
    waiting = Q(state__in=SENT_AND_OPEN) | Q(undo_until__gt=now)
    for application in Application.objects.filter(waiting, applicant=user).order_by("pk"):
        remedy = _("Withdraw it first, if you no longer want an answer.")
        if application.state == State.APPEALED:
            remedy = _("Wait until your appeal is answered.")
        yield Hold(
            "application_open",
            _("Your application %(number)s is open.") % {"number": application.number},
            remedy,
            reverse("application", args=[application.number]),
        )


def erase(user: User, now: datetime) -> None:
    """Drafts end unsent; of every case the words go, and when it was and how it was answered stays."""
    for number in Application.objects.filter(applicant=user, state=State.DRAFT).values_list("number", flat=True):
        withdraw(actor=user, number=str(number), now=now)
    cases = Application.objects.select_for_update(of=("self",)).select_related("family", "applicant")
    for application in cases.filter(applicant=user).order_by("pk"):
        forget_words(application, now)
        application.status_digest = ""
        is_new = application.anonymised_at is None
        application.anonymised_at = application.anonymised_at or now
        application.version += 1
        application.save()
        if is_new:
            write_down(application, user, Command.ANONYMISE, now, {})
    SavedFilter.objects.filter(user=user).delete()
    about = Q(user=user) | Q(applicant=user) | Q(application__applicant=user)
    Conflict.objects.filter(about).update(reason="")
