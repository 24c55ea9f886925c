"""The reports that there are: who may read each, what it counts, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.errors import NotFoundError
from access_portal.grants.policy import Action, Actor, Granted, Office, decide_each, require
from access_portal.reports import about_answers, about_grants, about_queue, about_staff
from access_portal.reports.figures import Figures
from access_portal.reports.sheets import Sheet, Words


@dataclass(frozen=True)
class Report:
    """`note` says what is counted; `is_now` is for what stands now, whatever the period."""

    title: Words
    note: Words
    make: Callable[[Figures], Sheet]
    is_now: bool = False
    action: Action = Action.SEE_REPORTS


REPORTS: Mapping[str, Report] = {
    "inflow": Report(
        _("Applications sent each week"),
        _("Applications by the week in which they were first sent. Answers to questions are not counted again."),
        about_queue.inflow,
    ),
    "queue-age": Report(
        _("Age of the queue"),
        _("Applications for which the office has to act, by the time since they were first sent."),
        about_queue.queue_age, is_now=True,
    ),
    "time-to-decision": Report(
        _("Time to decision"),
        _("From the first sending to the first answer, in days, with the time that applicants took to answer."),
        about_answers.time_to_decision,
    ),
    "open-by-state": Report(
        _("Open applications by state"), _("Applications that were sent and are neither answered nor ended."),
        about_queue.open_by_state, is_now=True,
    ),
    "decisions": Report(
        _("How applications ended"),
        _("Answers that stand today, by the month in which they were given, and what ended without one."),
        about_answers.decisions,
    ),
    "refusal-reasons": Report(
        _("Reasons of refusals"), _("Refusals of the period that stand today."), about_answers.refusal_reasons
    ),
    "appeals": Report(_("Appeals"), _("Appeals made in the period."), about_answers.appeals),
    "families": Report(_("By model"), _("The figures above for each model family."), about_answers.families),
    "overdue": Report(
        _("Overdue"), _("Open applications past the date by which whoever has the ball should have acted."),
        about_queue.overdue, is_now=True,
    ),
    "grants": Report(
        _("Grants by state"),
        _("Every grant that was announced, as it is now. A stop of a person, lab or family is no state of a grant."),
        about_grants.grants, is_now=True,
    ),
    "grants-ending": Report(
        _("When grants end"), _("Grants that live or are suspended, by the days until their end."),
        about_grants.grants_ending, is_now=True,
    ),
    "workload": Report(
        _("Workload"),
        _("What each reviewer and decider holds now, and did in the period. Only administrators see this."),
        about_staff.workload, action=Action.ADMINISTER,
    ),
}  # fmt: skip


def readable(actor: Actor, now: datetime) -> dict[str, Report]:
    """The reports that `actor` may read; raises PermissionRefusedError for whoever may read none."""
    require(actor, Action.SEE_REPORTS, Office(), now)
    answers = decide_each(actor, {report.action for report in REPORTS.values()}, Office(), now)
    return open_to({action for action, answer in answers.items() if isinstance(answer, Granted)})


def open_to(actions: Collection[Action]) -> dict[str, Report]:
    """The reports that these rights open."""
    return {name: report for name, report in REPORTS.items() if report.action in actions}


def find_report(name: str, actor: Actor, now: datetime) -> Report:
    """The report of this name; raises PermissionRefusedError, NotFoundError."""
    require(actor, Action.SEE_REPORTS, Office(), now)
    report = REPORTS.get(name)
    if report is None:
        raise NotFoundError("report_not_found", _now("There is no report of this name."))
    require(actor, report.action, Office(), now)
    return report
