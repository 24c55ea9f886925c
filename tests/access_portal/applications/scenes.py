"""Applications in every state and the people around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import (
    Appeal,
    Application,
    Decision,
    InfoRequest,
    Recommendation,
    Reminder,
    Round,
    State,
)
from access_portal.applications.queue_lines import keep_line
from access_portal.applications.terms import Terms
from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceVersion
from access_portal.questionnaires.queries import current_form
from release.models import Family
from tests.factories import make_acceptance, make_family, make_licence_version, make_user, make_variant

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_numbers = count(90_001)

ANSWERS: dict[str, Any] = {
    "institution": "Example University",
    "country": "Malaysia",
    "position": "faculty",
    "orcid": "0000-0002-1825-0097",
    "web_page": "https://uni.example/ada",
    "purpose": "We study how small models learn to agree in number, layer by layer, and where it goes wrong. " * 2
    + "The weights are needed to look inside.",
    "sharing": "A paper and the code, both open.",
    "human_data": "no",
    "sizes": ["1m"],
    "needs_download": True,
    "needs_inference": True,
    "estimated_tokens": 250_000,
}

TERMS = Terms(
    duration_months=6, token_quota=250_000, may_download=True, may_infer=True, variants=("1m",), reason="Sound work."
)
REFUSAL: dict[str, Any] = {
    "code": "purpose_unclear",
    "text": "We could not see from this what the model is needed for.",
    "what_to_change": "Describe the method.",
}
FINAL: dict[str, Any] = {"code": "not_research", "text": "The use that you describe serves a product of a company."}
CHECKED = ["identity", "institution", "purpose", "sharing", "people"]


def make_open_family(slug: str = "toy") -> Family:
    """A family with one size, 1m, and a licence."""
    family = make_family(slug, make_licence_version())
    make_variant(family, "1m")
    return family


def make_application(
    applicant: User,
    family: Family,
    state: State = State.SUBMITTED,
    *,
    holder: User | None = None,
    decider: User | None = None,
    answers: dict[str, Any] | None = None,
    **fields: Any,
) -> Application:
    """A row in this state, as if it had come there an hour ago; `holder` reviews it, `decider` answers it."""
    values: dict[str, Any] = {
        "number": f"GH-2026-{next(_numbers)}", "answers": answers or ANSWERS, "applicant": applicant, "family": family,
        "form": current_form(family.pk), "created_at": NOW - 3 * HOUR, "saved_at": NOW - 2 * HOUR,
        "due_at": NOW + 10 * DAY,
    }  # fmt: skip
    application = Application.objects.create(**values)  # a draft; the rest follows the way it would have gone
    if state != State.DRAFT:
        _send(application)
    if state in REVIEWED:
        application.handler = holder or make_user(f"grace{application.pk}", Role.REVIEWER)
    _bring_to(application, state, decider)
    for name, value in fields.items():
        setattr(application, name, value)
    application.save()
    return application


REVIEWED = {
    State.IN_REVIEW, State.INFO_REQUESTED, State.REVISED, State.RECOMMENDED, State.APPROVED, State.REFUSED_FIXABLE,
    State.REFUSED_FINAL, State.APPEALED, State.CLOSED,
}  # fmt: skip


def _send(application: Application) -> None:
    version = application.family.weights_licence.versions.latest("published_at")
    application.acceptance = make_acceptance(application.applicant, version)
    application.submitted_at, application.rounds = NOW - 2 * HOUR, application.rounds + 1
    Round.objects.create(
        application=application, number=application.rounds, answers=application.answers, form=application.form,
        acceptance=application.acceptance, sent_at=NOW - 2 * HOUR,
    )  # fmt: skip
    keep_line(application)


def _bring_to(application: Application, state: State, decider: User | None) -> None:
    application.state = state
    if state == State.IN_REVIEW:
        application.claimed_by, application.claimed_at = application.handler, NOW - HOUR
    if state in (State.INFO_REQUESTED, State.REVISED):
        _ask(application, settled=state == State.REVISED)
    if state == State.REVISED:
        application.rounds = 1
        _send(application)
    if state in (State.RECOMMENDED, State.APPROVED, State.REFUSED_FINAL, State.APPEALED):
        application.recommendation = Recommendation.objects.create(
            application=application, round=1, by=_reviewer(application), verdict="approve", text="Fine.",
            checked=CHECKED, at=NOW - HOUR,
        )  # fmt: skip
    if state in DECISIONS:
        application.decision = _decision(application, state, decider)
        application.due_at = None
    if state == State.APPEALED:
        assert application.decision is not None
        Appeal.objects.create(application=application, against=application.decision, text="Not so.", at=NOW - HOUR)
    if state == State.CLOSED:
        application.closed_at = NOW - HOUR


DECISIONS = {
    State.APPROVED: "approve", State.REFUSED_FIXABLE: "refuse_fixable", State.REFUSED_FINAL: "refuse_final",
    State.APPEALED: "refuse_final", State.CLOSED: "refuse_fixable",
}  # fmt: skip


def _decision(application: Application, state: State, decider: User | None) -> Decision:
    verdict = DECISIONS[state]
    return Decision.objects.create(
        application=application, applicant=application.applicant, round=1, verdict=verdict,
        code="" if verdict == "approve" else "other", text="For these reasons. " * 3,
        what_to_change="The method." if verdict == "refuse_fixable" else "",
        by=decider or make_user(f"heidi{application.pk}", Role.DECIDER), at=NOW - HOUR,
    )  # fmt: skip


def _reviewer(application: Application) -> User:
    assert application.handler is not None
    return application.handler


def _ask(application: Application, *, settled: bool) -> InfoRequest:
    return InfoRequest.objects.create(
        application=application, round=1, question="purpose", text="What will you measure, and how?",
        asked_by=_reviewer(application), asked_at=NOW - HOUR, settled_at=NOW - 2 * HOUR if settled else None,
    )  # fmt: skip


def make_reminded(application: Application) -> Application:
    """Its time is over, and it was reminded of that."""
    application.due_at = NOW - HOUR
    application.save()
    Reminder.objects.create(application=application, kind="one_day", due_at=application.due_at, sent_at=NOW - DAY)
    return application


def make_staff(name: str, *roles: Role) -> User:
    """Somebody who can open staff pages: with a second factor."""
    user = make_user(name, *roles)
    TOTP.activate(user, generate_totp_secret())
    return user


def current_licence(family: Family) -> dict[str, Any]:
    """What an applicant who has just read the current text sends with the application."""
    version = family.weights_licence.versions.latest("published_at")
    return {"licence_version_id": version.pk, "shown_sha256": version.sha256}


def draft(actor: User, family: Family, answers: dict[str, Any] | None = None, now: datetime = NOW) -> Application:
    """A draft with good answers, made by the commands."""
    begun = commands.start_application(actor=actor, family=family, now=now)
    return commands.save_draft(
        actor=actor, number=str(begun.number), version=begun.version, answers=ANSWERS if answers is None else answers,
        now=now,
    )  # fmt: skip


def submit(actor: User, family: Family, module: Any = commands, now: datetime = NOW, **changes: Any) -> Application:
    """Apply with good answers, having read the current licence."""
    begun = draft(actor, family, now=now)
    values = {"number": begun.number, "version": begun.version, "now": now, **current_licence(family)}
    made: Application = module.submit_application(actor=actor, **{**values, **changes})
    return made


def replace_licence(family: Family, text: str = "Be better.", **fields: Any) -> LicenceVersion:
    """A newer text takes the place of the family's licence."""
    now = timezone.now()
    return publish_version(
        licence=family.weights_licence, number="1.1", text=text, summary=[], actor=None, now=now, **fields
    )
