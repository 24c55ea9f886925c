"""What people do here: keep a report, copy a case, take back a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError, NotFoundError
from access_portal.grants.policy import Action, Actor, Office, require
from access_portal.questionnaires.texts import tidy_line
from access_portal.reports.case_file import require_case, whole_case
from access_portal.reports.models import SavedReport, TakenBack
from access_portal.reports.wanted import Wanted

MOST_REPORTS = 30
LONGEST_NAME = 60


def save_report(*, actor: Actor, name: str, wanted: Wanted, now: datetime) -> SavedReport:
    """Keep the filters under a name; those of the same name are replaced. Not recorded: it is nobody else's business.

    Raises InvalidError `name_missing`, ConflictError `too_many_reports`.
    """
    require(actor, Action.SEE_REPORTS, Office(), now)
    assert isinstance(actor, User)
    clean = tidy_line(name)[:LONGEST_NAME]
    if not clean:
        raise InvalidError("name_missing", _("Give the report a name."), field="name")
    with transaction.atomic():
        if SavedReport.objects.filter(user=actor).exclude(name=clean).count() >= MOST_REPORTS:
            raise ConflictError(
                "too_many_reports", _("You keep as many reports as there can be."), _("Drop one that you do not need.")
            )
        kept, __ = SavedReport.objects.update_or_create(user=actor, name=clean, defaults={"query": wanted.query[:500]})
    return kept


def delete_report(*, actor: Actor, report_id: int, now: datetime) -> None:
    """Drop a kept report of one's own. Raises NotFoundError."""
    require(actor, Action.SEE_REPORTS, Office(), now)
    assert isinstance(actor, User)
    gone, __ = SavedReport.objects.filter(user=actor, pk=report_id).delete()
    if not gone:
        raise NotFoundError("report_not_found", _("You keep no such report."))


def export_case(*, actor: User, number: str, now: datetime) -> dict[str, Any]:
    """Everything about a case, as `case_file` gives it; that it was copied, and by whom, is on its record for good.

    The event is part of the copy. Raises PermissionRefusedError, NotFoundError.
    """
    with transaction.atomic():
        application, grounds = require_case(actor, number, now)
        record(application.subject, "application_exported", actor=actor, now=now)
        return whole_case(application, actor, grounds, now)


def take_back(*, actor: User, number: str, now: datetime) -> None:
    """Remove the sentence of one's own application from the public page, for good. Raises NotFoundError."""
    with transaction.atomic():
        application = Application.objects.select_for_update().filter(number=number, applicant=actor).first()
        if application is None:
            raise NotFoundError("application_not_found", _("You have no application %(number)s.") % {"number": number})
        __, is_new = TakenBack.objects.get_or_create(application=application, defaults={"at": now})
        if is_new:
            record(application.subject, "application_statement_taken_back", actor=actor, now=now)
