"""Applying: what is kept, what is refused, and that all of it happens or nothing. Also run against mutants."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import pytest

from access_portal.applications.models import Application, State
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, PermissionRefusedError
from access_portal.licences.models import Licence, LicenceAcceptance
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.breakage import no_mail_can_be_queued
from tests.access_portal.applications.scenes import (
    ANSWERS,
    NOW,
    make_application,
    make_open_family,
    replace_licence,
    submit,
)
from tests.factories import make_grant, make_licence_version, make_user

pytestmark = pytest.mark.django_db


def test_an_application_keeps_answers_acceptance_and_time(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    kept = Application.objects.get(pk=submit(ada, family, commands).pk)
    assert (kept.answers, kept.state, kept.version, kept.submitted_at) == (ANSWERS, State.SUBMITTED, 1, NOW)
    assert (kept.applicant, kept.family, kept.form_version) == (ada, family, 1)
    assert kept.acceptance.version.licence == family.weights_licence
    assert (kept.acceptance.user, kept.acceptance.sha256) == (ada, kept.acceptance.version.sha256)


def test_the_number_is_made_from_the_year_and_the_key(commands: ModuleType) -> None:
    made = submit(make_user("ada"), make_open_family(), commands)
    assert made.number == f"GH-2026-{made.pk:05d}"
    assert Application.objects.get(pk=made.pk).number == made.number


def test_applying_is_on_record_without_the_answers(commands: ModuleType) -> None:
    ada = make_user("ada")
    made = submit(ada, make_open_family(), commands)
    event = Event.objects.get(subject=made.subject)
    assert (event.name, event.actor, event.at) == ("application_submitted", ada, NOW)
    assert event.data == {"state": "submitted", "version": 1, "acceptance": made.acceptance_id}


def test_the_receipt_gives_the_number_and_what_happens_next(commands: ModuleType) -> None:
    ada = make_user("ada")
    made = submit(ada, make_open_family(), commands)
    mail = OutboxMail.objects.get(about=made.subject)
    assert (mail.user, mail.to) == (ada, ada.email)
    assert str(made.number) in mail.subject
    assert "What happens next" in mail.body
    assert f"http://testserver/applications/{made.number}/" in mail.body


def test_nothing_is_kept_when_the_receipt_cannot_be_queued(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    with no_mail_can_be_queued():
        submit(ada, family, commands)
    assert not Application.objects.exists()
    assert not LicenceAcceptance.objects.exists()
    assert not Event.objects.exists()


def test_a_second_open_application_is_refused_and_leads_to_the_first(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    first = submit(ada, family, commands)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands)
    assert (caught.value.code, caught.value.remedy_path) == ("already_open", f"/applications/{first.number}/")
    assert Application.objects.count() == 1


def test_two_families_can_be_applied_for_at_once(commands: ModuleType) -> None:
    ada = make_user("ada")
    numbers = {submit(ada, make_open_family(slug), commands).number for slug in ("toy", "quill")}
    assert len(numbers) == 2


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_who_holds_a_grant_need_not_apply(state: str, commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    make_grant(ada, family, now=NOW, state=state)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands)
    assert (caught.value.code, caught.value.remedy_path) == ("already_granted", "/grants/")


def test_a_grant_that_has_ended_can_be_asked_for_again(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    make_grant(ada, family, now=NOW - timedelta(days=400), ends_at=NOW)
    assert submit(ada, family, commands).state == State.SUBMITTED


def test_a_refusal_that_is_final_stays_so(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    made = make_application(ada, family, State.REFUSED, may_reapply=False)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands)
    assert (caught.value.code, caught.value.remedy_path) == ("refused_for_good", f"/applications/{made.number}/")


def test_an_unconfirmed_address_cannot_apply(commands: ModuleType) -> None:
    with pytest.raises(PermissionRefusedError) as caught:
        submit(make_user("ada", verified=False), make_open_family(), commands)
    assert caught.value.code == "email_not_verified"


def test_a_family_can_be_closed_to_applications(commands: ModuleType) -> None:
    family = make_open_family()
    family.accepts_applications = False
    with pytest.raises(ConflictError) as caught:
        submit(make_user("ada"), family, commands)
    assert caught.value.code == "applications_closed"


def test_a_licence_that_changed_while_it_was_read_is_not_accepted(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    read = family.weights_licence.versions.get()
    replace_licence(family)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands, licence_version_id=read.pk, shown_sha256=read.sha256)
    assert (caught.value.code, caught.value.remedy_path) == ("licence_changed", "/apply/toy/")
    assert not LicenceAcceptance.objects.exists()


def test_a_new_version_with_the_same_words_is_still_another_version(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    read = family.weights_licence.versions.get()
    replace_licence(family, text=read.text)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands, licence_version_id=read.pk)
    assert caught.value.code == "licence_changed"


def test_a_licence_without_a_text_cannot_be_accepted(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    read = family.weights_licence.versions.get()
    family.weights_licence = Licence.objects.create(slug="empty", title="No text yet")
    told = {"actor": ada, "family": family, "answers": ANSWERS, "now": NOW}
    with pytest.raises(ConflictError) as caught:
        commands.submit_application(**told, licence_version_id=read.pk, shown_sha256=read.sha256)
    assert caught.value.code == "licence_changed"


def test_an_old_acceptance_does_not_stand_for_a_new_text(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    read = family.weights_licence.versions.get()
    commands.withdraw(actor=ada, number=submit(ada, family, commands).number, now=NOW)
    replace_licence(family)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands, licence_version_id=read.pk, shown_sha256=read.sha256)
    assert caught.value.code == "licence_changed"


def test_the_text_of_another_licence_does_not_count(commands: ModuleType) -> None:
    other = make_licence_version(text="Do as you like.")
    with pytest.raises(ConflictError) as caught:
        submit(make_user("ada"), make_open_family(), commands, licence_version_id=other.pk, shown_sha256=other.sha256)
    assert caught.value.code == "licence_changed"


def test_a_wrong_fingerprint_is_a_changed_text_even_if_accepted_before(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    commands.withdraw(actor=ada, number=submit(ada, family, commands).number, now=NOW)
    with pytest.raises(ConflictError) as caught:
        submit(ada, family, commands, shown_sha256="0" * 64)
    assert caught.value.code == "licence_changed"


def test_the_life_of_an_application_is_one_whole_chain(commands: ModuleType) -> None:
    ada, family = make_user("ada"), make_open_family()
    made = submit(ada, family, commands)
    commands.withdraw(actor=ada, number=made.number, now=NOW)
    assert first_broken(made.subject) is None
    assert Event.objects.filter(subject=made.subject).count() == 2
