"""Pages and files of receipts; the keys and the program are public."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from access_portal.accounts.requests import SignedInRequest
from access_portal.receipts import verify
from access_portal.receipts.commands import receipt_of_acceptance, receipt_of_grant
from access_portal.receipts.models import Receipt
from access_portal.receipts.queries import acceptance_with_key, grant_with_number
from access_portal.receipts.signing import published_keys, read
from access_portal.receipts.statement import parts


@require_safe
def receipt_keys(request: HttpRequest) -> JsonResponse:
    """The public keys, present and former, as a JWK Set."""
    answer = JsonResponse(published_keys(), content_type="application/jwk-set+json")
    answer["Cache-Control"] = "public, max-age=300"
    return answer


@require_safe
def receipt_verifier(request: HttpRequest) -> HttpResponse:
    """The program that tells a genuine receipt: one file, to be read before it is run."""
    source = Path(verify.__file__).read_bytes()
    return _download(source, "text/x-python; charset=utf-8", "verify.py")


@login_required
@require_safe
def grant_receipt(request: SignedInRequest, number: str) -> HttpResponse:
    """What was granted, to read, print and keep."""
    receipt = receipt_of_grant(grant=grant_with_number(number), actor=request.user, now=timezone.now())
    return _page(request, receipt, reverse("grant_receipt_file", args=[number]), f"{number}.jws")


@login_required
@require_safe
def grant_receipt_file(request: SignedInRequest, number: str) -> HttpResponse:
    """The same, signed, as a file."""
    receipt = receipt_of_grant(grant=grant_with_number(number), actor=request.user, now=timezone.now())
    return _file(receipt, f"{number}.jws")


@login_required
@require_safe
def acceptance_receipt(request: SignedInRequest, pk: int) -> HttpResponse:
    """That a licence was accepted, to read, print and keep."""
    receipt = receipt_of_acceptance(acceptance=acceptance_with_key(pk), actor=request.user, now=timezone.now())
    return _page(request, receipt, reverse("acceptance_receipt_file", args=[pk]), f"acceptance-{pk}.jws")


@login_required
@require_safe
def acceptance_receipt_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """The same, signed, as a file."""
    receipt = receipt_of_acceptance(acceptance=acceptance_with_key(pk), actor=request.user, now=timezone.now())
    return _file(receipt, f"acceptance-{pk}.jws")


def _page(request: HttpRequest, receipt: Receipt, file_path: str, file_name: str) -> HttpResponse:
    claims = read(receipt.jws)
    page = {
        "receipt": receipt,
        "claims": claims,
        "parts": parts(claims),
        "file_path": file_path,
        "file_name": file_name,
        "keys_address": request.build_absolute_uri(reverse("receipt_keys")),
    }
    return render(request, "receipts/receipt.html", page)


def _file(receipt: Receipt, name: str) -> HttpResponse:
    return _download(receipt.jws.encode(), "application/jose", name)


def _download(content: bytes, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer
