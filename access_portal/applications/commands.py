"""Every change of an application: check, lock the one row, change it, record the event and queue the mail, together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.eligibility import require_eligible, require_no_grant, require_no_twin
from access_portal.applications.families import Family, keys_of_variants
from access_portal.applications.models import Application
from access_portal.applications.reasons import REASONS
from access_portal.applications.standing import not_found, page_for, require_command
from access_portal.applications.terms import Terms
from access_portal.applications.workflow import Command, State, leads_to
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.commands import create_grant
from access_portal.grants.models import Grant
from access_portal.grants.policy import Actor
from access_portal.licences.commands import accept
from access_portal.licences.models import LicenceAcceptance
from access_portal.licences.queries import current_version
from access_portal.outbox.commands import queue_mail

FORM_VERSION = 1
SHORTEST_REFUSAL = 30  # characters: a refusal in one word helps nobody
CHANGING = (
    "state", "version", "claimed_by", "claimed_at", "decided_by", "decided_at", "decision_code", "decision_text",
    "may_reapply", "what_to_change",
)  # fmt: skip

EVENTS: Mapping[Command, str] = {
    Command.SUBMIT: "application_submitted",
    Command.CLAIM: "application_claimed",
    Command.RELEASE: "application_released",
    Command.APPROVE: "application_approved",
    Command.REFUSE: "application_refused",
    Command.WITHDRAW: "application_withdrawn",
}


def submit_application(
    *,
    actor: Actor,
    family: Family,
    answers: Mapping[str, Any],
    licence_version_id: int,
    shown_sha256: str,
    now: datetime,
) -> Application:
    """Apply for `family` with answers as `forms.ApplicationForm` cleans them, accepting the licence that was shown.

    Raises ConflictError `already_open`, `already_granted`, `refused_for_good`, `applications_closed` or
    `licence_changed`, PermissionRefusedError `email_not_verified` or `not_signed_in`.
    """
    require_command(None, actor, Command.SUBMIT, now)
    assert isinstance(actor, User)
    with transaction.atomic():
        require_eligible(actor, family, now)
        acceptance = _accept_licence(actor, family, licence_version_id, shown_sha256, now)
        application = _insert(actor, family, acceptance, answers, now)
        require_no_grant(actor, family, now)  # again: an approval may have come in while the insert waited
        _record(application, actor, Command.SUBMIT, now, {"acceptance": acceptance.pk})
        _mail("receipt", application, now, {})
    return application


def claim(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Take the case for two hours, take over one whose claim lapsed, or keep one's own for longer.

    Raises ConflictError `wrong_state`, `claimed_by_other` or `stale_version`.
    """
    with transaction.atomic():
        application = _locked(number, actor, Command.CLAIM, version, now)
        assert isinstance(actor, User)
        application.claimed_by, application.claimed_at = actor, now
        _advance(application, actor, Command.CLAIM, now, {})
    return application


def release(*, actor: Actor, number: str, version: int, now: datetime) -> Application:
    """Give a claimed case back to the queue; raises as `claim` does."""
    with transaction.atomic():
        application = _locked(number, actor, Command.RELEASE, version, now)
        application.claimed_by = application.claimed_at = None
        _advance(application, actor, Command.RELEASE, now, {})
    return application


def approve(*, actor: Actor, number: str, version: int, terms: Terms, now: datetime) -> Grant:
    """Answer with a grant, which is made in the same transaction under the licence version that was accepted.

    Raises ConflictError `wrong_state` or `stale_version`, PermissionRefusedError `role_missing` or `own_case`.
    """
    with transaction.atomic():
        application = _locked(number, actor, Command.APPROVE, version, now)
        _decide(application, actor, "approved", terms.reason, now)
        grant = _grant(application, actor, terms, now)
        _advance(application, actor, Command.APPROVE, now, {"grant": grant.number, "months": terms.duration_months})
        _mail("approved", application, now, {"grant": grant})
    return grant


def refuse(
    *,
    actor: Actor,
    number: str,
    version: int,
    code: str,
    text: str,
    may_reapply: bool,
    what_to_change: str,
    now: datetime,
) -> Application:
    """Answer with a reason, a text that the applicant reads, and whether and how to apply again.

    Raises InvalidError for a code that `reasons.REASONS` lacks or words that say too little, otherwise as `approve`.
    """
    with transaction.atomic():
        application = _locked(number, actor, Command.REFUSE, version, now)
        _check_refusal(code, text, may_reapply, what_to_change)
        _decide(application, actor, code, text.strip(), now)
        application.may_reapply = may_reapply
        application.what_to_change = what_to_change.strip() if may_reapply else ""
        _advance(application, actor, Command.REFUSE, now, {"code": code, "may_reapply": may_reapply})
        _mail("refused", application, now, {"reason": REASONS[code]})
    return application


def withdraw(*, actor: Actor, number: str, now: datetime) -> Application:
    """Take one's own application back; carries no version, as it is meant whatever a reviewer did meanwhile."""
    with transaction.atomic():
        application = _locked(number, actor, Command.WITHDRAW, None, now)
        _advance(application, actor, Command.WITHDRAW, now, {})
        _mail("withdrawn", application, now, {})
    return application


def _accept_licence(
    actor: User, family: Family, version_id: int, shown_sha256: str, now: datetime
) -> LicenceAcceptance:
    """Accept the family's current text; an earlier acceptance of it stands, but only for what was shown now."""
    current = current_version(family.weights_licence)
    if current is None or current.pk != version_id or current.sha256 != shown_sha256:
        raise ConflictError(
            "licence_changed",
            _("The licence of %(family)s was changed while you were reading it.") % {"family": family.name},
            _("Read the new text, then send your application again."),
            reverse("apply", args=[family.slug]),
        )
    act = "ticked the box on the application form"
    capacity = LicenceAcceptance.Capacity.SELF
    return accept(actor=actor, version=current, shown_sha256=shown_sha256, capacity=capacity, act=act, now=now)


def _insert(
    actor: User, family: Family, acceptance: LicenceAcceptance, answers: Mapping[str, Any], now: datetime
) -> Application:
    try:
        with transaction.atomic():
            application = Application.objects.create(
                applicant=actor,
                family_id=family.pk,
                acceptance=acceptance,
                form_version=FORM_VERSION,
                answers=dict(answers),
                submitted_at=now,
            )
    except IntegrityError:  # another request of the same person was first
        require_no_twin(actor, family)
        raise
    application.number = f"GH-{now.year}-{application.pk:05d}"
    application.save(update_fields=["number"])
    return application


def _locked(number: str, actor: Actor, command: Command, version: int | None, now: datetime) -> Application:
    """The row, locked until the transaction ends, once nothing stands in the way of the command."""
    application = Application.objects.select_for_update().filter(number=number).first()
    if application is None:
        raise not_found(number)
    require_command(application, actor, command, now)
    if version is not None and version != application.version:
        raise ConflictError(
            "stale_version",
            _("Application %(number)s was changed while you were reading it.") % {"number": number},
            _("Look at what happened, then decide again."),
            page_for(application, actor),
        )
    return application


def _advance(application: Application, actor: Actor, command: Command, now: datetime, data: dict[str, Any]) -> None:
    application.state = leads_to(State(application.state), command)
    application.version += 1
    application.save(update_fields=CHANGING)
    _record(application, actor, command, now, data)


def _record(application: Application, actor: Actor, command: Command, now: datetime, data: dict[str, Any]) -> None:
    assert isinstance(actor, User)
    facts = {"state": str(application.state), "version": application.version, **data}
    record(application.subject, EVENTS[command], actor=actor, now=now, data=facts)


def _decide(application: Application, actor: Actor, code: str, text: str, now: datetime) -> None:
    assert isinstance(actor, User)
    application.decided_by, application.decided_at = actor, now
    application.decision_code, application.decision_text = code, text


def _grant(application: Application, actor: Actor, terms: Terms, now: datetime) -> Grant:
    assert isinstance(actor, User)
    return create_grant(
        holder=application.applicant,
        family_id=application.family_id,
        licence_version=application.acceptance.version,
        variants=keys_of_variants(application.family, terms.variants),
        starts_at=now,
        ends_at=terms.ends_at(now),
        reason=terms.reason,
        token_quota=terms.token_quota if terms.may_infer else 0,
        may_download=terms.may_download,
        may_infer=terms.may_infer,
        given_by=actor,
        application=application,
        now=now,
    )


def _check_refusal(code: str, text: str, may_reapply: bool, what_to_change: str) -> None:
    if code not in REASONS:
        raise InvalidError("unknown_reason", _("Choose one of the reasons offered."), field="code")
    if len(text.strip()) < SHORTEST_REFUSAL:
        raise InvalidError(
            "text_too_short",
            _("Explain the refusal to the applicant in at least %(count)d characters.") % {"count": SHORTEST_REFUSAL},
            field="text",
        )
    if may_reapply and not what_to_change.strip():
        raise InvalidError("no_next_step", _("Say what to change before applying again."), field="what_to_change")


def _mail(kind: str, application: Application, now: datetime, context: dict[str, Any]) -> None:
    queue_mail(
        template=f"application_{kind}",
        context={"application": application, "family": application.family, **context},
        user=application.applicant,
        now=now,
        about=application.subject,
    )
