"""What applicants are written: number, where it stands, what to do, by when, and a link to the portal."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.commands.step import tell
from access_portal.applications.models import Application, State
from access_portal.applications.reasons import REASONS
from access_portal.outbox.models import OutboxMail
from access_portal.outbox.queries import mails_of
from tests.access_portal.applications.scenes import CHECKED, NOW, TERMS, make_application, make_open_family
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
UPHELD = SimpleNamespace(upheld=True, ground="The method is there.")
KINDS: dict[str, tuple[State, dict[str, Any]]] = {
    "receipt": (State.SUBMITTED, {"status": "http://testserver/status/GH/secret/"}),
    "resubmitted": (State.REVISED, {}),
    "info_requested": (State.INFO_REQUESTED, {"asks": [commands.Ask("What will you measure?")]}),
    "refused": (State.REFUSED_FIXABLE, {"reason": REASONS["purpose_unclear"]}),
    "withdrawn": (State.WITHDRAWN, {}),
    "expired": (State.EXPIRED, {}),
    "reminder": (State.DRAFT, {}),
    "held": (State.IN_REVIEW, {}),
    "hold_lifted": (State.IN_REVIEW, {}),
    "message": (State.IN_REVIEW, {"message": SimpleNamespace(from_office=True, text="One more thing.")}),
    "appeal_receipt": (State.APPEALED, {}),
    "appeal_decided": (State.REFUSED_FINAL, {"appeal": UPHELD}),
    "approved": (State.APPROVED, {}),
}


def write(kind: str) -> tuple[Application, OutboxMail]:
    state, context = KINDS[kind]
    ada = make_user("ada")
    case = make_application(ada, make_open_family(), state)
    if kind == "approved":
        context = {**context, "grant": make_grant(ada, case.family, now=NOW)}
    if kind == "refused":
        context = {**context, "decision": case.decision}
    tell(ada, kind, case, NOW, context)
    return case, OutboxMail.objects.latest("pk")


@pytest.mark.parametrize("kind", KINDS)
def test_each_names_number_model_and_the_page_that_says_more(kind: str) -> None:
    case, mail = write(kind)
    assert str(case.number) in mail.subject
    assert "Hello Ada Example" in mail.body
    assert "Toy" in mail.body
    assert f"http://testserver/applications/{case.number}/" in mail.body
    assert "{{" not in mail.body
    assert mail.about == case.subject


@pytest.mark.parametrize("kind", ["receipt", "resubmitted", "info_requested", "reminder", "appeal_receipt"])
def test_where_there_is_a_date_it_is_told(kind: str) -> None:
    case = make_application(make_user("ada"), make_open_family(), KINDS[kind][0], due_at=NOW + timedelta(days=10))
    tell(case.applicant, kind, case, NOW, KINDS[kind][1])
    assert "March 12, 2026" in OutboxMail.objects.latest("pk").body


def test_a_mail_that_can_still_be_undone_is_not_among_the_messages() -> None:
    ada, decider = make_user("ada"), make_user("dan", Role.REVIEWER, Role.DECIDER)
    case = make_application(ada, make_open_family(), State.IN_REVIEW, holder=decider)
    commands.approve(
        actor=decider, number=str(case.number), version=case.version, terms=TERMS, checked=CHECKED, now=NOW
    )
    assert not mails_of(ada, NOW).exists()
    assert mails_of(ada, NOW + timedelta(minutes=2)).get().template == "application_approved"
