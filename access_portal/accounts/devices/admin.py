"""The table of programs that asked to be signed in, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.office.tables import Table, tables


@admin.register(DeviceRequest, site=tables)
class DeviceRequestTable(Table):
    list_display = ("user", "state", "asked_at", "answered_at", "expires_at")
    more = ("scopes", "given_scopes", "polled_at")
    list_filter = ("state",)
    search_fields = ("user__username",)
    date_hierarchy = "asked_at"
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"
    note = _("Of the codes only digests are kept, and those are not shown.")
