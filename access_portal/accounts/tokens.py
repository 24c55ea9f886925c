"""API tokens: 256 random bits shown once, kept as a hash, with scopes and an end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from access_portal.accounts.models import ApiToken, Scope, User
from access_portal.audit.commands import record
from access_portal.errors import InvalidError, NotFoundError

PREFIX = "gh_"
SHOWN = 10
LONGEST_DAYS = 365
TOUCH_EVERY = timedelta(minutes=1)  # last_used_at is good to a minute, so that reads stay reads


def issue_token(*, actor: User, name: str, scopes: Iterable[str], days: int, now: datetime) -> tuple[ApiToken, str]:
    """Make a token for `actor` and return it with its secret, which is never to be had again.

    Raises InvalidError for no name, an unknown scope or a life outside 1 to 365 days.
    """
    wanted = sorted(set(scopes))
    require_token_terms(name=name, scopes=wanted, days=days)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=actor,
            name=name.strip()[:80],
            digest=digest(secret),
            prefix=secret[:SHOWN],
            scopes=wanted,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        record(f"user:{actor.pk}", "token_issued", actor=actor, now=now, data={"token": token.pk, "scopes": wanted})
    return token, secret


def require_token_terms(*, name: str, scopes: Collection[str], days: int) -> None:
    """Raises InvalidError as `issue_token` does, for what is to become a token later."""
    if not name.strip():
        raise InvalidError("token_name_missing", "A token needs a name.", field="name")
    if not scopes or not set(scopes) <= set(Scope.values):
        raise InvalidError("token_scope_unknown", "Choose at least one of the scopes offered.", field="scopes")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidError("token_days", f"A token lives from 1 to {LONGEST_DAYS} days.", field="days")


def revoke_token(*, actor: User, token_id: int, now: datetime) -> None:
    """End one of the actor's own tokens at once; raises NotFoundError for anybody else's."""
    if not ApiToken.objects.filter(pk=token_id, user=actor).exists():
        raise NotFoundError("token_not_found", "You have no such token.")
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=now):
            record(f"user:{actor.pk}", "token_revoked", actor=actor, now=now, data={"token": token_id})


def authenticate(secret: str, *, now: datetime, scope: Scope | None = None) -> ApiToken | None:
    """The usable token with this secret (and scope), or None. A look-up by hash leaks nothing by its timing."""
    token = ApiToken.objects.select_related("user").filter(digest=digest(secret)).first()
    if token is None or not token.is_usable(now) or (scope is not None and scope not in token.scopes):
        return None
    if token.last_used_at is None or now - token.last_used_at > TOUCH_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def bearer(header: str) -> str | None:
    """The secret in an `Authorization: Bearer ...` header."""
    kind, _, secret = header.partition(" ")
    return secret.strip() or None if kind.lower() == "bearer" else None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
