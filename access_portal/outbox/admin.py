"""The tables of what leaves the house, to be looked at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.office.tables import Table, tables
from access_portal.outbox.models import OutboxMail, WebhookDelivery, WebhookEndpoint


@admin.register(OutboxMail, site=tables)
class OutboxMailTable(Table):
    list_display = ("created_at", "user", "about", "template", "sent_at", "attempts")
    more = ("not_before", "next_attempt_at", "last_error", "cancelled_at")
    list_filter = ("template",)
    search_fields = ("=about", "user__username")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "mail_log"
    note = _("The texts belong to the people they were written to.")


@admin.register(WebhookEndpoint, site=tables)
class WebhookEndpointTable(Table):
    list_display = ("id", "created_by", "created_at", "disabled_at", "deleted_at")
    more = ("wants", "last_delivered_at", "owner_told_at")
    list_select_related = ("created_by",)
    ordering = ("-pk",)
    page_name = "webhook"
    page_value = "pk"
    note = _("Address and secrets are not shown here.")


@admin.register(WebhookDelivery, site=tables)
class WebhookDeliveryTable(Table):
    list_display = ("event_id", "endpoint", "subject", "type", "delivered_at")
    more = ("created_at", "attempts", "next_attempt_at", "response_status", "last_error", "given_up_at")
    list_filter = ("type",)
    search_fields = ("=event_id", "=subject")
    date_hierarchy = "created_at"
    list_select_related = ("endpoint",)
    ordering = ("-pk",)
    page_name = "webhook"
    page_value = "endpoint_id"
