"""The page that gives the whole chain of facts behind yes or no."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Conflict
from access_portal.grants.policy import Action
from release.models import Release
from release.why import why
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_grant, make_release, make_user, make_variant
from tests.release.situations import GRANTED, SITUATIONS, Arrange

pytestmark = pytest.mark.django_db
ASKED = "/access/why/?model=toy-1m&action=download"


@pytest.fixture
def release() -> Release:
    return make_release()


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_reason_is_the_one_that_every_door_gives(ada: User, release: Release, arrange: Arrange, code: str) -> None:
    arrange(ada, release)
    ada.refresh_from_db()
    answer = why(person=ada, model_id="toy-1m", action=Action.DOWNLOAD, now=timezone.now())
    assert answer.is_yes == (code == GRANTED)
    assert (answer.obstacle.code if answer.obstacle else GRANTED) == code


def test_a_person_reads_the_facts_about_themselves(ada: User, release: Release, client: Client) -> None:
    make_grant(ada, release.variant.family, state="suspended", state_reason="<b>A doubt</b>", may_download=False)
    client.force_login(ada)
    page = client.get(ASKED).content.decode()
    assert page.count("the reason</span>") == 1
    assert page.count("does not hold either") == 1
    assert "is suspended: &lt;b&gt;A doubt" in page
    assert 'name="person"' not in page
    assert "Your grant" in client.get(ASKED.replace("download", "infer")).content.decode()


def test_a_yes_names_the_grant(ada: User, release: Release, client: Client) -> None:
    grant = make_grant(ada, release.variant.family)
    client.force_login(ada)
    page = client.get(ASKED).content.decode()
    assert f"You hold grant {grant.number}." in page
    assert "the reason" not in page.replace("is the reason you", "")


@pytest.mark.parametrize(
    "asked", ["", "?model=", "?model=none", "?model=toy-2m", "?model=a%00b", "?action=decide&model=toy-1m"]
)
def test_odd_questions_are_answered_plainly(ada: User, release: Release, client: Client, asked: str) -> None:
    make_variant(release.variant.family, "2m")  # nothing of it was released
    client.force_login(ada)
    answer = client.get(f"/access/why/{asked}")
    assert answer.status_code == (404 if any(word in asked for word in ("none", "2m", "%00")) else 200)
    assert "<h1>" in answer.content.decode()


def test_a_stranger_signs_in_first(release: Release, client: Client) -> None:
    assert client.get(ASKED).headers["Location"].startswith("/account/login/?next=/access/why/")


@pytest.mark.parametrize("role", [None, *Role])
def test_only_those_who_see_reports_may_ask_about_others(
    ada: User, release: Release, client: Client, role: Role | None
) -> None:
    grant = make_grant(ada, release.variant.family)
    client.force_login(make_staff("ben", role) if role else make_user("ben"))
    may = role in (Role.REVIEWER, Role.DECIDER, Role.ADMIN, Role.AUDITOR)
    for words in ("ada", "ADA@uni.example"):
        answer = client.get(ASKED, {"person": words, "model": "toy-1m", "action": "download"})
        assert answer.status_code == (200 if may else 403)
        assert (str(grant.number) in answer.content.decode()) == may
    assert client.get(ASKED, {"person": "nobody", "model": "toy-1m"}).status_code == (404 if may else 403)


def test_whoever_stands_near_asks_a_colleague(ada: User, release: Release, client: Client) -> None:
    ben = make_staff("ben", Role.REVIEWER)
    Conflict.objects.create(user=ben, applicant=ada, declared_at=timezone.now())
    client.force_login(ben)
    assert client.get(f"{ASKED}&person=ada").status_code == 403
    assert client.get(f"{ASKED}&person=ben").status_code == 200
