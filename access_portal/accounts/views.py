"""Pages of a person's own account: API tokens, the mails we sent, and the language of both."""

from __future__ import annotations

from typing import Any

from allauth.account.views import EmailView
from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts import commands
from access_portal.accounts.forms import TokenForm
from access_portal.accounts.models import User
from access_portal.accounts.queries import tokens_of
from access_portal.accounts.requests import SignedInRequest
from access_portal.accounts.tokens import issue_token, revoke_token
from access_portal.errors import ConflictError
from access_portal.outbox.queries import mails_of

MAILS_ON_A_PAGE = 20


class Addresses(EmailView):  # type: ignore[misc]
    """A person's e-mail addresses: a change happens as a whole, and not where another account has the address."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises ConflictError for an address with which somebody signed up and that they never confirmed."""
        try:
            with transaction.atomic():
                answer: HttpResponse = super().post(request, *args, **kwargs)
        except IntegrityError:
            raise ConflictError(
                "address_of_other_account",
                _("Another account was made with this address, though nobody confirmed it there."),
                _("Write to us, and we clear it away. Your main address is what it was."),
                reverse("account_email"),
            ) from None
        return answer


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """List tokens and make one. The secret is in the answer to the POST and nowhere else: no redirect carries it."""
    now = timezone.now()
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = made = None
    if form.is_bound and form.is_valid():
        made, secret = issue_token(actor=request.user, now=now, **form.cleaned_data)
        form = TokenForm()
    page = {"form": form, "made": made, "secret": secret, "tokens": tokens_of(request.user, now)}
    return render(request, "accounts/tokens.html", page, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """End one token at once."""
    revoke_token(actor=request.user, token_id=token_id, now=timezone.now())
    flash.success(request, _("The token no longer works."))
    return redirect("tokens")


@login_required
@never_cache
@require_safe
def messages(request: SignedInRequest) -> HttpResponse:
    """Every mail we sent to this person, so that nothing depends on its arrival."""
    page = Paginator(mails_of(request.user, timezone.now()), MAILS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/messages.html", {"page": page})


def set_language(request: HttpRequest) -> HttpResponse:
    """Show pages in the chosen language and, for a person signed in, write our mail in it too."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        commands.set_language(actor=request.user, language=language)
    return response
