"""Files of an application: whose they are, and how they are handed out."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications.commands import declare_conflict
from access_portal.applications.models import Application, Attachment, State
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n<script>alert(1)</script>"


def attach(case: Application, name: str = "plan.pdf", *, sent: bool = True) -> str:
    """The address of a file of this case."""
    digest = hashlib.sha256(PDF + name.encode()).hexdigest()
    file = Attachment.objects.create(
        application=case, question="plan_file", name=name, media_type="application/pdf", size_bytes=len(PDF),
        sha256=digest, content=PDF, uploaded_at=timezone.now(),
    )  # fmt: skip
    if sent:
        last = case.sent_rounds.get()
        case.sent_rounds.create(
            number=2, answers={**ANSWERS, "plan_file": {"name": name, "sha256": digest, "size": len(PDF)}},
            form=last.form, acceptance=last.acceptance, sent_at=last.sent_at,
        )  # fmt: skip
    return f"/applications/{case.number}/files/{file.pk}/"


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def status_for(reader: User, path: str) -> int:
    client = Client()
    client.force_login(reader)
    return client.get(path).status_code


def test_it_is_a_download_that_runs_nowhere(ada: User, client: Client) -> None:
    client.force_login(ada)
    answer = client.get(attach(make_application(ada, make_open_family())))
    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ['a".pdf', "a\r\nSet-Cookie: x=1.pdf", "mémoire.pdf", "\u202efdp.exe"])
def test_a_hostile_name_stays_inside_its_header(name: str, ada: User, client: Client) -> None:
    client.force_login(ada)
    answer = client.get(attach(make_application(ada, make_open_family()), name))
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer["Content-Disposition"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(("role", "status"), [(Role.REVIEWER, 200), (Role.DECIDER, 200), (Role.RELEASE_MANAGER, 404)])
def test_staff_open_it_if_the_case_is_theirs_to_read(role: Role, status: int, ada: User) -> None:
    path = attach(make_application(ada, make_open_family()))
    assert status_for(make_staff("ben", role), path) == status


def test_it_is_not_found_for_others(ada: User, client: Client) -> None:
    path = attach(make_application(ada, make_open_family()))
    assert status_for(make_user("cy"), path) == 404
    assert client.get(path).headers["Location"].startswith("/account/login/")


def test_a_conflict_of_interest_closes_it(ada: User) -> None:
    case, ben = make_application(ada, make_open_family()), make_staff("ben", Role.REVIEWER)
    path = attach(case)
    declare_conflict(actor=ben, number=str(case.number), now=timezone.now())
    assert status_for(ben, path) == 404


@pytest.mark.parametrize("state", [State.DRAFT, State.INFO_REQUESTED])
def test_what_was_not_sent_yet_is_the_applicants_alone(state: State, ada: User) -> None:
    path = attach(make_application(ada, make_open_family(), state), sent=False)
    assert status_for(ada, path) == 200
    assert status_for(make_staff("ben", Role.REVIEWER), path) == 404


def test_a_file_is_found_under_its_own_number_only(ada: User) -> None:
    path = attach(make_application(ada, make_open_family()))
    other = make_application(ada, make_open_family("other"))
    file = path.rsplit("/", 2)[1]
    assert status_for(ada, f"/applications/{other.number}/files/{file}/") == 404
