"""Whatever a house went through, the parts of its figures add up to the whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_portal.applications.models import Application, State
from access_portal.reports import about_answers, about_queue
from access_portal.reports.expressions import SecondsBetween, slice_of
from access_portal.reports.transparency import Transparency
from tests.access_portal.applications.scenes import DAY, NOW, make_open_family
from tests.access_portal.reports.worlds import answered, column, ended, figures, reopened, sent

pytestmark = pytest.mark.django_db
FATES = ("waits", "approve", "refuse_fixable", "refuse_final", "withdrawn", "lapsed", "reopened")
lives = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(FATES), st.integers(0, 300)), max_size=12)
rarely = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@rarely
@given(lives)
def test_every_application_is_in_exactly_one_place(db: None, told: list[tuple[str, str, int]]) -> None:
    with transaction.atomic():
        _live(told)
        _check(len(told))
        transaction.set_rollback(True)


def _check(count: int) -> None:
    now = figures()
    assert sum(now.standing.values()) == count
    assert sum(column(about_queue.inflow(now), "sent")) == count
    waiting, over = sum(column(about_queue.open_by_state(now), "open")), about_answers.decisions(now).records()
    assert waiting + _sum(over, "approved", "refused_fixable", "refused_final", "withdrawn", "lapsed") == count
    reasons = about_answers.refusal_reasons(now).records()
    assert _sum(reasons, "refused") == _sum(over, "refused_fixable", "refused_final")
    families = about_answers.families(now).records()
    assert (_sum(families, "sent"), _sum(families, "open")) == (count, waiting)
    assert (_sum(families, "approved"), _sum(families, "refused")) == (_sum(over, "approved"), _sum(reasons, "refused"))
    public = Transparency(NOW)
    assert public.ended[-1].count in (count - waiting, "fewer_than_5", "not_shown")


def _sum(records: Iterable[dict[str, Any]], *keys: str) -> int:
    return sum(record[key] for record in records for key in keys)


def _live(told: list[tuple[str, str, int]]) -> None:
    families = {name: make_open_family(name) for name in "ab"}
    for name, fate, days in told:
        family, at = families[name], NOW - days * DAY
        if fate == "waits":
            sent(family, at)
        elif fate in ("withdrawn", "lapsed"):
            ended(family, State.WITHDRAWN if fate == "withdrawn" else State.EXPIRED, at)
        elif fate == "reopened":
            reopened(family, at)
        else:
            answered(family, DAY, at, fate)


@rarely
@given(st.lists(st.integers(-500, 500), max_size=9, unique=True), st.integers(-600, 600))
def test_the_database_finds_the_slice_that_a_moment_falls_in(db: None, days: list[int], moment: int) -> None:
    def at(day: int) -> datetime:
        return NOW + timedelta(days=day, microseconds=day % 2)  # one of them with a fraction of a second

    with transaction.atomic():
        case = sent(make_open_family(), at(moment))
        row = Application.objects.filter(pk=case.pk).values_list(
            slice_of("submitted_at", [at(day) for day in sorted(days)]), SecondsBetween("submitted_at", "created_at")
        )
        reached, seconds = row.get()
        assert reached == sum(day <= moment for day in days)
        assert seconds == pytest.approx((at(moment) - case.created_at).total_seconds(), abs=0.01)
        transaction.set_rollback(True)
