"""The page for whoever holds the link of the receipt: where an application stands, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import (
    ANSWERS,
    REFUSAL,
    current_licence,
    draft,
    make_application,
    make_open_family,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> tuple[Application, str]:
    """An application and the path in its receipt."""
    begun = draft(make_user("ada"), make_open_family(), now=timezone.now())
    made = commands.submit_application(
        actor=begun.applicant, number=str(begun.number), version=begun.version, now=timezone.now(),
        **current_licence(begun.family),
    )  # fmt: skip
    found = re.search(r"http://testserver(/status/\S+)", OutboxMail.objects.get().body)
    assert found is not None
    return made, found.group(1)


def test_the_link_of_the_receipt_opens_without_signing_in(sent: tuple[Application, str], client: Client) -> None:
    made, path = sent
    page = client.get(path)
    for words in (str(made.number), "Submitted", "Who acts next", "A reviewer"):
        assertContains(page, words)


def test_it_names_nobody_and_shows_no_answer(sent: tuple[Application, str], client: Client) -> None:
    page = client.get(sent[1])
    for words in ("Ada", "ada@", ANSWERS["institution"], ANSWERS["sharing"], "Toy"):
        assertNotContains(page, words)


def test_it_is_kept_by_no_cache_and_no_search_engine(sent: tuple[Application, str], client: Client) -> None:
    page = client.get(sent[1])
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Referrer-Policy"] == "no-referrer"


def test_a_wrong_secret_and_a_number_that_is_none_look_the_same(sent: tuple[Application, str], client: Client) -> None:
    made, path = sent
    other = make_application(made.applicant, make_open_family("other"), State.DRAFT)
    tries = [
        path[:-2] + ("A/" if path[-2] != "A" else "B/"), f"/status/{made.number}/x/", "/status/GH-2026-99999/x/",
        f"/status/{other.number}/x/", f"/status/{made.number}/{made.status_digest}/",
    ]  # fmt: skip
    pages = [client.get(address) for address in tries]
    assert {page.status_code for page in pages} == {404}
    bodies = {re.sub(r"GH-2026-\d{5}|nonce\S+", "", page.content.decode()) for page in pages}
    assert len({re.sub(r'(value|href)="[^"]*"', "", body) for body in bodies}) == 1


def test_a_draft_has_no_such_page(client: Client) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.DRAFT)
    assert client.get(f"/status/{case.number}/e3b0c44298fc1c149afbf4c8996fb924/").status_code == 404


def test_it_shows_the_state_of_a_decision_without_the_decision(sent: tuple[Application, str], client: Client) -> None:
    made, path = sent
    ben = make_user("ben", Role.REVIEWER, Role.DECIDER)
    at = timezone.now() - timedelta(hours=1)
    claimed = commands.claim(actor=ben, number=str(made.number), version=made.version, now=at)
    commands.refuse_fixable(actor=ben, number=str(made.number), version=claimed.version, now=at, **REFUSAL)
    page = client.get(path)
    assertContains(page, "Refused; may be mended")
    for words in (REFUSAL["text"], REFUSAL["what_to_change"], "purpose_unclear", "Ben"):
        assertNotContains(page, words)
