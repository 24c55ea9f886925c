"""What the jobs hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.privacy.section import Section, held
from inference_worker.models import Batch, IdempotencyKey, LedgerEntry, QuotaAccount, StoredFile


def data_of(user: User, now: datetime) -> Iterable[Section]:
    files = StoredFile.objects.filter(owner=user).order_by("created_at", "pk")
    link = Concat(Value(f"{settings.BASE_URL}/v1/files/"), F("pk"), Value("/content"), output_field=CharField())
    yield Section(
        key="jobs",
        title=_("Your jobs, with their files"),
        purpose=_("To run what you ask for, to hand you the results, and to count what of your quota is used."),
        kept_for=_(
            "Inputs and results for 30 days, or as long as you said, at most until you close your account. How many "
            "tokens a job used stays, since the grant is charged with them."
        ),
        seen_by=_("You alone. Operators see how many lines and tokens a job has, never a prompt or a result."),
        held=(
            held(
                "files", files.annotate(link=link), "id", "purpose", "filename", "size_bytes", "sha256", "created_at",
                "expires_at", "deleted_at", "link",
            ),
            held(
                "batches", Batch.objects.filter(owner=user).order_by("created_at", "pk"), "id", "lane", "endpoint",
                "metadata", "state", "errors", "total_lines", "completed_lines", "failed_lines", "prompt_tokens",
                "completion_tokens", "created_at", "completed_at", "cancelled_at", input="input_file_id",
                output="output_file_id", error="error_file_id", grant="grant__number",
                model="release__variant__model_id",
            ),
            held(
                "requests_once", IdempotencyKey.objects.filter(owner=user).order_by("pk"), "route", "key",
                "created_at", batch="batch_id",
            ),
            held(
                "quota", QuotaAccount.objects.filter(grant__holder=user).order_by("pk"), "quota_tokens",
                "reserved_tokens", "settled_tokens", grant="grant__number",
            ),
            held(
                "charges", LedgerEntry.objects.filter(batch__owner=user).order_by("pk"), "kind", "tokens", "at",
                batch="batch_id",
            ),
        ),
        left_out=_("The contents of your files, which can be large: fetch each from its address with a token."),
    )  # fmt: skip
