"""Every change of a reference: ask, ask again, answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.names import one_line
from access_portal.applications.commands.step import note_evidence
from access_portal.applications.models import Application, State
from access_portal.applications.signals import Level, Seen, keep_signal
from access_portal.applications.standing import page_for, standing
from access_portal.applications.workflow import Who
from access_portal.errors import ConflictError, InvalidError, NotFoundError, PermissionRefusedError
from access_portal.grants.policy import Actor
from access_portal.outbox.commands import queue_mail
from access_portal.references.addresses import is_own, same_box
from access_portal.references.letters import digest, facts, post_question, post_receipt
from access_portal.references.models import Letter, Reference

# kind -> the questions that name the person
NAMED = {
    Reference.Kind.SUPERVISOR: ("supervisor_name", "supervisor_email"),
    Reference.Kind.REFEREE: ("referee_name", "referee_email"),
}
LONGEST_COMMENT = 2000
SIGNALS = {
    Reference.Verdict.CONFIRMED: ("voucher_confirmed", Level.GOOD),
    Reference.Verdict.DENIED: ("voucher_denied", Level.LOOK),
    Reference.Verdict.UNSURE: ("voucher_unsure", Level.NOTE),
}


def ask_those_named(sender: Any, *, application: Application, now: datetime, **_more: Any) -> None:
    """Ask whom the answers name, once each; to be called when an application was sent, with its row locked.

    An answer that was given in an earlier round stands: nobody is asked twice. Who is no longer named need not answer.
    """
    for kind, (name, email) in NAMED.items():
        answers = application.answers
        _ask_about(application, kind, one_line(str(answers.get(name, ""))), str(answers.get(email, "")).strip(), now)


def resend_reference(*, actor: Actor, reference_id: int, now: datetime) -> Reference:
    """Write to a person again, with a new link and three weeks from now: the applicant once a day, reviewers too.

    Raises NotFoundError, or ConflictError `reference_answered`, `reference_not_needed`, `asked_today` or
    `asked_too_often`.
    """
    with transaction.atomic():
        reference = _locked(Reference.objects.filter(pk=reference_id).first())
        if reference is None or not isinstance(actor, User):
            raise _unknown_reference()
        application = reference.application
        who = standing(application, actor, now)
        if who.isdisjoint({Who.APPLICANT, Who.REVIEWER}):
            raise _unknown_reference()
        page = page_for(application, actor)
        _require_waits_for_answer(reference, page)
        own_today = reference.letters.filter(day=now.date(), sent_by=actor)
        if Who.APPLICANT in who and own_today.exists():
            raise ConflictError(
                "asked_today",
                _("You have had this person asked again today already."),
                _("Give them a day. You can ask again tomorrow."),
                page,
            )
        if not post_question(reference, now, actor):
            raise ConflictError(
                "asked_too_often",
                _("As many letters as we send in a day have gone to this address, or about this applicant, today."),
                _("Ask again tomorrow."),
                page,
            )
    return reference


def answer_reference(*, secret: str, verdict: str, name: str, comment: str, reader: Actor, now: datetime) -> Reference:
    """Keep the answer of whoever holds the link, once; the address that was asked gets a receipt.

    Raises NotFoundError `reference_link` for links that are unknown or over, PermissionRefusedError
    `own_reference` for the applicant, ConflictError `reference_answered` or `reference_not_needed`, InvalidError.
    """
    with transaction.atomic():
        letter = Letter.objects.filter(digest=digest(secret)).select_related("reference").first()
        reference = _locked(letter.reference if letter else None)
        if reference is None:
            raise unknown_link()
        _require_waits_for_answer(reference, "")
        if reference.expires_at is None or now >= reference.expires_at:
            raise unknown_link()
        if isinstance(reader, User) and reader.pk == reference.application.applicant_id:
            raise PermissionRefusedError(
                "own_reference",
                _("You are signed in as the person who applies, so you cannot answer for somebody else."),
                _("The link still works: whoever we wrote to can open it in a browser of their own."),
            )
        _keep_answer(reference, verdict, name, comment, now)
        _tell_of_answer(reference, now)
    return reference


def unknown_link() -> NotFoundError:
    """One answer for links that never were, that are over, and that somebody altered."""
    return NotFoundError(
        "reference_link",
        _("This link does not work, or its time is over."),
        _("Open the newest letter that we sent you. If you have none, the applicant can ask us to write again."),
    )


def _ask_about(application: Application, kind: Reference.Kind, name: str, email: str, now: datetime) -> None:
    address = same_box(email) if email else ""
    waiting = Reference.objects.filter(application=application, kind=kind, answered_at=None, superseded_at=None)
    waiting.exclude(address=address).update(superseded_at=now)
    if not email:
        return
    if is_own(email, application.applicant):
        keep_signal(application, Seen("voucher_is_applicant", Level.LOOK, str(kind.value)), now)
        return
    reference, _new = Reference.objects.select_related("application__applicant", "application__family").get_or_create(
        application=application,
        kind=kind,
        address=address,
        defaults={"round": application.rounds, "name": name[:200], "email": email, "created_at": now},
    )
    if reference.answered_at is not None:
        _signal(reference, application, now)  # of this round too
        return
    if reference.superseded_at is not None:
        reference.superseded_at = None
        reference.save(update_fields=["superseded_at"])
    if reference.status(now) != Reference.Status.ASKED:
        post_question(reference, now)


def _locked(found: Reference | None) -> Reference | None:
    """The row, locked behind that of its application: in the same order as when an application is sent or ends."""
    if found is None:
        return None
    Application.objects.select_for_update().get(pk=found.application_id)
    rows = Reference.objects.select_for_update(of=("self",))
    return rows.select_related("application__applicant", "application__family", "application__handler").get(pk=found.pk)


def is_needed(reference: Reference) -> bool:
    """Whether the case is still open and the applicant still names this person."""
    application = reference.application
    return reference.superseded_at is None and application.is_open and application.state != State.DRAFT


def _require_waits_for_answer(reference: Reference, page: str) -> None:
    if reference.answered_at is not None:
        raise ConflictError(
            "reference_answered",
            _("This was answered on %(date)s.") % {"date": date_format(reference.answered_at)},
            _("An answer is given once. Write to us if it was not yours."),
            page,
        )
    if not is_needed(reference):
        raise ConflictError(
            "reference_not_needed",
            _("No answer is needed any more: the application has ended, or it names somebody else."),
            "",
            page,
        )


def _keep_answer(reference: Reference, verdict: str, name: str, comment: str, now: datetime) -> None:
    if verdict not in Reference.Verdict.values:
        raise InvalidError("verdict_unknown", _("Choose one of the answers."), field="verdict")
    if len(comment) > LONGEST_COMMENT:
        message = _("Write at most %(count)d characters.") % {"count": LONGEST_COMMENT}
        raise InvalidError("comment_too_long", message, field="comment")
    if not one_line(name):
        raise InvalidError("name_missing", _("Write your name."), field="name")
    reference.verdict, reference.comment = verdict, comment.strip()
    reference.answered_name, reference.answered_at = one_line(name)[:200], now
    reference.answered_round = reference.application.rounds
    reference.save()


def _tell_of_answer(reference: Reference, now: datetime) -> None:
    application = reference.application
    _signal(reference, application, now)
    note_evidence(application, "application_reference_answered", facts(reference), now)
    post_receipt(reference, now)
    handler = application.handler
    if handler is not None and Who.REVIEWER in standing(application, handler, now):
        queue_mail(
            template="reference_answered",
            context={"reference": reference, "path": reverse("review_case", args=[application.number])},
            user=handler,
            now=now,
            about=application.subject,
        )


def _signal(reference: Reference, application: Application, now: datetime) -> None:
    """The answer as a signal; many read those, so it names the domain and not the person."""
    kind, level = SIGNALS[Reference.Verdict(reference.verdict)]
    seen = f"{reference.kind}, @{reference.address.rpartition('@')[2]}"
    keep_signal(application, Seen(kind, level, seen, "references"), now)


def _unknown_reference() -> NotFoundError:
    return NotFoundError("reference_not_found", _("There is nobody here whom you could ask."))
