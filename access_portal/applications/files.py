"""Who may open a file of an application."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Attachment
from access_portal.applications.standing import standing
from access_portal.applications.workflow import Who
from access_portal.errors import NotFoundError


def file_for(reader: User, number: str, attachment_id: int, now: datetime) -> Attachment:
    """A file for its applicant, or, once sent, for staff without a conflict of interest; raises NotFoundError."""
    file = (
        Attachment.objects.select_related("application__applicant")
        .filter(pk=attachment_id, application__number=number)
        .first()
    )
    if file is not None:
        who = standing(file.application, reader, now)
        if Who.APPLICANT in who or (Who.REVIEWER in who and was_sent(file)):
            return file
    raise NotFoundError("file_not_found", _("There is no such file, or it is not yours to see."))


def was_sent(file: Attachment) -> bool:
    """Whether it belongs to a round, and not only to what the applicant is still writing."""
    sent = file.application.sent_rounds.values_list("answers", flat=True)
    found = (answers.get(file.question) for answers in sent)
    return any(isinstance(value, dict) and value.get("sha256") == file.sha256 for value in found)
