"""Pages of staff about mail: what waits, what failed, and sending it again."""

from __future__ import annotations

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.outbox import mail_desk, queries
from access_portal.outbox.keepers import is_keeper, require_reader
from access_portal.outbox.wording import MAIL_WORDS

ROWS = 50
LONGEST_SEARCH = 100


@login_required
@require_safe
def mail_log(request: SignedInRequest) -> HttpResponse:
    """Mail by state, receiver and matter; the texts stay with their receivers."""
    now = timezone.now()
    require_reader(request.user, now)
    which = request.GET.get("show", "")
    which = which if which in queries.MAIL_FILTERS else "all"
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    page = {
        "rows": Paginator(queries.mail_log(which, words), ROWS).get_page(request.GET.get("page")),
        "which": which,
        "words": words,
        "counts": queries.mail_counts(),
        "states": MAIL_WORDS,
        "may_change": is_keeper(request.user, now),
        "now": now,
    }
    return render(request, "outbox/mail_log.html", page)


@login_required
@require_POST
def resend_mail(request: SignedInRequest, mail_id: int) -> HttpResponse:
    """Let a failed mail be tried again at once."""
    mail_desk.resend(mail_id=mail_id, actor=request.user, now=timezone.now())
    flash.success(request, _("It is in the queue again, and leaves within seconds if the mail server takes it."))
    return redirect("mail_log")
