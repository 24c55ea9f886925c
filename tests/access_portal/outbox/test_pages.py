"""The pages of staff: who sees them, what they show, and what they never show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.outbox.announcements import announce
from access_portal.outbox.models import OutboxMail, WebhookDelivery, WebhookEndpoint
from access_portal.outbox.webhook_sending import deliver_webhooks_due
from tests.access_portal.outbox.conftest import Add, make_keeper
from tests.access_portal.outbox.receiver import Receiver, is_signed
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGES = ["/office/mail/", "/office/webhooks/", "/office/webhooks/{pk}/"]


@pytest.fixture
def office(client: Client, keeper: User) -> Client:
    client.force_login(keeper)
    return client


def mail(**fields: Any) -> OutboxMail:
    values = {"to": "ada@uni.example", "subject": "Hello", "body": "The words.", **fields}
    return OutboxMail.objects.create(**values)


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("role", "status", "changes"),
    [(Role.OPERATOR, 200, True), (Role.AUDITOR, 200, False), (Role.REVIEWER, 403, False), (None, 403, False)],
)
@pytest.mark.parametrize("page", PAGES)
def test_operators_and_auditors_read_and_only_operators_see_buttons(
    client: Client, add: Add, role: Role | None, status: int, changes: bool, page: str
) -> None:
    endpoint, _secret = add()
    mail(attempts=12, last_error="OSError")
    client.force_login(make_keeper("cy", role) if role else make_user("cy"))
    answer = client.get(page.format(pk=endpoint.pk))
    assert answer.status_code == status
    buttons = (b"Add</button>", b">Send again<", b"New secret</button>")
    assert any(button in answer.content for button in buttons) is changes


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_asked_to_sign_in(client: Client, page: str) -> None:
    assert client.get(page.format(pk=1)).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    "path",
    ["/office/mail/1/resend/", "/office/webhooks/1/deliveries/1/resend/",
     *(f"/office/webhooks/1/{do}/" for do in ("rotate", "disable", "enable", "delete", "test"))],
)  # fmt: skip
def test_changes_need_a_post_with_a_token(path: str, office: Client, keeper: User) -> None:
    assert office.get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(keeper)
    assert strict.post(path).status_code == 403
    assert office.post(path).status_code == 404


def test_the_log_filters_by_state(office: Client) -> None:
    now = timezone.now()
    mails: dict[str, dict[str, Any]] = {
        "Waits": {}, "Failed": {"attempts": 1, "last_error": "OSError"}, "Left": {"sent_at": now},
        "Stopped": {"cancelled_at": now},
    }  # fmt: skip
    for subject, fields in mails.items():
        mail(subject=f"{subject} mail", **fields)
    states = {"waiting": ["Waits"], "failed": ["Failed"], "sent": ["Left"], "cancelled": ["Stopped"]}
    everything = ["Waits", "Failed", "Left", "Stopped"]
    for show, expected in {**states, "all": everything, "": everything, "'; DROP": everything}.items():
        page = office.get("/office/mail/", {"show": show}).content.decode()
        assert [subject for subject in everything if f"{subject} mail" in page] == expected


@pytest.mark.parametrize(
    ("words", "found"),
    [("ada@", True), ("ADA", True), ("Example", True), ("GH-2026-00001", True), ("GH-2026-00002", False),
     ("100%", False), ("_", False), ("\x00", False), ("x" * 100_000, False), ("' OR 1=1", False)],
)  # fmt: skip
def test_the_log_is_searched_by_receiver_and_matter(office: Client, words: str, found: bool) -> None:
    mail(user=make_user("ada"), subject="Wanted", about="application:GH-2026-00001")
    assert ("Wanted" in office.get("/office/mail/", {"q": words[:3000]}).content.decode()) is found


def test_no_text_of_a_mail_is_shown_sealed_or_not(office: Client) -> None:
    mail(sealed_body="The one-time link.", is_sealed=True, attempts=1, last_error="OSError")
    page = shown(office, "/office/mail/")
    assert "Hello" in page
    assert "one-time link." not in page
    assert "The words." not in page


def test_names_and_subjects_are_escaped(office: Client) -> None:
    mail(subject="<script>alert(1)</script>", about="<img>", to="a<b@uni.example")
    page = shown(office, "/office/mail/")
    assert "<script>alert" not in page
    assert "<img>" not in page


def test_a_failed_mail_is_sent_again_with_one_click(office: Client) -> None:
    failed = mail(attempts=12, last_error="OSError")
    page = shown(office, "/office/mail/")
    assert f"/office/mail/{failed.pk}/resend/" in page
    answer = office.post(f"/office/mail/{failed.pk}/resend/", follow=True)
    assert "in the queue again" in answer.content.decode()
    assert office.post(f"/office/mail/{failed.pk}/resend/").status_code == 409


def test_a_wiped_secret_has_no_button_but_a_reason(office: Client) -> None:
    failed = mail(attempts=12, last_error="OSError", is_sealed=True)
    page = shown(office, "/office/mail/")
    assert f"/office/mail/{failed.pk}/resend/" not in page
    assert "one-time link, which is wiped" in page


def test_a_long_log_costs_few_queries(office: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    ada = make_user("ada")
    OutboxMail.objects.bulk_create(OutboxMail(user=ada, to=ada.email, subject="x", body="y") for _ in range(120))
    with django_assert_max_num_queries(12):
        page = shown(office, "/office/mail/?page=2&show=waiting&q=ada")
    assert "show=waiting&amp;q=ada" in page.replace("q=ada&amp;show=waiting", "show=waiting&amp;q=ada")


def add_by_form(office: Client, **fields: str) -> Any:
    return office.post("/office/webhooks/", {"url": "https://hook.example/in", "wants": "application.*", **fields})


def test_adding_shows_the_secret_once(office: Client) -> None:
    answer = add_by_form(office)
    page = answer.content.decode()
    assert (answer.status_code, page.count("whsec_")) == (200, 1)
    assert "no-store" in answer.headers["Cache-Control"]
    endpoint = WebhookEndpoint.objects.get()
    for path in ("/office/webhooks/", f"/office/webhooks/{endpoint.pk}/"):
        assert "whsec_" not in shown(office, path)


@pytest.mark.parametrize(
    "fields",
    [{"url": ""}, {"url": "http://hook.example/"}, {"url": "https://10.0.0.1/"}, {"url": "https://x/" + "a" * 10_000},
     {"url": "https://a\x00b/"}, {"wants": ""}, {"wants": "nothing.*"}, {"wants": "y " * 3000},
     {"url": "\"><script>alert(1)</script>"}],
)  # fmt: skip
def test_a_bad_form_adds_nothing_and_says_why(office: Client, fields: dict[str, str]) -> None:
    answer = add_by_form(office, **fields)
    assert answer.status_code == 422
    assert "field-errors" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_the_same_form_twice_says_so(office: Client) -> None:
    add_by_form(office)
    answer = add_by_form(office)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert WebhookEndpoint.objects.count() == 1


def test_an_auditor_cannot_add(client: Client) -> None:
    client.force_login(make_keeper("cy", Role.AUDITOR))
    assert add_by_form(client).status_code == 403
    assert not WebhookEndpoint.objects.exists()


def test_the_page_of_a_webhook_shows_how_each_delivery_went(office: Client, add: Add) -> None:
    endpoint, _secret = add("/status/503")
    announce(type="grant.expired", subject="grant:GR-00001", data={}, now=timezone.now())
    deliver_webhooks_due()
    page = shown(office, f"/office/webhooks/{endpoint.pk}/")
    for words in ("grant.expired", "grant:GR-00001", "503", "Tried again later"):
        assert words in page


def test_everything_that_can_be_done_is_done_by_its_button(office: Client, add: Add, receiver: Receiver) -> None:
    endpoint, old = add()
    path = f"/office/webhooks/{endpoint.pk}/"
    new = office.post(path + "rotate/").content.decode().partition("whsec_")[2].partition("<")[0]
    office.post(path + "test/")
    assert deliver_webhooks_due() == 1
    assert is_signed(f"whsec_{new}", receiver.received[0])
    assert is_signed(old, receiver.received[0])
    delivery = WebhookDelivery.objects.get()
    office.post(f"{path}deliveries/{delivery.pk}/resend/")
    assert deliver_webhooks_due() == 1
    assert "disabled" in office.post(path + "disable/", {"reason": "repairs"}, follow=True).content.decode()
    assert "repairs" in shown(office, path)
    office.post(path + "enable/")
    office.post(path + "delete/")
    assert "was deleted" in shown(office, path)
    assert receiver.url not in shown(office, "/office/webhooks/")


def test_a_page_of_many_deliveries_costs_few_queries(
    office: Client, add: Add, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    endpoint, _secret = add()
    for number in range(60):
        announce(type="grant.given", subject=f"grant:{number}", data={}, now=timezone.now() - timedelta(days=1))
    with django_assert_max_num_queries(12):
        shown(office, f"/office/webhooks/{endpoint.pk}/")
    with django_assert_max_num_queries(12):
        assert ">60<" in shown(office, "/office/webhooks/")


def test_operators_find_the_pages_from_their_account(office: Client, client: Client) -> None:
    assert "/office/mail/" in shown(office, "/account/")
    client.force_login(make_user("ada"))
    assert "/office/mail/" not in shown(client, "/account/")
