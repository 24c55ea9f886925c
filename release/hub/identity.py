"""Who a token belongs to, and whether its person may read or alter a model."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import Scope
from access_portal.errors import PermissionRefusedError
from access_portal.grants.policy import Action, Granted, Office, decide, require
from release.hub import errors, shapes
from release.hub.door import Caller, hub_door
from release.hub.metadata import repo_at
from release.hub.repos import MAIN
from release.queries import policy_model


@hub_door("GET")
def whoami(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The account behind the token, and the token."""
    if caller.token is None:
        raise errors.not_signed_in()
    token, user = caller.token, caller.token.user
    used = {"displayName": token.name, "role": "read", "createdAt": shapes.moment(token.created_at)}
    return JsonResponse(
        {
            "type": "user",
            "id": str(user.pk),
            "name": user.username,
            "fullname": user.full_name,
            "email": user.email,
            "isPro": False,
            "orgs": [],
            "auth": {"type": "access_token", "accessToken": used},
        }
    )


@hub_door("GET")
def auth_check(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Whether the caller may have the files of `main` now."""
    repo = repo_at(caller, org, name)
    release = repo.readable(MAIN)
    try:
        require_scope(caller)
        require(caller.actor, Action.DOWNLOAD, policy_model(release), caller.now)
    except PermissionRefusedError as refused:
        raise errors.gated(repo.variant, refused, anonymous=caller.is_anonymous) from refused
    return JsonResponse({})


@hub_door("GET")
def auth_check_write(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Whether the caller publishes models here."""
    repo_at(caller, org, name)
    if caller.token is None:
        raise errors.not_signed_in()
    if not isinstance(decide(caller.actor, Action.MANAGE_RELEASES, Office(), caller.now), Granted):
        raise errors.not_allowed("You do not publish models here.")
    return JsonResponse({})


def require_scope(caller: Caller) -> None:
    """Raises PermissionRefusedError for a token that was made for something else."""
    if caller.token is not None and Scope.DOWNLOAD not in caller.token.scopes:
        raise PermissionRefusedError(
            "token_scope_missing",
            _("This token was not made for downloads."),
            _("Make one that has the scope for downloads."),
            reverse("tokens"),
        )
