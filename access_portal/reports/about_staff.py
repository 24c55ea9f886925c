"""Who has how much on the desk: for whoever runs the office, so that nobody drowns. In the order of names, unranked."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.applications.models import Application, Decision, Recommendation, State
from access_portal.reports.figures import Figures
from access_portal.reports.rows import given_decisions, untold
from access_portal.reports.sheets import Column, Sheet


def workload(figures: Figures) -> Sheet:
    """One row for each active reviewer and decider."""
    period, now = figures.wanted.period, figures.now
    this = {"at__gte": period.begins_at, "at__lt": period.ends_at}
    confirmed = {"confirmed_at__gte": period.begins_at, "confirmed_at__lt": period.ends_at}
    decided = Decision.objects.filter(given_decisions()).exclude(application__in=untold(now))
    judges = RoleAssignment.objects.filter(user=OuterRef("pk"), role__in=(Role.REVIEWER, Role.DECIDER))
    people = User.objects.filter(Exists(judges), is_active=True).annotate(
        holds=_count(_of(figures, Application.objects.filter(state=State.IN_REVIEW), ""), "claimed_by"),
        recommended=_count(_of(figures, Recommendation.objects.filter(**this)), "by"),
        decided=_count(_of(figures, decided.filter(**this)), "by"),
        confirmed=_count(_of(figures, decided.filter(**confirmed)), "confirmed_by"),
    )  # fmt: skip
    columns = [
        Column("username", _("User name")), Column("name", _("Name")), Column("holds", _("Has in review")),
        Column("recommended", _("Recommended")), Column("decided", _("Decided")), Column("confirmed", _("Confirmed")),
    ]  # fmt: skip
    rows = people.order_by("full_name", "username")
    return Sheet(columns, [[p.username, str(p), p.holds, p.recommended, p.decided, p.confirmed] for p in rows])


def _of(figures: Figures, rows: QuerySet[Any], at: str = "application__") -> QuerySet[Any]:
    """Those of the family that was asked for."""
    slug = figures.wanted.family
    return rows.filter(**{f"{at}family__slug": slug}) if slug else rows


def _count(rows: QuerySet[Any], person: str) -> Coalesce:
    own = rows.filter(**{person: OuterRef("pk")}).order_by().values(person).annotate(count=Count("pk"))
    return Coalesce(Subquery(own.values("count"), output_field=IntegerField()), 0)
