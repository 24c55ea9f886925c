"""What each report counts, in worlds that were counted by hand. NOW is Monday, 2 March 2026, noon in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.commands.keeping import anonymise
from access_portal.applications.models import Appeal, State
from access_portal.reports import about_answers, about_grants, about_queue
from access_portal.reports.about_staff import workload
from access_portal.reports.catalogue import REPORTS
from release.models import Family
from tests.access_portal.applications.scenes import DAY, HOUR, NOW, REFUSAL, TERMS, make_application, make_open_family
from tests.access_portal.reports.worlds import answer, answered, column, ended, figures, pairs, reopened, sent
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def family() -> Family:
    return make_open_family()


def test_an_empty_house_has_every_row_and_no_count() -> None:
    empty = figures()
    for name, report in REPORTS.items():
        counts = [cell for row in report.make(empty).rows for cell in row if isinstance(cell, int)]
        assert not any(counts), name
    assert len(about_queue.inflow(empty).rows) == 49
    assert column(about_answers.time_to_decision(empty), "median_days") == [None] * 12


def test_applications_are_counted_in_the_week_in_which_they_were_first_sent(family: Family) -> None:
    for at in (NOW, NOW - HOUR, NOW - DAY, NOW - 400 * DAY):
        sent(family, at)
    make_application(make_user("drafter"), family, State.DRAFT)
    rows = pairs(about_queue.inflow(figures(since="2026-02-16", until="2026-03-02")))
    assert rows == {"2026-02-16": 0, "2026-02-23": 1, "2026-03-02": 2}


def test_the_first_moment_of_a_period_is_in_it_and_the_first_after_it_is_not(family: Family) -> None:
    for at in (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)):
        sent(family, at)
        sent(family, at - timedelta(microseconds=1))
    sheet = about_queue.inflow(figures(since="2026-02-01", until="2026-02-28"))
    assert sum(column(sheet, "sent")) == 2


def test_days_are_those_of_the_time_zone_of_the_house(family: Family) -> None:
    sent(family, datetime(2026, 3, 1, 23, 30, tzinfo=UTC))  # Sunday there, Monday in Kuala Lumpur
    assert column(about_queue.inflow(figures(since="2026-02-23")), "sent") == [1, 0]
    with timezone.override(ZoneInfo("Asia/Kuala_Lumpur")):
        assert column(about_queue.inflow(figures(since="2026-02-23")), "sent") == [0, 1]


def test_the_queue_is_what_waits_for_the_office_by_age(family: Family) -> None:
    for days in (0, 0.5, 1, 6, 29, 90):
        sent(family, NOW - days * DAY)
    for state in (State.INFO_REQUESTED, State.APPEALED, State.WITHDRAWN, State.APPROVED):
        sent(family, NOW - 90 * DAY, state)
    sheet = about_queue.queue_age(figures())
    assert pairs(sheet) == {"0–1": 2, "1–3": 1, "3–7": 1, "7–14": 0, "14–30": 1, "30–60": 0, "60+": 1}


def test_open_and_overdue_have_a_row_for_each_state(family: Family) -> None:
    sent(family)
    sent(family, due_at=NOW - HOUR)
    sent(family, state=State.INFO_REQUESTED, due_at=NOW - HOUR)
    sent(family, state=State.WITHDRAWN, due_at=NOW - HOUR)
    rows = {row["state"]: (row["open"], row["overdue"]) for row in about_queue.overdue(figures()).records()}
    assert rows == {
        "submitted": (2, 1), "info_requested": (1, 1), "in_review": (0, 0), "revised": (0, 0), "recommended": (0, 0),
        "appealed": (0, 0),
    }  # fmt: skip
    assert sum(column(about_queue.open_by_state(figures()), "open")) == 3


def test_one_answer_is_its_own_median(family: Family) -> None:
    answered(family, 36 * HOUR)
    assert about_answers.time_to_decision(figures()).records()[-1] == {
        "month": "2026-03", "answered": 1, "median_days": 1.5, "p90_days": 1.5,
    }  # fmt: skip


def test_of_ten_answers_the_fifth_and_the_ninth_are_told(family: Family) -> None:
    for days in (10, 1, 9, 2, 8, 3, 7, 4, 6, 5):
        answered(family, days * DAY)
    row = about_answers.time_to_decision(figures()).records()[-1]
    assert (row["answered"], row["median_days"], row["p90_days"]) == (10, 5.0, 9.0)


def test_a_final_refusal_took_until_it_was_confirmed(family: Family) -> None:
    confirmer = make_user("confirmer")
    answered(family, DAY, NOW - 3 * DAY, "refuse_final", confirmed_by=confirmer, confirmed_at=NOW)
    row = about_answers.time_to_decision(figures()).records()[-1]
    assert (row["month"], row["median_days"]) == ("2026-03", 4.0)


def test_ends_are_counted_by_kind_and_refusals_by_reason(family: Family) -> None:
    answered(family)
    answered(family, verdict="refuse_fixable", code="purpose_unclear")
    answered(family, verdict="refuse_fixable", code="purpose_unclear")
    answered(family, verdict="refuse_final", code="of_old_times")
    ended(family, State.WITHDRAWN)
    ended(family, State.EXPIRED)
    ended(family, State.EXPIRED, NOW - 500 * DAY)
    assert list(about_answers.decisions(figures()).rows[-1]) == ["2026-03", 1, 2, 1, 1, 1]
    reasons = {row["code"]: row["refused"] for row in about_answers.refusal_reasons(figures()).records()}
    assert {code: count for code, count in reasons.items() if count} == {"purpose_unclear": 2, "of_old_times": 1}
    assert reasons["not_research"] == 0


def test_what_was_taken_back_or_lapsed_still_counts_once_it_is_closed(family: Family) -> None:
    case = ended(family, State.WITHDRAWN, NOW - 5 * DAY)
    case.state, case.closed_at = State.CLOSED, NOW
    case.save()
    assert sum(column(about_answers.decisions(figures()), "withdrawn")) == 1


def test_what_can_still_be_undone_is_not_counted_and_then_it_is(family: Family) -> None:
    case = sent(family, NOW - DAY, State.RECOMMENDED)
    decider = make_user("dan", Role.DECIDER)
    commands.refuse_fixable(actor=decider, number=str(case.number), version=case.version, now=NOW, **REFUSAL)
    before, after = figures(NOW + MINUTE / 2), figures(NOW + 2 * MINUTE)
    assert [sum(column(about_queue.open_by_state(at), "open")) for at in (before, after)] == [1, 0]
    assert [sum(column(about_answers.decisions(at), "refused_fixable")) for at in (before, after)] == [0, 1]
    assert [len(at.answers) for at in (before, after)] == [0, 1]


def test_a_decision_that_was_undone_is_not_counted(family: Family) -> None:
    case = sent(family, NOW - DAY, State.RECOMMENDED)
    decider = make_user("dan", Role.DECIDER)
    commands.approve(actor=decider, number=str(case.number), version=case.version, terms=TERMS, now=NOW)
    case.refresh_from_db()
    commands.undo(actor=decider, number=str(case.number), version=case.version, now=NOW + MINUTE / 2)
    later = figures(NOW + DAY)
    assert later.answers == []
    assert sum(column(about_grants.grants(later), "grants")) == 0
    assert sum(column(about_queue.open_by_state(later), "open")) == 1


def test_an_approval_in_its_first_minute_gives_no_grant_to_count(family: Family) -> None:
    case = sent(family, NOW - DAY, State.RECOMMENDED)
    decider = make_user("dan", Role.DECIDER)
    commands.approve(actor=decider, number=str(case.number), version=case.version, terms=TERMS, now=NOW)
    assert [sum(figures(at).grants.values()) for at in (NOW, NOW + 2 * MINUTE)] == [0, 1]


def test_reopened_by_an_appeal_a_case_counts_once_and_by_the_answer_that_stands(family: Family) -> None:
    case = reopened(family, NOW - 40 * DAY)
    assert sum(column(about_answers.decisions(figures()), "refused_fixable")) == 0
    answer(case, "approve", NOW)
    sheet = about_answers.decisions(figures())
    assert (sum(column(sheet, "approved")), sum(column(sheet, "refused_fixable"))) == (1, 0)
    times = {row["month"]: row for row in about_answers.time_to_decision(figures()).records() if row["answered"]}
    assert {month: row["median_days"] for month, row in times.items()} == {"2026-01": 1.0}


def test_an_appeal_that_waits_leaves_the_refusal_standing(family: Family) -> None:
    case = answered(family, verdict="refuse_fixable")
    assert case.decision is not None
    Appeal.objects.create(application=case, against=case.decision, text="No.", at=NOW)
    case.state = State.APPEALED
    case.save()
    assert sum(column(about_answers.decisions(figures()), "refused_fixable")) == 1
    assert {row["outcome"]: row["appeals"] for row in about_answers.appeals(figures()).records()} == {
        "upheld": 0, "not_upheld": 0, "waiting": 1,
    }  # fmt: skip


def test_an_anonymised_case_still_counts(family: Family) -> None:
    case = answered(family, verdict="refuse_fixable", code="ethics_missing")
    case.state, case.closed_at = State.CLOSED, NOW
    case.save()
    anonymise(number=str(case.number), now=NOW)
    counts = {row["code"]: row["refused"] for row in about_answers.refusal_reasons(figures()).records()}
    assert counts["ethics_missing"] == 1
    assert sum(column(about_queue.inflow(figures()), "sent")) == 1


def test_grants_past_their_end_are_over_whether_noted_or_not(family: Family) -> None:
    for n, days in enumerate((-1, 10, 30, 60, 200)):
        make_grant(make_user(f"holder{n}"), family, now=NOW - 300 * DAY, ends_at=NOW + days * DAY)
    make_grant(make_user("holder9"), family, now=NOW, state="revoked", ends_at=NOW + DAY)
    counts = {row["state"]: row["grants"] for row in about_grants.grants(figures()).records()}
    assert (counts["active"], counts["expired"], counts["revoked"], counts["suspended"]) == (4, 1, 1, 0)
    assert pairs(about_grants.grants_ending(figures())) == {"0–14": 1, "14–45": 1, "45–90": 1, "90+": 1}


def test_families_are_kept_apart_and_add_up(family: Family) -> None:
    other = make_open_family("other")
    answered(family)
    answered(other, verdict="refuse_fixable")
    sent(other)
    rows = {row["family"]: row for row in about_answers.families(figures()).records()}
    assert (rows["toy"]["sent"], rows["toy"]["approved"], rows["toy"]["refused"], rows["toy"]["open"]) == (1, 1, 0, 0)
    assert (rows["other"]["sent"], rows["other"]["refused"], rows["other"]["open"]) == (2, 1, 1)
    assert sum(column(about_queue.inflow(figures(family="other")), "sent")) == 2
    assert len(figures(family="toy").answers) == 1


def test_the_load_of_each_is_what_they_hold_and_did_and_nothing_undone(family: Family) -> None:
    mia, zoe = make_user("mia", Role.DECIDER, Role.REVIEWER), make_user("zoe", Role.REVIEWER)
    make_user("stranger")
    make_application(make_user("ada"), family, State.IN_REVIEW, holder=zoe)
    make_application(make_user("cy"), family, State.RECOMMENDED, holder=zoe)
    for number, undone in enumerate((False, True, False)):
        case = sent(family, NOW - DAY, State.RECOMMENDED, holder=zoe if number else mia)
        told: dict[str, Any] = {"actor": mia, "number": str(case.number), "now": NOW}
        commands.refuse_fixable(version=case.version, **told, **REFUSAL)
        case.refresh_from_db()
        if undone:
            commands.undo(version=case.version, **told)
    rows = {row["username"]: row for row in workload(figures(NOW + HOUR)).records()}
    assert set(rows) == {"mia", "zoe"}
    assert [rows["mia"][key] for key in ("holds", "recommended", "decided")] == [0, 1, 2]
    assert [rows["zoe"][key] for key in ("holds", "recommended", "decided")] == [1, 3, 0]
    assert workload(figures(NOW)).records()[0]["decided"] == 0
