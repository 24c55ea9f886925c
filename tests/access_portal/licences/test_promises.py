"""Defects seen elsewhere that cannot happen here: editable texts, acceptances of no version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from access_portal.licences.commands import accept, publish_version
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion, ReconsentNotice
from tests.factories import make_acceptance, make_licence_version, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def everything(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.values())


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Do what you like."},
        {"sha256": "0" * 64},
        {"number": "9"},
        {"language": "ms"},
        {"summary": ["Nothing."]},
        {"published_at": NOW},
        {"reconsent_by": NOW},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_licence_cannot_be_changed_under_a_signature(change: dict[str, Any]) -> None:
    version = make_acceptance(make_user(), make_licence_version()).version
    before = everything(LicenceVersion)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LicenceVersion.objects.filter(pk=version.pk).update(**change)
    for name, value in change.items():
        setattr(version, name, value)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        version.save()
    assert everything(LicenceVersion) == before


@pytest.mark.parametrize("column", ["version", "user", "sha256", "language", "accepted_at", "capacity", "act"])
def test_an_acceptance_lacks_nothing(column: str) -> None:
    version = make_licence_version()
    values: dict[str, Any] = {
        "user": make_user(), "version": version, "sha256": version.sha256, "language": "en", "capacity": "self",
        "act": "ticked", "accepted_at": NOW, column: None,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        LicenceAcceptance.objects.create(**values)


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"version_id": 0}, {"accepted_at": NOW}, {"language": "ms"}])
def test_an_acceptance_stays_what_it_was(change: dict[str, Any]) -> None:
    make_acceptance(make_user(), make_licence_version())
    before = everything(LicenceAcceptance)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LicenceAcceptance.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        LicenceAcceptance.objects.all().delete()
    assert everything(LicenceAcceptance) == before


def test_an_acceptance_holds_version_hash_and_language_of_what_was_shown() -> None:
    licence = Licence.objects.create(slug="lesen", title="Lesen")
    version = publish_version(
        licence=licence, number="1", text="Berbuat baik.", summary=[], actor=None, now=NOW, language="ms"
    )
    made = accept(
        actor=make_user(), version=version, shown_sha256=version.sha256, capacity="self", act="ticked", now=NOW
    )
    made.refresh_from_db()
    assert (made.version, made.sha256, made.language, made.accepted_at) == (version, version.sha256, "ms", NOW)


def test_neither_person_nor_text_goes_while_an_acceptance_rests_on_it() -> None:
    acceptance = make_acceptance(make_user(), make_licence_version())
    for thing in (acceptance.user, acceptance.version, acceptance.version.licence):
        with pytest.raises((ProtectedError, DatabaseError)), transaction.atomic():
            thing.delete()
    assert LicenceAcceptance.objects.get() == acceptance


def test_a_reminder_that_was_sent_cannot_be_unsent() -> None:
    ReconsentNotice.objects.create(user=make_user(), version=make_licence_version(), kind="due", sent_at=NOW)
    for statement in ("UPDATE licences_reconsentnotice SET kind = '3_days'", "DELETE FROM licences_reconsentnotice"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert ReconsentNotice.objects.get().kind == "due"
