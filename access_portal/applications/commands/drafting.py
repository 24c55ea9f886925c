"""What the applicant does: begin, write, send, answer, withdraw."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.commands.step import advance, locked, page_of_status, tell, tell_handler, write_down
from access_portal.applications.eligibility import require_eligible, require_may_send, require_no_twin
from access_portal.applications.families import Family
from access_portal.applications.forms import answers_to_keep, complete_answers
from access_portal.applications.models import Application, Round
from access_portal.applications.queue_lines import keep_line
from access_portal.applications.review_policy import policy_of
from access_portal.applications.sent import application_sent
from access_portal.applications.signals import note_signals
from access_portal.applications.standing import not_found, require_command
from access_portal.applications.undoing import MAIL_OF, nothing_to_undo
from access_portal.applications.workflow import Command, State
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Actor
from access_portal.licences.commands import accept
from access_portal.licences.models import LicenceAcceptance
from access_portal.licences.queries import current_version
from access_portal.outbox.commands import cancel_unsent
from access_portal.questionnaires.queries import current_form
from access_portal.questionnaires.texts import tidy_text

LONGEST_REPLY = 4000  # characters


def start_application(*, actor: Actor, family: Family, now: datetime, previous: str = "") -> Application:
    """Begin a draft, with the answers of `previous` (the number of an earlier application of one's own) if given.

    Raises ConflictError `already_open`, `already_granted`, `refused_for_good`, `cooling_off` or
    `applications_closed`, PermissionRefusedError `email_not_verified` or `not_signed_in`.
    """
    require_command(None, actor, Command.CREATE, now)
    assert isinstance(actor, User)
    with transaction.atomic():
        earlier = _earlier(actor, previous, family, now)
        require_eligible(actor, family, now)
        application = _insert(actor, family, earlier, now)
        write_down(application, actor, Command.CREATE, now, {"previous": earlier.number if earlier else ""})
    return application


def save_draft(
    *,
    actor: Actor,
    number: str,
    version: int,
    answers: Mapping[str, Any],
    replies: Mapping[int, str] | None = None,
    now: datetime,
) -> Application:
    """Keep what was typed so far, as `questionnaires.building` cleans it; not all of it has to be right yet.

    A returned application takes answers to the questions that were asked about and to those that hang on them, and
    `replies` to the requests (by key), which nobody else reads before they are sent.
    Raises ConflictError `wrong_state` or `stale_version`, NotFoundError, InvalidError `answer_unusable`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.SAVE, version, now, "form")
        application.answers = {**application.answers, **answers_to_keep(application, answers)}
        application.saved_at = now
        _keep_replies(application, replies or {})
        advance(application, actor, Command.SAVE, now)
    return application


def submit_application(
    *, actor: Actor, number: str, version: int, licence_version_id: int, shown_sha256: str, now: datetime
) -> Application:
    """Send a draft, accepting the licence that was shown; its answers become the first round and never change.

    Raises InvalidError `answers_incomplete` (its `field` is the first question at fault), ConflictError
    `licence_changed`, `already_granted`, `stale_version` or `wrong_state`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.SUBMIT, version, now, "form")
        assert isinstance(actor, User)
        require_may_send(actor, application, now)
        application.answers = complete_answers(application)
        acceptance = accept_for(application, actor, licence_version_id, shown_sha256, now)
        secret = secrets.token_urlsafe(24)
        application.status_digest = hashlib.sha256(secret.encode()).hexdigest()
        application.submitted_at = now
        _send(application, acceptance, now)
        advance(application, actor, Command.SUBMIT, now, {"acceptance": acceptance.pk, "round": 1})
        note_signals(application, now)
        application_sent.send(Application, application=application, now=now)
        tell(application.applicant, "receipt", application, now, {"status": page_of_status(application, secret)})
    return application


def resubmit(
    *,
    actor: Actor,
    number: str,
    version: int,
    replies: Mapping[int, str],
    licence_version_id: int,
    shown_sha256: str,
    now: datetime,
) -> Application:
    """Send a returned application again; every request is met by a changed answer or by a reply (key -> words).

    Raises InvalidError `request_unanswered` or `answers_incomplete`, otherwise as `submit_application`.
    """
    with transaction.atomic():
        application = locked(number, actor, Command.RESUBMIT, version, now, "form")
        assert isinstance(actor, User)
        application.answers = complete_answers(application)
        _settle_requests(application, replies, now)
        acceptance = accept_for(application, actor, licence_version_id, shown_sha256, now)
        _send(application, acceptance, now)
        nothing_to_undo(application)
        advance(application, actor, Command.RESUBMIT, now, {"round": application.rounds})
        note_signals(application, now)
        application_sent.send(Application, application=application, now=now)
        tell(application.applicant, "resubmitted", application, now)
        tell_handler("answered", application, now)
    return application


def withdraw(*, actor: Actor, number: str, now: datetime) -> Application:
    """Take one's own application back; carries no version, as it is meant whatever a reviewer did meanwhile."""
    with transaction.atomic():
        application = locked(number, actor, Command.WITHDRAW, None, now)
        was_sent = application.is_sent
        application.claimed_by = application.claimed_at = None
        application.hold_ground, application.hold_recheck_at = "", None
        if not application.is_disclosed(now):  # questions that nobody has seen yet
            cancel_unsent(about=application.subject, template=MAIL_OF[State(application.state)], now=now)
        nothing_to_undo(application)
        advance(application, actor, Command.WITHDRAW, now)
        if was_sent:
            tell(application.applicant, "withdrawn", application, now)
    return application


