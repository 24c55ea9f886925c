"""Reports on what was answered, how, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models import State, Verdict
from access_portal.applications.reasons import REASONS
from access_portal.reports.figures import Answer, Figures, seconds_by_month
from access_portal.reports.percentiles import days, within
from access_portal.reports.plots import Series, bar_plot, line_plot
from access_portal.reports.sheets import Cell, Column, Sheet

OUTCOMES = (Verdict.APPROVE, Verdict.REFUSE_FIXABLE, Verdict.REFUSE_FINAL, State.WITHDRAWN, State.EXPIRED)


def time_to_decision(figures: Figures) -> Sheet:
    """By the month of the first answer; a month without answers has no median."""
    took = seconds_by_month(figures.answers)
    months = _months(figures)
    rows: list[list[Cell]] = []
    for n, month in enumerate(months):
        seconds = took.get(n, [])
        rows.append([month, len(seconds), days(within(seconds, 0.5)), days(within(seconds, 0.9))])
    every = [answer.seconds for answer in figures.answers if answer.first_month is not None]
    summary = _now("%(count)d first answers; half came within %(half)s days, nine in ten within %(nine)s days.") % {
        "count": len(every), "half": days(within(every, 0.5)) or "–", "nine": days(within(every, 0.9)) or "–",
    }  # fmt: skip
    series = [
        Series(_("nine in ten within"), [_number(row[3]) for row in rows]),
        Series(_("half within"), [_number(row[2]) for row in rows]),
    ]
    plot = line_plot(_("Time to decision"), months, series, _("days"), summary)
    columns = [
        Column("month", _("Month")), Column("answered", _("Answered")), Column("median_days", _("Median, days")),
        Column("p90_days", _("Nine in ten, days")),
    ]  # fmt: skip
    return Sheet(columns, rows, plot)


def decisions(figures: Figures) -> Sheet:
    """By month: answers that stand, and what ended without one."""
    counts = Counter(
        [(answer.standing_month, answer.verdict) for answer in figures.answers]
        + [(ended.month, str(ended.state)) for ended in figures.ended]
    )
    months = _months(figures)
    rows: list[list[Cell]] = [[month, *(counts[n, key] for key in OUTCOMES)] for n, month in enumerate(months)]
    columns = [
        Column("month", _("Month")), Column("approved", _("Approved")),
        Column("refused_fixable", _("Refused, can be mended")), Column("refused_final", _("Refused for good")),
        Column("withdrawn", _("Withdrawn")), Column("lapsed", _("Lapsed")),
    ]  # fmt: skip
    sums = [sum(counts[n, key] for n in range(len(months))) for key in OUTCOMES]
    names = {"approved": sums[0], "refused": sums[1] + sums[2], "other": sums[3] + sums[4]}
    summary = _now("%(approved)d approved, %(refused)d refused, %(other)d ended without an answer.") % names
    series = [
        Series(_("approved"), [counts[n, OUTCOMES[0]] for n in range(len(months))]),
        Series(_("refused"), [counts[n, OUTCOMES[1]] + counts[n, OUTCOMES[2]] for n in range(len(months))]),
        Series(_("withdrawn or lapsed"), [counts[n, OUTCOMES[3]] + counts[n, OUTCOMES[4]] for n in range(len(months))]),
    ]
    return Sheet(columns, rows, bar_plot(_("How applications ended"), months, series, _("applications"), summary))


def refusal_reasons(figures: Figures) -> Sheet:
    """One row for each reason there is, and for those of earlier times that were given in the period."""
    counts = Counter(answer.code for answer in refusals(figures.answers))
    rows: list[list[Cell]] = [[code, title_of(code), counts[code]] for code in codes(counts)]
    return Sheet([Column("code", _("Code")), Column("title", _("Reason")), Column("refused", _("Refused"))], rows)


def appeals(figures: Figures) -> Sheet:
    """Appeals made in the period, by what became of them so far."""
    counts: Counter[str] = Counter()
    for (_family, what), count in figures.appeals.items():
        counts[what] += count
    words = {
        "upheld": _("Upheld: the case was looked at again"), "not_upheld": _("Not upheld: the refusal stands"),
        "waiting": _("Not answered yet"),
    }  # fmt: skip
    columns = [Column("outcome", _("Key")), Column("label", _("What became of it")), Column("appeals", _("Appeals"))]
    return Sheet(columns, [[what, str(label), counts[what]] for what, label in words.items()])


def families(figures: Figures) -> Sheet:
    """One row for each family, also for those that nobody asked for."""
    rows: list[list[Cell]] = []
    for key, family in figures.families.items():
        own = figures.answers_of[key]
        seconds = [answer.seconds for answer in own if answer.first_month is not None]
        rows.append([
            family.slug, family.name,
            sum(count for (of, _week), count in figures.inflow.items() if of == key),
            sum(row.count for row in figures.waiting if row.family == key),
            sum(answer.verdict == Verdict.APPROVE for answer in standing(own)),
            len(refusals(own)), days(within(seconds, 0.5)), days(within(seconds, 0.9)),
        ])  # fmt: skip
    columns = [
        Column("family", _("Key")), Column("name", _("Model")), Column("sent", _("Sent")),
        Column("open", _("Open now")), Column("approved", _("Approved")), Column("refused", _("Refused")),
        Column("median_days", _("Median, days")), Column("p90_days", _("Nine in ten, days")),
    ]  # fmt: skip
    return Sheet(columns, rows)


def standing(answers: Iterable[Answer]) -> list[Answer]:
    """Those whose answer of the period still stands."""
    return [answer for answer in answers if answer.standing_month is not None]


def refusals(answers: Iterable[Answer]) -> list[Answer]:
    """Those that stand refused."""
    return [answer for answer in standing(answers) if answer.verdict != Verdict.APPROVE]


def codes(given: Iterable[str]) -> list[str]:
    """All reasons that there are, then those of earlier times."""
    return [*REASONS, *sorted(set(given) - set(REASONS))]


def title_of(code: str) -> str:
    """The title of a reason for everybody."""
    return str(REASONS[code].title) if code in REASONS else code


def month_name(day: date) -> str:
    return f"{day:%Y-%m}"


def _months(figures: Figures) -> list[str]:
    return [month_name(day) for day in figures.months.starts]


def _number(cell: Cell) -> float | None:
    return cell if isinstance(cell, int | float) else None
