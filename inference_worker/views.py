"""Pages of a person's jobs."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.grants import policy
from inference_worker import commands, ledger, previews, queries, streams
from inference_worker.errors import StoredFileNotFoundError
from release.queries import usable_releases

BATCHES_ON_A_PAGE = 20


@login_required
@never_cache
@require_safe
def my_jobs(request: SignedInRequest) -> HttpResponse:
    """Quota, batches, and how to begin."""
    now = timezone.now()
    batches = queries.batches_of(request.user).order_by("-created_at", "-pk")
    grants = queries.grants_with_inference(request.user)
    page = {
        "page": Paginator(batches, BATCHES_ON_A_PAGE).get_page(request.GET.get("page")),
        "quotas": [(grant, queries.grant_quota(grant)) for grant in grants],
        "models": usable_releases(request.user, policy.Action.INFER, now),
        "decision": policy.decide(request.user, policy.Action.USE_INFERENCE, policy.Office(), now),
        "api_url": f"{settings.BASE_URL}/v1",
        "now": now,
    }
    return render(request, "inference_worker/my_jobs.html", page)


@login_required
@never_cache
@require_safe
def job(request: SignedInRequest, batch_id: str) -> HttpResponse:
    """One batch: its states over time, counts, charge, faults and first results."""
    batch = queries.get_batch(request.user, batch_id)
    page = {
        "batch": batch,
        "moments": queries.moments(batch),
        "charged": ledger.charged(batch),
        "reserved": ledger.reserved(batch),
        "output": previews.first_lines(batch.output_file),
        "refused": previews.first_lines(batch.error_file),
        "files": queries.files_of(batch, timezone.now()),
        "cancellable": batch.state in {batch.State.VALIDATING, batch.State.IN_PROGRESS},
    }
    return render(request, "inference_worker/job.html", page)


@login_required
@require_POST
def cancel(request: SignedInRequest, batch_id: str) -> HttpResponse:
    """Ask a batch to stop."""
    commands.cancel_batch(actor=request.user, batch_id=batch_id, now=timezone.now())
    flash.info(request, _("The job is being cancelled. What has already run is kept and charged."))
    return redirect("job", batch_id)


@login_required
@require_safe
def job_file(request: SignedInRequest, batch_id: str, kind: str) -> HttpResponseBase:
    """One of a batch's files, to its owner."""
    files = queries.files_of(queries.get_batch(request.user, batch_id), timezone.now())
    if kind not in files:
        raise StoredFileNotFoundError
    return streams.file_response(request, files[kind])
