"""A member of staff declares to stand too near to a case, a person or an institution, and is kept away from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.commands.step import write_down
from access_portal.applications.conflicts import is_involved
from access_portal.applications.models import Application, Conflict, State
from access_portal.applications.standing import not_found
from access_portal.applications.workflow import Command
from access_portal.audit.commands import record
from access_portal.errors import InvalidError, NotFoundError
from access_portal.grants.policy import Action, Actor, Office, require


def declare_conflict(
    *, actor: Actor, now: datetime, number: str = "", person: User | None = None, domain: str = "", reason: str = ""
) -> Conflict:
    """Keep `actor` away from one case, from everything of one person, or of everybody at a mail domain.

    Every claim that they hold on a case of those is given back. Raises InvalidError `conflict_about_nothing`,
    NotFoundError.
    """
    require(actor, Action.REVIEW, Office(), now)
    assert isinstance(actor, User)
    with transaction.atomic():
        application = _case(number) if number else None
        plain_domain = domain.strip().lower().rpartition("@")[2][:253]
        if application is None and person is None and not plain_domain:
            raise InvalidError("conflict_about_nothing", _("Say which case, person or domain it is about."))
        conflict = Conflict.objects.create(
            user=actor,
            application=application,
            applicant=person,
            domain=plain_domain,
            reason=reason.strip()[:300],
            declared_at=now,
        )
        subject = application.subject if application else f"user:{actor.pk}"
        record(subject, "conflict_declared", actor=actor, now=now, data={"conflict": conflict.pk})
        _give_back_what_is_near(actor, now)
    return conflict


def end_conflict(*, actor: Actor, conflict_id: int, now: datetime) -> None:
    """Take back a declaration of one's own; raises NotFoundError for anybody else's."""
    require(actor, Action.REVIEW, Office(), now)
    assert isinstance(actor, User)
    with transaction.atomic():
        ended = Conflict.objects.filter(pk=conflict_id, user=actor, ended_at=None).update(ended_at=now)
        if not ended:
            raise NotFoundError("conflict_not_found", _("You have declared no such conflict."))
        record(f"user:{actor.pk}", "conflict_ended", actor=actor, now=now, data={"conflict": conflict_id})


def _case(number: str) -> Application:
    application = Application.objects.filter(number=number, submitted_at__isnull=False).first()
    if application is None:
        raise not_found(number)
    return application


def _give_back_what_is_near(person: User, now: datetime) -> None:
    """The claims of a person who may no longer see the case: the workflow would not let them release it."""
    held = Application.objects.select_for_update(of=("self",)).select_related("applicant").filter(claimed_by=person)
    for application in held.order_by("pk"):
        if is_involved(application, person):
            application.claimed_by = application.claimed_at = application.handler = None
            application.state = State.SUBMITTED if application.rounds == 1 else State.REVISED
            application.version += 1
            application.save()
            write_down(application, person, Command.RELEASE, now, {"because": "conflict"})
