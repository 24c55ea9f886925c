"""Small worlds whose figures can be counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from access_portal.applications.models import Appeal, Application, Decision, State
from access_portal.audit.commands import record
from access_portal.reports.figures import Figures
from access_portal.reports.wanted import Wanted
from release.models import Family
from tests.access_portal.applications.scenes import DAY, HOUR, NOW, make_application
from tests.factories import make_user

_people = count(1)
VERDICTS = {"approve": State.APPROVED, "refuse_fixable": State.REFUSED_FIXABLE, "refuse_final": State.REFUSED_FINAL}


def sent(family: Family, at: datetime = NOW - 2 * HOUR, state: State = State.SUBMITTED, **fields: Any) -> Application:
    """An application of a new person, first sent at this moment."""
    return make_application(make_user(f"person{next(_people)}"), family, state, submitted_at=at, **fields)


def answer(
    case: Application, verdict: str = "approve", at: datetime = NOW, code: str = "", **fields: Any
) -> Application:
    """Answered at this moment; the decision stands."""
    case.decision = Decision.objects.create(
        application=case, applicant=case.applicant, round=1, verdict=verdict, text="For these reasons.",
        code=code or ("" if verdict == "approve" else "other"), by=make_user(f"decider{next(_people)}"), at=at,
        what_to_change="The method." if verdict == "refuse_fixable" else "", **fields,
    )  # fmt: skip
    case.state, case.due_at = VERDICTS[verdict], None
    case.save()
    return case


def answered(
    family: Family, after: timedelta = DAY, at: datetime = NOW, verdict: str = "approve", **fields: Any
) -> Application:
    """Answered at this moment, so long after it was sent."""
    return answer(sent(family, at - after, State.IN_REVIEW), verdict, at, **fields)


def ended(family: Family, state: State, at: datetime = NOW) -> Application:
    """Taken back or lapsed at this moment."""
    case = sent(family, at - DAY, state)
    name = "application_withdrawn" if state == State.WITHDRAWN else "application_expired"
    record(case.subject, name, actor=None, now=at)
    return case


def reopened(family: Family, at: datetime) -> Application:
    """Refused, and then an appeal was upheld: the refusal no longer stands."""
    case = answered(family, DAY, at, "refuse_fixable")
    assert case.decision is not None
    Appeal.objects.create(application=case, against=case.decision, text="No.", at=at + HOUR, upheld=True)
    case.decision, case.state = None, State.IN_REVIEW
    case.claimed_by, case.claimed_at = case.handler, at + 2 * HOUR
    case.save()
    return case


def figures(now: datetime = NOW, **wanted: str) -> Figures:
    return Figures(Wanted.read(wanted, now), now)


def column(sheet: Any, key: str) -> list[Any]:
    return [record[key] for record in sheet.records()]


def pairs(sheet: Any) -> dict[Any, Any]:
    """A sheet of two columns, by the first."""
    return dict(sheet.rows)
