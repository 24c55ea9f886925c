"""What owners may do with requests: each call in each situation, by each kind of person, and what holds afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from pytest_django.fixtures import Settings

from access_portal.accounts.models import Role
from access_portal.applications.models import Application, Conflict, Note, ReviewPolicy, State
from access_portal.grants import commands as grants
from access_portal.grants.models import Grant, Revocation
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import NOW, make_application, make_staff
from tests.factories import make_user
from tests.release.hub.access.situations import (
    REASON,
    SITUATIONS,
    Scene,
    make_scene,
    post,
    rows,
    secret_of,
)
from tests.release.hub.asking import TOY, ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def tried(call: Any) -> int:
    """The status of the answer; whatever it changed is taken back."""
    with transaction.atomic():
        status: int = call().status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_call_in_each_situation(name: str, scene: Scene) -> None:
    build, expected = SITUATIONS[name]
    build(scene)
    found = {
        "listed": scene.status(),
        "accept": tried(lambda: scene.handle("accepted")),
        "reject": tried(lambda: scene.handle("rejected", rejectionReason=REASON)),
        "cancel": tried(lambda: scene.handle("pending")),
        "grant": tried(scene.grant),
    }
    assert found == vars(expected)


MOVES = {"accepted": "accept", "rejected": "reject", "pending": "cancel"}
GOOD = [(name, to) for name in SITUATIONS for to, call in MOVES.items() if getattr(SITUATIONS[name][1], call) == 200]


@pytest.mark.parametrize(("name", "to"), GOOD)
def test_what_was_done_holds_with_the_next_request(name: str, to: str, scene: Scene) -> None:
    SITUATIONS[name][0](scene)
    answer = scene.handle(to, **({"rejectionReason": REASON} if to == "rejected" else {}))
    assert (answer.status_code, answer.json(), scene.status()) == (200, {}, to)
    begun = name != "not begun"
    assert scene.has_access() == (to == "accepted" and begun)
    assert scene.handle(to).status_code == 404  # it is so already


BAD = [
    (name, to) for name in SITUATIONS for to, call in MOVES.items() if getattr(SITUATIONS[name][1], call) in (403, 409)
]


@pytest.mark.parametrize(("name", "to"), BAD)
def test_a_refusal_changes_nothing_and_says_where_to_go_on(name: str, to: str, scene: Scene) -> None:
    SITUATIONS[name][0](scene)
    before = [list(model.objects.values()) for model in (Application, Grant, OutboxMail, Note)]
    answer = scene.handle(to, **({"rejectionReason": REASON} if to == "rejected" else {}))
    assert "X-Error-Code" not in answer
    assert django_settings.BASE_URL in answer["X-Error-Message"]
    assert answer.json()["error"] == answer["X-Error-Message"]
    assert before == [list(model.objects.values()) for model in (Application, Grant, OutboxMail, Note)]


def test_granting_accepts_what_was_recommended(scene: Scene) -> None:
    case = make_application(scene.ada, scene.family, State.RECOMMENDED)
    answer = scene.grant()
    assert (answer.status_code, answer.json()["requestId"]) == (200, case.number)
    assert scene.has_access()
    assert scene.grant().status_code == 400


def test_what_is_accepted_is_what_was_asked_for(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    scene.handle("accepted")
    given = Grant.objects.get()
    assert ([size.slug for size in given.variants.all()], given.whole_family) == (["1m"], False)
    assert (given.may_download, given.may_infer, given.token_quota) == (True, True, 250_000)
    assert (given.given_by, given.reason, given.holder) == (scene.ben, "Approved as applied for.", scene.ada)


def test_the_mail_leaves_in_the_next_run_and_nothing_can_be_undone(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    scene.handle("accepted")
    mail, case = OutboxMail.objects.get(template="application_approved"), Application.objects.get()
    assert mail.next_attempt_at <= Grant.objects.get().starts_at == case.undo_until
    answer = ask("get", f"/portal/v1/applications/{case.number}", scene.secret)
    assert answer.status_code in (200, 403)
    assert case.is_disclosed(Grant.objects.get().starts_at)


def test_a_refusal_is_told_in_the_words_that_were_sent(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.SUBMITTED)
    assert scene.handle("rejected", rejectionReason=REASON).status_code == 200
    decision = Application.objects.get().decision
    assert decision is not None
    assert (decision.verdict, decision.code, decision.text) == ("refuse_fixable", "other", REASON)
    assert REASON in OutboxMail.objects.get(template="application_refused").body


@pytest.mark.parametrize("reason", ["", "No.", " " * 60])
def test_nobody_is_refused_without_reasons(reason: str, scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.SUBMITTED)
    answer = scene.handle("rejected", rejectionReason=reason)
    assert (answer.status_code, scene.status()) == (400, "pending")
    assert Application.objects.get().state == State.SUBMITTED  # the claim is taken back with it


def test_rejecting_somebody_who_has_it_waits_for_a_second_person(scene: Scene) -> None:
    SITUATIONS["has it"][0](scene)
    assert scene.handle("rejected", rejectionReason="It leaked.").status_code == 200
    assert Revocation.objects.get().emergency
    assert Grant.objects.get().state == "suspended"
    other = make_staff("heidi", Role.DECIDER)
    grants.ratify_revocation(
        actor=other, number=str(Grant.objects.get().number), now=Revocation.objects.get().proposed_at
    )
    assert (Grant.objects.get().state, scene.status()) == ("revoked", "rejected")


@pytest.mark.parametrize("eyes", ["four", "two"])
def test_four_eyes_are_four(eyes: str, scene: Scene) -> None:
    ReviewPolicy.objects.create(family=scene.family, eyes=eyes)
    make_application(scene.ada, scene.family, State.RECOMMENDED, holder=scene.ben)
    assert scene.handle("accepted").status_code == (409 if eyes == "four" else 200)
    if eyes == "four":
        other = secret_of(make_staff("heidi", Role.DECIDER))
        assert post(other, "handle", {"user": "ada", "status": "accepted"}).status_code == 200
    assert scene.has_access()


def test_four_eyes_are_said_before_the_checklist(scene: Scene) -> None:
    ReviewPolicy.objects.create(family=scene.family, eyes="four")
    make_application(scene.ada, scene.family, State.SUBMITTED)
    assert "two people" in scene.handle("accepted")["X-Error-Message"]


def test_the_checklist_is_ticked_elsewhere_unless_the_house_says_otherwise(scene: Scene, settings: Settings) -> None:
    case = make_application(scene.ada, scene.family, State.SUBMITTED)
    refused = scene.handle("accepted")
    assert refused.status_code == 409
    assert f"/review/{case.number}/" in refused["X-Error-Message"]
    settings.HUB_ACCEPT_TICKS = True
    assert scene.handle("accepted").status_code == 200
    assert "the whole checklist was gone by" in Note.objects.get(author=scene.ben).text
    assert scene.has_access()


def test_nobody_accepts_their_own_request(scene: Scene) -> None:
    make_application(scene.ben, scene.family, State.RECOMMENDED)
    answer = post(scene.secret, "handle", {"user": "ben", "status": "accepted"})
    assert (answer.status_code, "X-Error-Code" in answer) == (403, False)
    assert not Grant.objects.exists()


def test_whoever_stands_near_leaves_it_to_a_colleague(scene: Scene) -> None:
    SITUATIONS["recommended"][0](scene)
    Conflict.objects.create(user=scene.ben, applicant=scene.ada, declared_at=NOW)
    for status in ("accepted", "rejected"):
        more = {"rejectionReason": REASON} if status == "rejected" else {}
        assert scene.handle(status, **more).status_code == 403
    assert scene.status() == "pending"


PEOPLE = {  # role, scope of the token, second factor -> lists, handling
    "decider": (Role.DECIDER, "review", True, 200, 200),
    "decider, token for downloads": (Role.DECIDER, "download", True, 403, 403),
    "decider without the second factor": (Role.DECIDER, "review", False, 403, 403),
    "reviewer": (Role.REVIEWER, "review", True, 200, 403),
    "release manager": (Role.RELEASE_MANAGER, "review", True, 403, 403),
    "administrator": (Role.ADMIN, "review", True, 403, 403),
    "operator": (Role.OPERATOR, "review", True, 403, 403),
    "auditor": (Role.AUDITOR, "review", True, 403, 403),
    "somebody": (None, "review", True, 403, 403),
    "somebody who has access": (None, "download", False, 403, 403),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_owners_are_those_who_decide_by_a_token_for_that(who: str, scene: Scene) -> None:
    role, scope, factor, lists, handles = PEOPLE[who]
    roles = [role] if role else []
    secret = secret_of(make_staff("pat", *roles) if factor else make_user("pat", *roles), scope)
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    urls = [f"/api/models/{TOY}/user-access-request/{status}" for status in ("pending", "accepted", "rejected")]
    for url in [*urls, f"/{TOY}/user-access-report"]:
        assert ask("get", url, secret).status_code == lists
    bodies = [("handle", {"user": "ada", "status": "accepted"}), ("grant", {"user": "ada"})]
    assert [tried(lambda c=c, b=b: post(secret, c, b)) for c, b in bodies] == [handles, handles]
    unknown = post(secret, "handle", {"user": "nobody", "status": "accepted"}).status_code
    assert unknown == (404 if handles == 200 else 403)  # strangers do not learn who has an account


@pytest.mark.parametrize("call", ["pending", "accepted", "rejected", "handle", "grant"])
def test_a_stranger_and_a_bad_token_are_told_to_sign_in(call: str, scene: Scene) -> None:
    url, method = f"/api/models/{TOY}/user-access-request/{call}", "post" if call in ("handle", "grant") else "get"
    for secret in (None, "gh_wrong"):
        answer = ask(method, url, secret)
        assert (answer.status_code, "X-Error-Code" in answer) == (401, False)


def test_a_request_is_named_by_its_key(scene: Scene) -> None:
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    (row,) = rows(scene.secret, "pending")
    body = {"requestId": row["requestId"], "status": "accepted"}
    assert post(scene.secret, "handle", {**body, "user": "ben"}).status_code == 404
    assert post(scene.secret, "handle", body).status_code == 200
    (after,) = rows(scene.secret, "accepted")
    assert (after["requestId"], after["timestamp"]) == (row["requestId"], row["timestamp"])
    assert post(scene.secret, "handle", {**body, "status": "pending"}).status_code == 200
    assert [row["requestId"] for row in rows(scene.secret, "pending")] == [after["requestId"]]


def test_the_key_of_an_older_request_moves_nothing(scene: Scene) -> None:
    old = make_application(scene.ada, scene.family, State.REFUSED_FIXABLE)
    make_application(scene.ada, scene.family, State.RECOMMENDED)
    for key in (str(old.number), "GH-2026-1", "GR-00001", "\U0001f600"):
        assert post(scene.secret, "handle", {"requestId": key, "status": "accepted"}).status_code == 404
    assert scene.status() == "pending"
