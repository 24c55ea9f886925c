"""The table of receipts, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.office.tables import Table, tables
from access_portal.receipts.models import Receipt


@admin.register(Receipt, site=tables)
class ReceiptTable(Table):
    list_display = ("made_at", "grant", "acceptance")
    more = ("key_id", "content_sha256")
    search_fields = ("grant__number",)
    date_hierarchy = "made_at"
    list_select_related = ("grant", "acceptance")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    note = _("The signed file is its holder’s to fetch.")
