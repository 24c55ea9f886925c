"""Applications and grants as the API shows them; times are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.disclosure import stand_of
from access_portal.applications.models import Application
from access_portal.applications.standing import allowed_commands, state_seen
from access_portal.applications.wording import next_actor
from access_portal.audit.models import Event
from access_portal.grants.daily_bytes import limit_of
from access_portal.grants.models import Grant
from access_portal.grants.standing import allowed_commands as allowed_for_grant
from access_portal.grants.standing import state_of


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def line(application: Application, reader: User, now: datetime) -> dict[str, Any]:
    """A row of a list; what can still be undone has not been said to the applicant yet."""
    shows_due = application.applicant_id != reader.pk or application.is_disclosed(now)
    return {
        "number": application.number,
        "family": application.family.slug,
        "state": state_seen(application, reader, now),
        "version": application.version,
        "created_at": moment(application.created_at),
        "submitted_at": moment(application.submitted_at),
        "due_at": moment(application.due_at) if shows_due else None,
    }


def whole(application: Application, reader: User, now: datetime) -> dict[str, Any]:
    """A case as `reader` may see it: applicants see no hold, no holder and no judgement before the answer."""
    own = application.applicant_id == reader.pk
    return {
        **line(application, reader, now),
        "next_actor": stand_of(application, now).next_actor if own else next_actor(application),
        "form": {"version": application.form.number, "sha256": application.form.sha256},
        "answers": application.answers,
        "round": application.rounds,
        "info_requests": _info_requests(application, own, now),
        "decision": _decision(application, own, now),
        "allowed_commands": sorted(allowed_commands(application, reader, now)),
        **({} if own else _for_staff(application)),
    }  # fmt: skip


def _info_requests(application: Application, own: bool, now: datetime) -> list[dict[str, Any]]:
    rows = application.info_requests.order_by("pk")
    if own:  # what was taken back was settled by no sending, and what still can be was not said yet
        answered = Q(settled_at__in=application.sent_rounds.values("sent_at"))
        rows = rows.filter(answered | Q(settled_at=None) if application.is_disclosed(now) else answered)
    return [
        {"id": row.pk, "question": row.question, "text": row.text, "reply": row.reply,
         "settled_at": moment(row.settled_at)}
        for row in rows
    ]  # fmt: skip


def _decision(application: Application, own: bool, now: datetime) -> dict[str, Any] | None:
    decision = application.decision
    if decision is None or (own and not application.is_disclosed(now)):
        return None
    return {
        "verdict": decision.verdict,
        "code": decision.code,
        "text": decision.text,
        "what_to_change": decision.what_to_change,
        "retry_from": decision.retry_from.isoformat() if decision.retry_from else None,
        "at": moment(decision.at),
        "grant": next((grant.number for grant in application.grants.exclude(state="undone")), None),
    }


def _for_staff(application: Application) -> dict[str, Any]:
    recommendation = application.recommendation
    return {
        "applicant": {"username": application.applicant.username, "name": str(application.applicant)},
        "claimed_by": application.claimed_by.username if application.claimed_by else None,
        "claimed_at": moment(application.claimed_at),
        "on_hold": application.is_on_hold,
        "signals": [
            {"kind": row.kind, "level": row.level, "value": row.value, "source": row.source, "at": moment(row.at)}
            for row in application.signals.filter(round=application.rounds)
        ],
        "recommendation": recommendation and {
            "by": recommendation.by.username, "verdict": recommendation.verdict, "code": recommendation.code,
            "text": recommendation.text, "doubt": recommendation.doubt, "at": moment(recommendation.at),
        },
    }  # fmt: skip


def event(row: Event, *, name_actor: bool) -> dict[str, Any]:
    """One event of a chain; its hash lets a copy be checked against the log."""
    actor = row.actor.username if row.actor and name_actor else None
    return {"sequence": row.sequence, "name": row.name, "at": moment(row.at), "actor": actor,
            "data": row.data if name_actor else {}, "hash": row.hash}  # fmt: skip


def grant(row: Grant, reader: User, now: datetime) -> dict[str, Any]:
    """A grant with what `reader` may do about it."""
    return {
        "number": row.number,
        "family": row.family.slug,
        "kind": row.kind,
        "lab_name": row.lab_name,
        "holder": row.holder.username,
        "state": state_of(row, now),
        "version": row.version,
        "variants": None if row.whole_family else [variant.slug for variant in row.variants.all()],
        "may_download": row.may_download,
        "may_infer": row.may_infer,
        "token_quota": row.token_quota,
        "bytes_per_day": limit_of(row) if row.may_download else 0,
        "starts_at": moment(row.starts_at),
        "ends_at": moment(row.ends_at),
        "licence": {"version_id": row.licence_version_id, "sha256": row.licence_version.sha256},
        "allowed_commands": sorted(allowed_for_grant(row, reader, now)),
    }
