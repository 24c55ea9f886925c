"""The tables of people, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import ApiToken, RoleAssignment, User
from access_portal.office.tables import Table, tables


@admin.register(User, site=tables)
class UserTable(Table):
    list_display = ("username", "full_name", "email", "is_active", "date_joined")
    more = ("language", "last_login")
    list_filter = ("is_active", "language")
    search_fields = ("username", "full_name", "email")
    date_hierarchy = "date_joined"
    ordering = ("-date_joined",)
    page_name = "person"
    page_value = "username"
    note = _("Passwords and second factors are never shown.")


@admin.register(RoleAssignment, site=tables)
class RoleAssignmentTable(Table):
    list_display = ("user", "role", "given_at")
    list_filter = ("role",)
    search_fields = ("user__username", "user__full_name")
    date_hierarchy = "given_at"
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"


@admin.register(ApiToken, site=tables)
class ApiTokenTable(Table):
    list_display = ("user", "name", "created_at", "expires_at", "revoked_at")
    more = ("scopes", "last_used_at")
    search_fields = ("user__username",)
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "person"
    page_value = "user__username"
    note = _("Of a token only a digest is kept, and that is not shown.")
