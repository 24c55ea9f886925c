"""What the reports hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.section import Section, held
from access_portal.reports.models import SavedReport, TakenBack


def data_of(user: User, now: datetime) -> Iterable[Section]:
    taken_back = TakenBack.objects.filter(application__applicant=user).order_by("pk")
    yield Section(
        key="reports",
        title=_("Reports that you saved, and sentences that you took back"),
        purpose=_("To find a report again, and to keep a sentence of yours off the public page."),
        kept_for=_("Until you delete a report, or close your account. That a sentence was taken back stays."),
        seen_by=_("You alone."),
        held=(
            held("saved_reports", SavedReport.objects.filter(user=user).order_by("pk"), "name", "query"),
            held("taken_back", taken_back, "at", application="application__number"),
        ),
    )


def erase(user: User, now: datetime) -> None:
    """What is public of a person is read from their answers, and goes with those."""
    SavedReport.objects.filter(user=user).delete()
