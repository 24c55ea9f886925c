"""How cases of a family are reviewed, set by the office."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.families import Family
from access_portal.applications.models import ReviewPolicy
from access_portal.audit.commands import record
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Actor, Office, require

DAYS = ("target_days", "answer_days", "draft_days", "cool_off_days", "appeal_days", "retention_days")
RULES = ("eyes", "four_eyes_sizes", "four_eyes_positions", *DAYS)


def set_review_policy(*, actor: Actor, family: Family, rules: Mapping[str, Any], now: datetime) -> ReviewPolicy:
    """Set some of RULES for a family; open cases follow the new rules from their next step on.

    Raises InvalidError `bad_policy` that names the field, PermissionRefusedError.
    """
    require(actor, Action.ADMINISTER, Office(), now)
    assert isinstance(actor, User)
    with transaction.atomic():
        policy, __ = ReviewPolicy.objects.select_for_update().get_or_create(family_id=family.pk)
        before = {name: getattr(policy, name) for name in RULES}
        for name in RULES:
            setattr(policy, name, rules.get(name, before[name]))
        _require_sound(policy)
        policy.save()
        changed = {name: getattr(policy, name) for name in RULES if getattr(policy, name) != before[name]}
        if changed:
            was = {f"{name}_before": before[name] for name in changed}
            record(f"family:{family.slug}", "review_policy_set", actor=actor, now=now, data={**changed, **was})
    return policy


def _require_sound(policy: ReviewPolicy) -> None:
    try:
        policy.full_clean(validate_unique=False)
    except ValidationError as problem:
        field, errors = next(iter(problem.message_dict.items()))
        raise InvalidError("bad_policy", errors[0], field="" if field == "__all__" else field) from problem
