"""The three lists and the report: whole, in pages, in the words of the protocol."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from access_portal.accounts.models import Role, User
from access_portal.applications.models import State
from tests.access_portal.applications.scenes import make_application, make_staff
from tests.factories import make_grant, make_user
from tests.release.hub.access.situations import CALLS, Scene, make_scene, post, rows
from tests.release.hub.asking import TOY, ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
HOSTILE = "<script>alert(1)</script> \u202e مرحبا"


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def test_a_line_has_what_clients_read(scene: Scene) -> None:
    case = make_application(scene.ada, scene.family, State.RECOMMENDED)
    (row,) = rows(scene.secret, "pending")
    assert row["user"] == {
        "_id": str(scene.ada.pk), "user": "ada", "fullname": "Ada Example", "email": "ada@uni.example",
        "avatarUrl": "", "type": "user",
    }  # fmt: skip
    assert (row["requestId"], row["status"]) == (case.number, "pending")
    assert re.fullmatch(r"2026-03-02T10:00:00\.\d{3}Z", row["timestamp"])
    assert row["fields"]["Institution"] == "Example University"
    assert row["fields"]["Page"].endswith(f"/review/{case.number}/")
    assert "purpose" not in str(row).lower()


def test_hostile_names_are_data(scene: Scene) -> None:
    User.objects.filter(pk=scene.ada.pk).update(full_name=HOSTILE)
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    answer = ask("get", f"{CALLS}/pending", scene.secret)
    assert answer["Content-Type"] == "application/json"
    assert answer.json()[0]["user"]["fullname"] == HOSTILE
    assert answer["Cache-Control"] == "no-store"


def test_long_lists_come_in_pages_that_miss_nobody(scene: Scene) -> None:
    names = [f"a{n}" for n in range(5)]
    for name in names[:3]:
        make_application(make_user(name), scene.family, State.RECOMMENDED)
    for name in names[3:]:
        make_grant(make_user(name), scene.family, state="suspended", state_reason="x")
    found, url = [], f"{CALLS}/pending?limit=2&x=%2F"
    while url:
        answer = ask("get", url, scene.secret)
        read = [row["user"]["user"] for row in answer.json()]
        found += read
        for name in read:  # as clients do: the next page is read when this one was answered
            assert post(scene.secret, "handle", {"user": name, "status": "accepted"}).status_code == 200
        link = re.match(r'<http://testserver(/.*)>; rel="next"$', answer.get("Link", ""))
        url = link[1] if link else ""
    assert found == names


def test_a_list_that_fits_has_no_next_page(scene: Scene) -> None:
    for name in ("a1", "a2"):
        make_application(make_user(name), scene.family, State.RECOMMENDED)
    assert "Link" not in ask("get", f"{CALLS}/pending?limit=2", scene.secret)
    for limit in ("0", "", "9" * 9):
        assert len(ask("get", f"{CALLS}/pending?limit={limit}", scene.secret).json()) == 2


@pytest.mark.parametrize("cursor", ["0", "a", "x1", "a-1", "g1%00", "a" + "9" * 19, "a\u0663", "a1;"])
def test_a_cursor_that_nobody_gave_out_is_malformed(cursor: str, scene: Scene) -> None:
    assert ask("get", f"{CALLS}/pending?cursor={cursor}", scene.secret).status_code == 400


@pytest.mark.parametrize("status", ["denied", "PENDING", "%00", "pending%2F.."])
def test_other_lists_are_not_there(status: str, scene: Scene) -> None:
    assert ask("get", f"{CALLS}/{status}", scene.secret).status_code == 404


def test_a_model_that_is_not_here_has_no_requests(scene: Scene) -> None:
    answer = ask("get", "/api/models/gatehouse/none/user-access-request/pending", scene.secret)
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")


def test_the_report_has_everybody(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.REFUSED_FIXABLE)
    make_grant(make_user("cy"), scene.family)
    make_application(make_user("dee"), scene.family, State.SUBMITTED)
    found = ask("get", f"/{TOY}/user-access-report", scene.secret).json()
    assert [(row["user"], row["status"]) for row in found] == [
        ("dee", "pending"), ("cy", "accepted"), ("ada", "rejected"),
    ]  # fmt: skip
    assert all(set(row) == {"user", "fullname", "status", "email", "time"} for row in found)


@pytest.mark.parametrize(("role", "status"), [(Role.REVIEWER, 200), (Role.ADMIN, 403), (None, 403)])
def test_the_report_opens_in_the_browser_of_staff(role: Role | None, status: int, scene: Scene) -> None:
    browser = Client()
    assert browser.get(f"/{TOY}/user-access-report").status_code == 401
    browser.force_login(make_staff("pat", role) if role else scene.ada)
    assert browser.get(f"/{TOY}/user-access-report").status_code == status
    assert browser.get(f"{CALLS}/pending").status_code == 401  # the API knows no cookies


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_asking_leads_to_the_form_and_gives_nothing(method: str, signed_in: bool, scene: Scene) -> None:
    answer = ask(method, f"/{TOY}/ask-access", scene.ada_secret if signed_in else None)
    assert (answer.status_code, answer["Location"]) == (303, "/apply/toy/")
    assert scene.status() is None
