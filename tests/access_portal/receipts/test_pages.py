"""Pages and files of receipts, as the holder, a stranger and the world see them."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from pytest_django import Settings

from access_portal.grants.models import Grant
from access_portal.receipts.models import Receipt
from access_portal.receipts.verify import verify
from tests.factories import make_acceptance, make_family, make_grant, make_licence_version, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(client: Client) -> Grant:
    grant = make_grant(make_user("ada"), make_family())
    client.force_login(grant.holder)
    return grant


def test_page_and_file_hold_the_same_signed_receipt(grant: Grant, client: Client) -> None:
    page = client.get(f"/grants/{grant.number}/receipt/").content.decode()
    file = client.get(f"/grants/{grant.number}/receipt.jws")
    assert file.content.decode() == Receipt.objects.get().jws
    assert file.content.decode() in page
    assert f"/grants/{grant.number}/receipt.jws" in page
    assert f"python verify.py {grant.number}.jws" in page
    assert file.headers["Content-Disposition"] == f'attachment; filename="{grant.number}.jws"'
    assert "all sizes of this family" in page


def test_the_world_can_verify_with_what_it_can_fetch(grant: Grant, client: Client) -> None:
    token = client.get(f"/grants/{grant.number}/receipt.jws").content
    keys = Client().get("/.well-known/gatehouse-receipts.json")
    assert keys.headers["Content-Type"] == "application/jwk-set+json"
    assert '"d"' not in keys.content.decode()
    assert verify(token, keys.content)["sub"] == "ada"
    program = Client().get("/receipts/verify.py").content.decode()
    assert "def verify(receipt: bytes, keys: bytes)" in program
    assert "from access_portal" not in program


def test_strangers_find_nothing_and_visitors_are_asked_to_sign_in(grant: Grant) -> None:
    for path in (f"/grants/{grant.number}/receipt/", f"/grants/{grant.number}/receipt.jws"):
        other = Client()
        assert other.get(path).headers["Location"].startswith("/account/login/")
        other.force_login(make_user(f"cy{path[-2]}"))
        assert other.get(path).status_code == 404
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("number", ["GR-99999", "..", "%00", "GR-00001'", "x" * 500, "%E2%80%AE"])
def test_a_number_that_is_none_is_not_found(number: str, grant: Grant, client: Client) -> None:
    assert client.get(f"/grants/{number}/receipt/").status_code == 404


def test_hostile_names_are_shown_as_text(client: Client) -> None:
    family = make_family()
    family.name = "<script>alert(1)</script>"
    family.save()
    grant = make_grant(make_user("ada"), family)
    client.force_login(grant.holder)
    page = client.get(f"/grants/{grant.number}/receipt/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_without_a_key_the_page_says_so(grant: Grant, client: Client, settings: Settings) -> None:
    settings.RECEIPT_KEY = None
    answer = client.get(f"/grants/{grant.number}/receipt/")
    assert answer.status_code == 503
    assert "no key yet to sign receipts with" in answer.content.decode()
    assert json.loads(client.get("/.well-known/gatehouse-receipts.json").content) == {"keys": []}


def test_a_receipt_is_only_read(grant: Grant, client: Client) -> None:
    assert client.post(f"/grants/{grant.number}/receipt/").status_code == 405


def test_an_acceptance_shows_its_receipt_to_whoever_gave_it(client: Client) -> None:
    ada = make_user("ada")
    acceptance = make_acceptance(ada, make_licence_version())
    client.force_login(ada)
    page = client.get(f"/licences/mine/{acceptance.pk}/receipt/").content.decode()
    assert acceptance.sha256 in page
    token = client.get(f"/licences/mine/{acceptance.pk}/receipt.jws").content
    assert token.decode() in page
    client.force_login(make_user("cy"))
    assert client.get(f"/licences/mine/{acceptance.pk}/receipt/").status_code == 404
    assert client.get("/licences/mine/999999/receipt/").status_code == 404
