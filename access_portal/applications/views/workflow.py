"""How an application is handled, for everybody to read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from access_portal.applications.wording import BADGES, EXPLANATIONS
from access_portal.applications.workflow import State
from access_portal.applications.workflow_table import lines


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """The states in plain words, then the whole table."""
    states = [(state.label, BADGES[state], EXPLANATIONS[state]) for state in State]
    return render(request, "applications/how_it_works.html", {"states": states, "lines": list(lines())})
