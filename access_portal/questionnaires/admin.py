"""The table of forms, to be looked at."""

from django.contrib import admin

from access_portal.office.tables import Table, tables
from access_portal.questionnaires.models import FormVersion


@admin.register(FormVersion, site=tables)
class FormVersionTable(Table):
    list_display = ("__str__", "number", "published_at", "published_by")
    more = ("family", "sha256")
    list_filter = ("family",)
    search_fields = ("=sha256",)
    date_hierarchy = "published_at"
    list_select_related = ("family", "published_by")
    ordering = ("-pk",)
    page_name = "form_version"
    page_value = "pk"
