"""What is in a repository, for anybody: the gate stands before the files, not before their names and sizes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from release.hub import errors, shapes
from release.hub.door import Caller, hub_door
from release.hub.names import split_revision
from release.hub.notices import with_notices
from release.hub.paging import paged
from release.hub.parameters import flag, paths_asked
from release.hub.repos import MAIN, Repo, find_repo
from release.models import Artifact, Release


def repo_at(caller: Caller, org: str, name: str) -> Repo:
    """The repository of an address; raises HubError."""
    return find_repo(f"{org}/{name}", anonymous=caller.is_anonymous)


def files(release: Release) -> list[Artifact]:
    """All files by path; one query."""
    return list(release.artifacts.order_by("path"))


@hub_door("GET")
def model_info(request: HttpRequest, caller: Caller, org: str, name: str, revision: str = MAIN) -> HttpResponse:
    """A model at a revision, with the names of its files."""
    repo = repo_at(caller, org, name)
    release = repo.readable(revision)
    listed = shapes.siblings(files(release), blobs=flag(request.GET.get("blobs", "")))
    return with_notices(JsonResponse({**shapes.model(repo, release), "siblings": listed}), release)


@hub_door("GET")
def tree(request: HttpRequest, caller: Caller, org: str, name: str, rest: str) -> HttpResponse:
    """Files and folders below a folder, or the one file at a path."""
    revision, path = split_revision(rest)
    release = repo_at(caller, org, name).readable(revision)
    found = shapes.entries(release, files(release), expand=flag(request.GET.get("expand", "")))
    here = next((entry for entry in found if entry["path"] == path), None)
    if path and here is None:
        raise errors.entry_not_found(release, path)
    if here is not None and here["type"] == "file":
        return paged(request, [here])
    if flag(request.GET.get("recursive", "")):
        return paged(request, [entry for entry in found if not path or entry["path"].startswith(f"{path}/")])
    return paged(request, shapes.children(found, path))


@hub_door("POST")
def paths_info(request: HttpRequest, caller: Caller, org: str, name: str, revision: str) -> HttpResponse:
    """Those of some paths that exist."""
    release = repo_at(caller, org, name).readable(revision)
    asked = paths_asked(request)
    wanted = {path.rstrip("/") for path in asked.paths}
    found = shapes.entries(release, files(release), expand=asked.expand)
    return JsonResponse([entry for entry in found if entry["path"] in wanted], safe=False)


@hub_door("GET")
def refs(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Every version, withdrawn ones too: that they were there is no secret."""
    repo = repo_at(caller, org, name)
    with_prs = flag(request.GET.get("include_prs", ""))
    return JsonResponse({**shapes.refs(repo), **({"pullRequests": []} if with_prs else {})})


@hub_door("GET")
def commits(request: HttpRequest, caller: Caller, org: str, name: str, revision: str) -> HttpResponse:
    """What was published up to a revision, newest first."""
    repo = repo_at(caller, org, name)
    release = repo.find(revision)
    return paged(request, [shapes.commit(repo, each) for each in repo.until(release)])
