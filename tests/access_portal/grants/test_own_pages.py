"""The pages of whoever holds a grant, is of its lab, or is invited to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.grants import commands
from access_portal.grants.models import Grant
from tests.access_portal.grants.life_scenes import (
    SAID,
    make_invitation,
    make_lab,
    make_member,
    make_person_grant,
    new_licence,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def lab(ada: User, client: Client) -> Grant:
    """Of Ada, who is signed in; it ends in a month, and the yearly word is due."""
    now = timezone.now()
    client.force_login(ada)
    return make_lab(ada, None, make_user("mem"), ends_at=now + 30 * DAY, attest_due_at=now + DAY)


def test_the_page_offers_what_can_be_done_now(lab: Grant, client: Client) -> None:
    page = client.get(f"/grants/{lab.number}/").content.decode()
    for name in ("attest", "renew", "surrender", "members", "downloads", "receipt"):
        assert f'href="/grants/{lab.number}/{name}/"' in page
    client.force_login(User.objects.get(username="mem"))
    page = client.get(f"/grants/{lab.number}/").content.decode()
    assert f'action="/grants/{lab.number}/leave/"' in page
    for name in ("attest", "renew", "surrender", "receipt"):
        assert f"/grants/{lab.number}/{name}/" not in page


@pytest.mark.parametrize(
    ("path", "data", "after"),
    [
        ("attest", {"as_given": "on", "not_passed_on": "on", "statement": "Used as before."}, "active"),
        ("renew", {"outputs": "A paper, its data and its code.", "changes": "Nothing."}, "active"),
        ("surrender", {"statement": SAID, "final": "on"}, "surrendered"),
    ],
)
def test_a_form_that_says_all_goes_through(
    path: str, data: dict[str, str], after: str, lab: Grant, client: Client
) -> None:
    answer = client.post(f"/grants/{lab.number}/{path}/", {"version": lab.version, **data})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/grants/{lab.number}/")
    lab.refresh_from_db()
    assert (lab.state, lab.version) == (after, 2)


@pytest.mark.parametrize("path", ["attest", "renew", "surrender"])
@pytest.mark.parametrize("statement", ["", "x" * 5000, "\0"])
def test_a_form_that_lacks_something_comes_back_with_what_was_written(
    path: str, statement: str, lab: Grant, client: Client
) -> None:
    answer = client.post(f"/grants/{lab.number}/{path}/", {"version": 1, "statement": statement, "outputs": statement})
    assert answer.status_code == 422
    lab.refresh_from_db()
    assert lab.version == 1


def test_the_second_of_two_tabs_is_told_that_the_grant_has_changed(lab: Grant, client: Client) -> None:
    data = {"version": 1, "outputs": "A paper, its data and its code.", "changes": "Nothing."}
    assert client.post(f"/grants/{lab.number}/renew/", data).status_code == 302
    data = {"version": 1, "statement": SAID, "final": "on"}
    answer = client.post(f"/grants/{lab.number}/surrender/", data)
    assert answer.status_code == 409
    assert "stale_version" in answer.content.decode()
    lab.refresh_from_db()
    assert lab.state == "active"


def test_a_new_licence_is_accepted_before_a_renewal_is_asked_for(lab: Grant, client: Client) -> None:
    version = new_licence(lab)
    page = client.get(f"/grants/{lab.number}/renew/").content.decode()
    assert f'href="/licences/{version.pk}/"' in page
    assert 'name="outputs"' not in page


def test_the_holder_does_not_read_what_the_office_talks_over(lab: Grant, client: Client) -> None:
    ben = make_user("ben", Role.DECIDER)
    commands.propose_revocation(actor=ben, number=str(lab.number), reason="A leak, perhaps.", now=timezone.now())
    page = client.get(f"/grants/{lab.number}/").content.decode()
    assert "A leak" not in page
    assert "revocation" not in page.lower()
    assert "Ben" not in page


@pytest.mark.parametrize("path", ["", "attest/", "renew/", "surrender/", "members/"])
def test_a_grant_of_somebody_else_does_not_exist(path: str, lab: Grant, client: Client) -> None:
    client.force_login(make_user("cy"))
    assert client.get(f"/grants/{lab.number}/{path}").status_code == 404
    assert client.get(f"/grants/GR-99999/{path}").status_code == 404


def test_one_invites_and_removes_on_the_page_of_the_lab(lab: Grant, client: Client) -> None:
    data = {"version": 1, "name": "<b>Nova", "email": "new@uni.example"}
    assert client.post(f"/grants/{lab.number}/members/invite/", data).status_code == 302
    page = client.get(f"/grants/{lab.number}/members/").content.decode()
    assert "&lt;b&gt;Nova" in page
    for place in lab.members.all():
        assert client.post(f"/grants/{lab.number}/members/{place.pk}/remove/").status_code == 302
    assert not lab.members.filter(removed_at=None).exists()


def test_an_invitation_to_no_address_comes_back(lab: Grant, client: Client) -> None:
    answer = client.post(f"/grants/{lab.number}/members/invite/", {"version": 1, "name": "x", "email": "nobody"})
    assert answer.status_code == 422
    assert 'value="nobody"' in answer.content.decode()


def test_a_member_reads_the_licence_accepts_it_and_is_in(lab: Grant, client: Client) -> None:
    cy = make_user("cy")
    make_invitation(lab, cy.email, "secret", invited_at=timezone.now())
    client.logout()
    assert "/account/login/?next=/grants/join/secret/" in client.get("/grants/join/secret/").content.decode()
    client.force_login(cy)
    page = client.get("/grants/join/secret/")
    assert lab.licence_version.sha256 in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    refused = client.post("/grants/join/secret/", {"sha256": lab.licence_version.sha256})
    assert refused.status_code == 422
    answer = client.post("/grants/join/secret/", {"sha256": lab.licence_version.sha256, "agree": "on"})
    assert answer.headers["Location"] == f"/grants/{lab.number}/"
    assert client.get(f"/grants/{lab.number}/").status_code == 200
    assert client.get("/grants/join/secret/").status_code == 404


def test_looking_at_an_invitation_joins_nobody(lab: Grant, client: Client) -> None:
    cy = make_user("cy")
    make_invitation(lab, cy.email, "secret", invited_at=timezone.now())
    client.force_login(cy)
    client.get("/grants/join/secret/")
    client.head("/grants/join/secret/")
    assert not lab.members.filter(user=cy).exists()


def test_labs_of_which_one_is_a_member_are_among_my_grants(ada: User, client: Client) -> None:
    cy = make_user("cy")
    lab, own = make_lab(ada), make_person_grant(cy)
    make_member(lab, cy)
    gone = make_lab(make_user("bob"))
    make_member(gone, cy, removed_at=timezone.now(), removed_by=gone.holder)
    client.force_login(cy)
    page = client.get("/grants/").content.decode()
    assert str(lab.number) in page
    assert str(own.number) in page
    assert str(gone.number) not in page
