"""The figures that reports are made of, each read from the database once, in one query, and counted there."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db.models import Case, Count, F, Min, Q, Value, When
from django.utils.translation import gettext as _

from access_portal.applications.models import OPEN_STATES, Appeal, State
from access_portal.applications.workflow import STAFF_STATES
from access_portal.errors import NotFoundError
from access_portal.questionnaires.families import Family, all_families
from access_portal.reports.expressions import SecondsBetween, slice_of
from access_portal.reports.periods import Slices
from access_portal.reports.rows import answered, ended_unanswered, given, outcome, sent
from access_portal.reports.wanted import Wanted

AGES = (1, 3, 7, 14, 30, 60)  # days: where the bars of the queue's age begin, after the first
INSTANT = timedelta(microseconds=1)  # so that exactly one day is one day old
ENDS = (14, 45, 90)  # days until a grant ends


class Answer(NamedTuple):
    """One application that was answered, of which there are many: a tuple is made in a fraction of the time.

    A month is its place in the period; None is outside of it.
    """

    family: int
    first_month: int | None
    seconds: float  # from sending to the first answer
    standing_month: int | None
    verdict: str
    code: str


@dataclass(frozen=True)
class Ended:
    """One application that its applicant took back, or that lapsed, within the period."""

    family: int
    month: int
    state: State


@dataclass(frozen=True)
class Waiting:
    """Some open applications of one kind; `age` is a place in `AGES`."""

    family: int
    state: str
    age: int
    overdue: bool
    count: int


class Figures:
    """What `wanted` asks for, as it is at `now`. Raises NotFoundError for a family that there is not."""

    def __init__(self, wanted: Wanted, now: datetime) -> None:
        self.wanted = wanted
        self.now = now
        self.months: Slices = wanted.period.months()
        self.weeks: Slices = wanted.period.weeks()
        if wanted.family:
            assert self.families

    @cached_property
    def all_families(self) -> list[Family]:
        """All that there are, whatever was asked for."""
        return all_families()

    @cached_property
    def families(self) -> dict[int, Family]:
        """By key: all that there are, or the one that was asked for. Raises NotFoundError where there is none."""
        slug = self.wanted.family
        found = {family.pk: family for family in self.all_families if not slug or family.slug == slug}
        if slug and not found:
            raise NotFoundError("family_not_found", _("There is no model family of this name."))
        return found

    @cached_property
    def inflow(self) -> Counter[tuple[int, int]]:
        """Applications sent for the first time, by family and week."""
        rows = sent(self.now, self.wanted.family).filter(
            submitted_at__gte=self.wanted.period.begins_at, submitted_at__lt=self.wanted.period.ends_at
        )
        weekly = rows.annotate(week=slice_of("submitted_at", self.weeks.bounds)).values_list("family_id", "week")
        return Counter({(family, week - 1): count for family, week, count in weekly.annotate(count=Count("pk"))})

    @cached_property
    def waiting(self) -> list[Waiting]:
        """Open applications by family, state, age and whether somebody should have acted by now."""
        moments = [self.now - timedelta(days=days) + INSTANT for days in reversed(AGES)]
        rows = sent(self.now, self.wanted.family).filter(Q(state__in=OPEN_STATES) | Q(undo_until__gt=self.now))
        late = Case(When(due_at__lt=self.now, then=Value(1)), default=Value(0))
        rows = rows.annotate(reached=slice_of("submitted_at", moments), late=late)
        counted = rows.values_list("family_id", "told", "reached", "late").annotate(count=Count("pk"))
        return [
            Waiting(family, state, len(AGES) - reached, bool(is_late), count)
            for family, state, reached, is_late, count in counted
        ]

    @cached_property
    def standing(self) -> Counter[tuple[int, str, str]]:
        """All applications ever sent by family, state and, for closed ones, verdict."""
        # The sum keeps SQLite from the family's own index, which would lead it through every row of the table.
        rows = sent(self.now, self.wanted.family).annotate(outcome=outcome(), of=F("family_id") + 0)
        counted = rows.values_list("of", "told", "outcome").annotate(count=Count("pk"))
        return Counter({(family, state, verdict or ""): count for family, state, verdict, count in counted})

    @cached_property
    def answers(self) -> list[Answer]:
        """Applications whose first or standing answer was given in the period."""
        bounds = self.months.bounds
        rows = answered(self.now, self.wanted.family)
        rows = rows.filter(_within("first_at", bounds) | _within("standing_at", bounds))
        found = rows.values_list(
            "family_id", slice_of("first_at", bounds), SecondsBetween("first_at", "submitted_at"),
            slice_of("standing_at", bounds), "decision__verdict", "decision__code",
        )  # fmt: skip
        months = self._month_by_reached
        return [
            Answer(family, months[first], seconds, months[standing], verdict or "", code or "")
            for family, first, seconds, standing, verdict, code in found
        ]

    @cached_property
    def answers_of(self) -> dict[int, list[Answer]]:
        """The same by family."""
        found: dict[int, list[Answer]] = {key: [] for key in self.families}
        for answer in self.answers:
            found[answer.family].append(answer)
        return found

    @cached_property
    def ended(self) -> list[Ended]:
        """Applications that ended in the period without an answer."""
        bounds = self.months.bounds
        rows = ended_unanswered(bounds[0], self.now, self.wanted.family)
        found = []
        for family, withdrawn_at, lapsed_at in rows.values_list("family_id", "withdrawn_at", "lapsed_at"):
            at, state = (withdrawn_at, State.WITHDRAWN) if withdrawn_at else (lapsed_at, State.EXPIRED)
            month = self._month_by_reached[bisect_right(bounds, at)] if at else None
            if month is not None:
                found.append(Ended(family, month, state))
        return found

    @cached_property
    def appeals(self) -> Counter[tuple[int, str]]:
        """Appeals made in the period by family and what became of them: `upheld`, `not_upheld`, `waiting`."""
        rows = Appeal.objects.filter(at__gte=self.wanted.period.begins_at, at__lt=self.wanted.period.ends_at)
        if self.wanted.family:
            rows = rows.filter(application__family__slug=self.wanted.family)
        counted = rows.values_list("application__family_id", "upheld").annotate(count=Count("pk")).order_by()
        words = {True: "upheld", False: "not_upheld", None: "waiting"}
        return Counter({(family, words[upheld]): count for family, upheld, count in counted})

    @cached_property
    def grants(self) -> Counter[tuple[int, str, int]]:
        """Grants by family, state and how soon they end: a place in `ENDS`, for those that live."""
        ends = slice_of("ends_at", [self.now + timedelta(days=days) for days in ENDS])
        rows = given(self.now, self.wanted.family).annotate(ends=ends)
        counted = rows.values_list("family_id", "now_is", "ends").annotate(count=Count("pk"))
        return Counter({(family, state, soon): count for family, state, soon, count in counted})

    @cached_property
    def waiting_since(self) -> datetime | None:
        """When the oldest application was sent that waits for the office."""
        rows = sent(self.now, self.wanted.family).filter(Q(state__in=STAFF_STATES) | Q(undo_until__gt=self.now))
        oldest: datetime | None = rows.filter(told__in=STAFF_STATES).aggregate(oldest=Min("submitted_at"))["oldest"]
        return oldest

    @property
    def _month_by_reached(self) -> list[int | None]:
        """The place of a month, for how many bounds were reached: none before the first, none from the last on."""
        return [None, *range(len(self.months.starts)), None]


def seconds_by_month(answers: Iterable[Answer]) -> dict[int, list[float]]:
    """How long the first answers of each month took."""
    took: dict[int, list[float]] = {}
    for answer in answers:
        if answer.first_month is not None:
            took.setdefault(answer.first_month, []).append(answer.seconds)
    return took


def _within(name: str, bounds: list[datetime]) -> Q:
    return Q(**{f"{name}__gte": bounds[0], f"{name}__lt": bounds[-1]})
