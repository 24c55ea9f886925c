"""The table of answered requests, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.api.models import AnsweredRequest
from access_portal.office.tables import Table, tables


@admin.register(AnsweredRequest, site=tables)
class AnsweredRequestTable(Table):
    list_display = ("user", "at")
    search_fields = ("user__username",)
    date_hierarchy = "at"
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"
    note = _("What was asked and answered is not shown.")
