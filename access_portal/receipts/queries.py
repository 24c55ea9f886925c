"""Whose receipts one may see."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import NotFoundError
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Case, Granted, decide
from access_portal.licences.models import LicenceAcceptance


def grant_with_number(number: str) -> Grant:
    """Raises NotFoundError."""
    rows = Grant.objects.select_related("holder", "family", "licence_version__licence")
    found = rows.filter(number=number).first()
    if found is None:
        raise _not_found()
    return found


def acceptance_with_key(key: int) -> LicenceAcceptance:
    """Raises NotFoundError."""
    found = LicenceAcceptance.objects.select_related("user", "version__licence").filter(pk=key).first()
    if found is None:
        raise _not_found()
    return found


def require_readable(thing: Grant | LicenceAcceptance, actor: User, now: datetime) -> None:
    """Whom a receipt is about reads it, and staff who may read that person's cases; to others it is not there."""
    about = thing.holder_id if isinstance(thing, Grant) else thing.user_id
    answers = (decide(actor, action, Case(about), now) for action in (Action.REVIEW, Action.AUDIT))
    if about != actor.pk and not any(isinstance(answer, Granted) for answer in answers):
        raise _not_found()


def _not_found() -> NotFoundError:
    return NotFoundError(
        "receipt_not_found",
        _("There is no such receipt, or it is not yours."),
        _("Your own are under “My grants” and “My licences”."),
    )
