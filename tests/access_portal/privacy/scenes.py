"""Zelda, of whom something lies in every room; each of her words can be told from everybody else's."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.db import models

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import Role, Scope, User
from access_portal.accounts.tokens import issue_token
from access_portal.api.models import AnsweredRequest
from access_portal.applications import commands
from access_portal.applications.commands import Ask
from access_portal.applications.models import Application, Attachment, Conflict
from access_portal.grants.commands import surrender
from access_portal.grants.models import Grant, GrantMember
from access_portal.receipts.commands import receipt_of_grant
from access_portal.reports.models import SavedReport
from inference_worker.models import Batch, IdempotencyKey, StoredFile
from release.models import Family, Mint, Release
from tests.access_portal.applications.scenes import make_open_family, make_staff
from tests.access_portal.references.scenes import apply
from tests.factories import make_grant, make_release, make_user
from tests.inference_worker.jobs import make_batch

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
# What must be found nowhere once the account is closed: name, user name, address, ORCID, and words of hers.
NAME, USER_NAME, ADDRESS = "Zelda Zanzibar", "zeldazz", "zeldazz@uni.example"
WORDS = "zyzzyva"
MARKS = ("zelda", "zanzibar", WORDS, "0000-0001-5109-3700")
SAID = "Three copies on two machines; all were deleted today."
ANSWERS: dict[str, Any] = {
    "institution": f"University of {WORDS}",
    "web_page": f"https://{WORDS}.example/",
    "orcid": "0000-0001-5109-3700",
    "purpose": f"We study {WORDS} and how small models learn of them, layer by layer, with care and patience. " * 3,
    "supervisor_name": f"Professor {WORDS}",
    "supervisor_email": f"{WORDS}@uni.example",
}


def make_zelda() -> User:
    """An account with everything that signs in."""
    zelda = make_user(USER_NAME)
    zelda.full_name = NAME
    zelda.save()
    issue_token(actor=zelda, name=f"laptop of {WORDS}", scopes=[Scope.JOBS], days=90, now=NOW)
    RecoveryCodes.activate(zelda)
    SocialAccount.objects.create(user=zelda, provider="orcid", uid=ANSWERS["orcid"], extra_data={"name": NAME})
    return zelda


def make_case(zelda: User, family: Family, ben: User) -> Application:
    """Sent, asked about, answered, spoken of, withdrawn: words of hers, and of others about her."""
    case = apply(zelda, family, NOW, **ANSWERS)
    case = commands.claim(actor=ben, number=str(case.number), version=case.version, now=NOW)
    commands.note(actor=ben, number=str(case.number), text=f"Is {NAME} the {WORDS} of old?", now=NOW)
    commands.send_message(actor=zelda, number=str(case.number), text=f"It is about {WORDS}.", now=NOW)
    case.refresh_from_db()
    asks = [Ask(f"What of {WORDS}?", "purpose")]
    case = commands.request_info(actor=ben, number=str(case.number), version=case.version, asks=asks, now=NOW)
    attach(case, f"{WORDS}.pdf")
    Conflict.objects.create(user=ben, application=case, reason=f"I know {NAME}.", declared_at=NOW, ended_at=NOW)
    return commands.withdraw(actor=zelda, number=str(case.number), now=NOW)


def attach(case: Application, name: str, content: bytes = b"%PDF-1.7") -> Attachment:
    return Attachment.objects.create(
        application=case, question="plan_file", name=name, media_type="application/pdf", size_bytes=len(content),
        sha256="0" * 64, content=content, uploaded_at=NOW,
    )  # fmt: skip


def make_surrendered_grant(zelda: User, release: Release) -> Grant:
    """Used, with a receipt made of it, and given back."""
    grant = make_grant(zelda, release.variant.family, now=NOW)
    receipt_of_grant(grant=grant, actor=zelda, now=NOW)
    Mint.objects.create(
        artifact=release.artifacts.get(), user=zelda, grant=grant, minted_at=NOW, expires_at=NOW + DAY,
        address="192.0.2.7", user_agent="curl/8",
    )  # fmt: skip
    batch = make_batch(grant, release, now=NOW, metadata={"about": WORDS}, state=Batch.State.COMPLETED)
    StoredFile.objects.filter(owner=zelda).update(filename=f"{WORDS}.jsonl")
    IdempotencyKey.objects.create(owner=zelda, route="POST /v1/batches", key=WORDS, body_sha256="0" * 64, batch=batch)
    return surrender(actor=zelda, number=str(grant.number), statement=SAID, now=NOW)


def furnish() -> User:
    """Zelda with all of this, and nothing that keeps her from leaving."""
    zelda, ben = make_zelda(), make_staff("ben", Role.REVIEWER, Role.DECIDER)
    release = make_release()
    make_surrendered_grant(zelda, release)
    case = make_case(zelda, make_open_family("gosling"), ben)
    begun = commands.start_application(actor=zelda, family=make_open_family("draft"), now=NOW)
    commands.save_draft(
        actor=zelda, number=str(begun.number), version=begun.version, answers={"purpose": WORDS}, now=NOW
    )
    was_member(zelda, make_grant(make_user("lee"), make_open_family("lab"), now=NOW, kind="lab", lab_name="Lee's lab"))
    AnsweredRequest.objects.create(
        user=ben, key="k", digest="0" * 64, answer={"number": case.number, "x": WORDS}, at=NOW
    )
    SavedReport.objects.create(user=zelda, name=WORDS, query="")
    DeviceRequest.objects.create(
        device_digest="1" * 64, code_digest="2" * 64, client_name=f"shell of {WORDS}", scopes=["read"], asked_at=NOW,
        expires_at=NOW, interval_seconds=5, state="refused", user=zelda, answered_at=NOW,
    )  # fmt: skip
    return zelda


def was_member(zelda: User, lab: Grant) -> GrantMember:
    place = GrantMember.objects.create(
        grant=lab, email=zelda.email, name=NAME, invited_by=lab.holder, invited_at=NOW, user=zelda, joined_at=NOW,
        acceptance=zelda.acceptances.latest("pk"),
    )  # fmt: skip
    GrantMember.objects.filter(pk=place.pk).update(removed_at=NOW, removed_by=zelda, removed_reason=f"{NAME} left.")
    return place


def places_with(*marks: str) -> list[str]:
    """Every table and column, of all there are, in which one of these can be read."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        columns = [field.attname for field in model._meta.concrete_fields if _holds_text(field)]
        for row in model._base_manager.values_list("pk", *columns).iterator():
            for column, value in zip(columns, row[1:], strict=True):
                text = f"{value} {_said_in_token(str(value))}".lower()
                found += [f"{model._meta.label}.{column}: {mark}" for mark in marks if mark.lower() in text]
    return sorted(set(found))


def _said_in_token(text: str) -> str:
    """What a signed receipt says, which is written in base64."""
    parts = text.split(".")
    return base64.urlsafe_b64decode(f"{parts[1]}==").decode() if len(parts) == 3 and parts[0].startswith("eyJ") else ""


def _holds_text(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)
