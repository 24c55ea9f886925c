"""The tables of grants, to be looked at: what was given and what became of it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.grants.models import (
    Attestation,
    Grant,
    GrantMember,
    GrantNotice,
    Renewal,
    Revocation,
    Stop,
    StopNotice,
    Surrender,
    Transfer,
)  # fmt: skip
from access_portal.office.tables import Table, tables

WORDS = _("What people wrote stands on the page of the grant.")


@admin.register(Grant, site=tables)
class GrantTable(Table):
    list_display = ("number", "holder", "kind", "family", "state", "starts_at", "ends_at")
    more = (
        "lab_name",
        "whole_family",
        "application",
        "licence_version",
        "may_download",
        "may_infer",
        "token_quota",
        "bytes_per_day",
        "version",
        "given_by",
        "supersedes",
        "state_changed_at",
        "suspended_until",
        "attest_due_at",
    )
    list_filter = ("state", "kind", "family")
    search_fields = ("number", "holder__username", "holder__full_name", "lab_name")
    date_hierarchy = "starts_at"
    list_select_related = ("holder", "family")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "number"
    note = WORDS


@admin.register(GrantMember, site=tables)
class GrantMemberTable(Table):
    list_display = ("grant", "user", "invited_by", "invited_at", "joined_at", "removed_at")
    more = ("acceptance", "removed_by")
    search_fields = ("grant__number",)
    date_hierarchy = "invited_at"
    list_select_related = ("grant", "user", "invited_by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder", "user")
    note = WORDS


@admin.register(Revocation, site=tables)
class RevocationTable(Table):
    list_display = ("grant", "proposed_by", "proposed_at", "emergency", "ratified_at", "lapsed_at")
    more = ("ratified_by", "declined_by", "declined_at")
    list_filter = ("emergency",)
    search_fields = ("grant__number",)
    date_hierarchy = "proposed_at"
    list_select_related = ("grant", "proposed_by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)
    note = WORDS


@admin.register(Attestation, site=tables)
class AttestationTable(Table):
    list_display = ("grant", "by", "at")
    search_fields = ("grant__number",)
    date_hierarchy = "at"
    list_select_related = ("grant", "by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)
    note = WORDS


@admin.register(GrantNotice, site=tables)
class GrantNoticeTable(Table):
    list_display = ("grant", "kind", "sent_at")
    list_filter = ("kind",)
    search_fields = ("grant__number",)
    date_hierarchy = "sent_at"
    list_select_related = ("grant",)
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)


@admin.register(Renewal, site=tables)
class RenewalTable(Table):
    list_display = ("grant", "asked_by", "asked_at", "state", "decided_at")
    more = ("decided_by", "new_grant")
    list_filter = ("state",)
    search_fields = ("grant__number",)
    date_hierarchy = "asked_at"
    list_select_related = ("grant", "asked_by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)
    note = WORDS


@admin.register(Surrender, site=tables)
class SurrenderTable(Table):
    list_display = ("grant", "by", "at")
    search_fields = ("grant__number",)
    date_hierarchy = "at"
    list_select_related = ("grant", "by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)
    note = WORDS


@admin.register(Transfer, site=tables)
class TransferTable(Table):
    list_display = ("grant", "to", "asked_by", "asked_at", "state", "decided_at")
    more = ("decided_by", "new_grant")
    list_filter = ("state",)
    search_fields = ("grant__number",)
    date_hierarchy = "asked_at"
    list_select_related = ("grant", "to", "asked_by")
    ordering = ("-pk",)
    page_name = "grant_case"
    page_value = "grant__number"
    about = ("grant__holder",)
    note = WORDS


@admin.register(Stop, site=tables)
class StopTable(Table):
    list_display = ("id", "scope", "user", "grant", "family", "at", "lifted_at")
    more = ("by", "lifted_by", "told_at", "lift_told_at")
    list_filter = ("scope",)
    search_fields = ("user__username", "grant__number")
    date_hierarchy = "at"
    list_select_related = ("user", "grant", "family")
    ordering = ("-pk",)
    page_name = "stop_everything"
    note = _("The reason stands on the page of stops.")


@admin.register(StopNotice, site=tables)
class StopNoticeTable(Table):
    list_display = ("stop", "user", "kind", "at")
    list_filter = ("kind",)
    search_fields = ("user__username",)
    date_hierarchy = "at"
    list_select_related = ("stop", "user")
    ordering = ("-pk",)
    page_name = "stop_everything"