def accept_for(
    application: Application, actor: User, version_id: int, shown_sha256: str, now: datetime
) -> LicenceAcceptance:
    """Accept the family's current text; an earlier acceptance of it stands, but only for what was shown now."""
    current = current_version(application.family.weights_licence)
    if current is None or current.pk != version_id or current.sha256 != shown_sha256:
        raise ConflictError(
            "licence_changed",
            _("The licence of %(family)s was changed while you were reading it.") % {"family": application.family.name},
            _("Read the new text, then send your application again."),
            reverse("review_and_send", args=[application.number]),
        )
    act = "ticked the box before sending the application"
    capacity = LicenceAcceptance.Capacity.SELF
    return accept(actor=actor, version=current, shown_sha256=shown_sha256, capacity=capacity, act=act, now=now)


def _earlier(actor: User, number: str, family: Family, now: datetime) -> Application | None:
    if not number:
        return None
    earlier = Application.objects.filter(number=number, applicant=actor, family_id=family.pk).first()
    if earlier is None:
        raise not_found(number)
    require_command(earlier, actor, Command.REAPPLY, now)
    return earlier


def _insert(actor: User, family: Family, earlier: Application | None, now: datetime) -> Application:
    form = current_form(family.pk)
    names = {question for section in form.definition["sections"] for question in _names(section)}
    answers = {name: value for name, value in (earlier.answers if earlier else {}).items() if name in names}
    try:
        with transaction.atomic():
            application = Application.objects.create(
                applicant=actor,
                family_id=family.pk,
                previous=earlier,
                form=form,
                answers={name: value for name, value in answers.items() if not isinstance(value, dict)},  # no files
                created_at=now,
                saved_at=now,
                due_at=now + policy_of(family.pk).draft_time,
            )
    except IntegrityError:  # another request of the same person was first
        require_no_twin(actor, family, now)
        raise
    application.number = f"GH-{now.year}-{application.pk:05d}"
    application.save(update_fields=["number"])
    return application


def _names(section: Mapping[str, Any]) -> list[str]:
    return [question["name"] for question in section["questions"]]


def _send(application: Application, acceptance: LicenceAcceptance, now: datetime) -> None:
    application.acceptance = acceptance
    application.rounds += 1
    application.save()  # while its answers may still be written
    Round.objects.create(
        application=application,
        number=application.rounds,
        answers=application.answers,
        form=application.form,
        acceptance=acceptance,
        sent_at=now,
    )
    keep_line(application)


def _keep_replies(application: Application, replies: Mapping[int, str]) -> None:
    for request in application.info_requests.filter(settled_at=None):
        if request.pk not in replies:
            continue
        request.reply = tidy_text(replies[request.pk])[:LONGEST_REPLY]
        request.save(update_fields=["reply"])


def _settle_requests(application: Application, replies: Mapping[int, str], now: datetime) -> None:
    before = application.sent_rounds.get(number=application.rounds).answers
    for request in application.info_requests.filter(settled_at=None):
        reply = tidy_text(replies.get(request.pk, ""))[:LONGEST_REPLY]
        changed = bool(request.question) and before.get(request.question) != application.answers.get(request.question)
        if not reply and not changed:
            raise InvalidError(
                "request_unanswered",
                _("Change the answer that was asked about, or say why it stays as it is."),
                field=f"reply_{request.pk}",
            )
        request.reply, request.settled_at = reply, now
        request.save(update_fields=["reply", "settled_at"])


def is_draft(application: Application) -> bool:
    """Whether the applicant can still write in it."""
    return application.state in (State.DRAFT, State.INFO_REQUESTED)
