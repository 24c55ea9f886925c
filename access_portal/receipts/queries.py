"""Whose receipts one may see."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import NotFoundError
from access_portal.grants.distance import people_near
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Case, Granted, decide
from access_portal.grants.queries import was_told
from access_portal.grants.standing import require_reader
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
    """Whom a receipt is about reads it, and staff who may read that person's grants; to others it is not there.

    Raises NotFoundError, and PermissionRefusedError for staff who stand too near.
    """
    if isinstance(thing, Grant):
        _require_reader_of_grant(thing, actor, now)
    elif thing.user_id != actor.pk:
        case = Case(thing.user_id, people_near(thing.user))
        if not any(isinstance(decide(actor, action, case, now), Granted) for action in (Action.REVIEW, Action.AUDIT)):
            raise _not_found()


def _require_reader_of_grant(grant: Grant, actor: User, now: datetime) -> None:
    if grant.holder_id == actor.pk and was_told(grant, now):
        return
    if grant.holder_id == actor.pk or not actor.is_office:
        raise _not_found()
    require_reader(grant, actor, now)


def _not_found() -> NotFoundError:
    return NotFoundError(
        "receipt_not_found",
        _("There is no such receipt, or it is not yours."),
        _("Your own are under “My grants” and “My licences”."),
    )
