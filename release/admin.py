"""The tables of models and releases, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.office.tables import Table, tables
from release.models import (
    Artifact,
    Family,
    FetchReport,
    Mint,
    Release,
    StoreCheck,
    StoreReading,
    Upload,
    UploadPart,
    Variant,
)

BY_COMMAND = _("Releases are published and withdrawn on the office’s page of releases, or with manage.py release.")


@admin.register(Family, site=tables)
class FamilyTable(Table):
    list_display = ("name", "slug", "developer", "weights_licence", "accepts_applications")
    more = ("code_licence",)
    list_filter = ("accepts_applications",)
    search_fields = ("name", "slug")
    list_select_related = ("weights_licence",)
    ordering = ("name",)
    page_name = "family"
    page_value = "slug"


@admin.register(Variant, site=tables)
class VariantTable(Table):
    list_display = ("family", "name", "model_id", "parameters")
    more = (
        "slug",
        "folder",
        "hub_repo",
        "dim",
        "n_layers",
        "n_heads",
        "n_kv_heads",
        "ffn_hidden",
        "vocab_size",
        "context_tokens",
        "shards",
    )
    list_filter = ("family",)
    search_fields = ("name", "model_id")
    list_select_related = ("family",)
    ordering = ("family",)
    page_name = "family"
    page_value = "family__slug"


@admin.register(Release, site=tables)
class ReleaseTable(Table):
    list_display = ("variant", "version", "state", "staged_at", "published_at")
    more = (
        "licence_version",
        "manifest_sha256",
        "commit",
        "staged_by",
        "verified_at",
        "verified_by",
        "publish_at",
        "scheduled_by",
        "published_by",
        "deprecated_at",
        "deprecated_reason",
        "successor",
        "withdrawn_at",
        "withdrawn_reason",
    )
    list_filter = ("state",)
    search_fields = ("variant__model_id", "=version", "=commit")
    date_hierarchy = "staged_at"
    list_select_related = ("variant__family",)
    ordering = ("-pk",)
    page_name = "family"
    page_value = "variant__family__slug"
    note = BY_COMMAND


@admin.register(Artifact, site=tables)
class ArtifactTable(Table):
    list_display = ("release", "path", "size_bytes")
    more = ("layout", "sha256", "md5", "git_sha1")
    search_fields = ("path", "=sha256")
    list_select_related = ("release__variant__family",)
    ordering = ("-pk",)
    page_name = "family"
    page_value = "release__variant__family__slug"


@admin.register(Mint, site=tables)
class MintTable(Table):
    list_display = ("minted_at", "user", "grant", "artifact", "expires_at")
    more = ("via", "counted_bytes")
    list_filter = ("via",)
    search_fields = ("user__username", "grant__number")
    date_hierarchy = "minted_at"
    list_select_related = ("user", "grant", "artifact")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    note = _("The network address stands in the access log of the grant, for as long as it is kept.")


@admin.register(FetchReport, site=tables)
class FetchReportTable(Table):
    list_display = ("reported_at", "user", "grant", "artifact", "outcome")
    more = ("client",)
    list_filter = ("outcome",)
    search_fields = ("user__username", "grant__number")
    date_hierarchy = "reported_at"
    list_select_related = ("user", "grant", "artifact")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    note = _("What somebody’s client said of a file that it had fetched: their word, not ours.")


@admin.register(StoreCheck, site=tables)
class StoreCheckTable(Table):
    list_display = ("release", "began_at", "ended_at", "read_bytes")
    more = ("damages",)
    search_fields = ("release__variant__model_id", "=release__version")
    date_hierarchy = "ended_at"
    list_select_related = ("release__variant__family",)
    ordering = ("-pk",)
    page_name = "office_releases"


@admin.register(StoreReading, site=tables)
class StoreReadingTable(Table):
    list_display = ("release", "began_at", "up_to_path", "day", "day_bytes")
    more = ("read_bytes", "damages")
    search_fields = ("release__variant__model_id", "=release__version")
    list_select_related = ("release__variant__family",)
    ordering = ("-pk",)
    page_name = "office_releases"


@admin.register(Upload, site=tables)
class UploadTable(Table):
    """Without the address of the file in the store, and the store's name for the upload."""

    list_display = ("pk", "part_bytes", "began_at")
    ordering = ("-pk",)
    note = _("An upload that is under way, or was cut; it is given up when nobody takes it up again.")


@admin.register(UploadPart, site=tables)
class UploadPartTable(Table):
    list_display = ("upload_id", "number", "md5")
    search_fields = ("=upload__id",)
    ordering = ("-pk",)
