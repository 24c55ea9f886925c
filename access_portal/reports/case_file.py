"""Everything about one case as one document: for a court, an auditor, or a second look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.case_file import find_case
from access_portal.applications.models import Application, Decision, Opinion
from access_portal.applications.standing import case_of
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import NotFoundError
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Granted, decide_each, require

READERS = (Action.AUDIT, Action.ADMINISTER, Action.DECIDE)  # any of them
FORMAT = "gatehouse-case-file-1"


def require_case(person: User, number: str, now: datetime) -> tuple[Application, frozenset[Action]]:
    """A sent case and on which grounds `person` may copy it; raises PermissionRefusedError, NotFoundError."""
    if not person.is_office:
        raise NotFoundError("case_not_found", _("There is no such case."))
    application = find_case(number)
    case = case_of(application, person)
    answers = decide_each(person, READERS, case, now)
    grounds = frozenset(action for action, answer in answers.items() if isinstance(answer, Granted))
    if not grounds:
        require(person, Action.DECIDE, case, now)
    return application, grounds


def whole_case(application: Application, person: User, grounds: frozenset[Action], now: datetime) -> dict[str, Any]:
    """All rows about it; texts are as they were written.

    Left out are the bytes of attachments, whose hashes are in, and what the applicant has written but not sent. Who
    is to judge the case does not read the opinions of others before giving their own.
    """
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "made_for": person.username,
        **_about(application),
        "rounds": [_round(row) for row in application.sent_rounds.select_related("form", "acceptance__version")],
        "attachments": list(
            application.attachments.values("question", "name", "media_type", "size_bytes", "sha256", "uploaded_at")
        ),
        "info_requests": [
            {**row, "reply": row["reply"] if row["settled_at"] else ""}
            for row in application.info_requests.values(
                "round", "question", "text", "asked_by__username", "asked_at", "reply", "settled_at"
            )
        ],
        "messages": list(application.messages.values("author__username", "from_office", "text", "at")),
        "notes": list(application.notes.values("author__username", "text", "at")),
        "signals": list(application.signals.values("round", "kind", "level", "value", "source", "at")),
        **_judgements(application, person, grounds),
        "grants": [_grant(row) for row in application.grants.select_related("holder").order_by("pk")],
        "events": _chain(application.subject),
    }


def _about(application: Application) -> dict[str, Any]:
    return {
        "number": application.number,
        "family": application.family.slug,
        "applicant": {
            "username": application.applicant.username,
            "name": application.applicant.full_name,
            "email": application.applicant.email,
        },
        "state": application.state,
        "version": application.version,
        "created_at": application.created_at,
        "submitted_at": application.submitted_at,
        "due_at": application.due_at,
        "claimed_by": application.claimed_by.username if application.claimed_by else None,
        "handler": application.handler.username if application.handler else None,
        "hold_ground": application.hold_ground,
        "closed_at": application.closed_at,
        "anonymised_at": application.anonymised_at,
    }


def _round(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "sent_at": row.sent_at,
        "form": {"version": row.form.number, "sha256": row.form.sha256},
        "licence": {
            "version": row.acceptance.version.number,
            "sha256": row.acceptance.sha256,
            "accepted_at": row.acceptance.accepted_at,
        },
        "answers": row.answers,
    }


def _judgements(application: Application, person: User, grounds: frozenset[Action]) -> dict[str, Any]:
    opinions = list(application.opinions.select_related("by"))
    shown = [row for row in opinions if _may_read(row, opinions, application, person, grounds)]
    decisions = application.decisions.select_related("by", "confirmed_by")
    appeal = getattr(application, "appeal", None)
    return {
        "opinions": [
            {"round": row.round, "by": row.by.username, "verdict": row.verdict, "text": row.text, "at": row.at}
            for row in shown
        ],
        "opinions_withheld": len(opinions) - len(shown),
        "recommendations": list(
            application.recommendations.values(
                "round", "by__username", "verdict", "code", "text", "checked", "doubt", "at"
            )
        ),
        "decisions": [_decision(row, application) for row in decisions],
        "appeal": appeal and {
            "against": appeal.against_id, "text": appeal.text, "at": appeal.at, "upheld": appeal.upheld,
            "ground": appeal.ground, "decided_by": appeal.decided_by.username if appeal.decided_by else None,
            "decided_at": appeal.decided_at,
        },
    }  # fmt: skip


def _may_read(
    opinion: Opinion, opinions: list[Opinion], application: Application, person: User, grounds: frozenset[Action]
) -> bool:
    """Whoever only decides sees what the case's page shows them, and no more."""
    if grounds != {Action.DECIDE} or not application.is_open or opinion.round != application.rounds:
        return True
    return any(row.by_id == person.pk and row.round == opinion.round for row in opinions)


def _decision(row: Decision, application: Application) -> dict[str, Any]:
    return {
        "id": row.pk, "round": row.round, "verdict": row.verdict, "code": row.code, "text": row.text,
        "what_to_change": row.what_to_change, "retry_from": row.retry_from, "by": row.by.username, "at": row.at,
        "confirmed_by": row.confirmed_by.username if row.confirmed_by else None, "confirmed_at": row.confirmed_at,
        "undone_at": row.undone_at, "stands": row.pk == application.decision_id,
    }  # fmt: skip


def _grant(row: Grant) -> dict[str, Any]:
    return {
        "number": row.number, "holder": row.holder.username, "kind": row.kind, "lab_name": row.lab_name,
        "state": row.state, "starts_at": row.starts_at, "ends_at": row.ends_at, "reason": row.reason,
        "may_download": row.may_download, "may_infer": row.may_infer, "token_quota": row.token_quota,
        "bytes_per_day": row.bytes_per_day,
        "whole_family": row.whole_family, "state_reason": row.state_reason, "events": _chain(row.subject),
    }  # fmt: skip


def _chain(subject: str) -> dict[str, Any]:
    """The events with their hashes, and whether the chain is whole."""
    rows = Event.objects.filter(subject=subject).select_related("actor").order_by("sequence")
    return {
        "subject": subject,
        "is_whole": first_broken(subject) is None,
        "events": [
            {
                "sequence": row.sequence, "name": row.name, "actor": row.actor.username if row.actor else None,
                "actor_id": row.actor_id, "at": row.at, "data": row.data, "previous_hash": row.previous_hash,
                "hash": row.hash,
            }
            for row in rows
        ],
    }  # fmt: skip
