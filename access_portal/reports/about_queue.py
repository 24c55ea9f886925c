"""Reports on what comes in and what waits."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models import OPEN_STATES, State
from access_portal.applications.workflow import STAFF_STATES
from access_portal.reports.figures import AGES, Figures
from access_portal.reports.plots import Series, bar_plot
from access_portal.reports.sheets import Cell, Column, Sheet

WAITING = tuple(state for state in OPEN_STATES if state != State.DRAFT)


def inflow(figures: Figures) -> Sheet:
    """One row for each week, also for those in which nothing came."""
    counts: Counter[int] = Counter()
    for (_family, week), count in figures.inflow.items():
        counts[week] += count
    weeks = [day.isoformat() for day in figures.weeks.starts]
    values = [counts[n] for n in range(len(weeks))]
    total = {"count": sum(values), "weeks": len(weeks), "most": max(values, default=0)}
    summary = _now("%(count)d applications in %(weeks)d weeks; at most %(most)d in one week.") % total
    plot = bar_plot(_("Applications sent each week"), weeks, [Series(_("sent"), values)], _("applications"), summary)
    columns = [Column("week", _("Week from")), Column("sent", _("Sent"))]
    return Sheet(columns, list(zip(weeks, values, strict=True)), plot)


def queue_age(figures: Figures) -> Sheet:
    """How long ago the applications were sent for which the office has to act."""
    counts: Counter[int] = Counter()
    for row in figures.waiting:
        if row.state in STAFF_STATES:
            counts[row.age] += row.count
    begins = (0, *AGES)
    values = [counts[n] for n in range(len(begins))]
    labels = [f"{low}–{high}" for low, high in zip(begins, AGES, strict=False)] + [f"{AGES[-1]}+"]
    summary = _now("%(count)d applications wait for the office; %(old)d of them for two weeks or more.") % {
        "count": sum(values), "old": sum(values[begins.index(14) :]),
    }  # fmt: skip
    plot = bar_plot(_("Age of the queue"), labels, [Series(_("waiting"), values)], _("applications"), summary)
    columns = [Column("days", _("Days since it was sent")), Column("waiting", _("Waiting"))]
    return Sheet(columns, list(zip(labels, values, strict=True)), plot)


def open_by_state(figures: Figures) -> Sheet:
    """One row for each state in which a decision is still to come, also for those that are empty."""
    counts: Counter[str] = Counter()
    for row in figures.waiting:
        counts[row.state] += row.count
    rows: list[list[Cell]] = [[state.value, label_of(state), counts[state]] for state in WAITING]
    columns = [Column("state", _("Key")), Column("label", _("State")), Column("open", _("Open"))]
    return Sheet(columns, rows)


def overdue(figures: Figures) -> Sheet:
    """By state, how many are past the date by which whoever has the ball should have acted."""
    late: Counter[str] = Counter()
    open_: Counter[str] = Counter()
    for row in figures.waiting:
        open_[row.state] += row.count
        late[row.state] += row.count if row.overdue else 0
    columns = [
        Column("state", _("Key")), Column("label", _("State")), Column("overdue", _("Overdue")),
        Column("open", _("Open")),
    ]  # fmt: skip
    return Sheet(columns, [[state.value, label_of(state), late[state], open_[state]] for state in WAITING])


def label_of(state: State) -> str:
    """As the office says it; the workflow's own words are for applicants."""
    return _now("Waiting for the applicant") if state == State.INFO_REQUESTED else str(state.label)
