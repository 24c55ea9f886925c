"""The event log as auditors read it; nothing here changes anything."""

from __future__ import annotations

import csv
from io import StringIO

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.audit import log
from access_portal.audit.forms import AskForm
from access_portal.grants.policy import Action, Office, require

ROWS = 100
HEAD = ("at", "subject", "sequence", "event", "actor", "facts", "hash")


@login_required
@never_cache
@require_safe
def audit_log(request: SignedInRequest) -> HttpResponse:
    """Events with filters; with `check`, whether the chain of the subject is whole."""
    require(request.user, Action.AUDIT, Office(), timezone.now())
    form = AskForm(request.GET or None)
    asked = form.asked() if form.is_bound else log.Asked()
    rows = Paginator(log.events(asked, request.user), ROWS).get_page(request.GET.get("page"))
    checked = request.GET.get("check", "").replace("\x00", "")[:80]
    page = {
        "form": form,
        "rows": rows,
        "lines": [(event, log.facts_of(event)) for event in rows],
        "checked": checked,
        "chain": log.chain_of(checked, request.user) if checked else None,
        "most": log.MOST_EXPORTED,
    }
    return render(request, "audit/audit_log.html", page)


@login_required
@never_cache
@require_safe
def export(request: SignedInRequest) -> HttpResponse:
    """The same events as a file for a spreadsheet."""
    require(request.user, Action.AUDIT, Office(), timezone.now())
    asked = AskForm(request.GET).asked()
    text = StringIO()
    table = csv.writer(text)
    table.writerow(HEAD)
    table.writerows(log.rows(log.events(asked, request.user)))
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
