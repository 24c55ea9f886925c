"""Who reads which lines of the record of download links."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.grants.models import Grant
from release.models import Artifact, Mint
from tests.access_portal.applications.scenes import make_staff
from tests.access_portal.grants.life_scenes import make_lab
from tests.factories import make_family, make_release, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Grant:
    """Ada and Mem have made a link each."""
    family = make_family()
    release = make_release(make_variant(family))
    ada, mem = make_user("ada"), make_user("mem")
    grant = make_lab(ada, family, mem, ends_at=timezone.now() + timedelta(days=100))
    for user, agent in ((ada, "curl/8"), (mem, "<script>alert(1)</script>")):
        Mint.objects.create(
            artifact=release.artifacts.get(), user=user, grant=grant, minted_at=timezone.now(),
            expires_at=timezone.now(), address="2001:db8::7", user_agent=agent,
        )  # fmt: skip
    return grant


def page(client: Client, grant: Grant, user: User) -> tuple[int, str]:
    client.force_login(user)
    answer = client.get(f"/grants/{grant.number}/downloads/")
    return answer.status_code, answer.content.decode()


def test_the_holder_sees_every_line(lab: Grant, client: Client) -> None:
    status, text = page(client, lab, lab.holder)
    assert status == 200
    assert "curl/8" in text
    assert "Mem Example" in text
    assert "&lt;script&gt;alert" in text


def test_a_member_sees_their_own_lines_only(lab: Grant, client: Client) -> None:
    status, text = page(client, lab, User.objects.get(username="mem"))
    assert status == 200
    assert "curl/8" not in text
    assert text.count("params.json") == 1


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.DECIDER, Role.AUDITOR, Role.ADMIN, Role.OPERATOR])
def test_the_office_sees_every_line(role: Role, lab: Grant, client: Client) -> None:
    status, text = page(client, lab, make_staff("ben", role))
    assert (status, text.count("params.json")) == (200, 2)


def test_strangers_and_other_staff_see_nothing(lab: Grant, client: Client) -> None:
    assert page(client, lab, make_user("cy"))[0] == 404
    assert page(client, lab, make_staff("mia", Role.RELEASE_MANAGER))[0] == 403
    client.logout()
    assert client.get(f"/grants/{lab.number}/downloads/").status_code == 302


def test_whoever_left_the_lab_sees_nothing(lab: Grant, client: Client) -> None:
    mem = User.objects.get(username="mem")
    lab.members.update(removed_at=timezone.now(), removed_by=lab.holder)
    assert page(client, lab, mem)[0] == 404


def test_it_says_through_which_door_and_what_is_left_today(lab: Grant, client: Client) -> None:
    Grant.objects.filter(pk=lab.pk).update(bytes_per_day=1000)
    artifact = Artifact.objects.get()
    Mint.objects.create(
        artifact=artifact, user=lab.holder, grant=lab, minted_at=timezone.now(), expires_at=timezone.now(),
        user_agent="hf", via="hub", counted_bytes=600,
    )  # fmt: skip
    _status, text = page(client, lab, lab.holder)
    assert "Hub client" in text
    assert "1\N{NO-BREAK SPACE}kB a day; 400\N{NO-BREAK SPACE}B are left today" in text
