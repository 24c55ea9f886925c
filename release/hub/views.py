"""The Hub door: Hugging Face clients and curl ask here for one file of one revision.

Checked in this order, so that nobody learns more than they may: token, repository, revision, access, file.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access_portal.accounts.models import ApiToken, Scope
from access_portal.accounts.tokens import authenticate, bearer
from access_portal.errors import GatehouseError, PermissionRefusedError
from release import queries
from release.client_address import client_address
from release.delivery import Link, mint
from release.errors import ReleaseNotFoundError
from release.hub import errors
from release.models import Mint, Release


@csrf_exempt
@require_http_methods(["GET", "HEAD"])
def resolve(request: HttpRequest, org: str, name: str, revision: str, path: str) -> HttpResponse:
    """Redirect to a link for this file. HEAD makes one as well: clients follow it without asking again."""
    now, repo = timezone.now(), f"{org}/{name}"
    try:
        token = _token(request, now)
        release = _release(repo, revision, anonymous=token is None)
        return _redirect(release, _link(request, token, release, path, now))
    except errors.HubError as error:
        return error.response()


def _token(request: HttpRequest, now: datetime) -> ApiToken | None:
    """None without a header; a header that signs nobody in is refused, whatever is asked for."""
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    secret = bearer(header)
    token = authenticate(secret, now=now) if secret else None
    if token is None:
        raise errors.bad_token()
    return token


def _release(repo: str, revision: str, *, anonymous: bool) -> Release:
    variant = queries.hub_variant(repo)
    if variant is None:
        raise errors.repo_not_found(repo, anonymous=anonymous)
    release = queries.revision(variant, revision)
    if release is None:
        raise errors.revision_not_found(repo, revision)
    return release


def _link(request: HttpRequest, token: ApiToken | None, release: Release, path: str, now: datetime) -> Link:
    try:
        if token is not None and Scope.DOWNLOAD not in token.scopes:
            raise _scope_missing()
        return mint(
            actor=None if token is None else token.user,
            release=release,
            path=path,
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
            via=Mint.Via.HUB,
            now=now,
        )
    except PermissionRefusedError as refused:
        raise errors.gated(release, refused, anonymous=token is None) from refused
    except ReleaseNotFoundError as missing:
        raise errors.entry_not_found(release, path) from missing
    except GatehouseError as error:
        raise errors.other(error) from error


def _scope_missing() -> PermissionRefusedError:
    return PermissionRefusedError(
        "token_scope_missing",
        _("This token was not made for downloads."),
        _("Make one that has the scope for downloads."),
        reverse("tokens"),
    )


def _redirect(release: Release, link: Link) -> HttpResponse:
    answer = HttpResponseRedirect(link.url)
    answer["X-Repo-Commit"] = release.commit
    answer["X-Linked-Etag"] = answer["ETag"] = f'"{link.sha256}"'
    answer["X-Linked-Size"] = str(link.size_bytes)
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "no-store"
    return answer
