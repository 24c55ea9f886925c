"""The queue: what waits, in views that can be narrowed and kept, and the next case on one key."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.cockpit import listing
from access_portal.applications.cockpit.case_file import find_case
from access_portal.applications.cockpit.queue_form import QueueForm
from access_portal.applications.cockpit.staff import require_staff
from access_portal.applications.cockpit.wanted import View, Wanted
from access_portal.applications.commands.filtering import delete_filter as drop
from access_portal.applications.commands.filtering import save_filter as keep
from access_portal.applications.commands.picking import claim_next
from access_portal.applications.views.case_page import QUEUE
from access_portal.applications.wording import BADGES
from access_portal.questionnaires.countries import COUNTRIES


@login_required
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """One view of the queue, fifty rows at a time."""
    now = timezone.now()
    require_staff(request.user, now)
    wanted = Wanted.read(request.GET.dict())
    found = listing.page(
        wanted, request.user, now, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    _remember(request, wanted)
    signals, counts = listing.signals_of(found.rows), listing.counts(request.user, now)
    page = {
        "wanted": wanted,
        "rows": [(row, BADGES[row.state], row.is_overdue(now), signals.get(row.pk)) for row in found.rows],
        "earlier": _on(wanted, before=found.earlier) if found.earlier else "",
        "later": _on(wanted, after=found.later) if found.later else "",
        "views": [(view, wanted.of(view), counts.get(view)) for view in View],
        "counts": counts,
        "form": QueueForm(wanted),
        "countries": COUNTRIES,
        "saved": request.user.saved_filters.all(),
        "now": now,
    }
    return render(request, "applications/review_queue.html", page)


@login_required
@require_POST
def take_next(request: SignedInRequest) -> HttpResponse:
    """Take the oldest case that waits and open it."""
    taken = claim_next(actor=request.user, now=timezone.now())
    if taken is None:
        messages.info(request, _("Nothing waits that you could take."))
        return redirect("review_queue")
    messages.success(request, _("It is yours for two hours."))
    return redirect("review_case", number=taken.number)


@login_required
@require_safe
def step(request: SignedInRequest, number: str, way: str) -> HttpResponse:
    """The case before or after this one in the view that the reviewer came from; at its end, that view."""
    now = timezone.now()
    require_staff(request.user, now)
    wanted = Wanted.parse(request.session.get(QUEUE, ""))
    there = listing.neighbours(find_case(number), wanted, request.user, now)
    found = there.previous if way == "previous" else there.following
    if found is not None:
        return redirect("review_case", number=found)
    messages.info(request, _("That was the last case of this view, in this direction."))
    return redirect(_on(wanted))


@login_required
@require_POST
def save_filter(request: SignedInRequest) -> HttpResponse:
    """Keep the view on the screen under a name."""
    wanted = Wanted.parse(request.POST.get("query", ""))
    kept = keep(actor=request.user, name=request.POST.get("name", ""), wanted=wanted, now=timezone.now())
    messages.success(request, _("Kept as “%(name)s”.") % {"name": kept.name})
    return redirect(_on(wanted))


@login_required
@require_POST
def delete_filter(request: SignedInRequest, filter_id: int) -> HttpResponse:
    """Drop a kept view."""
    drop(actor=request.user, filter_id=filter_id, now=timezone.now())
    messages.success(request, _("The view is no longer kept."))
    return redirect("review_queue")


def _on(wanted: Wanted, **place: str) -> str:
    return f"{reverse('review_queue')}?{wanted.query}{'&' if place else ''}{urlencode(place)}"


def _remember(request: SignedInRequest, wanted: Wanted) -> None:
    """The pages of cases lead on in the order of this view; the session is written only when it is another one."""
    if request.session.get(QUEUE) != wanted.query:
        request.session[QUEUE] = wanted.query
