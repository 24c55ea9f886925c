"""Which conditions of the workflow hold for a case and whoever acts on it; each is looked up only when it matters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.applications.review_policy import appeal_until, needs_four_eyes
from access_portal.applications.workflow import OPEN_STATES, Condition, State, Who
from access_portal.grants.models import LIVE_STATES
from access_portal.grants.policy import Actor

LAST_REMINDER = "one_day"  # the kind that is always sent as a mail before anything lapses


@dataclass(frozen=True)
class Clock:
    """The actor of what happens by itself: it may lapse and close, and never decides."""


TIMER = Clock()
Mover = Actor | Clock


@dataclass(frozen=True)
class Facts:
    """What the conditions turn on."""

    case: Application
    actor: Mover
    who: frozenset[Who]  # what the actor is to the case
    now: datetime

    @property
    def person(self) -> int | None:
        return self.actor.pk if isinstance(self.actor, User) else None

    @property
    def is_holder(self) -> bool:
        return self.case.claimed_by_id is not None and self.case.claimed_by_id == self.person


def unmet(facts: Facts, asked: Collection[Condition]) -> frozenset[Condition]:
    """Those of the conditions `asked` that do not hold."""
    return frozenset(condition for condition in asked if not HOLDS[condition](facts))


def _decides_alone(facts: Facts) -> bool:
    return facts.case.state != State.IN_REVIEW or not needs_four_eyes(facts.case)


def _is_second_pair(facts: Facts) -> bool:
    recommendation = facts.case.recommendation
    own = recommendation is not None and recommendation.by_id == facts.person
    return not own or not needs_four_eyes(facts.case)


def _confirms_another(facts: Facts) -> bool:
    proposal = facts.case.final_proposal
    return proposal is not None and proposal.by_id != facts.person


def _may_still_appeal(facts: Facts) -> bool:
    until = appeal_until(facts.case)
    return until is not None and facts.now < until and not hasattr(facts.case, "appeal")


def _is_only_one(facts: Facts) -> bool:
    case = facts.case
    rows = Application.objects.filter(applicant_id=case.applicant_id, family_id=case.family_id, state__in=OPEN_STATES)
    return not rows.exclude(pk=case.pk).exists()


def _had_no_part(facts: Facts) -> bool:
    """Whoever decided, confirmed, proposed, recommended or gave an opinion had a part in it, done or not."""
    parts = ("decisions__by", "decisions__confirmed_by", "recommendations__by", "opinions__by")
    own = Q(*((part, facts.person) for part in parts), _connector=Q.OR)
    return not Application.objects.filter(own, pk=facts.case.pk).exists()


def _can_undo(facts: Facts) -> bool:
    case = facts.case
    return case.undo_by_id == facts.person and case.undo_until is not None and facts.now < case.undo_until


def _is_overdue(facts: Facts) -> bool:
    """Past its date, and the last reminder of that date was sent."""
    case = facts.case
    if case.due_at is None or case.due_at > facts.now:
        return False
    return case.reminders.filter(due_at=case.due_at, kind=LAST_REMINDER).exists()


def _is_settled(facts: Facts) -> bool:
    until = appeal_until(facts.case)
    rests = until is None or facts.now >= until
    return rests and not any(grant.state in LIVE_STATES for grant in facts.case.kept_grants)


HOLDS: Mapping[Condition, Callable[[Facts], bool]] = {
    Condition.CLAIM_FREE: lambda facts: not facts.case.held_by_other(facts.person or 0, facts.now),
    Condition.OWN_CLAIM: lambda facts: facts.is_holder,
    Condition.HANDS_OVER: lambda facts: facts.is_holder or Who.ADMIN in facts.who,
    Condition.NOT_ON_HOLD: lambda facts: not facts.case.is_on_hold,
    Condition.ON_HOLD: lambda facts: facts.case.is_on_hold,
    Condition.SINGLE_EYE: _decides_alone,
    Condition.SECOND_PAIR: _is_second_pair,
    Condition.FINAL_PROPOSED: _confirms_another,
    Condition.APPEAL_TIME: _may_still_appeal,
    Condition.ONLY_ONE: _is_only_one,
    Condition.UNINVOLVED: _had_no_part,
    Condition.UNDO_TIME: _can_undo,
    Condition.OVERDUE: _is_overdue,
    Condition.SETTLED: _is_settled,
}
