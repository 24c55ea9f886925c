"""The mails about one's account: ours in voice, whole, and never escaped as if they were web pages."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory
from django.utils import timezone

from access_portal.outbox.models import OutboxMail
from tests.factories import make_user

pytestmark = pytest.mark.django_db

LINK = "http://testserver/account/some-link/?a=1&b=2"
MAILS = {
    "account/email/email_confirmation": LINK,
    "account/email/email_confirmation_signup": LINK,
    "account/email/account_already_exists": LINK,
    "account/email/password_reset_key": LINK,
    "account/email/unknown_account": LINK,
    "account/email/email_changed": "from old@uni.example to new@uni.example",
    "account/email/email_confirm": "was confirmed",
    "account/email/email_deleted": "old@uni.example",
    "account/email/password_changed": "was changed",
    "account/email/password_reset": "was chosen",
    "mfa/email/recovery_codes_generated": "no longer work",
    "mfa/email/totp_activated": "asks for a code",
    "mfa/email/totp_deactivated": "password alone",
}


def context() -> dict[str, Any]:
    links = dict.fromkeys(("activate_url", "password_reset_url", "signup_url"), LINK)
    addresses = {"from_email": "old@uni.example", "to_email": "new@uni.example", "deleted_email": "old@uni.example"}
    where = {"ip": "192.0.2.7", "user_agent": "Browser <&> 1", "timestamp": timezone.now()}
    return {"user": make_user("ada"), **links, **addresses, **where}


@pytest.mark.parametrize(("template", "words"), MAILS.items())
def test_mail_says_what_happened_in_plain_text(rf: RequestFactory, template: str, words: str) -> None:
    get_adapter(rf.get("/")).send_mail(template, "ada@uni.example", context())
    mail = OutboxMail.objects.get()
    assert words in mail.body
    assert "&amp;" not in mail.body
    assert "&lt;" not in mail.body
    assert "Hello from" not in mail.body
    assert "\n" not in mail.subject.strip()


def test_a_notice_of_a_change_says_from_where_and_what_to_do(rf: RequestFactory) -> None:
    get_adapter(rf.get("/")).send_mail("account/email/password_changed", "ada@uni.example", context())
    body = OutboxMail.objects.get().body
    assert "192.0.2.7" in body
    assert "Browser <&> 1" in body
    assert "http://testserver/account/" in body
