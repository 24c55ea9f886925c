"""What the public page says: counts that point to nobody, times, and what people chose to publish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models import State, Verdict
from access_portal.applications.workflow import STAFF_STATES
from access_portal.grants.models import Grant
from access_portal.reports.about_answers import codes, refusals, standing, title_of
from access_portal.reports.figures import Figures, seconds_by_month
from access_portal.reports.percentiles import days_begun, within
from access_portal.reports.periods import last_twelve_months
from access_portal.reports.small_numbers import FEWEST, Shown, veil, veil_list
from access_portal.reports.statements import Statement, published
from access_portal.reports.wanted import Wanted

QUARTER = 3  # months
Words = str | Promise

STANDS: dict[str, Words] = {
    "with_us": _("Waiting for us"),
    "with_applicant": _("Waiting for the applicant"),
    "appealed": _("Under appeal"),
    "approved": _("Approved"),
    "refused": _("Refused"),
    "unanswered": _("Withdrawn or lapsed"),
}
STAND_OF: dict[str, str] = {
    **dict.fromkeys(map(str, STAFF_STATES), "with_us"),
    State.INFO_REQUESTED: "with_applicant",
    State.APPEALED: "appealed",
    State.APPROVED: "approved",
    State.REFUSED_FIXABLE: "refused",
    State.REFUSED_FINAL: "refused",
    State.WITHDRAWN: "unanswered",
    State.EXPIRED: "unanswered",
}
APPEALS: dict[str, Words] = {
    "upheld": _("Upheld: the application was looked at again"),
    "not_upheld": _("Not upheld: the refusal stands"),
    "waiting": _("Not answered yet"),
}
GRANTS: dict[str, Words] = {
    Grant.State.ACTIVE: _("In force"),
    Grant.State.SUSPENDED: _("Suspended"),
    Grant.State.REVOKED: _("Revoked"),
    Grant.State.EXPIRED: _("Ended"),
    Grant.State.SURRENDERED: _("Given back"),
    Grant.State.SUPERSEDED: _("Replaced by a later grant"),
}


@dataclass(frozen=True)
class Count:
    """One line of a list of counts; `key` is for programs."""

    key: str
    label: Words
    count: Shown


@dataclass(frozen=True)
class Within:
    """Half and nine in ten of a quarter's first answers came within so many days; None where too few came."""

    half: int | None
    nine_in_ten: int | None


@dataclass(frozen=True)
class Row:
    """One line of a cross-table: a family, or all of them."""

    key: str
    label: Words
    cells: Sequence[Any]


class Transparency:
    """All that is public, at `now`: of the calendar month that it lies in and the eleven before."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.period = last_twelve_months(now)
        self.figures = Figures(Wanted(self.period), now)

    @cached_property
    def stands(self) -> list[Row]:
        """Families by where their applications stand; the last row and the last column are sums."""
        counts: Counter[tuple[int, str]] = Counter()
        for (family, state, verdict), count in self.figures.standing.items():
            counts[family, _stand(state, verdict)] += count
        asked = [(key, family) for key, family in self.figures.families.items() if any(of == key for of, _ in counts)]
        cells = veil([[counts[key, stand] for stand in STANDS] for key, _family in asked])
        rows = [Row(family.slug, family.name, line) for (_key, family), line in zip(asked, cells, strict=False)]
        return [*rows, Row("all", _("All models"), cells[-1])] if rows else []

    @cached_property
    def ended(self) -> list[Count]:
        """How applications of the period ended, refusals by their reasons; the last is the sum."""
        answers, ended = standing(self.figures.answers), Counter(str(row.state) for row in self.figures.ended)
        reasons = Counter(answer.code for answer in refusals(self.figures.answers))
        approved = sum(answer.verdict == Verdict.APPROVE for answer in answers)
        lines: list[tuple[str, Words, int]] = [
            ("approved", _("Approved"), approved),
            *((f"refused_{code}", _refused_for(code), reasons[code]) for code in codes(reasons)),
            ("withdrawn", _("Withdrawn by the applicant"), ended[State.WITHDRAWN]),
            ("lapsed", _("Lapsed, because no answer came"), ended[State.EXPIRED]),
        ]
        return _counts(lines)

    @cached_property
    def quarters(self) -> list[tuple[date, date]]:
        """The first days of the first and the last month of each three months."""
        starts = self.figures.months.starts
        return [(starts[n], starts[n + QUARTER - 1]) for n in range(0, len(starts), QUARTER)]

    @cached_property
    def waits(self) -> list[Row]:
        """Families by quarter, how long their first answers took; the last row is of all."""
        answers = self.figures.answers
        of = self.figures.answers_of
        families = [(family.slug, family.name, of[key]) for key, family in self.figures.families.items()]
        rows = [Row(slug, name, self._withins(own)) for slug, name, own in families if own]
        return [*rows, Row("all", _("All models"), self._withins(answers))]

    @cached_property
    def oldest_days(self) -> int | None:
        """For how many whole days the application has waited that waits longest for us."""
        since = self.figures.waiting_since
        return max(0, (self.now - since).days) if since else None

    @cached_property
    def appeals(self) -> list[Count]:
        counts: Counter[str] = Counter()
        for (_family, what), count in self.figures.appeals.items():
            counts[what] += count
        return _counts([(what, label, counts[what]) for what, label in APPEALS.items()])

    @cached_property
    def grants(self) -> list[Count]:
        counts: Counter[str] = Counter()
        for (_family, state, _soon), count in self.figures.grants.items():
            counts[state] += count
        return _counts([(str(state), label, counts[state]) for state, label in GRANTS.items()])

    @cached_property
    def statements(self) -> list[Statement]:
        return published(self.now)

    def _withins(self, answers: Sequence[Any]) -> list[Within]:
        by_month = seconds_by_month(answers)
        return [
            _within([second for month in range(first, first + QUARTER) for second in by_month.get(month, [])])
            for first in range(0, len(self.figures.months.starts), QUARTER)
        ]


def _refused_for(code: str) -> str:
    return _now("Refused: %(reason)s") % {"reason": title_of(code)}


def _stand(state: str, verdict: str) -> str:
    """A closed application counts as what it ended with."""
    if state == State.CLOSED:
        return {"": "unanswered", Verdict.APPROVE: "approved"}.get(verdict, "refused")
    return STAND_OF[state]


def _within(seconds: list[float]) -> Within:
    if len(seconds) < FEWEST:
        return Within(None, None)
    return Within(days_begun(within(seconds, 0.5)), days_begun(within(seconds, 0.9)))


def _counts(lines: Sequence[tuple[str, Words, int]]) -> list[Count]:
    """The lines and their sum, without counts that could point to a person."""
    cells = veil_list([count for _key, _label, count in lines])
    sums: tuple[str, Words] = ("all", _("Together"))
    names = [*((key, label) for key, label, _count in lines), sums]
    return [Count(key, label, cell) for (key, label), cell in zip(names, cells, strict=True)]
