"""The accounts of the demonstration with their sign-in codes, and the mail that it sent."""

from __future__ import annotations

import json
import time

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from access_portal.outbox.models import OutboxMail
from demo import totp
from demo.home import Home

MAILS_ON_A_PAGE = 20


@never_cache
def people(request: HttpRequest) -> HttpResponse:
    """Who can sign in here, and the second-step code of each at this moment."""
    demo = json.loads(Home.here().demo_file.read_text())
    now = time.time()
    rows = [
        {**person, "title": title.replace("_", " "), "code": totp.code(secret, now) if secret else ""}
        for title, person in demo["people"].items()
        for secret in [person.get("totp_secret", "")]
    ]
    seconds_left = totp.PERIOD_SECONDS - int(now) % totp.PERIOD_SECONDS
    return render(request, "demo/people.html", {"people": rows, "demo": demo, "seconds_left": seconds_left})


@never_cache
def mail(request: HttpRequest) -> HttpResponse:
    """Every mail, newest first, as its receiver would read it; not one that can still be undone."""
    mails = OutboxMail.objects.filter(cancelled_at=None).exclude(not_before__gt=timezone.now()).order_by("-pk")
    if address := request.GET.get("to"):
        mails = mails.filter(to=address)
    return render(
        request, "demo/mail.html", {"page": Paginator(mails, MAILS_ON_A_PAGE).get_page(request.GET.get("page"))}
    )
