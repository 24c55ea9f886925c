"""The list of models, for `hf models ls` and for whoever looks for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from release.hub import shapes
from release.hub.door import Caller, hub_door
from release.hub.paging import paged
from release.hub.parameters import flag
from release.hub.repos import Repo, all_repos

NEWEST_FIRST = {"lastModified", "createdAt", "last_modified", "created_at"}


@hub_door("GET")
def models(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Those that were asked for, in the order that was asked for."""
    asked = request.GET
    with_files = flag(asked.get("full", "")) or "siblings" in asked.getlist("expand")
    found = [repo for repo in all_repos(with_files=with_files) if _is_wanted(repo, asked)]
    listed = [_model(repo, with_files=with_files) for repo in found]
    return paged(request, _sorted(listed, asked.get("sort", "")))


def _is_wanted(repo: Repo, asked: QueryDict) -> bool:
    name = repo.variant.hub_repo
    return (
        asked.get("search", "").lower() in name.lower()
        and asked.get("author", "") in ("", name.partition("/")[0])
        and flag(asked.get("gated", "true"))  # all of them are
        and set(asked.getlist("filter")) <= set(shapes.tags(repo))
        and asked.get("pipeline_tag", "") in ("", shapes.PIPELINE)
    )


def _model(repo: Repo, *, with_files: bool) -> shapes.Json:
    whole = shapes.model(repo, repo.main)
    if with_files:
        whole["siblings"] = shapes.siblings(list(repo.main.artifacts.all()), blobs=False)
    return whole


def _sorted(listed: Sequence[shapes.Json], by: str) -> list[shapes.Json]:
    """By time, newest first; by name otherwise, since no model is counted as more wanted than another."""
    key = {"last_modified": "lastModified", "created_at": "createdAt"}.get(by, by)

    def order(model: shapes.Json) -> Any:
        return model[key] if by in NEWEST_FIRST else ""

    return sorted(listed, key=order, reverse=by in NEWEST_FIRST)
