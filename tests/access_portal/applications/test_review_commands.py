"""Claiming and giving back, one reviewer after another. Also run against mutants."""

from __future__ import annotations

from types import ModuleType

import pytest

from access_portal.accounts.models import Role
from access_portal.applications.models import Application, State
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, NotFoundError
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import HOUR, NOW, make_application, make_open_family
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_claim_names_the_reviewer_and_the_time(commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family())
    commands.claim(actor=ben, number=case.number, version=1, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.claimed_at, case.version) == (State.IN_REVIEW, ben, NOW, 2)


def test_a_claim_is_on_record_and_sends_no_mail(commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family())
    commands.claim(actor=ben, number=case.number, version=1, now=NOW)
    event = Event.objects.get(subject=case.subject)
    assert (event.name, event.actor, event.at) == ("application_claimed", ben, NOW)
    assert event.data == {"state": "in_review", "version": 2}
    assert not OutboxMail.objects.exists()


def test_a_released_case_waits_again_for_anybody(commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    commands.release(actor=ben, number=case.number, version=1, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.claimed_at, case.version) == (State.SUBMITTED, None, None, 2)
    assert Event.objects.get(subject=case.subject).name == "application_released"


@pytest.mark.parametrize(("age", "taken"), [(2 * HOUR, True), (2 * HOUR * 0.999, False)])
def test_a_claim_lapses_after_two_hours(age: object, taken: bool, commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, claimed_at=NOW - age)
    if taken:
        assert commands.claim(actor=ben, number=case.number, version=1, now=NOW).claimed_by == ben
        return
    with pytest.raises(ConflictError) as caught:
        commands.claim(actor=ben, number=case.number, version=1, now=NOW)
    assert caught.value.code == "claimed_by_other"
    assert "Grace" in caught.value.explanation


def test_ones_own_claim_can_be_renewed(commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    assert commands.claim(actor=ben, number=case.number, version=1, now=NOW).claimed_at == NOW


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("command", ["claim", "release"])
def test_a_command_for_another_version_is_refused(command: str, version: int, commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)
    with pytest.raises(ConflictError) as caught:
        getattr(commands, command)(actor=ben, number=case.number, version=version, now=NOW)
    assert (caught.value.code, caught.value.remedy_path) == ("stale_version", f"/review/{case.number}/")
    assert Application.objects.get(pk=case.pk).version == 1


def test_a_number_that_does_not_exist_is_not_found(commands: ModuleType) -> None:
    with pytest.raises(NotFoundError) as caught:
        commands.claim(actor=make_user("ben", Role.REVIEWER), number="GH-2026-77777", version=1, now=NOW)
    assert caught.value.code == "application_not_found"
    assert "GH-2026-77777" in caught.value.explanation


def test_a_withdrawal_needs_no_version_and_confirms_itself(commands: ModuleType) -> None:
    ada = make_user("ada")
    case = make_application(ada, make_open_family(), State.IN_REVIEW, version=7)
    commands.withdraw(actor=ada, number=case.number, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.version) == (State.WITHDRAWN, 8)
    mail = OutboxMail.objects.get(about=case.subject)
    assert (mail.user, str(case.number) in mail.subject, "/apply/toy/" in mail.body) == (ada, True, True)
