"""The tables of the house, to be looked at and never changed: Django's admin without any of its ways to write.

No flag or permission of Django counts here. The access policy says who comes in, and each room's `admin.py` names the
columns that are shown, so a new column is hidden until somebody decides otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field, quote, unquote
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access_portal.accounts.models import User
from access_portal.applications.cockpit.distance import near_to
from access_portal.applications.models import Application
from access_portal.grants.policy import Action, Granted, Office, decide_each, require

READING = (Action.AUDIT, Action.ADMINISTER, Action.OPERATE)
View = Callable[..., HttpResponse]


def may_read(reader: User, now: datetime) -> bool:
    """Whether the tables are open to this person."""
    return any(isinstance(answer, Granted) for answer in decide_each(reader, READING, Office(), now).values())


class TablesSite(admin.AdminSite):
    """Who may look is asked of the policy for every address; none of them takes anything but reading."""

    site_header = site_title = index_title = _("Tables")
    index_template = "office/tables.html"
    app_index_template = "office/tables.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked once for each request, however many tables a page lists."""
        known: bool | None = getattr(request, "_may_read_tables", None)
        if known is None:
            known = isinstance(request.user, User) and may_read(request.user, timezone.now())
            request._may_read_tables = known  # type: ignore[attr-defined]
        return known

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Raises PermissionRefusedError in the policy's words for those who may not look."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                require(request.user, Action.AUDIT, Office(), timezone.now())
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return never_cache(require_safe(guarded))

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """The list of tables, each table and each row, and nothing else of Django's admin."""
        tables = [url for model, table in self._registry.items() for url in self._urls_of(model, table)]
        room = path("<slug:app_label>/", self.admin_view(self.app_index), name="app_list")
        return [path("", self.admin_view(self.index), name="index"), *tables, room]

    def _urls_of(self, model: type[Model], table: Any) -> list[URLPattern]:
        name, place = (
            f"{model._meta.app_label}_{model._meta.model_name}",
            f"{model._meta.app_label}/{model._meta.model_name}/",
        )
        return [
            path(place, self.admin_view(table.changelist_view), name=f"{name}_changelist"),
            path(f"{place}<path:object_id>/", self.admin_view(table.row_view), name=f"{name}_change"),
        ]


tables = TablesSite(name="admin")


class Table(admin.ModelAdmin):  # type: ignore[type-arg]
    """One table. `list_display` are the columns of the list and `more` those that only a row's own page has."""

    change_list_template = "office/table.html"
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    actions = None
    more: tuple[str, ...] = ()
    page_name = ""  # the page on which commands about such a row are given
    page_value = ""  # the attribute of the row that the page's address needs
    about: tuple[str, ...] = ()  # where the person is whom a row is about: nobody sees such rows of their own
    case = ""  # where the application is, "pk" for itself: nobody sees one that they stand too near to
    note: str | Promise = ""  # what is left out, in words

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters on the page: Django would let an address ask how a hidden column begins."""
        offered = [*self.list_filter, *([self.date_hierarchy] if self.date_hierarchy else [])]
        return lookup.split("__")[0] in offered

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what is about the reader, and without cases that they may not handle."""
        assert isinstance(request.user, User)
        rows = super().get_queryset(request)
        for place in self.about:
            rows = rows.exclude(Q(**{place: request.user}))
        if self.case:
            near = Application.objects.filter(near_to(request.user)).values("pk")
            rows = rows.exclude(Q(**{f"{self.case}__in": near}))
        return rows

    def row_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One row: every column that is shown, and where commands about it are given."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        page = {
            "opts": self.opts,
            "table": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "row": row,
            "facts": [self._fact(row, name) for name in (*self.list_display, *self.more)],
            "page": self.page_of(row),
            "note": self.note,
        }
        return render(request, "office/row.html", page)

    def page_of(self, row: Any) -> str:
        """The address of the page where commands about this row are given; empty if there is none."""
        if not self.page_name:
            return ""
        value: Any = row
        for part in self.page_value.split("__") if self.page_value else ():
            value = getattr(value, part, None)
        if self.page_value and value is None:
            return ""
        return reverse(self.page_name, args=[value] if self.page_value else [])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"note": self.note, **(extra_context or {})})

    def _fact(self, row: Any, name: str) -> tuple[str, Any, str]:
        """Label, value and, for another row, its address here."""
        label = str(label_for_field(name, self.model, self))
        field, _attribute, value = lookup_field(name, row, self)
        if field is None:
            return label, value, ""
        if field.is_relation and value is not None:
            return label, value, self._address_of(value)
        return label, display_for_field(value, field, "–"), ""

    def _address_of(self, other: Model) -> str:
        if not self.admin_site.is_registered(type(other)):
            return ""
        return reverse(f"admin:{other._meta.app_label}_{other._meta.model_name}_change", args=[quote(other.pk)])
