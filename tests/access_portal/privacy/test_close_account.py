"""Leaving: what goes is gone everywhere, what stays names nobody, and nothing that is still alive is left behind."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from access_portal.accounts.models import ApiToken, Role, User
from access_portal.accounts.tokens import authenticate, issue_token
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import ConflictError
from access_portal.grants.models import Grant, Stop
from access_portal.grants.stops import Target, stop
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.commands import deliver_due, queue_mail
from access_portal.outbox.models import OutboxMail
from access_portal.privacy.commands import close_account
from access_portal.receipts.models import Receipt
from inference_worker.models import Batch, StoredFile
from release.models import Mint
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff, submit
from tests.access_portal.grants.life_scenes import make_lab
from tests.access_portal.privacy.scenes import DAY, MARKS, NOW, USER_NAME, WORDS, furnish, places_with
from tests.factories import PASSWORD, make_grant, make_release, make_user
from tests.inference_worker.jobs import make_batch
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server", "redis_server")]


def refusal_of(user: User) -> str:
    with pytest.raises(ConflictError) as caught:
        close_account(actor=user, now=NOW)
    return caught.value.code


def test_nothing_of_a_person_who_left_can_be_read_in_any_table() -> None:
    zelda = furnish()
    assert len({place.split(".")[1] for place in places_with(*MARKS)}) > 15  # the marks were planted all over
    close_account(actor=zelda, now=NOW)
    assert places_with(*MARKS) == []


@pytest.mark.parametrize("left_out", django_settings.PERSONAL_ERASURE)
def test_every_eraser_is_needed(left_out: str, settings: Settings) -> None:
    zelda = furnish()
    settings.PERSONAL_ERASURE = [path for path in settings.PERSONAL_ERASURE if path != left_out]
    close_account(actor=zelda, now=NOW)
    assert places_with(*MARKS) != []


def test_signed_texts_with_the_user_name_are_gone_too() -> None:
    zelda = furnish()
    [before] = Receipt.objects.values_list("jws", flat=True)
    assert USER_NAME in base64.urlsafe_b64decode(before.split(".")[1] + "==").decode()
    close_account(actor=zelda, now=NOW)
    assert list(Receipt.objects.values_list("jws", flat=True)) == [""]


def test_the_record_of_the_licence_stays_under_a_pseudonym() -> None:
    zelda = furnish()
    rows: list[Any] = [LicenceAcceptance, Grant, Application, Mint, Batch, Event]
    counts = [model.objects.count() for model in rows]
    close_account(actor=zelda, now=NOW)
    zelda.refresh_from_db()
    assert (zelda.username, zelda.email, zelda.full_name) == (f"gone-{zelda.pk}", f"gone-{zelda.pk}@gone.invalid", "")
    assert [model.objects.count() >= count for model, count in zip(rows, counts, strict=True)] == [True] * len(rows)
    assert LicenceAcceptance.objects.filter(user=zelda).exists()
    assert zelda.grants.get().surrender.statement.startswith("Three copies")


def test_every_chain_of_events_is_whole_afterwards() -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    subjects = set(Event.objects.values_list("subject", flat=True))
    assert [subject for subject in subjects if first_broken(subject)] == []
    assert Event.objects.filter(subject=f"user:{zelda.pk}", name="account_left", actor=zelda).count() == 1


def test_drafts_end_unsent_and_cases_are_marked_as_forgotten() -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    assert set(zelda.applications.values_list("state", flat=True)) == {State.WITHDRAWN}
    assert not zelda.applications.filter(anonymised_at=None).exists()
    assert set(zelda.applications.values_list("status_digest", flat=True)) == {""}


def test_nobody_can_sign_in_afterwards(client: Client) -> None:
    zelda = furnish()
    _token, secret = issue_token(actor=zelda, name="cluster", scopes=["jobs"], days=9, now=NOW)
    close_account(actor=zelda, now=NOW)
    assert authenticate(secret, now=NOW) is None
    zelda.refresh_from_db()
    for login in (USER_NAME, "zeldazz@uni.example", zelda.username, zelda.email):
        answer = client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
        assert answer.status_code == 200
        assert "_auth_user_id" not in client.session


def test_open_sessions_end_with_the_account(client: Client) -> None:
    zelda = furnish()
    client.force_login(zelda)
    close_account(actor=zelda, now=NOW)
    assert client.get(reverse("account")).status_code == 302
    assert not any(row.get_decoded().get("_auth_user_id") == str(zelda.pk) for row in Session.objects.all())


def test_the_same_address_and_name_can_sign_up_again(client: Client) -> None:
    close_account(actor=furnish(), now=NOW)
    form = {"email": "zeldazz@uni.example", "username": USER_NAME, "full_name": "Zelda", "password1": PASSWORD,
            "password2": PASSWORD}  # fmt: skip
    client.post(reverse("account_signup"), form)
    again = User.objects.get(username=USER_NAME)
    assert EmailAddress.objects.get(user=again).email == "zeldazz@uni.example"
    assert not again.applications.exists()


def test_a_new_account_cannot_take_the_name_of_a_closed_one(client: Client) -> None:
    form = {"email": "x@uni.example", "username": "gone-7", "full_name": "X", "password1": PASSWORD,
            "password2": PASSWORD}  # fmt: skip
    answer = client.post(reverse("account_signup"), form)
    assert "closed accounts" in answer.content.decode()
    assert not User.objects.filter(username="gone-7").exists()


def test_a_pseudonym_that_is_taken_gets_a_number() -> None:
    ada = make_user("ada")
    make_user(f"gone-{ada.pk}")
    make_user(f"gone-{ada.pk}-2")
    close_account(actor=ada, now=NOW)
    ada.refresh_from_db()
    assert ada.username == f"gone-{ada.pk}-3"


def test_leaving_twice_is_refused() -> None:
    ada = make_user("ada")
    close_account(actor=ada, now=NOW)
    assert refusal_of(ada) == "account_gone"
    assert Event.objects.filter(name="account_left").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_leavings_at_once_one_goes_through() -> None:
    ada = make_user("ada")
    outcomes = at_once(*[lambda: close_account(actor=User.objects.get(username="ada"), now=NOW)] * 2)
    assert outcomes == ["account_gone", "ok"]
    assert Event.objects.filter(name="account_left", actor=ada).count() == 1


def test_whoever_holds_a_live_grant_stays() -> None:
    ada = make_user("ada")
    make_grant(ada, make_open_family(), now=NOW)
    assert refusal_of(ada) == "grant_live"
    ada.refresh_from_db()
    assert ada.username == "ada"


def test_whoever_is_of_a_live_lab_stays() -> None:
    cy = make_user("cy")
    make_lab(make_user("ada"), None, cy)
    assert refusal_of(cy) == "lab_member"


def test_a_grant_past_its_end_holds_nobody() -> None:
    ada = make_user("ada")
    make_grant(ada, make_open_family(), now=NOW - 900 * DAY)
    close_account(actor=ada, now=NOW)
    assert Grant.objects.get().holder.username.startswith("gone-")


@pytest.mark.parametrize(
    "state", [State.SUBMITTED, State.IN_REVIEW, State.INFO_REQUESTED, State.REVISED, State.RECOMMENDED, State.APPEALED]
)
def test_whoever_waits_for_an_answer_stays(state: State) -> None:
    ada = make_user("ada")
    make_application(ada, make_open_family(), state)
    assert refusal_of(ada) == "application_open"


def test_whoever_has_an_answer_that_was_not_said_yet_stays() -> None:
    ada = make_user("ada")
    case = make_application(ada, make_open_family(), State.REFUSED_FIXABLE)
    Application.objects.filter(pk=case.pk).update(undo_until=NOW + timedelta(seconds=9), undo_to=State.IN_REVIEW)
    assert refusal_of(ada) == "application_open"


@pytest.mark.parametrize("role", Role.values)
def test_whoever_holds_a_role_stays(role: str) -> None:
    assert refusal_of(make_user("ben", Role(role))) == "roles_held"


def test_whoever_is_stopped_stays() -> None:
    ada = make_user("ada")
    target = Target(Stop.Scope.PERSON, user=ada)
    stop(actor=make_staff("gus", Role.OPERATOR), target=target, reason="A leak.", now=NOW)
    assert refusal_of(ada) == "stopped"


@pytest.mark.parametrize("state", ["validating", "in_progress", "finalizing", "cancelling"])
def test_whoever_has_jobs_running_stays(state: str) -> None:
    release = make_release()
    grant = make_grant(make_user("ada"), release.variant.family, now=NOW - 900 * DAY)
    make_batch(grant, release, state=state)
    assert refusal_of(grant.holder) == "batch_running"


def test_a_refusal_changes_nothing() -> None:
    zelda = furnish()
    before = places_with(*MARKS)
    make_grant(zelda, make_open_family("live"), now=NOW)
    refusal_of(zelda)
    assert places_with(*MARKS) == before


def test_files_of_jobs_are_out_of_reach_at_once_and_their_time_is_over() -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    assert not StoredFile.objects.filter(owner=zelda, expires_at__gt=NOW).exists()
    assert not StoredFile.objects.filter(owner=zelda, listed=True).exists()


def test_nothing_is_sent_to_whoever_left() -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    zelda.refresh_from_db()
    queue_mail(template="role_taken", context={"role": WORDS}, user=zelda, now=NOW)
    mail.outbox.clear()
    deliver_due(NOW + 900 * DAY, limit=1000)
    assert [one.to for one in mail.outbox if "invalid" in one.to[0] or WORDS in one.body] == []
    assert OutboxMail.objects.latest("pk").body == ""


def test_mail_of_others_about_other_matters_stays() -> None:
    zelda = furnish()
    eve = make_user("eve")
    submit(eve, make_open_family("eves"), now=NOW)
    before = list(OutboxMail.objects.filter(user=eve).values_list("body", "to"))
    close_account(actor=zelda, now=NOW)
    assert list(OutboxMail.objects.filter(user=eve).values_list("body", "to")) == before


def test_staff_can_still_open_a_case_whose_applicant_left(client: Client) -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    client.force_login(User.objects.get(username="ben"))
    for case in zelda.applications.exclude(submitted_at=None):
        answer = client.get(reverse("review_case", args=[case.number]))
        assert answer.status_code == 200
        assert f"gone-{zelda.pk}" in answer.content.decode()
    grant = zelda.grants.get()
    assert client.get(reverse("grant_case", args=[grant.number])).status_code == 200


def test_a_case_of_somebody_who_left_is_closed_in_time_and_not_forgotten_twice() -> None:
    zelda = furnish()
    close_account(actor=zelda, now=NOW)
    commands.keeping.close_due(NOW + 90 * DAY)
    assert commands.keeping.anonymise_due(NOW + 5000 * DAY) == 0
    assert ApiToken.objects.filter(user=zelda, revoked_at=None).count() == 0
