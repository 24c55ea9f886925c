"""The tables of grants: the right itself, who shares it, what happened in its life, and what stops it."""

from access_portal.grants.models.grant import LIVE_STATES, Grant
from access_portal.grants.models.life import Attestation, GrantNotice, Renewal, Revocation, Surrender
from access_portal.grants.models.member import GrantMember
from access_portal.grants.models.stop import Stop, StopNotice
from access_portal.grants.models.transfer import Transfer

__all__ = [
    "LIVE_STATES",
    "Attestation",
    "Grant",
    "GrantMember",
    "GrantNotice",
    "Renewal",
    "Revocation",
    "Stop",
    "StopNotice",
    "Surrender",
    "Transfer",
]
