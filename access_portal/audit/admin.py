"""The table of events, to be looked at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.audit.log import chains_near, facts_of
from access_portal.audit.models import Event
from access_portal.office.tables import Table, tables


@admin.register(Event, site=tables)
class EventTable(Table):
    list_display = ("at", "subject", "sequence", "name", "actor")
    more = ("facts", "previous_hash", "hash")
    search_fields = ("=subject", "=name")
    date_hierarchy = "at"
    list_select_related = ("actor",)
    ordering = ("-at",)
    page_name = "audit_log"
    note = _("What people wrote is left out, and so is what concerns you or those near to you.")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Event]":
        assert isinstance(request.user, User)
        return super().get_queryset(request).exclude(subject__in=chains_near(request.user))

    @admin.display(description=_("facts"))
    def facts(self, event: Event) -> str:
        """What the event log shows of an event."""
        return ", ".join(f"{key}={value}" for key, value in facts_of(event).items())
