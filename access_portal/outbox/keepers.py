"""Who may look at the machinery of mail and webhooks, and who may change it; the policy answers both."""

from __future__ import annotations

from datetime import datetime

from access_portal.accounts.models import User
from access_portal.grants.policy import Action, Granted, Office, decide, require


def require_reader(actor: User, now: datetime) -> None:
    """Operators and auditors; raises PermissionRefusedError for others."""
    require(actor, Action.OPERATE, Office(), now)


def require_keeper(actor: User, now: datetime) -> None:
    """Those of them who may also make accounts: an endpoint learns of every case, so whoever only reads adds none."""
    require_reader(actor, now)
    require(actor, Action.MANAGE_PEOPLE, Office(), now)


def is_keeper(actor: User, now: datetime) -> bool:
    """Whether `require_keeper` lets this person through."""
    needed = (Action.OPERATE, Action.MANAGE_PEOPLE)
    return all(isinstance(decide(actor, action, Office(), now), Granted) for action in needed)
