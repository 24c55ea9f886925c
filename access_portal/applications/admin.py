"""The tables of applications, to be looked at: where cases stand, not what people wrote in them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models import (
    Appeal,
    Application,
    Attachment,
    Conflict,
    Decision,
    InfoRequest,
    Message,
    Note,
    Opinion,
    QueueLine,
    Recommendation,
    Reminder,
    ReviewPolicy,
    Round,
    SavedFilter,
    Signal,
)  # fmt: skip
from access_portal.office.tables import Table, tables

WORDS = _("What people wrote stands on the page of the case.")


@admin.register(Application, site=tables)
class ApplicationTable(Table):
    list_display = ("number", "applicant", "family", "state", "submitted_at", "claimed_by", "due_at")
    more = (
        "version",
        "rounds",
        "previous",
        "form",
        "acceptance",
        "created_at",
        "saved_at",
        "handler",
        "claimed_at",
        "hold_recheck_at",
        "closed_at",
        "anonymised_at",
    )
    list_filter = ("state", "family")
    search_fields = ("number", "applicant__username", "applicant__full_name")
    date_hierarchy = "submitted_at"
    list_select_related = ("applicant", "family", "claimed_by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "number"
    case = "pk"
    note = WORDS


@admin.register(Round, site=tables)
class RoundTable(Table):
    list_display = ("application", "number", "sent_at")
    more = ("form", "acceptance")
    search_fields = ("application__number",)
    date_hierarchy = "sent_at"
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Attachment, site=tables)
class AttachmentTable(Table):
    list_display = ("application", "question", "media_type", "size_bytes", "uploaded_at")
    more = ("sha256",)
    list_filter = ("media_type",)
    search_fields = ("application__number",)
    date_hierarchy = "uploaded_at"
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(InfoRequest, site=tables)
class InfoRequestTable(Table):
    list_display = ("application", "round", "question", "asked_by", "asked_at", "settled_at")
    search_fields = ("application__number",)
    date_hierarchy = "asked_at"
    list_select_related = ("application", "asked_by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Message, site=tables)
class MessageTable(Table):
    list_display = ("application", "author", "from_office", "at")
    list_filter = ("from_office",)
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "author")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Note, site=tables)
class NoteTable(Table):
    list_display = ("application", "author", "at")
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "author")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Opinion, site=tables)
class OpinionTable(Table):
    list_display = ("application", "round", "by", "at")  # verdicts are hidden from colleagues who have not voted
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Recommendation, site=tables)
class RecommendationTable(Table):
    list_display = ("application", "round", "by", "verdict", "code", "at")
    more = ("checked", "doubt")
    list_filter = ("verdict", "code")
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Decision, site=tables)
class DecisionTable(Table):
    list_display = ("application", "round", "by", "verdict", "code", "at")
    more = ("confirmed_by", "confirmed_at", "retry_from", "undone_at")
    list_filter = ("verdict", "code")
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Appeal, site=tables)
class AppealTable(Table):
    list_display = ("application", "at", "upheld", "decided_by", "decided_at")
    more = ("against",)
    list_filter = ("upheld",)
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application", "decided_by")
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(ReviewPolicy, site=tables)
class ReviewPolicyTable(Table):
    list_display = ("family", "eyes", "target_days", "answer_days", "draft_days")
    more = ("four_eyes_sizes", "four_eyes_positions", "cool_off_days", "appeal_days", "retention_days")
    list_filter = ("eyes",)
    list_select_related = ("family",)
    ordering = ("-pk",)
    page_name = "edit_review_policy"
    page_value = "family__slug"


@admin.register(Conflict, site=tables)
class ConflictTable(Table):
    list_display = ("user", "application", "applicant", "declared_at", "ended_at")
    search_fields = ("user__username",)
    date_hierarchy = "declared_at"
    list_select_related = ("user", "application", "applicant")
    ordering = ("-pk",)
    page_name = "my_conflicts"
    about = ("applicant",)
    note = _("Each member of staff declares and ends their own.")


@admin.register(QueueLine, site=tables)
class QueueLineTable(Table):
    list_display = ("application",)
    search_fields = ("application__number",)
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = _("A copy of some answers, for searching; the answers stand on the page of the case.")


@admin.register(Signal, site=tables)
class SignalTable(Table):
    list_display = ("application", "round", "kind", "level", "at")
    list_filter = ("kind", "level")
    search_fields = ("application__number",)
    date_hierarchy = "at"
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"
    note = WORDS


@admin.register(Reminder, site=tables)
class ReminderTable(Table):
    list_display = ("application", "kind", "due_at", "sent_at")
    list_filter = ("kind",)
    search_fields = ("application__number",)
    date_hierarchy = "sent_at"
    list_select_related = ("application",)
    ordering = ("-pk",)
    page_name = "review_case"
    page_value = "application__number"
    case = "application"


@admin.register(SavedFilter, site=tables)
class SavedFilterTable(Table):
    list_display = ("user", "name")
    search_fields = ("user__username",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    page_name = "review_queue"
