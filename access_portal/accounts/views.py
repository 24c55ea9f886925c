"""Pages of a person's own account: API tokens and the mails we sent."""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access_portal.accounts.forms import TokenForm
from access_portal.accounts.queries import tokens_of
from access_portal.accounts.requests import SignedInRequest
from access_portal.accounts.tokens import issue_token, revoke_token
from access_portal.outbox.queries import mails_of

MAILS_ON_A_PAGE = 20


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
    page = Paginator(mails_of(request.user), MAILS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/messages.html", {"page": page})
