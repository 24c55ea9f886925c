"""Views of the queue that a reviewer keeps."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.wanted import Wanted
from access_portal.applications.models import SavedFilter
from access_portal.errors import ConflictError, InvalidError, NotFoundError
from access_portal.grants.policy import Action, Actor, Office, require
from access_portal.questionnaires.texts import tidy_line

MOST_FILTERS = 30
LONGEST_NAME = 60


def save_filter(*, actor: Actor, name: str, wanted: Wanted, now: datetime) -> SavedFilter:
    """Keep a view under a name; one of the same name is replaced. Nothing is recorded: it is nobody else's business.

    Raises InvalidError `name_missing`, ConflictError `too_many_filters`.
    """
    require(actor, Action.REVIEW, Office(), now)
    assert isinstance(actor, User)
    clean = tidy_line(name)[:LONGEST_NAME]
    if not clean:
        raise InvalidError("name_missing", _("Give the view a name."), field="name")
    with transaction.atomic():
        others = SavedFilter.objects.filter(user=actor).exclude(name=clean)
        if others.count() >= MOST_FILTERS:
            raise ConflictError(
                "too_many_filters", _("You keep as many views as there can be."), _("Delete one that you do not need.")
            )
        kept, __ = SavedFilter.objects.update_or_create(user=actor, name=clean, defaults={"query": wanted.query[:500]})
    return kept


def delete_filter(*, actor: Actor, filter_id: int, now: datetime) -> None:
    """Drop a view of one's own. Raises NotFoundError."""
    require(actor, Action.REVIEW, Office(), now)
    assert isinstance(actor, User)
    gone, __ = SavedFilter.objects.filter(user=actor, pk=filter_id).delete()
    if not gone:
        raise NotFoundError("filter_not_found", _("You keep no such view."))
