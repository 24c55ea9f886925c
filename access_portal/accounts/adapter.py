"""How allauth meets this house: its mail leaves through the outbox, and user names are lower-case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.pseudonyms import PREFIX
from access_portal.errors import ConflictError
from access_portal.outbox.commands import queue_text

SECRETS = ("key", "code", "activate_url", "password_reset_url")


@dataclass(frozen=True)
class Site:
    """What allauth's mail templates say of the site; the request's Host header has no part in it."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Our answers to allauth's questions."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the mail; the copy shown in the portal holds no one-time link (see `queue_text`)."""
        reader = context.get("user") or _owner(email)
        with translation.override(reader.language if isinstance(reader, User) else translation.get_language()):
            self._queue(template_prefix, email, context, reader)

    def _queue(self, template_prefix: str, email: str, context: dict[str, Any], reader: User | None) -> None:
        page = {"email": email, "current_site": Site(settings.SITE_NAME, settings.BASE_URL), **context}
        mail = self.render_mail(template_prefix, email, page)
        body, sealed_body = mail.body, ""
        if "key" in context or "code" in context:  # allauth names one of them beside every link that works once
            hidden = dict.fromkeys(SECRETS, _("(shown only in the mail itself)"))
            shown = self.render_mail(template_prefix, email, {**page, **{k: hidden[k] for k in SECRETS if k in page}})
            body, sealed_body = shown.body, mail.body
        queue_text(
            user=reader,
            to=email,
            subject=mail.subject,
            body=body,
            sealed_body=sealed_body,
            now=timezone.now(),
            about="account",
        )

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """`Ada` and `ada` are one person; the names of closed accounts are nobody's to choose."""
        if username.lower().startswith(PREFIX):
            raise ValidationError(_("Names that begin like this stand for closed accounts. Choose another one."))
        return str(super().clean_username(username.lower(), shallow))

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Two people who choose one name at the same moment both passed the form; the second is told here."""
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
        except IntegrityError:
            raise ConflictError(
                "account_taken",
                _("That user name or e-mail address was taken a moment ago."),
                _("Choose another user name, or sign in if the account is yours."),
                reverse("account_signup"),
            ) from None
        return saved

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.BASE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        return password_link(key)


def password_link(key: str) -> str:
    """The address that sets a new password once; `key` is `<user>-<token>`, as allauth makes it."""
    uid, _dash, token = key.partition("-")
    return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})


def _owner(email: str) -> User | None:
    """Whose proven address this is: a person who merely claims it must not read what we write there."""
    address = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return None if address is None else address.user
