"""Who I am to the portal, over the API."""

from __future__ import annotations

from typing import Any

from ninja import Router

from access_portal.accounts.models import Scope
from access_portal.api.bearer import TokenRequest, needs
from access_portal.api.representation import moment

router = Router(tags=["me"])


@router.get("/me", summary="My account and this token")
@needs(Scope.READ)
def me(request: TokenRequest) -> dict[str, Any]:
    user, token = request.user, request.auth
    return {
        "username": user.username,
        "name": str(user),
        "email": user.email,
        "roles": sorted(user.role_names),
        "token": {"name": token.name, "scopes": token.scopes, "expires_at": moment(token.expires_at)},
    }
