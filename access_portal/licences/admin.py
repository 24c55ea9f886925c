"""The tables of licences, to be looked at."""

from django.contrib import admin

from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion, ReconsentNotice
from access_portal.office.tables import Table, tables


@admin.register(Licence, site=tables)
class LicenceTable(Table):
    list_display = ("title", "slug")
    search_fields = ("title", "slug")
    ordering = ("title",)
    page_name = "publish_licence"
    page_value = "slug"


@admin.register(LicenceVersion, site=tables)
class LicenceVersionTable(Table):
    list_display = ("licence", "number", "language", "published_at", "reconsent_by")
    more = ("sha256",)
    list_filter = ("licence", "language")
    search_fields = ("=number", "=sha256")
    date_hierarchy = "published_at"
    list_select_related = ("licence",)
    ordering = ("-pk",)
    page_name = "licence_version"
    page_value = "pk"


@admin.register(LicenceAcceptance, site=tables)
class LicenceAcceptanceTable(Table):
    list_display = ("user", "version", "capacity", "accepted_at")
    more = ("language", "act", "sha256")
    list_filter = ("capacity",)
    search_fields = ("user__username", "user__full_name")
    date_hierarchy = "accepted_at"
    list_select_related = ("user", "version__licence")
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"


@admin.register(ReconsentNotice, site=tables)
class ReconsentNoticeTable(Table):
    list_display = ("user", "version", "kind", "sent_at")
    list_filter = ("kind",)
    search_fields = ("user__username",)
    date_hierarchy = "sent_at"
    list_select_related = ("user", "version__licence")
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"
