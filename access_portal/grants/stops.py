"""Stopping everything of a person, a lab, a family or the house, and lifting that. It takes effect at once.

Nothing else has to happen: links, jobs and running batches ask the access policy, and that reads what is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.distance import refuse_the_near
from access_portal.grants.models import Grant, Stop
from access_portal.grants.policy import Action, Case, Office, require

LONGEST_REASON = 2000  # characters
Scope = Stop.Scope


@dataclass(frozen=True)
class Target:
    """What is to be stopped; `scope` says which of the others is set, and HOUSE has none."""

    scope: Stop.Scope
    user: User | None = None
    grant: Grant | None = None  # of a lab
    family_id: int | None = None

    @property
    def matter(self) -> Case | Office:
        """Stopping a person or a lab is a matter about somebody, so nobody handles their own."""
        return Office() if self.person is None else Case(self.person.pk)

    @property
    def person(self) -> User | None:
        """Whom it is about: the person, or whoever answers for the lab."""
        return self.user or (self.grant.holder if self.grant else None)


def stop(*, actor: User, target: Target, reason: str, now: datetime) -> Stop:
    """Refuse everything that `target` covers from this moment on; everybody concerned reads `reason` in a mail.

    Raises PermissionRefusedError, InvalidError `reason_missing`, `reason_too_long` or `not_a_lab`, and ConflictError
    `already_stopped`.
    """
    require(actor, Action.STOP, target.matter, now)
    said = _checked(reason)
    if target.grant is not None and target.grant.kind != Grant.Kind.LAB:
        raise InvalidError("not_a_lab", _("That grant is for one person. Stop the person."), field="lab")
    try:
        with transaction.atomic():
            made = Stop.objects.create(
                scope=target.scope,
                user=target.user,
                grant=target.grant,
                family_id=target.family_id,
                reason=said,
                by=actor,
                at=now,
            )
            record(made.subject, "stop_made", actor=actor, now=now, data=_what(made))
    except IntegrityError as error:
        raise ConflictError(
            "already_stopped",
            _("That is stopped already."),
            _("The list of what is stopped says since when and why."),
        ) from error
    return made


def lift(*, actor: User, stop_id: int, reason: str, now: datetime) -> Stop:
    """Let go on what was stopped; whoever was told of the stop is told of this.

    Raises PermissionRefusedError, for who stands too near as well, InvalidError as `stop` does, and ConflictError
    `not_stopped` when it was lifted.
    """
    with transaction.atomic():
        rows = Stop.objects.select_for_update(of=("self",)).select_related("grant__holder", "user")
        found = rows.filter(pk=stop_id).first()
        target = Target(Scope.HOUSE) if found is None else Target(Scope(found.scope), found.user, found.grant)
        require(actor, Action.STOP, target.matter, now)
        if target.person is not None:
            refuse_the_near(actor, target.person)
        said = _checked(reason)
        if found is None or found.lifted_at is not None:
            raise ConflictError("not_stopped", _("That is not stopped any more."), _("Somebody else has lifted it."))
        found.lifted_by, found.lifted_at, found.lift_reason = actor, now, said
        found.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
        record(found.subject, "stop_lifted", actor=actor, now=now, data=_what(found))
    return found


def _checked(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise InvalidError("reason_missing", _("Give a reason; everybody concerned will read it."), field="reason")
    if len(said) > LONGEST_REASON:
        message = _("Keep the reason within %(most)d characters.") % {"most": LONGEST_REASON}
        raise InvalidError("reason_too_long", message, field="reason")
    return said


def _what(made: Stop) -> dict[str, object]:
    return {"scope": made.scope, "user": made.user_id, "grant": made.grant_id, "family": made.family_id}
