"""Every change to a grant. Each asks the lifecycle, is on record, and is told to whom it concerns.

All take keywords: `actor`, `now`, `number`, and `version` where it matters what the person saw.
"""

from access_portal.grants.commands.attesting import attest
from access_portal.grants.commands.ending import expire, expire_due, surrender
from access_portal.grants.commands.giving import create_grant, undo_grant
from access_portal.grants.commands.lab import invite, join, leave, remove_member
from access_portal.grants.commands.passing_on import approve_transfer, ask_transfer, refuse_transfer
from access_portal.grants.commands.renewing import ask_renewal, grant_renewal, refuse_renewal, supersede
from access_portal.grants.commands.stopping import (
    decline_revocation,
    lapse_due,
    lapse_revocation,
    lift,
    propose_revocation,
    ratify_revocation,
    revoke_at_once,
    suspend,
)

__all__ = [
    "approve_transfer", "ask_renewal", "ask_transfer", "attest", "create_grant", "decline_revocation", "expire",
    "expire_due", "grant_renewal", "invite", "join", "lapse_due", "lapse_revocation", "leave", "lift",
    "propose_revocation", "ratify_revocation", "refuse_renewal", "refuse_transfer", "remove_member", "revoke_at_once",
    "supersede", "surrender", "suspend", "undo_grant",
]  # fmt: skip
