"""Many applications, made by bulk inserts: every state, several families, answers of ordinary length."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import Application, Decision, QueueLine, Recommendation, Round, Signal, State
from access_portal.applications.queue_lines import domain_of
from access_portal.audit.commands import record
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion
from access_portal.questionnaires.queries import current_form
from release.models import Family, Variant

SLICE = 2_000
# How many of a hundred applications stand where, after some years of work.
SHARES = {
    State.DRAFT: 4, State.SUBMITTED: 6, State.IN_REVIEW: 2, State.INFO_REQUESTED: 4, State.REVISED: 1,
    State.RECOMMENDED: 2, State.APPROVED: 45, State.REFUSED_FIXABLE: 12, State.REFUSED_FINAL: 4, State.WITHDRAWN: 4,
    State.EXPIRED: 6, State.CLOSED: 10,
}  # fmt: skip
COUNTRIES = ("Malaysia", "Chile", "Kenya", "Germany", "India", "Brazil", "Japan", "Canada")
PURPOSE = "we study how models of language learn to agree in number and gender layer by layer and where it fails"
CODES = ("purpose_unclear", "identity_unclear", "ethics_missing", "other")


@dataclass(frozen=True)
class House:
    """Who looks, and at what."""

    reviewer: User
    numbers: list[str]
    middle: str  # where the second half of all rows begins, as the queue writes it into its links


def seed(rows: int) -> House:
    """Make the rows; deterministic but for the clock."""
    chance = random.Random(7)
    families = [_family(name) for name in ("alpha", "beta", "gamma")]
    staff = [_staff(f"staff{n}") for n in range(8)]
    now = timezone.now()
    for start in range(0, rows, SLICE):
        _slice(chance, range(start, min(start + SLICE, rows)), families, staff, now)
    sent = Application.objects.exclude(state=State.DRAFT).order_by("submitted_at", "pk")
    moment, key = sent.values_list("submitted_at", "pk")[rows // 2]
    assert moment is not None
    numbers = sent.order_by("pk").values_list("number", flat=True)[::7]
    return House(staff[0], [str(number) for number in numbers], urlencode({"after": f"{moment.isoformat()}_{key}"}))


def signed_in(house: House) -> Client:
    """A browser of the reviewer."""
    client = Client()
    client.force_login(house.reviewer, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def _family(slug: str) -> Family:
    text = f"Be good with {slug}."
    licence = Licence.objects.create(slug=slug, title=f"Licence of {slug}")
    LicenceVersion.objects.create(
        licence=licence, number="1.0", text=text, sha256=hashlib.sha256(text.encode()).hexdigest()
    )
    family = Family.objects.create(
        slug=slug, name=slug.capitalize(), developer="House", summary="A family.", weights_licence=licence,
        code_licence="Apache-2.0",
    )  # fmt: skip
    for size in ("1m", "7m"):
        Variant.objects.create(
            family=family, slug=size, name=size.upper(), folder=size, model_id=f"{slug}-{size}",
            hub_repo=f"house/{slug}-{size}", parameters=1_000_000, dim=64, n_layers=2, n_heads=4, n_kv_heads=4,
            ffn_hidden=192, vocab_size=512, context_tokens=256, shards=1,
        )  # fmt: skip
    return family


def _staff(name: str) -> User:
    user = User.objects.create(username=name, email=f"{name}@house.example", full_name=name.capitalize())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    for role in Role:
        RoleAssignment.objects.create(user=user, role=role)
    TOTP.activate(user, generate_totp_secret())
    return user


def _slice(chance: random.Random, numbers: range, families: list[Family], staff: list[User], now: datetime) -> None:
    people = User.objects.bulk_create(
        User(
            username=f"p{n}", email=f"p{n}@uni{n % 400}.example", full_name=f"Person {n % 20_000}", password="!",
            date_joined=now - timedelta(days=chance.randrange(1, 900)),
        )
        for n in numbers
    )  # fmt: skip
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in people
    )
    versions = {family.pk: family.weights_licence.versions.get() for family in families}
    forms = {family.pk: current_form(family.pk) for family in families}
    chosen = [families[chance.randrange(len(families))] for _ in people]
    accepted = LicenceAcceptance.objects.bulk_create(
        LicenceAcceptance(
            user=user, version=versions[family.pk], sha256=versions[family.pk].sha256, act="ticked", accepted_at=now
        )
        for user, family in zip(people, chosen, strict=True)
    )
    states = chance.choices(list(SHARES), weights=list(SHARES.values()), k=len(people))
    cases = Application.objects.bulk_create(
        _case(chance, n, user, family, forms[family.pk], acceptance, state, staff, now)
        for n, user, family, acceptance, state in zip(numbers, people, chosen, accepted, states, strict=True)
    )
    _beside(chance, cases, staff, now)


def _case(
    chance: random.Random, n: int, user: User, family: Family, form: Any, acceptance: LicenceAcceptance, state: State,
    staff: list[User], now: datetime,
) -> Application:  # fmt: skip
    sent = now - timedelta(days=chance.randrange(0, 700), minutes=chance.randrange(1440))
    open_now = state in (State.SUBMITTED, State.IN_REVIEW, State.INFO_REQUESTED, State.REVISED, State.RECOMMENDED)
    if open_now:
        sent = now - timedelta(days=chance.randrange(0, 25), minutes=chance.randrange(1440))
    holder = staff[chance.randrange(len(staff))]
    return Application(
        number=f"GH-{sent.year}-{n + 1:05d}", applicant=user, family=family, form=form,
        state=State.WITHDRAWN if state in ANSWERED else state,  # until its decision exists
        answers=_answers(chance, n), rounds=0 if state == State.DRAFT else 1,
        acceptance=None if state == State.DRAFT else acceptance, created_at=sent, saved_at=sent,
        submitted_at=None if state == State.DRAFT else sent,
        due_at=sent + timedelta(days=10) if open_now else None,
        claimed_by=holder if state == State.IN_REVIEW else None,
        claimed_at=now - timedelta(minutes=chance.randrange(180)) if state == State.IN_REVIEW else None,
        handler=None if state in (State.DRAFT, State.SUBMITTED) else holder,
        closed_at=now if state == State.CLOSED else None,
        undo_to=state,  # carried along, and emptied once the decision is there
    )  # fmt: skip


ANSWERED = {State.APPROVED: "approve", State.REFUSED_FIXABLE: "refuse_fixable", State.REFUSED_FINAL: "refuse_final"}


def _answers(chance: random.Random, n: int) -> dict[str, Any]:
    return {
        "institution": f"University {n % 400}", "country": chance.choice(COUNTRIES), "position": "postdoc",
        "purpose": " ".join(chance.choices(PURPOSE.split(), k=120)), "sharing": "A paper and the code, both open.",
        "human_data": "no", "sizes": ["1m"], "needs_download": True, "needs_inference": True,
        "estimated_tokens": 100_000,
    }  # fmt: skip


def _beside(chance: random.Random, cases: list[Application], staff: list[User], now: datetime) -> None:
    """Rounds, lines of the queue, signals, recommendations, decisions and the first events of the cases."""
    sent = [case for case in cases if case.rounds]
    Round.objects.bulk_create(
        Round(
            application=case, number=1, answers=case.answers, form=case.form, acceptance=case.acceptance,
            sent_at=case.submitted_at or now,
        )
        for case in sent
    )  # fmt: skip
    QueueLine.objects.bulk_create(
        QueueLine(
            application=case, institution=case.answers["institution"], country=case.answers["country"],
            position=case.answers["position"], domain=domain_of(case.applicant.email),
        )
        for case in sent
    )  # fmt: skip
    Signal.objects.bulk_create(
        Signal(
            application=case, round=1, kind="affiliation_unclear", level="info", value=case.applicant.email,
            source="account", at=now,
        )
        for case in sent
    )  # fmt: skip
    for case in sent[:: max(1, len(sent) // 40)]:  # a chain needs its order, so only some have one
        record(case.subject, "application_submitted", actor=case.applicant, now=now)
    _decide(chance, [case for case in cases if case.undo_to in ANSWERED], staff)
    Application.objects.filter(pk__in=[case.pk for case in cases]).update(undo_to="")
    _recommend([case for case in cases if case.state == State.RECOMMENDED], now)


def _decide(chance: random.Random, cases: list[Application], staff: list[User]) -> None:
    decisions = Decision.objects.bulk_create(_decision(chance, case, staff) for case in cases)
    for case, decision in zip(cases, decisions, strict=True):
        case.state, case.decision = case.undo_to, decision
    Application.objects.bulk_update(cases, ["state", "decision"], batch_size=500)


def _decision(chance: random.Random, case: Application, staff: list[User]) -> Decision:
    verdict = ANSWERED[State(case.undo_to)]
    assert case.submitted_at is not None
    return Decision(
        application=case, applicant=case.applicant, round=1, verdict=verdict,
        code="" if verdict == "approve" else chance.choice(CODES), text="For these reasons, which are good ones.",
        what_to_change="The method." if verdict == "refuse_fixable" else "", by=chance.choice(staff),
        at=case.submitted_at + timedelta(hours=chance.randrange(2, 400)),
    )  # fmt: skip


def _recommend(cases: list[Application], now: datetime) -> None:
    made = Recommendation.objects.bulk_create(
        Recommendation(application=case, round=1, by=case.handler, verdict="approve", text="Sound.", at=now)
        for case in cases
    )
    for case, recommendation in zip(cases, made, strict=True):
        case.recommendation = recommendation
    Application.objects.bulk_update(cases, ["recommendation"], batch_size=500)
