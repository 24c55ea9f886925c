"""What every command does: find the one row and lock it, ask the workflow, change it, write it down, tell people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.review_policy import policy_for
from access_portal.applications.standing import Mover, not_found, page_for, require_command, standing
from access_portal.applications.workflow import STAFF_STATES, Command, State, Who, leads_to
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.outbox.commands import queue_mail

EVENTS = {
    Command.CREATE: "application_started",
    Command.SUBMIT: "application_submitted",
    Command.CLAIM: "application_claimed",
    Command.RELEASE: "application_released",
    Command.HAND_OVER: "application_handed_over",
    Command.REQUEST_INFO: "application_info_requested",
    Command.RESUBMIT: "application_resubmitted",
    Command.OPINE: "application_opinion_given",
    Command.RECOMMEND: "application_recommended",
    Command.SEND_BACK: "application_sent_back",
    Command.APPROVE: "application_approved",
    Command.REFUSE_FIXABLE: "application_refused_fixable",
    Command.PROPOSE_FINAL: "application_final_refusal_proposed",
    Command.REFUSE_FINAL: "application_refused_final",
    Command.SET_HOLD: "application_held",
    Command.LIFT_HOLD: "application_hold_lifted",
    Command.UNDO: "application_decision_undone",
    Command.WITHDRAW: "application_withdrawn",
    Command.APPEAL: "application_appealed",
    Command.DECIDE_APPEAL: "application_appeal_decided",
    Command.MESSAGE: "application_message_sent",
    Command.NOTE: "application_noted",
    Command.EXPIRE: "application_expired",
    Command.CLOSE: "application_closed",
    Command.ANONYMISE: "application_anonymised",
}  # SAVE leaves no event: a draft is nobody's business yet


def locked(
    number: str, actor: Mover, command: Command, version: int | None, now: datetime, *related: str
) -> Application:
    """The row, locked until the transaction ends, once nothing stands in the way of the command.

    `version` None is for what is meant whatever others did meanwhile. Raises as `standing.require_command` does, or
    ConflictError `stale_version`.
    """
    # Locked first and read after: a row that is waited for together with the rows beside it would come with those of
    # before the wait, for example without the recommendation that somebody has just written.
    key = Application.objects.select_for_update().filter(number=number).values_list("pk", flat=True).first()
    if key is None:
        raise not_found(number)
    application = Application.objects.select_related(
        "applicant", "family__review_policy", "claimed_by", "handler", "decision", "recommendation", "final_proposal",
        *related,
    ).get(pk=key)  # fmt: skip
    require_command(application, actor, command, now)
    if version is not None and version != application.version:
        raise stale(application, actor)
    return application


def stale(application: Application, actor: Mover) -> ConflictError:
    """Somebody changed the case while it was being read."""
    return ConflictError(
        "stale_version",
        _("Application %(number)s was changed while you were reading it.") % {"number": application.number},
        _("Nothing of yours was done. Look at what happened, then act again."),
        f"{page_for(application, actor)}#history",
    )


def advance(
    application: Application,
    actor: Mover,
    command: Command,
    now: datetime,
    data: dict[str, Any] | None = None,
    *,
    to: State | None = None,
) -> None:
    """Move on to where the table leads, of several places to `to`; the clock of the new state starts."""
    targets = leads_to(State(application.state), command)
    target = to or targets[0]
    assert target in targets
    if target != application.state or command in (Command.CLAIM, Command.SAVE):
        application.due_at = due(application, command, target, now)
    application.state = target
    if not _leaves_writing_alone(application, command):
        application.version += 1
    application.save()
    write_down(application, actor, command, now, data or {})


def _leaves_writing_alone(application: Application, command: Command) -> bool:
    """While the applicant has the ball, the version guards what they write: a word beside it stays out of the way."""
    return application.state == State.INFO_REQUESTED and command in (Command.MESSAGE, Command.NOTE)


def note_evidence(application: Application, name: str, facts: Mapping[str, Any], now: datetime) -> None:
    """Write down what came from outside; who has the page open must look at it before they decide.

    The row is locked by whoever calls this.
    """
    if application.state != State.INFO_REQUESTED:
        application.version += 1
        application.save(update_fields=["version"])
    data = {"state": str(application.state), "version": application.version, **facts}
    record(application.subject, name, actor=None, now=now, data=data)


def due(application: Application, command: Command, state: State, now: datetime) -> datetime | None:
    """When whoever has the ball in `state` should have acted; staff keep one date through claim, release and undo."""
    policy = policy_for(application)
    if state == State.DRAFT:
        return now + policy.draft_time
    if state == State.INFO_REQUESTED:
        return application.due_at  # the reviewer names the date
    if state in STAFF_STATES and application.state in STAFF_STATES:
        return application.due_at
    if state in STAFF_STATES or state == State.APPEALED:
        return (_given_to_staff(application) if command == Command.UNDO else now) + policy.target
    return None


def _given_to_staff(application: Application) -> datetime:
    """When the office got the ball: with the last sending, or with an appeal that was upheld after it."""
    sent_at = application.sent_rounds.get(number=application.rounds).sent_at
    appeal = getattr(application, "appeal", None)
    return sent_at if appeal is None or appeal.decided_at is None else max(sent_at, appeal.decided_at)


def write_down(application: Application, actor: Mover, command: Command, now: datetime, data: dict[str, Any]) -> None:
    """The event of a command; `actor` is None in the log when it was the clock."""
    if command not in EVENTS:
        return
    facts = {"state": str(application.state), "version": application.version, **data}
    person = actor if isinstance(actor, User) else None
    record(application.subject, EVENTS[command], actor=person, now=now, data=facts)


def tell(
    people: User | Iterable[User],
    kind: str,
    application: Application,
    now: datetime,
    context: dict[str, Any] | None = None,
    *,
    not_before: datetime | None = None,
) -> None:
    """Queue `mail/application_<kind>.txt` for these people; `path` leads to the page that each of them can open."""
    for person in [people] if isinstance(people, User) else people:
        queue_mail(
            template=f"application_{kind}",
            context={
                "application": application,
                "family": application.family,
                "path": page_for(application, person),
                **(context or {}),
            },
            user=person,
            now=now,
            about=application.subject,
            not_before=not_before,
        )


def tell_handler(kind: str, application: Application, now: datetime, context: dict[str, Any] | None = None) -> None:
    """Tell whoever works on the case or did so last, unless they may no longer read it."""
    handler = application.claimed_by or application.handler
    if handler is not None and Who.REVIEWER in standing(application, handler, now):
        tell(handler, kind, application, now, context)


def page_of_status(application: Application, secret: str) -> str:
    """The address that shows where an application stands, to whoever holds the link, and nothing else."""
    return settings.BASE_URL + reverse("application_status", args=[application.number, secret])


def required_text(text: str, field: str, *, least: int = 1, most: int = 4000) -> str:
    """`text` without its margins; raises InvalidError `text_missing`, `text_too_short` or `text_too_long`."""
    clean = text.strip()
    if not clean:
        raise InvalidError("text_missing", _("Write something here."), field=field)
    if len(clean) < least:
        message = _("Write at least %(count)d characters.") % {"count": least}
        raise InvalidError("text_too_short", message, field=field)
    if len(clean) > most:
        message = _("Write at most %(count)d characters.") % {"count": most}
        raise InvalidError("text_too_long", message, field=field)
    return clean
