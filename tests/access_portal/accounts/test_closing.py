"""Closing an account, ending what is open, taking a second factor away: who may, what it does, what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from access_portal.accounts.closing import (
    close_account,
    reopen_account,
    reset_second_factor,
    sign_out_everywhere,
)  # fmt: skip
from access_portal.accounts.models import ApiToken, Role, Scope, User
from access_portal.accounts.tokens import authenticate, issue_token
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, GatehouseError, InvalidError, PermissionRefusedError
from access_portal.grants.models import GrantMember
from access_portal.grants.policy import Action, Granted, Office, decide
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_acceptance, make_family, make_grant, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
COMMANDS: dict[str, Callable[[User, User | None], None]] = {
    "close": lambda person, actor: close_account(person=person, reason="left", words="Bye", actor=actor, now=NOW),
    "reopen": lambda person, actor: reopen_account(person=person, words="", actor=actor, now=NOW),
    "sign-out": lambda person, actor: sign_out_everywhere(person=person, actor=actor, now=NOW),
    "factor": lambda person, actor: reset_second_factor(person=person, actor=actor, now=NOW),
}
NAMES = {
    "close": "account_closed", "reopen": "account_reopened", "sign-out": "signed_out_everywhere",
    "factor": "second_factor_reset",
}  # fmt: skip


def ready_for(command: str, name: str = "ada", *roles: Role) -> User:
    person = make_user(name, *roles, is_active=command != "reopen")
    TOTP.activate(person, generate_totp_secret())
    return person


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("role", [*Role, None])
def test_only_operators_and_the_office_do_it_and_on_record(command: str, role: Role | None) -> None:
    actor, ada = make_user("actor", *([role] if role else [])), ready_for(command)
    if role not in (Role.OPERATOR, Role.ADMIN):
        with pytest.raises(PermissionRefusedError):
            COMMANDS[command](ada, actor)
        assert not Event.objects.exists()
        return
    COMMANDS[command](ada, actor)
    event = Event.objects.get(subject=f"user:{ada.pk}")
    assert (event.name, event.actor, event.at) == (NAMES[command], actor, NOW)
    assert OutboxMail.objects.get(user=ada).about == "account"


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_does_it_to_themselves(command: str) -> None:
    ola = ready_for(command, "ola", Role.ADMIN)
    with pytest.raises(PermissionRefusedError) as refused:
        COMMANDS[command](ola, ola)
    assert refused.value.code == ("account_closed" if command == "reopen" else "own_case")


@pytest.mark.parametrize("command", ["close", "reopen", "factor"])
def test_doing_it_twice_says_that_it_is_done(command: str) -> None:
    ada = ready_for(command)
    COMMANDS[command](ada, None)
    with pytest.raises(ConflictError):
        COMMANDS[command](ada, None)
    assert Event.objects.count() == OutboxMail.objects.count() == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_an_account_that_its_owner_gave_up_stays_given_up(command: str) -> None:
    gone = make_user("gone-7", is_active=False)
    User.objects.filter(pk=gone.pk).update(email="gone-7@gone.invalid")
    with pytest.raises(ConflictError) as refused:
        COMMANDS[command](gone, None)
    assert refused.value.code == "account_gone"


@pytest.mark.parametrize(("reason", "words", "code"), [
    ("", "", "reason_unknown"), ("because", "", "reason_unknown"), ("left", "x" * 1001, "words_too_long"),
])  # fmt: skip
def test_a_closing_needs_a_reason_of_the_list(reason: str, words: str, code: str) -> None:
    ada = make_user()
    with pytest.raises(InvalidError) as refused:
        close_account(person=ada, reason=reason, words=words, actor=None, now=NOW)
    assert refused.value.code == code
    ada.refresh_from_db()
    assert ada.is_active


def test_the_log_keeps_the_code_and_the_mail_the_words() -> None:
    ada = make_user()
    close_account(person=ada, reason="left", words="Write to <us> & come back.", actor=None, now=NOW)
    assert Event.objects.get().data == {"code": "left", "tokens": 0}
    body = OutboxMail.objects.get(template="account_closed").body
    assert "Write to <us> & come back." in body
    assert "They left the institution" in body
    assert first_broken(f"user:{ada.pk}") is None


@pytest.mark.parametrize("command", ["close", "sign-out", "factor"])
def test_sessions_and_tokens_end_at_once_and_for_good(client: Client, command: str) -> None:
    ada, other = ready_for(command), make_user("other")
    _token, secret = issue_token(actor=ada, name="laptop", scopes=[Scope.READ], days=9, now=NOW)
    _other_token, other_secret = issue_token(actor=other, name="laptop", scopes=[Scope.READ], days=9, now=NOW)
    client.force_login(ada)
    assert client.get("/account/").status_code == 200
    COMMANDS[command](ada, None)
    assert client.get("/account/").status_code == 302
    assert authenticate(secret, now=NOW) is None
    assert authenticate(other_secret, now=NOW)
    if command == "close":
        reopen_account(person=ada, words="", actor=None, now=NOW)
        assert authenticate(secret, now=NOW) is None
    assert client.get("/account/").status_code == 302


def test_one_signs_in_again_after_everything_was_ended(client: Client) -> None:
    ada = make_user()
    sign_out_everywhere(person=ada, actor=None, now=NOW)
    ada.refresh_from_db()
    client.force_login(ada)
    assert client.get("/account/").status_code == 200


def test_an_ended_token_keeps_the_time_of_its_first_end() -> None:
    ada = make_user()
    token, _secret = issue_token(actor=ada, name="old", scopes=[Scope.READ], days=9, now=NOW)
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=datetime(2026, 2, 1, tzinfo=UTC))
    sign_out_everywhere(person=ada, actor=None, now=NOW)
    assert ApiToken.objects.get().revoked_at == datetime(2026, 2, 1, tzinfo=UTC)


def test_staff_without_their_second_factor_see_nothing_until_they_have_a_new_one(client: Client) -> None:
    ben = make_staff("ben", Role.REVIEWER)
    reset_second_factor(person=ben, actor=make_staff("ola", Role.ADMIN), now=timezone.now())
    assert not Authenticator.objects.filter(user=ben).exists()
    ben.refresh_from_db()
    client.force_login(ben)
    assert client.get("/review/").headers["Location"].startswith("/account/2fa/")


def test_a_failed_mail_template_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_user()
    monkeypatch.setattr("access_portal.accounts.closing.queue_mail", _fail)
    with pytest.raises(GatehouseError):
        close_account(person=ada, reason="left", words="", actor=None, now=NOW)
    ada.refresh_from_db()
    assert ada.is_active
    assert not Event.objects.exists()


def _fail(**_anything: object) -> None:
    raise GatehouseError("broken", "The mail cannot be written.")


def test_a_closed_account_runs_nothing_more_and_its_lab_rests_until_it_is_open_again() -> None:
    ada, member, family = make_user(), make_user("member"), make_family()
    grant = make_grant(ada, family, kind="lab", lab_name="Lab")
    acceptance = make_acceptance(member, grant.licence_version)
    GrantMember.objects.create(
        grant=grant, email=member.email, invited_by=ada, invited_at=NOW, user=member, joined_at=NOW,
        acceptance=acceptance,
    )  # fmt: skip
    now = timezone.now()
    assert all(isinstance(decide(who, Action.USE_INFERENCE, Office(), now), Granted) for who in (ada, member))
    close_account(person=ada, reason="left", words="", actor=None, now=now)
    ada.refresh_from_db()
    answers = [decide(who, Action.USE_INFERENCE, Office(), now) for who in (ada, member)]
    assert [getattr(answer, "code", "") for answer in answers] == ["account_closed", "lab_without_holder"]
    reopen_account(person=ada, words="", actor=None, now=now)
    ada.refresh_from_db()
    assert all(isinstance(decide(who, Action.USE_INFERENCE, Office(), now), Granted) for who in (ada, member))
