"""How cases of a family are reviewed: one pair of eyes or two, and how long everything may take."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from access_portal.applications.models import Application, ReviewPolicy


@dataclass(frozen=True)
class Policy:
    """The rules of one family; without a row of its own, those that the table gives by default."""

    eyes: str
    four_eyes_sizes: frozenset[str]
    four_eyes_positions: frozenset[str]
    target: timedelta
    answer_time: timedelta
    draft_time: timedelta
    cool_off: timedelta
    appeal_time: timedelta
    retention: timedelta


def policy_of(family_id: int) -> Policy:
    """The review policy that holds for a family."""
    return _read(ReviewPolicy.objects.filter(family_id=family_id).first() or ReviewPolicy(family_id=family_id))


def policy_for(application: Application) -> Policy:
    """The same for the family of a case; no query where the case was read with `family__review_policy`."""
    return _read(getattr(application.family, "review_policy", None) or ReviewPolicy(family_id=application.family_id))


def _read(row: ReviewPolicy) -> Policy:
    return Policy(
        eyes=row.eyes,
        four_eyes_sizes=frozenset(row.four_eyes_sizes),
        four_eyes_positions=frozenset(row.four_eyes_positions),
        target=timedelta(days=row.target_days),
        answer_time=timedelta(days=row.answer_days),
        draft_time=timedelta(days=row.draft_days),
        cool_off=timedelta(days=row.cool_off_days),
        appeal_time=timedelta(days=row.appeal_days),
        retention=timedelta(days=row.retention_days),
    )


def needs_four_eyes(application: Application) -> bool:
    """Whether whoever recommends this case may not approve it: by policy, or because the reviewer is in doubt."""
    if application.recommendation is not None and application.recommendation.doubt:
        return True
    policy = policy_for(application)
    if policy.eyes != ReviewPolicy.Eyes.SOME:
        return policy.eyes == ReviewPolicy.Eyes.FOUR
    sizes = application.answers.get("sizes", [])
    asked_for_one = not policy.four_eyes_sizes.isdisjoint(sizes if isinstance(sizes, list) else [])
    return asked_for_one or application.answers.get("position") in policy.four_eyes_positions


def gives_what_needs_four_eyes(application: Application, sizes: Collection[str], *, whole_family: bool) -> bool:
    """The same of what a grant would give, which may be more than was asked for."""
    policy = policy_for(application)
    if policy.eyes != ReviewPolicy.Eyes.SOME:
        return False  # then what is given makes no difference
    return bool(policy.four_eyes_sizes) if whole_family else not policy.four_eyes_sizes.isdisjoint(sizes)


def appeal_until(application: Application) -> datetime | None:
    """When the time to object to the answer ends; None where there is no answer."""
    decision = application.decision
    return None if decision is None else decision.given_at + policy_for(application).appeal_time


def elapsed(since: str, span: str, now: datetime) -> Q:
    """The cases whose date `since` lies long enough before `now`; `span` is a field of ReviewPolicy, in days."""
    own = dict(ReviewPolicy.objects.values_list("family_id", span))
    usual = getattr(ReviewPolicy(), span)
    found = ~Q(family_id__in=own) & Q(**{f"{since}__lte": now - timedelta(days=usual)})
    for family_id, days in own.items():
        found |= Q(family_id=family_id) & Q(**{f"{since}__lte": now - timedelta(days=days)})
    return found
