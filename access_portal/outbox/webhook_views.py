"""Pages of staff about webhooks: endpoints, their deliveries, and what can be done with either."""

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

from access_portal.accounts.requests import SignedInRequest
from access_portal.errors import ConflictError, InvalidError
from access_portal.outbox import endpoints, queries
from access_portal.outbox.event_types import EVENT_TYPES
from access_portal.outbox.forms import EndpointForm
from access_portal.outbox.keepers import is_keeper, require_keeper, require_reader
from access_portal.outbox.models import WebhookEndpoint
from access_portal.outbox.wording import DELIVERY_WORDS, FAILURES

ROWS = 50


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: SignedInRequest) -> HttpResponse:
    """List endpoints and add one. Its secret is in the answer to the POST and nowhere else."""
    now = timezone.now()
    require_reader(request.user, now)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    made = secret = None
    if form.is_bound:
        require_keeper(request.user, now)
        made, secret = _added(request, form)
        form = form if made is None else EndpointForm()
    page = {
        "form": form, "made": made, "secret": secret, "endpoints": queries.endpoints(), "event_types": EVENT_TYPES,
        "may_change": is_keeper(request.user, now),
    }  # fmt: skip
    return render(request, "outbox/webhooks.html", page, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def webhook(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """One endpoint and what was sent to it."""
    require_reader(request.user, timezone.now())
    return _endpoint_page(request, queries.endpoint(endpoint_id))


@login_required
@never_cache
@require_POST
def rotate(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Make a new secret and show it this once: no redirect carries it."""
    secret = endpoints.rotate_secret(endpoint_id=endpoint_id, actor=request.user, now=timezone.now())
    return _endpoint_page(request, queries.endpoint(endpoint_id), secret=secret)


@login_required
@require_POST
def disable(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Stop announcing."""
    reason = request.POST.get("reason", "")
    endpoints.disable(endpoint_id=endpoint_id, reason=reason, actor=request.user, now=timezone.now())
    flash.success(request, _("Disabled. What waits is kept until you enable it again."))
    return redirect("webhook", endpoint_id)


@login_required
@require_POST
def enable(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Announce again."""
    endpoints.enable(endpoint_id=endpoint_id, actor=request.user, now=timezone.now())
    flash.success(request, _("Enabled. What waited leaves now."))
    return redirect("webhook", endpoint_id)


@login_required
@require_POST
def delete(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Disable for ever."""
    endpoints.delete(endpoint_id=endpoint_id, actor=request.user, now=timezone.now())
    flash.success(request, _("Deleted. Nothing will be sent there any more."))
    return redirect("webhooks")


@login_required
@require_POST
def test(request: SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Send an event that means nothing."""
    endpoints.send_test(endpoint_id=endpoint_id, actor=request.user, now=timezone.now())
    flash.success(request, _("A test event is on its way. Reload this page to see how it went."))
    return redirect("webhook", endpoint_id)


@login_required
@require_POST
def resend(request: SignedInRequest, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """Send one event again."""
    endpoints.resend(endpoint_id=endpoint_id, delivery_id=delivery_id, actor=request.user, now=timezone.now())
    flash.success(request, _("It is sent again, under the same id."))
    return redirect("webhook", endpoint_id)


def _added(request: SignedInRequest, form: EndpointForm) -> tuple[WebhookEndpoint | None, str | None]:
    """The new endpoint and its secret, or nothing and the reasons in the form."""
    if not form.is_valid():
        return None, None
    try:
        return endpoints.add_endpoint(actor=request.user, now=timezone.now(), **form.cleaned_data)
    except InvalidError as problem:
        form.add_error(problem.field, problem.explanation)
    except ConflictError as problem:
        form.add_error(None, f"{problem.explanation} {problem.remedy}")
    return None, None


def _endpoint_page(request: SignedInRequest, endpoint: WebhookEndpoint, secret: str | None = None) -> HttpResponse:
    now = timezone.now()
    page = {
        "endpoint": endpoint,
        "secret": secret,
        "has_old_secret": endpoint.has_old_secret(now),
        "rows": Paginator(queries.deliveries_of(endpoint), ROWS).get_page(request.GET.get("page")),
        "states": DELIVERY_WORDS,
        "failures": FAILURES,
        "may_change": is_keeper(request.user, now) and endpoint.deleted_at is None,
    }
    return render(request, "outbox/webhook.html", page)
