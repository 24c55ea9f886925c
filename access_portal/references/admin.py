"""The tables of references, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.office.tables import Table, tables
from access_portal.references.models import Letter, Reference


@admin.register(Reference, site=tables)
class ReferenceTable(Table):
    list_display = ("application", "kind", "round", "asked_at", "answered_at", "verdict")
    more = ("created_at", "expires_at", "reminded_at", "superseded_at", "answered_round")
    list_filter = ("kind", "verdict")
    search_fields = ("application__number",)
    date_hierarchy = "created_at"
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = _("Who was named and what they wrote stands on the page of the case.")


@admin.register(Letter, site=tables)
class LetterTable(Table):
    list_display = ("reference", "day", "place", "sent_at")
    search_fields = ("reference__application__number",)
    date_hierarchy = "sent_at"
    list_select_related = ("reference__application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "reference__application__number"
    case = "reference__application"
