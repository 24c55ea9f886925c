"""The tables of this room, to be looked at."""

from django.contrib import admin

from access_portal.office.tables import Table, tables
from access_portal.reports.models import SavedReport, TakenBack


@admin.register(SavedReport, site=tables)
class SavedReportTable(Table):
    list_display = ("user", "name")
    search_fields = ("user__username",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "reports"


@admin.register(TakenBack, site=tables)
class TakenBackTable(Table):
    list_display = ("application", "at")
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application",)
    ordering = ("-at",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
