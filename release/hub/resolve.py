"""One file of one revision: Hugging Face clients and curl ask here for each that they fetch.

Checked in this order, so that nobody learns more than they may: token, repository, revision, access, file.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from access_portal.errors import GatehouseError, PermissionRefusedError
from release.client.paths import path_problem
from release.client_address import client_address
from release.delivery import Link, mint
from release.errors import ReleaseNotFoundError
from release.hub import errors, open_texts
from release.hub.door import Caller, hub_door
from release.hub.identity import require_scope
from release.hub.metadata import repo_at
from release.hub.names import split_revision
from release.hub.notices import page_of, with_notices
from release.hub.objects import etag
from release.models import Artifact, Mint, Release


@hub_door("GET")
def resolve(request: HttpRequest, caller: Caller, org: str, name: str, rest: str) -> HttpResponse:
    """A link to the file, or the file itself where anybody may read it. HEAD makes a link as well: clients follow it
    without asking again.
    """
    revision, path = split_revision(rest)
    release = repo_at(caller, org, name).readable(revision)
    if not path:
        raise errors.entry_not_found(release, path)
    artifact = _find(release, path)
    try:
        if artifact is not None and open_texts.is_open(artifact):
            answer = open_texts.send(request, artifact)
        else:
            answer = _redirect(_link(request, caller, release, path, artifact), artifact)
    except errors.HubError as error:
        if not _is_browser(request):
            raise
        return _page(request, release, error)
    answer["X-Repo-Commit"] = release.commit
    return with_notices(answer, release)


def _find(release: Release, path: str) -> Artifact | None:
    return None if path_problem(path) else release.artifacts.filter(path=path).first()


def _link(request: HttpRequest, caller: Caller, release: Release, path: str, artifact: Artifact | None) -> Link:
    try:
        require_scope(caller)
        return mint(
            actor=caller.actor,
            release=release,
            path=path,
            known=[artifact] if artifact else [],
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
            via=Mint.Via.HUB,
            now=caller.now,
        )
    except PermissionRefusedError as refused:
        raise errors.gated(release.variant, refused, anonymous=caller.is_anonymous) from refused
    except ReleaseNotFoundError as missing:
        raise errors.entry_not_found(release, path) from missing
    except GatehouseError as error:
        raise errors.other(error) from error


def _redirect(link: Link, artifact: Artifact | None) -> HttpResponse:
    assert artifact is not None  # else there would be no link
    answer = HttpResponseRedirect(link.url)
    answer["X-Linked-Etag"] = answer["ETag"] = f'"{etag(artifact)}"'
    answer["X-Linked-Size"] = str(link.size_bytes)
    answer["Accept-Ranges"] = "bytes"
    return answer


def _is_browser(request: HttpRequest) -> bool:
    """Clients accept anything; only browsers say that they want pages."""
    return "text/html" in request.headers.get("Accept", "")


def _page(request: HttpRequest, release: Release, error: errors.HubError) -> HttpResponse:
    """The same answer for a person who opened the address in a browser: what is wrong, and what helps."""
    cause = error.cause or GatehouseError(error.code or "refused", error.message)
    problem = GatehouseError(cause.code, cause.explanation, cause.remedy, cause.remedy_path or page_of(release))
    answer = render(request, "problem.html", {"problem": problem}, status=error.status)
    for header, value in error.all_headers().items():
        answer[header] = value
    return answer
