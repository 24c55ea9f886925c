"""API tokens: shown once, kept as a hash, within their scope and time; and the pages of the account."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import ApiToken, Scope, User
from access_portal.accounts.tokens import authenticate, bearer, digest, issue_token, revoke_token
from access_portal.audit.models import Event
from access_portal.errors import InvalidError, NotFoundError
from access_portal.outbox.commands import queue_text
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
FORM = {"name": "laptop", "scopes": ["read", "jobs"], "days": "30"}


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def test_a_token_works_in_its_scope_until_its_end(ada: User) -> None:
    token, secret = issue_token(actor=ada, name="laptop", scopes=["jobs"], days=1, now=NOW)
    end = NOW + timedelta(days=1)
    assert authenticate(secret, now=end - timedelta(seconds=1), scope=Scope.JOBS) == token
    assert authenticate(secret, now=NOW, scope=Scope.DOWNLOAD) is None
    assert authenticate(secret, now=end) is None
    assert authenticate(secret + "x", now=NOW) is None
    assert authenticate(token.digest, now=NOW) is None


def test_a_token_dies_with_its_account(ada: User) -> None:
    _token, secret = issue_token(actor=ada, name="laptop", scopes=["jobs"], days=1, now=NOW)
    User.objects.update(is_active=False)
    assert authenticate(secret, now=NOW) is None


def test_only_a_hash_is_kept_and_the_event_holds_no_secret(ada: User) -> None:
    token, secret = issue_token(actor=ada, name="laptop", scopes=["jobs"], days=1, now=NOW)
    assert token.digest == digest(secret)
    assert secret not in str(ApiToken.objects.values().get()) + str(Event.objects.values().get())


BAD = [
    ({"name": " "}, "token_name_missing"),
    ({"scopes": []}, "token_scope_unknown"),
    ({"scopes": ["all"]}, "token_scope_unknown"),
    ({"days": 0}, "token_days"),
    ({"days": 366}, "token_days"),
]


@pytest.mark.parametrize(("changes", "code"), BAD, ids=str)
def test_a_token_that_cannot_be_is_not_made(changes: dict[str, object], code: str, ada: User) -> None:
    values = {"name": "laptop", "scopes": ["jobs"], "days": 1, **changes}
    with pytest.raises(InvalidError, match=code):
        issue_token(actor=ada, now=NOW, **values)  # type: ignore[arg-type]
    assert not ApiToken.objects.exists()


HEADERS = {"Bearer abc": "abc", "bearer  abc ": "abc", "Bearer": None, "Bearer ": None, "Basic abc": None, "": None}


@pytest.mark.parametrize("header", HEADERS)
def test_the_secret_in_a_header(header: str) -> None:
    assert bearer(header) == HEADERS[header]


def test_the_page_shows_the_secret_once_and_keeps_it_nowhere(ada: User, client: Client) -> None:
    client.force_login(ada)
    answer = client.post("/account/tokens/", FORM)
    found = re.search(r"gh_[\w-]{43}", answer.content.decode())
    assert found
    assert authenticate(found[0], now=timezone.now(), scope=Scope.READ)
    assert "no-store" in answer.headers["Cache-Control"]
    assert found[0] not in str(dict(client.session))
    again = client.get("/account/tokens/").content.decode()
    assert found[0] not in again
    assert "laptop" in again


BAD_FORMS = [{"name": ""}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["root"]}, {"days": "0"}, {"days": "many"}]


@pytest.mark.parametrize("changes", BAD_FORMS, ids=str)
def test_a_bad_form_makes_no_token(changes: dict[str, object], ada: User, client: Client) -> None:
    client.force_login(ada)
    assert client.post("/account/tokens/", {**FORM, **changes}).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_stops_at_once(ada: User, client: Client) -> None:
    token, secret = issue_token(actor=ada, name="laptop", scopes=["read"], days=1, now=NOW)
    client.force_login(ada)
    assert client.get(f"/account/tokens/{token.pk}/revoke/").status_code == 405
    for _ in range(2):
        client.post(f"/account/tokens/{token.pk}/revoke/")
    assert authenticate(secret, now=timezone.now()) is None
    assert Event.objects.filter(name="token_revoked").count() == 1


def test_nobody_revokes_the_token_of_another(ada: User, client: Client) -> None:
    token, secret = issue_token(actor=ada, name="laptop", scopes=["read"], days=1, now=NOW)
    cy = make_user("cy")
    with pytest.raises(NotFoundError):
        revoke_token(actor=cy, token_id=token.pk, now=NOW)
    client.force_login(cy)
    assert client.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert authenticate(secret, now=NOW)


def test_messages_show_our_mails_newest_first_without_what_is_sealed(ada: User, client: Client) -> None:
    for number in range(21):
        queue_text(
            user=ada, to=ada.email, subject=f"Mail {number:02d}", body="<b>Words</b>", sealed_body="The link.",
            now=NOW + timedelta(minutes=number),
        )  # fmt: skip
    queue_text(user=make_user("cy"), to="cy@uni.example", subject="For Cy", body="Words.", now=NOW)
    client.force_login(ada)
    first = client.get("/account/messages/").content.decode()
    assert first.index("Mail 20") < first.index("Mail 01")
    assert "&lt;b&gt;Words" in first
    assert "Mail 00" in client.get("/account/messages/?page=2").content.decode()
    assert "Mail 20" in client.get("/account/messages/?page=x").content.decode()
    for hidden in ("The link.", "For Cy", "Mail 00"):
        assert hidden not in first


@pytest.mark.parametrize("path", ["/account/tokens/", "/account/messages/", "/account/tokens/1/revoke/"])
def test_a_stranger_is_asked_to_sign_in(path: str, client: Client) -> None:
    for answer in (client.get(path), client.post(path)):
        assert answer.headers["Location"].startswith("/account/login/")
