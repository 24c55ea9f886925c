"""Approving and refusing. Also run against mutants."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from access_portal.accounts.models import ApiToken, Role, User
from access_portal.applications.models import Application, State
from access_portal.applications.terms import Terms
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.models import Grant
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.breakage import no_mail_can_be_queued
from tests.access_portal.applications.scenes import (
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    replace_licence,
)
from tests.factories import make_grant, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def dan() -> User:
    return make_user("dan", Role.DECIDER)


@pytest.fixture
def case() -> Application:
    return make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)


def test_an_approval_makes_the_grant_that_was_decided(commands: ModuleType, dan: User, case: Application) -> None:
    grant = commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    kept = Grant.objects.get(application=case)
    assert (kept.number, kept.holder, kept.family_id) == (grant.number, case.applicant, case.family_id)
    assert (kept.starts_at, kept.ends_at) == (NOW, datetime(2026, 9, 2, 12, tzinfo=UTC))
    assert (kept.token_quota, kept.may_download, kept.may_infer) == (250_000, True, True)
    assert [variant.slug for variant in kept.variants.all()] == ["1m"]
    assert (kept.reason, kept.given_by) == ("Sound work.", dan)


def test_an_approval_names_decider_time_and_reason(commands: ModuleType, dan: User, case: Application) -> None:
    commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.version, case.decided_by, case.decided_at) == (State.APPROVED, 2, dan, NOW)
    assert (case.decision_code, case.decision_text) == ("approved", "Sound work.")
    event = Event.objects.get(subject=case.subject)
    assert (event.name, event.actor) == ("application_approved", dan)
    assert event.data == {"state": "approved", "version": 2, "grant": case.grant.number, "months": 6}


def test_the_grant_is_under_the_licence_that_was_accepted(commands: ModuleType, dan: User, case: Application) -> None:
    replace_licence(case.family)
    grant = commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    assert grant.licence_version == case.acceptance.version


def test_no_sizes_means_all_of_them(commands: ModuleType, dan: User, case: Application) -> None:
    terms = Terms(12, 10, may_download=True, may_infer=True, variants=(), reason="Sound.")
    grant = commands.approve(actor=dan, number=case.number, version=1, terms=terms, now=NOW)
    assert not grant.variants.exists()


def test_a_size_of_another_family_cannot_be_granted(commands: ModuleType, dan: User, case: Application) -> None:
    make_variant(make_open_family("quill"), "9b")
    terms = Terms(12, 10, may_download=True, may_infer=True, variants=("9b",), reason="Sound.")
    with pytest.raises(InvalidError) as caught:
        commands.approve(actor=dan, number=case.number, version=1, terms=terms, now=NOW)
    assert (caught.value.code, caught.value.field) == ("unknown_size", "variants")
    assert not Grant.objects.exists()


def test_without_inference_there_is_no_quota(commands: ModuleType, dan: User, case: Application) -> None:
    terms = Terms(12, 10, may_download=True, may_infer=False, variants=(), reason="Sound.")
    assert commands.approve(actor=dan, number=case.number, version=1, terms=terms, now=NOW).token_quota == 0


def test_the_mail_gives_terms_and_next_step_but_no_secret(commands: ModuleType, dan: User, case: Application) -> None:
    grant = commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    mail = OutboxMail.objects.get(about=case.subject)
    assert (mail.user, str(case.number) in mail.subject) == (case.applicant, True)
    for words in (
        grant.number,
        "250,000 tokens",
        "1M",
        "Sound work.",
        "http://testserver/models/toy/",
        "Sept. 2, 2026",
    ):
        assert words in mail.body
    assert not any(word in mail.body for word in ("gh_", "X-Amz", "Signature", "next="))
    assert not ApiToken.objects.exists()


def test_nothing_is_decided_when_the_mail_cannot_be_queued(commands: ModuleType, dan: User, case: Application) -> None:
    with no_mail_can_be_queued():
        commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.version, case.decided_by) == (State.IN_REVIEW, 1, None)
    assert not Grant.objects.exists()
    assert not Event.objects.exists()


def test_who_got_a_grant_meanwhile_gets_no_second(commands: ModuleType, dan: User, case: Application) -> None:
    make_grant(case.applicant, case.family, now=NOW)
    with pytest.raises(ConflictError) as caught:
        commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    assert caught.value.code == "grant_exists"
    assert Application.objects.get(pk=case.pk).state == State.IN_REVIEW


def test_a_refusal_says_why_and_what_next(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **REFUSAL)
    case.refresh_from_db()
    assert (case.state, case.version, case.decided_by, case.decided_at) == (State.REFUSED, 2, dan, NOW)
    assert (case.decision_code, case.decision_text) == (REFUSAL["code"], REFUSAL["text"])
    assert (case.may_reapply, case.what_to_change) == (True, "Describe the method.")
    event = Event.objects.get(subject=case.subject)
    assert event.data == {"state": "refused", "version": 2, "code": "purpose_unclear", "may_reapply": True}


def test_the_mail_of_a_refusal_says_the_same(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **REFUSAL)
    mail = OutboxMail.objects.get(about=case.subject)
    for words in ("research purpose is not clear", REFUSAL["text"], "Describe the method.", "/apply/toy/"):
        assert words in mail.body


def test_a_final_refusal_promises_no_other_try(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **{**REFUSAL, "may_reapply": False})
    case.refresh_from_db()
    assert (case.may_reapply, case.what_to_change) == (False, "")
    mail = OutboxMail.objects.get(about=case.subject)
    assert "final" in mail.body
    assert "/apply/" not in mail.body


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"code": "dislike"}, "unknown_reason", "code"),
        ({"code": ""}, "unknown_reason", "code"),
        ({"text": "x" * 29}, "text_too_short", "text"),
        ({"text": " " * 40 + "No."}, "text_too_short", "text"),
        ({"what_to_change": "  "}, "no_next_step", "what_to_change"),
    ],
)
def test_a_refusal_that_says_too_little_is_not_kept(
    change: dict[str, Any], code: str, field: str, commands: ModuleType, dan: User, case: Application
) -> None:
    with pytest.raises(InvalidError) as caught:
        commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **{**REFUSAL, **change})
    assert (caught.value.code, caught.value.field) == (code, field)
    assert Application.objects.get(pk=case.pk).state == State.IN_REVIEW


def test_thirty_characters_are_enough(commands: ModuleType, dan: User, case: Application) -> None:
    words = {**REFUSAL, "text": "x" * 30}
    assert commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **words).state == State.REFUSED


@pytest.mark.parametrize(("command", "said"), [("approve", {"terms": TERMS}), ("refuse", REFUSAL)])
def test_a_decision_on_another_version_is_refused(
    command: str, said: dict[str, Any], commands: ModuleType, dan: User, case: Application
) -> None:
    with pytest.raises(ConflictError) as caught:
        getattr(commands, command)(actor=dan, number=case.number, version=2, now=NOW, **said)
    assert caught.value.code == "stale_version"
    assert not Grant.objects.exists()


def test_refusing_twice_changes_nothing(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse(actor=dan, number=case.number, version=1, now=NOW, **REFUSAL)
    with pytest.raises(ConflictError) as caught:
        commands.refuse(actor=dan, number=case.number, version=2, now=NOW, **REFUSAL)
    assert (caught.value.code, "Refused" in caught.value.explanation) == ("wrong_state", True)
    assert OutboxMail.objects.count() == 1


def test_a_withdrawn_application_cannot_be_approved(commands: ModuleType, dan: User, case: Application) -> None:
    commands.withdraw(actor=case.applicant, number=case.number, now=NOW)
    with pytest.raises(ConflictError) as caught:
        commands.approve(actor=dan, number=case.number, version=1, terms=TERMS, now=NOW)
    assert (caught.value.code, "Withdrawn" in caught.value.explanation) == ("wrong_state", True)


@pytest.mark.parametrize(
    "change",
    [
        {"decided_by": "applicant", "decided_at": NOW, "decision_code": "approved", "state": State.APPROVED},
        {"claimed_by": "applicant", "claimed_at": NOW},
        {"state": State.REFUSED},
        {"state": "lost"},
    ],
)
def test_the_database_itself_refuses_what_must_not_be(
    change: dict[str, Any], commands: ModuleType, case: Application
) -> None:
    values = {name: case.applicant if value == "applicant" else value for name, value in change.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=case.pk).update(**values)


@pytest.mark.parametrize("change", [{"answers": {}}, {"number": "GH-1"}, {"submitted_at": NOW}])
def test_what_was_sent_is_frozen_in_the_database(change: dict[str, Any], case: Application) -> None:
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Application.objects.filter(pk=case.pk).update(**change)


def test_an_application_cannot_be_deleted_in_the_database(case: Application) -> None:
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Application.objects.filter(pk=case.pk).delete()
