"""Files that answer a question, for those who may read the answer."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.applications.files import file_for


@login_required
@require_safe
def attachment(request: SignedInRequest, number: str, attachment_id: int) -> HttpResponse:
    """Always a download: whatever is in the file, it never runs on this site."""
    file = file_for(request.user, number, attachment_id, timezone.now())
    answer = HttpResponse(bytes(file.content), content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer
