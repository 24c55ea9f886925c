"""The tables of jobs, to be looked at; prompts and results are nowhere in them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.office.tables import Table, tables
from inference_worker.models import Batch, Chunk, IdempotencyKey, LedgerEntry, QuotaAccount, StoredFile

WORDS = _("What a file is called and holds is its owner’s.")


@admin.register(Batch, site=tables)
class BatchTable(Table):
    list_display = ("id", "owner", "grant", "release", "lane", "state", "created_at")
    more = (
        "endpoint",
        "total_lines",
        "completed_lines",
        "failed_lines",
        "prompt_tokens",
        "completion_tokens",
        "input_file",
        "output_file",
        "error_file",
        "expires_at",
        "in_progress_at",
        "finalizing_at",
        "completed_at",
        "failed_at",
        "cancelling_at",
        "cancelled_at",
        "expired_at",
    )
    list_filter = ("state", "lane")
    search_fields = ("=id", "owner__username", "grant__number")
    date_hierarchy = "created_at"
    list_select_related = ("owner", "grant", "release__variant__family")
    ordering = ("-created_at",)
    page_name = "stop_everything"
    note = _("Jobs are cancelled by their owner, or ended by stopping everything of a person, a lab or a family.")


@admin.register(StoredFile, site=tables)
class StoredFileTable(Table):
    list_display = ("id", "owner", "purpose", "size_bytes", "created_at")
    more = ("sha256", "listed", "expires_at", "deleted_at")
    list_filter = ("purpose",)
    search_fields = ("=id", "owner__username")
    date_hierarchy = "created_at"
    list_select_related = ("owner",)
    ordering = ("-created_at",)
    page_name = "stop_everything"
    note = WORDS


@admin.register(Chunk, site=tables)
class ChunkTable(Table):
    list_display = ("batch", "index", "state", "owner", "lease_until", "lost_leases")
    more = (
        "line_count",
        "cost_tokens",
        "fencing",
        "completed_lines",
        "failed_lines",
        "prompt_tokens",
        "completion_tokens",
    )
    list_filter = ("state",)
    search_fields = ("=batch__id",)
    list_select_related = ("batch",)
    ordering = ("-pk",)
    page_name = "stop_everything"


@admin.register(IdempotencyKey, site=tables)
class IdempotencyKeyTable(Table):
    list_display = ("owner", "route", "batch", "created_at")
    search_fields = ("owner__username",)
    date_hierarchy = "created_at"
    list_select_related = ("owner", "batch")
    ordering = ("-pk",)
    page_name = "person"
    page_value = "owner__username"


@admin.register(QuotaAccount, site=tables)
class QuotaAccountTable(Table):
    list_display = ("grant", "quota_tokens", "reserved_tokens", "settled_tokens")
    search_fields = ("grant__number",)
    list_select_related = ("grant",)
    ordering = ("-grant",)
    page_name = "grant_case"
    page_value = "grant__number"


@admin.register(LedgerEntry, site=tables)
class LedgerEntryTable(Table):
    list_display = ("account", "batch", "kind", "tokens", "at")
    list_filter = ("kind",)
    search_fields = ("=batch__id", "account__grant__number")
    date_hierarchy = "at"
    list_select_related = ("account__grant", "batch")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "account__grant__number"
