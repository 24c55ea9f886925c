"""The reports page of the office, and the reports that somebody keeps."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants.policy import Action, Office, require
from access_portal.office.doors import open_actions
from access_portal.reports import commands
from access_portal.reports.case_file import READERS
from access_portal.reports.catalogue import open_to
from access_portal.reports.figures import Figures
from access_portal.reports.forms import ReportForm
from access_portal.reports.wanted import Wanted


@login_required
@require_safe
def reports(request: SignedInRequest) -> HttpResponse:
    """Every report that this person may read, of the period and the family in the address."""
    now = timezone.now()
    actions = open_actions(request.user, now)
    if Action.SEE_REPORTS not in actions:
        require(request.user, Action.SEE_REPORTS, Office(), now)
    figures = Figures(Wanted.read(request.GET.dict(), now), now)
    page = {
        "staff_actions": actions,
        "wanted": figures.wanted,
        "form": ReportForm(figures.wanted, figures.all_families),
        "reports": [(name, report, report.make(figures)) for name, report in open_to(actions).items()],
        "saved": request.user.saved_reports.all(),
        "may_copy": not actions.isdisjoint(READERS),
    }
    return render(request, "reports/reports.html", page)


@login_required
@require_POST
def save_report(request: SignedInRequest) -> HttpResponse:
    """Keep the filters on the screen under a name."""
    now = timezone.now()
    wanted = Wanted.parse(request.POST.get("query", ""), now)
    kept = commands.save_report(actor=request.user, name=request.POST.get("name", ""), wanted=wanted, now=now)
    messages.success(request, _("Kept as “%(name)s”.") % {"name": kept.name})
    return redirect(f"{reverse('reports')}?{wanted.query}")


@login_required
@require_POST
def delete_report(request: SignedInRequest, report_id: int) -> HttpResponse:
    """Drop a kept report."""
    commands.delete_report(actor=request.user, report_id=report_id, now=timezone.now())
    messages.success(request, _("The report is no longer kept."))
    return redirect("reports")
